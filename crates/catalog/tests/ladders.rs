//! The rejection ladders of renames, of changing a password for oneself and of what a database is set to; and that no command is
//! without a ladder.

use aliasd_catalog::{
    Command, CypherVersion, DatabaseAccess, DatabaseAction, DatabaseScope, DatabaseStatus, DbmsAction, MemberStep,
    OpenCommand, PolicyChange, Principal, Privilege, Removal, Revision, Sealed, Timestamp, TokenTrace,
};

use crate::builders::{
    Log, ROOT, alter_user, bootstrap, create_composite, create_database, create_local, create_remote, create_user,
    dbms, drop_alias, drop_database, grant, hash, mtls, name, password, rename_role, rename_user, role_name,
    set_status, user, user_name,
};
use crate::ladder::{self, CAROL, Ladder, restore_immutable_role, set};
use crate::members;

// === Databases ===

#[test]
fn alter_a_database() {
    let command = Command::Open(OpenCommand::AlterDatabase {
        name: name("missing"),
        if_exists: false,
        access: Some(DatabaseAccess::ReadOnly),
        default_language: Some(CypherVersion::Cypher25),
    });
    let privileges = [DbmsAction::SetDatabaseAccess, DbmsAction::SetDatabaseDefaultLanguage];
    Ladder::climb(command, vec![], &privileges)
        .refused("NO_SUCH_DATABASE", |_, command| set!(command, AlterDatabase { name } = name("system")))
        .refused("DATABASE_PROTECTED", |_, command| set!(command, AlterDatabase { name } = name("neo4j")))
        .accepted();
}

#[test]
fn alter_a_composite_database() {
    let command = Command::Open(OpenCommand::AlterDatabase {
        name: name("garden"),
        if_exists: false,
        access: Some(DatabaseAccess::ReadOnly),
        default_language: None,
    });
    Ladder::climb(command, vec![create_composite("garden")], &[DbmsAction::SetDatabaseAccess])
        .refused("NO_SUCH_DATABASE", |log, _| {
            log.run([grant(dbms(DbmsAction::AlterCompositeDatabase), "climbers")]);
        })
        .refused("COMPOSITE_ACCESS", |_, command| {
            set!(command, AlterDatabase { access } = None);
            set!(command, AlterDatabase { default_language } = Some(CypherVersion::Cypher25));
        })
        .accepted();
}

#[test]
fn start_and_stop_a_database() {
    for (status, action) in
        [(DatabaseStatus::Online, DatabaseAction::Start), (DatabaseStatus::Offline, DatabaseAction::Stop)]
    {
        Ladder::climb(set_status("missing", status), vec![], &[])
            .refused("PERMISSION_DENIED", |log, _| {
                log.run([grant(Privilege::Database(action, DatabaseScope::All), "climbers")]);
            })
            .refused("NO_SUCH_DATABASE", |_, command| set!(command, SetDatabaseStatus { name } = name("system")))
            .refused("DATABASE_PROTECTED", |_, command| set!(command, SetDatabaseStatus { name } = name("neo4j")))
            .accepted();
    }
}

#[test]
fn change_the_policy() {
    let change = PolicyChange { oidc_credential_forwarding: Some(true), ..PolicyChange::default() };
    Ladder::climb(Command::Open(OpenCommand::SetPolicy(change)), vec![], &[DbmsAction::AlterClusterPolicy]).accepted();
}

#[test]
fn invite_a_member() {
    Ladder::climb(members::invite(3, 1), vec![members::remove(3)], &[DbmsAction::ServerManagement])
        .refused("MEMBER_CHANGE_RUNNING", |log, command| {
            let begun = log.catalog.members().change.as_ref().expect("a change is under way").begun;
            let finish = members::step(MemberStep::Finish { node: 3, begun, replaced_is_gone: false });
            log.apply(&Principal::System, finish).outcome.expect("the change is finished");
            *command = members::invite(4, 1);
        })
        .accepted();
}

#[test]
fn invite_a_removed_member() {
    let mut log = Log::after([members::remove(3)]);
    let begun = log.catalog.members().change.as_ref().expect("a change is under way").begun;
    let finish = members::step(MemberStep::Finish { node: 3, begun, replaced_is_gone: false });
    log.apply(&Principal::System, finish).outcome.expect("the change is finished");
    log.run([members::remove(2)]);
    Ladder { log, actor: user(ROOT), command: members::invite(3, 1), rung: 0 }
        .refused("MEMBER_RETIRED", |_, command| *command = members::invite(4, 1))
        .refused("MEMBER_CHANGE_RUNNING", |_, command| *command = members::remove(2))
        .accepted();
}

#[test]
fn admit_a_member() {
    let mut log = Log::after([members::remove(3)]);
    let begun = log.catalog.members().change.as_ref().expect("a change is under way").begun;
    let finish = members::step(MemberStep::Finish { node: 3, begun, replaced_is_gone: false });
    log.apply(&Principal::System, finish).outcome.expect("the change is finished");
    log.run([members::invite(4, 1)]);
    Ladder { log, actor: Principal::System, command: members::admit(3, 3, 2), rung: 0 }
        .refused("MEMBER_RETIRED", |_, command| *command = members::admit(4, 3, 2))
        .refused("MEMBER_DIRECTORY_RETIRED", |_, command| *command = members::admit(4, 4, 2))
        .refused("JOIN_TOKEN_WRONG", |log, command| {
            log.apply(&Principal::System, members::admit(4, 5, 1)).outcome.expect("the token is right");
            *command = members::admit(4, 4, 1);
        })
        .refused("JOIN_TOKEN_USED", |_, command| *command = members::admit(4, 5, 1))
        .accepted();
}

#[test]
fn choose_the_default_database() {
    let prepare = vec![create_composite("garden"), create_remote("garden.far")];
    let command = Command::Open(OpenCommand::SetDefaultDatabase { name: name("garden.far") });
    Ladder::climb(command, prepare, &[DbmsAction::ExecuteAdminProcedures])
        .refused("NO_SUCH_DATABASE", |_, command| set!(command, SetDefaultDatabase { name } = name("missing")))
        .refused("NO_SUCH_DATABASE", |_, command| set!(command, SetDefaultDatabase { name } = name("system")))
        .refused("DATABASE_PROTECTED", |_, command| set!(command, SetDefaultDatabase { name } = name("garden")))
        .accepted();
}

#[test]
fn drop_a_composite_database() {
    let mut command = drop_database("sales");
    set!(&mut command, DropDatabase { composite } = true);
    let prepare = vec![create_database("sales"), create_composite("garden"), create_local("garden.a", "sales")];
    Ladder::climb(command, prepare, &[DbmsAction::DropCompositeDatabase])
        .refused("COMPOSITE_NOT_FOUND", |_, command| set!(command, DropDatabase { name } = name("garden")))
        .refused("DATABASE_HAS_ALIASES", |log, _| log.run([drop_alias("garden.a")]))
        .accepted();
}

// === Users and roles ===

#[test]
fn rename_a_user() {
    Ladder::climb(
        rename_user("bob", "dave"),
        vec![Command::CreateUser(create_user("dave"))],
        &[DbmsAction::RenameUser],
    )
    .refused("RENAMED_USER_NOT_FOUND", |log, _| log.run([Command::CreateUser(create_user("bob"))]))
    .refused("RENAMED_USER_EXISTS", |_, command| set!(command, RenameUser { to } = user_name("erin")))
    .accepted();
}

#[test]
fn rename_a_role() {
    Ladder::climb(rename_role("PUBLIC", "reader"), vec![], &[DbmsAction::RenameRole])
        .refused("ROLE_RESERVED", |log, command| {
            restore_immutable_role(log, "locked");
            set!(command, RenameRole { from } = role_name("locked"));
        })
        .refused("IMMUTABLE_DENIED", |_, command| set!(command, RenameRole { from } = role_name("missing")))
        .refused("RENAMED_ROLE_NOT_FOUND", |_, command| set!(command, RenameRole { from } = role_name("editor")))
        .refused("RENAMED_ROLE_EXISTS", |_, command| set!(command, RenameRole { to } = role_name("fresh")))
        .accepted();
}

/// Needs no privilege, and is open to one whose password must be changed.
#[test]
fn change_the_own_password() {
    let mut carol = create_user(CAROL);
    carol.password = Some(password(Some(true)));
    carol.auth = vec![mtls("id")];
    let mut bared = alter_user(CAROL);
    bared.remove_auth = Removal { all: true, ..Removal::default() };
    bared.set_auth = vec![mtls("id")];
    let mut given = alter_user(CAROL);
    given.password = Some(password(Some(true)));
    let verified = |log: &Log| log.catalog.user(CAROL).expect("carol was created").credential_revision;
    let command = Command::ChangeOwnPassword { present: Revision(0), password: hash("new"), unchanged_since: None };
    let ladder = Ladder { log: Log::default(), actor: user(CAROL), command, rung: 0 };
    ladder
        .refused("CLUSTER_NOT_FORMED", |log, _| *log = Log::formed())
        .refused("USER_UNKNOWN", |log, _| log.run([Command::CreateUser(carol)]))
        .refused("CREDENTIALS_CHANGED", |log, command| {
            log.run([Command::AlterUser(bared)]);
            set!(command, ChangeOwnPassword { present } = verified(log));
            set!(command, ChangeOwnPassword { unchanged_since } = Some(verified(log)));
        })
        .refused("PASSWORD_UNCHANGED", |_, command| set!(command, ChangeOwnPassword { unchanged_since } = None))
        .refused("USER_WITHOUT_PASSWORD", |log, command| {
            log.run([Command::AlterUser(given)]);
            set!(command, ChangeOwnPassword { present } = verified(log));
        })
        .accepted();
}

/// Needs no privilege, and is open to one whose password must be changed.
#[test]
fn end_a_token() {
    let mut carol = create_user(CAROL);
    carol.password = Some(password(Some(true)));
    let command = Command::Open(OpenCommand::EndToken { token: TokenTrace([1; 16]), expires_at: Timestamp(9_000) });
    Ladder { log: Log::default(), actor: user(CAROL), command, rung: 0 }
        .refused("CLUSTER_NOT_FORMED", |log, _| *log = Log::formed())
        .refused("USER_UNKNOWN", |log, _| log.run([Command::CreateUser(carol)]))
        .accepted();
}

// === All of them ===

/// A command that has no line here does not compile, and the line names a test that climbs with it.
macro_rules! climbed {
    (
        with secrets { $($variant:ident: $($test:path),+;)+ }
        without { $($open:ident: $($open_test:path),+;)+ }
    ) => {
        #[test]
        fn every_command_climbs() {
            let tests = |command: &Command<Sealed>| -> &'static [fn()] {
                match command {
                    $(Command::$variant { .. } => &[$($test),+],)+
                    Command::Open(open) => match open {
                        $(OpenCommand::$open { .. } => &[$($open_test),+],)+
                    },
                }
            };
            assert!(!tests(&bootstrap()).is_empty());
        }
    };
}

climbed! {
    with secrets {
        Bootstrap: ladder::form_the_catalog;
        CreateAlias: ladder::create_local_alias, ladder::create_or_replace_remote_alias;
        AlterAlias: ladder::alter_local_alias, ladder::alter_remote_alias;
        CreateUser: ladder::create_a_user, ladder::replace_a_user;
        AlterUser: ladder::alter_a_user, ladder::tag_users;
        ChangeOwnPassword: change_the_own_password;
    }
    without {
        DropAlias: ladder::drop_an_alias;
        CreateDatabase: ladder::create_or_replace_database;
        AlterDatabase: alter_a_database, alter_a_composite_database;
        SetDatabaseStatus: start_and_stop_a_database;
        EndToken: end_a_token;
        SetPolicy: change_the_policy;
        ChangeMembers: invite_a_member, invite_a_removed_member, admit_a_member;
        SetDefaultDatabase: choose_the_default_database;
        DropDatabase: ladder::drop_a_database, ladder::drop_a_database_with_its_aliases, drop_a_composite_database;
        AlterUserTags: ladder::tag_users;
        Retired: ladder::auth_rules;
        RenameUser: rename_a_user;
        DropUser: ladder::drop_a_user;
        CreateRole: ladder::create_a_role, ladder::replace_a_role;
        RenameRole: rename_a_role;
        DropRole: ladder::drop_a_role;
        GrantRoles: ladder::grant_and_revoke_roles;
        RevokeRoles: ladder::grant_and_revoke_roles;
        AssignPrivileges: ladder::assign_and_revoke_privileges;
        RevokePrivileges: ladder::assign_and_revoke_privileges;
    }
}
