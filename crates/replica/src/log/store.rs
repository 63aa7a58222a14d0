//! The log in RocksDB.
//!
//! All writes go down one path in the order openraft makes them: to one thread, and from there into one write-ahead log
//! that RocksDB buffers until that thread asks for it. So whatever survives a crash is a prefix of what was written, and
//! everything up to the last sync survives.
//!
//! What this handle knows in memory is ahead of the database by what that thread has still to write. The tail holds all
//! of it, so a read that goes to the database, on a thread that may block, finds there what it looks for.

use std::fmt::Debug;
use std::fs::File;
use std::io;
use std::ops::RangeBounds;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::stream::BoxStream;
use futures::{Stream, StreamExt, TryStreamExt};
use openraft::storage::{LogState, RaftLogReader, RaftLogStorage};
use rocksdb::{DB, DBRecoveryMode, IteratorMode, Options, ReadOptions, WriteBatch};
use tokio::sync::oneshot;

use super::health::LogHealth;
use super::tail::{ReadLimit, Tail};
use super::write::{LogWrite, Waiter};
use super::writer::{Device, LogWriter};
use super::{half_open, records};
use crate::fault::{StorageFault, take_directory};
use crate::frame::FrameError;
use crate::runtime::SharedRuntime;
use crate::types::{FlushCallback, LogEntry, LogId, NodeId, TypeConfig, Vote};

/// Size of the memory table; the write-ahead log, replayed at start, is bounded by it.
const WRITE_BUFFER_BYTES: usize = 32 * 1024 * 1024;

/// Handle of the log; clones share it.
#[derive(Clone)]
pub(crate) struct LogStore(Arc<Shared>);

struct Shared {
    path: PathBuf,
    writer: LogWriter,
    health: Arc<LogHealth>,
    database: Arc<Database>,
    runtime: SharedRuntime,
    state: Mutex<State>,
}

/// What the writer thread writes to. The thread closes it if it is the last to need it, because nobody waited for the
/// thread.
struct Database {
    path: PathBuf,
    database: DB,
    /// Kept open for as long as the database is, and so after it: see [`take_directory`].
    _taken: File,
}

/// What is known without reading the database.
#[derive(Default)]
struct State {
    vote: Option<Vote>,
    committed: Option<LogId>,
    purged: Option<LogId>,
    last: Option<LogId>,
    /// Index of the oldest entry; meaningless while there is none.
    first_index: u64,
    tail: Tail,
    /// Grows with each truncation, so that a read that overlapped one notices.
    truncations: u64,
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
    /// Opens the log of `node` in `path`, creating it when there is none, and reads every entry once. Blocks.
    pub(crate) fn open(path: &Path, node: NodeId, runtime: SharedRuntime) -> Result<Self, StorageFault> {
        let taken = take_directory(path)?;
        let opened = DB::open(&options(), path);
        let database = opened.map_err(|error| StorageFault::from_rocksdb(path, "open the log in", error))?;
        claim(path, &database, node)?;
        let state = load(path, &database)?;

        let database = Arc::new(Database { path: path.to_owned(), database, _taken: taken });
        let health = Arc::new(LogHealth::default());
        let writer = LogWriter::start(Arc::clone(&health), Arc::clone(&database))
            .map_err(|error| StorageFault::from_io(path, "start the log writer for", error))?;
        let state = Mutex::new(state);
        let path = path.to_owned();
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

    /// Counts of syncs and failure.
    pub(crate) fn health(&self) -> Arc<LogHealth> {
        Arc::clone(&self.0.health)
    }

    /// Makes durable what is written and ends the writer.
    pub(crate) async fn close(&self) -> io::Result<()> {
        let result = self.0.flushed(None).await;
        let shared = Arc::clone(&self.0);
        self.0.runtime.blocking(move || shared.writer.close()).await.map_err(io::Error::other)?;
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
        for item in self.database.database.iterator_opt(IteratorMode::Start, options) {
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
        self.read(start, end, true).await
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
        self.0.flushed(Some(LogWrite::Vote(*vote))).await?;
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
        let from = last.as_ref().map_or(0, |last| last.index + 1);
        self.0.submit(LogWrite::TruncateFrom(from), None)?;
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

impl Device for Arc<Database> {
    fn write(&self, writes: &[LogWrite]) -> io::Result<()> {
        let mut batch = WriteBatch::default();
        for write in writes {
            match write {
                LogWrite::Vote(vote) => batch.put(records::VOTE, records::encode_vote(vote)),
                LogWrite::Committed(Some(committed)) => {
                    batch.put(records::COMMITTED, records::encode_log_id(committed));
                }
                LogWrite::Committed(None) => batch.delete(records::COMMITTED),
                LogWrite::Append(entries) => {
                    for entry in entries {
                        batch.put(records::entry_key(entry.log_id.index), records::encode_entry(entry));
                    }
                }
                LogWrite::TruncateFrom(from) => {
                    batch.delete_range(records::entry_key(*from), records::entry_key(u64::MAX));
                }
                LogWrite::Purge { from, upto } => {
                    batch.put(records::PURGED, records::encode_log_id(upto));
                    if *from <= upto.index {
                        batch.delete_range(records::entry_key(*from), records::entry_key(upto.index + 1));
                    }
                }
            }
        }
        let written = self.database.write(batch);
        written.map_err(|error| StorageFault::from_rocksdb(&self.path, "write the log in", error).into())
    }

    fn sync(&self) -> io::Result<()> {
        let synced = self.database.flush_wal(true);
        synced.map_err(|error| StorageFault::from_rocksdb(&self.path, "sync the log in", error).into())
    }
}

fn options() -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.set_paranoid_checks(true);
    // An unfinished last record was never synced, hence never acknowledged. Anything else that does not check out
    // refuses to open; point-in-time recovery would drop acknowledged entries behind it without a word.
    options.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
    // The writer syncs when somebody waits for it; a write alone only fills a buffer.
    options.set_manual_wal_flush(true);
    options.set_write_buffer_size(WRITE_BUFFER_BYTES);
    options.set_compression_type(rocksdb::DBCompressionType::Lz4);
    options.set_keep_log_file_num(2);
    options
}

/// Checks whose log this is, and signs a new one.
fn claim(path: &Path, database: &DB, node: NodeId) -> Result<(), StorageFault> {
    match value(path, database, records::NODE_ID, "node id", records::decode_node_id)? {
        Some(found) if found == node => Ok(()),
        Some(found) => Err(StorageFault::Foreign { path: path.to_owned(), found, expected: node }),
        None if database.iterator(IteratorMode::Start).next().is_some() => {
            Err(StorageFault::damaged(path, "it has content but does not say which node made it"))
        }
        None => database
            .put(records::NODE_ID, records::encode_node_id(node))
            .and_then(|()| database.flush_wal(true))
            .map_err(|error| StorageFault::from_rocksdb(path, "write the log in", error)),
    }
}

fn value<T>(
    path: &Path,
    database: &DB,
    key: &[u8],
    what: &str,
    decode: impl Fn(&[u8]) -> Result<T, FrameError>,
) -> Result<Option<T>, StorageFault> {
    database
        .get_pinned(key)
        .map_err(|error| StorageFault::from_rocksdb(path, "read the log in", error))?
        .map(|bytes| decode(&bytes).map_err(|error| StorageFault::undecodable(path, &format!("the {what}"), error)))
        .transpose()
}

/// Reads the single values and every entry, checking that the entries are whole and consecutive.
fn load(path: &Path, database: &DB) -> Result<State, StorageFault> {
    let mut state = State {
        vote: value(path, database, records::VOTE, "vote", records::decode_vote)?,
        committed: value(path, database, records::COMMITTED, "commit point", records::decode_log_id)?,
        purged: value(path, database, records::PURGED, "purge point", records::decode_log_id)?,
        ..State::default()
    };
    state.last = state.purged;
    state.first_index = state.purged.as_ref().map_or(0, |purged| purged.index + 1);

    let mut options = ReadOptions::default();
    options.set_iterate_lower_bound(records::entry_key(0));
    options.set_iterate_upper_bound(records::entry_key(u64::MAX));
    let mut previous = state.purged;
    let mut next = state.first_index;
    for item in database.iterator_opt(IteratorMode::Start, options) {
        let (key, bytes) = item.map_err(|error| StorageFault::from_rocksdb(path, "read the log in", error))?;
        let index = records::entry_index(&key)
            .ok_or_else(|| StorageFault::damaged(path, "an entry has a key of the wrong length"))?;
        if index != next {
            return Err(StorageFault::damaged(path, format!("log entry {next} is missing, {index} follows instead")));
        }
        let entry = records::decode_entry(path, index, &bytes)?;
        records::check_order(path, previous.as_ref(), &entry)?;
        previous = Some(entry.log_id);
        next = index + 1;
        state.last = previous;
        state.tail.push(entry, 0, 0);
    }
    // The commit point is written after the entries that it covers, so it cannot survive without them.
    match (&state.committed, &state.last) {
        (Some(committed), last) if last.as_ref() < Some(committed) => Err(StorageFault::damaged(
            path,
            format!("committed entries are missing at its end: {committed} was committed"),
        )),
        _ => Ok(state),
    }
}
