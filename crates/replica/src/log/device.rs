//! What the writer thread writes to: the log's database, and the watermark beside it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use aliasd_faults::{Failpoint, reach};
use rocksdb::{DB, WriteBatch};

use super::end::LogEnd;
use super::records;
use super::watermark::{Mark, Watermark};
use super::write::LogWrite;
use super::writer::Device;
use crate::closable::Open;
use crate::fault::StorageFault;

/// The log's database.
pub(super) struct Database {
    pub(super) path: PathBuf,
    pub(super) database: DB,
}

/// See the module.
pub(super) struct LogDevice {
    /// Closed by the writer thread if that is the last to need it, because nobody waited for the thread.
    pub(super) database: Arc<Open<Database>>,
    pub(super) watermark: Watermark,
    /// How far the log reaches with everything that was written.
    pub(super) end: LogEnd,
    #[cfg(test)]
    pub(super) faults: SyncFaults,
}

impl LogDevice {
    /// Before the log goes back behind what the watermark says, the watermark goes back, durably: otherwise a crash in
    /// between would look like damage.
    fn retreat(&mut self, writes: &[LogWrite]) -> io::Result<()> {
        let (mut end, mut lowest) = (self.end, self.watermark.mark().last);
        for write in writes {
            end.make(write);
            lowest = lowest.min(end.last);
        }
        if lowest < self.watermark.mark().last {
            self.watermark.set(Mark { last: lowest, ..self.watermark.mark() })?;
            self.watermark.sync()?;
            reach(Failpoint::LogRetreated);
            #[cfg(test)]
            self.faults.reached(SyncStep::Retreated)?;
        }
        self.end = end;
        Ok(())
    }
}

impl Device for LogDevice {
    fn write(&mut self, writes: &[LogWrite]) -> io::Result<()> {
        self.retreat(writes)?;
        let mut batch = WriteBatch::default();
        for write in writes {
            put(&mut batch, write);
        }
        let Database { path, database } = &self.database.store;
        database.write(batch).map_err(|error| StorageFault::from_rocksdb(path, "write the log in", error))?;
        if aliasd_faults::ACTIVE {
            writes.iter().filter_map(failpoint).for_each(reach);
        }
        #[cfg(test)]
        self.faults.reached(SyncStep::Written)?;
        Ok(())
    }

    fn sync(&mut self) -> io::Result<LogEnd> {
        let Database { path, database } = &self.database.store;
        database.flush_wal(true).map_err(|error| StorageFault::from_rocksdb(path, "sync the log in", error))?;
        reach(Failpoint::LogSynced);
        #[cfg(test)]
        self.faults.reached(SyncStep::Synced)?;
        self.watermark.set(Mark::from(&self.end))?;
        reach(Failpoint::LogMarked);
        #[cfg(test)]
        self.faults.reached(SyncStep::Marked)?;
        Ok(self.end)
    }

    fn settle(&mut self) -> io::Result<()> {
        Ok(self.watermark.sync()?)
    }
}

/// The point that is reached with a write.
fn failpoint(write: &LogWrite) -> Option<Failpoint> {
    match write {
        LogWrite::Vote(_) => Some(Failpoint::LogVoted),
        LogWrite::Committed(_) => None,
        LogWrite::Append(_) => Some(Failpoint::LogAppended),
        LogWrite::TruncateAfter(_) => Some(Failpoint::LogTruncated),
        LogWrite::Purge { .. } => Some(Failpoint::LogPurged),
    }
}

fn put(batch: &mut WriteBatch, write: &LogWrite) {
    match write {
        LogWrite::Vote(vote) => batch.put(records::VOTE, records::encode_vote(vote)),
        LogWrite::Committed(Some(committed)) => batch.put(records::COMMITTED, records::encode_log_id(committed)),
        LogWrite::Committed(None) => batch.delete(records::COMMITTED),
        LogWrite::Append(entries) => {
            for entry in entries {
                batch.put(records::entry_key(entry.log_id.index), records::encode_entry(entry));
            }
        }
        LogWrite::TruncateAfter(last) => {
            let from = LogWrite::first_truncated(last.as_ref());
            batch.delete_range(records::entry_key(from), records::entry_key(u64::MAX));
        }
        LogWrite::Purge { from, upto } => {
            batch.put(records::PURGED, records::encode_log_id(upto));
            if *from <= upto.index {
                batch.delete_range(records::entry_key(*from), records::entry_key(upto.index + 1));
            }
        }
    }
}

/// A step in which a group of writes becomes durable, named by what is done when it is reached.
#[cfg(test)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SyncStep {
    /// The watermark went back, durably, because the log is about to.
    Retreated,
    /// The writes are handed to RocksDB, which has them in a buffer.
    Written,
    /// The writes are durable.
    Synced,
    /// The watermark says so, and nobody was told yet.
    Marked,
}

/// Where the process dies, if anywhere: an error there is final, so nothing is written after it.
#[cfg(test)]
#[derive(Clone, Debug, Default)]
pub(crate) struct SyncFaults(Arc<std::sync::Mutex<Option<SyncStep>>>);

#[cfg(test)]
impl SyncFaults {
    pub(crate) fn die_at(&self, step: SyncStep) {
        *self.0.lock().unwrap() = Some(step);
    }

    fn reached(&self, step: SyncStep) -> io::Result<()> {
        if *self.0.lock().unwrap() == Some(step) { Err(io::Error::other("it died on request")) } else { Ok(()) }
    }
}
