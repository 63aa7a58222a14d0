//! The rejection ladder. For each command an entry for which several reasons apply at once; they are taken
//! away one by one, and what remains must be refused in the order in which [`Rejection`] declares them.

use std::collections::BTreeSet;
use std::sync::Arc;

use aliasd_catalog::{
    AliasId, AliasTarget, AlterUser, Command, CreateMode, CreateUser, DbmsAction, GrantEffect, HomeChange, OpenCommand,
    PasswordChange, Principal, Record, RecordKey, Rejection, RemoteTarget, RemoteUserName, Removal, RetiredCommand,
    Role, Sealed, SealedSecret, Stamp, TagChange, UserStatus,
};

use crate::builders::{
    self, ACTIVE_KEY, Log, OTHER_KEY, access, alias_name, alter_alias, alter_user, bootstrap, create_alias,
    create_composite, create_database, create_database_as, create_local, create_remote, create_role, create_user,
    database_name, dbms, drop_alias, drop_database, drop_role, drop_user, grant, grant_role, insecure, mtls, name,
    password, remote_target, role_name, rule_name, sealed, stored, url, user, user_name,
};

/// Who climbs.
pub(crate) const CAROL: &str = "carol";

/// A command on its way from the most pressing reason against it to acceptance.
pub(crate) struct Ladder {
    pub(crate) log: Log,
    pub(crate) actor: Principal,
    pub(crate) command: Command<Sealed>,
    pub(crate) rung: usize,
}

impl Ladder {
    /// Starts on the ground, where not even a catalog exists, and climbs over everything that concerns the
    /// caller. `prepare` is run before the caller exists; `privileges` are what the command needs, in order.
    pub(crate) fn climb(command: Command<Sealed>, prepare: Vec<Command<Sealed>>, privileges: &[DbmsAction]) -> Self {
        let mut carol = create_user(CAROL);
        carol.status = Some(UserStatus::Suspended);
        carol.password = Some(password(Some(true)));
        let mut activated = alter_user(CAROL);
        activated.status = Some(UserStatus::Active);
        let mut changed = alter_user(CAROL);
        changed.password = Some(password(Some(false)));
        let mut ladder = Self { log: Log::default(), actor: user(CAROL), command, rung: 0 }
            .refused("CLUSTER_NOT_FORMED", |log, _| *log = Log::after(prepare))
            .refused("USER_UNKNOWN", |log, _| log.run([Command::CreateUser(carol)]))
            .refused("USER_SUSPENDED", |log, _| log.run([Command::AlterUser(activated)]))
            .refused("PASSWORD_CHANGE_REQUIRED", |log, _| {
                log.run([Command::AlterUser(changed), create_role("climbers"), grant_role("climbers", CAROL)]);
            });
        for action in privileges {
            let needed = format!("{} ON DBMS", action.keywords());
            let rejection = ladder.trial().expect_err("a privilege is missing");
            assert!(
                matches!(&rejection, Rejection::PermissionDenied { privilege, .. } if privilege.to_string() == needed)
            );
            ladder = ladder.refused("PERMISSION_DENIED", |log, _| log.run([grant(dbms(*action), "climbers")]));
        }
        ladder
    }

    /// The command is refused for this reason, which is not declared before an earlier one. Then `lift`
    /// takes the reason away.
    pub(crate) fn refused(mut self, code: &str, lift: impl FnOnce(&mut Log, &mut Command<Sealed>)) -> Self {
        let rejection = self.trial().expect_err(code);
        assert_eq!(rejection.code().code, code, "{rejection}");
        let rung = Rejection::table().iter().position(|row| row.code == code).expect("every code is in the table");
        assert!(rung >= self.rung, "{code} is declared before a reason that was given earlier");
        self.rung = rung;
        lift(&mut self.log, &mut self.command);
        self
    }

    pub(crate) fn accepted(mut self) {
        self.trial().unwrap_or_else(|rejection| panic!("{rejection}"));
    }

    fn trial(&mut self) -> aliasd_catalog::Outcome {
        self.log.clone().apply(&self.actor, self.command.clone()).outcome
    }
}

/// Changes a part of the command that is on the ladder.
macro_rules! set {
    ($command:expr, $variant:ident . $($field:ident).+ = $value:expr) => {
        match $command {
            Command::$variant(inner) => inner.$($field).+ = $value,
            other => panic!("another command: {other:?}"),
        }
    };
    ($command:expr, ChangeOwnPassword { $field:ident } = $value:expr) => {{
        let value = $value;
        match $command {
            Command::ChangeOwnPassword { $field, .. } => *$field = value,
            other => panic!("another command: {other:?}"),
        }
    }};
    ($command:expr, $variant:ident { $field:ident } = $value:expr) => {{
        let value = $value;
        match $command {
            Command::Open(OpenCommand::$variant { $field, .. }) => *$field = value,
            other => panic!("another command: {other:?}"),
        }
    }};
}

pub(crate) use set;

/// Puts an immutable role in, which no command can make.
pub(crate) fn restore_immutable_role(log: &mut Log, role: &str) {
    let record = Record::Role(Arc::new(Role { immutable: true, created: Stamp::default() }));
    assert!(log.catalog.restore(RecordKey::Role(role_name(role)), record));
}

// === Aliases ===

#[test]
pub(crate) fn create_local_alias() {
    let prepare = vec![create_local("taken", "neo4j")];
    Ladder::climb(create_local("taken", "missing"), prepare, &[DbmsAction::CreateAlias])
        .refused("ALIAS_EXISTS", |_, command| set!(command, CreateAlias.name = alias_name("fresh")))
        .refused("ALIAS_TARGET_NOT_FOUND", |_, command| {
            set!(command, CreateAlias.target = AliasTarget::Local(name("system")));
        })
        .refused("ALIAS_TARGET_IS_SYSTEM", |_, command| {
            set!(command, CreateAlias.target = AliasTarget::Local(name("taken")));
        })
        .refused("ALIAS_CHAIN", |_, command| set!(command, CreateAlias.target = AliasTarget::Local(name("neo4j"))))
        .accepted();
}

#[test]
pub(crate) fn create_or_replace_remote_alias() {
    let insecure_url = RemoteTarget { url: url("neo4j://location"), ..remote_target() };
    let stale = RemoteTarget { login: stored("alice", OTHER_KEY), ..insecure_url.clone() };
    let command = create_alias("neo4j", CreateMode::OrReplace, AliasTarget::Remote(stale));
    Ladder::climb(command, vec![create_remote("r")], &[DbmsAction::CreateAlias, DbmsAction::DropAlias])
        .refused("ALIAS_EXISTS", |_, command| set!(command, CreateAlias.name = alias_name("r")))
        .refused("KEY_NOT_ACTIVE", |_, command| set!(command, CreateAlias.target = AliasTarget::Remote(insecure_url)))
        .refused("URL_INSECURE", |_, command| {
            let target = RemoteTarget { url: url("neo4j://location"), driver: insecure(), ..remote_target() };
            set!(command, CreateAlias.target = AliasTarget::Remote(target));
        })
        .accepted();
}

#[test]
pub(crate) fn alter_local_alias() {
    let mut command = alter_alias("a");
    command.target = Some((name("missing"), None));
    command.user = Some(RemoteUserName::new("alice").expect("a valid name"));
    let command = Command::AlterAlias(command);
    Ladder::climb(command, vec![create_local("other", "neo4j")], &[DbmsAction::AlterAlias])
        .refused("ALIAS_NOT_FOUND", |log, _| log.run([create_local("a", "neo4j")]))
        .refused("ALIAS_LOCAL_TO_REMOTE", |_, command| set!(command, AlterAlias.user = None))
        .refused("ALIAS_TARGET_NOT_FOUND", |_, command| {
            set!(command, AlterAlias.target = Some((name("system"), None)));
        })
        .refused("ALIAS_TARGET_IS_SYSTEM", |_, command| {
            set!(command, AlterAlias.target = Some((name("other"), None)));
        })
        .refused("ALIAS_CHAIN", |_, command| set!(command, AlterAlias.target = Some((name("neo4j"), None))))
        .accepted();
}

#[test]
pub(crate) fn alter_remote_alias() {
    let mut command = alter_alias("r");
    command.target = Some((name("other"), None));
    command.credential = Some(sealed(OTHER_KEY));
    let command = Command::AlterAlias(command);
    Ladder::climb(command, vec![], &[DbmsAction::AlterAlias])
        .refused("ALIAS_NOT_FOUND", |log, _| log.run([create_remote("r")]))
        .refused("ALIAS_REMOTE_TO_LOCAL", |_, command| {
            set!(command, AlterAlias.target = Some((name("other"), Some(url("bolt://location")))));
            set!(command, AlterAlias.credential = None);
        })
        .refused("ALIAS_PASSWORD_REQUIRED", |_, command| {
            let bound = SealedSecret { alias_id: Some(AliasId([5; 16])), ..sealed(OTHER_KEY) };
            set!(command, AlterAlias.credential = Some(bound));
        })
        .refused("ALIAS_CHANGED", |log, command| {
            let seen = log.catalog.alias("r").map(|alias| alias.modified.revision);
            set!(command, AlterAlias.seen = seen);
        })
        .refused("KEY_NOT_ACTIVE", |_, command| set!(command, AlterAlias.credential = Some(sealed(ACTIVE_KEY))))
        .refused("URL_INSECURE", |_, command| set!(command, AlterAlias.driver = Some(insecure())))
        .accepted();
}

#[test]
pub(crate) fn drop_an_alias() {
    Ladder::climb(drop_alias("neo4j"), vec![create_local("a", "neo4j")], &[DbmsAction::DropAlias])
        .refused("ALIAS_NOT_FOUND", |_, command| set!(command, DropAlias { name } = name("a")))
        .accepted();
}

// === Databases ===

#[test]
pub(crate) fn create_or_replace_database() {
    let command = create_database_as("sales", CreateMode::OrReplace, false);
    let privileges = [DbmsAction::CreateDatabase, DbmsAction::DropDatabase];
    Ladder::climb(command, vec![create_local("sales", "neo4j")], &privileges)
        .refused("DATABASE_EXISTS", |_, command| set!(command, CreateDatabase { name } = database_name("system")))
        .refused("DATABASE_PROTECTED", |_, command| set!(command, CreateDatabase { name } = database_name("neo4j")))
        .refused("DATABASE_HAS_ALIASES", |log, _| log.run([drop_alias("sales")]))
        .accepted();
}

#[test]
pub(crate) fn drop_a_database() {
    let prepare = vec![create_database("sales"), create_local("a", "sales"), create_local("b", "sales")];
    Ladder::climb(drop_database("a"), prepare, &[DbmsAction::DropDatabase])
        .refused("NO_SUCH_DATABASE", |_, command| set!(command, DropDatabase { name } = name("system")))
        .refused("DATABASE_PROTECTED", |_, command| set!(command, DropDatabase { name } = name("sales")))
        .refused("DATABASE_HAS_ALIASES", |log, _| log.run([drop_alias("a")]))
        .refused("DATABASE_HAS_ALIASES", |log, _| log.run([drop_alias("b")]))
        .accepted();
}

#[test]
pub(crate) fn drop_a_database_with_its_aliases() {
    let command = Command::Open(OpenCommand::DropDatabase {
        name: name("sales"),
        if_exists: false,
        composite: false,
        cascade_aliases: true,
    });
    Ladder::climb(command, vec![], &[DbmsAction::DropDatabase, DbmsAction::DropAlias])
        .refused("NO_SUCH_DATABASE", |log, _| log.run([create_database("sales"), create_local("a", "sales")]))
        .accepted();
}

// === Users ===

#[test]
pub(crate) fn create_a_user() {
    let mut bob = create_user("bob");
    bob.auth = vec![mtls("id")];
    let mut command = create_user("bob");
    command.auth = vec![mtls("id")];
    command.password = Some(PasswordChange { password: None, change_required: Some(false) });
    command.home = Some(name("garden.far"));
    let prepare = vec![Command::CreateUser(bob), create_composite("garden"), create_remote("garden.far")];
    Ladder::climb(Command::CreateUser(command), prepare, &[DbmsAction::CreateUser])
        .refused("USER_EXISTS", |_, command| set!(command, CreateUser.name = user_name("dave")))
        .refused("AUTH_ID_TAKEN", |_, command| set!(command, CreateUser.auth = Vec::new()))
        .refused("HOME_IS_CONSTITUENT", |_, command| set!(command, CreateUser.home = None))
        .refused("USER_WITHOUT_PASSWORD", |_, command| set!(command, CreateUser.password = None))
        .refused("USER_WITHOUT_AUTH", |_, command| set!(command, CreateUser.password = Some(password(None))))
        .accepted();
}

#[test]
pub(crate) fn replace_a_user() {
    let mut bob = create_user("bob");
    bob.auth = vec![mtls("id")];
    let mut command = create_user(CAROL);
    command.mode = CreateMode::OrReplace;
    command.auth = vec![mtls("id")];
    let privileges = [DbmsAction::CreateUser, DbmsAction::DropUser];
    Ladder::climb(Command::CreateUser(command), vec![Command::CreateUser(bob)], &privileges)
        .refused("OWN_USER_DELETION", |_, command| set!(command, CreateUser.name = user_name("dave")))
        .refused("AUTH_ID_TAKEN", |_, command| set!(command, CreateUser.name = user_name("bob")))
        .accepted();
}

#[test]
pub(crate) fn alter_a_user() {
    let mut bob = create_user("bob");
    bob.auth = vec![mtls("id")];
    let mut command = alter_user(CAROL);
    command.status = Some(UserStatus::Active);
    command.home = Some(HomeChange::Set(name("garden.far")));
    command.remove_auth = Removal { all: true, ..Removal::default() };
    command.set_auth = vec![mtls("id")];
    command.password = Some(PasswordChange { password: None, change_required: Some(true) });
    let privileges =
        [DbmsAction::SetPasswords, DbmsAction::SetUserStatus, DbmsAction::SetUserHomeDatabase, DbmsAction::SetAuth];
    let prepare = vec![Command::CreateUser(bob), create_composite("garden"), create_remote("garden.far")];
    Ladder::climb(Command::AlterUser(command), prepare, &privileges)
        .refused("OWN_USER_PROTECTED", |_, command| set!(command, AlterUser.name = user_name("dave")))
        .refused("USER_NOT_FOUND", |log, command| {
            log.run([Command::CreateUser(create_user("dave"))]);
            let dave = log.catalog.user("dave").expect("he was created");
            set!(command, AlterUser.unchanged_since = Some(dave.credential_revision));
        })
        .refused("AUTH_ID_TAKEN", |_, command| set!(command, AlterUser.set_auth = Vec::new()))
        .refused("HOME_IS_CONSTITUENT", |_, command| set!(command, AlterUser.home = Some(HomeChange::Remove)))
        .refused("PASSWORD_UNCHANGED", |_, command| set!(command, AlterUser.unchanged_since = None))
        .refused("USER_WITHOUT_PASSWORD", |_, command| set!(command, AlterUser.password = None))
        .refused("USER_WITHOUT_AUTH", |_, command| set!(command, AlterUser.remove_auth.all = false))
        .accepted();
}

#[test]
pub(crate) fn tag_users() {
    let tags = TagChange { add: builders::tags(&["red"]), ..TagChange::default() };
    let names = BTreeSet::from([user_name(CAROL), user_name("ghost")]);
    let command = Command::Open(OpenCommand::AlterUserTags { names, if_exists: false, tags: tags.clone() });
    Ladder::climb(command, vec![], &[DbmsAction::AlterUser, DbmsAction::SetUserMetadata])
        .refused("USER_NOT_FOUND", |_, command| set!(command, AlterUserTags { if_exists } = true))
        .accepted();
    let created = CreateUser { tags: tags.add.clone(), ..create_user("dave") };
    Ladder::climb(Command::CreateUser(created), vec![], &[DbmsAction::CreateUser, DbmsAction::SetUserMetadata])
        .accepted();
    let altered = AlterUser { tags, home: Some(HomeChange::Remove), ..alter_user(CAROL) };
    let privileges = [DbmsAction::SetUserHomeDatabase, DbmsAction::SetUserMetadata];
    Ladder::climb(Command::AlterUser(altered), vec![], &privileges).accepted();
}

#[test]
pub(crate) fn auth_rules() {
    let name = || rule_name("abroad");
    let one = |command, privilege, code: &str| {
        Ladder::climb(Command::Open(OpenCommand::Retired(command)), vec![], &[privilege]).refused(code, |_, _| {});
    };
    one(RetiredCommand::Alter { name: name(), if_exists: false }, DbmsAction::AlterAuthRule, "AUTH_RULE_NOT_FOUND");
    one(RetiredCommand::Drop { name: name(), if_exists: false }, DbmsAction::DropAuthRule, "AUTH_RULE_NOT_FOUND");
    let rename = RetiredCommand::Rename { from: name(), to: rule_name("home"), if_exists: false };
    one(rename, DbmsAction::RenameAuthRule, "RENAMED_AUTH_RULE_NOT_FOUND");
    let (roles, rules) = (BTreeSet::from([role_name("A"), role_name("PUBLIC")]), BTreeSet::from([name()]));
    for (command, privilege) in [
        (RetiredCommand::GrantRoles { roles: roles.clone(), rules: rules.clone() }, DbmsAction::AssignRole),
        (RetiredCommand::RevokeRoles { roles, rules }, DbmsAction::RemoveRole),
    ] {
        Ladder::climb(Command::Open(OpenCommand::Retired(command)), vec![], &[privilege])
            .refused("ROLE_RESERVED", |_, command| match command {
                Command::Open(OpenCommand::Retired(
                    RetiredCommand::GrantRoles { roles, .. } | RetiredCommand::RevokeRoles { roles, .. },
                )) => {
                    *roles = BTreeSet::from([role_name("A")]);
                }
                other => panic!("another command: {other:?}"),
            })
            .refused("ROLE_NOT_FOUND", |log, _| log.run([create_role("A")]))
            .refused("AUTH_RULE_NOT_FOUND", |_, _| {});
    }
    let drop = RetiredCommand::Drop { name: name(), if_exists: true };
    Ladder::climb(Command::Open(OpenCommand::Retired(drop)), vec![], &[DbmsAction::DropAuthRule]).accepted();
}

#[test]
pub(crate) fn drop_a_user() {
    Ladder::climb(drop_user(CAROL), vec![], &[DbmsAction::DropUser])
        .refused("OWN_USER_DELETION", |_, command| set!(command, DropUser { name } = user_name("dave")))
        .refused("USER_NOT_FOUND", |log, _| log.run([Command::CreateUser(create_user("dave"))]))
        .accepted();
}

// === Roles ===

#[test]
pub(crate) fn create_a_role() {
    let copy_of = Some(role_name("missing"));
    let command = Command::Open(OpenCommand::CreateRole {
        name: role_name("PUBLIC"),
        mode: CreateMode::Fail,
        immutable: false,
        copy_of,
    });
    Ladder::climb(command, vec![], &[DbmsAction::CreateRole])
        .refused("ROLE_RESERVED", |_, command| set!(command, CreateRole { name } = role_name("reader")))
        .refused("ROLE_NOT_FOUND", |_, command| set!(command, CreateRole { copy_of } = Some(role_name("editor"))))
        .refused("ROLE_EXISTS", |_, command| set!(command, CreateRole { name } = role_name("fresh")))
        .accepted();
}

#[test]
pub(crate) fn replace_a_role() {
    let copy_of = Some(role_name("reader"));
    let command = Command::Open(OpenCommand::CreateRole {
        name: role_name("PUBLIC"),
        mode: CreateMode::OrReplace,
        immutable: false,
        copy_of,
    });
    Ladder::climb(command, vec![], &[DbmsAction::CreateRole, DbmsAction::DropRole])
        .refused("ROLE_RESERVED", |log, command| {
            restore_immutable_role(log, "locked");
            set!(command, CreateRole { name } = role_name("locked"));
        })
        .refused("IMMUTABLE_DENIED", |_, command| set!(command, CreateRole { name } = role_name("reader")))
        // OR REPLACE drops first, so that a role cannot be a copy of itself.
        .refused("ROLE_NOT_FOUND", |_, command| set!(command, CreateRole { copy_of } = Some(role_name("editor"))))
        .accepted();
}

#[test]
pub(crate) fn drop_a_role() {
    Ladder::climb(drop_role("PUBLIC"), vec![], &[DbmsAction::DropRole])
        .refused("ROLE_RESERVED", |log, command| {
            restore_immutable_role(log, "locked");
            set!(command, DropRole { name } = role_name("locked"));
        })
        .refused("IMMUTABLE_DENIED", |_, command| set!(command, DropRole { name } = role_name("missing")))
        .refused("ROLE_NOT_FOUND", |_, command| set!(command, DropRole { name } = role_name("reader")))
        .accepted();
}

#[test]
pub(crate) fn grant_and_revoke_roles() {
    // "A" sorts before "PUBLIC": the missing role is met first, and still the reserved one is the reason.
    let roles = BTreeSet::from([role_name("A"), role_name("PUBLIC")]);
    let users = BTreeSet::from([user_name("ghost")]);
    let granting = Command::Open(OpenCommand::GrantRoles { roles: roles.clone(), users: users.clone() });
    let revoking = Command::Open(OpenCommand::RevokeRoles { roles, users, lenient: false });
    Ladder::climb(granting, vec![], &[DbmsAction::AssignRole])
        .refused("ROLE_RESERVED", |_, command| set!(command, GrantRoles { roles } = BTreeSet::from([role_name("A")])))
        .refused("ROLE_NOT_FOUND", |log, _| log.run([create_role("A")]))
        .refused("USER_NOT_FOUND", |log, _| log.run([Command::CreateUser(create_user("ghost"))]))
        .accepted();
    Ladder::climb(revoking, vec![], &[DbmsAction::RemoveRole])
        .refused("ROLE_RESERVED", |_, command| set!(command, RevokeRoles { roles } = BTreeSet::from([role_name("A")])))
        .refused("ROLE_NOT_FOUND", |log, _| log.run([create_role("A")]))
        .refused("USER_NOT_FOUND", |log, _| log.run([Command::CreateUser(create_user("ghost"))]))
        .accepted();
}

// === Privileges ===

#[test]
pub(crate) fn assign_and_revoke_privileges() {
    let (privileges, roles) = (BTreeSet::from([access("missing")]), BTreeSet::from([role_name("r")]));
    for effect in [GrantEffect::Granted, GrantEffect::Denied] {
        let (privileges, roles) = (privileges.clone(), roles.clone());
        let command = Command::Open(OpenCommand::AssignPrivileges { effect, immutable: true, privileges, roles });
        Ladder::climb(command, vec![], &[DbmsAction::AssignPrivilege])
            .refused("IMMUTABLE_DENIED", |_, command| set!(command, AssignPrivileges { immutable } = false))
            .refused("ROLE_NOT_FOUND", |log, _| log.run([create_role("r")]))
            .refused("PRIVILEGE_DATABASE_NOT_FOUND", |log, _| log.run([create_remote("missing")]))
            .accepted();
    }
    let command = Command::Open(OpenCommand::RevokePrivileges {
        effect: None,
        immutable: true,
        privileges,
        roles,
        lenient: false,
    });
    Ladder::climb(command, vec![], &[DbmsAction::RemovePrivilege])
        .refused("IMMUTABLE_DENIED", |_, command| set!(command, RevokePrivileges { immutable } = false))
        .refused("ROLE_NOT_FOUND", |log, _| log.run([create_role("r")]))
        .refused("PRIVILEGE_DATABASE_NOT_FOUND", |log, _| log.run([create_remote("missing")]))
        .accepted();
}

// === The cluster ===

#[test]
pub(crate) fn form_the_catalog() {
    let ladder = Ladder { log: Log::formed(), actor: user(CAROL), command: bootstrap(), rung: 0 };
    let mut ladder =
        ladder.refused("CLUSTER_ALREADY_FORMED", |log, _| *log = Log::default()).refused("USER_UNKNOWN", |_, _| {});
    ladder.actor = Principal::System;
    ladder.accepted();
}
