//! Who may do what: grants and denials, what they attach to, when they are lost, and whom one speaks for.

use aliasd_catalog::{
    Action, AliasTarget, Command, CreateMode, DatabaseAction, DatabaseScope, DbmsAction, GrantEffect, HomeChange,
    OpenCommand, PasswordChange, Privilege, Rejection, Removal, UserScope,
};

use crate::builders::{
    Log, access, access_home, alter_user, create_alias, create_database, create_local, create_remote, create_role,
    create_user, dbms, deny, drop_alias, drop_database, drop_role, drop_user, grant, grant_role, hash, impersonate,
    mtls, name, password, remote_target, revoke, revoke_role, role_name, user, user_name,
};

/// A catalog with user carol in roles `one` and `two`.
fn with_carol() -> Log {
    let carol = Command::CreateUser(create_user("carol"));
    let roles = [create_role("one"), create_role("two"), grant_role("one", "carol"), grant_role("two", "carol")];
    Log::after([carol].into_iter().chain(roles))
}

fn may(log: &Log, who: &str, action: DbmsAction) -> bool {
    log.catalog.authorise(&user(who), &Action::Dbms(action)).is_ok()
}

fn may_access(log: &Log, who: &str, target: &str) -> bool {
    log.catalog.authorise(&user(who), &Action::Access(name(target))).is_ok()
}

fn may_impersonate(log: &Log, who: &str, other: &str) -> bool {
    log.catalog.authorise(&user(who), &Action::Impersonate(user_name(other))).is_ok()
}

// === Grants and denials ===

#[test]
fn a_denial_beats_a_grant_from_any_role() {
    let mut log = with_carol();
    log.run([grant(dbms(DbmsAction::CreateAlias), "one")]);
    assert!(may(&log, "carol", DbmsAction::CreateAlias));
    log.run([deny(dbms(DbmsAction::AliasManagement), "two")]);
    assert!(!may(&log, "carol", DbmsAction::CreateAlias), "denied by the wider privilege of another role");
    log.run([revoke_role("two", "carol")]);
    assert!(may(&log, "carol", DbmsAction::CreateAlias));
    log.run([deny(dbms(DbmsAction::CreateAlias), "PUBLIC")]);
    assert!(!may(&log, "carol", DbmsAction::CreateAlias));
    assert!(!may(&log, "root", DbmsAction::CreateAlias), "PUBLIC is everyone's role");
}

#[test]
fn a_denial_leaves_the_grant_in_place() {
    let mut log = with_carol();
    log.run([grant(access("neo4j"), "one"), deny(access("neo4j"), "one")]);
    assert!(!may_access(&log, "carol", "neo4j"));
    assert_eq!(log.catalog.grants_of(&role_name("one")).count(), 2);
    log.run([revoke(Some(GrantEffect::Denied), access("neo4j"), "one")]);
    assert!(may_access(&log, "carol", "neo4j"));
    log.run([deny(access("neo4j"), "one")]);
    let effect = log.accepted(revoke(None, access("neo4j"), "one"));
    assert_eq!((effect.system_updates, log.catalog.grants_of(&role_name("one")).count()), (2, 0));
}

#[test]
fn granting_again_and_revoking_nothing_have_no_effect_and_say_so() {
    let mut log = with_carol();
    for command in [revoke(None, access("neo4j"), "one"), grant_role("one", "carol"), revoke_role("reader", "carol")] {
        let effect = log.accepted(command);
        assert_eq!((effect.system_updates, effect.notifications.len()), (0, 1));
    }
    log.run([grant(access("neo4j"), "one")]);
    assert_eq!(log.accepted(grant(access("neo4j"), "one")).system_updates, 0);
}

#[test]
fn a_revocation_that_was_committed_earlier_wins() {
    let mut log = with_carol();
    log.run([grant(dbms(DbmsAction::AliasManagement), "one")]);
    assert!(log.outcome("carol", create_remote("first")).is_ok());
    log.run([revoke(None, dbms(DbmsAction::AliasManagement), "one")]);
    let refused = log.outcome("carol", create_remote("second")).expect_err("the privilege is gone");
    let expected = Rejection::PermissionDenied { user: "carol".into(), privilege: "CREATE ALIAS ON DBMS".into() };
    assert_eq!(refused, expected);
}

#[test]
fn database_management_covers_aliases_only_if_the_policy_says_so() {
    for switch in [true, false] {
        let mut log = Log::default();
        let Command::Bootstrap(mut formed) = crate::builders::bootstrap() else { unreachable!("it forms the catalog") };
        formed.policy.database_management_implies_alias_management = switch;
        log.apply(&aliasd_catalog::Principal::System, Command::Bootstrap(formed)).outcome.expect("it is empty");
        log.run([Command::CreateUser(create_user("carol")), create_role("one"), grant_role("one", "carol")]);
        log.run([grant(dbms(DbmsAction::DatabaseManagement), "one")]);
        assert_eq!(may(&log, "carol", DbmsAction::AlterAlias), switch);
        assert!(may(&log, "carol", DbmsAction::CreateDatabase));
        assert!(!may(&log, "carol", DbmsAction::CreateUser));
    }
}

// === What privileges attach to ===

#[test]
fn a_local_alias_stands_for_its_database() {
    let mut log = with_carol();
    log.run([create_database("sales"), create_local("shop", "sales"), grant(access("shop"), "one")]);
    let held: Vec<Privilege> =
        log.catalog.grants_of(&role_name("one")).map(|(grant, _)| grant.privilege.clone()).collect();
    assert_eq!(held, [access("sales")]);
    assert!(may_access(&log, "carol", "sales") && may_access(&log, "carol", "shop"));
    log.run([create_local("market", "sales")]);
    assert!(may_access(&log, "carol", "market"), "a new alias of the database needs no grant of its own");
    log.run([drop_alias("shop")]);
    assert!(may_access(&log, "carol", "sales"), "the privilege is the database's");
}

#[test]
fn an_alias_and_its_database_in_one_statement_are_one_privilege() {
    let mut log = with_carol();
    log.run([create_local("shop", "neo4j")]);
    let privileges = [access("shop"), access("neo4j")].into_iter().collect();
    let roles = [role_name("one")].into_iter().collect();
    let effect = GrantEffect::Granted;
    let granted =
        log.accepted(Command::Open(OpenCommand::AssignPrivileges { effect, immutable: false, privileges, roles }));
    assert_eq!((granted.system_updates, granted.notifications.len()), (1, 0));
}

#[test]
fn a_remote_alias_stands_for_itself() {
    let mut log = with_carol();
    log.run([create_remote("far"), grant(access("neo4j"), "one")]);
    assert!(!may_access(&log, "carol", "far"), "the database of that name is another one");
    log.run([grant(access("far"), "one")]);
    assert!(may_access(&log, "carol", "far"));
}

#[test]
fn access_on_all_databases_reaches_remote_aliases() {
    let mut log = with_carol();
    log.run([create_remote("far"), grant_role("reader", "carol")]);
    assert!(may_access(&log, "carol", "far"));
    log.run([deny(access("far"), "one")]);
    assert!(!may_access(&log, "carol", "far") && may_access(&log, "carol", "neo4j"));
    log.run([deny(Privilege::Database(DatabaseAction::All, DatabaseScope::All), "one")]);
    assert!(!may_access(&log, "carol", "neo4j"));
}

#[test]
fn everyone_may_use_the_system_database() {
    assert!(may_access(&with_carol(), "carol", "system"));
}

#[test]
fn privileges_on_home_follow_the_user() {
    let mut log = with_carol();
    log.run([create_database("sales"), create_local("shop", "sales"), create_remote("far")]);
    assert!(may_access(&log, "carol", "neo4j"), "PUBLIC has ACCESS ON HOME DATABASE, and the default is her home");
    for (home, reached) in [("sales", "sales"), ("shop", "sales"), ("far", "far")] {
        let mut command = alter_user("carol");
        command.home = Some(HomeChange::Set(name(home)));
        log.run([Command::AlterUser(command)]);
        let accessible: Vec<&str> =
            ["neo4j", "sales", "far"].into_iter().filter(|target| may_access(&log, "carol", target)).collect();
        assert_eq!(accessible, [reached]);
    }
    log.run([revoke(None, access_home(), "PUBLIC")]);
    assert!(!may_access(&log, "carol", "far"));
}

#[test]
fn a_missing_home_is_told_and_grants_nothing() {
    let mut log = with_carol();
    let mut command = alter_user("carol");
    command.home = Some(HomeChange::Set(name("nowhere")));
    let effect = log.accepted(Command::AlterUser(command));
    assert_eq!(effect.notifications[0].gqlstatus(), "00N50");
    assert!(!may_access(&log, "carol", "nowhere"));
    log.run([create_remote("nowhere")]);
    assert!(may_access(&log, "carol", "nowhere"), "home leads somewhere as soon as something has the name");
}

// === When privileges are lost ===

#[test]
fn privileges_on_what_is_dropped_are_lost() {
    let mut log = with_carol();
    let drop_and_create = |log: &mut Log, target: &str, commands: Vec<Command<_>>| {
        log.run([grant(access(target), "one"), deny(access(target), "two")]);
        log.run(commands);
        assert_eq!(log.catalog.grants_of(&role_name("one")).count(), 0, "{target}");
        assert_eq!(log.catalog.grants_of(&role_name("two")).count(), 0, "{target}");
    };
    log.run([create_remote("far"), create_database("sales")]);
    drop_and_create(&mut log, "far", vec![drop_alias("far"), create_remote("far")]);
    drop_and_create(&mut log, "sales", vec![drop_database("sales"), create_database("sales")]);
    let replaced = create_alias("far", CreateMode::OrReplace, AliasTarget::Remote(remote_target()));
    drop_and_create(&mut log, "far", vec![replaced]);
    let replaced = create_alias("far", CreateMode::OrReplace, AliasTarget::Local(name("neo4j")));
    drop_and_create(&mut log, "far", vec![replaced]);
}

#[test]
fn a_dropped_role_takes_its_privileges_and_assignments_along() {
    let mut log = with_carol();
    log.run([grant(access("neo4j"), "one"), drop_role("one"), create_role("one")]);
    assert_eq!(log.catalog.grants_of(&role_name("one")).count(), 0);
    assert!(!log.catalog.is_member(&user_name("carol"), &role_name("one")));
}

#[test]
fn a_copied_role_has_the_grants_and_denials_but_not_the_members() {
    let mut log = with_carol();
    log.run([grant(access("neo4j"), "one"), deny(dbms(DbmsAction::All), "one")]);
    let copy = Command::Open(OpenCommand::CreateRole {
        name: role_name("copy"),
        mode: CreateMode::Fail,
        immutable: false,
        copy_of: Some(role_name("one")),
    });
    log.run([copy]);
    assert_eq!(log.catalog.grants_of(&role_name("copy")).count(), 2);
    assert_eq!(log.catalog.members_of(&role_name("copy")).count(), 0);
}

#[test]
fn a_copy_of_an_immutable_privilege_is_an_ordinary_one() {
    use aliasd_catalog::{Grant, Record, RecordKey, Stamp};
    let mut log = with_carol();
    let (role, privilege) = (role_name("one"), dbms(DbmsAction::CreateAlias));
    let grant = Grant { role, effect: GrantEffect::Granted, privilege, immutable: true };
    assert!(log.catalog.restore(RecordKey::Grant(Box::new(grant)), Record::Grant(Stamp::default())));
    assert!(may(&log, "carol", DbmsAction::CreateAlias), "it counts like any other");
    log.run([revoke(None, dbms(DbmsAction::CreateAlias), "one")]);
    assert!(may(&log, "carol", DbmsAction::CreateAlias), "REVOKE never removes an immutable one");
    let copy_of = Some(role_name("one"));
    log.run([Command::Open(OpenCommand::CreateRole {
        name: role_name("copy"),
        mode: CreateMode::Fail,
        immutable: false,
        copy_of,
    })]);
    assert!(log.catalog.grants_of(&role_name("copy")).all(|(grant, _)| !grant.immutable));
    log.run([revoke(None, dbms(DbmsAction::CreateAlias), "copy")]);
    assert_eq!(log.catalog.grants_of(&role_name("copy")).count(), 0);
}

// === Callers ===

#[test]
fn what_is_open_to_everyone_needs_an_active_user() {
    use aliasd_catalog::{Principal, UserStatus};
    let mut log = with_carol();
    let answer = |log: &Log, who: &Principal| log.catalog.authorise_caller(who).map_err(|refused| refused.code().code);
    assert_eq!(answer(&log, &user("carol")), Ok(()));
    assert_eq!(answer(&log, &Principal::System), Ok(()));
    assert_eq!(answer(&log, &user("ghost")), Err("USER_UNKNOWN"));
    let mut expired = alter_user("carol");
    expired.password = Some(password(Some(true)));
    log.run([Command::AlterUser(expired)]);
    assert_eq!(answer(&log, &user("carol")), Err("PASSWORD_CHANGE_REQUIRED"));
    let mut suspended = alter_user("carol");
    suspended.status = Some(UserStatus::Suspended);
    log.run([Command::AlterUser(suspended)]);
    assert_eq!(answer(&log, &user("carol")), Err("USER_SUSPENDED"));
}

/// The parser never makes one, but a member must not trust that.
#[test]
fn an_alter_user_without_parts_needs_the_widest_privilege() {
    let refused = with_carol().outcome("carol", Command::AlterUser(alter_user("root"))).expect_err("she has none");
    assert_eq!(refused.values(), ["carol", "ALTER USER ON DBMS"]);
}

// === Impersonation ===

#[test]
fn impersonation_is_granted_by_name_or_for_all() {
    let mut log = with_carol();
    log.run([Command::CreateUser(create_user("bob"))]);
    assert!(may_impersonate(&log, "carol", "carol"), "one always speaks for oneself");
    assert!(!may_impersonate(&log, "carol", "bob"));
    log.run([grant(impersonate("bob"), "one")]);
    assert!(may_impersonate(&log, "carol", "bob") && !may_impersonate(&log, "carol", "root"));
    log.run([grant(Privilege::Impersonate(UserScope::All), "one"), deny(impersonate("bob"), "two")]);
    assert!(!may_impersonate(&log, "carol", "bob") && may_impersonate(&log, "carol", "root"));
    assert!(may_impersonate(&log, "root", "carol"), "ALL DBMS PRIVILEGES covers it");
    log.run([
        grant(impersonate("nobody"), "one"),
        Command::CreateUser(create_user("dave")),
        deny(impersonate("dave"), "two"),
    ]);
    log.run([drop_user("dave"), Command::CreateUser(create_user("dave"))]);
    assert!(!may_impersonate(&log, "carol", "dave"), "the privilege names a user and outlives it");
}

// === Users ===

#[test]
fn users_are_protected_from_themselves() {
    let mut log = Log::formed();
    let texts = [
        (drop_user("root"), "Failed to delete the specified user 'root': Deleting yourself is not allowed."),
        (
            Command::CreateUser(aliasd_catalog::CreateUser { mode: CreateMode::OrReplace, ..create_user("root") }),
            "Failed to replace the specified user 'root': Deleting yourself is not allowed.",
        ),
        (
            Command::AlterUser(aliasd_catalog::AlterUser {
                status: Some(aliasd_catalog::UserStatus::Suspended),
                ..alter_user("root")
            }),
            "Failed to alter the specified user 'root': Changing your own activation status is not allowed.",
        ),
    ];
    for (command, text) in texts {
        assert_eq!(log.refused(command).to_string(), text);
    }
}

#[test]
fn an_identity_belongs_to_one_user() {
    let mut log = with_carol();
    let mut bob = create_user("bob");
    bob.password = None;
    bob.auth = vec![mtls("CN=bob")];
    log.run([Command::CreateUser(bob)]);
    let (provider, id) = mtls("CN=bob");
    assert_eq!(log.catalog.user_by_auth(&provider, &id), Some(&user_name("bob")));
    let mut take = alter_user("carol");
    take.set_auth = vec![mtls("CN=bob")];
    let refused = log.refused(Command::AlterUser(take.clone()));
    assert_eq!(refused.code().code, "AUTH_ID_TAKEN");
    let mut give_up = alter_user("bob");
    give_up.remove_auth = Removal { providers: [provider.clone()].into_iter().collect(), ..Removal::default() };
    give_up.password = Some(password(None));
    log.run([Command::AlterUser(give_up), Command::AlterUser(take)]);
    assert_eq!(log.catalog.user_by_auth(&provider, &id), Some(&user_name("carol")));
    log.run([drop_user("carol")]);
    assert_eq!(log.catalog.user_by_auth(&provider, &id), None);
}

#[test]
fn every_change_of_credentials_ends_older_tokens() {
    let mut log = with_carol();
    let revision = |log: &Log| log.catalog.user("carol").expect("she exists").credential_revision;
    let mut home = alter_user("carol");
    home.home = Some(HomeChange::Set(name("neo4j")));
    let mut changed = alter_user("carol");
    changed.password = Some(PasswordChange { password: Some(hash("new")), change_required: Some(false) });
    let mut identity = alter_user("carol");
    identity.set_auth = vec![mtls("CN=carol")];
    let mut suspended = alter_user("carol");
    suspended.status = Some(aliasd_catalog::UserStatus::Suspended);
    let before = revision(&log);
    log.run([Command::AlterUser(home)]);
    assert_eq!(revision(&log), before, "home is no credential");
    for command in [changed, identity, suspended] {
        let before = revision(&log);
        log.run([Command::AlterUser(command)]);
        assert!(revision(&log) > before);
    }
}

#[test]
fn a_first_password_is_to_be_changed_unless_said_otherwise() {
    let mut log = Log::formed();
    let required = |log: &Log, user: &str| log.catalog.user(user).expect("it exists").password_change_required;
    let mut created = create_user("alice");
    created.password = Some(password(None));
    let mut by_certificate = create_user("bob");
    by_certificate.password = None;
    by_certificate.auth = vec![mtls("CN=bob")];
    log.run([Command::CreateUser(created), Command::CreateUser(by_certificate)]);
    assert!(required(&log, "alice") && !required(&log, "bob"));
    let set = |user: &str, change_required| {
        let mut command = alter_user(user);
        command.password = Some(password(change_required));
        Command::AlterUser(command)
    };
    log.run([set("bob", None), set("alice", Some(false))]);
    assert!(required(&log, "bob") && !required(&log, "alice"));
    log.run([set("alice", None)]);
    assert!(!required(&log, "alice"), "a later password leaves the choice as it was");
}
