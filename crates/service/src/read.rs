//! Reading this member's copy of the catalog: from a promise about freshness to a view that keeps it.

use std::sync::Arc;
use std::time::Duration;

use aliasd_catalog::{Policy, Rejection, ReleaseStaleness, Revision, Timestamp, Visibility};
use aliasd_replica::{NotServing, ReadError, Replica, StopReason, View};
use aliasd_runtime::{Moment, SharedRuntime};

use crate::clock;
use crate::failure::{Failure, Leader, NodeFailure};
use crate::identity::Authenticated;

/// How long a read waits for the state it needs, unless its caller gives up sooner.
const READ_WAIT: Duration = Duration::from_secs(5);
/// How long a call waits for an election to end before it is told that nobody leads.
const ELECTION_WAIT: Duration = Duration::from_secs(2);

/// How fresh the state must be that a read is answered from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Freshness {
    /// The applied state of the member that is asked.
    Local,
    /// A state that holds everything up to this revision.
    AtLeast(Revision),
    /// A state that holds every write acknowledged before the call.
    #[default]
    Linearizable,
}

/// Reads this member's copy of the catalog, for every use case. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Reader {
    replica: Replica,
    runtime: SharedRuntime,
    /// How old the state may be that a read is answered from.
    max_staleness: Duration,
}

impl Reader {
    pub(crate) fn new(replica: Replica, runtime: SharedRuntime, max_staleness: Duration) -> Self {
        Self { replica, runtime, max_staleness }
    }

    /// What this node runs on.
    pub(crate) fn runtime(&self) -> &SharedRuntime {
        &self.runtime
    }

    /// The time of day.
    pub(crate) fn time(&self) -> Timestamp {
        clock::now(&*self.runtime)
    }

    pub(crate) fn replica(&self) -> &Replica {
        &self.replica
    }

    /// What this member has applied, however old that may be.
    pub(crate) fn present(&self) -> Arc<View> {
        self.replica.view()
    }

    /// The name, if this member knows a user of that name: only then may it be shown, for it may be a password in the wrong
    /// place.
    pub(crate) fn known_user(&self, name: &str) -> Option<String> {
        self.present().catalog.user(name).map(|_| name.to_owned())
    }

    /// A view that is as fresh as asked, or why there is none, by that moment.
    ///
    /// # Errors
    /// This member cannot keep the promise now; another one may.
    async fn view(&self, freshness: Freshness, answer_by: Option<Moment>) -> Result<Arc<View>, Failure> {
        match freshness {
            Freshness::Local => drop(self.fresh_enough()?),
            Freshness::AtLeast(revision) => {
                self.wait_for_revision(revision, answer_by).await?;
                self.fresh_enough()?;
            }
            Freshness::Linearizable => {
                if self.catch_up(answer_by).await.is_err() {
                    // An election may be under way; it takes about as long as a caller's pause before the next attempt.
                    self.wait_for_election(answer_by).await;
                    self.catch_up(answer_by).await?;
                }
            }
        }
        Ok(self.present())
    }

    /// A view that is as fresh as asked and in which the caller still is who it proved to be. The proof was judged on an
    /// earlier view; what was revoked between the two counts.
    ///
    /// # Errors
    /// As [`Reader::view`]; or the proof does not hold in that view.
    pub(crate) async fn view_for(&self, caller: &Authenticated, freshness: Freshness) -> Result<Arc<View>, Failure> {
        let view = self.view(freshness, caller.answer_by).await?;
        self.still_holds(caller, &view)?;
        Ok(view)
    }

    /// Whether the caller still is in that view who it proved to be.
    ///
    /// # Errors
    /// The proof has ended, or was ended.
    pub(crate) fn still_holds(&self, caller: &Authenticated, view: &View) -> Result<(), NodeFailure> {
        if caller.holds(&view.catalog, self.time()) { Ok(()) } else { Err(NodeFailure::CredentialsEnded {}) }
    }

    /// A view to release a credential from, and in which the caller still is who it proved to be: no older than the policy
    /// of the cluster allows, or confirmed since this call began. A member that is behind asks the leader, once.
    ///
    /// # Errors
    /// This member cannot tell that it is fresh enough, another one may; or the proof does not hold in that view.
    pub(crate) async fn view_to_release(&self, caller: &Authenticated) -> Result<Arc<View>, Failure> {
        // In this order, so that the view is at least as fresh as what is said of it.
        let age = self.replica.staleness();
        let view = self.present();
        let limit = release_staleness(&view);
        let view = if age.is_some_and(|age| age <= limit) {
            view
        } else {
            match self.replica.read_barrier(self.within(READ_WAIT, caller.answer_by)).await {
                Ok(_) => self.present(),
                Err(ReadError::Fatal(reason)) => return Err(NodeFailure::from(&reason).into()),
                Err(reason) => {
                    tracing::debug!(%reason, "a credential is not released");
                    return Err(NodeFailure::ReleaseStale { limit: format!("{limit:?}"), proof: proof(age) }.into());
                }
            }
        };
        if caller.holds(&view.catalog, self.time()) { Ok(view) } else { Err(NodeFailure::CredentialsEnded {}.into()) }
    }

    /// Whether credentials may be released from states so old: older ones than this member reads from make no sense.
    ///
    /// # Errors
    /// They may not.
    pub(crate) fn require_releasable(&self, wanted: ReleaseStaleness) -> Result<(), NodeFailure> {
        let (wanted, limit) = (Duration::from_millis(wanted.milliseconds().into()), self.max_staleness);
        if wanted <= limit {
            return Ok(());
        }
        Err(NodeFailure::ReleaseStalenessTooLong { wanted: format!("{wanted:?}"), limit: format!("{limit:?}") })
    }

    /// How old the present state may be.
    ///
    /// # Errors
    /// Older than this member answers from.
    pub(crate) fn fresh_enough(&self) -> Result<Duration, NodeFailure> {
        match self.replica.staleness() {
            Some(age) if age <= self.max_staleness => Ok(age),
            age => Err(NodeFailure::Stale { proof: proof(age) }),
        }
    }

    /// Whether a majority was heard of within the time that this takes at the worst while there is one.
    ///
    /// # Errors
    /// It was not, so that this member is cut off, or a majority is down.
    pub(crate) fn confirmed_in_time(&self) -> Result<(), NodeFailure> {
        match self.replica.staleness() {
            Some(age) if age <= self.replica.confirmation_due() => Ok(()),
            age => Err(NodeFailure::Unconfirmed { proof: proof(age) }),
        }
    }

    /// So long, or until the moment by which the caller wants its answer. Whoever waits longer is not there to hear why it
    /// was in vain.
    pub(crate) fn within(&self, longest: Duration, answer_by: Option<Moment>) -> Duration {
        answer_by.map_or(longest, |moment| longest.min(moment.saturating_since(self.runtime.now())))
    }

    /// Waits until this member has applied everything that was acknowledged before the call.
    pub(crate) async fn catch_up(&self, answer_by: Option<Moment>) -> Result<(), Failure> {
        self.replica.read_barrier(self.within(READ_WAIT, answer_by)).await.map(drop).map_err(read_failure)
    }

    /// Waits a little for a leader. Whether there is one now.
    pub(crate) async fn wait_for_election(&self, answer_by: Option<Moment>) -> bool {
        self.replica.wait_for_leader(self.within(ELECTION_WAIT, answer_by)).await.is_some()
    }

    /// Whether the caller may do something. This member may lag behind the change that allows it, so a refusal is only
    /// given once it has caught up, if it can.
    ///
    /// # Errors
    /// It may not.
    pub(crate) async fn permit(
        &self,
        caller: &Authenticated,
        may: impl Fn(&Visibility<'_>) -> Result<(), Rejection>,
    ) -> Result<(), Failure> {
        let who = caller.principal();
        let Err(refusal) = may(&self.present().catalog.visible_to(&who)) else { return Ok(()) };
        if self.catch_up(caller.answer_by).await.is_err() {
            return Err(Failure::from(&refusal));
        }
        may(&self.present().catalog.visible_to(&who)).map_err(|refusal| Failure::from(&refusal))
    }

    /// The leader, as far as this member knows.
    pub(crate) fn leader(&self) -> Option<Leader> {
        let (node, member) = self.replica.leader()?;
        Some(Leader { node, client_address: member.client_address })
    }

    /// Waits until this member has applied a revision.
    async fn wait_for_revision(&self, revision: Revision, answer_by: Option<Moment>) -> Result<(), Failure> {
        if self.present().revision >= revision {
            return Ok(());
        }
        self.replica.wait_applied(revision, self.within(READ_WAIT, answer_by)).await.map_err(read_failure)
    }
}

/// How old a view may be that a credential is released from, by the policy in it.
fn release_staleness(view: &View) -> Duration {
    let policy = view.catalog.meta().map_or_else(Policy::default, |meta| meta.policy);
    Duration::from_millis(policy.release_staleness.milliseconds().into())
}

/// The sentence on the last proof that a member was up to date.
fn proof(age: Option<Duration>) -> String {
    age.map_or_else(
        || "it has had no proof since it started".to_owned(),
        |age| format!("the last proof is {}.{} s old", age.as_secs(), age.subsec_millis() / 100),
    )
}

fn read_failure(error: ReadError) -> Failure {
    let failure = match error {
        ReadError::Unavailable { reason } => {
            tracing::debug!(%reason, "a linearizable read was not possible");
            NodeFailure::NoLeader {}
        }
        ReadError::Behind { wanted, reached } => {
            NodeFailure::RevisionNotReached { wanted: wanted.to_string(), applied: reached.to_string() }
        }
        ReadError::Fatal(reason) => NodeFailure::from(&reason),
    };
    failure.into()
}

/// The replica serves nothing any more. What caused it and the way out are this node's own matter, such as a path on its
/// disk: its log has them.
impl From<&NotServing> for NodeFailure {
    fn from(reason: &NotServing) -> Self {
        let reason = match reason {
            NotServing::Unrecognised { by } => return Self::NotRecognised { member: by.to_string() },
            NotServing::Stopped(StopReason::Shutdown) => "it was shut down".to_owned(),
            NotServing::Stopped(StopReason::Failed { .. }) => "it cannot go on after a failure".to_owned(),
            NotServing::Removed => return Self::Removed {},
            NotServing::Fenced { .. } | NotServing::RolledBack { .. } => reason.to_string(),
        };
        Self::Stopped { reason }
    }
}

#[cfg(test)]
mod tests;
