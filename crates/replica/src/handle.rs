//! The replica as the rest of the node uses it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aliasd_catalog::{ClusterId, Entry, Outcome, Revision};
use aliasd_runtime::OwnedTasks;
use futures::FutureExt;
use futures::future::BoxFuture;
use openraft::storage::RaftLogStorage;
use openraft::{Config, RaftMetrics};
use tokio::sync::oneshot;

use crate::compare::compare_regularly;
use crate::core::{Core, Raft};
#[cfg(feature = "disk")]
use crate::directory::{OpenedDirectory, open_directory, opened_within};
use crate::error::{ClusterError, NotServing, ProposeError, ReadError, StartError, StopReason};
use crate::fault::StorageFault;
use crate::feed::{Compacted, Feed, Subscription, View};
use crate::fit;
use crate::form::form;
use crate::identity::{self, Identity, IdentityStore};
use crate::lifecycle::{Lifecycle, Step};
#[cfg(feature = "disk")]
use crate::log::store::LogStore;
use crate::machine::Machine;
use crate::machine::store::{CatalogStore, Records, SharedStore};
use crate::members::change::{Pace, drive};
use crate::members::join::join as join_cluster;
use crate::members::level::{self, TooOldError};
use crate::members::notice::notice_removal;
use crate::members::quorum::{QuorumLostError, check_change};
use crate::network::{NetworkFactory, Peers};
use crate::options::ReplicaOptions;
use crate::propose::{encode, forward, propose_here};
use crate::read::{ReadIndexer, confirm, confirm_regularly};
use crate::record::record;
use crate::roster::Roster;
use crate::runtime;
use crate::serve::{PeerServer, Vouchers};
use crate::status::{ReplicaRole, ReplicaStatus};
use crate::storage::Storage;
use crate::supervise::supervise;
use crate::types::{Member, NodeId, TypeConfig};

/// Handle of a running replica; clones share it.
#[derive(Clone)]
pub struct Replica {
    pub(crate) core: Arc<Core>,
    peers: Arc<Peers>,
    reads: Arc<ReadIndexer>,
    server: PeerServer,
    store: SharedStore,
    close_log: Option<CloseLog>,
    confirmation_due: Duration,
    /// Ended with the last handle.
    _tasks: Arc<OwnedTasks>,
}

/// Closes a log that lies on a disk.
type CloseLog = Arc<dyn Fn() -> BoxFuture<'static, Result<(), StorageFault>> + Send + Sync>;

/// How long a start that failed waits for the stores to be closed.
#[cfg(feature = "disk")]
const LEAVING_MAX: Duration = Duration::from_secs(5);

/// What a replica works on, opened.
struct Opened<L> {
    log: L,
    /// Where the log is, for messages.
    place: PathBuf,
    close_log: Option<CloseLog>,
    store: SharedStore,
    machine: (Machine, Arc<Feed>, oneshot::Receiver<()>),
    identity: Identity,
}

impl Replica {
    /// Opens log and catalog, replays what was committed, and takes part in the cluster.
    ///
    /// The others reach it once their messages are given to [`Replica::peer_server`].
    ///
    /// # Errors
    /// Log or catalog are damaged, belong to another node, or do not fit together; the message names the file and the
    /// way out. Nothing was started then.
    pub async fn start(options: ReplicaOptions) -> Result<Self, StartError> {
        let config = options.raft_config()?;
        let runtime = Arc::clone(&options.runtime);
        let (node, history, shared) = (options.node, options.history, Arc::clone(&runtime));
        match options.storage.clone() {
            #[cfg(feature = "disk")]
            Storage::Directory(directory) => {
                let place = directory.clone();
                let open = move || {
                    open_directory(
                        &place,
                        node,
                        Arc::clone(&shared),
                        |OpenedDirectory { log, store, identity, freed }| {
                            let machine = Machine::load(shared, Arc::clone(&store), history)?;
                            let (place, close_log) = (log.path().to_owned(), Some(closes(&log)));
                            Ok((Opened { log, place, close_log, store, machine, identity }, freed))
                        },
                    )
                };
                let (opened, freed) = opened_within(&runtime, &directory, options.open_timeout, open).await?;
                let assembled = runtime::within(&runtime, Self::assemble(options, config, opened)).await;
                if assembled.is_err() {
                    // So that the next attempt finds the directory free. What is wrong was found, so it is told in time.
                    let _ = runtime.timeout(LEAVING_MAX, runtime.blocking(move || freed.wait())).await;
                }
                assembled
            }
            Storage::Memory(memory) => {
                let store = Arc::new(CatalogStore::new(Records::Memory(memory.catalog), memory.log.durability()));
                let identity = IdentityStore::Memory(memory.identity);
                let identity = Identity::open(identity, node, Arc::clone(&runtime))?;
                let machine = Machine::load(shared, Arc::clone(&store), history)?;
                let (log, place, close_log) = (memory.log, PathBuf::from("memory"), None);
                let opened = Opened { log, place, close_log, store, machine, identity };
                let assembling = Self::assemble(options, config, opened);
                runtime::within(&runtime, assembling).await
            }
        }
    }

    /// Starts Raft on an open log and catalog.
    async fn assemble<L>(options: ReplicaOptions, config: Arc<Config>, opened: Opened<L>) -> Result<Self, StartError>
    where
        L: RaftLogStorage<TypeConfig>,
    {
        let (node, runtime) = (options.node, options.runtime);
        let confirmation_due = options.confirm_interval * 2 + options.raft.election_timeout_max * 2;
        let Opened { mut log, place, close_log, store, machine, identity } = opened;
        let (machine, feed, machine_gone) = machine;
        fit::check(&place, &mut log, &machine).await?;

        // Also once it has joined: until it hears of the members it knows no others.
        let hosts = options.join.as_ref().map(|token| token.members.clone()).unwrap_or_default();
        let join = options.join.map(|token| token.fitting(node, identity.kept().cluster)).transpose()?.flatten();
        let joins = join.as_ref().map(|token| token.cluster);
        let roster = Arc::new(Roster::new(node, identity, joins, Arc::clone(&feed)));
        let peers = Arc::new(Peers::new(Arc::clone(&roster), options.links, Arc::clone(&runtime), options.raft));
        let network = NetworkFactory { peers: Arc::clone(&peers), append_timeout: options.append_timeout };
        let raft = Raft::new(node, config, network, log, machine).await;
        let raft = raft.map_err(StartError::raft)?;
        // Once the core answers, its metrics show what was loaded. If it stopped already, the supervisor tells why.
        let _ = raft.is_initialized().await;
        roster.follow(raft.metrics());
        if let Err(fault) = check_identity(&roster) {
            let _ = raft.shutdown().await;
            return Err(fault.into());
        }

        let core = Arc::new(Core::new(roster, runtime, raft, feed, store.log().health()));
        if matches!(core.lifecycle(), Lifecycle::Fenced { .. } | Lifecycle::RolledBack { .. } | Lifecycle::Removed) {
            core.step_back().await;
        }
        let reads = ReadIndexer::start(&core, &peers, options.read_timeout);
        let tasks = OwnedTasks::default();
        let begin = |task: BoxFuture<'static, ()>| tasks.spawn(&core.runtime, core.within(task));
        begin(supervise(Arc::clone(&core), machine_gone).boxed());
        begin(confirm_regularly(Arc::clone(&core), Arc::clone(&reads), options.confirm_interval).boxed());
        begin(compare_regularly(Arc::clone(&core), Arc::clone(&peers), options.digest_interval).boxed());
        begin(record(Arc::clone(&core), Arc::clone(&peers), options.digest_interval).boxed());
        let pace = Pace { interval: options.change_interval, promote_after: options.promote_after };
        begin(drive(Arc::clone(&core), Arc::clone(&peers), pace).boxed());
        begin(notice_removal(Arc::clone(&core), Arc::clone(&peers), confirmation_due, hosts).boxed());
        if let Some(token) = join {
            begin(join_cluster(Arc::clone(&core), Arc::clone(&peers), token).boxed());
        }
        let server = PeerServer {
            core: Arc::clone(&core),
            store: Arc::clone(&store),
            reads: Arc::clone(&reads),
            snapshot_timeout: options.snapshot_timeout,
            receiving: Arc::default(),
            vouchers: Arc::new(Vouchers::new(Arc::clone(&peers))),
        };
        Ok(Self { core, peers, reads, server, store, close_log, confirmation_due, _tasks: Arc::new(tasks) })
    }

    /// What the other members may ask of this one.
    pub fn peer_server(&self) -> PeerServer {
        self.server.clone()
    }

    /// Proposes an entry and waits until this member has applied it.
    ///
    /// # Errors
    /// See [`ProposeError`]. After `timeout`, the outcome is unknown. Even when an error says that the entry was not
    /// proposed, a repetition must carry the same request id.
    pub async fn propose(&self, entry: Entry, timeout: Duration) -> Result<(Revision, Outcome), ProposeError> {
        self.serving()?;
        propose_here(&self.core, encode(entry)?, timeout).await
    }

    /// Hands an entry to the leader that this member knows, waits until this member has applied it too, and gives
    /// revision and outcome.
    ///
    /// # Errors
    /// As [`Replica::propose`]. [`ProposeError::ForwardToLeader`] means that the receiver does not lead any more,
    /// [`ProposeError::Unavailable`] that nothing was sent: no leader has been heard of lately.
    pub async fn forward(&self, entry: Entry, timeout: Duration) -> Result<(Revision, Outcome), ProposeError> {
        self.serving()?;
        forward(&self.core, &self.peers, entry, timeout).await
    }

    /// Makes the view fit for a linearizable read that began before this call, and returns the revision it reached.
    ///
    /// # Errors
    /// No leader with a quorum answered, or this member did not catch up within `timeout`.
    pub async fn read_barrier(&self, timeout: Duration) -> Result<Revision, ReadError> {
        let runtime = &self.core.runtime;
        let deadline = runtime.now() + timeout;
        self.serving()?;
        let index = match runtime.timeout_at(deadline, confirm(&self.core, &self.reads)).await {
            Ok(Ok(index)) => index,
            Ok(Err(reason)) => return Err(ReadError::Unavailable { reason }),
            Err(_) => return Err(ReadError::Unavailable { reason: format!("no answer within {timeout:?}") }),
        };
        self.wait_applied(index, deadline.saturating_since(runtime.now())).await?;
        Ok(index)
    }

    /// Waits until the view contains `revision`.
    ///
    /// # Errors
    /// It did not within `timeout`.
    pub async fn wait_applied(&self, revision: Revision, timeout: Duration) -> Result<(), ReadError> {
        self.serving()?;
        if self.core.feed.wait_applied(&*self.core.runtime, revision, timeout).await {
            return Ok(());
        }
        self.serving()?;
        Err(ReadError::Behind { wanted: revision, reached: self.view().revision })
    }

    /// The catalog as this member has applied it. Costs an atomic load and never waits.
    pub fn view(&self) -> Arc<View> {
        self.core.feed.view()
    }

    /// Follows what is applied after a revision, or from now on.
    ///
    /// # Errors
    /// History does not reach back that far.
    pub fn subscribe(&self, after: Option<Revision>) -> Result<Subscription, Compacted> {
        self.core.feed.subscribe(after)
    }

    /// Whether this member may answer from its catalog.
    ///
    /// # Errors
    /// It stopped, or its catalog differs from the others'.
    pub fn serving(&self) -> Result<(), NotServing> {
        self.core.serving()
    }

    /// How old the view may be: it holds everything that was acknowledged to anyone until this long ago. `None`: that was
    /// never known since the start. Contact with a leader does not count, only what a quorum confirmed and this member has
    /// applied.
    ///
    /// Cheap enough for every read.
    pub fn staleness(&self) -> Option<Duration> {
        self.core.staleness()
    }

    /// How old the view gets at most while a majority is there, unless it takes more than one election to find a leader.
    pub fn confirmation_due(&self) -> Duration {
        self.confirmation_due
    }

    /// The id of the node that runs this replica.
    pub fn node(&self) -> NodeId {
        self.core.node
    }

    /// The leader, and how to reach it, if this member has heard of it within the time after which it thinks of an election.
    pub fn leader(&self) -> Option<(NodeId, Member)> {
        self.core.leader()
    }

    /// Waits until a leader is known that was heard of lately.
    pub async fn wait_for_leader(&self, timeout: Duration) -> Option<NodeId> {
        self.core.wait_for_leader(timeout).await
    }

    /// Whether this member belongs to a cluster.
    pub fn is_initialized(&self) -> bool {
        !matches!(self.core.lifecycle(), Lifecycle::Uninitialised | Lifecycle::Unrecognised { .. })
    }

    /// What this member is.
    pub fn lifecycle(&self) -> Lifecycle {
        self.core.lifecycle()
    }

    /// The state of this replica.
    pub fn status(&self) -> ReplicaStatus {
        let mut status = self.core.status();
        if status.role == ReplicaRole::Leader {
            status.rolled_back = self.peers.rolled_back();
        }
        self.peers.measure(&mut status);
        status
    }

    /// Forms a cluster of these members, this one among them, once every other one has said who it is and is found empty.
    /// Only once, on one of them. Gives the id of the cluster: `cluster`, unless an earlier attempt began with another.
    ///
    /// # Errors
    /// This node already belongs to a cluster, or is not among the members, or another one does not answer or is not empty; or
    /// a cluster knows one of them with another data directory than its empty one.
    pub async fn initialize(
        &self,
        cluster: ClusterId,
        members: BTreeMap<NodeId, Member>,
    ) -> Result<ClusterId, ClusterError> {
        match self.serving() {
            // Whether it is to have a new life in a new cluster is for its operator to say.
            Ok(()) if self.core.roster.joins.is_some() => {
                Err(ClusterError::Members("names this node, which was started to join another cluster".to_owned()))
            }
            // One that is not recognised is told so with all that is in the way.
            Ok(()) | Err(NotServing::Unrecognised { .. }) => form(&self.core, &self.peers, cluster, members).await,
            Err(reason) => Err(reason.into()),
        }
    }

    /// The cluster that this node was told to join, as long as it belongs to none.
    pub fn joins(&self) -> Option<ClusterId> {
        self.core.roster.joins.filter(|_| !self.is_initialized())
    }

    /// Checks that a majority of the voters would answer if one more voted and another one less. Asks all of them.
    ///
    /// # Errors
    /// The cluster would be left without a quorum.
    pub async fn check_quorum(&self, more: Option<NodeId>, less: Option<NodeId>) -> Result<(), QuorumLostError> {
        self.core.within(check_change(&self.core, &self.peers, more, less)).await
    }

    /// Checks that no member that answers is too old to read a change of the members. Asks all of them.
    ///
    /// # Errors
    /// Some are.
    pub async fn check_understood(&self) -> Result<(), TooOldError> {
        self.core.within(level::check(&self.core, &self.peers)).await
    }

    /// What the change of the members that is under way waits for; `None` if this member does not lead, or nothing is known.
    pub fn member_change_waits_for(&self) -> Option<String> {
        self.core.waiting_for()
    }

    /// Resolves once a node was removed from the cluster: it has no business here from then on but to ask whether it was.
    pub fn removed(&self, node: NodeId) -> impl Future<Output = ()> + Send + 'static {
        self.core.departed.removed(node)
    }

    /// The cluster that this member belongs to, if it knows one.
    pub fn cluster(&self) -> Option<ClusterId> {
        self.core.roster.cluster()
    }

    /// Gives the leadership to a voter, or to any that was heard of lately and has nearly all of the log, and waits until it
    /// leads.
    ///
    /// # Errors
    /// This node does not lead; or that voter, or every one, cannot take it now, and nothing was done; or within `timeout`
    /// nobody took it, or another one than the one that is wanted.
    pub async fn transfer_leader(&self, to: Option<NodeId>, timeout: Duration) -> Result<NodeId, ClusterError> {
        let deadline = self.core.runtime.now() + timeout;
        let (chosen, term) = self.core.trigger_transfer(to).await?;
        let left = || deadline.saturating_since(self.core.runtime.now());
        // Even this node may be elected again.
        let elected = |it: &RaftMetrics<TypeConfig>| it.current_term > term && it.current_leader.is_some();
        let leader = self.core.wait_for(left(), elected).await.and_then(|metrics| metrics.current_leader);
        // Raft knows of it a moment before it is taken for heard of, and until then it is named to nobody.
        self.core.wait_for_leader(left()).await;
        match leader {
            Some(leader) if leader == chosen || (to.is_none() && leader != self.core.node) => Ok(leader),
            Some(leader) => Err(ClusterError::Transfer(format!("node {leader} leads now, and not node {chosen}"))),
            None => {
                Err(ClusterError::Transfer(format!("node {chosen} was to lead, and nobody does after {timeout:?}")))
            }
        }
    }

    /// Takes a snapshot now instead of waiting for enough entries. Returns at once.
    pub async fn trigger_snapshot(&self) {
        // A stopped replica takes none, which `stopped` tells.
        let _ = self.core.within(self.core.raft.trigger().snapshot()).await;
    }

    /// Resolves when this replica stopped, with the reason.
    pub async fn stopped(&self) -> StopReason {
        self.core.lifecycle.stopped().await
    }

    /// Stops taking part, makes log and catalog durable, and closes both.
    ///
    /// # Errors
    /// Something could not be written. What was acknowledged is safe all the same.
    pub async fn shutdown(&self) -> Result<(), StorageFault> {
        self.core.lifecycle.step(Step::Stop(StopReason::Shutdown));
        // The core's own failure, if there was one, is known by now.
        let _ = self.core.within(self.core.raft.shutdown()).await;
        // The log first: the catalog may not get ahead of it.
        let closed = match &self.close_log {
            Some(close) => close().await,
            None => Ok(()),
        };
        let store = Arc::clone(&self.store);
        let flush_and_close = move || {
            let flushed = store.flush();
            store.close();
            flushed
        };
        let flushed = self.core.runtime.blocking(flush_and_close).await.unwrap_or(Ok(()));
        closed.and(flushed)
    }
}

#[cfg(feature = "disk")]
fn closes(log: &LogStore) -> CloseLog {
    let log = log.clone();
    Arc::new(move || {
        let log = log.clone();
        let closing = async move {
            log.close().await.map_err(|error| StorageFault::from_io(log.path(), "close the log in", error))
        };
        closing.boxed()
    })
}

/// That the directory's identity belongs to its log and its catalog.
fn check_identity(roster: &Roster) -> Result<(), StorageFault> {
    let recorded = roster.recorded(roster.node).flatten();
    identity::check(roster.identity.path(), Some(&roster.identity.kept()), recorded, roster.catalogued_cluster())
}
