//! Short ways to write names, commands and entries, and a catalog that is driven like a log.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aliasd_catalog::{
    AliasName, AliasTarget, AlterAlias, AlterUser, Applied, AuthId, AuthProvider, AuthRuleName, Bootstrap, Catalog,
    CatalogName, ClusterId, Command, CreateAlias, CreateMode, CreateUser, DatabaseAction, DatabaseName, DatabaseScope,
    DatabaseStatus, DbmsAction, DriverSettings, Effect, Entry, GrantEffect, KeyId, NameForm, OpenCommand, Outcome,
    PasswordChange, PasswordHash, Policy, Principal, Privilege, Rejection, RemoteLogin, RemoteTarget, RemoteUrl,
    RemoteUserName, Removal, RequestId, Revision, RoleName, Sealed, SealedSecret, TagChange, Timestamp, UserName,
    UserScope, UserTag,
};

/// The key that credentials are sealed with.
pub(crate) const ACTIVE_KEY: KeyId = KeyId([1; 16]);
/// A key that is not, or no longer, the active one.
pub(crate) const OTHER_KEY: KeyId = KeyId([2; 16]);
/// The administrator of every formed catalog here.
pub(crate) const ROOT: &str = "root";

// === Names ===

pub(crate) fn name(text: &str) -> CatalogName {
    CatalogName::new(text).expect("a valid catalog name")
}

pub(crate) fn alias_name(text: &str) -> AliasName {
    AliasName::new(text).expect("a valid alias name")
}

pub(crate) fn database_name(text: &str) -> DatabaseName {
    DatabaseName::stored(text).expect("a valid database name")
}

pub(crate) fn user_name(text: &str) -> UserName {
    UserName::new(text).expect("a valid user name")
}

pub(crate) fn role_name(text: &str) -> RoleName {
    RoleName::new(text).expect("a valid role name")
}

pub(crate) fn url(text: &str) -> RemoteUrl {
    RemoteUrl::new(text).expect("a valid url")
}

pub(crate) fn user(text: &str) -> Principal {
    Principal::User(user_name(text))
}

pub(crate) fn mtls(id: &str) -> (AuthProvider, AuthId) {
    (AuthProvider::mtls(), AuthId::new(id).expect("a valid id"))
}

// === Commands ===

pub(crate) fn bootstrap() -> Command<Sealed> {
    Command::Bootstrap(Bootstrap {
        cluster_id: ClusterId([7; 16]),
        active_key: ACTIVE_KEY,
        policy: Policy::default(),
        admin: user_name(ROOT),
        password: hash("root"),
    })
}

pub(crate) fn hash(text: &str) -> PasswordHash {
    PasswordHash::new(format!("$argon2id$test${text}"))
}

pub(crate) fn sealed(key_id: KeyId) -> SealedSecret {
    SealedSecret { key_id, nonce: [3; 12], ciphertext: Arc::from([4_u8; 24]), alias_id: None }
}

pub(crate) fn remote_target() -> RemoteTarget<Sealed> {
    RemoteTarget {
        database: name("neo4j"),
        url: url("neo4j+s://location:7687"),
        login: stored("alice", ACTIVE_KEY),
        driver: DriverSettings::default(),
        default_language: None,
    }
}

pub(crate) fn stored(user: &str, key_id: KeyId) -> RemoteLogin<SealedSecret> {
    RemoteLogin::Stored { user: RemoteUserName::new(user).expect("a valid name"), credential: sealed(key_id) }
}

pub(crate) fn insecure() -> DriverSettings {
    DriverSettings { ssl_enforced: Some(false), ..DriverSettings::default() }
}

pub(crate) fn create_alias(alias: &str, mode: CreateMode, target: AliasTarget<Sealed>) -> Command<Sealed> {
    let (form, properties) = (NameForm::AnyDot, BTreeMap::new());
    Command::CreateAlias(CreateAlias { name: alias_name(alias), form, mode, target, properties })
}

pub(crate) fn create_local(alias: &str, database: &str) -> Command<Sealed> {
    create_alias(alias, CreateMode::Fail, AliasTarget::Local(name(database)))
}

pub(crate) fn create_remote(alias: &str) -> Command<Sealed> {
    create_alias(alias, CreateMode::Fail, AliasTarget::Remote(remote_target()))
}

/// An `ALTER ALIAS` to which the parts are still to be added.
pub(crate) fn alter_alias(alias: &str) -> AlterAlias<Sealed> {
    AlterAlias {
        name: name(alias),
        form: NameForm::AnyDot,
        if_exists: false,
        target: None,
        user: None,
        credential: None,
        carried: None,
        seen: Some(Revision(0)),
        driver: None,
        default_language: None,
        properties: None,
    }
}

pub(crate) fn drop_alias(alias: &str) -> Command<Sealed> {
    Command::Open(OpenCommand::DropAlias { name: name(alias), form: NameForm::AnyDot, if_exists: false })
}

pub(crate) fn create_database(database: &str) -> Command<Sealed> {
    create_database_as(database, CreateMode::Fail, false)
}

pub(crate) fn create_composite(database: &str) -> Command<Sealed> {
    create_database_as(database, CreateMode::Fail, true)
}

pub(crate) fn create_database_as(database: &str, mode: CreateMode, composite: bool) -> Command<Sealed> {
    Command::Open(OpenCommand::CreateDatabase {
        name: database_name(database),
        mode,
        composite,
        default_language: None,
    })
}

pub(crate) fn set_status(database: &str, status: DatabaseStatus) -> Command<Sealed> {
    Command::Open(OpenCommand::SetDatabaseStatus { name: name(database), status })
}

pub(crate) fn rename_user(from: &str, to: &str) -> Command<Sealed> {
    Command::Open(OpenCommand::RenameUser { from: user_name(from), to: user_name(to), if_exists: false })
}

pub(crate) fn rename_role(from: &str, to: &str) -> Command<Sealed> {
    Command::Open(OpenCommand::RenameRole { from: role_name(from), to: role_name(to), if_exists: false })
}

pub(crate) fn drop_database(database: &str) -> Command<Sealed> {
    Command::Open(OpenCommand::DropDatabase {
        name: name(database),
        if_exists: false,
        composite: false,
        cascade_aliases: false,
    })
}

pub(crate) fn password(change_required: Option<bool>) -> PasswordChange<Sealed> {
    PasswordChange { password: Some(hash("given")), change_required }
}

/// A `CREATE USER` with a password that need not be changed.
pub(crate) fn create_user(user: &str) -> CreateUser<Sealed> {
    CreateUser {
        name: user_name(user),
        mode: CreateMode::Fail,
        password: Some(password(Some(false))),
        status: None,
        home: None,
        auth: Vec::new(),
        tags: BTreeSet::new(),
    }
}

/// An `ALTER USER` to which the parts are still to be added.
pub(crate) fn alter_user(user: &str) -> AlterUser<Sealed> {
    AlterUser {
        name: user_name(user),
        if_exists: false,
        password: None,
        unchanged_since: None,
        status: None,
        home: None,
        remove_auth: Removal::default(),
        set_auth: Vec::new(),
        tags: TagChange::default(),
    }
}

pub(crate) fn tags(tags: &[&str]) -> BTreeSet<UserTag> {
    tags.iter().map(|tag| UserTag::new(tag).expect("a valid tag")).collect()
}

pub(crate) fn rule_name(text: &str) -> AuthRuleName {
    AuthRuleName::new(text).expect("a valid name")
}

pub(crate) fn drop_user(user: &str) -> Command<Sealed> {
    Command::Open(OpenCommand::DropUser { name: user_name(user), if_exists: false })
}

pub(crate) fn create_role(role: &str) -> Command<Sealed> {
    Command::Open(OpenCommand::CreateRole {
        name: role_name(role),
        mode: CreateMode::Fail,
        immutable: false,
        copy_of: None,
    })
}

pub(crate) fn drop_role(role: &str) -> Command<Sealed> {
    Command::Open(OpenCommand::DropRole { name: role_name(role), if_exists: false })
}

pub(crate) fn grant_role(role: &str, user: &str) -> Command<Sealed> {
    Command::Open(OpenCommand::GrantRoles {
        roles: BTreeSet::from([role_name(role)]),
        users: BTreeSet::from([user_name(user)]),
    })
}

pub(crate) fn revoke_role(role: &str, user: &str) -> Command<Sealed> {
    let (roles, users) = (BTreeSet::from([role_name(role)]), BTreeSet::from([user_name(user)]));
    Command::Open(OpenCommand::RevokeRoles { roles, users, lenient: false })
}

fn assign(effect: GrantEffect, privilege: Privilege, role: &str) -> Command<Sealed> {
    let (privileges, roles) = (BTreeSet::from([privilege]), BTreeSet::from([role_name(role)]));
    Command::Open(OpenCommand::AssignPrivileges { effect, immutable: false, privileges, roles })
}

pub(crate) fn grant(privilege: Privilege, role: &str) -> Command<Sealed> {
    assign(GrantEffect::Granted, privilege, role)
}

pub(crate) fn deny(privilege: Privilege, role: &str) -> Command<Sealed> {
    assign(GrantEffect::Denied, privilege, role)
}

pub(crate) fn revoke(effect: Option<GrantEffect>, privilege: Privilege, role: &str) -> Command<Sealed> {
    let (privileges, roles) = (BTreeSet::from([privilege]), BTreeSet::from([role_name(role)]));
    Command::Open(OpenCommand::RevokePrivileges { effect, immutable: false, privileges, roles, lenient: false })
}

pub(crate) fn dbms(action: DbmsAction) -> Privilege {
    Privilege::Dbms(action)
}

pub(crate) fn access(database: &str) -> Privilege {
    Privilege::Database(DatabaseAction::Access, DatabaseScope::Named(name(database)))
}

pub(crate) fn access_home() -> Privilege {
    Privilege::Database(DatabaseAction::Access, DatabaseScope::Home)
}

pub(crate) fn impersonate(user: &str) -> Privilege {
    Privilege::Impersonate(UserScope::Named(user_name(user)))
}

// === Log ===

/// The request id of the entry that [`Log`] puts at a position.
pub(crate) fn request_at(position: u64) -> RequestId {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&position.to_be_bytes());
    RequestId(id)
}

/// A catalog that is fed one entry after another, each with a fresh request id.
#[derive(Clone, Default)]
pub(crate) struct Log {
    pub(crate) catalog: Catalog,
    pub(crate) position: u64,
}

impl Log {
    /// A catalog in which [`ROOT`] is the administrator.
    pub(crate) fn formed() -> Self {
        let mut log = Self::default();
        let outcome = log.apply(&Principal::System, bootstrap()).outcome;
        outcome.expect("an empty catalog can be formed");
        log
    }

    /// A catalog that the administrator has changed with these commands.
    pub(crate) fn after(commands: impl IntoIterator<Item = Command<Sealed>>) -> Self {
        let mut log = Self::formed();
        log.run(commands);
        log
    }

    pub(crate) fn apply(&mut self, actor: &Principal, command: Command<Sealed>) -> Applied {
        self.position += 1;
        let (request, issued_at) = (request_at(self.position), Timestamp(self.position * 1000));
        let entry = Entry { request, actor: actor.clone(), issued_at, command, origin: None };
        self.catalog.apply(Revision(self.position), &entry)
    }

    /// Applies commands of the administrator, none of which may be refused.
    pub(crate) fn run(&mut self, commands: impl IntoIterator<Item = Command<Sealed>>) {
        for command in commands {
            self.accepted(command);
        }
    }

    /// What a command of the administrator does, which may not be refused.
    pub(crate) fn accepted(&mut self, command: Command<Sealed>) -> Effect {
        let shown = format!("{command:?}");
        self.apply(&user(ROOT), command).outcome.unwrap_or_else(|rejection| panic!("{rejection}: {shown}"))
    }

    /// Why a command of the administrator is refused.
    pub(crate) fn refused(&mut self, command: Command<Sealed>) -> Rejection {
        let shown = format!("{command:?}");
        self.outcome(ROOT, command).expect_err(&shown)
    }

    pub(crate) fn outcome(&mut self, actor: &str, command: Command<Sealed>) -> Outcome {
        self.apply(&user(actor), command).outcome
    }
}
