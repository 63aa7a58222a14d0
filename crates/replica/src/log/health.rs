//! How the log's device does: counts of its work, how far it got, and the failure that ended it.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use aliasd_catalog::Revision;

use super::end::LogEnd;
use crate::fault::{Ending, StorageFault};
use crate::types::LogId;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct LogHealth {
    syncs: AtomicU64,
    writes: AtomicU64,
    end: Mutex<LogEnd>,
    /// How many entries the catalog has applied, from the first on.
    applied: AtomicU64,
    /// Everybody who waits for the log is told it, now and later.
    failure: OnceLock<Ending>,
    #[cfg(test)]
    faults: super::device::SyncFaults,
}

impl LogHealth {
    /// That of a log which is durable so far.
    pub(crate) fn ending_at(end: LogEnd) -> Self {
        Self { end: Mutex::new(end), ..Self::default() }
    }

    /// Syncs so far.
    pub(crate) fn syncs(&self) -> u64 {
        self.syncs.load(Ordering::Relaxed)
    }

    /// Appends and votes made durable so far.
    pub(crate) fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    /// Counts a sync that made this many writes durable, and says how far the log is durable now.
    pub(crate) fn synced(&self, writes: u64, end: LogEnd) {
        self.syncs.fetch_add(1, Ordering::Relaxed);
        self.writes.fetch_add(writes, Ordering::Relaxed);
        self.ends_at(end);
    }

    /// The log is durable so far.
    pub(crate) fn ends_at(&self, end: LogEnd) {
        *self.end.lock().unwrap_or_else(PoisonError::into_inner) = end;
    }

    /// How far the log is durable.
    pub(crate) fn end(&self) -> LogEnd {
        *self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The catalog beside the log has applied it up to there.
    pub(crate) fn applied(&self, last: Option<LogId>) {
        self.applied.store(last.map_or(0, |last| last.index.saturating_add(1)), Ordering::Relaxed);
    }

    /// Whether the entries from that index on may be replaced.
    ///
    /// # Errors
    /// The catalog has applied one of them, which was agreed on: whoever wants another one in its place has lost it.
    pub(crate) fn allow_truncation(&self, log: &Path, from: u64) -> Result<(), StorageFault> {
        let applied = self.applied.load(Ordering::Relaxed);
        if from < applied {
            let (path, applied) = (log.to_owned(), Revision(applied - 1));
            return Err(StorageFault::Contradicted { path, from: Revision(from), applied });
        }
        Ok(())
    }

    /// The failure that ended all writing, if there was one.
    pub(crate) fn check(&self) -> io::Result<()> {
        match self.failure.get() {
            None => Ok(()),
            Some(failure) => Err(io::Error::other(failure.clone())),
        }
    }

    /// Records the first failure and says it once in the log.
    pub(crate) fn fail(&self, error: &io::Error) {
        let failure = Ending::of(error);
        if self.failure.set(failure.clone()).is_ok() {
            let Ending { reason, hint } = failure;
            tracing::error!(error = reason, hint, "the log cannot be written; this node stops");
        }
    }

    /// Where the writer dies; for tests.
    #[cfg(test)]
    pub(crate) fn faults(&self) -> super::device::SyncFaults {
        self.faults.clone()
    }
}
