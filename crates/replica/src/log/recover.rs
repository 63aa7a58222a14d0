//! Opening a log: what a crash leaves is continued, what is damaged or gone is refused.
//!
//! # What tells the two apart
//!
//! The sync watermark. Whatever lies before it was synced and maybe acknowledged: if that cannot be read, the log is
//! damaged. What lies behind it was never acknowledged, and a crash may leave any part of it: a power failure need not
//! keep the pages of a file in the order in which they were written.
//!
//! So the log is first opened strictly: every byte of the write-ahead log must be whole (`AbsoluteConsistency`). Where one
//! is not, RocksDB is asked what can be read before it (`PointInTime`), without writing anything; if that contains all
//! that was synced, the rest is cut off and this is said, otherwise the log is refused as it is. A directory from before
//! there were watermarks may end in an unfinished record and in nothing else (`TolerateCorruptedTailRecords`).
//!
//! RocksDB tracks in its manifest which closed write-ahead logs there must be, and how long they are. It does not track
//! the newest; the watermark does.

use std::path::{Path, PathBuf};

use rocksdb::{DB, DBRecoveryMode, ErrorKind, IteratorMode, Options, ReadOptions};

use super::store::State;
use super::watermark::{Mark, Watermark};
use super::{position, records};
use crate::descriptors::DATABASE_FILES_MAX;
use crate::fault::StorageFault;
use crate::frame::FrameError;
use crate::types::{LogEntry, LogId, NodeId};

/// Size of the memory table; the write-ahead log, replayed at start, is bounded by it.
const WRITE_BUFFER_BYTES: usize = 32 * 1024 * 1024;

/// Where a log lies.
#[derive(Clone, Debug)]
pub(crate) struct LogPlace {
    /// The database's directory.
    pub(crate) directory: PathBuf,
    /// The file that says how far it was synced. Not in that directory, so that the two do not vanish together.
    pub(crate) watermark: PathBuf,
    /// What is made after the log, and so shows that there was one.
    pub(crate) witness: PathBuf,
}

/// An open log, and what it holds.
pub(super) struct Opened {
    pub(super) database: DB,
    pub(super) state: State,
    pub(super) watermark: Watermark,
}

/// Opens the log of `node`, or makes a new one where there never was one, and reads every entry once. Blocks.
pub(super) fn open(place: &LogPlace, node: NodeId) -> Result<Opened, StorageFault> {
    let path = place.directory.as_path();
    let watermark = Watermark::open(&place.watermark, node)?;
    let exists = exists(place, watermark.is_some())?;
    let database = match &watermark {
        Some(watermark) => open_strictly(path, watermark.mark())?,
        None => {
            let options = options(!exists, DBRecoveryMode::TolerateCorruptedTailRecords);
            DB::open(&options, path).map_err(|error| failed_to_open(path, error))?
        }
    };
    if !is_claimed(path, &database, node)? {
        put(path, &database, records::NODE_ID, node)?;
    }
    let state = load(path, &database)?;
    let has_watermark = judge(place, &database, &state, watermark.as_ref().map(Watermark::mark))?;
    let now = Mark { vote: state.vote, last: state.last };
    let watermark = match watermark {
        Some(mut watermark) => {
            watermark.set(now)?;
            watermark.sync()?;
            watermark
        }
        None => Watermark::create(&place.watermark, node, now)?,
    };
    if !has_watermark {
        put(path, &database, records::HAS_WATERMARK, node)?;
    }
    Ok(Opened { database, state, watermark })
}

/// A log as it lies there, and what it holds.
pub(super) struct Seen {
    pub(super) database: DB,
    pub(super) state: State,
}

/// Reads the log of `node` as it lies there, and judges it as [`open`] does; none if there never was one. Changes nothing,
/// and a node may write to it meanwhile. Blocks.
pub(super) fn look(place: &LogPlace, node: NodeId) -> Result<Option<Seen>, StorageFault> {
    let path = place.directory.as_path();
    let mark = Watermark::look(&place.watermark, node)?;
    if !exists(place, mark.is_some())? {
        return Ok(None);
    }
    // What lies behind the last sync may be in the middle of being written.
    let recovery = match mark {
        Some(_) => DBRecoveryMode::PointInTime,
        None => DBRecoveryMode::TolerateCorruptedTailRecords,
    };
    let database = DB::open_for_read_only(&options(false, recovery), path, false);
    let database = database.map_err(|error| failed_to_open(path, error))?;
    is_claimed(path, &database, node)?;
    let state = load(path, &database)?;
    judge(place, &database, &state, mark)?;
    Ok(Some(Seen { database, state }))
}

/// Whether there is a log; that there is none is damage where something shows that there was one.
fn exists(place: &LogPlace, has_watermark: bool) -> Result<bool, StorageFault> {
    let path = place.directory.as_path();
    let exists = path.join("CURRENT").exists();
    let witness = if has_watermark { &place.watermark } else { &place.witness };
    if !exists && (has_watermark || witness.exists()) {
        let finding = format!("the log is missing, while {} shows that there was one", witness.display());
        return Err(StorageFault::damaged(path, finding));
    }
    Ok(exists)
}

/// Whether the log says that there is a watermark beside it; it is damaged if it does not have what that says, or if it is
/// not there.
fn judge(place: &LogPlace, database: &DB, state: &State, mark: Option<Mark>) -> Result<bool, StorageFault> {
    let path = place.directory.as_path();
    let has_watermark = value(path, database, records::HAS_WATERMARK, "sign", records::decode_node_id)?.is_some();
    match mark {
        Some(mark) => contains(path, database, state, mark)?,
        None if has_watermark => {
            let finding =
                "it is missing, while the log shows that there was one; how far the log was synced is unknown";
            return Err(StorageFault::damaged(&place.watermark, finding));
        }
        None => {}
    }
    Ok(has_watermark)
}

fn options(create: bool, recovery: DBRecoveryMode) -> Options {
    let mut options = Options::default();
    options.create_if_missing(create);
    options.set_paranoid_checks(true);
    options.set_wal_recovery_mode(recovery);
    options.set_track_and_verify_wals_in_manifest(true);
    // The writer syncs when somebody waits for it; a write alone only fills a buffer.
    options.set_manual_wal_flush(true);
    options.set_write_buffer_size(WRITE_BUFFER_BYTES);
    options.set_compression_type(rocksdb::DBCompressionType::Lz4);
    options.set_keep_log_file_num(2);
    options.set_max_open_files(DATABASE_FILES_MAX);
    options
}

fn failed_to_open(path: &Path, error: rocksdb::Error) -> StorageFault {
    StorageFault::from_rocksdb(path, "open the log in", error)
}

/// Opens a log that has a watermark.
fn open_strictly(path: &Path, synced: Mark) -> Result<DB, StorageFault> {
    let unreadable = match DB::open(&options(false, DBRecoveryMode::AbsoluteConsistency), path) {
        Err(error) if error.kind() == ErrorKind::Corruption => error,
        opened => return opened.map_err(|error| failed_to_open(path, error)),
    };
    let lenient = options(false, DBRecoveryMode::PointInTime);
    let readable = DB::open_for_read_only(&lenient, path, false).map_err(|error| failed_to_open(path, error))?;
    let state = load(path, &readable)?;
    if let Err(fault) = contains(path, &readable, &state, synced) {
        return Err(match fault {
            StorageFault::Damaged { path, finding, source: None } => {
                StorageFault::Damaged { path, finding, source: Some(unreadable.into()) }
            }
            fault => fault,
        });
    }
    drop(readable);
    tracing::warn!(
        path = %path.display(),
        last = %position(state.last.as_ref()),
        error = %unreadable,
        "what lies behind this entry of the log was never synced and is not whole; it is cut off, and nothing that was \
         acknowledged is lost"
    );
    DB::open(&lenient, path).map_err(|error| failed_to_open(path, error))
}

/// Whether the log has everything that was synced.
fn contains(path: &Path, database: &DB, state: &State, synced: Mark) -> Result<(), StorageFault> {
    if state.vote < synced.vote {
        return Err(StorageFault::damaged(path, "its vote is older than the one that was synced"));
    }
    let Some(wanted) = synced.last else { return Ok(()) };
    if state.purged.is_some_and(|purged| purged >= wanted) {
        return Ok(());
    }
    match entry(path, database, wanted.index)? {
        Some(found) if found.log_id == wanted => Ok(()),
        Some(found) => {
            let found = found.log_id;
            Err(StorageFault::damaged(path, format!("entry {found} lies in it where entry {wanted} was synced")))
        }
        None => {
            let end = position(state.last.as_ref());
            Err(StorageFault::damaged(path, format!("it ends at {end}, while entry {wanted} was synced")))
        }
    }
}

/// The entry at an index, if the log holds it.
pub(super) fn entry(path: &Path, database: &DB, index: u64) -> Result<Option<LogEntry>, StorageFault> {
    let decode = |bytes: &[u8]| Ok(records::decode_entry(path, index, bytes));
    value(path, database, &records::entry_key(index), "last entry", decode)?.transpose()
}

/// Whether this log is signed as that of `node`; a new one is not signed yet.
fn is_claimed(path: &Path, database: &DB, node: NodeId) -> Result<bool, StorageFault> {
    match value(path, database, records::NODE_ID, "node id", records::decode_node_id)? {
        Some(found) if found == node => Ok(true),
        Some(found) => Err(StorageFault::Foreign { path: path.to_owned(), found, expected: node }),
        None if database.iterator(IteratorMode::Start).next().is_some() => {
            Err(StorageFault::damaged(path, "it has content but does not say which node made it"))
        }
        None => Ok(false),
    }
}

/// Writes a node id, durably.
fn put(path: &Path, database: &DB, key: &[u8], node: NodeId) -> Result<(), StorageFault> {
    database
        .put(key, records::encode_node_id(node))
        .and_then(|()| database.flush_wal(true))
        .map_err(|error| StorageFault::from_rocksdb(path, "write the log in", error))
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
    let (purged, first) = (state.purged, state.first_index);
    each_entry(path, database, 0, (purged, first), |entry| {
        state.last = Some(entry.log_id);
        state.tail.push(entry, 0, 0);
    })?;
    // The commit point is written after the entries that it covers, so it cannot survive without them.
    match (&state.committed, &state.last) {
        (Some(committed), last) if last.as_ref() < Some(committed) => Err(StorageFault::damaged(
            path,
            format!("committed entries are missing at its end: {committed} was committed"),
        )),
        _ => Ok(state),
    }
}

/// Reads every entry from index `from` on, checking that they are whole and consecutive: the first is the one at that index
/// that is named, behind the position that is.
pub(super) fn each_entry(
    path: &Path,
    database: &DB,
    from: u64,
    (mut previous, mut next): (Option<LogId>, u64),
    mut read: impl FnMut(LogEntry),
) -> Result<(), StorageFault> {
    let mut options = ReadOptions::default();
    options.set_iterate_lower_bound(records::entry_key(from));
    options.set_iterate_upper_bound(records::entry_key(u64::MAX));
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
        read(entry);
    }
    Ok(())
}
