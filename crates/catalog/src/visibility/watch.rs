//! What a watcher is told of an entry, judged by the privileges just before and just after it.
//!
//! A watcher learns of what it, or a user that it may act for, could see or use before, or can after. It never learns the
//! name of anything else. What a revoke takes away is told, since it could be reached before.

use std::collections::{BTreeMap, BTreeSet};

use super::Visibility;
use super::reach::acts_for_everybody;
use crate::{
    Catalog, CatalogName, Change, DatabaseName, GrantEffect, Principal, Privilege, Record, RecordKey, User, UserName,
    UserScope,
};

/// One thing that changed, as a watcher is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchEvent {
    /// What kind of thing.
    pub subject: WatchSubject,
    /// Its name; empty for [`WatchSubject::Settings`].
    pub name: String,
    /// What happened to it.
    pub kind: WatchKind,
}

/// What kind of thing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WatchSubject {
    /// An alias, local or remote.
    Alias,
    /// A database of this DBMS.
    Database,
    /// A user, or what it may do.
    User,
    /// A role, or what it allows and denies.
    Role,
    /// The default database or the policy of the cluster.
    Settings,
}

/// What happened to it. Of two steps on one subject, the greater is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WatchKind {
    /// It is as it was; who may use it, or what it may do, is not.
    AccessChanged,
    /// It is another now.
    Altered,
    /// It is new.
    Created,
    /// It is gone.
    Dropped,
}

/// Who watches, and what.
#[derive(Clone, Debug)]
pub struct Watcher {
    /// The user that is told.
    pub user: UserName,
    /// Only these aliases and databases; none means all.
    pub names: Option<BTreeSet<CatalogName>>,
}

/// What is told, each subject once, in the order of subjects and names.
type Events = BTreeMap<(WatchSubject, String), WatchKind>;

/// An entry that was applied, and what the watcher may know on both sides of it.
struct Step<'a> {
    before: &'a Catalog,
    after: &'a Catalog,
    sides: [Visibility<'a>; 2],
}

// === impl Watcher ===

impl Watcher {
    /// What the watcher is told of an entry that turned `before` into `after` by these changes.
    pub fn events(&self, before: &Catalog, changes: &[Change], after: &Catalog) -> Vec<WatchEvent> {
        let who = Principal::User(self.user.clone());
        let step = Step { before, after, sides: [before.visible_to(&who), after.visible_to(&who)] };
        let mut events = Events::new();
        for change in changes {
            if let Some((subject, name, kind)) = self.event(change, &step) {
                let reported = events.entry((subject, name)).or_insert(kind);
                *reported = (*reported).max(kind);
            }
            if let Some(home) = moved_home(change, &step) {
                add_home(&home, &step, &mut events);
            }
        }
        events.into_iter().map(|((subject, name), kind)| WatchEvent { subject, name, kind }).collect()
    }

    /// How many lookups [`Watcher::events`] may take, for whoever has to choose where to make them. Counts no further than
    /// a little beyond `limit`.
    pub fn lookups(&self, before: &Catalog, changes: &[Change], after: &Catalog, limit: usize) -> usize {
        if changes.len() > limit {
            return changes.len();
        }
        [before, after].iter().fold(changes.len(), |lookups, side| {
            if lookups > limit { lookups } else { lookups + self.lookups_in(side, changes, limit) }
        })
    }

    fn lookups_in(&self, catalog: &Catalog, changes: &[Change], limit: usize) -> usize {
        let mut lookups = catalog.roles_of(&self.user).take(limit + 1).count();
        if lookups > limit {
            return lookups;
        }
        let (mut acted_for, mut excepted) = (0, false);
        let roles = catalog.effective_roles(&self.user);
        for (grant, _) in roles.iter().flat_map(|role| catalog.grants_of(role)).take(limit + 1) {
            lookups += 1;
            if let Privilege::Impersonate(UserScope::Named(user)) = &grant.privilege {
                // Whoever the watcher may act for by name may have to be looked at for every change.
                acted_for += judging([user], catalog, limit);
                excepted |= grant.effect == GrantEffect::Denied;
            }
        }
        // One who acts for everybody but somebody may have to look at all users, to the last if none of them will do.
        let everybody = excepted && acts_for_everybody(catalog, &self.user);
        let candidates = if everybody { judging(catalog.users().map(|(user, _)| user), catalog, limit) } else { 0 };
        for change in changes {
            if lookups > limit {
                break;
            }
            lookups += acted_for;
            if let Some(name) = changed_name(change) {
                lookups += candidates + catalog.users_at_home(&name).take(limit + 1).count();
            }
            if let (RecordKey::Database(database), Some(_)) = (&change.key, &self.names) {
                lookups += catalog.aliases_of(database).take(limit + 1).count();
            }
        }
        lookups
    }

    fn event(&self, change: &Change, step: &Step<'_>) -> Option<(WatchSubject, String, WatchKind)> {
        let known = |knows: &dyn Fn(&Visibility<'_>) -> bool| step.sides.iter().any(knows);
        let (subject, name, kind, may_know) = match &change.key {
            RecordKey::Alias(alias) => {
                let name = CatalogName::from(alias);
                let may_know = self.wants(&name) && known(&|side| side.knows(&name));
                (WatchSubject::Alias, alias.to_string(), kind_of(change), may_know)
            }
            RecordKey::Database(database) => {
                let name = CatalogName::from(database);
                let wanted = self.wants(&name) || self.wants_alias_of(database, step);
                let may_know = wanted && known(&|side| side.knows(&name));
                (WatchSubject::Database, database.to_string(), kind_of(change), may_know)
            }
            RecordKey::User(_) if only_ends_a_token(change) => return None,
            RecordKey::User(user) => {
                (WatchSubject::User, user.to_string(), kind_of(change), known(&|side| side.knows_user(user)))
            }
            RecordKey::RoleAssignment(user, _) => {
                (WatchSubject::User, user.to_string(), WatchKind::AccessChanged, known(&|side| side.knows_user(user)))
            }
            RecordKey::Role(role) => {
                (WatchSubject::Role, role.to_string(), kind_of(change), known(&|side| side.knows_role(role)))
            }
            RecordKey::Grant(grant) => {
                let may_know = known(&|side| side.knows_role(&grant.role));
                (WatchSubject::Role, grant.role.to_string(), WatchKind::AccessChanged, may_know)
            }
            RecordKey::Meta => (WatchSubject::Settings, String::new(), kind_of(change), routing_changed(change)),
            // Operators look at the members, and are told of them by the status of the cluster.
            RecordKey::Request(_) | RecordKey::Members => return None,
        };
        may_know.then_some((subject, name, kind))
    }

    fn wants(&self, name: &CatalogName) -> bool {
        self.names.as_ref().is_none_or(|names| names.contains(name))
    }

    /// Whether a local alias that leads or led to the database is wanted by name.
    fn wants_alias_of(&self, database: &DatabaseName, step: &Step<'_>) -> bool {
        let wanted = |catalog: &Catalog| catalog.aliases_of(database).any(|alias| self.wants(&alias.into()));
        wanted(step.before) || wanted(step.after)
    }
}

/// The name of the database or alias that changed, if one did.
fn changed_name(change: &Change) -> Option<CatalogName> {
    match &change.key {
        RecordKey::Alias(alias) => Some(CatalogName::from(alias)),
        RecordKey::Database(database) => Some(CatalogName::from(database)),
        _ => None,
    }
}

/// The name of the changed database or alias, if it stands for something else now.
fn moved_home(change: &Change, step: &Step<'_>) -> Option<CatalogName> {
    let name = changed_name(change)?;
    (step.before.privilege_target(&name) != step.after.privilege_target(&name)).then_some(name)
}

/// Tells that what a name stands for has changed to those who are at home there: their privileges on the home concern
/// something else now. The name itself is not told.
fn add_home(home: &CatalogName, step: &Step<'_>, events: &mut Events) {
    for (catalog, side) in [step.before, step.after].into_iter().zip(&step.sides) {
        if catalog.meta().is_some_and(|meta| meta.default_database == *home) {
            events.entry((WatchSubject::Settings, String::new())).or_insert(WatchKind::AccessChanged);
        }
        for user in catalog.users_at_home(home).filter(|user| side.knows_user(user)) {
            events.entry((WatchSubject::User, user.to_string())).or_insert(WatchKind::AccessChanged);
        }
    }
}

/// How many lookups it takes to say what each of these users may use: one, and one for each role. Not counted much beyond
/// `limit`.
fn judging<'u>(users: impl IntoIterator<Item = &'u UserName>, catalog: &Catalog, limit: usize) -> usize {
    let mut lookups = 0;
    for user in users {
        if lookups > limit {
            break;
        }
        lookups += 1 + catalog.roles_of(user).take(limit).count();
    }
    lookups
}

fn kind_of(change: &Change) -> WatchKind {
    match (&change.before, &change.after) {
        (None, _) => WatchKind::Created,
        (Some(_), None) => WatchKind::Dropped,
        (Some(_), Some(_)) => WatchKind::Altered,
    }
}

/// A login token that was ended concerns whoever has it, which is told so with its next call, and changes nothing that anybody
/// may see of the user.
fn only_ends_a_token(change: &Change) -> bool {
    let (Some(Record::User(before)), Some(Record::User(after))) = (&change.before, &change.after) else { return false };
    User { ended_tokens: after.ended_tokens.clone(), ..User::clone(before) } == **after
}

/// A change of the sealing key alone changes no route.
fn routing_changed(change: &Change) -> bool {
    match (&change.before, &change.after) {
        (Some(Record::Meta(before)), Some(Record::Meta(after))) => {
            before.default_database != after.default_database || before.policy != after.policy
        }
        _ => true,
    }
}
