//! Entries at random from a universe so small that names collide all the time: every command, every kind of
//! actor, repeated requests, clocks that run backwards, positions that jump.

mod members;

use std::collections::{BTreeMap, BTreeSet};

use aliasd_catalog::{
    AliasTarget, AlterAlias, AlterUser, AuthId, AuthProvider, Bootstrap, CatalogName, Command, CreateAlias, CreateMode,
    CreateUser, CypherVersion, DatabaseAccess, DatabaseAction, DatabaseScope, DatabaseStatus, DbmsAction,
    DriverSettings, Duration, Entry, Glob, GrantEffect, GraphAction, HomeChange, LoadScope, NameForm, OpenCommand,
    PasswordChange, Policy, PolicyChange, Principal, Privilege, QualifiedAction, REQUEST_WINDOW, ReleaseStaleness,
    RemoteLogin, RemoteTarget, RemoteUserName, Removal, ResolveRequest, ResolveTarget, Resource, RetiredCommand,
    Revision, RoleName, Sealed, Segment, TagChange, Timestamp, TokenLifetime, TokenTrace, TransactionAction, UserName,
    UserScope, UserStatus, UserTag, Value, ValueMap,
};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use self::members::member_steps;
use crate::builders::{
    self, ACTIVE_KEY, OTHER_KEY, ROOT, access, alias_name, bootstrap, create_composite, create_database, create_local,
    create_remote, create_role, database_name, grant, grant_role, hash, insecure, mtls, name, request_at, role_name,
    rule_name, sealed, url, user, user_name,
};

/// Names of databases and aliases. The last one is never created.
pub(crate) const NAMES: [&str; 9] =
    ["system", "neo4j", "sales", "stock", "remote", "far.away", "far", "far.away.too", "missing"];
/// Names of users. The last one is never created.
pub(crate) const USERS: [&str; 5] = [ROOT, "alice", "bob", "carol", "ghost"];

/// The names under which the random commands mostly look for something.
const POPULAR_NAMES: [&str; 5] = ["sales", "stock", "remote", "far.away", "far"];

/// What is granted, denied and revoked so often that it meets itself.
const POPULAR_ACTIONS: [DbmsAction; 4] =
    [DbmsAction::AliasManagement, DbmsAction::ResolveAlias, DbmsAction::DatabaseManagement, DbmsAction::All];

const ROLES: [&str; 6] = ["PUBLIC", "admin", "reader", "alpha", "beta", "nobody"];

/// One position of the log, and a question to ask afterwards.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) at: Revision,
    pub(crate) entry: Entry,
    pub(crate) question: ResolveRequest,
}

/// A log that begins with as much of the prelude as chance decides, mostly all of it, and goes on with up to
/// `length_max` entries at random.
pub(crate) fn log(length_max: usize) -> impl Strategy<Value = Vec<Step>> {
    let whole = prelude().len();
    let begun = prop_oneof![1 => Just(0), 2 => 1..whole, 8 => Just(whole)];
    (begun, vec(draft(), 1..=length_max)).prop_map(|(begun, drafts)| {
        let mut steps: Vec<Step> = Vec::new();
        for (actor, command) in prelude().into_iter().take(begun) {
            let (at, request) = (Revision(steps.len() as u64 + 1), request_at(steps.len() as u64));
            let entry = Entry { request, actor, issued_at: Timestamp(500), command, origin: None };
            steps.push(Step { at, entry, question: home_of_root() });
        }
        for draft in drafts {
            let at = steps.last().map_or(0, |step| step.at.0) + draft.gap;
            // A repeated request carries the id of an earlier one, and mostly another command.
            let own = request_at(steps.len() as u64);
            let earlier = draft.repeats.filter(|_| !steps.is_empty());
            let request = earlier.map_or(own, |earlier| earlier.get(&steps).entry.request);
            let (issued_at, command) = (Timestamp(draft.issued_at), draft.command);
            let entry = Entry { request, actor: draft.actor, issued_at, command, origin: None };
            steps.push(Step { at: Revision(at), entry, question: draft.question });
        }
        steps
    })
}

/// Something of everything, so that what follows finds much to collide with.
fn prelude() -> Vec<(Principal, Command<Sealed>)> {
    let mut steps = vec![(Principal::System, bootstrap())];
    let everyone = Privilege::Impersonate(UserScope::All);
    let administration = [
        create_database("sales"),
        create_local("stock", "sales"),
        create_remote("remote"),
        Command::CreateUser(builders::create_user("alice")),
        Command::CreateUser(builders::create_user("bob")),
        Command::CreateUser(CreateUser { auth: vec![mtls("CN=one")], ..builders::create_user("carol") }),
        create_role("alpha"),
        create_role("beta"),
        grant_role("alpha", "alice"),
        grant_role("beta", "bob"),
        grant_role("alpha", "bob"),
        grant(access("remote"), "alpha"),
        grant(access("stock"), "alpha"),
        grant(Privilege::Dbms(DbmsAction::AliasManagement), "alpha"),
        grant(Privilege::Dbms(DbmsAction::ResolveAlias), "beta"),
        grant(everyone, "beta"),
        create_composite("far"),
        create_local("far.away", "sales"),
        grant(access("far"), "beta"),
    ];
    steps.extend(administration.map(|command| (user(ROOT), command)));
    steps
}

fn home_of_root() -> ResolveRequest {
    ResolveRequest {
        actor: user(ROOT),
        on_behalf_of: None,
        target: ResolveTarget::Home,
        connected_to: None,
        with_credentials: false,
    }
}

/// A step before it has its place in the log.
#[derive(Clone, Debug)]
struct Draft {
    gap: u64,
    repeats: Option<prop::sample::Index>,
    issued_at: u64,
    actor: Principal,
    command: Command<Sealed>,
    question: ResolveRequest,
}

fn draft() -> impl Strategy<Value = Draft> {
    let gap = prop_oneof![30 => 1..4_u64, 1 => REQUEST_WINDOW - 3..REQUEST_WINDOW + 3];
    let repeats = option::weighted(0.08, any::<prop::sample::Index>());
    let actor =
        prop_oneof![8 => Just(user(ROOT)), 4 => users().prop_map(Principal::User), 1 => Just(Principal::System)];
    (gap, repeats, 0..1000_u64, actor, command(), question()).prop_map(
        |(gap, repeats, issued_at, actor, command, question)| Draft {
            gap,
            repeats,
            issued_at,
            actor,
            command,
            question,
        },
    )
}

fn question() -> impl Strategy<Value = ResolveRequest> {
    let actor = prop_oneof![20 => users().prop_map(Principal::User), 1 => Just(Principal::System)];
    let target = prop_oneof![1 => Just(ResolveTarget::Home), 3 => names().prop_map(ResolveTarget::Name)];
    let session = option::of(prop_oneof![2 => names(), 3 => Just(name("far"))]);
    (actor, option::of(users()), target, session, any::<bool>()).prop_map(
        |(actor, on_behalf_of, target, connected_to, with_credentials)| ResolveRequest {
            actor,
            on_behalf_of,
            target,
            connected_to,
            with_credentials,
        },
    )
}

// === Names ===

fn names() -> impl Strategy<Value = CatalogName> {
    prop_oneof![2 => select(&POPULAR_NAMES[..]), 1 => select(&NAMES[..])].prop_map(name)
}

fn users() -> impl Strategy<Value = UserName> {
    prop_oneof![8 => select(&USERS[1..4]), 1 => select(&USERS[..])].prop_map(user_name)
}

fn roles() -> impl Strategy<Value = RoleName> {
    prop_oneof![8 => select(&ROLES[2..5]), 1 => select(&ROLES[..])].prop_map(role_name)
}

// === Commands ===

fn command() -> impl Strategy<Value = Command<Sealed>> {
    prop_oneof![
        1 => forming(),
        8 => create_alias(),
        6 => alter_alias(),
        3 => (names(), forms(), any::<bool>())
            .prop_map(|(name, form, if_exists)| Command::Open(OpenCommand::DropAlias { name, form, if_exists })),
        5 => (select(&NAMES[..8]), mode(), any::<bool>(), option::of(languages())).prop_map(
            |(name, mode, composite, default_language)| {
                Command::Open(OpenCommand::CreateDatabase { name: database_name(name), mode, composite, default_language })
            }
        ),
        3 => (names(), any::<bool>(), prop::bool::weighted(0.2), any::<bool>()).prop_map(
            |(name, if_exists, composite, cascade_aliases)| {
                Command::Open(OpenCommand::DropDatabase { name, if_exists, composite, cascade_aliases })
            }
        ),
        2 => (names(), any::<bool>(), option::of(accesses()), option::of(languages())).prop_map(
            |(name, if_exists, access, default_language)| {
                Command::Open(OpenCommand::AlterDatabase { name, if_exists, access, default_language })
            }
        ),
        3 => (names(), select(vec![DatabaseStatus::Online, DatabaseStatus::Offline]))
            .prop_map(|(name, status)| Command::Open(OpenCommand::SetDatabaseStatus { name, status })),
        2 => (option::of(any::<bool>()), option::of(any::<bool>()), option::of(languages()), option::of(90..120_u64)).prop_map(
            |(database_management_implies_alias_management, oidc_credential_forwarding, default_language, bound)| {
                Command::Open(OpenCommand::SetPolicy(PolicyChange {
                    database_management_implies_alias_management,
                    oidc_credential_forwarding,
                    default_language,
                    token_lifetime: bound.and_then(TokenLifetime::from_seconds),
                    release_staleness: bound.and_then(ReleaseStaleness::from_milliseconds),
                }))
            }
        ),
        4 => member_steps().prop_map(|step| Command::Open(OpenCommand::ChangeMembers(step))),
        2 => names().prop_map(|name| Command::Open(OpenCommand::SetDefaultDatabase { name })),
        2 => (any::<u8>(), 0..4_000_u64).prop_map(|(token, end)| {
            Command::Open(OpenCommand::EndToken { token: TokenTrace([token; 16]), expires_at: Timestamp(end) })
        }),
        2 => (1..60_u64, select(vec!["one", "two"]), any::<bool>()).prop_map(|(at, text, same)| {
            let unchanged_since = same.then_some(Revision(at));
            Command::ChangeOwnPassword { present: Revision(at), password: hash(text), unchanged_since }
        }),
        3 => (users(), users(), any::<bool>())
            .prop_map(|(from, to, if_exists)| Command::Open(OpenCommand::RenameUser { from, to, if_exists })),
        2 => (roles(), roles(), any::<bool>())
            .prop_map(|(from, to, if_exists)| Command::Open(OpenCommand::RenameRole { from, to, if_exists })),
        6 => create_user(),
        5 => alter_user(),
        2 => (btree_set(users(), 1..3), any::<bool>(), tag_changes())
            .prop_map(|(names, if_exists, tags)| Command::Open(OpenCommand::AlterUserTags { names, if_exists, tags })),
        1 => auth_rule(),
        2 => (users(), any::<bool>()).prop_map(|(name, if_exists)| Command::Open(OpenCommand::DropUser { name, if_exists })),
        3 => (roles(), mode(), prop::bool::weighted(0.05), option::of(roles())).prop_map(
            |(name, mode, immutable, copy_of)| Command::Open(OpenCommand::CreateRole { name, mode, immutable, copy_of })
        ),
        2 => (roles(), any::<bool>()).prop_map(|(name, if_exists)| Command::Open(OpenCommand::DropRole { name, if_exists })),
        6 => (btree_set(roles(), 1..3), btree_set(users(), 1..3))
            .prop_map(|(roles, users)| Command::Open(OpenCommand::GrantRoles { roles, users })),
        2 => (btree_set(roles(), 1..3), btree_set(users(), 1..3), any::<bool>())
            .prop_map(|(roles, users, lenient)| Command::Open(OpenCommand::RevokeRoles { roles, users, lenient })),
        10 => assign(),
        4 => revoke(),
    ]
}

/// How a name was written; the namespace is any name, whether or not the name lies in it.
fn forms() -> impl Strategy<Value = NameForm> {
    prop_oneof![
        4 => Just(NameForm::AnyDot),
        1 => Just(NameForm::FirstDot),
        1 => Just(NameForm::Plain),
        1 => select(vec!["far", "far.away", "sales"]).prop_map(|text| NameForm::Within(name(text))),
    ]
}

fn accesses() -> impl Strategy<Value = DatabaseAccess> {
    select(vec![DatabaseAccess::ReadWrite, DatabaseAccess::ReadOnly])
}

fn mode() -> impl Strategy<Value = CreateMode> {
    select(vec![CreateMode::Fail, CreateMode::IfNotExists, CreateMode::OrReplace])
}

fn forming() -> impl Strategy<Value = Command<Sealed>> {
    (any::<bool>(), any::<bool>(), languages()).prop_map(|(switch, forwarding, default_language)| {
        let Command::Bootstrap(formed) = bootstrap() else { unreachable!("it forms the catalog") };
        let policy = Policy {
            database_management_implies_alias_management: switch,
            oidc_credential_forwarding: forwarding,
            default_language,
            ..Policy::default()
        };
        Command::Bootstrap(Bootstrap { policy, ..formed })
    })
}

fn create_alias() -> impl Strategy<Value = Command<Sealed>> {
    let target = prop_oneof![
        names().prop_map(AliasTarget::Local),
        remote_target().prop_map(AliasTarget::Remote),
        remote_target().prop_map(AliasTarget::Remote),
    ];
    (select(&NAMES[1..8]), forms(), mode(), target, properties()).prop_map(|(name, form, mode, target, properties)| {
        Command::CreateAlias(CreateAlias { name: alias_name(name), form, mode, target, properties })
    })
}

fn remote_target() -> impl Strategy<Value = RemoteTarget<Sealed>> {
    let stored =
        (remote_users(), credentials()).prop_map(|(user, credential)| RemoteLogin::Stored { user, credential });
    let login = prop_oneof![4 => stored, 1 => Just(RemoteLogin::OidcForwarding)];
    let language = option::weighted(0.3, languages());
    (names(), urls(), login, drivers(), language).prop_map(|(database, url, login, driver, default_language)| {
        RemoteTarget { database, url, login, driver, default_language }
    })
}

fn alter_alias() -> impl Strategy<Value = Command<Sealed>> {
    let target = option::of((names(), option::weighted(0.7, urls())));
    let rare = 0.3;
    let parts = (
        target,
        option::weighted(rare, remote_users()),
        option::weighted(rare, credentials()),
        option::weighted(rare, drivers()),
        option::weighted(rare, languages()),
        option::weighted(rare, properties()),
        // Mostly as it is proposed now, and sometimes as an entry of the first form.
        option::weighted(0.8, Just(Revision(0))),
    );
    (names(), forms(), any::<bool>(), parts).prop_map(|(name, form, if_exists, parts)| {
        let (target, user, credential, driver, default_language, properties, seen) = parts;
        Command::AlterAlias(AlterAlias {
            name,
            form,
            if_exists,
            target,
            user,
            credential,
            carried: None,
            seen,
            driver,
            default_language,
            properties,
        })
    })
}

fn create_user() -> impl Strategy<Value = Command<Sealed>> {
    let password = option::weighted(0.8, password());
    let parts = (password, option::weighted(0.2, statuses()), option::of(names()), vec(identities(), 0..3), tag_sets());
    (select(&USERS[..4]), mode(), parts).prop_map(|(name, mode, (password, status, home, auth, tags))| {
        Command::CreateUser(CreateUser { name: user_name(name), mode, password, status, home, auth, tags })
    })
}

fn alter_user() -> impl Strategy<Value = Command<Sealed>> {
    let home = prop_oneof![2 => names().prop_map(HomeChange::Set), 1 => Just(HomeChange::Remove)];
    let removal = (prop::bool::weighted(0.15), prop::bool::weighted(0.15), btree_set(providers(), 0..2))
        .prop_map(|(all, native, providers)| Removal { all, native, providers });
    let passwords = (option::of(password()), option::weighted(0.3, (1..30_u64).prop_map(Revision)));
    let auth = (removal, vec(identities(), 0..2));
    let parts = (passwords, option::of(statuses()), option::of(home), auth, tag_changes());
    (users(), any::<bool>(), parts).prop_map(|(name, if_exists, parts)| {
        let ((password, unchanged_since), status, home, (remove_auth, set_auth), tags) = parts;
        Command::AlterUser(AlterUser {
            name,
            if_exists,
            password,
            unchanged_since,
            status,
            home,
            remove_auth,
            set_auth,
            tags,
        })
    })
}

fn tag_sets() -> impl Strategy<Value = BTreeSet<UserTag>> {
    btree_set(select(vec!["red", "green", "blue"]), 0..3).prop_map(|texts| texts.into_iter().map(tag).collect())
}

fn tag(text: &str) -> UserTag {
    UserTag::new(text).expect("a valid tag")
}

fn tag_changes() -> impl Strategy<Value = TagChange> {
    (prop::bool::weighted(0.2), tag_sets(), tag_sets()).prop_map(|(clear, remove, add)| TagChange {
        clear,
        remove,
        add,
    })
}

/// Rules are never there, whatever they are called.
fn auth_rule() -> impl Strategy<Value = Command<Sealed>> {
    let rule = || select(vec!["night", "abroad"]).prop_map(rule_name);
    let assignment = (btree_set(roles(), 1..3), btree_set(rule(), 1..3), any::<bool>());
    prop_oneof![
        (rule(), any::<bool>()).prop_map(|(name, if_exists)| RetiredCommand::Alter { name, if_exists }),
        (rule(), any::<bool>()).prop_map(|(name, if_exists)| RetiredCommand::Drop { name, if_exists }),
        (rule(), rule(), any::<bool>()).prop_map(|(from, to, if_exists)| RetiredCommand::Rename {
            from,
            to,
            if_exists
        }),
        assignment.prop_map(|(roles, rules, grants)| match grants {
            true => RetiredCommand::GrantRoles { roles, rules },
            false => RetiredCommand::RevokeRoles { roles, rules },
        }),
    ]
    .prop_map(|rule| Command::Open(OpenCommand::Retired(rule)))
}

fn assign() -> impl Strategy<Value = Command<Sealed>> {
    let effect = prop_oneof![4 => Just(GrantEffect::Granted), 1 => Just(GrantEffect::Denied)];
    (effect, prop::bool::weighted(0.05), btree_set(privileges(), 1..3), btree_set(roles(), 1..3)).prop_map(
        |(effect, immutable, privileges, roles)| {
            Command::Open(OpenCommand::AssignPrivileges { effect, immutable, privileges, roles })
        },
    )
}

fn revoke() -> impl Strategy<Value = Command<Sealed>> {
    let effect = option::of(select(vec![GrantEffect::Granted, GrantEffect::Denied]));
    let immutable = prop::bool::weighted(0.05);
    (effect, immutable, btree_set(privileges(), 1..3), btree_set(roles(), 1..3), any::<bool>()).prop_map(
        |(effect, immutable, privileges, roles, lenient)| {
            Command::Open(OpenCommand::RevokePrivileges { effect, immutable, privileges, roles, lenient })
        },
    )
}

// === Parts of commands ===

fn urls() -> impl Strategy<Value = aliasd_catalog::RemoteUrl> {
    select(vec!["neo4j+s://location:7687", "bolt+ssc://[::1]", "neo4j://location", "BOLT://location:1"]).prop_map(url)
}

fn remote_users() -> impl Strategy<Value = RemoteUserName> {
    select(vec!["alice", "Bob"]).prop_map(|text| RemoteUserName::new(text).expect("a valid name"))
}

fn credentials() -> impl Strategy<Value = aliasd_catalog::SealedSecret> {
    prop_oneof![9 => Just(ACTIVE_KEY), 1 => Just(OTHER_KEY)].prop_map(sealed)
}

fn languages() -> impl Strategy<Value = CypherVersion> {
    select(vec![CypherVersion::Cypher5, CypherVersion::Cypher25])
}

fn drivers() -> impl Strategy<Value = DriverSettings> {
    let timeout = DriverSettings { connection_timeout: Some(Duration::from_seconds(5)), ..DriverSettings::default() };
    select(vec![DriverSettings::default(), insecure(), timeout])
}

fn properties() -> impl Strategy<Value = ValueMap> {
    let values = vec![Value::Null, Value::from(true), Value::from(7), Value::from("text"), Value::List(vec![])];
    option::of(select(values)).prop_map(|value| value.into_iter().map(|value| ("key".to_owned(), value)).collect())
}

fn password() -> impl Strategy<Value = PasswordChange<Sealed>> {
    let hashes = option::weighted(0.8, select(vec!["one", "two"]).prop_map(hash));
    let change_required = prop_oneof![6 => Just(Some(false)), 1 => Just(Some(true)), 1 => Just(None)];
    (hashes, change_required).prop_map(|(password, change_required)| PasswordChange { password, change_required })
}

fn statuses() -> impl Strategy<Value = UserStatus> {
    select(vec![UserStatus::Active, UserStatus::Suspended])
}

fn providers() -> impl Strategy<Value = AuthProvider> {
    select(vec!["mtls", "oidc-1"]).prop_map(|text| AuthProvider::new(text).expect("a valid provider"))
}

fn identities() -> impl Strategy<Value = (AuthProvider, AuthId)> {
    (providers(), select(vec!["CN=one", "CN=two", "CN=three"]))
        .prop_map(|(provider, id)| (provider, AuthId::new(id).expect("a valid id")))
}

fn privileges() -> impl Strategy<Value = Privilege> {
    let scopes = prop_oneof![
        1 => Just(DatabaseScope::Home),
        1 => Just(DatabaseScope::All),
        5 => names().prop_map(DatabaseScope::Named),
    ];
    let on_users = prop_oneof![1 => Just(UserScope::All), 3 => users().prop_map(UserScope::Named)];
    let actions = prop_oneof![
        4 => Just(DatabaseAction::Access),
        2 => select(vec![DatabaseAction::All, DatabaseAction::Start, DatabaseAction::Stop]),
        1 => select(vec![DatabaseAction::AlterDatabase, DatabaseAction::SetDatabaseAccess])
    ];
    prop_oneof![
        3 => select(DbmsAction::ALL).prop_map(Privilege::Dbms),
        4 => select(&POPULAR_ACTIONS[..]).prop_map(Privilege::Dbms),
        2 => on_users.clone().prop_map(Privilege::Impersonate),
        2 => names().prop_map(Privilege::ResolveAlias),
        2 => (select(TransactionAction::ALL), scopes.clone(), on_users)
            .prop_map(|(action, scope, users)| Privilege::Transaction(action, scope, users)),
        1 => (select(QualifiedAction::ALL), select(vec!["*", "apoc.*"])).prop_map(|(action, glob)| {
            Privilege::Qualified(action, Glob::new(glob).expect("a valid pattern"))
        }),
        1 => Just(Privilege::Load(LoadScope::Cidr("127.0.0.1/32".into()))),
        7 => (actions, scopes.clone()).prop_map(|(action, scope)| Privilege::Database(action, scope)),
        2 => (select(GraphAction::ALL), scopes).prop_map(|(action, scope)| Privilege::Graph {
            action,
            resource: Resource::Named(BTreeSet::from(["property".to_owned()])),
            scope,
            segment: Segment::Elements(BTreeSet::new()),
        }),
    ]
}

/// Where the records of a catalog are kept in the simplest way.
pub(crate) type Records = BTreeMap<aliasd_catalog::RecordKey, aliasd_catalog::Record>;
