//! The log in RocksDB.
//!
//! All writes go down one path in the order openraft makes them: to one thread, and from there into one write-ahead log
//! that RocksDB buffers until that thread asks for it. So whatever survives a crash is a prefix of what was written, and
//! everything up to the last sync survives.
//!
//! What this handle knows in memory is ahead of the database by what that thread has still to write. The tail holds all
//! of it, so a read that goes to the database, on a thread that may block, finds there what it looks for.

use std::fmt::Debug;
use std::io;
use std::ops::RangeBounds;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aliasd_faults::{Mistake, is_planted};
use aliasd_runtime::SharedRuntime;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt, TryStreamExt};
use openraft::storage::{LogState, RaftLogReader, RaftLogStorage};
use rocksdb::{IteratorMode, ReadOptions};
use tokio::sync::oneshot;

use super::device::{Database, LogDevice};
use super::durability::Durability;
use super::end::LogEnd;
use super::health::LogHealth;
use super::recover::{self, LogPlace, Opened};
use super::tail::{ReadLimit, Tail};
use super::write::{LogWrite, Waiter};
use super::writer::LogWriter;
use super::{half_open, records, without_gap};
use crate::closable::{Closable, TakenDirectory};
use crate::fault::StorageFault;
use crate::types::{FlushCallback, LogEntry, LogId, NodeId, TypeConfig, Vote};

/// Handle of the log; clones share it.
#[derive(Clone)]
pub(crate) struct LogStore(Arc<Shared>);

struct Shared {
    path: PathBuf,
    writer: LogWriter,
    health: Arc<LogHealth>,
    database: Closable<Database>,
    runtime: SharedRuntime,
    state: Mutex<State>,
}

/// What is known without reading the database.
#[derive(Default)]
pub(super) struct State {
    pub(super) vote: Option<Vote>,
    pub(super) committed: Option<LogId>,
    pub(super) purged: Option<LogId>,
    pub(super) last: Option<LogId>,
    /// Index of the oldest entry; meaningless while there is none.
    pub(super) first_index: u64,
    pub(super) tail: Tail,
    /// Grows with each truncation, so that a read that overlapped one notices.
    pub(super) truncations: u64,
}

fn closed(path: &Path) -> StorageFault {
    StorageFault::closed(path, "read the log in")
}

impl State {
    /// The indexes of `start..end` that the log holds.
    fn present(&self, start: u64, end: u64) -> (u64, u64) {
        match &self.last {
            Some(last) if self.last != self.purged => (start.max(self.first_index), end.min(last.index + 1)),
            _ => (start, start),
        }
    }
}

impl LogStore {
    /// The same, and takes the directory first. Blocks.
    #[cfg(test)]
    pub(crate) fn open(place: &LogPlace, node: NodeId, runtime: SharedRuntime) -> Result<Self, StorageFault> {
        Self::open_in(place, node, runtime, TakenDirectory::take(&place.directory)?.into())
    }

    /// Opens the log of `node` in a directory that is taken, creating it where there never was one, and reads every entry
    /// once. Blocks.
    pub(crate) fn open_in(
        place: &LogPlace,
        node: NodeId,
        runtime: SharedRuntime,
        taken: Arc<TakenDirectory>,
    ) -> Result<Self, StorageFault> {
        let path = place.directory.clone();
        let Opened { database, state, watermark } = recover::open(place, node)?;
        let database = Closable::new(Database { path: path.clone(), database }, taken);
        let end = LogEnd { vote: state.vote, last: state.last, purged: state.purged };
        let health = Arc::new(LogHealth::ending_at(end));
        let open = database.get().ok_or_else(|| closed(&path))?;
        let device = LogDevice {
            database: Arc::clone(&open),
            watermark,
            end,
            #[cfg(test)]
            faults: health.faults(),
        };
        let writer = LogWriter::start(Arc::clone(&health), device)
            .map_err(|error| StorageFault::from_io(&path, "start the log writer for", error))?;
        let state = Mutex::new(state);
        Ok(Self(Arc::new(Shared { path, writer, health, database, runtime, state })))
    }

    /// The log's directory.
    pub(crate) fn path(&self) -> &Path {
        &self.0.path
    }

    /// Whether nothing was ever written: no vote, no entry, nothing purged.
    pub(crate) fn is_pristine(&self) -> bool {
        let state = self.0.state();
        state.vote.is_none() && state.last.is_none()
    }

    /// How far it is durable, and how to make it so.
    pub(crate) fn durability(&self) -> Durability {
        let log = self.clone();
        Durability::new(Arc::clone(&self.0.health), move |waiter| {
            log.0.writer.submit(None, Some(waiter));
        })
    }

    /// Makes durable what is written, ends the writer and closes the database.
    pub(crate) async fn close(&self) -> io::Result<()> {
        let result = self.0.flushed(None).await;
        let shared = Arc::clone(&self.0);
        let close = move || {
            shared.writer.close();
            shared.database.close();
        };
        self.0.runtime.blocking(close).await.map_err(io::Error::other)?;
        result
    }
}

impl LogStore {
    /// The entries in `start..end` that the log holds; every one of them, unless `limited` stops the read.
    async fn read(&self, start: u64, end: u64, limited: bool) -> io::Result<Vec<LogEntry>> {
        loop {
            let (truncations, start, from_tail, newer) = {
                let state = self.0.state();
                let (start, end) = state.present(start, end);
                let from_tail = state.tail.first_index().unwrap_or(end).clamp(start, end.max(start));
                let newer = state.tail.range(from_tail, end, limited);
                (state.truncations, start, from_tail, newer)
            };
            if start >= from_tail {
                return Ok(newer);
            }
            let shared = Arc::clone(&self.0);
            let older = self.0.runtime.blocking(move || shared.read_database(start, from_tail, limited)).await;
            let older = older.map_err(io::Error::other)?;
            {
                let state = self.0.state();
                if state.truncations != truncations || state.first_index > start {
                    continue;
                }
            }
            let mut entries = older?;
            if !limited && let Some(first) = newer.first() {
                records::check_order(&self.0.path, entries.last().map(|last| &last.log_id), first)?;
                entries.extend(newer);
            }
            return Ok(entries);
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // A panic cannot happen between two related changes, so a poisoned state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a write to the writer.
    fn submit(&self, write: LogWrite, waiter: Option<Waiter>) -> io::Result<u64> {
        self.health.check()?;
        Ok(self.writer.submit(Some(write), waiter))
    }

    /// Waits until everything written so far, and this write too, is durable.
    async fn flushed(&self, write: Option<LogWrite>) -> io::Result<()> {
        let (done, flushed) = oneshot::channel();
        self.writer.submit(write, Some(Waiter::Write(done)));
        flushed.await.unwrap_or_else(|_| Err(io::Error::other("the log writer is gone")))
    }

    fn read_database(&self, start: u64, end: u64, limited: bool) -> io::Result<Vec<LogEntry>> {
        let mut options = ReadOptions::default();
        options.set_iterate_lower_bound(records::entry_key(start));
        options.set_iterate_upper_bound(records::entry_key(end));
        options.fill_cache(false);
        let mut entries: Vec<LogEntry> = Vec::new();
        let mut limit = ReadLimit::new(limited);
        let open = self.database.get().ok_or_else(|| closed(&self.path))?;
        for item in open.store.database.iterator_opt(IteratorMode::Start, options) {
            let (_, value) = item.map_err(|error| StorageFault::from_rocksdb(&self.path, "read the log in", error))?;
            let index = start + entries.len() as u64;
            let entry = records::decode_entry(&self.path, index, &value)?;
            records::check_order(&self.path, entries.last().map(|last| &last.log_id), &entry)?;
            if !limit.admits(&entry) {
                return Ok(entries);
            }
            entries.push(entry);
        }
        let next = start + entries.len() as u64;
        if next == end {
            Ok(entries)
        } else {
            Err(StorageFault::damaged(&self.path, format!("log entry {next} is missing")).into())
        }
    }
}

impl RaftLogReader<TypeConfig> for LogStore {
    async fn try_get_log_entries<RB>(&mut self, range: RB) -> io::Result<Vec<LogEntry>>
    where
        RB: RangeBounds<u64> + Clone + Debug + Send,
    {
        let (start, end) = half_open(&range);
        self.read(start, end, false).await
    }

    async fn limited_get_log_entries(&mut self, start: u64, end: u64) -> io::Result<Vec<LogEntry>> {
        Ok(without_gap(start, self.read(start, end, true).await?))
    }

    async fn entries_stream<RB>(&mut self, range: RB) -> impl Stream<Item = io::Result<LogEntry>> + Send
    where
        RB: RangeBounds<u64> + Clone + Debug + Send,
    {
        let (start, end) = half_open(&range);
        stream_in_steps(self.clone(), start, end)
    }

    async fn read_vote(&mut self) -> io::Result<Option<Vote>> {
        Ok(self.0.state().vote)
    }
}

/// Reads a range in steps of bounded size, so that a long range never lies in memory as a whole.
fn stream_in_steps(log: LogStore, start: u64, end: u64) -> BoxStream<'static, io::Result<LogEntry>> {
    let steps = futures::stream::try_unfold((log, start), move |(log, next)| async move {
        let entries = if next < end { log.read(next, end, true).await? } else { Vec::new() };
        let next = entries.last().map(|last| last.log_id.index + 1);
        Ok::<_, io::Error>(next.map(|next| (entries, (log, next))))
    });
    steps.map_ok(|entries| futures::stream::iter(entries.into_iter().map(Ok))).try_flatten().boxed()
}

impl RaftLogStorage<TypeConfig> for LogStore {
    type LogReader = Self;

    async fn get_log_state(&mut self) -> io::Result<LogState<TypeConfig>> {
        let state = self.0.state();
        Ok(LogState { last_purged_log_id: state.purged, last_log_id: state.last })
    }

    async fn get_log_reader(&mut self) -> Self {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote) -> io::Result<()> {
        self.0.health.check()?;
        if is_planted(Mistake::VoteNotDurable) {
            self.0.submit(LogWrite::Vote(*vote), None)?;
        } else {
            self.0.flushed(Some(LogWrite::Vote(*vote))).await?;
        }
        self.0.state().vote = Some(*vote);
        Ok(())
    }

    /// Not synced: after a crash an older commit point only means that a leader tells the newer one again.
    async fn save_committed(&mut self, committed: Option<LogId>) -> io::Result<()> {
        self.0.submit(LogWrite::Committed(committed), None)?;
        self.0.state().committed = committed;
        Ok(())
    }

    async fn read_committed(&mut self) -> io::Result<Option<LogId>> {
        Ok(self.0.state().committed)
    }

    async fn append<I>(&mut self, entries: I, callback: FlushCallback) -> io::Result<()>
    where
        I: IntoIterator<Item = LogEntry> + Send,
        I::IntoIter: Send,
    {
        let entries: Vec<LogEntry> = entries.into_iter().collect();
        let appended = LogWrite::Append(entries.clone());
        // Readable before it is handed over: whoever is told that it is durable may look at once.
        let mut state = self.0.state();
        let sequence = self.0.submit(appended, Some(Waiter::Append(callback)))?;
        if let Some(first) = entries.first()
            && state.last == state.purged
        {
            state.first_index = first.log_id.index;
        }
        let written = self.0.writer.written();
        for entry in entries {
            state.last = Some(entry.log_id);
            state.tail.push(entry, sequence, written);
        }
        Ok(())
    }

    async fn truncate_after(&mut self, last: Option<LogId>) -> io::Result<()> {
        let from = LogWrite::first_truncated(last.as_ref());
        self.0.health.allow_truncation(&self.0.path, from)?;
        self.0.submit(LogWrite::TruncateAfter(last), None)?;
        let mut state = self.0.state();
        state.truncations += 1;
        state.tail.truncate_from(from);
        if state.last.is_some_and(|last| last.index >= from) {
            state.last = last.max(state.purged);
        }
        Ok(())
    }

    /// Not synced, but ordered with appends: a crash brings purged entries back at most, and they are purged again.
    async fn purge(&mut self, upto: LogId) -> io::Result<()> {
        let mut state = self.0.state();
        if state.purged >= Some(upto) {
            return Ok(());
        }
        self.0.submit(LogWrite::Purge { from: state.first_index, upto }, None)?;
        state.tail.purge_to(upto.index);
        state.purged = Some(upto);
        state.last = state.last.max(Some(upto));
        state.first_index = upto.index + 1;
        Ok(())
    }
}
