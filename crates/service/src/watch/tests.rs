use std::collections::BTreeSet;

use aliasd_catalog::{
    Action, AliasName, AliasTarget, Bootstrap, Catalog, CatalogName, ClusterId, Command, CreateAlias, CreateMode,
    CreateUser, DatabaseAction, DatabaseName, DatabaseScope, DbmsAction, Entry, GrantEffect, KeyId, NameForm,
    OpenCommand, PasswordChange, PasswordHash, Policy, Principal, Privilege, RequestId, Revision, RoleName, Sealed,
    Timestamp, UserName, UserScope, ValueMap, WatchEvent as Event, WatchKind as Kind, WatchSubject as Subject, Watcher,
};

use aliasd_cypher::Lowered;

use super::pass::events;
use aliasd_replica::AppliedEntry;

/// A catalog that is fed commands, as its administrator.
struct Story {
    catalog: Catalog,
    revision: u64,
}

impl Story {
    /// Databases `alpha` and `beta`; users `carol` and `service`, each with a role of the same name.
    fn new() -> Self {
        let mut story = Self { catalog: Catalog::default(), revision: 0 };
        let bootstrap = Command::Bootstrap(Bootstrap {
            cluster_id: ClusterId([1; 16]),
            active_key: KeyId([2; 16]),
            policy: Policy::default(),
            admin: user("admin"),
            password: PasswordHash::new("$argon2id$"),
        });
        story.run(Principal::System, bootstrap);
        for name in ["alpha", "beta"] {
            let name = DatabaseName::new(name).unwrap();
            story.apply(Command::Open(OpenCommand::CreateDatabase {
                name,
                mode: CreateMode::Fail,
                composite: false,
                default_language: None,
            }));
        }
        for name in ["carol", "service"] {
            story.apply(Command::CreateUser(CreateUser {
                name: user(name),
                mode: CreateMode::Fail,
                password: Some(PasswordChange {
                    password: Some(PasswordHash::new("$argon2id$")),
                    change_required: Some(false),
                }),
                status: None,
                home: None,
                auth: Vec::new(),
                tags: BTreeSet::new(),
            }));
            story.apply(Command::Open(OpenCommand::CreateRole {
                name: role(name),
                mode: CreateMode::Fail,
                immutable: false,
                copy_of: None,
            }));
            let (roles, users) = (BTreeSet::from([role(name)]), BTreeSet::from([user(name)]));
            story.apply(Command::Open(OpenCommand::GrantRoles { roles, users }));
        }
        story
    }

    fn apply(&mut self, command: Command<Sealed>) -> AppliedEntry {
        self.run(Principal::User(user("admin")), command)
    }

    fn run(&mut self, actor: Principal, command: Command<Sealed>) -> AppliedEntry {
        self.revision += 1;
        let mut request = [0; 16];
        request[..8].copy_from_slice(&self.revision.to_be_bytes());
        let entry =
            Entry { request: RequestId(request), actor, issued_at: Timestamp(self.revision), command, origin: None };
        let before = self.catalog.clone();
        let applied = self.catalog.apply(Revision(self.revision), &entry);
        assert!(applied.outcome.is_ok(), "{:?}", applied.outcome);
        AppliedEntry {
            revision: Revision(self.revision),
            changes: applied.changes,
            change_bytes: 0,
            before,
            after: self.catalog.clone(),
        }
    }

    /// Runs a statement that holds no secret.
    fn state(&mut self, statement: &str) -> AppliedEntry {
        let parsed = aliasd_cypher::parse(statement).unwrap();
        let lowered = aliasd_cypher::lower(&parsed, &aliasd_cypher::Parameters::default());
        let Lowered::Command(command) = lowered.unwrap() else { panic!("{statement} is a listing") };
        let sealed = command.seal(|_, _| Err("it holds a secret"), |_| Err("so it does"), |_| Err("so it does"));
        self.apply(sealed.unwrap())
    }

    fn create_alias(&mut self, name: &str, target: &str) -> AppliedEntry {
        self.apply(Command::CreateAlias(CreateAlias {
            form: NameForm::AnyDot,
            name: AliasName::new(name).unwrap(),
            mode: CreateMode::OrReplace,
            target: AliasTarget::Local(named(target)),
            properties: ValueMap::new(),
        }))
    }

    fn assign(&mut self, effect: GrantEffect, privilege: Privilege, to: &str) -> AppliedEntry {
        let (privileges, roles) = (BTreeSet::from([privilege]), BTreeSet::from([role(to)]));
        self.apply(Command::Open(OpenCommand::AssignPrivileges { effect, immutable: false, privileges, roles }))
    }

    fn revoke(&mut self, privilege: Privilege, from: &str) -> AppliedEntry {
        let (privileges, roles) = (BTreeSet::from([privilege]), BTreeSet::from([role(from)]));
        self.apply(Command::Open(OpenCommand::RevokePrivileges {
            effect: None,
            immutable: false,
            privileges,
            roles,
            lenient: false,
        }))
    }
}

fn user(name: &str) -> UserName {
    UserName::new(name).unwrap()
}

fn role(name: &str) -> RoleName {
    RoleName::new(name).unwrap()
}

fn named(name: &str) -> CatalogName {
    CatalogName::new(name).unwrap()
}

fn access(name: &str) -> Privilege {
    Privilege::Database(DatabaseAction::Access, DatabaseScope::Named(named(name)))
}

fn all_events(who: &str, applied: &AppliedEntry) -> Vec<Event> {
    events(&Watcher { user: user(who), names: None }, applied)
}

fn event(subject: Subject, name: &str, kind: Kind) -> Event {
    Event { subject, name: name.to_owned(), kind }
}

#[test]
fn an_alias_is_only_told_to_those_who_may_use_it() {
    let mut story = Story::new();
    story.assign(GrantEffect::Granted, access("alpha"), "carol");
    let visible = story.create_alias("films", "alpha");
    let hidden = story.create_alias("secret-films", "beta");
    assert_eq!(all_events("carol", &visible), [event(Subject::Alias, "films", Kind::Created)]);
    assert_eq!(all_events("carol", &hidden), []);
    assert_eq!(all_events("service", &visible), []);
    assert_eq!(all_events("admin", &hidden), [event(Subject::Alias, "secret-films", Kind::Created)]);
}

#[test]
fn a_dropped_alias_is_told_by_what_could_be_reached_before() {
    let mut story = Story::new();
    story.assign(GrantEffect::Granted, access("alpha"), "carol");
    story.create_alias("films", "alpha");
    let dropped = story.apply(Command::Open(OpenCommand::DropAlias {
        name: named("films"),
        form: NameForm::AnyDot,
        if_exists: false,
    }));
    assert_eq!(all_events("carol", &dropped), [event(Subject::Alias, "films", Kind::Dropped)]);
    assert_eq!(all_events("service", &dropped), []);
}

#[test]
fn a_revoke_reaches_those_it_concerns_and_nobody_else() {
    let mut story = Story::new();
    let granted = story.assign(GrantEffect::Granted, access("alpha"), "carol");
    let revoked = story.revoke(access("alpha"), "carol");
    let told = [event(Subject::Role, "carol", Kind::AccessChanged)];
    assert_eq!(all_events("carol", &granted), told);
    assert_eq!(all_events("carol", &revoked), told);
    assert_eq!(all_events("service", &revoked), []);
}

#[test]
fn a_service_hears_of_those_it_may_act_for() {
    let mut story = Story::new();
    let impersonate = Privilege::Impersonate(UserScope::Named(user("carol")));
    story.assign(GrantEffect::Granted, impersonate.clone(), "service");
    story.assign(GrantEffect::Granted, access("alpha"), "carol");
    let created = story.create_alias("films", "alpha");
    assert_eq!(all_events("service", &created), [event(Subject::Alias, "films", Kind::Created)]);

    let (roles, users) = (BTreeSet::from([role("reader")]), BTreeSet::from([user("carol")]));
    let given = story.apply(Command::Open(OpenCommand::GrantRoles { roles, users }));
    assert_eq!(all_events("service", &given), [event(Subject::User, "carol", Kind::AccessChanged)]);

    let denied = story.assign(GrantEffect::Denied, impersonate, "service");
    assert_eq!(all_events("service", &denied), [event(Subject::Role, "service", Kind::AccessChanged)]);
    let dropped = story.apply(Command::Open(OpenCommand::DropAlias {
        name: named("films"),
        form: NameForm::AnyDot,
        if_exists: false,
    }));
    assert_eq!(all_events("service", &dropped), []);
}

#[test]
fn a_service_that_may_act_for_everyone_hears_everything() {
    let mut story = Story::new();
    story.assign(GrantEffect::Granted, Privilege::Impersonate(UserScope::All), "service");
    let created = story.create_alias("films", "beta");
    assert_eq!(all_events("service", &created), [event(Subject::Alias, "films", Kind::Created)]);
    story.assign(GrantEffect::Denied, Privilege::Impersonate(UserScope::All), "service");
    let replaced = story.create_alias("films", "alpha");
    assert_eq!(all_events("service", &replaced), []);
}

#[test]
fn a_filter_leaves_out_other_names_but_never_access() {
    let mut story = Story::new();
    story.create_alias("films", "alpha");
    let only = Watcher { user: user("admin"), names: Some(BTreeSet::from([named("films")])) };
    assert_eq!(events(&only, &story.create_alias("books", "beta")), []);
    assert_eq!(events(&only, &story.create_alias("films", "beta")), [event(Subject::Alias, "films", Kind::Altered)]);
    let granted = story.assign(GrantEffect::Granted, access("alpha"), "carol");
    assert_eq!(events(&only, &granted), [event(Subject::Role, "carol", Kind::AccessChanged)]);
}

#[test]
fn a_database_is_told_to_those_who_watch_an_alias_of_it() {
    let mut story = Story::new();
    story.create_alias("films", "alpha");
    let only = Watcher { user: user("admin"), names: Some(BTreeSet::from([named("films")])) };
    let name = named("alpha");
    let dropped = story.apply(Command::Open(OpenCommand::DropDatabase {
        name,
        if_exists: false,
        composite: false,
        cascade_aliases: true,
    }));
    let told = [event(Subject::Alias, "films", Kind::Dropped), event(Subject::Database, "alpha", Kind::Dropped)];
    assert_eq!(events(&only, &dropped), told);
}

/// Everything that a DBMS is told of a user's privileges, as far as it can change.
fn effective(catalog: &Catalog, who: &UserName) -> String {
    let Some(user) = catalog.user(who.as_str()) else { return "no such user".to_owned() };
    let home = catalog.home_of(user);
    let stands_for = home.as_ref().and_then(|home| catalog.privilege_target(home));
    let (roles, grants) = (catalog.effective_roles(who), catalog.effective_grants(who));
    format!("{:?} {} {home:?} {stands_for:?} {roles:?} {grants:?}", user.status, user.password_change_required)
}

/// Whether one who keeps the privileges of a user is told to ask again: the table of `Auth.EffectivePrivileges`.
fn is_told(watcher: &str, about: &UserName, applied: &AppliedEntry) -> bool {
    // Such a watcher leaves out aliases and databases.
    let events = events(&Watcher { user: user(watcher), names: Some(BTreeSet::new()) }, applied);
    assert!(events.iter().all(|event| !matches!(event.subject, Subject::Alias | Subject::Database)), "{events:?}");
    let roles = [&applied.before, &applied.after].map(|catalog| catalog.effective_roles(about));
    events.iter().any(|event| match event.subject {
        Subject::User => event.name == about.as_str(),
        Subject::Role => roles.iter().flatten().any(|role| role.as_str() == event.name),
        Subject::Settings => true,
        Subject::Alias | Subject::Database => false,
    })
}

/// Statements of every kind that could change what somebody may do.
const SCRIPT: &[&str] = &[
    "CREATE ROLE auditor",
    "GRANT SHOW USER ON DBMS TO auditor",
    "GRANT SHOW PRIVILEGE ON DBMS TO auditor",
    "GRANT ROLE auditor TO service",
    "GRANT ACCESS ON DATABASE alpha TO carol",
    "DENY ACCESS ON DATABASE beta TO carol",
    "GRANT MATCH {*} ON GRAPH alpha NODES Person TO carol",
    "DENY READ {secret} ON GRAPH * FOR (n:Email) WHERE n.a = 1 TO carol",
    "GRANT EXECUTE PROCEDURE apoc.* ON DBMS TO carol",
    "GRANT LOAD ON CIDR '127.0.0.1/32' TO carol",
    "GRANT SHOW TRANSACTION (service) ON DATABASE alpha TO carol",
    "GRANT IMPERSONATE (service) ON DBMS TO carol",
    "GRANT TRAVERSE ON HOME GRAPH TO PUBLIC",
    "REVOKE TRAVERSE ON HOME GRAPH FROM PUBLIC",
    "REVOKE GRANT LOAD ON CIDR '127.0.0.1/32' FROM carol",
    "CREATE ROLE copy AS COPY OF carol",
    "GRANT ROLE copy TO carol",
    "RENAME ROLE copy TO replica",
    "REVOKE ROLE replica FROM carol",
    "GRANT ROLE replica TO carol",
    "DROP ROLE replica",
    "CREATE OR REPLACE ROLE carol",
    "GRANT ROLE carol TO carol",
    "GRANT WRITE ON GRAPH alpha TO carol",
    "GRANT ACCESS ON DATABASE alpha TO carol",
    "CREATE ALIAS home FOR DATABASE alpha",
    "ALTER USER carol SET HOME DATABASE home",
    "ALTER ALIAS home SET DATABASE TARGET beta",
    "CREATE OR REPLACE ALIAS home FOR DATABASE alpha",
    "DROP ALIAS home FOR DATABASE",
    "CREATE ALIAS home FOR DATABASE n AT 'neo4j+s://host' OIDC CREDENTIAL FORWARDING",
    "GRANT ACCESS ON DATABASE home TO carol",
    "DROP ALIAS home FOR DATABASE",
    "CREATE ALIAS home FOR DATABASE alpha",
    "DROP DATABASE alpha CASCADE ALIASES",
    "CREATE DATABASE home",
    "ALTER USER carol REMOVE HOME DATABASE",
    "CREATE ALIAS main FOR DATABASE beta",
    "CALL dbms.setDefaultDatabase('beta')",
    "ALTER USER carol SET STATUS SUSPENDED",
    "ALTER USER carol SET STATUS ACTIVE",
    "ALTER USER carol SET PASSWORD CHANGE REQUIRED",
    "RENAME USER service TO server",
    "DROP USER carol",
];

#[test]
fn whoever_may_ask_for_privileges_is_told_of_everything_that_changes_them() {
    let mut story = Story::new();
    let mut changed = 0;
    for statement in SCRIPT {
        let applied = story.state(statement);
        let catalogs = [&applied.before, &applied.after];
        for about in ["carol", "service", "admin"].map(user) {
            if effective(catalogs[0], &about) == effective(catalogs[1], &about) {
                continue;
            }
            changed += 1;
            for watcher in ["carol", "service", "server", "admin"] {
                let who = Principal::User(user(watcher));
                let lists = |catalog: &Catalog| {
                    let may = |action| catalog.authorise(&who, &Action::Dbms(action)).is_ok();
                    about.as_str() == watcher || (may(DbmsAction::ShowUser) && may(DbmsAction::ShowPrivilege))
                };
                let may_ask = catalogs.iter().any(|catalog| catalog.user(watcher).is_some() && lists(catalog));
                assert!(!may_ask || is_told(watcher, &about, &applied), "{watcher} about {about}: {statement}");
            }
        }
    }
    assert!(changed > 40, "the script changes too little: {changed}");
}

#[test]
fn a_home_that_leads_elsewhere_is_told_to_those_who_live_there() {
    let mut story = Story::new();
    story.state("CREATE ALIAS home FOR DATABASE alpha");
    story.state("ALTER USER carol SET HOME DATABASE home");
    let moved = story.state("ALTER ALIAS home SET DATABASE TARGET beta");
    let only = Watcher { user: user("carol"), names: Some(BTreeSet::new()) };
    assert_eq!(events(&only, &moved), [event(Subject::User, "carol", Kind::AccessChanged)]);
    // Nobody else lives there, and what it leads to stays the same.
    assert_eq!(all_events("service", &moved), []);
    let same = story.state("ALTER ALIAS home SET DATABASE PROPERTIES {a: 1}");
    assert_eq!(events(&only, &same), []);
}
