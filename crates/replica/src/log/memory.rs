//! The log without a disk, for simulation and fast tests.
//!
//! What is written and what is durable are two states: [`MemoryLog::crash`] forgets everything that was not flushed,
//! as a machine that loses power does.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io;
use std::ops::RangeBounds;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use openraft::storage::{LogState, RaftLogReader, RaftLogStorage};

use super::flusher::Waiter;
use super::half_open;
use super::tail::ReadLimit;
use crate::types::{FlushCallback, LogEntry, LogId, TypeConfig, Vote};

/// Handle of the log; clones share it. It survives the replica that uses it, as a disk would.
#[derive(Clone, Default)]
pub(crate) struct MemoryLog(Arc<Mutex<Disk>>);

#[derive(Default)]
struct Disk {
    written: Image,
    durable: Image,
    /// What lies between the two, oldest first.
    unflushed: Vec<Change>,
    waiting: Vec<Waiter>,
    /// Whether appends wait for [`MemoryLog::flush`].
    manual: bool,
    /// Whether nothing becomes durable any more.
    broken: bool,
}

#[derive(Default, Clone)]
struct Image {
    entries: BTreeMap<u64, LogEntry>,
    vote: Option<Vote>,
    committed: Option<LogId>,
    purged: Option<LogId>,
}

enum Change {
    Vote(Vote),
    Committed(Option<LogId>),
    Append(Vec<LogEntry>),
    TruncateFrom(u64),
    Purge(LogId),
}

impl Image {
    fn make(&mut self, change: &Change) {
        match change {
            Change::Vote(vote) => self.vote = Some(*vote),
            Change::Committed(committed) => self.committed = *committed,
            Change::Append(entries) => {
                self.entries.extend(entries.iter().map(|entry| (entry.log_id.index, entry.clone())));
            }
            Change::TruncateFrom(index) => drop(self.entries.split_off(index)),
            Change::Purge(upto) => {
                self.entries = self.entries.split_off(&(upto.index + 1));
                self.purged = self.purged.max(Some(*upto));
            }
        }
    }
}

impl Disk {
    fn write(&mut self, change: Change) {
        self.written.make(&change);
        self.unflushed.push(change);
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.broken {
            for change in self.unflushed.drain(..) {
                self.durable.make(&change);
            }
        }
        for waiter in self.waiting.drain(..) {
            waiter.complete(flushed(self.broken));
        }
        flushed(self.broken)
    }
}

fn flushed(broken: bool) -> io::Result<()> {
    if broken { Err(io::Error::other("the log in memory is broken on request")) } else { Ok(()) }
}

impl MemoryLog {
    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nothing was ever written: no vote, no entry, nothing purged.
    pub(crate) fn is_pristine(&self) -> bool {
        let disk = self.disk();
        disk.written.vote.is_none() && disk.written.entries.is_empty() && disk.written.purged.is_none()
    }

    /// From now on, appends become durable only by [`MemoryLog::flush`], or by a vote behind them.
    pub(crate) fn hold_flushes(&self) {
        self.disk().manual = true;
    }

    /// Makes everything written durable and tells who waits.
    pub(crate) fn flush(&self) {
        // Whoever waits gets the failure.
        let _ = self.disk().flush();
    }

    /// From now on until a crash, every flush fails.
    pub(crate) fn break_flushes(&self) {
        self.disk().broken = true;
    }

    /// Loses everything that is not durable. Whoever waits is never answered. Flushes are no longer held up and work again.
    pub(crate) fn crash(&self) {
        let mut disk = self.disk();
        disk.unflushed.clear();
        disk.waiting.clear();
        (disk.manual, disk.broken) = (false, false);
        disk.written = disk.durable.clone();
    }

    fn read(&self, start: u64, end: u64, limited: bool) -> Vec<LogEntry> {
        let mut limit = ReadLimit::new(limited);
        let disk = self.disk();
        let range = disk.written.entries.range(start..end);
        range.map(|(_, entry)| entry).take_while(|entry| limit.admits(entry)).cloned().collect()
    }
}

impl RaftLogReader<TypeConfig> for MemoryLog {
    async fn try_get_log_entries<RB>(&mut self, range: RB) -> io::Result<Vec<LogEntry>>
    where
        RB: RangeBounds<u64> + Clone + Debug + Send,
    {
        let (start, end) = half_open(&range);
        Ok(self.read(start, end, false))
    }

    async fn limited_get_log_entries(&mut self, start: u64, end: u64) -> io::Result<Vec<LogEntry>> {
        Ok(self.read(start, end, true))
    }

    async fn read_vote(&mut self) -> io::Result<Option<Vote>> {
        Ok(self.disk().written.vote)
    }
}

impl RaftLogStorage<TypeConfig> for MemoryLog {
    type LogReader = Self;

    async fn get_log_state(&mut self) -> io::Result<LogState<TypeConfig>> {
        let disk = self.disk();
        let purged = disk.written.purged;
        let last = disk.written.entries.last_key_value().map(|(_, entry)| entry.log_id);
        Ok(LogState { last_purged_log_id: purged, last_log_id: last.max(purged) })
    }

    async fn get_log_reader(&mut self) -> Self {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote) -> io::Result<()> {
        let mut disk = self.disk();
        disk.write(Change::Vote(*vote));
        disk.flush()
    }

    async fn save_committed(&mut self, committed: Option<LogId>) -> io::Result<()> {
        self.disk().write(Change::Committed(committed));
        Ok(())
    }

    async fn read_committed(&mut self) -> io::Result<Option<LogId>> {
        Ok(self.disk().written.committed)
    }

    async fn append<I>(&mut self, entries: I, callback: FlushCallback) -> io::Result<()>
    where
        I: IntoIterator<Item = LogEntry> + Send,
        I::IntoIter: Send,
    {
        let entries = entries.into_iter().collect();
        let mut disk = self.disk();
        disk.write(Change::Append(entries));
        disk.waiting.push(Waiter::Append(callback));
        if !disk.manual {
            // The callback has the failure.
            let _ = disk.flush();
        }
        Ok(())
    }

    async fn truncate_after(&mut self, last: Option<LogId>) -> io::Result<()> {
        self.disk().write(Change::TruncateFrom(last.map_or(0, |last| last.index + 1)));
        Ok(())
    }

    async fn purge(&mut self, upto: LogId) -> io::Result<()> {
        self.disk().write(Change::Purge(upto));
        Ok(())
    }
}
