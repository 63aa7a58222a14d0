//! The replica as the rest of the node uses it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aliasd_catalog::{Entry, Outcome, Revision};
use aliasd_wire::peer::v1::peer_server::PeerServer;
use openraft::alias::WatchReceiverOf;
use openraft::async_runtime::WatchReceiver;
use openraft::errors::{InitializeError, RaftError};
use openraft::storage::RaftLogStorage;
use openraft::{Config, Raft, RaftMetrics};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::compare::compare_regularly;
use super::error::{ClusterError, NotServing, ProposeError, ReadError, StartError, StopReason};
use super::fault::StorageFault;
use super::feed::{Compacted, Feed, Subscription, View};
use super::forward::propose_here;
use super::log::flusher::FlushHealth;
use super::log::store::LogStore;
use super::machine::Machine;
use super::machine::disk::DiskCatalog;
use super::machine::store::{CatalogStore, SharedStore};
use super::network::{NetworkFactory, Peers};
use super::options::{ReplicaOptions, Storage};
use super::read::ReadIndexer;
use super::service::{LeaderContact, PeerService};
use super::status::{self, ReplicaStatus};
use super::supervise::{StopSignal, supervise};
use super::types::{Member, NodeId, Proposal, TypeConfig};

/// An encoded entry may be this long; anything larger would hold up replication.
const ENTRY_BYTES_MAX: usize = 1024 * 1024;

/// Handle of a running replica; clones share it.
#[derive(Clone)]
pub struct Replica {
    pub(super) inner: Arc<Inner>,
    /// Ended with the last handle.
    _tasks: Arc<JoinSet<()>>,
}

pub(super) struct Inner {
    pub(super) node: NodeId,
    pub(super) feed: Arc<Feed>,
    pub(super) peers: Arc<Peers>,
    raft: Raft<TypeConfig, Machine>,
    store: SharedStore,
    log: Option<LogStore>,
    reads: Arc<ReadIndexer>,
    heard: Arc<LeaderContact>,
    metrics: WatchReceiverOf<TypeConfig, RaftMetrics<TypeConfig>>,
    stop: StopSignal,
    fenced: OnceLock<Revision>,
    snapshot_timeout: Duration,
}

impl Replica {
    /// Opens log and catalog, replays what was committed, and takes part in the cluster.
    ///
    /// The peer service must be mounted for the others to reach it: [`Replica::peer_service`].
    ///
    /// # Errors
    /// Log or catalog are damaged, belong to another node, or do not fit together; the message names the file and the
    /// way out. Nothing was started then.
    pub async fn start(options: ReplicaOptions) -> Result<Self, StartError> {
        let config = options.raft_config()?;
        match options.storage.clone() {
            Storage::Directory(directory) => {
                let node = options.node;
                let opening = tokio::task::spawn_blocking(move || open_directory(&directory, node));
                let (log, store) = opening.await.map_err(|error| StartError::Raft(error.to_string()))??;
                let pristine = log.is_pristine().then(|| log.path().to_owned());
                Self::assemble(options, config, log.clone(), Some(log), store, pristine).await
            }
            Storage::Memory(memory) => {
                let store = Arc::new(CatalogStore::Memory(memory.catalog));
                let pristine = memory.log.is_pristine().then(|| Path::new("memory").to_owned());
                Self::assemble(options, config, memory.log, None, store, pristine).await
            }
        }
    }

    /// Starts Raft on an open log and catalog. `pristine_log` is the log's place if nothing was ever written to it.
    async fn assemble<L>(
        options: ReplicaOptions,
        config: Arc<Config>,
        log: L,
        disk_log: Option<LogStore>,
        store: SharedStore,
        pristine_log: Option<std::path::PathBuf>,
    ) -> Result<Self, StartError>
    where
        L: RaftLogStorage<TypeConfig>,
    {
        let (loading, history) = (Arc::clone(&store), options.history_entries);
        let loaded = tokio::task::spawn_blocking(move || Machine::load(loading, history));
        let (machine, feed, machine_gone) = loaded.await.map_err(|error| StartError::Raft(error.to_string()))??;
        if let Some(path) = pristine_log
            && !machine.is_pristine()
        {
            // Voting again without the old votes could elect two leaders in one term.
            return Err(StorageFault::damaged(&path, "it is empty, while the catalog beside it is not").into());
        }

        let peers = Arc::new(Peers::new(options.node, options.connector.clone()));
        let network = NetworkFactory { peers: Arc::clone(&peers), append_timeout: options.append_timeout };
        let raft = Raft::new(options.node, config, network, log, machine).await;
        let raft = raft.map_err(|error| StartError::Raft(error.to_string()))?;
        // Once the core answers, its metrics show what was loaded. If it stopped already, the supervisor tells why.
        let _ = raft.is_initialized().await;

        let stop = StopSignal::new();
        let inner = Arc::new(Inner {
            node: options.node,
            reads: ReadIndexer::start(&raft, &peers),
            feed,
            peers,
            raft: raft.clone(),
            store,
            log: disk_log,
            heard: Arc::new(watch::Sender::new(None)),
            metrics: raft.metrics(),
            stop: stop.clone(),
            fenced: OnceLock::new(),
            snapshot_timeout: options.snapshot_timeout,
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(supervise(raft, machine_gone, stop));
        tasks.spawn(compare_regularly(Arc::clone(&inner), options.digest_interval));
        Ok(Self { inner, _tasks: Arc::new(tasks) })
    }

    /// The service for the other members. The transport must put a [`super::PeerIdentity`] into each request.
    pub fn peer_service(&self) -> PeerServer<PeerService> {
        let inner = &self.inner;
        PeerService {
            node: inner.node,
            raft: inner.raft.clone(),
            store: Arc::clone(&inner.store),
            feed: Arc::clone(&inner.feed),
            reads: Arc::clone(&inner.reads),
            heard: Arc::clone(&inner.heard),
            snapshot_timeout: inner.snapshot_timeout,
            receiving: tokio::sync::Mutex::new(()),
        }
        .into_server()
    }

    /// Proposes an entry and waits until this member has applied it.
    ///
    /// # Errors
    /// See [`ProposeError`]. After `timeout`, the outcome is unknown. Even when an error says that the entry was not
    /// proposed, a repetition must carry the same request id.
    pub async fn propose(&self, entry: Entry, timeout: Duration) -> Result<(Revision, Outcome), ProposeError> {
        self.serving()?;
        let proposal = Proposal::new(entry)?;
        if proposal.encoded().len() > ENTRY_BYTES_MAX {
            let bytes = proposal.encoded().len();
            let message = format!("it takes {bytes} bytes, and at most {ENTRY_BYTES_MAX} are allowed");
            return Err(ProposeError::Unstorable(message));
        }
        propose_here(&self.inner.raft, proposal, timeout).await
    }

    /// Makes the view fit for a linearizable read that began before this call, and returns the revision it reached.
    ///
    /// # Errors
    /// No leader with a quorum answered, or this member did not catch up within `timeout`.
    pub async fn read_barrier(&self, timeout: Duration) -> Result<Revision, ReadError> {
        let deadline = Instant::now() + timeout;
        self.serving()?;
        let index = match tokio::time::timeout_at(deadline, self.inner.reads.anywhere()).await {
            Ok(Ok(index)) => index,
            Ok(Err(reason)) => return Err(ReadError::Unavailable { reason }),
            Err(_) => return Err(ReadError::Unavailable { reason: format!("no answer within {timeout:?}") }),
        };
        self.wait_applied(index, deadline.saturating_duration_since(Instant::now())).await?;
        Ok(index)
    }

    /// Waits until the view contains `revision`.
    ///
    /// # Errors
    /// It did not within `timeout`.
    pub async fn wait_applied(&self, revision: Revision, timeout: Duration) -> Result<(), ReadError> {
        self.serving()?;
        if self.inner.feed.wait_applied(revision, timeout).await {
            return Ok(());
        }
        self.serving()?;
        Err(ReadError::Behind { wanted: revision, reached: self.view().revision })
    }

    /// The catalog as this member has applied it. Costs an atomic load and never waits.
    pub fn view(&self) -> Arc<View> {
        self.inner.feed.view()
    }

    /// Follows what is applied after a revision, or from now on.
    ///
    /// # Errors
    /// History does not reach back that far.
    pub fn subscribe(&self, after: Option<Revision>) -> Result<Subscription, Compacted> {
        self.inner.feed.subscribe(after)
    }

    /// Whether this member may answer from its catalog.
    ///
    /// # Errors
    /// It stopped, or its catalog differs from the others'.
    pub fn serving(&self) -> Result<(), NotServing> {
        self.inner.serving()
    }

    /// How long ago a leader was heard of: for a leader, when a quorum last answered it. `None`: never since the start.
    /// A member that has just become the leader goes on from when it heard of the last one: no quorum has answered it yet.
    ///
    /// Cheap enough for every read.
    pub fn last_heard_from_leader(&self) -> Option<Duration> {
        let inner = &self.inner;
        // Held for a few loads only: the core waits for it when it has something new.
        let metrics = inner.metrics.borrow_watched();
        let leads = metrics.current_leader == Some(inner.node);
        if leads && metrics.membership_config.voter_ids().eq([inner.node]) {
            return Some(Duration::ZERO);
        }
        let acked = metrics.last_quorum_acked.as_ref().filter(|_| leads);
        let acked = acked.map(|acked| openraft::Instant::elapsed(&**acked));
        drop(metrics);
        let heard = (*inner.heard.borrow()).map(|heard| heard.elapsed());
        [acked, heard].into_iter().flatten().min()
    }

    /// This node.
    pub fn node(&self) -> NodeId {
        self.inner.node
    }

    /// The leader that this member knows, and how to reach it.
    pub fn leader(&self) -> Option<(NodeId, Member)> {
        let metrics = self.inner.metrics();
        let leader = metrics.current_leader?;
        metrics.membership_config.get_node(&leader).map(|member| (leader, member.clone()))
    }

    /// Waits until a leader is known.
    pub async fn wait_for_leader(&self, timeout: Duration) -> Option<NodeId> {
        self.wait_for(timeout, |metrics| metrics.current_leader.is_some()).await?.current_leader
    }

    /// Whether this member belongs to a cluster.
    pub fn is_initialized(&self) -> bool {
        self.inner.metrics().membership_config.voter_ids().next().is_some()
    }

    /// The state of this replica.
    pub fn status(&self) -> ReplicaStatus {
        self.inner.status()
    }

    /// Forms a cluster of these members, this one among them. Only once, on one of them, while all are new.
    ///
    /// # Errors
    /// This node already belongs to a cluster, or is not among the members.
    pub async fn initialize(&self, members: BTreeMap<NodeId, Member>) -> Result<(), ClusterError> {
        self.serving()?;
        match self.inner.raft.initialize(members).await {
            Ok(()) => Ok(()),
            Err(RaftError::APIError(InitializeError::NotAllowed(_))) => Err(ClusterError::AlreadyInitialized),
            Err(RaftError::APIError(InitializeError::NotInMembers(error))) => {
                Err(ClusterError::Members(error.to_string()))
            }
            Err(RaftError::Fatal(error)) => Err(NotServing::Stopped(StopReason::Failed(error.to_string())).into()),
        }
    }

    /// Gives the leadership to a member, or to the voter whose log is the longest, and waits until it leads.
    ///
    /// # Errors
    /// This node does not lead, or nobody took over within `timeout`; this node may still lead then.
    pub async fn transfer_leader(&self, to: Option<NodeId>, timeout: Duration) -> Result<NodeId, ClusterError> {
        let to = self.inner.trigger_transfer(to).await?;
        let node = self.inner.node;
        let taken = self.wait_for(timeout, |it| it.current_leader.is_some_and(|leader| leader != node)).await;
        taken
            .and_then(|metrics| metrics.current_leader)
            .ok_or_else(|| ClusterError::Transfer(format!("node {to} did not lead within {timeout:?}")))
    }

    /// Takes a snapshot now instead of waiting for enough entries. Returns at once.
    pub async fn trigger_snapshot(&self) {
        // A stopped replica takes none, which `stopped` tells.
        let _ = self.inner.raft.trigger().snapshot().await;
    }

    /// Resolves when this replica stopped, with the reason.
    pub async fn stopped(&self) -> StopReason {
        self.inner.stop.wait().await
    }

    /// Stops taking part, and makes log and catalog durable.
    ///
    /// # Errors
    /// Something could not be written. What was acknowledged is safe all the same.
    pub async fn shutdown(&self) -> Result<(), StorageFault> {
        let inner = &self.inner;
        inner.stop.set(StopReason::Shutdown);
        // The core's own failure, if there was one, is known by now.
        let _ = inner.raft.shutdown().await;
        let store = Arc::clone(&inner.store);
        let flush = tokio::task::spawn_blocking(move || store.flush()).await;
        if let Some(log) = &inner.log {
            log.close().await.map_err(|error| StorageFault::from_io(log.path(), "close the log in", &error))?;
        }
        flush.unwrap_or(Ok(()))
    }

    async fn wait_for(
        &self,
        timeout: Duration,
        condition: impl Fn(&RaftMetrics<TypeConfig>) -> bool,
    ) -> Option<RaftMetrics<TypeConfig>> {
        let mut metrics = self.inner.raft.metrics();
        let reached = async {
            loop {
                let current = metrics.borrow_watched().clone();
                if condition(&current) {
                    return Some(current);
                }
                metrics.changed().await.ok()?;
            }
        };
        tokio::time::timeout(timeout, reached).await.ok().flatten()
    }
}

impl Inner {
    /// A copy: holding the original would block the core.
    fn metrics(&self) -> RaftMetrics<TypeConfig> {
        self.metrics.borrow_watched().clone()
    }

    fn serving(&self) -> Result<(), NotServing> {
        if let Some(reason) = self.stop.get() {
            return Err(NotServing::Stopped(reason));
        }
        match self.fenced.get() {
            Some(revision) => Err(NotServing::Fenced { revision: *revision }),
            None => Ok(()),
        }
    }

    /// Serves nothing any more, because the catalog differs from the others'. Goes on voting: the log is not in doubt.
    pub(super) async fn fence(&self, revision: Revision) {
        if self.fenced.set(revision).is_ok() {
            let error = NotServing::Fenced { revision };
            tracing::error!(%error, "this node is fenced");
        }
        // It must not lead either: whoever came to it would be refused.
        self.raft.runtime_config().elect(false);
        // Fails when this node does not lead, and then there is nothing to give away.
        let _ = self.trigger_transfer(None).await;
    }

    async fn trigger_transfer(&self, to: Option<NodeId>) -> Result<NodeId, ClusterError> {
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
        let triggered = self.raft.trigger().transfer_leader(to).await;
        triggered.map_err(|error| NotServing::Stopped(StopReason::Failed(error.to_string())))?;
        Ok(to)
    }

    pub(super) fn status(&self) -> ReplicaStatus {
        let metrics = self.metrics();
        let (applied, digest) = self.feed.digest();
        let health = self.log.as_ref().map(LogStore::health);
        let index = |log_id: Option<super::types::LogId>| log_id.map(|log_id| Revision(log_id.index));
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
            fenced: self.fenced.get().copied(),
            log_syncs: health.as_deref().map_or(0, FlushHealth::syncs),
            log_writes: health.as_deref().map_or(0, FlushHealth::waiters),
        }
    }
}

/// Opens log and catalog below a directory.
fn open_directory(directory: &Path, node: NodeId) -> Result<(LogStore, SharedStore), StorageFault> {
    std::fs::create_dir_all(directory).map_err(|error| StorageFault::from_io(directory, "create", &error))?;
    let log = LogStore::open(&directory.join("log"), node)?;
    let catalog = DiskCatalog::open(&directory.join("catalog"), !log.is_pristine())?;
    Ok((log, Arc::new(CatalogStore::Disk(catalog))))
}
