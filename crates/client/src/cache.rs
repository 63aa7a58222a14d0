//! Routes that need no network call. Pure: told what changed, asked what it has; knows no stream and no clock.
//!
//! An entry was read at one revision and holds for every later one up to the first change that concerns
//! it. Two generations bound the size: a hit moves an entry to the young one, and when that is full the old
//! one goes.

#![expect(clippy::disallowed_types, reason = "every call looks here, and nothing is read in the order of the table")]

use std::collections::HashMap;
use std::sync::Arc;

use aliasd_faults::{Mistake, is_planted};
use aliasd_wire::v1::{Change, ChangeKind, ChangeSubject};

use crate::relevance::{Parties, Relevance, relevance_of};
use crate::route::Target;
use crate::{Lookup, Route};

/// What a route is stored under.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    target: Target,
    user: Option<String>,
    session: Option<String>,
    credentials: bool,
}

pub(crate) struct Cache {
    young: HashMap<Key, Arc<Route>>,
    old: HashMap<Key, Arc<Route>>,
    generation_max: usize,
}

impl Key {
    pub(crate) fn of(lookup: &Lookup) -> Self {
        Self {
            target: lookup.target.clone(),
            user: lookup.user.clone(),
            session: lookup.session.clone(),
            credentials: lookup.credentials,
        }
    }
}

impl Cache {
    /// Holds at most that many routes.
    pub(crate) fn new(routes_max: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), generation_max: routes_max / 2 }
    }

    pub(crate) fn get(&mut self, key: &Key) -> Option<Arc<Route>> {
        if let Some(route) = self.young.get(key) {
            return Some(Arc::clone(route));
        }
        let (key, route) = self.old.remove_entry(key)?;
        self.insert(key, Arc::clone(&route));
        Some(route)
    }

    pub(crate) fn insert(&mut self, key: Key, route: Arc<Route>) {
        if self.generation_max == 0 {
            return;
        }
        self.old.remove(&key);
        if self.young.len() >= self.generation_max && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, route);
    }

    /// Drops what the changes of a revision concern. A route that was read at that revision or later knows
    /// of them already.
    pub(crate) fn invalidate(&mut self, revision: u64, changes: &[Change], caller: &str) {
        let holds = |key: &Key, route: &Arc<Route>| {
            // A session database that becomes a composite one, or ceases to be, decides what can be used from there.
            let session = key.session.as_ref().map(|name| name.to_lowercase());
            let around =
                |change: &Change| change.subject() == ChangeSubject::Database && session.as_ref() == Some(&change.name);
            if is_planted(Mistake::CacheSurvivesRevoke) && changes.iter().all(concerns_access) {
                return true;
            }
            let parties = Parties { user: key.user.as_deref().unwrap_or(caller), caller };
            route.served_at >= revision
                || changes
                    .iter()
                    .all(|change| relevance_of(change, route, parties) == Relevance::None && !around(change))
        };
        self.young.retain(|key, route| holds(key, route));
        self.old.retain(|key, route| holds(key, route));
    }

    pub(crate) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

/// Whether a change is one of access, for a planted mistake.
fn concerns_access(change: &Change) -> bool {
    change.kind() == ChangeKind::AccessChanged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Destination;

    fn route(name: &str, served_at: u64) -> Arc<Route> {
        let destination = Destination::Local { database: "neo4j".to_owned() };
        let name = name.to_owned();
        Arc::new(Route { name, destination, properties: Default::default(), version: 1, served_at })
    }

    fn key(name: &str, user: &str) -> Key {
        Key::of(&Lookup::name(name).on_behalf_of(user))
    }

    fn altered(subject: ChangeSubject, name: &str) -> [Change; 1] {
        [Change { subject: subject.into(), name: name.to_owned(), kind: ChangeKind::Altered.into() }]
    }

    #[test]
    fn a_change_drops_what_it_concerns_and_nothing_else() {
        let mut cache = Cache::new(100);
        cache.insert(key("x", "carol"), route("x", 5));
        cache.insert(key("y", "carol"), route("y", 5));
        cache.insert(key("x", "dora"), route("x", 7));
        cache.invalidate(7, &altered(ChangeSubject::Alias, "x"), "service");
        assert_eq!(cache.get(&key("x", "carol")), None);
        assert!(cache.get(&key("y", "carol")).is_some());
        // It was read when the change had happened already.
        assert!(cache.get(&key("x", "dora")).is_some());
        cache.invalidate(8, &altered(ChangeSubject::User, "carol"), "service");
        assert_eq!((cache.get(&key("y", "carol")), cache.len()), (None, 1));
        cache.invalidate(9, &altered(ChangeSubject::User, "service"), "service");
        assert_eq!(cache.len(), 0);
    }

    #[test]
    fn credentials_are_a_part_of_the_key() {
        let mut cache = Cache::new(100);
        cache.insert(Key::of(&Lookup::name("x").with_credentials()), route("x", 5));
        assert_eq!(cache.get(&Key::of(&Lookup::name("x"))), None);
    }

    #[test]
    fn the_session_database_is_a_part_of_the_key_and_concerns_the_route() {
        let mut cache = Cache::new(100);
        let from = |session: &str| Key::of(&Lookup::name("x").connected_to(session));
        cache.insert(from("Garden"), route("x", 5));
        cache.insert(from("meadow"), route("x", 5));
        assert_eq!(cache.get(&Key::of(&Lookup::name("x"))), None);
        cache.invalidate(7, &altered(ChangeSubject::Database, "garden"), "service");
        assert_eq!((cache.get(&from("Garden")), cache.len()), (None, 1));
    }

    #[test]
    fn the_size_is_bounded_and_what_is_used_stays() {
        let mut cache = Cache::new(10);
        cache.insert(key("used", "carol"), route("used", 1));
        for number in 0..1000 {
            cache.insert(key(&format!("x{number}"), "carol"), route("x", 1));
            assert!(cache.get(&key("used", "carol")).is_some());
            assert!(cache.len() <= 10);
        }
        cache.clear();
        assert_eq!(cache.len(), 0);
        let mut none = Cache::new(0);
        none.insert(key("x", "carol"), route("x", 1));
        assert_eq!(none.len(), 0);
    }
}
