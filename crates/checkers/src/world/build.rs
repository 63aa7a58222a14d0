//! From requests to facts: what each of them changes, as far as the history tells.
//!
//! What was asked for and may never have happened is a possible value like any other.

use std::collections::BTreeSet;

use super::register::{Entry, Register};
use super::{Fact, Kind, Value, World, unmentioned};
use crate::history::{Command, CreateMode, Destination, Event, GrantKind, History, Privilege, Setup};
use crate::writes::{Fate, Request};

/// Who and what may be affected by a command that names one side only.
#[derive(Default)]
struct Named {
    users: BTreeSet<String>,
    roles: BTreeSet<String>,
    grants: BTreeSet<(String, GrantKind, Privilege)>,
}

/// Takes in what there was before the first event, and every request.
pub(super) fn fill(world: &mut World<'_>, history: &History) {
    let mut named = Named::default();
    for (_, event) in history.numbered() {
        if let Event::Setup(setup) = event {
            begin(world, setup, &mut named);
        }
    }
    for request in &world.requests {
        collect(request.command, &mut named);
    }
    for (role, _, privilege) in &named.grants {
        world.roles_with.entry(privilege.clone()).or_default().insert(role.clone());
    }
    for at in 0..world.requests.len() {
        let request = &world.requests[at];
        if !request.may_have_effect() {
            continue;
        }
        let (acked, revision, updates) = match request.fate {
            Fate::Done { acked, written } => (Some(acked), written.revision, Some(written.updates)),
            Fate::Refused { .. } | Fate::Unknown => (None, None, None),
        };
        let (line, start) = (request.line(), request.begin);
        // Nobody can have been shown it, or anything later, before it began.
        let (after, _) = world.shown.before(start);
        let revisions = (revision, after);
        for (fact, value) in effects(request, revisions, updates, &named) {
            put(world, fact, Entry { line, begin: start, acked, revision, after, value });
        }
    }
    world.facts.values_mut().for_each(Register::finish);
    world.users = named.users;
}

fn put(world: &mut World<'_>, fact: Fact, entry: Entry<Value>) {
    let initial = unmentioned(&fact);
    world.facts.entry(fact).or_insert_with(|| Register::new(initial, 0)).add(entry);
}

fn begin(world: &mut World<'_>, setup: &Setup, named: &mut Named) {
    let mut set = |fact: Fact, value: Value| world.facts.insert(fact, Register::new(value, setup.revision));
    for name in &setup.databases {
        set(Fact::Kind(name.clone()), Value::Kind(Kind::Database));
        set(Fact::Version(name.clone()), Value::Any);
    }
    for alias in &setup.aliases {
        for (fact, value) in led_to(&alias.name, &alias.destination) {
            set(fact, value);
        }
        set(Fact::Version(alias.name.clone()), Value::Revision(alias.version));
    }
    for user in &setup.users {
        set(Fact::Active(user.name.clone()), Value::Flag(!user.suspended));
        set(Fact::Password(user.name.clone()), tag(user.password.as_ref()));
        for role in &user.roles {
            set(Fact::Member(user.name.clone(), role.clone()), Value::Flag(true));
        }
    }
    for grant in &setup.grants {
        set(Fact::Grant(grant.role.clone(), grant.kind, grant.privilege.clone()), Value::Flag(true));
        named.grants.insert((grant.role.clone(), grant.kind, grant.privilege.clone()));
    }
    for user in &setup.users {
        named.users.insert(user.name.clone());
        named.roles.extend(user.roles.iter().cloned());
    }
}

fn collect(command: &Command, named: &mut Named) {
    match command {
        Command::CreateUser { name, .. } => {
            named.users.insert(name.clone());
        }
        Command::RenameUser { to, .. } => {
            named.users.insert(to.clone());
        }
        Command::GrantRole { role, .. } => {
            named.roles.insert(role.clone());
        }
        Command::Assign { kind, privilege, role } => {
            named.grants.insert((role.clone(), *kind, privilege.clone()));
        }
        _ => {}
    }
}

fn tag(tag: Option<&String>) -> Value {
    tag.map_or(Value::Nothing, |tag| Value::Text(tag.clone()))
}

/// What it says of an alias that it leads there.
fn led_to(name: &str, destination: &Destination) -> Vec<(Fact, Value)> {
    let name = || name.to_owned();
    let text = |text: &String| Value::Text(text.clone());
    match destination {
        Destination::Local { database } => {
            vec![(Fact::Kind(name()), Value::Kind(Kind::Local)), (Fact::Database(name()), text(database))]
        }
        Destination::Remote { database, url, user, credential } => vec![
            (Fact::Kind(name()), Value::Kind(Kind::Remote)),
            (Fact::Database(name()), text(database)),
            (Fact::Url(name()), text(url)),
            (Fact::RemoteUser(name()), text(user)),
            (Fact::Credential(name()), tag(credential.as_ref())),
        ],
    }
}

/// Everything that a request sets, if it takes effect, at its revision or at one after that one. Without the number of updates, whatever it may set.
fn effects(
    request: &Request<'_>,
    (revision, after): (Option<u64>, u64),
    updates: Option<u64>,
    named: &Named,
) -> Vec<(Fact, Value)> {
    let version = |name: &String| (Fact::Version(name.clone()), revision.map_or(Value::After(after), Value::Revision));
    let replaces = |mode: CreateMode| mode == CreateMode::OrReplace && updates != Some(1);
    let mut effects = Vec::new();
    match request.command {
        Command::CreateAlias { name, destination, mode } => {
            effects.extend(led_to(name, destination));
            effects.push(version(name));
            effects.extend(replaces(*mode).then(|| named.lost_with_name(name)).into_iter().flatten());
        }
        Command::AlterAlias { name, database, url, user, credential } => {
            let mut set = |fact: fn(String) -> Fact, value: &Option<String>| {
                effects.extend(value.as_ref().map(|value| (fact(name.clone()), Value::Text(value.clone()))));
            };
            set(Fact::Database, database);
            set(Fact::Url, url);
            set(Fact::RemoteUser, user);
            set(Fact::Credential, credential);
            effects.push(version(name));
        }
        Command::CreateDatabase { name, mode } => {
            effects.push((Fact::Kind(name.clone()), Value::Kind(Kind::Database)));
            effects.push(version(name));
            effects.extend(replaces(*mode).then(|| named.lost_with_name(name)).into_iter().flatten());
        }
        Command::DropAlias { name } | Command::DropDatabase { name } => {
            effects.push((Fact::Kind(name.clone()), Value::Kind(Kind::Absent)));
            effects.extend(named.lost_with_name(name));
        }
        Command::CreateUser { name, password, suspended, mode } => {
            effects.push((Fact::Active(name.clone()), Value::Flag(!suspended)));
            effects.push((Fact::Password(name.clone()), tag(password.as_ref())));
            effects.extend(replaces(*mode).then(|| named.lost_with_user(name)).into_iter().flatten());
        }
        Command::AlterUser { name, suspended, password } => {
            effects.extend(suspended.map(|suspended| (Fact::Active(name.clone()), Value::Flag(!suspended))));
            let password = password.as_ref().map(|password| Value::Text(password.clone()));
            effects.extend(password.map(|password| (Fact::Password(name.clone()), password)));
        }
        Command::RenameUser { from, to } => effects.extend(named.renamed(from, to)),
        Command::DropUser { name } => {
            effects.push((Fact::Active(name.clone()), Value::Flag(false)));
            effects.push((Fact::Password(name.clone()), Value::Nothing));
            effects.extend(named.lost_with_user(name));
        }
        Command::CreateRole { name, mode } => {
            effects.extend(replaces(*mode).then(|| named.lost_with_role(name)).into_iter().flatten());
        }
        Command::DropRole { name } => effects.extend(named.lost_with_role(name)),
        Command::GrantRole { role, user } => {
            effects.push((Fact::Member(user.clone(), role.clone()), Value::Flag(true)));
        }
        Command::RevokeRole { role, user } => {
            effects.push((Fact::Member(user.clone(), role.clone()), Value::Flag(false)));
        }
        Command::Assign { kind, privilege, role } => {
            effects.push((Fact::Grant(role.clone(), *kind, privilege.clone()), Value::Flag(true)));
        }
        Command::Revoke { kind, privilege, role } => {
            let taken =
                [GrantKind::Granted, GrantKind::Denied].into_iter().filter(|one| kind.is_none_or(|kind| kind == *one));
            effects.extend(taken.map(|kind| (Fact::Grant(role.clone(), kind, privilege.clone()), Value::Flag(false))));
        }
        Command::EndToken { token } => effects.push((Fact::TokenEnded(token.clone()), Value::Flag(true))),
        Command::Other { .. } => {}
    }
    effects
}

// === impl Named ===

impl Named {
    /// The privileges that name an alias or database go with it, but for the denial of an alias's password: whoever makes the
    /// alias anew does not lift that.
    fn lost_with_name(&self, name: &str) -> Vec<(Fact, Value)> {
        let names = |privilege: &Privilege| match privilege {
            Privilege::Access { on } => on == name,
            Privilege::ResolveAlias { alias } => alias == name,
            Privilege::Impersonate { .. } | Privilege::AliasManagement => false,
        };
        let outlives = |kind, privilege: &Privilege| {
            kind == GrantKind::Denied && matches!(privilege, Privilege::ResolveAlias { .. })
        };
        let lost = self.grants.iter().filter(|(_, kind, privilege)| names(privilege) && !outlives(*kind, privilege));
        lost.map(|(role, kind, privilege)| gone(Fact::Grant(role.clone(), *kind, privilege.clone()))).collect()
    }

    fn lost_with_user(&self, user: &str) -> Vec<(Fact, Value)> {
        self.roles.iter().map(|role| gone(Fact::Member(user.to_owned(), role.clone()))).collect()
    }

    fn lost_with_role(&self, role: &str) -> Vec<(Fact, Value)> {
        let members = self.users.iter().map(|user| gone(Fact::Member(user.clone(), role.to_owned())));
        let grants = self.grants.iter().filter(|(of, ..)| of == role);
        let grants = grants.map(|(role, kind, privilege)| gone(Fact::Grant(role.clone(), *kind, privilege.clone())));
        members.chain(grants).collect()
    }

    /// Whoever is renamed stays who it is.
    fn renamed(&self, from: &str, to: &str) -> Vec<(Fact, Value)> {
        let mut effects = Vec::new();
        let mut moved = |fact: &dyn Fn(String) -> Fact, nothing: Value| {
            effects.push((fact(to.to_owned()), Value::As(Box::new(fact(from.to_owned())))));
            effects.push((fact(from.to_owned()), nothing));
        };
        moved(&Fact::Active, Value::Flag(false));
        moved(&Fact::Password, Value::Nothing);
        for role in &self.roles {
            moved(&|user| Fact::Member(user, role.clone()), Value::Flag(false));
        }
        effects
    }
}

fn gone(fact: Fact) -> (Fact, Value) {
    (fact, Value::Flag(false))
}
