//! The nodes of a run: those that there are at the moment, in order, and which of them are members by what operators were told.
//!
//! Faults name members by their place, because who has it only becomes known on the way. Every node that ever was is
//! remembered, with its machine: what it said is judged at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Mutex as AsyncMutex;

use super::machine::Machine;

/// Where a node is found.
#[derive(Clone, Debug)]
pub(super) struct Addresses {
    /// By clients, past the proxies.
    pub(super) direct: String,
    /// By clients.
    pub(super) client: String,
    /// By the other members.
    pub(super) peer: String,
}

/// See the module. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Roster(Arc<Mutex<Listed>>);

#[derive(Default)]
struct Listed {
    nodes: BTreeMap<u64, (Addresses, Arc<AsyncMutex<Machine>>)>,
    present: Vec<u64>,
    /// The members; true: with a vote.
    members: BTreeMap<u64, bool>,
    /// Members that are being taken away, or were.
    leaving: BTreeSet<u64>,
    /// Those that have said themselves that they were removed.
    removed: BTreeSet<u64>,
    /// How often a node was put back to an older copy of its directory and went on with it.
    older: BTreeMap<u64, u64>,
}

impl Roster {
    fn lock(&self) -> MutexGuard<'_, Listed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a node that is not there yet.
    pub(super) fn know(&self, node: u64, addresses: Addresses, machine: Machine) {
        self.lock().nodes.insert(node, (addresses, Arc::new(AsyncMutex::new(machine))));
    }

    /// An id that no node has had.
    pub(super) fn next(&self) -> u64 {
        self.lock().nodes.keys().next_back().map_or(1, |last| last + 1)
    }

    pub(super) fn machine(&self, node: u64) -> Arc<AsyncMutex<Machine>> {
        Arc::clone(&self.lock().nodes[&node].1)
    }

    pub(super) fn addresses(&self, node: u64) -> Addresses {
        self.lock().nodes[&node].0.clone()
    }

    /// Every node that there was.
    pub(super) fn all(&self) -> Vec<u64> {
        self.lock().nodes.keys().copied().collect()
    }

    /// The nodes that there are, by their places.
    pub(super) fn present(&self) -> Vec<u64> {
        self.lock().present.clone()
    }

    /// A node is there from now on.
    pub(super) fn comes(&self, node: u64) {
        self.lock().present.push(node);
    }

    /// A node is there no more.
    pub(super) fn goes(&self, node: u64) {
        self.lock().present.retain(|present| *present != node);
    }

    /// A node is a member, with a vote or without.
    pub(super) fn joined(&self, node: u64, votes: bool) {
        self.lock().members.insert(node, votes);
    }

    /// Somebody asks that a member be taken away.
    pub(super) fn leaves(&self, node: u64) {
        self.lock().leaving.insert(node);
    }

    /// A node is no member any more.
    pub(super) fn left(&self, node: u64) {
        let mut listed = self.lock();
        listed.members.remove(&node);
        listed.leaving.insert(node);
    }

    /// A node that was to leave stays.
    pub(super) fn stays(&self, node: u64) {
        self.lock().leaving.remove(&node);
    }

    /// The members by what operators were told; true: with a vote.
    pub(super) fn members(&self) -> BTreeMap<u64, bool> {
        self.lock().members.clone()
    }

    /// The members that nobody takes away, with a vote or without.
    pub(super) fn staying(&self, vote: bool) -> Vec<u64> {
        let listed = self.lock();
        let staying = listed.members.iter().filter(|(node, votes)| **votes == vote && !listed.leaving.contains(node));
        staying.map(|(node, _)| *node).collect()
    }

    /// Whether a node is a member, and nobody takes it away.
    pub(super) fn is_staying(&self, node: u64) -> bool {
        let listed = self.lock();
        listed.members.contains_key(&node) && !listed.leaving.contains(&node)
    }

    /// A node has said that it was removed: from now on it serves nothing.
    pub(super) fn knows_that_it_was_removed(&self, node: u64) {
        self.lock().removed.insert(node);
    }

    pub(super) fn was_removed(&self, node: u64) -> bool {
        self.lock().removed.contains(&node)
    }

    /// A node goes on with an older copy of its directory. What it showed before is not what it has.
    pub(super) fn has_gone_back(&self, node: u64) {
        *self.lock().older.entry(node).or_default() += 1;
    }

    /// What a node is called in the history: one that has gone back is another one.
    pub(super) fn recorded_as(&self, node: u64) -> u64 {
        node + 1_000 * self.lock().older.get(&node).copied().unwrap_or_default()
    }
}

/// Who has a place, counted from 1 on. Places begin again behind the last one: there may be fewer nodes than a plan thought.
pub(super) fn at(present: &[u64], place: u64) -> u64 {
    let last = present.len().max(1) as u64;
    let index = usize::try_from((place - 1) % last).unwrap_or_default();
    present.get(index).copied().unwrap_or(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_somebodys_however_many_there_are() {
        let places = |present: &[u64]| [1, 2, 3, 4, 5].map(|place| at(present, place));
        assert_eq!(places(&[1, 2, 3]), [1, 2, 3, 1, 2]);
        assert_eq!(places(&[2, 3, 5, 8]), [2, 3, 5, 8, 2]);
    }
}
