//! How the log's device does: counts of its work, and the failure that ended it.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::fault::ending;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct LogHealth {
    syncs: AtomicU64,
    writes: AtomicU64,
    /// As text, made once: everybody who waits for the log is told it, now and later.
    failure: OnceLock<String>,
}

impl LogHealth {
    /// Syncs so far.
    pub(crate) fn syncs(&self) -> u64 {
        self.syncs.load(Ordering::Relaxed)
    }

    /// Appends and votes made durable so far.
    pub(crate) fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    /// Counts a sync that made this many writes durable.
    pub(crate) fn synced(&self, writes: u64) {
        self.syncs.fetch_add(1, Ordering::Relaxed);
        self.writes.fetch_add(writes, Ordering::Relaxed);
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
        let failure = ending(error);
        if self.failure.set(failure.clone()).is_ok() {
            tracing::error!(error = failure, "the log cannot be written; this node stops");
        }
    }
}
