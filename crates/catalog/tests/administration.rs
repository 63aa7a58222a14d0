//! Databases that stop and start, the default database, own passwords, new names for users and roles, forwarded
//! credentials, and revokes of what is not there.

use std::collections::BTreeSet;

use aliasd_catalog::{
    AliasTarget, AlterAlias, AlterUser, Bootstrap, Catalog, Command, CreateMode, CreateUser, CypherVersion,
    DatabaseAccess, DatabaseAction, DatabaseScope, DatabaseStatus, DbmsAction, Entry, Notification, OpenCommand,
    PasswordChange, Policy, Principal, Privilege, Rejection, RemoteLogin, RemoteTarget, RemoteUserName, ResolveRequest,
    ResolveTarget, Revision, RoleName, Sealed, TagChange, Timestamp, TokenTrace, TransactionAction, UserName,
    UserScope,
};

use crate::builders::{
    Log, ROOT, access, alter_alias, alter_user, bootstrap, create_alias, create_database, create_local, create_remote,
    create_role, create_user, dbms, deny, drop_database, grant, grant_role, hash, impersonate, name, remote_target,
    rename_role, rename_user, request_at, role_name, set_status, tags, user, user_name,
};

fn with_alice() -> Log {
    Log::after([
        create_database("sales"),
        Command::CreateUser(create_user("alice")),
        create_role("one"),
        grant_role("one", "alice"),
    ])
}

fn on(action: DatabaseAction, database: &str) -> Privilege {
    Privilege::Database(action, DatabaseScope::Named(name(database)))
}

fn resolve(log: &Log, actor: &str, target: ResolveTarget) -> Result<String, Rejection> {
    let question =
        ResolveRequest { actor: user(actor), on_behalf_of: None, target, connected_to: None, with_credentials: false };
    log.catalog.resolve(&question).map(|route| route.name.to_string())
}

// === Databases ===

#[test]
fn a_stopped_database_is_unavailable_until_it_is_started() {
    let mut log = with_alice();
    log.run([create_local("shop", "sales")]);
    let shop = || ResolveTarget::Name(name("shop"));
    assert_eq!(log.accepted(set_status("sales", DatabaseStatus::Offline)).system_updates, 1);
    assert_eq!(log.accepted(set_status("sales", DatabaseStatus::Offline)).system_updates, 0, "it is stopped already");
    let stopped = resolve(&log, "root", shop()).expect_err("it is stopped");
    assert_eq!((stopped.code().gqlstatus, stopped.code().code), (&["08N09"][..], "DATABASE_STOPPED"));
    log.run([set_status("sales", DatabaseStatus::Online)]);
    assert_eq!(resolve(&log, "root", shop()), Ok("shop".to_owned()));
    assert_eq!(log.refused(set_status("system", DatabaseStatus::Offline)).code().code, "DATABASE_PROTECTED");
    assert_eq!(log.refused(set_status("shop", DatabaseStatus::Offline)).code().code, "NO_SUCH_DATABASE");
}

#[test]
fn who_lacks_access_does_not_learn_that_a_database_is_stopped() {
    let mut log = with_alice();
    log.run([set_status("sales", DatabaseStatus::Offline)]);
    let hidden = resolve(&log, "alice", ResolveTarget::Name(name("sales"))).expect_err("there is no privilege");
    assert_eq!(hidden.code().code, "DATABASE_NOT_FOUND");
}

#[test]
fn altering_has_privileges_on_the_dbms_and_on_the_database() {
    let mut log = with_alice();
    log.run([create_database("stock")]);
    let read_only = |database| {
        Command::Open(OpenCommand::AlterDatabase {
            name: name(database),
            if_exists: false,
            access: Some(DatabaseAccess::ReadOnly),
            default_language: None,
        })
    };
    let refused = log.outcome("alice", read_only("sales")).expect_err("there is no privilege");
    assert!(refused.to_string().contains("SET DATABASE ACCESS ON DBMS"), "{refused}");
    log.run([grant(on(DatabaseAction::All, "sales"), "one")]);
    assert!(log.outcome("alice", read_only("sales")).is_err(), "ALL DATABASE PRIVILEGES does not contain it");
    log.run([grant(on(DatabaseAction::SetDatabaseAccess, "sales"), "one")]);
    assert!(log.outcome("alice", read_only("sales")).is_ok());
    assert!(log.outcome("alice", read_only("stock")).is_err(), "it is held on another database");
    log.run([grant(Privilege::Database(DatabaseAction::AlterDatabase, DatabaseScope::All), "one")]);
    assert!(log.outcome("alice", read_only("stock")).is_ok(), "ALTER DATABASE contains it");
    log.run([
        grant(dbms(DbmsAction::DatabaseManagement), "one"),
        deny(on(DatabaseAction::AlterDatabase, "stock"), "one"),
    ]);
    assert!(log.outcome("alice", read_only("stock")).is_err(), "a denial beats any grant, on whatever scope");
    assert!(log.outcome("alice", read_only("sales")).is_ok());
}

#[test]
fn starting_and_stopping_have_a_privilege_each_on_the_database() {
    let mut log = with_alice();
    let stop = || set_status("sales", DatabaseStatus::Offline);
    let refused = log.outcome("alice", stop()).expect_err("there is no privilege");
    assert!(refused.to_string().contains("STOP ON DATABASE sales"), "{refused}");
    log.run([grant(on(DatabaseAction::All, "sales"), "one"), grant(on(DatabaseAction::Start, "sales"), "one")]);
    assert!(log.outcome("alice", stop()).is_err(), "ALL DATABASE PRIVILEGES does not contain STOP");
    log.run([grant(Privilege::Database(DatabaseAction::Stop, DatabaseScope::All), "one")]);
    assert!(log.outcome("alice", stop()).is_ok());
    assert!(log.outcome("alice", set_status("sales", DatabaseStatus::Online)).is_ok());
    log.run([deny(on(DatabaseAction::Stop, "sales"), "one")]);
    assert!(log.outcome("alice", stop()).is_err(), "a denial beats any grant");
    let missing = log.outcome("alice", set_status("missing", DatabaseStatus::Offline)).expect_err("it is missing");
    assert_eq!(missing.code().code, "NO_SUCH_DATABASE", "with the privilege on all databases");
}

#[test]
fn altering_a_database_changes_what_is_given_and_needs_a_privilege_for_each() {
    let mut log = with_alice();
    let alter = |access, default_language| {
        Command::Open(OpenCommand::AlterDatabase { name: name("sales"), if_exists: false, access, default_language })
    };
    let (read_only, cypher_25) = (Some(DatabaseAccess::ReadOnly), Some(CypherVersion::Cypher25));
    log.run([grant(dbms(DbmsAction::SetDatabaseAccess), "one")]);
    assert!(log.outcome("alice", alter(read_only, None)).is_ok());
    assert!(log.outcome("alice", alter(None, cypher_25)).is_err());
    assert!(log.outcome("alice", alter(read_only, cypher_25)).is_err());
    log.run([alter(None, cypher_25)]);
    let sales = log.catalog.database("sales").expect("it exists");
    assert_eq!((sales.access, sales.default_language), (DatabaseAccess::ReadOnly, CypherVersion::Cypher25));
    let system = Command::Open(OpenCommand::AlterDatabase {
        name: name("system"),
        if_exists: true,
        access: read_only,
        default_language: None,
    });
    assert_eq!(log.refused(system).code().code, "DATABASE_PROTECTED");
}

#[test]
fn the_default_database_may_be_an_alias_and_is_home_to_who_has_none() {
    let mut log = with_alice();
    log.run([create_remote("far"), grant(Privilege::Database(DatabaseAction::Access, DatabaseScope::Home), "one")]);
    let set = |target: &str| Command::Open(OpenCommand::SetDefaultDatabase { name: name(target) });
    let refused = log.outcome("alice", set("far")).expect_err("there is no privilege");
    assert!(refused.to_string().contains("EXECUTE ADMIN PROCEDURES ON DBMS"), "{refused}");
    assert_eq!(log.refused(set("missing")).code().code, "NO_SUCH_DATABASE");
    assert_eq!(log.refused(set("system")).code().code, "DATABASE_PROTECTED");
    assert_eq!(log.accepted(set("far")).system_updates, 1);
    assert_eq!(log.accepted(set("far")).system_updates, 0);
    assert_eq!(resolve(&log, "alice", ResolveTarget::Home), Ok("far".to_owned()));
}

// === Own password ===

#[test]
fn ended_tokens_are_remembered_until_their_time_and_too_many_end_all() {
    let mut log = Log::formed();
    let end = |token: u8, at: u64| {
        Command::Open(OpenCommand::EndToken { token: TokenTrace([token; 16]), expires_at: Timestamp(at) })
    };
    let admin = |log: &Log| std::sync::Arc::clone(log.catalog.user(ROOT).expect("it formed the cluster"));
    let before = admin(&log).credential_revision;
    let far = u64::MAX;
    // The third entry of the log is one second after the second.
    log.run([end(1, 3_500), end(2, far)]);
    assert_eq!(admin(&log).ended_tokens.len(), 2);
    log.run([end(3, far)]);
    let remembered: Vec<_> = admin(&log).ended_tokens.keys().copied().collect();
    assert_eq!(remembered, [TokenTrace([2; 16]), TokenTrace([3; 16])], "one whose time is up is kept");
    log.run([end(3, far)]);
    log.run((4..66).map(|token| end(token, far)));
    assert_eq!((admin(&log).ended_tokens.len(), admin(&log).credential_revision), (64, before));
    log.run([end(99, far)]);
    assert!(admin(&log).ended_tokens.is_empty() && admin(&log).credential_revision > before, "no token goes on");
}

fn change_own(log: &Log, user: &str) -> Command<Sealed> {
    let present = log.catalog.user(user).expect("it exists").credential_revision;
    Command::ChangeOwnPassword { present, password: hash("new"), unchanged_since: None }
}

#[test]
fn who_must_change_the_password_can_do_that_and_nothing_else() {
    let mut log = with_alice();
    let change = PasswordChange { password: None, change_required: Some(true) };
    log.run([Command::AlterUser(AlterUser { password: Some(change), ..alter_user("alice") })]);
    let other = log.outcome("alice", create_role("two")).expect_err("the password comes first");
    assert_eq!(other.code().code, "PASSWORD_CHANGE_REQUIRED");
    let change = change_own(&log, "alice");
    assert_eq!(log.outcome("alice", change).expect("it is allowed").system_updates, 1);
    let alice = log.catalog.user("alice").expect("it exists");
    assert_eq!((alice.password.clone(), alice.password_change_required), (Some(hash("new")), false));
    assert_eq!(alice.credential_revision, Revision(log.position), "every token issued before has ended");
}

#[test]
fn a_password_that_was_changed_meanwhile_is_not_overwritten() {
    let mut log = with_alice();
    let late = change_own(&log, "alice");
    let change = PasswordChange { password: Some(hash("by an administrator")), change_required: Some(false) };
    log.run([Command::AlterUser(AlterUser { password: Some(change), ..alter_user("alice") })]);
    let refused = log.outcome("alice", late).expect_err("something else was verified");
    assert_eq!(refused.code().code, "CREDENTIALS_CHANGED");
    let alice = log.catalog.user("alice").expect("it exists");
    assert_eq!(alice.password, Some(hash("by an administrator")));
}

#[test]
fn a_new_password_is_another_one() {
    let mut log = with_alice();
    let since = Some(log.catalog.user("alice").expect("it exists").credential_revision);
    let password = Some(PasswordChange { password: Some(hash("given")), change_required: Some(false) });
    let same = AlterUser { password, unchanged_since: since, ..alter_user("alice") };
    let text = "Old password and new password cannot be the same.";
    let refused = log.refused(Command::AlterUser(same.clone()));
    assert_eq!((refused.code().gqlstatus, refused.to_string()), (&["22N05", "22N89"][..], text.into()));
    let Command::ChangeOwnPassword { present, password, .. } = change_own(&log, "alice") else {
        unreachable!("it is one")
    };
    let own = Command::ChangeOwnPassword { present, password, unchanged_since: since };
    assert_eq!(log.outcome("alice", own).expect_err("the same").to_string(), text);
    // The password was changed since it was compared: it is the same as one that is gone.
    let change = Some(PasswordChange { password: Some(hash("other")), change_required: Some(false) });
    log.run([Command::AlterUser(AlterUser { password: change, ..alter_user("alice") }), Command::AlterUser(same)]);
}

#[test]
fn only_a_user_with_a_password_changes_the_own_one() {
    let mut log = with_alice();
    let refused = log.apply(&Principal::System, change_own(&log, "alice")).outcome.expect_err("it is no user");
    assert_eq!(refused.code().code, "USER_UNKNOWN");
    let auth = vec![crate::builders::mtls("CN=dbms")];
    let dbms = aliasd_catalog::CreateUser { password: None, auth, ..create_user("dbms") };
    log.run([Command::CreateUser(dbms)]);
    let change = change_own(&log, "dbms");
    assert_eq!(log.outcome("dbms", change).expect_err("there is none").code().code, "USER_WITHOUT_PASSWORD");
}

// === New names ===

#[test]
fn a_renamed_user_keeps_roles_and_what_is_granted_about_it() {
    let mut log = with_alice();
    let transactions =
        |of: &str| Privilege::Transaction(TransactionAction::Show, DatabaseScope::All, UserScope::Named(user_name(of)));
    log.run([create_role("two"), grant(impersonate("alice"), "two"), grant(transactions("alice"), "two")]);
    assert_eq!(log.accepted(rename_user("alice", "Alicia")).system_updates, 1);
    assert!(log.catalog.user("alice").is_none());
    assert!(log.catalog.is_member(&user_name("Alicia"), &role_name("one")));
    let held: BTreeSet<Privilege> =
        log.catalog.grants_of(&role_name("two")).map(|(grant, _)| grant.privilege.clone()).collect();
    assert_eq!(held, BTreeSet::from([impersonate("Alicia"), transactions("Alicia")]));
}

#[test]
fn renaming_refuses_what_is_missing_and_what_is_taken() {
    let mut log = with_alice();
    let refused = log.refused(rename_user("ghost", "x")).to_string();
    assert_eq!(refused, "Failed to rename the specified user 'ghost' to 'x': The user 'ghost' does not exist.");
    let refused = log.refused(rename_user("alice", "root")).to_string();
    assert_eq!(refused, "Failed to rename the specified user 'alice' to 'root': User 'root' already exists.");
    let lenient =
        Command::Open(OpenCommand::RenameUser { from: user_name("ghost"), to: user_name("root"), if_exists: true });
    assert_eq!(log.accepted(lenient).system_updates, 0);
    assert_eq!(log.refused(rename_role("nobody", "x")).code().gqlstatus, ["42001", "42N10"]);
    assert_eq!(log.refused(rename_role("one", "admin")).code().gqlstatus, ["42001", "42N13"]);
    for (from, to) in [("PUBLIC", "x"), ("one", "PUBLIC")] {
        let refused = log.refused(rename_role(from, to)).to_string();
        assert_eq!(refused, "Failed to rename the specified role: 'PUBLIC' is a reserved role.");
    }
}

#[test]
fn an_outcome_does_not_grow_with_what_it_is_about() {
    let mut log = Log::formed();
    log.run([create_database("sales")]);
    log.run((0..500).map(|number| create_local(&format!("alias{number:03}"), "sales")));
    let refused = log.refused(drop_database("sales"));
    let names: Vec<String> = (0..20).map(|number| format!("'alias{number:03}'")).collect();
    let listed = format!("Drop the aliases: [{} and 480 more] before", names.join(", "));
    assert!(refused.to_string().contains(&listed), "{refused}");

    let roles: BTreeSet<RoleName> = (0..30).map(|number| role_name(&format!("role{number}"))).collect();
    log.run(roles.iter().map(|role| create_role(role.as_str())));
    log.run((0..30).map(|number| Command::CreateUser(create_user(&format!("user{number}")))));
    let users: BTreeSet<UserName> = (0..30).map(|number| user_name(&format!("user{number}"))).collect();
    let revoke = OpenCommand::RevokeRoles { roles: roles.clone(), users, lenient: false };
    let notifications = log.accepted(Command::Open(revoke)).notifications;
    assert_eq!(notifications.len(), 101);
    assert_eq!(notifications.last(), Some(&Notification::Omitted { count: 800 }));

    let nobody = BTreeSet::from([user_name("nobody")]);
    let refused = log.refused(Command::Open(OpenCommand::GrantRoles { roles, users: nobody }));
    assert!(refused.to_string().contains(" and 10 more to"), "{refused}");
}

#[test]
fn one_long_name_is_named_whole_and_the_next_is_counted() {
    let mut log = Log::formed();
    let long = |letter: &str| format!("{letter}{}", "x".repeat(5000));
    log.run([create_database("sales"), create_local(&long("a"), "sales"), create_local(&long("b"), "sales")]);
    let refused = log.refused(drop_database("sales")).to_string();
    assert!(refused.contains(&format!("['{}' and 1 more]", long("a"))), "{refused}");
}

#[test]
fn a_renamed_role_keeps_members_and_privileges() {
    let mut log = with_alice();
    log.run([grant(access("sales"), "one"), rename_role("one", "Two")]);
    assert!(log.catalog.role("one").is_none() && log.catalog.grants_of(&role_name("one")).next().is_none());
    assert!(log.catalog.is_member(&user_name("alice"), &role_name("Two")));
    assert_eq!(resolve(&log, "alice", ResolveTarget::Name(name("sales"))), Ok("sales".to_owned()));
}

// === Forwarded credentials ===

fn forwarding(alias: &str) -> Command<Sealed> {
    let target = RemoteTarget { login: RemoteLogin::OidcForwarding, ..remote_target() };
    create_alias(alias, CreateMode::Fail, AliasTarget::Remote(target))
}

#[test]
fn an_alias_that_forwards_can_be_created_but_not_used_while_the_policy_says_no() {
    let mut log = Log::formed();
    assert_eq!(log.accepted(forwarding("far")).notifications, [Notification::OidcForwardingDisabled]);
    assert_eq!(Notification::OidcForwardingDisabled.gqlstatus(), "01N74");
    let refused = resolve(&log, "root", ResolveTarget::Name(name("far"))).expect_err("it is not enabled");
    assert_eq!(refused.code().gqlstatus, ["42NFF"]);
}

#[test]
fn an_alias_that_forwards_is_used_without_stored_credentials() {
    let mut catalog = Catalog::default();
    let Command::Bootstrap(formed) = bootstrap() else { unreachable!("it forms the catalog") };
    let policy = Policy { oidc_credential_forwarding: true, ..Policy::default() };
    let mut apply = |at: u64, actor, command| {
        let entry = Entry { request: request_at(at), actor, issued_at: Timestamp(at), command, origin: None };
        catalog.apply(Revision(at), &entry).outcome.expect("it is accepted")
    };
    apply(1, Principal::System, Command::Bootstrap(Bootstrap { policy, ..formed }));
    let effect = apply(2, user("root"), forwarding("far"));
    assert_eq!(effect.notifications, []);
    let log = Log { catalog, position: 2 };
    assert_eq!(resolve(&log, "root", ResolveTarget::Name(name("far"))), Ok("far".to_owned()));
    assert!(!forwarding("far").stores_credential());
}

#[test]
fn the_kind_of_credentials_does_not_change() {
    let mut log = Log::after([forwarding("far")]);
    let user = Some(RemoteUserName::new("bob").expect("a valid name"));
    let refused = log.refused(Command::AlterAlias(AlterAlias { user, ..alter_alias("far") }));
    assert_eq!(refused.code().gqlstatus, ["22N91"]);
    let default_language = Some(CypherVersion::Cypher25);
    log.run([Command::AlterAlias(AlterAlias { default_language, ..alter_alias("far") })]);
}

// === Revoking what is not there ===

#[test]
fn a_lenient_revoke_tells_what_does_not_exist() {
    let mut log = with_alice();
    let roles = BTreeSet::from([role_name("nobody"), role_name("one")]);
    let users = BTreeSet::from([user_name("alice"), user_name("ghost")]);
    let revoke =
        |lenient| Command::Open(OpenCommand::RevokeRoles { roles: roles.clone(), users: users.clone(), lenient });
    assert_eq!(log.refused(revoke(false)).code().gqlstatus, ["42001", "42N10"]);
    let effect = log.accepted(revoke(true));
    let impossible =
        |entity: &str, name: &str| Notification::ImpossibleRevoke { entity: entity.into(), name: name.into() };
    assert_eq!(effect.system_updates, 1);
    assert_eq!(effect.notifications, [impossible("Role", "nobody"), impossible("User", "ghost")]);

    let privileges = BTreeSet::from([access("missing"), access("sales")]);
    let revoke = |lenient| {
        Command::Open(OpenCommand::RevokePrivileges {
            effect: None,
            immutable: false,
            privileges: privileges.clone(),
            roles: roles.clone(),
            lenient,
        })
    };
    log.run([grant(access("sales"), "one")]);
    assert!(log.apply(&user("root"), revoke(false)).outcome.is_err());
    let effect = log.accepted(revoke(true));
    assert_eq!(effect.system_updates, 1);
    assert_eq!(effect.notifications, [impossible("Role", "nobody"), impossible("Database", "missing")]);
}

#[test]
fn granting_and_revoking_without_effect_are_told_apart() {
    let mut log = with_alice();
    let notifications = log.accepted(grant_role("one", "alice")).notifications;
    assert_eq!(notifications.iter().map(Notification::gqlstatus).collect::<Vec<_>>(), ["00N70"]);
    let notifications = log.accepted(crate::builders::revoke(None, access("sales"), "one")).notifications;
    assert_eq!(notifications.iter().map(Notification::gqlstatus).collect::<Vec<_>>(), ["00N71"]);
    let notifications = Notification::ImpossibleRevoke { entity: "Role".into(), name: "x".into() };
    assert_eq!(notifications.gqlstatus(), "01N70");
}

#[test]
fn immutable_roles_cannot_be_created() {
    let immutable = Command::Open(OpenCommand::CreateRole {
        name: role_name("fixed"),
        mode: CreateMode::Fail,
        immutable: true,
        copy_of: None,
    });
    assert_eq!(Log::formed().refused(immutable).code().code, "IMMUTABLE_DENIED");
}

// === Tags ===

#[test]
fn tags_are_set_added_and_removed() {
    let mut log =
        Log::after([Command::CreateUser(CreateUser { tags: tags(&["red", "blue"]), ..create_user("carol") })]);
    let tags_of = |log: &Log| log.catalog.user("carol").expect("she exists").tags.clone();
    let alter = |tags| Command::AlterUser(AlterUser { tags, ..alter_user("carol") });
    assert_eq!(tags_of(&log), tags(&["blue", "red"]));
    let both = TagChange { remove: tags(&["red", "none"]), add: tags(&["green", "blue"]), clear: false };
    let before = log.catalog.user("carol").expect("she exists").credential_revision;
    log.run([alter(both)]);
    assert_eq!(tags_of(&log), tags(&["blue", "green"]));
    log.run([alter(TagChange { clear: true, add: tags(&["new"]), ..TagChange::default() })]);
    assert_eq!(tags_of(&log), tags(&["new"]));
    let user = log.catalog.user("carol").expect("she exists");
    assert_eq!(user.credential_revision, before, "tags do not end a login");
    log.run([rename_user("carol", "dora")]);
    assert_eq!(log.catalog.user("dora").expect("she exists").tags, tags(&["new"]));
}

#[test]
fn several_users_are_tagged_at_once_or_none_is() {
    let mut log = Log::after(["a", "b"].map(|name| Command::CreateUser(create_user(name))));
    let tag = |names: &[&str], if_exists| {
        Command::Open(OpenCommand::AlterUserTags {
            names: names.iter().map(|name| user_name(name)).collect(),
            if_exists,
            tags: TagChange { add: tags(&["red"]), ..TagChange::default() },
        })
    };
    assert_eq!(log.refused(tag(&["a", "ghost"], false)).code().code, "USER_NOT_FOUND");
    assert!(log.catalog.user("a").expect("it exists").tags.is_empty());
    assert_eq!(log.accepted(tag(&["a", "b", "ghost"], true)).system_updates, 2);
    assert_eq!(log.catalog.user("b").expect("it exists").tags, tags(&["red"]));
}
