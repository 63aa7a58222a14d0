//! The newest entries of the log, kept in memory: replication and apply read them back at once.

use std::collections::VecDeque;

use super::READ_LIMIT_BYTES;
use crate::types::{LogEntry, Payload};

/// Entries kept at most.
const ENTRIES_MAX: usize = 8192;
/// Bytes kept at most, as they lie in the log.
const BYTES_MAX: usize = 16 * 1024 * 1024;
/// What an entry without a catalog entry counts.
const SMALL_ENTRY_BYTES: usize = 64;

/// Consecutive entries up to the end of the log, each with the number of the write that brought it. An entry stays
/// until that write is on the device, because only then can it be read back from the device.
#[derive(Default)]
pub(crate) struct Tail {
    entries: VecDeque<(u64, LogEntry)>,
    bytes: usize,
}

impl Tail {
    /// Appends the entry that follows the last one, brought by write `sequence`, and forgets the oldest beyond the
    /// bounds that are written.
    pub(crate) fn push(&mut self, entry: LogEntry, sequence: u64, written: u64) {
        self.bytes += weight(&entry);
        self.entries.push_back((sequence, entry));
        while (self.entries.len() > ENTRIES_MAX || (self.bytes > BYTES_MAX && self.entries.len() > 1))
            && self.entries.front().is_some_and(|(sequence, _)| *sequence <= written)
        {
            self.forget_first();
        }
    }

    /// Index of the oldest entry in memory.
    pub(crate) fn first_index(&self) -> Option<u64> {
        self.entries.front().map(|(_, entry)| entry.log_id.index)
    }

    /// The entries with an index in `start..end`. With `limited`, stops after [`READ_LIMIT_BYTES`].
    pub(crate) fn range(&self, start: u64, end: u64, limited: bool) -> Vec<LogEntry> {
        let Some(first) = self.first_index() else { return Vec::new() };
        let skip = usize::try_from(start.saturating_sub(first)).unwrap_or(usize::MAX);
        let mut limit = ReadLimit::new(limited);
        self.entries
            .iter()
            .skip(skip)
            .map(|(_, entry)| entry)
            .take_while(|entry| entry.log_id.index < end && limit.admits(entry))
            .cloned()
            .collect()
    }

    /// Removes every entry at or after `index`.
    pub(crate) fn truncate_from(&mut self, index: u64) {
        while let Some((_, last)) = self.entries.pop_back_if(|(_, last)| last.log_id.index >= index) {
            self.bytes -= weight(&last);
        }
    }

    /// Removes every entry up to and including `index`.
    pub(crate) fn purge_to(&mut self, index: u64) {
        while self.first_index().is_some_and(|first| first <= index) {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        if let Some((_, first)) = self.entries.pop_front() {
            self.bytes -= weight(&first);
        }
    }
}

/// Counts bytes while entries are read and says when enough were read; the first entry always passes.
pub(crate) struct ReadLimit {
    limited: bool,
    bytes: usize,
}

impl ReadLimit {
    pub(crate) fn new(limited: bool) -> Self {
        Self { limited, bytes: 0 }
    }

    pub(crate) fn admits(&mut self, entry: &LogEntry) -> bool {
        let first = self.bytes == 0;
        self.bytes += weight(entry);
        first || !self.limited || self.bytes <= READ_LIMIT_BYTES
    }
}

fn weight(entry: &LogEntry) -> usize {
    match &entry.payload {
        Payload::Normal(proposal) => SMALL_ENTRY_BYTES + proposal.encoded().len(),
        Payload::Blank | Payload::Membership(_) => SMALL_ENTRY_BYTES,
    }
}
