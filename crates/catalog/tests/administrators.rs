//! No statement takes the last administrator away, whichever way it goes about it.

use aliasd_catalog::{
    AuthId, AuthProvider, Command, CreateMode, DbmsAction, Entry, GrantEffect, OpenCommand, Privilege, Rejection,
    RequestOrigin, Revision, Sealed, StatementFingerprint, Timestamp, UserStatus,
};

use crate::builders::{
    Log, ROOT, alter_user, create_role, create_user, dbms, deny, drop_role, drop_user, grant, grant_role, password,
    rename_role, rename_user, request_at, revoke, revoke_role, role_name, user, user_name,
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

/// A way to authenticate in exchange for the others.
fn exchanged(name: &str, identity: &str) -> Command<Sealed> {
    let mut exchanged = alter_user(name);
    exchanged.remove_auth.native = true;
    exchanged.set_auth = vec![(AuthProvider::mtls(), AuthId::new(identity).expect("a valid id"))];
    Command::AlterUser(exchanged)
}

/// What comes of a statement of this user over a connection that its certificate opened.
fn certified(log: &Log, actor: &str, command: Command<Sealed>) -> Result<Log, Rejection> {
    let (mut log, position) = (log.clone(), log.position + 1);
    let origin = RequestOrigin {
        made_at: Revision(log.position),
        fingerprint: StatementFingerprint([9; 32]),
        credential_revision: None,
        by_certificate: true,
    };
    let (request, actor) = (request_at(position), user(actor));
    let entry = Entry { request, actor, issued_at: Timestamp(position * 1000), command, origin: Some(origin) };
    log.position = position;
    log.catalog.apply(Revision(position), &entry).outcome.map(|_| log)
}

/// Whether a member takes certificates, and whether anybody has this one, the catalog cannot know.
#[test]
fn an_identity_that_nobody_has_shown_is_no_way_in() {
    let mut log = kept();
    let mut other = create_user("other");
    (other.password, other.auth) = (None, vec![(AuthProvider::mtls(), AuthId::new("other-1").unwrap())]);
    log.run([Command::CreateUser(other), grant_role("admin", "other")]);
    for (actor, command) in [
        (ROOT, exchanged(ROOT, "root-1")),
        (ROOT, revoke_role("admin", ROOT)),
        ("keeper", exchanged(ROOT, "root-1")),
        ("keeper", drop_user(ROOT)),
    ] {
        let shown = format!("{actor}: {command:?}");
        assert_eq!(attempt(&log, actor, command), Err(Rejection::LastAdministrator {}), "{shown}");
    }
    attempt(&log, ROOT, drop_user("other")).expect("whoever has a password is left");
    // A certificate is shown, and not that of an administrator who would be left.
    assert_eq!(certified(&log, "keeper", drop_user(ROOT)).map(drop), Err(Rejection::LastAdministrator {}));
    certified(&log, "other", drop_user(ROOT)).expect("who has shown its certificate is left");
}

#[test]
fn who_has_shown_its_certificate_may_be_the_last_and_without_a_password() {
    let mut log = kept();
    let mut both = alter_user(ROOT);
    both.set_auth = vec![(AuthProvider::mtls(), AuthId::new("root-1").unwrap())];
    log.run([Command::AlterUser(both)]);
    let mut bare = alter_user(ROOT);
    bare.remove_auth.native = true;
    let bare = Command::AlterUser(bare);
    assert_eq!(attempt(&log, ROOT, bare.clone()), Err(Rejection::LastAdministrator {}));
    assert_eq!(certified(&log, ROOT, exchanged(ROOT, "root-2")).map(drop), Err(Rejection::LastAdministrator {}));
    let log = certified(&log, ROOT, bare).expect("it was shown just now");

    // It stays what is known to work, also under another name, whatever it is sent with.
    assert_eq!(certified(&log, ROOT, exchanged(ROOT, "root-2")).map(drop), Err(Rejection::LastAdministrator {}));
    certified(&log, ROOT, rename_user(ROOT, "boss")).expect("the identity is the same");
    for command in [drop_user(ROOT), suspend(ROOT), replace_user(ROOT)] {
        assert_eq!(attempt(&log, "keeper", command), Err(Rejection::LastAdministrator {}));
    }
    attempt(&log, ROOT, create_role("new")).expect("everything else goes on");
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
