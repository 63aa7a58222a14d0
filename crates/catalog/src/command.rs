//! Commands: the closed list of what can be asked of the catalog, and the entry that carries one.

mod open;
mod retired;
mod user;

pub use open::OpenCommand;
pub use retired::RetiredCommand;
pub use user::{AlterUser, CreateUser, HomeChange, PasswordChange, Removal, TagChange};

use crate::{
    Action, AliasName, Catalog, CatalogName, ClusterId, CredentialField, CredentialPlace, CypherVersion,
    DriverSettings, KeyId, PasswordHash, Plain, PlainSecret, Policy, Principal, RemoteLogin, RemoteUrl, RemoteUserName,
    RequestId, Revision, Sealed, SealedSecret, SeenAlias, Stage, StatementFingerprint, Timestamp, UserName, ValueMap,
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
    /// Where the request comes from. Absent in the entry that forms a cluster, and in entries of the first form, which are
    /// applied as they ever were.
    pub origin: Option<RequestOrigin>,
}

/// What the member that took a request found out about it, for `apply` to judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestOrigin {
    /// A revision that the caller had seen before it first sent the request, which so cannot have taken effect up to there.
    pub made_at: Revision,
    /// The same for every repetition of the request.
    pub fingerprint: StatementFingerprint,
    /// The [`crate::User::credential_revision`] of the credentials that the caller showed.
    pub credential_revision: Option<Revision>,
    /// The caller was proved by the certificate of its connection, and not by a password or a token.
    pub by_certificate: bool,
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
    /// `CREATE USER`.
    CreateUser(CreateUser<S>),
    /// `ALTER USER`.
    AlterUser(AlterUser<S>),
    /// `ALTER CURRENT USER SET PASSWORD FROM … TO …`. The only command that is open to a user whose password must be
    /// changed.
    ChangeOwnPassword {
        /// `FROM`: the password itself, then the revision that it was verified at.
        present: S::PresentPassword,
        /// `TO`.
        password: S::Password,
        /// Whether the new password is the old one.
        unchanged_since: S::Unchanged,
    },
    /// What carries no secret: the same at every stage.
    Open(OpenCommand),
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
    /// No clause: refuses, and changes nothing.
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
    /// Whose identity is shown to the other DBMS.
    pub login: RemoteLogin<S::Credential>,
    /// How to connect.
    pub driver: DriverSettings,
    /// The language of queries on it; absent means the catalog's default.
    pub default_language: Option<CypherVersion>,
}

/// `ALTER ALIAS`. An absent part stays as it is; at least one is present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterAlias<S: Stage> {
    /// The alias to alter.
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
    /// The stored password, for the new place, where the statement changes that and gives none. Never part of the statement:
    /// the member that proposes adds it.
    pub carried: Option<S::Credential>,
    /// What the credentials here are sealed for. Added by the member that proposes, too.
    pub seen: S::Seen,
    /// `DRIVER`; replaces the whole map.
    pub driver: Option<DriverSettings>,
    /// `DEFAULT LANGUAGE`.
    pub default_language: Option<CypherVersion>,
    /// `PROPERTIES`; replaces the whole map.
    pub properties: Option<ValueMap>,
}

impl Command<Plain> {
    /// Seals every secret of the command and leaves the rest as it is. `seal` is given the place that
    /// the ciphertext is bound to. `verify` is given what may be the present password of the user whom the command is
    /// about, and answers the [`crate::User::credential_revision`] at which it is, or an error if it is not.
    ///
    /// # Errors
    /// Whatever `seal` or `hash` answers, or `verify` about the caller's present password; nothing is left half sealed.
    pub fn seal<E>(
        self,
        mut seal: impl FnMut(CredentialPlace, &PlainSecret) -> Result<SealedSecret, E>,
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
            Self::ChangeOwnPassword { present, password, unchanged_since: () } => {
                let verified_at = verify(&present)?;
                let unchanged_since = (present == password).then_some(verified_at);
                Command::ChangeOwnPassword { present: verified_at, password: hash(&password)?, unchanged_since }
            }
            Self::Open(open) => Command::Open(open),
        })
    }
}

impl CreateAlias<Plain> {
    fn seal<E>(
        self,
        seal: &mut impl FnMut(CredentialPlace, &PlainSecret) -> Result<SealedSecret, E>,
    ) -> Result<CreateAlias<Sealed>, E> {
        let Self { name, form, mode, target, properties } = self;
        let target = match target {
            AliasTarget::Local(database) => AliasTarget::Local(database),
            AliasTarget::Remote(RemoteTarget { database, url, login, driver, default_language }) => {
                let login = match login {
                    RemoteLogin::Stored { user, credential } => {
                        let place = CredentialPlace {
                            alias: (&name).into(),
                            field: CredentialField::Password,
                            url: Some(url.clone()),
                            user: Some(user.clone()),
                            alias_id: None,
                        };
                        let credential = seal(place, &credential)?;
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
        seal: &mut impl FnMut(CredentialPlace, &PlainSecret) -> Result<SealedSecret, E>,
    ) -> Result<AlterAlias<Sealed>, E> {
        let place = self.place();
        let mut bind = |secret: Option<PlainSecret>| secret.map(|secret| seal(place.clone(), &secret)).transpose();
        let Self { name, form, if_exists, target, user, credential, carried, seen, driver, .. } = self;
        let (default_language, properties) = (self.default_language, self.properties);
        let (credential, carried) = (bind(credential)?, bind(carried)?);
        let seen = Some(seen.map(|seen| seen.modified).unwrap_or_default());
        Ok(AlterAlias {
            name,
            form,
            if_exists,
            target,
            user,
            credential,
            carried,
            seen,
            driver,
            default_language,
            properties,
        })
    }

    /// Where the credential belongs once the command has taken effect on what was seen.
    fn place(&self) -> CredentialPlace {
        let seen = self.seen.as_ref();
        CredentialPlace {
            alias: self.name.clone(),
            field: CredentialField::Password,
            url: self.url().or(seen.map(|seen| &seen.url)).cloned(),
            user: self.user.as_ref().or(seen.map(|seen| &seen.user)).cloned(),
            alias_id: seen.and_then(|seen| seen.id),
        }
    }

    /// Takes in what the member that proposes sees of the alias. `open` is given the stored credential and the place where it
    /// belongs, if it has to be sealed anew: it goes along to another place, which the actor may have it do.
    ///
    /// # Errors
    /// Whatever `open` answers.
    pub fn look_at<E>(
        &mut self,
        catalog: &Catalog,
        actor: &Principal,
        open: impl FnOnce(&CredentialPlace, &SealedSecret) -> Result<PlainSecret, E>,
    ) -> Result<(), E> {
        (self.seen, self.carried) = (None, None);
        let Some(alias) = catalog.alias(self.name.as_str()) else { return Ok(()) };
        let Some((place, credential)) = alias.stored(&self.name) else { return Ok(()) };
        let may_have = || catalog.authorise(actor, &Action::ResolveAlias(self.name.clone())).is_ok();
        if self.credential.is_none() && self.moves(&place) && may_have() {
            self.carried = Some(open(&place, credential)?);
        }
        if let (Some(url), Some(user)) = (place.url, place.user) {
            self.seen = Some(SeenAlias { modified: alias.modified.revision, url, user, id: place.alias_id });
        }
        Ok(())
    }
}

impl<S: Stage> AlterAlias<S> {
    /// The new address, if the target is given with one.
    fn url(&self) -> Option<&RemoteUrl> {
        self.target.as_ref().and_then(|(_, url)| url.as_ref())
    }

    /// Whether the credential that belongs there would be sent to another address or as another user.
    pub(crate) fn moves(&self, place: &CredentialPlace) -> bool {
        let elsewhere = self.url().is_some() && self.url() != place.url.as_ref();
        elsewhere || (self.user.is_some() && self.user != place.user)
    }
}

#[cfg(test)]
mod tests;
