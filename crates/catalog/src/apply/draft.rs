//! A catalog under change: steps take effect at once on a clone, and are kept as a list. A refusal throws
//! the whole draft away.

use std::collections::BTreeMap;

use crate::administrator::may_disempower;
use crate::{Catalog, CatalogName, Change, Effect, Notification, Outcome, Record, RecordKey, Stamp};

/// A catalog under change.
pub(super) struct Draft {
    /// The catalog as the steps so far leave it.
    pub(super) catalog: Catalog,
    /// Where and when the entry stands.
    pub(super) stamp: Stamp,
    changes: Vec<Change>,
    positions: BTreeMap<RecordKey, usize>,
}

impl Draft {
    pub(super) fn new(catalog: Catalog, stamp: Stamp) -> Self {
        Self { catalog, stamp, changes: Vec::new(), positions: BTreeMap::new() }
    }

    /// Sets or removes a record. Several steps on one record become one change, so that whoever consumes
    /// the changes sees each record once.
    pub(super) fn set(&mut self, key: RecordKey, after: Option<Record>) {
        let before = self.catalog.record(&key);
        if before == after {
            return;
        }
        let step = Change { key, before, after };
        self.catalog.put(&step);
        match self.positions.get(&step.key) {
            Some(&position) => self.changes[position].after = step.after,
            None => {
                self.positions.insert(step.key.clone(), self.changes.len());
                self.changes.push(step);
            }
        }
    }

    /// Whether the steps may have taken from somebody what an administrator needs.
    pub(super) fn may_disempower(&self) -> bool {
        self.changes.iter().any(may_disempower)
    }

    /// The catalog and the changes that led to it. A record that came and went is no change.
    pub(super) fn finish(self) -> (Catalog, Vec<Change>) {
        let mut changes = self.changes;
        changes.retain(|change| change.before != change.after);
        (self.catalog, changes)
    }

    /// Takes away what was granted and denied on a database or alias that is being dropped, but for what outlives it.
    pub(super) fn forget_grants_naming(&mut self, name: &CatalogName) {
        for grant in self.catalog.grants_naming(name).into_iter().filter(|grant| !grant.outlives_what_it_names()) {
            self.set(RecordKey::Grant(Box::new((*grant).clone())), None);
        }
    }
}

/// Accepted, with this many updates.
pub(super) fn updated(system_updates: u64) -> Outcome {
    Ok(Effect { system_updates, notifications: Vec::new() })
}

/// Accepted, with this many updates and something to tell.
pub(super) fn updated_with(system_updates: u64, notifications: Vec<Notification>) -> Outcome {
    Ok(Effect { system_updates, notifications })
}

/// What there is to tell of a command. An outcome is stored, so that only so many of what one statement can cause, one for
/// each pair of its roles and users, are kept: the first, and how many there are besides.
#[derive(Default)]
pub(super) struct Notices {
    kept: Vec<Notification>,
    bytes: usize,
    omitted: u64,
}

impl Notices {
    /// Notifications that are kept at most.
    const KEPT_MAX: usize = 100;
    /// Bytes of names in those that are kept, at most, unless it is the first alone that has more.
    const BYTES_MAX: usize = 64 * 1024;

    /// Adds one that is about something of this name.
    pub(super) fn push(&mut self, name: &str, notification: Notification) {
        let bytes = self.bytes.saturating_add(name.len());
        let fits = self.kept.len() < Self::KEPT_MAX && bytes <= Self::BYTES_MAX;
        if self.omitted == 0 && (fits || self.kept.is_empty()) {
            self.bytes = bytes;
            self.kept.push(notification);
        } else {
            self.omitted += 1;
        }
    }

    /// What is kept, and last, if anything is, how many are left out.
    pub(super) fn finish(self) -> Vec<Notification> {
        let omitted = (self.omitted > 0).then_some(Notification::Omitted { count: self.omitted });
        self.kept.into_iter().chain(omitted).collect()
    }
}

#[cfg(test)]
mod tests;
