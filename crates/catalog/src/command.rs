//! Commands: the closed list of what can be asked of the catalog, and the entry that carries one.

mod user;

use std::collections::BTreeSet;

pub use user::{AlterUser, AuthRuleCommand, CreateUser, HomeChange, PasswordChange, Removal, TagChange};

use crate::{
    AliasName, CatalogName, ClusterId, CypherVersion, DatabaseAccess, DatabaseName, DatabaseStatus, DriverSettings,
    GrantEffect, KeyId, PasswordHash, Plain, PlainSecret, Policy, Principal, Privilege, RemoteLogin, RemoteUrl,
    RemoteUserName, RequestId, Revision, RoleName, Sealed, SealedSecret, Stage, Timestamp, UserName, ValueMap,
};

/// One position of the replicated log. Everything that `apply` may not make up travels in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Drawn by the caller. A second entry with the same id has no effect and gets the first outcome.
    pub request: RequestId,
    /// Who asks, as authenticated by the member that proposed.
    pub actor: Principal,
    /// The proposer's clock. Replicas do not read their own: they would disagree.
    pub issued_at: Timestamp,
    /// What is asked.
    pub command: Command<Sealed>,
}

/// What can be asked of the catalog. `S` says how far the secrets inside have come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command<S: Stage> {
    /// Forms the cluster's catalog. The first entry, issued by [`Principal::System`].
    Bootstrap(Bootstrap<S>),
    /// `CREATE ALIAS`.
    CreateAlias(CreateAlias<S>),
    /// `ALTER ALIAS`.
    AlterAlias(AlterAlias<S>),
    /// `DROP ALIAS`.
    DropAlias {
        /// Which. Not an [`AliasName`]: a name that could never exist is answered "does not exist".
        name: CatalogName,
        /// How the name was written.
        form: NameForm,
        /// Whether a missing alias is no error.
        if_exists: bool,
    },
    /// `CREATE DATABASE` and `CREATE COMPOSITE DATABASE`.
    CreateDatabase {
        /// Under which name.
        name: DatabaseName,
        /// What to do if the name is taken.
        mode: CreateMode,
        /// Whether a composite database is created.
        composite: bool,
        /// `DEFAULT LANGUAGE`; absent means the catalog's default.
        default_language: Option<CypherVersion>,
    },
    /// `ALTER DATABASE`. An absent part stays as it is; at least one is present.
    AlterDatabase {
        /// Which.
        name: CatalogName,
        /// Whether a missing database is no error.
        if_exists: bool,
        /// `SET ACCESS`.
        access: Option<DatabaseAccess>,
        /// `SET DEFAULT LANGUAGE`.
        default_language: Option<CypherVersion>,
    },
    /// `START DATABASE` and `STOP DATABASE`.
    SetDatabaseStatus {
        /// Which.
        name: CatalogName,
        /// Started or stopped.
        status: DatabaseStatus,
    },
    /// `CALL dbms.setDefaultDatabase(…)`.
    SetDefaultDatabase {
        /// A database or alias that exists.
        name: CatalogName,
    },
    /// `DROP DATABASE` and `DROP COMPOSITE DATABASE`.
    DropDatabase {
        /// Which.
        name: CatalogName,
        /// Whether a missing database is no error.
        if_exists: bool,
        /// Whether it is dropped only if it is a composite database.
        composite: bool,
        /// Whether local aliases that lead to it, or its constituents, are dropped as well, rather than preventing
        /// the drop.
        cascade_aliases: bool,
    },
    /// `CREATE USER`.
    CreateUser(CreateUser<S>),
    /// `ALTER USER`.
    AlterUser(AlterUser<S>),
    /// `ALTER USERS`: the same for several users.
    AlterUserTags {
        /// Which.
        names: BTreeSet<UserName>,
        /// Whether missing users are no error.
        if_exists: bool,
        /// What becomes of their tags.
        tags: TagChange,
    },
    /// `ALTER CURRENT USER SET PASSWORD FROM … TO …`. The only command that is open to a user whose password must be
    /// changed.
    ChangeOwnPassword {
        /// `FROM`.
        proof: S::Proof,
        /// `TO`.
        password: S::Password,
        /// Whether the new password is the old one.
        unchanged_since: S::Unchanged,
    },
    /// `RENAME USER`.
    RenameUser {
        /// Which.
        from: UserName,
        /// The new name.
        to: UserName,
        /// Whether a missing user is no error.
        if_exists: bool,
    },
    /// `DROP USER`.
    DropUser {
        /// Which.
        name: UserName,
        /// Whether a missing user is no error.
        if_exists: bool,
    },
    /// `CREATE ROLE`.
    CreateRole {
        /// Under which name.
        name: RoleName,
        /// What to do if the name is taken.
        mode: CreateMode,
        /// `IMMUTABLE`.
        immutable: bool,
        /// The role whose privileges are copied.
        copy_of: Option<RoleName>,
    },
    /// `RENAME ROLE`.
    RenameRole {
        /// Which.
        from: RoleName,
        /// The new name.
        to: RoleName,
        /// Whether a missing role is no error.
        if_exists: bool,
    },
    /// `DROP ROLE`.
    DropRole {
        /// Which.
        name: RoleName,
        /// Whether a missing role is no error.
        if_exists: bool,
    },
    /// `GRANT ROLE`.
    GrantRoles {
        /// Which roles.
        roles: BTreeSet<RoleName>,
        /// To whom.
        users: BTreeSet<UserName>,
    },
    /// `REVOKE ROLE`.
    RevokeRoles {
        /// Which roles.
        roles: BTreeSet<RoleName>,
        /// From whom.
        users: BTreeSet<UserName>,
        /// Whether what is missing is told rather than refused, as in Cypher 5.
        lenient: bool,
    },
    /// What would be done with an auth rule.
    AuthRule(AuthRuleCommand),
    /// `GRANT` and `DENY`.
    AssignPrivileges {
        /// Granted or denied.
        effect: GrantEffect,
        /// `IMMUTABLE`.
        immutable: bool,
        /// What; several when the statement names several scopes.
        privileges: BTreeSet<Privilege>,
        /// To whom.
        roles: BTreeSet<RoleName>,
    },
    /// `REVOKE`.
    RevokePrivileges {
        /// Only grants, only denials, or both.
        effect: Option<GrantEffect>,
        /// `IMMUTABLE`.
        immutable: bool,
        /// What.
        privileges: BTreeSet<Privilege>,
        /// From whom.
        roles: BTreeSet<RoleName>,
        /// Whether what is missing is told rather than refused, as in Cypher 5.
        lenient: bool,
    },
}

/// How the name of an alias was written, which decides where the name of its composite database ends. The name itself is
/// always the whole one, with the dots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NameForm {
    /// Cypher 25: whichever composite database exists, tried at each dot from left to right.
    #[default]
    AnyDot,
    /// Cypher 5, unquoted or a parameter: what is before the first dot, if such a composite database exists.
    FirstDot,
    /// Cypher 5, quoted as a whole: a plain name, whatever dots it has.
    Plain,
    /// Cypher 5, in two parts of which at least one is quoted: this, if such a composite database exists.
    Within(CatalogName),
}

/// What a `CREATE` does when the name is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CreateMode {
    /// Fails.
    Fail,
    /// `IF NOT EXISTS`: does nothing.
    IfNotExists,
    /// `OR REPLACE`: drops what has the name, then creates.
    OrReplace,
}

/// Forms the cluster's catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bootstrap<S: Stage> {
    /// The cluster's identity from now on.
    pub cluster_id: ClusterId,
    /// The key that credentials are sealed with.
    pub active_key: KeyId,
    /// Choices that decide outcomes.
    pub policy: Policy,
    /// The first administrator.
    pub admin: UserName,
    /// The first administrator's password.
    pub password: S::Password,
}

/// `CREATE ALIAS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateAlias<S: Stage> {
    /// Under which name.
    pub name: AliasName,
    /// How the name was written.
    pub form: NameForm,
    /// What to do if the name is taken.
    pub mode: CreateMode,
    /// Where it leads.
    pub target: AliasTarget<S>,
    /// Free properties, keys in lower case.
    pub properties: ValueMap,
}

/// Where a new alias leads.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "most aliases are remote, and commands are made one at a time")]
pub enum AliasTarget<S: Stage> {
    /// To a database of this catalog.
    Local(CatalogName),
    /// To a database of another DBMS.
    Remote(RemoteTarget<S>),
}

/// How a new remote alias connects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteTarget<S: Stage> {
    /// The database there.
    pub database: CatalogName,
    /// The address of the DBMS.
    pub url: RemoteUrl,
    /// As whom.
    pub login: RemoteLogin<S::Credential>,
    /// How to connect.
    pub driver: DriverSettings,
    /// The language of queries on it; absent means the catalog's default.
    pub default_language: Option<CypherVersion>,
}

/// `ALTER ALIAS`. An absent part stays as it is; at least one is present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterAlias<S: Stage> {
    /// Which.
    pub name: CatalogName,
    /// How the name was written.
    pub form: NameForm,
    /// Whether a missing alias is no error.
    pub if_exists: bool,
    /// `TARGET t [AT u]`: the database, and the address if it is remote.
    pub target: Option<(CatalogName, Option<RemoteUrl>)>,
    /// `USER`.
    pub user: Option<RemoteUserName>,
    /// `PASSWORD`.
    pub credential: Option<S::Credential>,
    /// `DRIVER`; replaces the whole map.
    pub driver: Option<DriverSettings>,
    /// `DEFAULT LANGUAGE`.
    pub default_language: Option<CypherVersion>,
    /// `PROPERTIES`; replaces the whole map.
    pub properties: Option<ValueMap>,
}

/// Which secret of an alias a ciphertext is: part of what is bound into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialField {
    /// The password of the remote user.
    Password,
}

impl CredentialField {
    /// The field's stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
        }
    }
}

impl Command<Plain> {
    /// Seals every secret of the command and leaves the rest as it is. `seal` is given the alias name that
    /// the ciphertext is bound to. `verify` is given what may be the present password of the user whom the command is
    /// about, and answers the [`crate::User::credential_revision`] at which it is, or an error if it is not.
    ///
    /// # Errors
    /// Whatever `seal` or `hash` answers, or `verify` about the own password; nothing is left half sealed.
    pub fn seal<E>(
        self,
        mut seal: impl FnMut(&CatalogName, CredentialField, &PlainSecret) -> Result<SealedSecret, E>,
        mut hash: impl FnMut(&PlainSecret) -> Result<PasswordHash, E>,
        mut verify: impl FnMut(&PlainSecret) -> Result<Revision, E>,
    ) -> Result<Command<Sealed>, E> {
        let mut hash_change = |change: Option<PasswordChange<Plain>>| -> Result<Option<PasswordChange<Sealed>>, E> {
            let Some(PasswordChange { password, change_required }) = change else { return Ok(None) };
            let password = password.as_ref().map(&mut hash).transpose()?;
            Ok(Some(PasswordChange { password, change_required }))
        };
        Ok(match self {
            Self::Bootstrap(Bootstrap { cluster_id, active_key, policy, admin, password }) => {
                let password = hash(&password)?;
                Command::Bootstrap(Bootstrap { cluster_id, active_key, policy, admin, password })
            }
            Self::CreateAlias(create) => Command::CreateAlias(create.seal(&mut seal)?),
            Self::AlterAlias(alter) => Command::AlterAlias(alter.seal(&mut seal)?),
            Self::CreateUser(CreateUser { name, mode, password, status, home, auth, tags }) => {
                let password = hash_change(password)?;
                Command::CreateUser(CreateUser { name, mode, password, status, home, auth, tags })
            }
            Self::AlterUser(alter) => {
                let given = alter.password.as_ref().and_then(|change| change.password.as_ref());
                let unchanged_since = given.and_then(|password| verify(password).ok());
                Command::AlterUser(alter.sealed(hash_change, unchanged_since)?)
            }
            Self::AlterUserTags { names, if_exists, tags } => Command::AlterUserTags { names, if_exists, tags },
            Self::ChangeOwnPassword { proof, password, unchanged_since: () } => {
                let verified_at = verify(&proof)?;
                let unchanged_since = (proof == password).then_some(verified_at);
                Command::ChangeOwnPassword { proof: verified_at, password: hash(&password)?, unchanged_since }
            }
            Self::DropAlias { name, form, if_exists } => Command::DropAlias { name, form, if_exists },
            Self::CreateDatabase { name, mode, composite, default_language } => {
                Command::CreateDatabase { name, mode, composite, default_language }
            }
            Self::AlterDatabase { name, if_exists, access, default_language } => {
                Command::AlterDatabase { name, if_exists, access, default_language }
            }
            Self::SetDatabaseStatus { name, status } => Command::SetDatabaseStatus { name, status },
            Self::SetDefaultDatabase { name } => Command::SetDefaultDatabase { name },
            Self::DropDatabase { name, if_exists, composite, cascade_aliases } => {
                Command::DropDatabase { name, if_exists, composite, cascade_aliases }
            }
            Self::RenameUser { from, to, if_exists } => Command::RenameUser { from, to, if_exists },
            Self::RenameRole { from, to, if_exists } => Command::RenameRole { from, to, if_exists },
            Self::DropUser { name, if_exists } => Command::DropUser { name, if_exists },
            Self::CreateRole { name, mode, immutable, copy_of } => {
                Command::CreateRole { name, mode, immutable, copy_of }
            }
            Self::DropRole { name, if_exists } => Command::DropRole { name, if_exists },
            Self::GrantRoles { roles, users } => Command::GrantRoles { roles, users },
            Self::RevokeRoles { roles, users, lenient } => Command::RevokeRoles { roles, users, lenient },
            Self::AuthRule(rule) => Command::AuthRule(rule),
            Self::AssignPrivileges { effect, immutable, privileges, roles } => {
                Command::AssignPrivileges { effect, immutable, privileges, roles }
            }
            Self::RevokePrivileges { effect, immutable, privileges, roles, lenient } => {
                Command::RevokePrivileges { effect, immutable, privileges, roles, lenient }
            }
        })
    }
}

impl CreateAlias<Plain> {
    fn seal<E>(
        self,
        seal: &mut impl FnMut(&CatalogName, CredentialField, &PlainSecret) -> Result<SealedSecret, E>,
    ) -> Result<CreateAlias<Sealed>, E> {
        let Self { name, form, mode, target, properties } = self;
        let target = match target {
            AliasTarget::Local(database) => AliasTarget::Local(database),
            AliasTarget::Remote(RemoteTarget { database, url, login, driver, default_language }) => {
                let login = match login {
                    RemoteLogin::Stored { user, credential } => {
                        let credential = seal(&(&name).into(), CredentialField::Password, &credential)?;
                        RemoteLogin::Stored { user, credential }
                    }
                    RemoteLogin::OidcForwarding => RemoteLogin::OidcForwarding,
                };
                AliasTarget::Remote(RemoteTarget { database, url, login, driver, default_language })
            }
        };
        Ok(CreateAlias { name, form, mode, target, properties })
    }
}

impl AlterAlias<Plain> {
    fn seal<E>(
        self,
        seal: &mut impl FnMut(&CatalogName, CredentialField, &PlainSecret) -> Result<SealedSecret, E>,
    ) -> Result<AlterAlias<Sealed>, E> {
        let Self { name, form, if_exists, target, user, credential, driver, default_language, properties } = self;
        let bind = |secret: &PlainSecret| seal(&name, CredentialField::Password, secret);
        let credential = credential.as_ref().map(bind).transpose()?;
        Ok(AlterAlias { name, form, if_exists, target, user, credential, driver, default_language, properties })
    }
}

#[cfg(test)]
mod tests;
