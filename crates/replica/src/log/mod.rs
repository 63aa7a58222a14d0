//! The replicated log of one member: entries, vote, purge point, commit point.
//!
//! [`store::LogStore`] keeps it in RocksDB. An append returns as soon as the entries can be read; one thread writes them,
//! makes them durable and tells openraft. [`memory::MemoryLog`] does the same without a disk, with an explicit step
//! from appended to flushed, for simulation.
//!
//! Nothing here interprets entries. What cannot be read back exactly is an error, never an absence.

#[cfg(feature = "disk")]
pub(crate) mod device;
pub(crate) mod durability;
pub(crate) mod end;
pub(crate) mod health;
#[cfg(feature = "disk")]
pub(crate) mod look;
pub(crate) mod memory;
#[cfg(feature = "disk")]
pub(crate) mod records;
#[cfg(feature = "disk")]
pub(crate) mod recover;
#[cfg(feature = "disk")]
pub(crate) mod store;
pub(crate) mod tail;
#[cfg(feature = "disk")]
mod watermark;
pub(crate) mod write;
#[cfg(feature = "disk")]
pub(crate) mod writer;

use std::ops::{Bound, RangeBounds};

use crate::types::{LogEntry, LogId};

/// Entries returned by one limited read reach at most this size, unless the first alone is larger.
pub(crate) const READ_LIMIT_BYTES: usize = 2 * 1024 * 1024;

/// A place in a log, in words.
pub(crate) fn position(id: Option<&LogId>) -> String {
    id.map_or_else(|| "its beginning".to_owned(), |id| format!("entry {id}"))
}

/// The first index and the one after the last.
pub(crate) fn half_open(range: &impl RangeBounds<u64>) -> (u64, u64) {
    let start = match range.start_bound() {
        Bound::Included(start) => *start,
        Bound::Excluded(start) => start.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(end) => end.saturating_add(1),
        Bound::Excluded(end) => *end,
        Bound::Unbounded => u64::MAX,
    };
    (start, end.max(start))
}

/// What was read from `start` on to be sent to a member. Nothing, if the log was purged there meanwhile: a stream that was given
/// up may still read, and what lies behind the gap does not follow what it would be sent behind.
pub(crate) fn without_gap(start: u64, entries: Vec<LogEntry>) -> Vec<LogEntry> {
    if entries.first().is_some_and(|first| first.log_id.index != start) { Vec::new() } else { entries }
}

#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod tests;
