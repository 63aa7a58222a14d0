//! How often each class of fault and of event happened. A fault that never happens proves nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Everything that is counted. What is not in this list cannot be counted, and a test asks that none of it is zero.
pub const COUNTED: &[&str] = &[
    // Faults of the network.
    "cut: both ways",
    "cut: one way",
    "cut: control lane only",
    "cut: data lane only",
    "partition: majority and minority",
    "partition: ring",
    "partition: bridge",
    "cut: clients",
    "message lost",
    "message delayed over a cut",
    "connection broken",
    "call repeated by the network",
    "slow link",
    // Faults of members.
    "crash",
    "crash that lost unflushed steps",
    "crash that kept some of the unflushed steps",
    "crash in an installation",
    "restart",
    "pause",
    "clock step",
    "clock drift",
    "flushes held",
    "slow flushes",
    "failing flush",
    "member wiped",
    "member rolled back",
    "leader transfer asked for",
    "snapshot asked for",
    "change of the members asked for",
    // What came of it.
    "election",
    "leader deposed",
    "snapshot installed",
    "log truncated",
    "log purged",
    "member stopped by its disk",
    "member unrecognised",
    "member found rolled back",
    "change of the members taken",
    "change of the members refused",
    "newcomer turned away",
    "member found removed",
    // What clients did and were told.
    "write acknowledged",
    "write rejected",
    "write not made",
    "write handed to the leader",
    "outcome unknown",
    "request repeated",
    "request repeated although it was known",
    "read linearizable",
    "read at least",
    "read local",
    "read of what the client has seen",
    "read from the cache",
    "read refused",
    "read refused as stale",
    "read not answered",
    "watch told of changes",
    "watch resynchronised",
    "guard validated",
    "guard not validated",
    "guard ended",
];

/// Counters by name; clones share them.
#[derive(Clone, Default)]
pub struct Coverage(Arc<Mutex<Counts>>);

/// How often each thing happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(pub BTreeMap<&'static str, u64>);

impl Coverage {
    /// Something happened. It is one of [`COUNTED`].
    pub fn count(&self, what: &'static str) {
        self.add(what, 1);
    }

    /// Something happened so many times.
    pub fn add(&self, what: &'static str, times: u64) {
        debug_assert!(COUNTED.contains(&what), "'{what}' is in no list");
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).0.entry(what).or_default() += times;
    }

    /// How often by now.
    pub fn counts(&self) -> Counts {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Counts {
    /// Adds those of another run.
    pub fn add(&mut self, other: &Self) {
        for (what, count) in &other.0 {
            *self.0.entry(what).or_default() += count;
        }
    }

    /// What never happened.
    pub fn missing(&self) -> Vec<&'static str> {
        let never = |what: &&&'static str| self.0.get(**what).is_none_or(|count| *count == 0);
        COUNTED.iter().filter(never).copied().collect()
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for what in COUNTED {
            writeln!(f, "{:>12}  {what}", self.0.get(what).copied().unwrap_or_default())?;
        }
        Ok(())
    }
}
