//! Strategies that generate entries and records of every kind.

mod alias;
mod members;
mod policy;
mod request;
mod tokens;

use std::collections::BTreeSet;
use std::sync::Arc;

use aliasd_catalog::{
    Alias, AliasId, AliasKind, AliasName, AlterUser, AuthId, AuthProvider, AuthRuleName, Bootstrap, CatalogName,
    ClusterId, Command, CreateMode, CreateUser, CypherVersion, Database, DatabaseAccess, DatabaseAction, DatabaseKind,
    DatabaseName, DatabaseScope, DatabaseStatus, DbmsAction, DriverSettings, Duration, Entry, Float, Glob, Grant,
    GrantEffect, GraphAction, HomeChange, KeyId, LoadScope, LogLevel, Meta, NameForm, OpenCommand, PasswordChange,
    PasswordHash, Principal, Privilege, QualifiedAction, Record, RecordKey, RemoteAlias, RemoteLogin, RemoteUrl,
    RemoteUserName, Removal, RequestId, RequestRecord, Resource, RetiredCommand, Revision, Role, RoleAssignment,
    RoleName, Sealed, SealedSecret, Segment, Stamp, TagChange, Timestamp, TransactionAction, User, UserName, UserScope,
    UserStatus, UserTag, Value, ValueMap,
};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use alias::alias_commands;
use members::{ledger, member_command};
use policy::{policy, policy_change};
use request::{origin, outcome, owner};
use tokens::{ended, ending};

/// Text with whatever makes trouble: zero bytes, case, letters that change length with case.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z][a-zA-Z0-9_.-]{0,12}", "[\0a-c\u{1}\u{ff}İßΣ😀 ]{1,6}", any::<String>()]
}

macro_rules! valid_names {
    ($($function:ident -> $name:ident),+ $(,)?) => {
        $(
            fn $function() -> impl Strategy<Value = $name> {
                text().prop_filter_map("no valid name", |text| $name::new(&text).ok())
            }
        )+
    };
}

valid_names! {
    catalog_name -> CatalogName,
    alias_name -> AliasName,
    user_name -> UserName,
    remote_user_name -> RemoteUserName,
    auth_provider -> AuthProvider,
    auth_id -> AuthId,
    glob -> Glob,
}

fn role_name() -> impl Strategy<Value = RoleName> {
    "[a-zA-Z][a-zA-Z0-9_]{0,8}".prop_map(|text| RoleName::new(&text).unwrap())
}

fn database_name() -> impl Strategy<Value = DatabaseName> {
    prop_oneof![
        1 => Just(DatabaseName::system()),
        4 => "[a-rt-z0-9][a-z0-9.-]{1,20}[a-z0-9]".prop_map(|text| DatabaseName::new(&text).unwrap()),
    ]
}

fn choice<T: Copy + std::fmt::Debug + 'static>(choices: &'static [T]) -> impl Strategy<Value = T> {
    select(choices)
}

fn language() -> impl Strategy<Value = CypherVersion> {
    choice(&[CypherVersion::Cypher5, CypherVersion::Cypher25])
}

fn status() -> impl Strategy<Value = UserStatus> {
    choice(&[UserStatus::Active, UserStatus::Suspended])
}

fn effect() -> impl Strategy<Value = GrantEffect> {
    choice(&[GrantEffect::Granted, GrantEffect::Denied])
}

fn mode() -> impl Strategy<Value = CreateMode> {
    choice(&[CreateMode::Fail, CreateMode::IfNotExists, CreateMode::OrReplace])
}

fn stamp() -> impl Strategy<Value = Stamp> {
    (any::<u64>(), any::<u64>())
        .prop_map(|(revision, time)| Stamp { revision: Revision(revision), time: Timestamp(time) })
}

fn hash() -> impl Strategy<Value = PasswordHash> {
    any::<String>().prop_map(PasswordHash::new)
}

fn sealed() -> impl Strategy<Value = SealedSecret> {
    let alias_id = of(any::<[u8; 16]>().prop_map(AliasId));
    (any::<[u8; 16]>(), any::<[u8; 12]>(), vec(any::<u8>(), 0..64), alias_id).prop_map(
        |(key_id, nonce, ciphertext, alias_id)| SealedSecret {
            key_id: KeyId(key_id),
            nonce,
            ciphertext: ciphertext.into(),
            alias_id,
        },
    )
}

fn duration() -> impl Strategy<Value = Duration> {
    (any::<i64>(), any::<i64>(), any::<i64>(), 0..1_000_000_000_u32)
        .prop_map(|(months, days, seconds, nanoseconds)| Duration { months, days, seconds, nanoseconds })
}

pub(crate) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Boolean),
        any::<i64>().prop_map(Value::Integer),
        any::<u64>().prop_map(|bits| Value::Float(Float(f64::from_bits(bits)))),
        any::<String>().prop_map(Value::String),
        duration().prop_map(Value::Duration),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::List),
            btree_map(any::<String>(), inner, 0..4).prop_map(Value::Map),
        ]
    })
}

fn properties() -> impl Strategy<Value = ValueMap> {
    btree_map(any::<String>(), value(), 0..4)
}

fn url() -> impl Strategy<Value = RemoteUrl> {
    "(neo4j|neo4j\\+s|neo4j\\+ssc|bolt|BOLT\\+s)://[a-zA-Z.]{1,12}(:[1-9][0-9]{0,3})?(\\?policy=[a-z]{1,4})?"
        .prop_map(|text| RemoteUrl::stored(&text).unwrap())
}

fn driver() -> impl Strategy<Value = DriverSettings> {
    let timeout = duration().prop_filter("negative", |duration| !duration.is_negative());
    let size = any::<i64>().prop_filter("zero", |size| *size != 0);
    let level = choice(&LogLevel::ALL);
    (of(any::<bool>()), of(timeout), of(duration()), of(duration()), of(duration()), of(size), of(level)).prop_map(
        |(ssl_enforced, timeout, lifetime, acquisition, idle, size, level)| DriverSettings {
            ssl_enforced,
            connection_timeout: timeout,
            connection_max_lifetime: lifetime,
            connection_pool_acquisition_timeout: acquisition,
            connection_pool_idle_test: idle,
            connection_pool_max_size: size,
            logging_level: level,
        },
    )
}

fn scope() -> impl Strategy<Value = DatabaseScope> {
    prop_oneof![Just(DatabaseScope::Home), Just(DatabaseScope::All), catalog_name().prop_map(DatabaseScope::Named),]
}

fn texts() -> impl Strategy<Value = BTreeSet<String>> {
    btree_set(text(), 0..4)
}

fn privilege() -> impl Strategy<Value = Privilege> {
    let user_scope = || prop_oneof![Just(UserScope::All), user_name().prop_map(UserScope::Named)];
    let load = prop_oneof![
        Just(LoadScope::All),
        any::<String>().prop_map(LoadScope::Cidr),
        any::<String>().prop_map(LoadScope::Url),
    ];
    let resource = prop_oneof![Just(Resource::None), Just(Resource::All), texts().prop_map(Resource::Named)];
    let segment = prop_oneof![
        Just(Segment::None),
        texts().prop_map(Segment::Elements),
        texts().prop_map(Segment::Nodes),
        texts().prop_map(Segment::Relationships),
        any::<String>().prop_map(Segment::Pattern),
    ];
    prop_oneof![
        choice(DbmsAction::ALL).prop_map(Privilege::Dbms),
        user_scope().prop_map(Privilege::Impersonate),
        catalog_name().prop_map(Privilege::ResolveAlias),
        (choice(TransactionAction::ALL), scope(), user_scope())
            .prop_map(|(action, scope, users)| Privilege::Transaction(action, scope, users)),
        (choice(QualifiedAction::ALL), glob()).prop_map(|(action, glob)| Privilege::Qualified(action, glob)),
        load.prop_map(Privilege::Load),
        (choice(DatabaseAction::ALL), scope()).prop_map(|(action, scope)| Privilege::Database(action, scope)),
        (choice(GraphAction::ALL), resource, scope(), segment)
            .prop_map(|(action, resource, scope, segment)| Privilege::Graph { action, resource, scope, segment }),
    ]
}

fn grant() -> impl Strategy<Value = Grant> {
    (role_name(), effect(), privilege(), any::<bool>()).prop_map(|(role, effect, privilege, immutable)| Grant {
        role,
        effect,
        privilege,
        immutable,
    })
}

fn login() -> impl Strategy<Value = RemoteLogin<SealedSecret>> {
    let stored = (remote_user_name(), sealed()).prop_map(|(user, credential)| RemoteLogin::Stored { user, credential });
    prop_oneof![stored, Just(RemoteLogin::OidcForwarding)]
}

fn form() -> impl Strategy<Value = NameForm> {
    prop_oneof![
        Just(NameForm::AnyDot),
        Just(NameForm::FirstDot),
        Just(NameForm::Plain),
        catalog_name().prop_map(NameForm::Within),
    ]
}

fn access() -> impl Strategy<Value = DatabaseAccess> {
    choice(&[DatabaseAccess::ReadWrite, DatabaseAccess::ReadOnly])
}

fn online() -> impl Strategy<Value = DatabaseStatus> {
    choice(&[DatabaseStatus::Online, DatabaseStatus::Offline])
}

fn database_commands() -> impl Strategy<Value = Command<Sealed>> {
    prop_oneof![
        (database_name(), mode(), any::<bool>(), of(language())).prop_map(
            |(name, mode, composite, default_language)| Command::Open(OpenCommand::CreateDatabase {
                name,
                mode,
                composite,
                default_language
            })
        ),
        (catalog_name(), any::<bool>(), of(access()), of(language())).prop_map(
            |(name, if_exists, access, default_language)| Command::Open(OpenCommand::AlterDatabase {
                name,
                if_exists,
                access,
                default_language
            })
        ),
        (catalog_name(), online())
            .prop_map(|(name, status)| Command::Open(OpenCommand::SetDatabaseStatus { name, status })),
        policy_change().prop_map(|change| Command::Open(OpenCommand::SetPolicy(change))),
        catalog_name().prop_map(|name| Command::Open(OpenCommand::SetDefaultDatabase { name })),
        ending(),
        (catalog_name(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
            |(name, if_exists, composite, cascade_aliases)| Command::Open(OpenCommand::DropDatabase {
                name,
                if_exists,
                composite,
                cascade_aliases
            })
        ),
    ]
}

fn user_commands() -> impl Strategy<Value = Command<Sealed>> {
    let change = || {
        of((of(hash()), of(any::<bool>()))
            .prop_map(|(password, change_required)| PasswordChange { password, change_required }))
    };
    let identities = || vec((auth_provider(), auth_id()), 0..3);
    let create = (user_name(), mode(), change(), of(status()), of(catalog_name()), identities(), tags()).prop_map(
        |(name, mode, password, status, home, auth, tags)| CreateUser {
            name,
            mode,
            password,
            status,
            home,
            auth,
            tags,
        },
    );
    let home = of(prop_oneof![catalog_name().prop_map(HomeChange::Set), Just(HomeChange::Remove)]);
    let removal = (any::<bool>(), any::<bool>(), btree_set(auth_provider(), 0..3))
        .prop_map(|(all, native, providers)| Removal { all, native, providers });
    let alter = (
        user_name(),
        any::<bool>(),
        change(),
        of(status()),
        home,
        removal,
        identities(),
        (tag_change(), of(any::<u64>())),
    )
        .prop_map(|(name, if_exists, password, status, home, remove_auth, set_auth, (tags, since))| AlterUser {
            name,
            if_exists,
            password,
            status,
            home,
            remove_auth,
            set_auth,
            tags,
            unchanged_since: since.map(Revision),
        });
    let bootstrap = (any::<[u8; 16]>(), any::<[u8; 16]>(), policy(), user_name(), hash()).prop_map(
        |(cluster_id, active_key, policy, admin, password)| Bootstrap {
            cluster_id: ClusterId(cluster_id),
            active_key: KeyId(active_key),
            policy,
            admin,
            password,
        },
    );
    prop_oneof![
        bootstrap.prop_map(Command::Bootstrap),
        create.prop_map(Command::CreateUser),
        alter.prop_map(Command::AlterUser),
        (btree_set(user_name(), 0..3), any::<bool>(), tag_change())
            .prop_map(|(names, if_exists, tags)| Command::Open(OpenCommand::AlterUserTags { names, if_exists, tags })),
        auth_rule_commands(),
        (user_name(), any::<bool>())
            .prop_map(|(name, if_exists)| Command::Open(OpenCommand::DropUser { name, if_exists })),
        (any::<u64>(), hash(), of(any::<u64>())).prop_map(|(at, password, since)| Command::ChangeOwnPassword {
            present: Revision(at),
            password,
            unchanged_since: since.map(Revision),
        }),
        (user_name(), user_name(), any::<bool>())
            .prop_map(|(from, to, if_exists)| Command::Open(OpenCommand::RenameUser { from, to, if_exists })),
    ]
}

fn tags() -> impl Strategy<Value = BTreeSet<UserTag>> {
    btree_set("[a-zA-Z ]{1,4}".prop_map(|text| UserTag::new(&text).unwrap()), 0..3)
}

fn tag_change() -> impl Strategy<Value = TagChange> {
    (any::<bool>(), tags(), tags()).prop_map(|(clear, remove, add)| TagChange { clear, remove, add })
}

fn auth_rule_commands() -> impl Strategy<Value = Command<Sealed>> {
    let rule = || "[a-zA-Z ]{1,4}".prop_map(|text| AuthRuleName::new(&text).unwrap());
    let assignment = (btree_set(role_name(), 0..4), btree_set(rule(), 0..4), any::<bool>());
    prop_oneof![
        (rule(), any::<bool>()).prop_map(|(name, if_exists)| RetiredCommand::Alter { name, if_exists }),
        (rule(), rule(), any::<bool>()).prop_map(|(from, to, if_exists)| RetiredCommand::Rename {
            from,
            to,
            if_exists
        }),
        (rule(), any::<bool>()).prop_map(|(name, if_exists)| RetiredCommand::Drop { name, if_exists }),
        assignment.prop_map(|(roles, rules, grants)| match grants {
            true => RetiredCommand::GrantRoles { roles, rules },
            false => RetiredCommand::RevokeRoles { roles, rules },
        }),
    ]
    .prop_map(|rule| Command::Open(OpenCommand::Retired(rule)))
}

fn role_commands() -> impl Strategy<Value = Command<Sealed>> {
    let roles = || btree_set(role_name(), 0..4);
    let users = || btree_set(user_name(), 0..4);
    let privileges = || btree_set(privilege(), 0..4);
    prop_oneof![
        (role_name(), mode(), any::<bool>(), of(role_name())).prop_map(|(name, mode, immutable, copy_of)| {
            Command::Open(OpenCommand::CreateRole { name, mode, immutable, copy_of })
        }),
        (role_name(), role_name(), any::<bool>())
            .prop_map(|(from, to, if_exists)| Command::Open(OpenCommand::RenameRole { from, to, if_exists })),
        (role_name(), any::<bool>())
            .prop_map(|(name, if_exists)| Command::Open(OpenCommand::DropRole { name, if_exists })),
        (roles(), users()).prop_map(|(roles, users)| Command::Open(OpenCommand::GrantRoles { roles, users })),
        (roles(), users(), any::<bool>()).prop_map(|(roles, users, lenient)| Command::Open(OpenCommand::RevokeRoles {
            roles,
            users,
            lenient
        })),
        (effect(), any::<bool>(), privileges(), roles()).prop_map(|(effect, immutable, privileges, roles)| {
            Command::Open(OpenCommand::AssignPrivileges { effect, immutable, privileges, roles })
        }),
        (of(effect()), any::<bool>(), privileges(), roles(), any::<bool>()).prop_map(
            |(effect, immutable, privileges, roles, lenient)| {
                Command::Open(OpenCommand::RevokePrivileges { effect, immutable, privileges, roles, lenient })
            }
        ),
    ]
}

pub(crate) fn entry() -> impl Strategy<Value = Entry> {
    let actor = prop_oneof![Just(Principal::System), user_name().prop_map(Principal::User)];
    // In boxes: in one piece the strategy is larger than the stack of a test.
    let command = prop_oneof![
        alias_commands().boxed(),
        database_commands().boxed(),
        member_command().boxed(),
        user_commands().boxed(),
        role_commands().boxed()
    ];
    (any::<[u8; 16]>(), actor, any::<u64>(), command, of(origin())).prop_map(
        |(request, actor, issued_at, command, origin)| Entry {
            request: RequestId(request),
            actor,
            issued_at: Timestamp(issued_at),
            command,
            origin,
        },
    )
}

fn alias() -> impl Strategy<Value = Alias> {
    let remote = (catalog_name(), url(), login(), driver(), of(language())).prop_map(
        |(database, url, login, driver, default_language)| {
            AliasKind::Remote(RemoteAlias { database, url, login, driver, default_language })
        },
    );
    let kind = prop_oneof![database_name().prop_map(AliasKind::Local), remote];
    let parts = (kind, of(database_name()), properties(), stamp(), stamp());
    parts.prop_map(|(kind, composite, properties, created, modified)| Alias {
        kind,
        composite,
        properties,
        created,
        modified,
    })
}

fn user() -> impl Strategy<Value = User> {
    let auth = btree_map(auth_provider(), auth_id(), 0..3);
    let login = (of(hash()), any::<bool>(), status(), auth, any::<u64>());
    let labels = (tags(), ended());
    (login, of(catalog_name()), labels, stamp(), stamp()).prop_map(|(login, home, labels, created, modified)| {
        let (tags, ended_tokens) = labels;
        let (password, password_change_required, status, auth, credential_revision) = login;
        let credential_revision = Revision(credential_revision);
        User {
            password,
            password_change_required,
            status,
            home,
            auth,
            tags,
            ended_tokens,
            credential_revision,
            created,
            modified,
        }
    })
}

pub(crate) fn record() -> impl Strategy<Value = (RecordKey, Record)> {
    let meta = (any::<[u8; 16]>(), any::<[u8; 16]>(), catalog_name(), policy(), stamp()).prop_map(
        |(cluster_id, active_key, default_database, policy, created)| {
            let (cluster_id, active_key) = (ClusterId(cluster_id), KeyId(active_key));
            Record::Meta(Arc::new(Meta { cluster_id, active_key, default_database, policy, created }))
        },
    );
    let kind = choice(&[DatabaseKind::System, DatabaseKind::Standard, DatabaseKind::Composite]);
    let database = (kind, online(), access(), language(), stamp(), stamp()).prop_map(
        |(kind, status, access, default_language, created, modified)| {
            Record::Database(Arc::new(Database { kind, status, access, default_language, created, modified }))
        },
    );
    let role =
        (any::<bool>(), stamp()).prop_map(|(immutable, created)| Record::Role(Arc::new(Role { immutable, created })));
    let assignment = stamp().prop_map(|created| Record::RoleAssignment(RoleAssignment { created }));
    let request = (stamp(), outcome(), of(owner()))
        .prop_map(|(applied, outcome, owner)| Record::Request(Arc::new(RequestRecord { applied, outcome, owner })));
    let member = (user_name(), role_name()).prop_map(|(user, role)| RecordKey::RoleAssignment(user, role));
    let request_key = any::<[u8; 16]>().prop_map(|id| RecordKey::Request(RequestId(id)));
    prop_oneof![
        (Just(RecordKey::Meta), meta),
        (database_name().prop_map(RecordKey::Database), database),
        (alias_name().prop_map(RecordKey::Alias), alias().prop_map(|alias| Record::Alias(Arc::new(alias)))),
        (user_name().prop_map(RecordKey::User), user().prop_map(|user| Record::User(Arc::new(user)))),
        (role_name().prop_map(RecordKey::Role), role),
        (member, assignment),
        (grant().prop_map(|grant| RecordKey::Grant(Box::new(grant))), stamp().prop_map(Record::Grant)),
        (request_key, request),
        (Just(RecordKey::Members), ledger()),
    ]
}
