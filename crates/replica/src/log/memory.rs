//! The log without a disk, for simulation and fast tests.
//!
//! What is appended and what is flushed are two states. Between them lie steps, the smallest things that a disk keeps
//! or loses: one entry, one vote, one truncation. A test or simulator decides when they become durable, how many of
//! them, and whether that fails; a crash forgets the rest, as a machine that loses power does.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Debug;
use std::io;
use std::ops::RangeBounds;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aliasd_faults::{Mistake, is_planted};
use openraft::storage::{LogState, RaftLogReader, RaftLogStorage};
use tokio::sync::oneshot;

use super::durability::Durability;
use super::end::LogEnd;
use super::health::LogHealth;
use super::tail::ReadLimit;
use super::write::{LogWrite, Waiter};
use super::{half_open, without_gap};
use crate::types::{FlushCallback, LogEntry, LogId, TypeConfig, Vote};

/// Handle of the log; clones share it. It survives the replica that uses it, as a disk would.
#[derive(Clone, Default)]
pub(crate) struct MemoryLog(Arc<Mutex<Disk>>);

#[derive(Default)]
struct Disk {
    appended: Image,
    flushed: Image,
    /// How far the latter reaches.
    end: LogEnd,
    health: Arc<LogHealth>,
    /// The steps from the one to the other, oldest first.
    unflushed: VecDeque<LogWrite>,
    /// Who waits, and how many of the steps must be flushed for it.
    waiting: VecDeque<(usize, Waiter)>,
    /// Whether steps become durable only when told.
    held: bool,
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

impl Image {
    fn make(&mut self, write: &LogWrite) {
        match write {
            LogWrite::Vote(vote) => self.vote = Some(*vote),
            LogWrite::Committed(committed) => self.committed = *committed,
            LogWrite::Append(entries) => {
                self.entries.extend(entries.iter().map(|entry| (entry.log_id.index, entry.clone())));
            }
            LogWrite::TruncateAfter(last) => {
                drop(self.entries.split_off(&LogWrite::first_truncated(last.as_ref())));
            }
            LogWrite::Purge { upto, .. } => {
                self.entries = self.entries.split_off(&(upto.index + 1));
                self.purged = self.purged.max(Some(*upto));
            }
        }
    }
}

impl Disk {
    fn append(&mut self, write: LogWrite) {
        self.appended.make(&write);
        match write {
            // A disk may keep the first entries of an append and lose the others.
            LogWrite::Append(entries) => {
                self.unflushed.extend(entries.into_iter().map(|entry| LogWrite::Append(vec![entry])));
            }
            write => self.unflushed.push_back(write),
        }
    }

    /// Queues somebody behind everything appended so far, and flushes unless that is held up.
    fn wait(&mut self, waiter: Waiter) {
        if is_planted(Mistake::AcknowledgeBeforeFlush) && matches!(waiter, Waiter::Append(_)) {
            return waiter.complete(Ok(()));
        }
        self.waiting.push_back((self.unflushed.len(), waiter));
        if !self.held {
            self.flush(usize::MAX);
        }
    }

    /// Makes the oldest steps durable and answers who waited for no more than them. Once broken, everybody is told.
    fn flush(&mut self, steps: usize) {
        if self.broken {
            for (_, waiter) in self.waiting.drain(..) {
                waiter.complete(Err(io::Error::other("the log in memory is broken on request")));
            }
            return;
        }
        let flushed = self.keep(steps);
        for (missing, _) in &mut self.waiting {
            *missing = missing.saturating_sub(flushed);
        }
        while self.waiting.front().is_some_and(|(missing, _)| *missing == 0)
            && let Some((_, waiter)) = self.next_waiting()
        {
            waiter.complete(Ok(()));
        }
    }

    fn next_waiting(&mut self) -> Option<(usize, Waiter)> {
        if is_planted(Mistake::FlushCallbacksOutOfOrder) {
            return self.waiting.pop_back();
        }
        self.waiting.pop_front()
    }

    fn keep(&mut self, steps: usize) -> usize {
        let steps = steps.min(self.unflushed.len());
        for write in self.unflushed.drain(..steps) {
            self.flushed.make(&write);
            self.end.make(&write);
        }
        self.health.ends_at(self.end);
        steps
    }
}

impl MemoryLog {
    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far it is durable, and how to make it so.
    pub(crate) fn durability(&self) -> Durability {
        let log = self.clone();
        Durability::new(Arc::clone(&self.disk().health), move |waiter| log.disk().wait(waiter))
    }

    /// From now on until a crash, steps become durable only by [`MemoryLog::flush`].
    pub(crate) fn hold_flushes(&self) {
        self.disk().held = true;
    }

    /// Makes everything durable, and from now on whatever is appended.
    pub(crate) fn release_flushes(&self) {
        let mut disk = self.disk();
        disk.held = false;
        disk.flush(usize::MAX);
    }

    /// How many steps are appended and not flushed.
    pub(crate) fn unflushed(&self) -> usize {
        self.disk().unflushed.len()
    }

    /// Makes the oldest steps durable, and tells who waited for no more than them.
    pub(crate) fn flush(&self, steps: usize) {
        self.disk().flush(steps);
    }

    /// Queues somebody behind everything appended so far.
    #[cfg(test)]
    pub(super) fn wait(&self, waiter: Waiter) {
        self.disk().wait(waiter);
    }

    /// How far it is durable.
    pub(crate) fn durable_end(&self) -> LogEnd {
        self.disk().end
    }

    /// Looks at an entry, flushed or not.
    pub(crate) fn look_at<T>(&self, index: u64, look: impl FnOnce(&LogEntry) -> T) -> Option<T> {
        self.disk().appended.entries.get(&index).map(look)
    }

    /// What is durable, in a log of its own.
    pub(crate) fn copied(&self) -> Self {
        let disk = self.disk();
        let (end, health) = (disk.end, Arc::new(LogHealth::ending_at(disk.end)));
        let (appended, flushed) = (disk.flushed.clone(), disk.flushed.clone());
        Self(Arc::new(Mutex::new(Disk { appended, flushed, end, health, ..Disk::default() })))
    }

    /// From now on until a crash, every flush fails.
    pub(crate) fn break_flushes(&self) {
        self.disk().broken = true;
    }

    /// Loses what is not flushed, except for the oldest of these steps, which reached the disk though nobody was told.
    /// Whoever waits is never answered. Flushes are no longer held up and work again.
    pub(crate) fn crash(&self, kept: usize) {
        let mut disk = self.disk();
        disk.keep(kept);
        disk.unflushed.clear();
        disk.waiting.clear();
        (disk.held, disk.broken) = (false, false);
        disk.appended = disk.flushed.clone();
    }

    fn read(&self, start: u64, end: u64, limited: bool) -> Vec<LogEntry> {
        let mut limit = ReadLimit::new(limited);
        let disk = self.disk();
        let range = disk.appended.entries.range(start..end);
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
        Ok(without_gap(start, self.read(start, end, true)))
    }

    async fn read_vote(&mut self) -> io::Result<Option<Vote>> {
        Ok(self.disk().appended.vote)
    }
}

impl RaftLogStorage<TypeConfig> for MemoryLog {
    type LogReader = Self;

    async fn get_log_state(&mut self) -> io::Result<LogState<TypeConfig>> {
        let disk = self.disk();
        let purged = disk.appended.purged;
        let last = disk.appended.entries.last_key_value().map(|(_, entry)| entry.log_id);
        Ok(LogState { last_purged_log_id: purged, last_log_id: last.max(purged) })
    }

    async fn get_log_reader(&mut self) -> Self {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote) -> io::Result<()> {
        let (done, flushed) = oneshot::channel();
        {
            let mut disk = self.disk();
            disk.append(LogWrite::Vote(*vote));
            if is_planted(Mistake::VoteNotDurable) {
                return Ok(());
            }
            disk.wait(Waiter::Write(done));
        }
        flushed.await.unwrap_or_else(|_| Err(io::Error::other("the log in memory lost its power")))
    }

    async fn save_committed(&mut self, committed: Option<LogId>) -> io::Result<()> {
        self.disk().append(LogWrite::Committed(committed));
        Ok(())
    }

    async fn read_committed(&mut self) -> io::Result<Option<LogId>> {
        Ok(self.disk().appended.committed)
    }

    async fn append<I>(&mut self, entries: I, callback: FlushCallback) -> io::Result<()>
    where
        I: IntoIterator<Item = LogEntry> + Send,
        I::IntoIter: Send,
    {
        let entries = entries.into_iter().collect();
        let mut disk = self.disk();
        disk.append(LogWrite::Append(entries));
        disk.wait(Waiter::Append(callback));
        Ok(())
    }

    async fn truncate_after(&mut self, last: Option<LogId>) -> io::Result<()> {
        let mut disk = self.disk();
        disk.health.allow_truncation(Path::new("memory"), LogWrite::first_truncated(last.as_ref()))?;
        disk.append(LogWrite::TruncateAfter(last));
        Ok(())
    }

    async fn purge(&mut self, upto: LogId) -> io::Result<()> {
        self.disk().append(LogWrite::Purge { from: 0, upto });
        Ok(())
    }
}
