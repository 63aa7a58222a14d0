//! From a promise about freshness to a view that keeps it.

use std::sync::Arc;
use std::time::Duration;

use aliasd_catalog::Revision;
use aliasd_wire::Freshness;
use aliasd_wire::error::Error;

use super::{Fault, Session};
use aliasd_replica::{NotServing, ReadError, View};

/// How long a read waits for the state it needs. Callers have deadlines of their own, which end the call sooner.
const READ_WAIT: Duration = Duration::from_secs(5);
/// How long a call waits for an election to end before it is told that nobody leads.
pub(super) const ELECTION_WAIT: Duration = Duration::from_secs(2);

impl Session {
    /// A view that is as fresh as asked.
    ///
    /// # Errors
    /// This member cannot keep the promise now; another one may.
    pub async fn view(&self, freshness: Freshness) -> Result<Arc<View>, Error> {
        match freshness {
            Freshness::Local => self.fresh_enough()?,
            Freshness::AtLeast(revision) => self.reach(revision).await?,
            Freshness::Linearizable => {
                if self.catch_up().await.is_err() {
                    // An election may be under way; it takes about as long as a caller's pause before the next attempt.
                    self.replica.wait_for_leader(ELECTION_WAIT).await;
                    self.catch_up().await?;
                }
            }
        }
        Ok(self.replica.view())
    }

    /// Refuses if no leader was heard of lately.
    pub fn fresh_enough(&self) -> Result<(), Fault> {
        match self.replica.last_heard_from_leader() {
            Some(silence) if silence <= self.max_staleness => Ok(()),
            silence => {
                let silence = silence.map_or_else(
                    || "since it started".to_owned(),
                    |silence| format!("for {}.{} s", silence.as_secs(), silence.subsec_millis() / 100),
                );
                Err(Fault::Stale { silence })
            }
        }
    }

    /// Waits until this member has applied a revision.
    pub async fn reach(&self, revision: Revision) -> Result<(), Error> {
        if self.replica.view().revision >= revision {
            return Ok(());
        }
        self.replica.wait_applied(revision, READ_WAIT).await.map_err(read_fault)
    }

    /// Waits until this member has applied everything that was acknowledged before the call.
    pub async fn catch_up(&self) -> Result<(), Error> {
        self.replica.read_barrier(READ_WAIT).await.map(drop).map_err(read_fault)
    }
}

fn read_fault(error: ReadError) -> Error {
    let fault = match error {
        ReadError::Unavailable { reason } => {
            tracing::debug!(%reason, "a linearizable read was not possible");
            Fault::NoLeader {}
        }
        ReadError::Behind { wanted, reached } => {
            Fault::RevisionNotReached { wanted: wanted.to_string(), applied: reached.to_string() }
        }
        ReadError::Fatal(reason) => not_serving(&reason),
    };
    fault.into()
}

/// How a replica that serves nothing any more is told.
pub fn not_serving(reason: &NotServing) -> Fault {
    Fault::Stopped { reason: reason.to_string() }
}
