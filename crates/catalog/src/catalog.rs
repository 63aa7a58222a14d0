//! The catalog itself: records in persistent ordered maps, the indexes over them, and the digest. A clone
//! costs a few reference counts and shares everything, so it serves as read view and as frozen snapshot.
//!
//! Records change in one place only, [`Catalog::put`]; the indexes and the digest follow there and can
//! never disagree with the records.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use rpds::RedBlackTreeMapSync as Map;

use crate::standing::{RoleStanding, Standings};
use crate::{
    Alias, AliasKind, AliasName, AuthId, AuthProvider, CatalogName, Change, Database, DatabaseKind, DatabaseName,
    Digest, Grant, MemberLedger, Meta, Record, RecordKey, RequestId, RequestRecord, Revision, Role, RoleAssignment,
    RoleName, Stamp, Timestamp, User, UserName,
};

/// Everything the cluster agreed on, as of some revision.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    meta: Option<Arc<Meta>>,
    databases: Map<DatabaseName, Arc<Database>>,
    aliases: Map<AliasName, Arc<Alias>>,
    users: Map<UserName, Arc<User>>,
    roles: Map<RoleName, Arc<Role>>,
    role_assignments: Map<(UserName, RoleName), RoleAssignment>,
    grants: Map<Arc<Grant>, Stamp>,
    requests: Map<RequestId, Arc<RequestRecord>>,
    members: Option<Arc<MemberLedger>>,
    // Indexes, derived from the records above.
    users_by_role: Map<(RoleName, UserName), ()>,
    standings: Standings,
    grants_by_name: Map<(CatalogName, Arc<Grant>), ()>,
    aliases_by_target: Map<(DatabaseName, AliasName), ()>,
    users_by_auth: Map<(AuthProvider, AuthId), UserName>,
    users_by_home: Map<(CatalogName, UserName), ()>,
    requests_by_revision: Map<Revision, RequestId>,
    digest: Digest,
    clock: Timestamp,
}

/// What has a name in the namespace of databases and aliases.
#[derive(Clone, Copy, Debug)]
pub enum Named<'a> {
    /// A database, with its name.
    Database(&'a DatabaseName, &'a Arc<Database>),
    /// An alias, with its name.
    Alias(&'a AliasName, &'a Arc<Alias>),
}

impl Catalog {
    /// What the cluster agreed on when it was formed; none before.
    pub fn meta(&self) -> Option<&Meta> {
        self.meta.as_deref()
    }

    /// The fingerprint of all records.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The time of the last entry. Never runs backwards.
    pub fn clock(&self) -> Timestamp {
        self.clock
    }

    /// Databases by name.
    pub fn databases(&self) -> impl Iterator<Item = (&DatabaseName, &Arc<Database>)> {
        self.databases.iter()
    }

    /// Aliases by name.
    pub fn aliases(&self) -> impl Iterator<Item = (&AliasName, &Arc<Alias>)> {
        self.aliases.iter()
    }

    /// How many aliases there are.
    pub fn alias_count(&self) -> usize {
        self.aliases.size()
    }

    /// Users by name.
    pub fn users(&self) -> impl Iterator<Item = (&UserName, &Arc<User>)> {
        self.users.iter()
    }

    /// Roles by name.
    pub fn roles(&self) -> impl Iterator<Item = (&RoleName, &Arc<Role>)> {
        self.roles.iter()
    }

    /// Every grant and denial, by role.
    pub fn grants(&self) -> impl Iterator<Item = (&Grant, Stamp)> {
        self.grants.iter().map(|(grant, created)| (&**grant, *created))
    }

    /// The database of this name.
    pub fn database(&self, name: &str) -> Option<&Arc<Database>> {
        self.databases.get(name)
    }

    /// The alias of this name.
    pub fn alias(&self, name: &str) -> Option<&Arc<Alias>> {
        self.aliases.get(name)
    }

    /// The user of this name.
    pub fn user(&self, name: &str) -> Option<&Arc<User>> {
        self.users.get(name)
    }

    /// The role of this name.
    pub fn role(&self, name: &str) -> Option<&Arc<Role>> {
        self.roles.get(name)
    }

    /// The user that an external provider knows by this id.
    pub fn user_by_auth(&self, provider: &AuthProvider, id: &AuthId) -> Option<&UserName> {
        self.users_by_auth.get(&(provider.clone(), id.clone()))
    }

    /// The users whose home database was set to this name, by name.
    pub fn users_at_home<'a>(&'a self, home: &'a CatalogName) -> impl Iterator<Item = &'a UserName> {
        let from = (home.clone(), UserName::lowest());
        let range = self.users_by_home.range(from..);
        range.take_while(move |((of, _), ())| of == home).map(|((_, user), ())| user)
    }

    /// What has this name, if anything has.
    pub fn find(&self, name: &CatalogName) -> Option<Named<'_>> {
        let database = self.databases.get_key_value(name.as_str());
        let alias = || self.aliases.get_key_value(name.as_str());
        database
            .map(|(name, database)| Named::Database(name, database))
            .or_else(|| alias().map(|(name, alias)| Named::Alias(name, alias)))
    }

    /// The name that privileges on `name` attach to: a local alias stands for its database, a remote alias
    /// and a database for themselves. None if nothing has the name.
    pub fn privilege_target(&self, name: &CatalogName) -> Option<CatalogName> {
        match self.find(name)? {
            Named::Database(database, _) => Some(database.into()),
            Named::Alias(own, alias) => Some(match &alias.kind {
                AliasKind::Local(database) => database.into(),
                AliasKind::Remote(_) => own.into(),
            }),
        }
    }

    /// The roles that a user was given, by name. `PUBLIC`, which every user has, is not among them.
    pub fn roles_of<'a>(&'a self, user: &'a UserName) -> impl Iterator<Item = &'a RoleName> {
        let from = (user.clone(), RoleName::lowest());
        self.role_assignments
            .range(from..)
            .take_while(move |((member, _), _)| member == user)
            .map(|((_, role), _)| role)
    }

    /// Whether a user was given a role.
    pub fn is_member(&self, user: &UserName, role: &RoleName) -> bool {
        self.role_assignments.contains_key(&(user.clone(), role.clone()))
    }

    /// The users that were given a role, by name.
    pub fn members_of<'a>(&'a self, role: &'a RoleName) -> impl Iterator<Item = &'a UserName> {
        let from = (role.clone(), UserName::lowest());
        self.users_by_role.range(from..).take_while(move |((of, _), ())| of == role).map(|((_, user), ())| user)
    }

    /// What a role is granted and denied.
    pub fn grants_of<'a>(&'a self, role: &'a RoleName) -> impl Iterator<Item = (&'a Grant, Stamp)> {
        let range = self.grants.range(Arc::new(Grant::lowest(role.clone()))..);
        range.take_while(move |(grant, _)| grant.role == *role).map(|(grant, created)| (&**grant, *created))
    }

    /// What a role is granted and denied, for deciding.
    pub(crate) fn standing_of(&self, role: &str) -> Option<&RoleStanding> {
        self.standings.of(role)
    }

    /// Whether exactly this grant or denial exists.
    pub(crate) fn holds_exactly(&self, grant: &Grant) -> bool {
        self.grants.contains_key(grant)
    }

    /// The grants and denials that name a database or remote alias.
    pub(crate) fn grants_naming(&self, name: &CatalogName) -> Vec<Arc<Grant>> {
        let from = (name.clone(), Arc::new(Grant::lowest(RoleName::lowest())));
        let range = self.grants_by_name.range(from..);
        range.take_while(|((of, _), ())| of == name).map(|((_, grant), ())| grant.clone()).collect()
    }

    /// The local aliases that lead to a database, by name.
    pub fn aliases_of<'a>(&'a self, database: &'a DatabaseName) -> impl Iterator<Item = &'a AliasName> {
        let from = (database.clone(), AliasName::lowest());
        let range = self.aliases_by_target.range(from..);
        range.take_while(move |((of, _), ())| of == database).map(|((_, alias), ())| alias)
    }

    /// The constituents of a composite database, by name.
    pub fn constituents_of<'a>(&'a self, composite: &'a DatabaseName) -> impl Iterator<Item = &'a AliasName> {
        let aliases = below(&self.aliases, composite.as_str());
        aliases.filter(move |(_, alias)| alias.composite.as_ref() == Some(composite)).map(|(name, _)| name)
    }

    /// The composite database that a dotted name lies below. There is at most one: what is below a composite database is
    /// a constituent of it.
    pub(crate) fn composite_above(&self, name: &str) -> Option<&DatabaseName> {
        let composite = |prefix: &str| {
            let (name, database) = self.databases.get_key_value(prefix)?;
            (database.kind == DatabaseKind::Composite).then_some(name)
        };
        name.match_indices('.').find_map(|(dot, _)| composite(&name[..dot]))
    }

    /// The first database or alias whose name is this one, a dot and more.
    pub(crate) fn first_below(&self, name: &DatabaseName) -> Option<CatalogName> {
        let database = below(&self.databases, name.as_str()).next().map(|(name, _)| name.into());
        database.or_else(|| below(&self.aliases, name.as_str()).next().map(|(name, _)| name.into()))
    }

    /// What became of a request that was applied recently.
    pub fn recorded_request(&self, request: &RequestId) -> Option<&RequestRecord> {
        self.requests.get(request).map(|record| &**record)
    }

    /// What is agreed on about the members; nothing until the first change of them.
    pub fn members(&self) -> &MemberLedger {
        static NOTHING: MemberLedger = MemberLedger { change: None, joined: BTreeMap::new(), retired: BTreeMap::new() };
        self.members.as_deref().unwrap_or(&NOTHING)
    }

    /// The requests applied at or before a revision, oldest first.
    pub(crate) fn requests_until(&self, revision: Revision) -> Vec<RequestId> {
        self.requests_by_revision.range(..=revision).map(|(_, id)| *id).collect()
    }

    /// The record under a key.
    pub fn record(&self, key: &RecordKey) -> Option<Record> {
        match key {
            RecordKey::Meta => self.meta.clone().map(Record::Meta),
            RecordKey::Database(name) => self.databases.get(name).cloned().map(Record::Database),
            RecordKey::Alias(name) => self.aliases.get(name).cloned().map(Record::Alias),
            RecordKey::User(name) => self.users.get(name).cloned().map(Record::User),
            RecordKey::Role(name) => self.roles.get(name).cloned().map(Record::Role),
            RecordKey::RoleAssignment(user, role) => {
                self.role_assignments.get(&(user.clone(), role.clone())).copied().map(Record::RoleAssignment)
            }
            RecordKey::Grant(grant) => self.grants.get(&**grant).copied().map(Record::Grant),
            RecordKey::Request(id) => self.requests.get(id).cloned().map(Record::Request),
            RecordKey::Members => self.members.clone().map(Record::Members),
        }
    }

    /// Every record in the order of keys: what a snapshot holds.
    pub fn records(&self) -> impl Iterator<Item = (RecordKey, Record)> + '_ {
        let meta = self.meta.iter().map(|meta| (RecordKey::Meta, Record::Meta(meta.clone())));
        let databases = self.databases.iter();
        let databases = databases.map(|(name, it)| (RecordKey::Database(name.clone()), Record::Database(it.clone())));
        let aliases = self.aliases.iter();
        let aliases = aliases.map(|(name, it)| (RecordKey::Alias(name.clone()), Record::Alias(it.clone())));
        let users = self.users.iter();
        let users = users.map(|(name, it)| (RecordKey::User(name.clone()), Record::User(it.clone())));
        let roles = self.roles.iter();
        let roles = roles.map(|(name, it)| (RecordKey::Role(name.clone()), Record::Role(it.clone())));
        let assignments = self.role_assignments.iter().map(|((user, role), it)| {
            (RecordKey::RoleAssignment(user.clone(), role.clone()), Record::RoleAssignment(*it))
        });
        let grants = self.grants.iter();
        let grants = grants.map(|(grant, it)| (RecordKey::Grant(Box::new((**grant).clone())), Record::Grant(*it)));
        let requests = self.requests.iter();
        let requests = requests.map(|(id, it)| (RecordKey::Request(*id), Record::Request(it.clone())));
        let named = meta.chain(databases).chain(aliases).chain(users).chain(roles);
        let members = self.members.iter().map(|it| (RecordKey::Members, Record::Members(it.clone())));
        named.chain(assignments).chain(grants).chain(requests).chain(members)
    }

    /// Puts a stored record back, while a store or snapshot is loaded. Returns false, and changes nothing,
    /// if key and record are not of the same variant.
    #[must_use]
    pub fn restore(&mut self, key: RecordKey, record: Record) -> bool {
        let fits = key.kind() == record.kind();
        if fits {
            let before = self.record(&key);
            self.put(&Change { key, before, after: Some(record) });
        }
        fits
    }

    /// The catalog as it was before these changes, which led to this one.
    #[must_use]
    pub fn before(&self, changes: &[Change]) -> Self {
        let mut catalog = self.clone();
        for Change { key, before, after } in changes.iter().rev() {
            catalog.put(&Change { key: key.clone(), before: after.clone(), after: before.clone() });
        }
        catalog
    }

    /// Takes one step. The only place where records, indexes and digest change.
    pub(crate) fn put(&mut self, change: &Change) {
        if let Some(before) = &change.before {
            self.digest.subtract(&change.key, before);
            self.index(&change.key, before, false);
        }
        if let Some(after) = &change.after {
            self.digest.add(&change.key, after);
            self.index(&change.key, after, true);
        }
        self.store(&change.key, change.after.as_ref());
    }

    fn store(&mut self, key: &RecordKey, record: Option<&Record>) {
        match (key, record) {
            (RecordKey::Meta, Some(Record::Meta(meta))) => self.meta = Some(meta.clone()),
            (RecordKey::Database(name), Some(Record::Database(it))) => {
                self.databases.insert_mut(name.clone(), it.clone());
            }
            (RecordKey::Alias(name), Some(Record::Alias(it))) => {
                self.aliases.insert_mut(name.clone(), it.clone());
            }
            (RecordKey::User(name), Some(Record::User(it))) => {
                self.users.insert_mut(name.clone(), it.clone());
            }
            (RecordKey::Role(name), Some(Record::Role(it))) => {
                self.roles.insert_mut(name.clone(), it.clone());
            }
            (RecordKey::RoleAssignment(user, role), Some(Record::RoleAssignment(it))) => {
                self.role_assignments.insert_mut((user.clone(), role.clone()), *it);
            }
            (RecordKey::Grant(grant), Some(Record::Grant(it))) => {
                self.grants.insert_mut(Arc::new((**grant).clone()), *it);
            }
            (RecordKey::Request(id), Some(Record::Request(it))) => {
                self.requests.insert_mut(*id, it.clone());
            }
            (RecordKey::Members, Some(Record::Members(it))) => self.members = Some(it.clone()),
            (key, _) => self.erase(key),
        }
    }

    fn erase(&mut self, key: &RecordKey) {
        match key {
            RecordKey::Meta => self.meta = None,
            RecordKey::Database(name) => drop(self.databases.remove_mut(name)),
            RecordKey::Alias(name) => drop(self.aliases.remove_mut(name)),
            RecordKey::User(name) => drop(self.users.remove_mut(name)),
            RecordKey::Role(name) => drop(self.roles.remove_mut(name)),
            RecordKey::RoleAssignment(user, role) => {
                self.role_assignments.remove_mut(&(user.clone(), role.clone()));
            }
            RecordKey::Grant(grant) => drop(self.grants.remove_mut(&**grant)),
            RecordKey::Request(id) => drop(self.requests.remove_mut(id)),
            RecordKey::Members => self.members = None,
        }
    }

    /// Makes the indexes say a record, or no longer.
    fn index(&mut self, key: &RecordKey, record: &Record, present: bool) {
        match (key, record) {
            (RecordKey::RoleAssignment(user, role), _) => {
                keep(&mut self.users_by_role, (role.clone(), user.clone()), (), present);
            }
            (RecordKey::Grant(grant), _) => {
                if present {
                    self.standings.add(grant);
                } else {
                    self.standings.remove(grant);
                }
                if let Some(name) = grant.privilege.names() {
                    keep(&mut self.grants_by_name, (name.clone(), Arc::new((**grant).clone())), (), present);
                }
            }
            (RecordKey::Alias(name), Record::Alias(alias)) => {
                if let AliasKind::Local(target) = &alias.kind {
                    keep(&mut self.aliases_by_target, (target.clone(), name.clone()), (), present);
                }
            }
            (RecordKey::User(name), Record::User(user)) => {
                for (provider, id) in &user.auth {
                    keep(&mut self.users_by_auth, (provider.clone(), id.clone()), name.clone(), present);
                }
                if let Some(home) = &user.home {
                    keep(&mut self.users_by_home, (home.clone(), name.clone()), (), present);
                }
            }
            (RecordKey::Request(id), Record::Request(request)) => {
                self.clock = self.clock.max(request.applied.time);
                keep(&mut self.requests_by_revision, request.applied.revision, *id, present);
            }
            _ => {}
        }
    }
}

/// Puts an entry into an index, or takes it out.
fn keep<K: Ord, V>(index: &mut Map<K, V>, key: K, value: V, present: bool) {
    if present {
        index.insert_mut(key, value);
    } else {
        index.remove_mut(&key);
    }
}

/// The entries whose name is this one, a dot and more.
fn below<'a, K: Borrow<str> + Ord, V>(entries: &'a Map<K, V>, name: &str) -> impl Iterator<Item = (&'a K, &'a V)> {
    let prefix = format!("{name}.");
    let from = entries.range::<str, _>((Bound::Included(prefix.as_str()), Bound::Unbounded));
    // Collected: a range borrows what it starts from.
    let found: Vec<_> = from.take_while(|(key, _)| (*key).borrow().starts_with(&prefix)).collect();
    found.into_iter()
}

#[cfg(test)]
mod tests;
