//! One sample of every kind of entry and record, with every optional part present in at least one of them.
//! The frozen bytes belong to these; a sample is never changed, only added.

mod accounts;
mod databases;
mod log;
mod members;

use std::collections::BTreeSet;
use std::sync::Arc;

use aliasd_catalog::{
    Alias, AliasId, AliasKind, AliasName, AliasTarget, AlterAlias, AuthId, AuthProvider, Bootstrap, CatalogName,
    ClusterId, Command, CreateAlias, CreateMode, CypherVersion, Database, DatabaseAccess, DatabaseAction, DatabaseKind,
    DatabaseName, DatabaseScope, DatabaseStatus, DbmsAction, DriverSettings, Duration, Effect, Entry, Float, Glob,
    Grant, GrantEffect, GraphAction, KeyId, LoadScope, LogLevel, Meta, NameForm, Notification, OpenCommand,
    PasswordHash, Policy, Principal, Privilege, QualifiedAction, Record, RecordKey, Rejection, ReleaseStaleness,
    RemoteAlias, RemoteLogin, RemoteTarget, RemoteUrl, RemoteUserName, RequestId, RequestOrigin, RequestOwner,
    RequestRecord, Resource, Revision, Role, RoleAssignment, RoleName, Sealed, SealedSecret, Segment, Stamp,
    StatementFingerprint, Timestamp, TokenLifetime, TransactionAction, UserName, UserScope, Value, ValueMap,
};

use accounts::{auth_rule_commands, user_commands, users};
use databases::database_commands;
pub(crate) use log::log;
use members::{ledgers, member_commands};

pub(crate) fn catalog_name(text: &str) -> CatalogName {
    CatalogName::new(text).unwrap()
}

pub(crate) fn alias_name(text: &str) -> AliasName {
    AliasName::new(text).unwrap()
}

pub(crate) fn user(text: &str) -> UserName {
    UserName::new(text).unwrap()
}

pub(crate) fn role(text: &str) -> RoleName {
    RoleName::new(text).unwrap()
}

fn names(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn stamp(revision: u64) -> Stamp {
    Stamp { revision: Revision(revision), time: Timestamp(1_760_000_000_000 + revision) }
}

fn hash() -> PasswordHash {
    PasswordHash::new("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNo")
}

fn sealed() -> SealedSecret {
    SealedSecret {
        key_id: KeyId([7; 16]),
        nonce: [9; 12],
        ciphertext: Arc::from(*b"ciphertext and sixteen byte tag!"),
        alias_id: None,
    }
}

fn driver() -> DriverSettings {
    DriverSettings {
        ssl_enforced: Some(false),
        connection_timeout: Some(Duration::from_seconds(5)),
        connection_max_lifetime: Some(Duration::from_seconds(-1)),
        connection_pool_acquisition_timeout: Some(Duration { months: 1, days: -2, seconds: 3, nanoseconds: 4 }),
        connection_pool_idle_test: Some(Duration::default()),
        connection_pool_max_size: Some(-1),
        logging_level: Some(LogLevel::None),
    }
}

/// A map with a value of every kind.
pub(crate) fn properties() -> ValueMap {
    let list = Value::List(vec![Value::Null, Value::Integer(i64::MIN), Value::Map(ValueMap::new())]);
    let values = [
        ("", Value::Null),
        ("boolean", Value::Boolean(true)),
        ("integer", Value::Integer(-42)),
        ("float", Value::Float(Float(-0.0))),
        ("string", Value::String("schöne\0welt".to_owned())),
        ("list", list),
        ("duration", Value::Duration(Duration { months: 14, days: 3, seconds: -5, nanoseconds: 999_999_999 })),
    ];
    values.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn remote_target() -> RemoteTarget<Sealed> {
    RemoteTarget {
        database: catalog_name("neo4j"),
        url: RemoteUrl::new("neo4j+s://location:7687").unwrap(),
        login: RemoteLogin::Stored { user: RemoteUserName::new("alice").unwrap(), credential: sealed() },
        driver: driver(),
        default_language: Some(CypherVersion::Cypher25),
    }
}

fn identity() -> (AuthProvider, AuthId) {
    (AuthProvider::mtls(), AuthId::new("CN=dbms-a").unwrap())
}

/// Those that were there from the beginning: what is frozen of entries that hold many stays as it is.
fn first_privileges() -> BTreeSet<Privilege> {
    privileges().into_iter().filter(|privilege| !matches!(privilege, Privilege::ResolveAlias(_))).collect()
}

fn assign(privileges: BTreeSet<Privilege>) -> Command<Sealed> {
    let (effect, immutable) = (GrantEffect::Denied, true);
    let roles = BTreeSet::from([role("reader"), role("remote")]);
    Command::Open(OpenCommand::AssignPrivileges { effect, immutable, privileges, roles })
}

/// A privilege of every shape.
pub(crate) fn privileges() -> BTreeSet<Privilege> {
    BTreeSet::from([
        Privilege::Dbms(DbmsAction::ResolveAlias),
        Privilege::ResolveAlias(catalog_name("remote-neo4j")),
        Privilege::Impersonate(UserScope::All),
        Privilege::Impersonate(UserScope::Named(user("carol"))),
        Privilege::Database(DatabaseAction::Access, DatabaseScope::Home),
        Privilege::Database(DatabaseAction::All, DatabaseScope::All),
        Privilege::Database(DatabaseAction::Start, DatabaseScope::Named(catalog_name("remote-neo4j"))),
        Privilege::Graph {
            action: GraphAction::Match,
            resource: Resource::All,
            scope: DatabaseScope::Named(catalog_name("neo4j")),
            segment: Segment::Elements(BTreeSet::new()),
        },
        Privilege::Graph {
            action: GraphAction::Read,
            resource: Resource::Named(names(&["born", "name"])),
            scope: DatabaseScope::All,
            segment: Segment::Nodes(names(&["Person"])),
        },
        Privilege::Graph {
            action: GraphAction::Traverse,
            resource: Resource::None,
            scope: DatabaseScope::Home,
            segment: Segment::Relationships(names(&["KNOWS", "LIKES"])),
        },
        Privilege::Graph {
            action: GraphAction::Write,
            resource: Resource::None,
            scope: DatabaseScope::All,
            segment: Segment::None,
        },
        Privilege::Graph {
            action: GraphAction::Read,
            resource: Resource::All,
            scope: DatabaseScope::All,
            segment: Segment::Pattern("(n:Email) WHERE n.classification IS NULL".to_owned()),
        },
        Privilege::Transaction(TransactionAction::Management, DatabaseScope::All, UserScope::All),
        Privilege::Transaction(TransactionAction::Show, DatabaseScope::Home, UserScope::Named(user("carol"))),
        Privilege::Qualified(QualifiedAction::ExecuteProcedure, Glob::new("*").unwrap()),
        Privilege::Qualified(QualifiedAction::ShowSetting, Glob::new("dbms.*").unwrap()),
        Privilege::Load(LoadScope::All),
        Privilege::Load(LoadScope::Cidr("127.0.0.1/32".to_owned())),
        Privilege::Load(LoadScope::Url("https://example.org/*".to_owned())),
    ])
}

fn entry(command: Command<Sealed>) -> Entry {
    Entry {
        request: RequestId([0xa5; 16]),
        actor: Principal::User(user("alice")),
        issued_at: Timestamp(1_760_000_000_123),
        command,
        origin: None,
    }
}

/// Every kind of entry, by a name of its own.
pub(crate) fn entries() -> Vec<(&'static str, Entry)> {
    let bootstrap = Command::Bootstrap(Bootstrap {
        cluster_id: ClusterId([1; 16]),
        active_key: KeyId([7; 16]),
        policy: Policy::default(),
        admin: user("admin"),
        password: hash(),
    });
    let bootstrap = Entry { actor: Principal::System, ..entry(bootstrap) };
    let origin = RequestOrigin {
        made_at: Revision(41),
        fingerprint: StatementFingerprint([0xf1; 32]),
        credential_revision: Some(Revision(17)),
        by_certificate: false,
    };
    let dropped = || Command::Open(OpenCommand::DropRole { name: role("remote"), if_exists: false });
    let with_origin = Entry { origin: Some(origin), ..entry(dropped()) };
    let certified = Entry { origin: Some(RequestOrigin { by_certificate: true, ..origin }), ..entry(dropped()) };
    let mut entries = vec![("bootstrap", bootstrap), ("origin", with_origin), ("origin-certified", certified)];
    entries.extend(alias_commands().into_iter().map(|(name, command)| (name, entry(command))));
    entries.extend(database_commands().into_iter().map(|(name, command)| (name, entry(command))));
    entries.extend(member_commands().into_iter().map(|(name, command)| (name, entry(command))));
    entries.extend(user_commands().into_iter().map(|(name, command)| (name, entry(command))));
    entries.extend(auth_rule_commands().into_iter().map(|(name, command)| (name, entry(command))));
    entries.extend(role_commands().into_iter().map(|(name, command)| (name, entry(command))));
    entries
}

/// With the stored password, sealed for where the alias leads then.
fn carrying(alter: AlterAlias<Sealed>) -> Command<Sealed> {
    let carried = Some(SealedSecret { alias_id: Some(AliasId([4; 16])), ..sealed() });
    Command::AlterAlias(AlterAlias { credential: None, carried, seen: Some(Revision(40)), ..alter })
}

fn alias_commands() -> Vec<(&'static str, Command<Sealed>)> {
    let local = CreateAlias {
        name: alias_name("films"),
        form: NameForm::Plain,
        mode: CreateMode::IfNotExists,
        target: AliasTarget::Local(catalog_name("movies")),
        properties: ValueMap::new(),
    };
    let remote = CreateAlias {
        name: alias_name("remote-neo4j"),
        form: NameForm::AnyDot,
        mode: CreateMode::OrReplace,
        target: AliasTarget::Remote(remote_target()),
        properties: properties(),
    };
    let forwarding = CreateAlias {
        name: alias_name("garden.far"),
        form: NameForm::Within(catalog_name("garden")),
        mode: CreateMode::Fail,
        target: AliasTarget::Remote(RemoteTarget {
            login: RemoteLogin::OidcForwarding,
            default_language: None,
            ..remote_target()
        }),
        properties: ValueMap::new(),
    };
    let alter_all = AlterAlias {
        name: catalog_name("remote-neo4j"),
        form: NameForm::AnyDot,
        if_exists: true,
        target: Some((catalog_name("movies"), Some(RemoteUrl::new("bolt://other").unwrap()))),
        user: Some(RemoteUserName::new("Bob").unwrap()),
        credential: Some(sealed()),
        carried: None,
        seen: None,
        driver: Some(driver()),
        default_language: Some(CypherVersion::Cypher5),
        properties: Some(properties()),
    };
    let alter_target = AlterAlias {
        name: catalog_name("films"),
        form: NameForm::FirstDot,
        if_exists: false,
        target: Some((catalog_name("movies"), None)),
        user: None,
        credential: None,
        carried: None,
        seen: None,
        driver: Some(DriverSettings::default()),
        default_language: None,
        properties: Some(ValueMap::new()),
    };
    vec![
        ("create-local-alias", Command::CreateAlias(local)),
        ("create-remote-alias", Command::CreateAlias(remote)),
        ("create-forwarding-alias", Command::CreateAlias(forwarding)),
        ("alter-alias-everything", Command::AlterAlias(alter_all.clone())),
        ("alter-alias-target", Command::AlterAlias(alter_target)),
        ("alter-alias-place", carrying(alter_all)),
        (
            "drop-alias",
            Command::Open(OpenCommand::DropAlias {
                name: catalog_name("system.x"),
                form: NameForm::AnyDot,
                if_exists: true,
            }),
        ),
    ]
}

fn role_commands() -> Vec<(&'static str, Command<Sealed>)> {
    let roles = || BTreeSet::from([role("remote"), role("reader")]);
    let users = || BTreeSet::from([user("alice"), user("carol")]);
    vec![
        (
            "create-role",
            Command::Open(OpenCommand::CreateRole {
                name: role("remote"),
                mode: CreateMode::Fail,
                immutable: false,
                copy_of: Some(role("reader")),
            }),
        ),
        (
            "create-immutable-role",
            Command::Open(OpenCommand::CreateRole {
                name: role("remote"),
                mode: CreateMode::Fail,
                immutable: true,
                copy_of: None,
            }),
        ),
        (
            "rename-role",
            Command::Open(OpenCommand::RenameRole { from: role("remote"), to: role("far"), if_exists: false }),
        ),
        ("drop-role", Command::Open(OpenCommand::DropRole { name: role("remote"), if_exists: true })),
        ("grant-roles", Command::Open(OpenCommand::GrantRoles { roles: roles(), users: users() })),
        ("revoke-roles", Command::Open(OpenCommand::RevokeRoles { roles: roles(), users: users(), lenient: false })),
        (
            "revoke-roles-leniently",
            Command::Open(OpenCommand::RevokeRoles { roles: roles(), users: users(), lenient: true }),
        ),
        ("assign-privileges", assign(first_privileges())),
        ("assign-resolve-alias", assign(&privileges() - &first_privileges())),
        (
            "revoke-privileges-granted",
            Command::Open(OpenCommand::RevokePrivileges {
                effect: Some(GrantEffect::Granted),
                immutable: false,
                privileges: first_privileges(),
                roles: roles(),
                lenient: true,
            }),
        ),
        (
            "revoke-privileges-both",
            Command::Open(OpenCommand::RevokePrivileges {
                effect: None,
                immutable: false,
                privileges: BTreeSet::new(),
                roles: roles(),
                lenient: false,
            }),
        ),
    ]
}

/// Every kind of record, by a name of its own.
pub(crate) fn records() -> Vec<(String, RecordKey, Record)> {
    let meta = Meta {
        cluster_id: ClusterId([1; 16]),
        active_key: KeyId([7; 16]),
        default_database: catalog_name("neo4j"),
        policy: Policy {
            database_management_implies_alias_management: false,
            oidc_credential_forwarding: true,
            default_language: CypherVersion::Cypher25,
            token_lifetime: TokenLifetime::default(),
            release_staleness: ReleaseStaleness::default(),
        },
        created: stamp(1),
    };
    let system = Database {
        kind: DatabaseKind::System,
        status: DatabaseStatus::Online,
        access: DatabaseAccess::ReadWrite,
        default_language: CypherVersion::Cypher5,
        created: stamp(1),
        modified: stamp(1),
    };
    let garden = Database { kind: DatabaseKind::Composite, ..system };
    let movies = Database {
        kind: DatabaseKind::Standard,
        status: DatabaseStatus::Offline,
        access: DatabaseAccess::ReadOnly,
        default_language: CypherVersion::Cypher25,
        created: stamp(2),
        modified: stamp(3),
    };
    let assignment = RoleAssignment { created: stamp(8) };
    let mut records = vec![
        ("meta".to_owned(), RecordKey::Meta, Record::Meta(Arc::new(meta))),
        ("database-system".to_owned(), RecordKey::Database(DatabaseName::system()), Record::Database(Arc::new(system))),
        (
            "database-composite".to_owned(),
            RecordKey::Database(DatabaseName::new("garden").unwrap()),
            Record::Database(Arc::new(garden)),
        ),
        (
            "database".to_owned(),
            RecordKey::Database(DatabaseName::new("movies").unwrap()),
            Record::Database(Arc::new(movies)),
        ),
        (
            "role".to_owned(),
            RecordKey::Role(role("remote")),
            Record::Role(Arc::new(Role { immutable: true, created: stamp(7) })),
        ),
        (
            "membership".to_owned(),
            RecordKey::RoleAssignment(user("carol"), role("remote")),
            Record::RoleAssignment(assignment),
        ),
    ];
    records.extend(aliases());
    records.extend(users());
    records.extend(privileges().into_iter().zip(1..).map(|(privilege, number)| {
        let grant = Grant { role: role("remote"), effect: GrantEffect::Granted, privilege, immutable: number % 2 == 0 };
        (format!("grant-{number}"), RecordKey::Grant(Box::new(grant)), Record::Grant(stamp(number)))
    }));
    records.extend(requests());
    records
}

fn aliases() -> Vec<(String, RecordKey, Record)> {
    let RemoteTarget { database, url, login, driver, .. } = remote_target();
    let remote = RemoteAlias { database, url, login, driver, default_language: Some(CypherVersion::Cypher5) };
    let forwarding = RemoteAlias { login: RemoteLogin::OidcForwarding, default_language: None, ..remote.clone() };
    let remote = Alias {
        kind: AliasKind::Remote(remote),
        composite: None,
        properties: properties(),
        created: stamp(4),
        modified: stamp(5),
    };
    let constituent = Alias {
        kind: AliasKind::Remote(forwarding),
        composite: Some(DatabaseName::new("garden").unwrap()),
        ..remote.clone()
    };
    let local = Alias {
        kind: AliasKind::Local(DatabaseName::neo4j()),
        composite: None,
        properties: ValueMap::new(),
        created: stamp(6),
        modified: stamp(6),
    };
    vec![
        ("alias-remote".to_owned(), RecordKey::Alias(alias_name("remote\0neo4j")), Record::Alias(Arc::new(remote))),
        (
            "alias-constituent".to_owned(),
            RecordKey::Alias(alias_name("garden.far")),
            Record::Alias(Arc::new(constituent)),
        ),
        ("alias-local".to_owned(), RecordKey::Alias(alias_name("schöne welt")), Record::Alias(Arc::new(local))),
    ]
}

fn requests() -> Vec<(String, RecordKey, Record)> {
    let effect = Effect {
        system_updates: 2,
        notifications: vec![
            Notification::HomeDatabaseNotFound(catalog_name("nowhere")),
            Notification::AlreadyAssigned { role: role("remote") },
            Notification::NotAssigned { role: role("remote") },
            Notification::ImpossibleRevoke { entity: "Role".to_owned(), name: "nobody".to_owned() },
            Notification::OidcForwardingDisabled,
        ],
    };
    let rejection = Rejection::AliasExists { name: "remote-neo4j".into() };
    let bare = Rejection::NotFormed {};
    let cut = Effect { system_updates: 0, notifications: vec![Notification::Omitted { count: 800 }] };
    let outcomes = [
        ("request-effect", Ok(effect)),
        ("request-rejected", Err(rejection)),
        ("request-bare", Err(bare)),
        ("request-omitted", Ok(cut)),
    ];
    let requests = outcomes.into_iter().zip(20..).map(|((name, outcome), revision)| {
        let record = RequestRecord { applied: stamp(revision), outcome, owner: None };
        let id = u8::try_from(revision).unwrap();
        (name.to_owned(), RecordKey::Request(RequestId([id; 16])), Record::Request(Arc::new(record)))
    });
    let owner = RequestOwner { actor: Principal::User(user("alice")), fingerprint: StatementFingerprint([0xf1; 32]) };
    let outcome = Ok(Effect { system_updates: 1, notifications: Vec::new() });
    let owned = RequestRecord { applied: stamp(30), outcome, owner: Some(owner) };
    let owned = ("request-owned".to_owned(), RecordKey::Request(RequestId([30; 16])), Record::Request(Arc::new(owned)));
    requests.chain([owned]).chain(ledgers()).collect()
}
