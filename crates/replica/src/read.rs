//! Linearizable reads: which revision a read must have seen, confirmed by a quorum after the read began.
//!
//! Many reads share one question: all that came before it was asked take its answer. When nobody reads, the question is asked
//! all the same, since its answer is what tells how fresh this member's view is.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use aliasd_catalog::{Policy, Revision, error_chain};
use aliasd_faults::{Mistake, is_planted};
use aliasd_runtime::SharedRuntime;
use aliasd_wire::peer::v1::read_index_reply::Result as Answer;
use futures::future::{Either, select};
use openraft::ReadPolicy;
use openraft::errors::{LinearizableReadError, RaftError};
use tokio::sync::{mpsc, oneshot};

use crate::core::Core;
use crate::lifecycle::Lifecycle;
use crate::network::Peers;
use crate::runtime;
use crate::types::NodeId;

/// Callers that share one answer, at most.
const CALLERS_MAX: usize = 8192;
/// The pause after a question without an answer. A lost leader is replaced within a second or so.
const CONFIRM_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// What a leader, or a node that is asked for one, answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeaderRead {
    /// Reads at this revision or later are linearizable.
    Index(Revision),
    /// Another node leads, or none that is known.
    NotLeader(Option<NodeId>),
    /// No quorum confirmed the leader in time.
    NoQuorum,
    /// Raft stopped.
    Stopped,
}

/// Gets read indexes, from this node when it leads and from the leader otherwise.
pub(crate) struct ReadIndexer {
    on_leader: Coalescer<LeaderRead>,
    anywhere: Coalescer<Result<Revision, String>>,
}

impl ReadIndexer {
    /// Starts the two tasks that ask; they end with the indexer.
    pub(crate) fn start(core: &Arc<Core>, peers: &Arc<Peers>, leader_timeout: Duration) -> Arc<Self> {
        let leader = Arc::clone(core);
        let on_leader = Coalescer::start(&core.runtime, move || ask_self(Arc::clone(&leader)));
        let (asking, peers) = (Arc::clone(core), Arc::clone(peers));
        let ask = move || ask_anywhere(Arc::clone(&asking), Arc::clone(&peers), leader_timeout);
        let anywhere = Coalescer::start(&core.runtime, ask);
        Arc::new(Self { on_leader, anywhere })
    }

    /// Answers as leader or not at all.
    pub(crate) async fn on_leader(&self) -> LeaderRead {
        self.on_leader.ask().await.unwrap_or(LeaderRead::Stopped)
    }

    /// Asks whoever leads. The error says what was tried.
    pub(crate) async fn anywhere(&self) -> Result<Revision, String> {
        self.anywhere.ask().await.unwrap_or_else(|| Err("this node stops".to_owned()))
    }
}

/// Asks what a read that begins now must have applied, and takes note of it.
pub(crate) async fn confirm(core: &Core, reads: &ReadIndexer) -> Result<Revision, String> {
    let asked_at = core.runtime.now();
    let revision = reads.anywhere().await?;
    core.confirmed(revision, asked_at);
    Ok(revision)
}

/// Asks again and again, until this member stops.
pub(crate) async fn confirm_regularly(core: Arc<Core>, reads: Arc<ReadIndexer>, interval: Duration) {
    // Who is removed asks nobody any more.
    while !matches!(core.lifecycle(), Lifecycle::Stopped(_) | Lifecycle::Removed) {
        let interval = interval.min(release_staleness(&core) / 2);
        // At once when somebody leads again.
        core.wait_for(interval, |metrics| metrics.current_leader.is_some()).await;
        let confirmed = confirm(&core, &reads).await.is_ok();
        core.runtime.sleep(if confirmed { interval } else { interval.min(CONFIRM_AGAIN_AFTER) }).await;
    }
}

/// How old a view may be that a credential is released from: a healthy member is always fresh enough without being asked, where
/// a round trip takes no longer than half of that.
fn release_staleness(core: &Core) -> Duration {
    let view = core.feed.view();
    let policy = view.catalog.meta().map_or_else(Policy::default, |meta| meta.policy);
    Duration::from_millis(policy.release_staleness.milliseconds().into())
}

async fn ask_self(core: Arc<Core>) -> LeaderRead {
    // Raft's library calls it an error of its own to be asked when it has ended.
    if matches!(core.lifecycle(), Lifecycle::Stopped(_)) {
        return LeaderRead::Stopped;
    }
    if is_planted(Mistake::ReadFromDeposedLeader) && core.metrics().current_leader == Some(core.node) {
        return LeaderRead::Index(core.feed.view().revision);
    }
    match core.raft.get_read_log_id(ReadPolicy::ReadIndex).await {
        Ok((read, _applied)) => LeaderRead::Index(Revision(read.index())),
        Err(RaftError::APIError(LinearizableReadError::ForwardToLeader(to))) => LeaderRead::NotLeader(to.leader_id),
        Err(RaftError::APIError(LinearizableReadError::QuorumNotEnough(_))) => LeaderRead::NoQuorum,
        Err(RaftError::Fatal(_)) => LeaderRead::Stopped,
    }
}

async fn ask_anywhere(core: Arc<Core>, peers: Arc<Peers>, leader_timeout: Duration) -> Result<Revision, String> {
    let leader = match ask_self(Arc::clone(&core)).await {
        LeaderRead::Index(revision) => return Ok(revision),
        LeaderRead::NotLeader(Some(leader)) if leader != core.node => leader,
        LeaderRead::NotLeader(_) => return Err("no leader is known".to_owned()),
        LeaderRead::NoQuorum => return Err("this node leads but cannot reach a quorum".to_owned()),
        LeaderRead::Stopped => return Err("this node stops".to_owned()),
    };
    let membership = core.metrics().membership_config;
    let Some(member) = membership.get_node(&leader) else {
        return Err(format!("the leader, node {leader}, is not a known member"));
    };
    let asked = peers.read_index(leader, &member.member.peer_address, leader_timeout);
    // A leader that hangs answers nobody, and is replaced long before the time is up.
    let replaced = core.wait_for(leader_timeout, |metrics| metrics.current_leader != Some(leader));
    let answer = match select(pin!(asked), pin!(replaced)).await {
        Either::Left((answer, _)) => answer,
        Either::Right((Some(_), _)) => return Err(format!("node {leader} was asked, and leads no longer")),
        Either::Right((None, asked)) => asked.await,
    };
    match answer {
        Ok(Some(Answer::Index(index))) => Ok(Revision(index)),
        Ok(Some(Answer::NotLeader(_))) => Err(format!("node {leader} no longer leads")),
        Ok(Some(Answer::NoQuorum(_))) => Err(format!("the leader, node {leader}, cannot reach a quorum")),
        Ok(None) => Err(format!("the leader, node {leader}, gave an empty answer")),
        Err(error) => Err(format!("the leader, node {leader}, was not reached: {}", error_chain(&error))),
    }
}

/// Lets many callers share one answer that was asked for after all of them came.
struct Coalescer<T> {
    queue: mpsc::UnboundedSender<oneshot::Sender<T>>,
}

impl<T: Clone + Send + 'static> Coalescer<T> {
    fn start<A, F>(runtime: &SharedRuntime, ask: A) -> Self
    where
        A: Fn() -> F + Send + 'static,
        F: Future<Output = T> + Send,
    {
        let (queue, mut waiting) = mpsc::unbounded_channel::<oneshot::Sender<T>>();
        runtime::spawn(runtime, async move {
            let mut callers = Vec::new();
            while waiting.recv_many(&mut callers, CALLERS_MAX).await > 0 {
                let answer = ask().await;
                for caller in callers.drain(..) {
                    // A caller that gave up does not need it.
                    let _ = caller.send(answer.clone());
                }
            }
        });
        Self { queue }
    }

    async fn ask(&self) -> Option<T> {
        let (caller, answer) = oneshot::channel();
        self.queue.send(caller).ok()?;
        answer.await.ok()
    }
}
