//! Which changes a watcher is told of, judged by the privileges just before and just after the entry that made them.
//!
//! A watcher learns of what it, or a user that it may impersonate, could reach before or can reach after. It never
//! learns the name of anything else. What a revoke takes away is reported, since it was reachable before.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use aliasd_catalog::{
    Action, Catalog, CatalogName, Change, DatabaseName, DbmsAction, Grant, GrantEffect, Principal, Privilege, Record,
    RecordKey, RoleName, UserName, UserScope,
};

use aliasd_replica::AppliedEntry;

/// One thing that changed, as a watcher is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What kind of thing changed.
    pub subject: Subject,
    /// Its name; empty for [`Subject::Settings`].
    pub name: String,
    /// What happened to it.
    pub kind: Kind,
}

/// What kind of thing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// An alias, local or remote.
    Alias,
    /// A database of this DBMS.
    Database,
    /// A user, or what it may do.
    User,
    /// A role, or what it allows.
    Role,
    /// The default database or the policy of the cluster.
    Settings,
}

/// What happened to it. Of two steps on one subject, the greater is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It is as it was; who may use it, or what it may do, is not.
    AccessChanged,
    /// It is another now.
    Altered,
    /// It is new, or in the place of one that was dropped by the same statement.
    Created,
    /// It is gone.
    Dropped,
}

/// Who watches, and what.
#[derive(Clone, Debug)]
pub(crate) struct Watcher {
    pub(crate) user: UserName,
    /// Only these aliases and databases; none means all.
    pub(crate) names: Option<BTreeSet<CatalogName>>,
}

impl Watcher {
    /// What the watcher is told of an entry, each subject once, in the order of subjects and names.
    pub(crate) fn events(&self, applied: &AppliedEntry) -> Vec<Event> {
        let scopes = [Scope::of(&self.user, &applied.before), Scope::of(&self.user, &applied.after)];
        let mut events: BTreeMap<(Subject, String), Kind> = BTreeMap::new();
        for change in &applied.changes {
            if let Some(Event { subject, name, kind }) = self.event(change, &scopes) {
                let reported = events.entry((subject, name)).or_insert(kind);
                *reported = (*reported).max(kind);
            }
            if let Some(home) = moved_home(change, applied) {
                self.tell_home(&home, &scopes, &mut events);
            }
        }
        events.into_iter().map(|((subject, name), kind)| Event { subject, name, kind }).collect()
    }

    fn event(&self, change: &Change, scopes: &[Scope<'_>; 2]) -> Option<Event> {
        let known = |knows: &dyn Fn(&Scope<'_>) -> bool| scopes.iter().any(knows);
        let (subject, name, kind) = match &change.key {
            RecordKey::Alias(alias) => {
                let name = CatalogName::from(alias);
                let told = self.wants(&name) && known(&|scope| scope.reaches(&name, DbmsAction::ShowAlias));
                told.then(|| (Subject::Alias, alias.to_string(), step(change)))?
            }
            RecordKey::Database(database) => {
                let name = CatalogName::from(database);
                let wanted = self.wants(&name) || scopes.iter().any(|scope| self.wants_alias_of(database, scope));
                let told = wanted && known(&|scope| scope.reaches(&name, DbmsAction::DatabaseManagement));
                told.then(|| (Subject::Database, database.to_string(), step(change)))?
            }
            RecordKey::User(user) => {
                known(&|scope| scope.acts_for(user)).then(|| (Subject::User, user.to_string(), step(change)))?
            }
            RecordKey::Membership(user, _) => {
                known(&|scope| scope.acts_for(user)).then(|| (Subject::User, user.to_string(), Kind::AccessChanged))?
            }
            RecordKey::Role(role) => {
                known(&|scope| scope.counts(role)).then(|| (Subject::Role, role.to_string(), step(change)))?
            }
            RecordKey::Grant(grant) => {
                let role = &grant.role;
                known(&|scope| scope.counts(role)).then(|| (Subject::Role, role.to_string(), Kind::AccessChanged))?
            }
            RecordKey::Meta => routing_changed(change).then(|| (Subject::Settings, String::new(), step(change)))?,
            RecordKey::Request(_) => return None,
        };
        Some(Event { subject, name, kind })
    }

    /// Tells that what a name stands for has changed to those who are at home there: their privileges on the home
    /// concern something else now.
    fn tell_home(&self, home: &CatalogName, scopes: &[Scope<'_>; 2], events: &mut BTreeMap<(Subject, String), Kind>) {
        for scope in scopes {
            if scope.catalog.meta().is_some_and(|meta| meta.default_database == *home) {
                events.entry((Subject::Settings, String::new())).or_insert(Kind::AccessChanged);
            }
            for user in scope.catalog.users_at_home(home).filter(|user| scope.acts_for(user)) {
                events.entry((Subject::User, user.to_string())).or_insert(Kind::AccessChanged);
            }
        }
    }

    fn wants(&self, name: &CatalogName) -> bool {
        self.names.as_ref().is_none_or(|names| names.contains(name))
    }

    /// Whether a local alias that leads to the database is wanted by name.
    fn wants_alias_of(&self, database: &DatabaseName, scope: &Scope<'_>) -> bool {
        scope.catalog.aliases_of(database).any(|alias| self.wants(&alias.into()))
    }
}

/// The name of the changed database or alias, if it stands for something else now.
fn moved_home(change: &Change, applied: &AppliedEntry) -> Option<CatalogName> {
    let name = match &change.key {
        RecordKey::Alias(alias) => CatalogName::from(alias),
        RecordKey::Database(database) => CatalogName::from(database),
        _ => return None,
    };
    (applied.before.privilege_target(&name) != applied.after.privilege_target(&name)).then_some(name)
}

fn step(change: &Change) -> Kind {
    match (&change.before, &change.after) {
        (None, _) => Kind::Created,
        (Some(_), None) => Kind::Dropped,
        (Some(_), Some(_)) => Kind::Altered,
    }
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

/// What a user may know of as of one revision. Most entries concern few watchers, so it is worked out when needed.
struct Scope<'a> {
    catalog: &'a Catalog,
    user: &'a UserName,
    principal: Principal,
    reach: OnceCell<Reach>,
}

/// For whom a user may ask.
struct Reach {
    /// On behalf of everybody.
    anyone: bool,
    /// For itself, and on behalf of the users that it may impersonate by name.
    behalf: BTreeSet<UserName>,
}

impl<'a> Scope<'a> {
    fn of(user: &'a UserName, catalog: &'a Catalog) -> Self {
        Self { catalog, user, principal: Principal::User(user.clone()), reach: OnceCell::new() }
    }

    fn reach(&self) -> &Reach {
        self.reach.get_or_init(|| {
            let grants = self.catalog.effective_grants(self.user);
            let may_impersonate =
                |user: &UserName| self.catalog.authorise(&self.principal, &Action::Impersonate(user.clone())).is_ok();
            let named = |grant: &Grant| match &grant.privilege {
                Privilege::Impersonate(UserScope::Named(user)) => may_impersonate(user).then(|| user.clone()),
                _ => None,
            };
            let all = |effect| {
                let privilege = Privilege::Impersonate(UserScope::All);
                grants.iter().any(|grant| grant.privilege == privilege && grant.effect == effect)
            };
            let granted = all(GrantEffect::Granted) || self.may(DbmsAction::All);
            Reach {
                anyone: granted && !all(GrantEffect::Denied),
                behalf: grants.iter().filter_map(named).chain([self.user.clone()]).collect(),
            }
        })
    }

    fn may(&self, action: DbmsAction) -> bool {
        self.catalog.authorise(&self.principal, &Action::Dbms(action)).is_ok()
    }

    /// Whether a route under this name may be known: to whom it may be resolved for, or to one who lists all names.
    fn reaches(&self, name: &CatalogName, listing: DbmsAction) -> bool {
        let access = |user: &UserName| {
            self.catalog.authorise(&Principal::User(user.clone()), &Action::Access(name.clone())).is_ok()
        };
        self.reach().anyone || self.reach().behalf.iter().any(access) || self.may(listing)
    }

    /// Whether routes may have been resolved for this user.
    fn acts_for(&self, user: &UserName) -> bool {
        self.reach().anyone || self.reach().behalf.contains(user) || self.may(DbmsAction::ShowUser)
    }

    /// Whether the role counts for somebody that routes may have been resolved for, or whose privileges may be listed.
    fn counts(&self, role: &RoleName) -> bool {
        let held = |user: &UserName| role.is_public() || self.catalog.is_member(user, role);
        let listed = || self.may(DbmsAction::ShowRole) || self.may(DbmsAction::ShowPrivilege);
        self.reach().anyone || self.reach().behalf.iter().any(held) || listed()
    }
}

#[cfg(test)]
mod tests;
