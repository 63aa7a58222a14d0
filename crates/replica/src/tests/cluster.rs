//! Members in one process, each on a runtime of its own, on real disks.
//!
//! Taking a member's runtime away is its death; everything it did stops where it was.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aliasd_catalog::{Digest, Entry, Outcome, Revision};
use aliasd_runtime::{SharedRuntime, TokioRuntime};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::CLUSTER;
use super::links::Switchboard;
use crate::closable::TakenDirectory;
use crate::{Member, NodeId, ProposeError, RaftSettings, Replica, ReplicaOptions, StartError, Storage};

/// How long anything may take before the test fails.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// What the tests start with.
pub(super) const SETTINGS: RaftSettings = RaftSettings {
    heartbeat_interval: Duration::from_millis(100),
    election_timeout_min: Duration::from_millis(300),
    election_timeout_max: Duration::from_millis(600),
    snapshot_entries: 10_000,
    log_entries_kept: 5_000,
};

pub(super) struct Cluster {
    pub(super) directory: TempDir,
    pub(super) board: Switchboard,
    size: NodeId,
    configure: fn(&mut ReplicaOptions),
    members: BTreeMap<NodeId, Running>,
    /// For the test's own calls; outlives every member.
    runtime: Runtime,
}

struct Running {
    replica: Replica,
    runtime: Runtime,
}

impl Cluster {
    /// Starts new members `1..=size` and forms a cluster of them.
    pub(super) fn form(size: NodeId, configure: fn(&mut ReplicaOptions)) -> Self {
        let mut cluster = Self::new(size, configure);
        for node in 1..=size {
            cluster.start(node);
        }
        let members = (1..=size).map(|node| (node, member(node))).collect();
        cluster.block_on(cluster.replica(1).initialize(CLUSTER, members)).unwrap();
        cluster.leader();
        cluster
            .wait("everybody to know the leader", || (1..=size).all(|node| cluster.replica(node).leader().is_some()));
        cluster
    }

    pub(super) fn new(size: NodeId, configure: fn(&mut ReplicaOptions)) -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            board: Switchboard::default(),
            size,
            configure,
            members: BTreeMap::new(),
            runtime: Runtime::new().unwrap(),
        }
    }

    pub(super) fn start(&mut self, node: NodeId) {
        self.try_start(node).unwrap();
    }

    pub(super) fn try_start(&mut self, node: NodeId) -> Result<(), StartError> {
        assert!((1..=self.size).contains(&node), "there is no node {node}");
        let storage = Storage::Directory(self.directory.path().join(node.to_string()));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let own: SharedRuntime = {
            let _entered = runtime.enter();
            Arc::new(TokioRuntime::current())
        };
        let mut options = ReplicaOptions::new(node, storage, self.board.links(node), Arc::clone(&own), SETTINGS);
        (self.configure)(&mut options);
        let replica = self.runtime.block_on(runtime.spawn(Replica::start(options))).unwrap()?;
        self.board.plug_in(node, replica.peer_server(), own);
        self.members.insert(node, Running { replica, runtime });
        Ok(())
    }

    /// Takes a member away in the middle of whatever it does.
    pub(super) fn kill(&mut self, node: NodeId) {
        let Running { replica, runtime } = self.members.remove(&node).unwrap();
        self.board.pull_out(node);
        drop(replica);
        runtime.shutdown_timeout(PATIENCE);
        // Nobody waited for the stores to be closed.
        let log = self.directory.path().join(node.to_string()).join("log");
        self.wait("the end of its stores", || TakenDirectory::take(&log).is_ok());
    }

    pub(super) fn replica(&self, node: NodeId) -> &Replica {
        &self.members[&node].replica
    }

    pub(super) fn running(&self) -> impl Iterator<Item = NodeId> {
        self.members.keys().copied()
    }

    pub(super) fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    pub(super) fn spawn<F>(&self, future: F) -> tokio::task::JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.runtime.spawn(future)
    }

    /// Waits until a condition holds.
    pub(super) fn wait(&self, what: &str, condition: impl Fn() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !condition() {
            assert!(Instant::now() < deadline, "waited in vain for: {what}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The member that leads according to itself.
    pub(super) fn leader(&self) -> NodeId {
        let leading =
            || self.running().find(|node| self.replica(*node).leader().is_some_and(|(leader, _)| leader == *node));
        self.wait("a leader", || leading().is_some());
        leading().unwrap()
    }

    /// Proposes to whoever leads until there is an outcome; every attempt carries the same request id.
    pub(super) fn propose(&self, entry: &Entry) -> (Revision, Outcome) {
        let replicas: Vec<Replica> = self.running().map(|node| self.replica(node).clone()).collect();
        self.block_on(propose(&replicas, entry))
    }

    /// Waits until every running member is at the same revision, and returns its digest after comparing.
    pub(super) fn settle(&self) -> (Revision, Digest) {
        let state = |node: NodeId| {
            let status = self.replica(node).status();
            (status.applied, status.digest)
        };
        let states = || self.running().map(state).collect::<Vec<_>>();
        self.wait("equal revisions", || states().windows(2).all(|pair| pair[0].0 == pair[1].0));
        let states = states();
        assert!(states.windows(2).all(|pair| pair[0] == pair[1]), "digests differ: {states:?}");
        states[0]
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for node in self.running().collect::<Vec<_>>() {
            self.kill(node);
        }
    }
}

/// Proposes to one replica after the other until there is an outcome.
pub(super) async fn propose(replicas: &[Replica], entry: &Entry) -> (Revision, Outcome) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        for replica in replicas {
            match replica.propose(entry.clone(), Duration::from_secs(5)).await {
                Ok(done) => return done,
                Err(ProposeError::Unstorable(error)) => panic!("{error}"),
                Err(_) => assert!(Instant::now() < deadline, "nobody took the proposal"),
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub(super) fn member(node: NodeId) -> Member {
    Member {
        name: format!("node{node}"),
        peer_address: format!("node{node}:7681"),
        client_address: format!("node{node}:7680"),
    }
}
