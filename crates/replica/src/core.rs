//! What every part of a replica shares: Raft, the feed, the lifecycle, the runtime.
//!
//! It knows how to ask Raft and what this member is; it neither opens stores nor talks to other members.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aliasd_catalog::{ClusterId, Revision, error_chain};
use aliasd_faults::{Mistake, is_planted};
use aliasd_runtime::{Moment, SharedRuntime};
use openraft::RaftMetrics;
use openraft::alias::WatchReceiverOf;
use openraft::async_runtime::WatchReceiver;

use crate::error::{ClusterError, NotServing, StopReason};
use crate::fault::{Ending, StorageFault};
use crate::feed::Feed;
use crate::freshness::Freshness;
use crate::lifecycle::{Lifecycle, LifecycleState, Step};
use crate::log::health::LogHealth;
use crate::machine::Machine;
use crate::roster::Roster;
use crate::runtime::{self, Within};
use crate::status::{self, ReplicaStatus};
use crate::strangers::Strangers;
use crate::types::{LogId, Member, NodeId, TypeConfig, Vote};

/// Raft over this crate's machine.
pub(crate) type Raft = openraft::Raft<TypeConfig, Machine>;

/// See the module.
pub(crate) struct Core {
    pub(crate) node: NodeId,
    pub(crate) runtime: SharedRuntime,
    pub(crate) raft: Raft,
    pub(crate) feed: Arc<Feed>,
    pub(crate) lifecycle: LifecycleState,
    pub(crate) roster: Arc<Roster>,
    /// Nodes whose messages are refused.
    pub(crate) strangers: Strangers,
    metrics: WatchReceiverOf<TypeConfig, RaftMetrics<TypeConfig>>,
    freshness: Mutex<Freshness>,
    log: Arc<LogHealth>,
}

impl Core {
    pub(crate) fn new(
        roster: Arc<Roster>,
        runtime: SharedRuntime,
        raft: Raft,
        feed: Arc<Feed>,
        log: Arc<LogHealth>,
    ) -> Self {
        let metrics = raft.metrics();
        let (node, lifecycle) = (roster.node, LifecycleState::new(roster.identity.kept().fenced_at));
        let (strangers, freshness) = (Strangers::default(), Mutex::default());
        Self { node, runtime, raft, feed, lifecycle, roster, strangers, metrics, freshness, log }
    }

    /// Calls into Raft on this replica's runtime, whoever's task it is.
    pub(crate) fn within<F: Future>(&self, call: F) -> Within<F> {
        runtime::within(&self.runtime, call)
    }

    /// A copy: holding the original would block the core.
    pub(crate) fn metrics(&self) -> RaftMetrics<TypeConfig> {
        self.metrics.borrow_watched().clone()
    }

    /// Looks at Raft's metrics where they are, for a moment: the core is kept waiting meanwhile.
    pub(crate) fn observe<T>(&self, look: impl FnOnce(&RaftMetrics<TypeConfig>) -> T) -> T {
        look(&self.metrics.borrow_watched())
    }

    /// What this member is by now.
    pub(crate) fn lifecycle(&self) -> Lifecycle {
        self.lifecycle.observe(self.node, &self.metrics());
        self.lifecycle.get()
    }

    pub(crate) fn serving(&self) -> Result<(), NotServing> {
        self.lifecycle.serving()
    }

    fn freshness(&self) -> MutexGuard<'_, Freshness> {
        self.freshness.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note that a quorum confirmed what a read that began at `asked_at` must have applied.
    pub(crate) fn confirmed(&self, revision: Revision, asked_at: Moment) {
        let applied = self.feed.view().revision;
        self.freshness().confirm(revision, asked_at, applied);
    }

    /// How long ago the view was known to be up to date; see [`crate::Replica::staleness`].
    pub(crate) fn staleness(&self) -> Option<Duration> {
        if is_planted(Mistake::FreshnessByContact) && self.leader().is_some() {
            return Some(Duration::ZERO);
        }
        let applied = self.feed.view().revision;
        self.freshness().age(applied, self.runtime.now())
    }

    pub(crate) fn leader(&self) -> Option<(NodeId, Member)> {
        // Every resolve asks: only what is asked for is copied, and the core is not kept waiting for longer than that.
        let metrics = self.metrics.borrow_watched();
        let leader = metrics.current_leader?;
        metrics.membership_config.get_node(&leader).map(|it| (leader, it.member.clone()))
    }

    /// Waits until Raft's state fulfils a condition.
    pub(crate) async fn wait_for(
        &self,
        timeout: Duration,
        condition: impl Fn(&RaftMetrics<TypeConfig>) -> bool,
    ) -> Option<RaftMetrics<TypeConfig>> {
        let mut metrics = self.metrics.clone();
        let reached = async {
            loop {
                let current = metrics.borrow_watched().clone();
                if condition(&current) {
                    return Some(current);
                }
                metrics.changed().await.ok()?;
            }
        };
        self.runtime.timeout(timeout, reached).await.ok().flatten()
    }

    /// Serves nothing any more, because the catalog differs from the others'. Goes on voting: the log is not in doubt.
    pub(crate) async fn fence(&self, revision: Revision) {
        if is_planted(Mistake::FenceIgnored) {
            return;
        }
        if let Err(fault) = self.roster.identity.fence(revision).await {
            // After a restart it would serve again.
            self.lifecycle.step(Step::Stop(Ending::of(&fault).into()));
            return;
        }
        self.lifecycle.step(Step::Fence(revision));
        self.step_back().await;
    }

    /// Neither campaigns nor leads any longer than it takes to hand over: whoever came to it would be refused.
    pub(crate) async fn step_back(&self) {
        self.raft.runtime_config().elect(false);
        // Fails when this node does not lead, and then there is nothing to give away.
        let _ = self.trigger_transfer(None).await;
    }

    /// Whether this member lacks what a leader says that it has acknowledged. If so, it runs on an older copy of its data
    /// directory, or has lost the end of its log: what else it promised, votes included, nobody knows.
    pub(crate) async fn lacks(&self, leader: Vote, acknowledged: LogId) -> bool {
        if is_planted(Mistake::RolledBackMemberVotes) {
            return false;
        }
        let end = self.log.end();
        let applied = self.feed.digest().0;
        // A leader that is not up to date may speak of what a later one has truncated since. What a snapshot brought is
        // durable although the log does not have it.
        if Some(leader) < end.vote || end.last >= Some(acknowledged) || applied.0 >= acknowledged.index {
            return false;
        }
        let reached = Revision(end.last.map_or(0, |last| last.index));
        if self.lifecycle.step(Step::RollBack { reached, acknowledged: Revision(acknowledged.index) }) {
            self.step_back().await;
        }
        true
    }

    /// Whether this member has lost what it had promised.
    pub(crate) fn is_rolled_back(&self) -> bool {
        matches!(self.lifecycle.get(), Lifecycle::RolledBack { .. })
    }

    /// Whether nothing was ever written to the log.
    pub(crate) fn is_pristine(&self) -> bool {
        let metrics = self.metrics.borrow_watched();
        metrics.last_log_index.is_none() && metrics.current_term == 0
    }

    /// Belongs to a cluster from now on, unless it belongs to one already; gives the one that it belongs to.
    pub(crate) async fn join(&self, cluster: ClusterId) -> Result<ClusterId, StorageFault> {
        self.roster.identity.join(cluster).await
    }

    /// Another member expects this node to have the data directory that it had once.
    pub(crate) fn not_recognised(&self, by: NodeId) {
        if self.lifecycle() == Lifecycle::Uninitialised {
            self.lifecycle.step(Step::Disown(by));
        }
    }

    pub(crate) async fn trigger_transfer(&self, to: Option<NodeId>) -> Result<NodeId, ClusterError> {
        let metrics = self.metrics();
        if metrics.current_leader != Some(self.node) {
            return Err(ClusterError::Transfer("this node does not lead".to_owned()));
        }
        let members = status::members(&metrics);
        let successors = members.iter().filter(|(id, member)| **id != self.node && member.voter);
        let to = match to {
            Some(to) => Some(to).filter(|to| members.get(to).is_some_and(|member| member.voter)),
            None => successors.max_by_key(|(_, member)| member.matched).map(|(id, _)| *id),
        };
        let to = to.ok_or_else(|| ClusterError::Transfer("there is no such voter".to_owned()))?;
        let triggered = self.within(self.raft.trigger().transfer_leader(to)).await;
        triggered.map_err(|error| NotServing::Stopped(StopReason::failed(error_chain(&error))))?;
        Ok(to)
    }

    pub(crate) fn status(&self) -> ReplicaStatus {
        let metrics = self.metrics();
        self.lifecycle.observe(self.node, &metrics);
        let lifecycle = self.lifecycle.get();
        let (applied, digest) = self.feed.digest();
        let index = |log_id: Option<LogId>| log_id.map(|log_id| Revision(log_id.index));
        ReplicaStatus {
            node: self.node,
            role: status::role(metrics.state),
            term: metrics.current_term,
            leader: metrics.current_leader,
            members: status::members(&metrics),
            last_log: metrics.last_log_index.map(Revision),
            committed: index(metrics.local_committed),
            applied,
            snapshot: index(metrics.snapshot),
            purged: index(metrics.purged),
            digest,
            fenced: match &lifecycle {
                Lifecycle::Fenced { at } => Some(*at),
                _ => None,
            },
            lifecycle,
            rolled_back: BTreeSet::new(),
            round_trip_max: Duration::ZERO,
            log_syncs: self.log.syncs(),
            log_writes: self.log.writes(),
        }
    }
}
