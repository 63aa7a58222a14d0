//! How far a log is durable, and how to make it so: for whoever must not be ahead of it.

use std::fmt;
use std::io;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::end::LogEnd;
use super::health::LogHealth;
use super::write::Waiter;
use crate::types::LogId;

/// A log as its catalog sees it; clones share it.
#[derive(Clone)]
pub(crate) struct Durability {
    health: Arc<LogHealth>,
    wait: Arc<dyn Fn(Waiter) + Send + Sync>,
}

impl Durability {
    /// That of a log to which `wait` submits somebody who waits for everything before.
    pub(super) fn new(health: Arc<LogHealth>, wait: impl Fn(Waiter) + Send + Sync + 'static) -> Self {
        Self { health, wait: Arc::new(wait) }
    }

    /// How far the log is durable.
    pub(crate) fn end(&self) -> LogEnd {
        self.health.end()
    }

    /// Tells the log how far its catalog has applied it: nothing of that is replaced.
    pub(crate) fn applied(&self, last: Option<LogId>) {
        self.health.applied(last);
    }

    /// Counts of syncs and failure.
    pub(crate) fn health(&self) -> Arc<LogHealth> {
        Arc::clone(&self.health)
    }

    /// Waits until everything that was submitted so far is durable: appends, truncations, purges, votes.
    pub(crate) async fn barrier(&self) -> io::Result<()> {
        let (done, flushed) = oneshot::channel();
        (self.wait)(Waiter::Write(done));
        flushed.await.unwrap_or_else(|_| Err(io::Error::other("the log is gone")))
    }

    /// That of a catalog without a log, whose every entry counts as durable.
    #[cfg(test)]
    pub(crate) fn of_no_log() -> Self {
        let end = LogEnd { last: Some(crate::tests::log_id(u64::MAX, u64::MAX)), ..LogEnd::default() };
        Self::new(Arc::new(LogHealth::ending_at(end)), |waiter| waiter.complete(Ok(())))
    }
}

impl fmt::Debug for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Durability").field("end", &self.end()).finish_non_exhaustive()
    }
}
