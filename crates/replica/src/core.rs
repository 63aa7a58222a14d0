//! What every part of a replica shares: Raft, the feed, the lifecycle, the runtime.
//!
//! It knows how to ask Raft and what this member is; it neither opens stores nor talks to other members.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aliasd_catalog::{ClusterId, Revision, error_chain};
use aliasd_faults::{Mistake, is_planted};
use aliasd_runtime::{Moment, SharedRuntime};
use futures::future::{Either, select};
use openraft::RaftMetrics;
use openraft::alias::WatchReceiverOf;
use openraft::async_runtime::WatchReceiver;
use tokio::sync::watch;

use crate::error::{ClusterError, NotServing, StopReason};
use crate::fault::{Ending, StorageFault};
use crate::feed::Feed;
use crate::freshness::Freshness;
use crate::identity::Loss;
use crate::lifecycle::{Lifecycle, LifecycleState, Step};
use crate::log::health::LogHealth;
use crate::machine::Machine;
use crate::members::departed::Departed;
use crate::roster::Roster;
use crate::runtime::{self, Within};
use crate::status::{self, ReplicaStatus};
use crate::strangers::Strangers;
use crate::successor::{self, Voter};
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
    /// Nodes that were members and are none any more.
    pub(crate) departed: Departed,
    metrics: WatchReceiverOf<TypeConfig, RaftMetrics<TypeConfig>>,
    /// Whose entries or heartbeats Raft took last, and when.
    heard: watch::Sender<Option<(NodeId, Moment)>>,
    freshness: Mutex<Freshness>,
    /// What the change of the members that is under way waits for, while this member leads.
    waiting_for: Mutex<Option<String>>,
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
        let (node, lifecycle) = (roster.node, {
            let kept = roster.identity.kept();
            LifecycleState::new(&kept)
        });
        let (strangers, freshness, heard) = (Strangers::default(), Mutex::default(), watch::Sender::default());
        let (departed, waiting_for) = (Departed::new(), Mutex::default());
        Self {
            node,
            runtime,
            raft,
            feed,
            lifecycle,
            roster,
            strangers,
            departed,
            metrics,
            heard,
            freshness,
            waiting_for,
            log,
        }
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
        if is_planted(Mistake::FreshnessByContact) && self.observe(|metrics| metrics.current_leader.is_some()) {
            return Some(Duration::ZERO);
        }
        let applied = self.feed.view().revision;
        self.freshness().age(applied, self.runtime.now())
    }

    /// Takes note that a leader was heard of: Raft took what it sent.
    pub(crate) fn heard_of(&self, leader: NodeId) {
        self.heard.send_replace(Some((leader, self.runtime.now())));
    }

    /// Who leads, if this member was not left without a word of it for longer than it takes to think of an election. Raft itself
    /// takes a leader that is gone for one until there is another.
    pub(crate) fn leader(&self) -> Option<(NodeId, Member)> {
        let heard = *self.heard.borrow();
        // Every resolve asks: only what is asked for is copied, and the core is not kept waiting for longer than that.
        let metrics = self.metrics.borrow_watched();
        let leader = metrics.current_leader?;
        let is_heard = |(whom, at): (NodeId, Moment)| {
            whom == leader && self.runtime.now().saturating_since(at) <= self.election_timeout()
        };
        if leader != self.node && !heard.is_some_and(is_heard) {
            return None;
        }
        metrics.membership_config.get_node(&leader).map(|it| (leader, it.member.clone()))
    }

    /// Waits until there is a leader that was heard of lately.
    pub(crate) async fn wait_for_leader(&self, timeout: Duration) -> Option<NodeId> {
        let (mut metrics, mut heard) = (self.metrics.clone(), self.heard.subscribe());
        let found = async {
            loop {
                if let Some((leader, _)) = self.leader() {
                    return Some(leader);
                }
                match select(pin!(metrics.changed()), pin!(heard.changed())).await {
                    Either::Left((changed, _)) => changed.ok()?,
                    Either::Right((changed, _)) => changed.ok()?,
                }
            }
        };
        self.runtime.timeout(timeout, found).await.ok().flatten()
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
        // Fails when this node does not lead, and then there is nothing to give away, or while nobody can take it: as long as
        // that lasts nobody else could be elected either.
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
        let loss = Loss { reached, acknowledged: Revision(acknowledged.index) };
        self.roll_back(loss).await;
        true
    }

    /// Neither serves nor votes any more. Kept, since after a restart nobody may be there who knows of it.
    async fn roll_back(&self, loss: Loss) {
        if self.is_rolled_back() {
            return;
        }
        if let Err(fault) = self.roster.identity.roll_back(loss).await {
            self.lifecycle.step(Step::Stop(Ending::of(&fault).into()));
            return;
        }
        let Loss { reached, acknowledged } = loss;
        if self.lifecycle.step(Step::RollBack { reached, acknowledged }) {
            self.step_back().await;
        }
    }

    /// The cluster goes on without this member, for ever: it serves nothing and asks for no vote any more.
    pub(crate) async fn remove(&self) {
        if let Err(fault) = self.roster.identity.remove().await {
            // After a restart it would have to find out anew.
            tracing::error!(error = error_chain(&fault), "that this node was removed could not be written down");
        }
        self.lifecycle.step(Step::Remove);
        self.raft.runtime_config().elect(false);
    }

    /// What the change of the members that is under way waits for, if this member leads and knows.
    pub(crate) fn waiting_for(&self) -> Option<String> {
        self.waiting_for.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes what a change of the members waits for.
    pub(crate) fn waits_for(&self, reason: Option<String>) {
        *self.waiting_for.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }

    /// Whether this member has lost what it had promised.
    pub(crate) fn is_rolled_back(&self) -> bool {
        matches!(self.lifecycle.get(), Lifecycle::RolledBack { .. })
    }

    /// Whether this node's log does not reach to where it became a member, if it ever did.
    pub(crate) fn is_newcomer(&self) -> bool {
        let unread = self.roster.is_empty() || self.roster.recorded(self.node).is_none();
        unread && matches!(self.lifecycle.get(), Lifecycle::Uninitialised | Lifecycle::Unrecognised { .. })
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

    /// The member that expects it to have the data directory that it had once, if one has said so.
    pub(crate) fn disowned_by(&self) -> Option<NodeId> {
        match self.lifecycle.get() {
            Lifecycle::Unrecognised { by } => Some(by),
            _ => None,
        }
    }

    /// Gives the leadership to a voter that can take it; says to whom, and the term that ends with it.
    pub(crate) async fn trigger_transfer(&self, to: Option<NodeId>) -> Result<(NodeId, u64), ClusterError> {
        let leads = |metrics: &RaftMetrics<TypeConfig>| metrics.current_leader == Some(self.node);
        if !self.observe(leads) {
            return Err(ClusterError::NoSuccessor("this node does not lead".to_owned()));
        }
        // One that was elected just now has not had every answer yet.
        let patience = Duration::from_millis(self.raft.config().election_timeout_min);
        self.wait_for(patience, |metrics| !leads(metrics) || self.successor(metrics, to).is_ok()).await;
        let metrics = self.metrics();
        let to = self.successor(&metrics, to).map_err(ClusterError::NoSuccessor)?;
        let triggered = self.within(self.raft.trigger().transfer_leader(to)).await;
        triggered.map_err(|error| NotServing::Stopped(StopReason::failed(error_chain(&error))))?;
        Ok((to, metrics.current_term))
    }

    fn successor(&self, metrics: &RaftMetrics<TypeConfig>, wanted: Option<NodeId>) -> Result<NodeId, String> {
        let last = metrics.last_log_index.map_or(0, |last| last + 1);
        let others = metrics.membership_config.voter_ids().filter(|node| *node != self.node);
        let voters = others.map(|node| {
            let answered = metrics.heartbeat.as_ref().and_then(|answered| *answered.get(&node)?);
            let known = metrics.replication.as_ref().and_then(|known| known.get(&node)?.as_ref());
            let silent_for = answered.map(|sent| self.runtime.now().saturating_since(sent.into_inner().0));
            (node, Voter { silent_for, lacking: last.saturating_sub(known.map_or(0, |known| known.index + 1)) })
        });
        successor::choose(&voters.collect(), wanted, self.election_timeout())
    }

    /// Whoever has heard nothing of a leader for so long begins to think of an election.
    fn election_timeout(&self) -> Duration {
        Duration::from_millis(self.raft.config().election_timeout_max)
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
            refused: self.strangers.refused(self.runtime.now()),
            round_trip_max: Duration::ZERO,
            log_syncs: self.log.syncs(),
            log_writes: self.log.writes(),
        }
    }
}
