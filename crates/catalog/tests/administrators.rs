//! No statement takes the last administrator away, whichever way it goes about it.

use aliasd_catalog::{
    Command, CreateMode, DbmsAction, GrantEffect, OpenCommand, Privilege, Rejection, Sealed, UserStatus,
};

use crate::builders::{
    Log, ROOT, alter_user, create_role, create_user, dbms, deny, drop_role, drop_user, grant, grant_role, password,
    rename_role, rename_user, revoke, revoke_role, role_name, user, user_name,
};

/// `root` administers; `keeper` may do what it takes to try, and no more.
fn kept() -> Log {
    let mut keeper = create_user("keeper");
    keeper.password = Some(password(Some(false)));
    let needed = [DbmsAction::UserManagement, DbmsAction::RoleManagement, DbmsAction::RemovePrivilege];
    let granted = needed.map(|action| grant(dbms(action), "keepers"));
    let mut log = Log::after([Command::CreateUser(keeper), create_role("keepers"), grant_role("keepers", "keeper")]);
    log.run(granted);
    log
}

fn attempt(log: &Log, actor: &str, command: Command<Sealed>) -> Result<(), Rejection> {
    log.clone().apply(&user(actor), command).outcome.map(drop)
}

fn suspend(name: &str) -> Command<Sealed> {
    let mut suspended = alter_user(name);
    suspended.status = Some(UserStatus::Suspended);
    Command::AlterUser(suspended)
}

fn replace_role(name: &str) -> Command<Sealed> {
    let name = role_name(name);
    let mode = CreateMode::OrReplace;
    Command::Open(OpenCommand::CreateRole { name, mode, immutable: false, copy_of: None })
}

fn replace_user(name: &str) -> Command<Sealed> {
    let mut replaced = create_user(name);
    replaced.mode = CreateMode::OrReplace;
    Command::CreateUser(replaced)
}

/// Every way to take it, with whoever may try.
fn ways() -> Vec<(&'static str, Command<Sealed>)> {
    let everything = Privilege::Dbms(DbmsAction::All);
    let mut ways = vec![
        (ROOT, revoke_role("admin", ROOT)),
        (ROOT, drop_role("admin")),
        (ROOT, replace_role("admin")),
        (ROOT, revoke(Some(GrantEffect::Granted), everything.clone(), "admin")),
        (ROOT, revoke(None, everything, "admin")),
        (ROOT, grant_role("forbidden", ROOT)),
        ("keeper", drop_user(ROOT)),
        ("keeper", suspend(ROOT)),
        ("keeper", replace_user(ROOT)),
    ];
    let needed = [
        DbmsAction::CreateUser,
        DbmsAction::SetPasswords,
        DbmsAction::AssignRole,
        DbmsAction::AssignPrivilege,
        DbmsAction::RemovePrivilege,
    ];
    for action in needed {
        ways.extend([(ROOT, deny(dbms(action), "admin")), (ROOT, deny(dbms(action), "PUBLIC"))]);
    }
    ways
}

#[test]
fn the_last_administrator_stays() {
    let mut log = kept();
    log.run([create_role("forbidden"), deny(dbms(DbmsAction::AssignRole), "forbidden")]);
    for (actor, command) in ways() {
        let shown = format!("{actor}: {command:?}");
        assert_eq!(attempt(&log, actor, command), Err(Rejection::LastAdministrator {}), "{shown}");
    }
}

#[test]
fn with_another_administrator_one_may_go() {
    let mut log = kept();
    let mut other = create_user("other");
    other.password = Some(password(Some(true)));
    log.run([Command::CreateUser(other), grant_role("admin", "other")]);
    for command in [drop_user(ROOT), suspend(ROOT), replace_user(ROOT)] {
        attempt(&log, "keeper", command).expect("one is left");
    }
    attempt(&log, ROOT, revoke_role("admin", ROOT)).expect("one is left, whose password is to be changed first");
    log.run([suspend("other")]);
    assert_eq!(attempt(&log, ROOT, revoke_role("admin", ROOT)), Err(Rejection::LastAdministrator {}));
}

#[test]
fn administration_may_move_to_other_names_and_roles() {
    let mut log = kept();
    log.run([rename_role("admin", "masters"), rename_user(ROOT, "boss")]);
    assert!(log.catalog.is_member(&user_name("boss"), &role_name("masters")));
    let mut moved = kept();
    moved.run([create_role("stewards"), grant_role("stewards", ROOT)]);
    moved.run(
        [DbmsAction::UserManagement, DbmsAction::RoleManagement, DbmsAction::PrivilegeManagement]
            .map(|action| grant(dbms(action), "stewards")),
    );
    moved.run([revoke_role("admin", ROOT)]);
    assert_eq!(attempt(&moved, ROOT, drop_role("stewards")), Err(Rejection::LastAdministrator {}));
}
