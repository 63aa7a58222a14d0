mod lookups;
mod rules;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Question, WatchEvent, WatchKind, WatchSubject, Watcher};
use crate::{
    AliasName, AliasTarget, Bootstrap, Catalog, CatalogName, Change, ClusterId, Command, CreateAlias, CreateMode,
    CreateUser, DatabaseAction, DatabaseName, DatabaseScope, DbmsAction, DriverSettings, Entry, GrantEffect, KeyId,
    NameForm, OpenCommand, PasswordChange, PasswordHash, Policy, Principal, Privilege, Rejection, RemoteLogin,
    RemoteTarget, RemoteUrl, RemoteUserName, RequestId, ResolveRequest, ResolveTarget, Revision, RoleName, Rule,
    Sealed, SealedSecret, Timestamp, UserName, UserScope, UserStatus,
};

/// A catalog with the databases `alpha` and `beta`, the composite database `garden`, a local alias of each database, the
/// remote alias `far`, one constituent of each kind, and the users `carol` and `dave`, each with a role of that name.
struct Story {
    catalog: Catalog,
    changes: Vec<Change>,
    before: Catalog,
    revision: u64,
}

impl Story {
    fn new() -> Self {
        let (catalog, before) = (Catalog::default(), Catalog::default());
        let mut story = Self { catalog, before, changes: Vec::new(), revision: 0 };
        let bootstrap = Command::Bootstrap(Bootstrap {
            cluster_id: ClusterId([1; 16]),
            active_key: KeyId([2; 16]),
            policy: Policy::default(),
            admin: user("admin"),
            password: PasswordHash::new("$argon2id$"),
        });
        story.run(bootstrap);
        // Whoever is at home somewhere could use it; here everybody begins with nothing.
        let at_home = Privilege::Database(DatabaseAction::Access, DatabaseScope::Home);
        let (privileges, roles) = (BTreeSet::from([at_home]), BTreeSet::from([RoleName::public()]));
        let immutable = false;
        story.run(Command::Open(OpenCommand::RevokePrivileges {
            effect: None,
            immutable,
            privileges,
            roles,
            lenient: true,
        }));
        for (name, composite) in [("alpha", false), ("beta", false), ("garden", true)] {
            let name = DatabaseName::new(name).unwrap();
            story.run(Command::Open(OpenCommand::CreateDatabase {
                name,
                mode: CreateMode::Fail,
                composite,
                default_language: None,
            }));
        }
        story.local("films", "alpha");
        story.local("books", "beta");
        story.local("garden.films", "alpha");
        story.remote("far");
        story.remote("garden.far");
        for name in ["carol", "dave"] {
            story.create_user(name);
            story.create_role(name);
            story.give(name, name);
        }
        story
    }

    fn run(&mut self, command: Command<Sealed>) {
        self.revision += 1;
        let mut request = [0; 16];
        request[..8].copy_from_slice(&self.revision.to_be_bytes());
        let (request, issued_at) = (RequestId(request), Timestamp(self.revision));
        let entry = Entry { request, actor: Principal::System, issued_at, command, origin: None };
        self.before = self.catalog.clone();
        let applied = self.catalog.apply(Revision(self.revision), &entry);
        assert!(applied.outcome.is_ok(), "{:?}: {entry:?}", applied.outcome);
        self.changes = applied.changes;
    }

    fn create_user(&mut self, name: &str) {
        let (password, change_required) = (Some(PasswordHash::new("$argon2id$")), Some(false));
        self.run(Command::CreateUser(CreateUser {
            name: user(name),
            mode: CreateMode::Fail,
            password: Some(PasswordChange { password, change_required }),
            status: None,
            home: None,
            auth: Vec::new(),
            tags: BTreeSet::new(),
        }));
    }

    fn create_role(&mut self, name: &str) {
        let (mode, immutable, copy_of) = (CreateMode::Fail, false, None);
        self.run(Command::Open(OpenCommand::CreateRole { name: role(name), mode, immutable, copy_of }));
    }

    fn give(&mut self, to_give: &str, to: &str) {
        let (roles, users) = (BTreeSet::from([role(to_give)]), BTreeSet::from([user(to)]));
        self.run(Command::Open(OpenCommand::GrantRoles { roles, users }));
    }

    fn alias(&mut self, alias: &str, target: AliasTarget<Sealed>) {
        let (name, form, mode) = (AliasName::new(alias).unwrap(), NameForm::AnyDot, CreateMode::OrReplace);
        self.run(Command::CreateAlias(CreateAlias { name, form, mode, target, properties: BTreeMap::new() }));
    }

    fn local(&mut self, alias: &str, database: &str) {
        self.alias(alias, AliasTarget::Local(named(database)));
    }

    fn remote(&mut self, alias: &str) {
        let credential =
            SealedSecret { key_id: KeyId([2; 16]), nonce: [3; 12], ciphertext: Arc::from([4_u8; 24]), alias_id: None };
        self.alias(
            alias,
            AliasTarget::Remote(RemoteTarget {
                database: named("neo4j"),
                url: RemoteUrl::new("neo4j+s://location").unwrap(),
                login: RemoteLogin::Stored { user: RemoteUserName::new("alice").unwrap(), credential },
                driver: DriverSettings::default(),
                default_language: None,
            }),
        );
    }

    fn assign(&mut self, effect: GrantEffect, to: &str, privilege: Privilege) {
        let (privileges, roles) = (BTreeSet::from([privilege]), BTreeSet::from([role(to)]));
        self.run(Command::Open(OpenCommand::AssignPrivileges { effect, immutable: false, privileges, roles }));
    }

    fn grant(&mut self, to: &str, privilege: Privilege) {
        self.assign(GrantEffect::Granted, to, privilege);
    }

    fn deny(&mut self, to: &str, privilege: Privilege) {
        self.assign(GrantEffect::Denied, to, privilege);
    }

    fn suspend(&mut self, name: &str) {
        self.alter(name, |alter| alter.status = Some(UserStatus::Suspended));
    }

    fn settle(&mut self, name: &str, home: &str) {
        self.alter(name, |alter| alter.home = Some(crate::HomeChange::Set(named(home))));
    }

    fn alter(&mut self, name: &str, part: impl FnOnce(&mut crate::AlterUser<Sealed>)) {
        let mut alter = crate::AlterUser {
            name: user(name),
            if_exists: false,
            password: None,
            unchanged_since: None,
            status: None,
            home: None,
            remove_auth: crate::Removal::default(),
            set_auth: Vec::new(),
            tags: crate::TagChange::default(),
        };
        part(&mut alter);
        self.run(Command::AlterUser(alter));
    }

    /// Which of these a principal says yes to.
    fn which<'n>(
        &self,
        who: &str,
        names: &[&'n str],
        yes: impl Fn(&super::Visibility<'_>, &str) -> bool,
    ) -> Vec<&'n str> {
        let who = Principal::User(user(who));
        let visible = self.catalog.visible_to(&who);
        names.iter().copied().filter(|name| yes(&visible, name)).collect()
    }

    fn events_for(&self, who: &str) -> Vec<(WatchSubject, String, WatchKind)> {
        let events = Watcher { user: user(who), names: None }.events(&self.before, &self.changes, &self.catalog);
        events.into_iter().map(|WatchEvent { subject, name, kind }| (subject, name, kind)).collect()
    }

    fn resolve(&self, who: &str, for_whom: Option<&str>, name: &str, session: Option<&str>) -> Result<(), Rejection> {
        let question = ResolveRequest {
            actor: Principal::User(user(who)),
            on_behalf_of: for_whom.map(user),
            target: ResolveTarget::Name(named(name)),
            connected_to: session.map(named),
            with_credentials: false,
        };
        self.catalog.resolve(&question).map(|_| ())
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

fn impersonate(name: &str) -> Privilege {
    Privilege::Impersonate(UserScope::Named(user(name)))
}

const NAMES: &[&str] =
    &["alpha", "beta", "books", "far", "films", "garden", "garden.far", "garden.films", "missing", "system"];

#[test]
fn each_question_takes_exactly_its_privileges() {
    let may_ask = |question: Question, granted: &[DbmsAction]| {
        let mut story = Story::new();
        for action in granted {
            story.grant("carol", Privilege::Dbms(*action));
        }
        let asks = |story: &Story| story.catalog.visible_to(&Principal::User(user("carol"))).may_ask(question);
        let may = asks(&story);
        story.suspend("carol");
        assert!(!asks(&story), "{question:?}");
        may
    };
    let story = Story::new();
    for question in Question::ALL {
        assert!(may_ask(*question, question.needs()), "{question:?}");
        for lacking in question.needs() {
            let others: Vec<_> = question.needs().iter().copied().filter(|action| action != lacking).collect();
            assert!(!may_ask(*question, &others), "{question:?} without {lacking:?}");
        }
        assert!(story.catalog.visible_to(&Principal::System).may_ask(*question), "{question:?}");
        assert!(!story.catalog.visible_to(&Principal::User(user("nobody"))).may_ask(*question), "{question:?}");
    }
}

#[test]
fn whose_privileges_are_asked_for() {
    let story = Story::new();
    let (carol, dave) = (user("carol"), user("dave"));
    let who = Principal::User(carol.clone());
    let visible = story.catalog.visible_to(&who);
    assert_eq!(visible.about_privileges_of([]), Question::OwnPrivileges);
    assert_eq!(visible.about_privileges_of([&carol]), Question::OwnPrivileges);
    assert_eq!(visible.about_privileges_of([&carol, &dave]), Question::PrivilegesOfUsers);
    let system = story.catalog.visible_to(&Principal::System);
    assert_eq!(system.about_privileges_of([]), Question::PrivilegesOfUsers);
    assert_eq!(visible.meant_by([]).collect::<Vec<_>>(), [&carol]);
    assert_eq!(visible.meant_by([&dave]).collect::<Vec<_>>(), [&dave]);
    assert_eq!(system.meant_by([]).count(), 0);
}

#[test]
fn tags_are_seen_with_a_privilege_of_their_own_only() {
    let mut story = Story::new();
    story.grant("carol", Privilege::Dbms(DbmsAction::UserManagement));
    let may = |story: &Story, question| story.catalog.visible_to(&Principal::User(user("carol"))).may_ask(question);
    assert!(may(&story, Question::Users) && may(&story, Question::CurrentUser));
    assert!(!may(&story, Question::UserTags));
    story.grant("carol", Privilege::Dbms(DbmsAction::ShowUserMetadata));
    assert!(may(&story, Question::UserTags));
}

#[test]
fn a_name_is_used_by_access_to_what_it_stands_for() {
    let mut story = Story::new();
    let used = |story: &Story| story.which("carol", NAMES, |visible, name| visible.may_use(&named(name)));
    assert_eq!(used(&story), ["system"]);
    story.grant("carol", access("alpha"));
    assert_eq!(used(&story), ["alpha", "films", "system"]);
    story.grant("carol", access("garden"));
    assert_eq!(used(&story), ["alpha", "films", "garden", "garden.films", "system"]);
    story.grant("carol", access("garden.far"));
    assert_eq!(used(&story), ["alpha", "films", "garden", "garden.far", "garden.films", "system"]);
    story.deny("carol", access("garden"));
    assert_eq!(used(&story), ["alpha", "films", "system"]);
    story.suspend("carol");
    assert_eq!(used(&story), [""; 0]);
}

#[test]
fn hidden_and_missing_names_give_one_answer() {
    let mut story = Story::new();
    story.grant("carol", access("garden"));
    let anonymous = |text: String, name: &str| text.replace(name, "*");
    let who = Principal::User(user("carol"));
    let expected = anonymous(format!("{:?}", story.resolve("carol", None, "missing", None)), "missing");
    let explained = |story: &Story, name: &str| {
        let explanation = story.catalog.visible_to(&who).explain(&user("carol"), &named(name)).unwrap();
        anonymous(format!("{explanation:?}"), name)
    };
    let missing = explained(&story, "missing");
    for name in ["alpha", "beta", "films", "books", "far"] {
        assert_eq!(anonymous(format!("{:?}", story.resolve("carol", None, name, None)), name), expected);
        assert_eq!(explained(&story, name), missing);
    }
    for name in ["garden.far", "garden.films"] {
        let answer = anonymous(format!("{:?}", story.resolve("carol", None, name, Some("garden"))), name);
        assert_eq!(answer, expected);
        assert_eq!(explained(&story, name), missing);
    }
    let seen = story.which("carol", NAMES, |visible, name| visible.sees(&named(name)));
    assert_eq!(seen, ["garden", "system"]);
}

#[test]
fn the_database_of_a_local_alias_is_seen_by_those_who_see_the_database() {
    let mut story = Story::new();
    story.grant("carol", Privilege::Dbms(DbmsAction::ShowAlias));
    let sees = |story: &Story| {
        let databases = ["alpha", "beta", "garden", "system"];
        story.which("carol", &databases, |visible, name| visible.sees_database(&DatabaseName::stored(name).unwrap()))
    };
    // The alias is seen, where it leads is not.
    let aliases = ["films", "far", "garden.far", "garden.films"];
    let seen = story.which("carol", &aliases, |visible, name| visible.sees_alias(&AliasName::new(name).unwrap()));
    assert_eq!(seen, aliases);
    assert_eq!(sees(&story), ["system"]);
    story.grant("carol", access("alpha"));
    assert_eq!(sees(&story), ["alpha", "system"]);
}

#[test]
fn who_administers_databases_sees_those_of_the_kind() {
    let sees = |privilege: DbmsAction| {
        let mut story = Story::new();
        story.grant("carol", Privilege::Dbms(privilege));
        story.which("carol", NAMES, |visible, name| visible.sees(&named(name)))
    };
    for privilege in super::ADMINISTERS_STANDARD {
        assert_eq!(sees(*privilege), ["alpha", "beta", "system"], "{privilege:?}");
    }
    for privilege in [DbmsAction::CompositeDatabaseManagement].iter().chain(super::ADMINISTERS_COMPOSITE) {
        assert_eq!(sees(*privilege), ["garden", "system"], "{privilege:?}");
    }
    // It suffices for aliases as well, by the policy.
    let everything: Vec<_> = NAMES.iter().copied().filter(|name| *name != "missing").collect();
    assert_eq!(sees(DbmsAction::DatabaseManagement), everything);
    assert_eq!(sees(DbmsAction::SetDatabaseDefaultLanguage), ["system"]);
}

#[test]
fn credentials_take_a_privilege_that_nothing_implies() {
    let mut story = Story::new();
    story.grant("carol", Privilege::Dbms(DbmsAction::All));
    story.grant("carol", Privilege::Database(DatabaseAction::All, DatabaseScope::All));
    let who = Principal::User(user("carol"));
    let may = |story: &Story, alias: &str| story.catalog.visible_to(&who).receive_credentials(&named(alias)).is_ok();
    assert!(!may(&story, "far"));
    story.grant("carol", Privilege::ResolveAlias(named("far")));
    assert!(may(&story, "far") && !may(&story, "near") && !may(&story, "missing"));
    story.grant("carol", Privilege::Dbms(DbmsAction::ResolveAlias));
    assert!(may(&story, "far") && may(&story, "near") && may(&story, "missing"));
    story.deny("carol", Privilege::ResolveAlias(named("near")));
    assert!(may(&story, "far") && !may(&story, "near"));
}

#[test]
fn one_who_acts_for_others_knows_what_they_may_use() {
    let mut story = Story::new();
    story.grant("carol", access("far"));
    story.grant("dave", impersonate("carol"));
    let knows = |story: &Story| story.which("dave", NAMES, |visible, name| visible.knows(&named(name)));
    assert_eq!(knows(&story), ["far", "system"]);
    // That is no reason to list it.
    assert_eq!(story.which("dave", NAMES, |visible, name| visible.sees(&named(name))), ["system"]);
    let users = ["admin", "carol", "dave"];
    let knows_users = |story: &Story| story.which("dave", &users, |visible, name| visible.knows_user(&user(name)));
    assert_eq!(knows_users(&story), ["carol", "dave"]);
    let roles = ["PUBLIC", "admin", "carol", "dave"];
    let knows_roles = |story: &Story| story.which("dave", &roles, |visible, name| visible.knows_role(&role(name)));
    assert_eq!(knows_roles(&story), ["PUBLIC", "carol", "dave"]);
    story.suspend("dave");
    assert_eq!(knows(&story), [""; 0]);
    assert_eq!(knows_users(&story), ["dave"]);
}

#[test]
fn a_denial_of_one_user_holds_for_one_who_acts_for_everybody() {
    let mut story = Story::new();
    story.grant("dave", Privilege::Impersonate(UserScope::All));
    story.grant("carol", access("far"));
    let knows = |story: &Story| story.which("dave", NAMES, |visible, name| visible.knows(&named(name)));
    assert_eq!(knows(&story).len(), NAMES.len() - 1, "all but the missing one");
    story.deny("dave", impersonate("carol"));
    story.deny("admin", access("far"));
    assert!(story.resolve("dave", Some("carol"), "far", None).is_err());
    assert!(!knows(&story).contains(&"far"), "only carol could use it");
    assert!(knows(&story).contains(&"beta"), "the administrator can use it");
    let dave = Principal::User(user("dave"));
    assert!(!story.catalog.visible_to(&dave).knows_user(&user("carol")));
    assert!(story.catalog.visible_to(&dave).knows_user(&user("admin")));
    assert!(!story.catalog.visible_to(&dave).knows_role(&role("carol")));
    // Denied ALL DBMS PRIVILEGES, one may impersonate nobody.
    story.deny("dave", Privilege::Dbms(DbmsAction::All));
    assert_eq!(knows(&story), ["system"]);
    assert!(!story.catalog.visible_to(&dave).knows_user(&user("admin")));
}

#[test]
fn a_watch_tells_of_databases_to_those_who_list_them() {
    let mut story = Story::new();
    story.grant("carol", Privilege::Dbms(DbmsAction::CreateDatabase));
    story.grant("dave", Privilege::Dbms(DbmsAction::CompositeDatabaseManagement));
    let create = |name: &str, composite| {
        Command::Open(OpenCommand::CreateDatabase {
            name: DatabaseName::new(name).unwrap(),
            mode: CreateMode::Fail,
            composite,
            default_language: None,
        })
    };
    story.run(create("gamma", false));
    let created = |name: &str| [(WatchSubject::Database, name.to_owned(), WatchKind::Created)];
    assert_eq!((story.events_for("carol"), story.events_for("dave")), (created("gamma").to_vec(), Vec::new()));
    story.run(create("yard", true));
    assert_eq!((story.events_for("carol"), story.events_for("dave")), (Vec::new(), created("yard").to_vec()));
}

#[test]
fn a_suspended_watcher_hears_of_itself_only() {
    let mut story = Story::new();
    story.grant("dave", Privilege::Impersonate(UserScope::All));
    story.suspend("dave");
    assert_eq!(story.events_for("dave"), [(WatchSubject::User, "dave".to_owned(), WatchKind::Altered)]);
    story.local("films", "beta");
    assert_eq!(story.events_for("dave"), []);
    story.suspend("carol");
    assert_eq!(story.events_for("dave"), []);
}

#[test]
fn what_ones_home_stands_for_is_told_where_it_may_be_known() {
    let mut story = Story::new();
    story.settle("carol", "books");
    story.grant("carol", access("alpha"));
    let stands_for = |story: &Story, who: &str| {
        let who = Principal::User(user(who));
        let told = story.catalog.visible_to(&who).privileges_of(&user("carol")).unwrap();
        told.home.unwrap().stands_for.map(|name| name.to_string())
    };
    let explained = |story: &Story| {
        let who = Principal::User(user("carol"));
        let explanation = story.catalog.visible_to(&who).explain(&user("carol"), &named("films")).unwrap();
        let homes = explanation.rules.into_iter().filter_map(|rule| match rule {
            Rule::Home { home, stands_for, .. } => Some((home.to_string(), stands_for.map(|name| name.to_string()))),
            _ => None,
        });
        homes.collect::<Vec<_>>()
    };
    assert_eq!(stands_for(&story, "carol"), None);
    assert_eq!(explained(&story), [("books".to_owned(), None)]);
    assert_eq!(stands_for(&story, "admin").as_deref(), Some("beta"));
    story.grant("carol", access("beta"));
    assert_eq!(stands_for(&story, "carol").as_deref(), Some("beta"));
    assert_eq!(explained(&story), [("books".to_owned(), Some("beta".to_owned()))]);
}

#[test]
fn effective_privileges_of_others_take_privileges_and_an_existing_user() {
    let mut story = Story::new();
    let dave = Principal::User(user("dave"));
    let of = |story: &Story, name: &str| {
        story.catalog.visible_to(&Principal::User(user("dave"))).privileges_of(&user(name)).map(|told| told.roles)
    };
    assert_eq!(of(&story, "dave").unwrap(), [RoleName::public(), role("dave")]);
    // Whether there is such a user is not told.
    assert_eq!(of(&story, "carol").unwrap_err(), of(&story, "nobody").unwrap_err());
    assert!(story.catalog.visible_to(&dave).explain(&user("carol"), &named("alpha")).is_err());
    story.grant("dave", Privilege::Dbms(DbmsAction::ShowPrivilege));
    story.grant("dave", Privilege::Dbms(DbmsAction::ShowUser));
    assert_eq!(of(&story, "carol").unwrap(), [RoleName::public(), role("carol")]);
    assert!(matches!(of(&story, "nobody"), Err(Rejection::UserNotFound { .. })));
    assert!(story.catalog.visible_to(&dave).explain(&user("carol"), &named("alpha")).is_err());
    story.grant("dave", Privilege::Dbms(DbmsAction::ShowAlias));
    let explained = story.catalog.visible_to(&dave).explain(&user("carol"), &named("alpha")).unwrap();
    assert_eq!(explained, story.catalog.explain_access(&user("carol"), &named("alpha")));
    // About a user that does not exist nobody is told to log in as another one.
    let verdict = story.catalog.visible_to(&dave).explain(&user("nobody"), &named("alpha")).unwrap().verdict;
    let refusal = verdict.unwrap_err();
    assert_eq!((refusal.code().code, refusal.hint()), ("USER_NOT_FOUND", ""));
    assert_eq!(refusal.to_string(), "Failed to explain the access of user 'nobody': User does not exist.");
}
