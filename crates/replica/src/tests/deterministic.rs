//! Three members on one seed, without a disk, a socket, a thread or a clock: two runs of a seed are the same run.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aliasd_catalog::{Digest, Entry, Revision};

use aliasd_runtime::simulation::{Machine, Simulation};
use aliasd_runtime::{Moment, Runtime, SharedRuntime};

use super::cluster::{SETTINGS, member};
use super::links::Switchboard;
use super::{CLUSTER, bootstrap, create_role};
use crate::runtime::outside;
use crate::{JoinToken, MemoryStorage, NodeId, ProposeError, RaftSettings, Replica, ReplicaOptions, Storage};

/// How long anything may take, by the simulation's clock.
const PATIENCE: Duration = Duration::from_secs(60);

/// When which member showed which revision with which digest.
type Trace = Vec<(Moment, NodeId, Revision, Option<Digest>)>;

pub(super) struct World {
    simulation: Arc<Simulation>,
    pub(super) board: Switchboard,
    observer: SharedRuntime,
    pub(super) disks: BTreeMap<NodeId, MemoryStorage>,
    members: BTreeMap<NodeId, (Replica, Arc<Machine>)>,
    trace: Arc<Mutex<Trace>>,
    pub(super) settings: RaftSettings,
    /// What lets nodes in that are started without a cluster.
    pub(super) tokens: BTreeMap<NodeId, JoinToken>,
    /// What members that are started from now on have otherwise.
    pub(super) configure: fn(&mut ReplicaOptions),
}

impl World {
    fn new(simulation: &Arc<Simulation>) -> Self {
        Self::of(simulation, 3)
    }

    /// The members `1..=size` to be.
    pub(super) fn of(simulation: &Arc<Simulation>, size: NodeId) -> Self {
        let mut world = Self::with_board(simulation, Switchboard::with_latency(Duration::from_millis(2)));
        world.disks = (1..=size).map(|node| (node, MemoryStorage::default())).collect();
        world
    }

    /// Three members to be.
    pub(super) fn with_board(simulation: &Arc<Simulation>, board: Switchboard) -> Self {
        Self {
            simulation: Arc::clone(simulation),
            board,
            observer: simulation.machine(),
            disks: (1..=3).map(|node| (node, MemoryStorage::default())).collect(),
            members: BTreeMap::new(),
            trace: Arc::default(),
            settings: SETTINGS,
            tokens: BTreeMap::new(),
            configure: |_| {},
        }
    }

    /// Starts the members, forms a cluster of them and commits its first entry.
    pub(super) async fn form(&mut self) {
        let nodes: Vec<NodeId> = self.disks.keys().copied().collect();
        for node in &nodes {
            self.start(*node).await;
        }
        let members = nodes.into_iter().map(|node| (node, member(node))).collect();
        self.replica(1).initialize(CLUSTER, members).await.unwrap();
        self.propose(&bootstrap()).await;
    }

    pub(super) async fn start(&mut self, node: NodeId) {
        let machine = self.simulation.machine();
        let runtime: SharedRuntime = machine.clone();
        let storage = Storage::Memory(self.disks.entry(node).or_default().clone());
        let links = self.board.links(node);
        let mut options = ReplicaOptions::new(node, storage, links, Arc::clone(&runtime), self.settings);
        options.join = self.tokens.get(&node).cloned();
        (self.configure)(&mut options);
        let replica = Replica::start(options).await.unwrap();
        self.board.plug_in(node, replica.peer_server(), runtime);

        let mut steps = replica.subscribe(None).unwrap();
        let (trace, clock) = (Arc::clone(&self.trace), machine.clone());
        machine.spawn(Box::pin(async move {
            while let Ok(batch) = steps.next().await {
                let digest = batch.entries.last().map(|entry| entry.after.digest());
                let seen = (clock.now(), node, batch.revision, digest);
                trace.lock().unwrap().push(seen);
            }
        }));
        self.members.insert(node, (replica, machine));
    }

    pub(super) fn replica(&self, node: NodeId) -> &Replica {
        &self.members[&node].0
    }

    /// The power of one member fails; the oldest of its unflushed steps had reached the disk.
    pub(super) fn lose_power(&mut self, node: NodeId, kept: usize) {
        let (replica, machine) = self.members.remove(&node).unwrap();
        self.board.pull_out(node);
        machine.power_off();
        drop(replica);
        self.disks[&node].crash_keeping(kept);
    }

    /// The member's data directory is lost while it is off.
    pub(super) fn empty(&mut self, node: NodeId) {
        assert!(!self.members.contains_key(&node), "it still runs");
        self.disks.insert(node, MemoryStorage::default());
    }

    /// What a member that is off will find again.
    pub(super) fn disk(&self, node: NodeId) -> MemoryStorage {
        self.disks[&node].clone()
    }

    /// The members that are on.
    pub(super) fn running(&self) -> Vec<NodeId> {
        self.members.keys().copied().collect()
    }

    pub(super) async fn pass(&self, time: Duration) {
        self.observer.sleep(time).await;
    }

    pub(super) async fn wait(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        let deadline = self.observer.now() + PATIENCE;
        while !condition(self) {
            assert!(self.observer.now() < deadline, "waited in vain for: {what}");
            self.observer.sleep(Duration::from_millis(5)).await;
        }
    }

    /// The member that leads according to itself.
    pub(super) async fn leader(&self) -> NodeId {
        let leading = |world: &Self| {
            let mut nodes = world.members.keys().copied();
            nodes.find(|node| world.replica(*node).leader().is_some_and(|(leader, _)| leader == *node))
        };
        self.wait("a leader", |world| leading(world).is_some()).await;
        leading(self).unwrap()
    }

    /// Proposes to one member after the other until there is an outcome.
    pub(super) async fn propose(&self, entry: &Entry) {
        let deadline = self.observer.now() + PATIENCE;
        loop {
            for (replica, _) in self.members.values() {
                match replica.propose(entry.clone(), Duration::from_secs(5)).await {
                    Ok((_, outcome)) => return drop(outcome.unwrap()),
                    Err(ProposeError::Unstorable(error)) => panic!("{error}"),
                    Err(_) => assert!(self.observer.now() < deadline, "nobody took the proposal"),
                }
            }
            self.observer.sleep(Duration::from_millis(20)).await;
        }
    }

    pub(super) async fn settle(&self) {
        let states = |world: &Self| -> Vec<(Revision, Digest)> {
            let state = |node| {
                let status = world.replica(node).status();
                (status.applied, status.digest)
            };
            world.members.keys().copied().map(state).collect()
        };
        let equal = |world: &Self| states(world).windows(2).all(|pair| pair[0].0 == pair[1].0);
        self.wait("equal revisions", equal).await;
        let states = states(self);
        assert!(states.windows(2).all(|pair| pair[0] == pair[1]), "digests differ: {states:?}");
    }
}

/// Elects, writes, cuts a link, heals it, takes the power from a member that has not flushed, and brings it back.
async fn story(simulation: Arc<Simulation>) -> Trace {
    let mut world = World::new(&simulation);
    world.form().await;
    for number in 1..10 {
        world.propose(&create_role(number)).await;
    }

    let leader = world.leader().await;
    let follower = (1..=3).find(|node| *node != leader).unwrap();
    world.board.cut(leader, follower);
    for number in 10..20 {
        world.propose(&create_role(number)).await;
    }
    world.board.heal();
    world.settle().await;

    let leader = world.leader().await;
    let victim = (1..=3).find(|node| *node != leader).unwrap();
    world.disks[&victim].hold_flushes();
    let flushed = world.replica(victim).status().applied;
    for number in 20..30 {
        world.propose(&create_role(number)).await;
    }
    let disk = world.disks[&victim].clone();
    world.wait("something to lose", |_| disk.unflushed_log_steps() > 5).await;
    world.lose_power(victim, 3);
    for number in 30..40 {
        world.propose(&create_role(number)).await;
    }
    world.start(victim).await;
    let restored = world.replica(victim).view().revision.0;
    assert!(restored <= flushed.0 + 3, "what was lost is not there: {restored} after {flushed}");
    world.propose(&create_role(40)).await;
    world.settle().await;
    for node in 1..=3 {
        let view = world.replica(node).view();
        assert!((1..=40).all(|number| view.catalog.role(&format!("role{number}")).is_some()), "node {node}");
    }
    std::mem::take(&mut *world.trace.lock().unwrap())
}

fn run(seed: u64) -> Trace {
    let simulation = Simulation::new(seed);
    simulation.run(story(Arc::clone(&simulation)))
}

#[test]
fn two_runs_of_a_seed_are_the_same_run() {
    let mut seen = Vec::new();
    for seed in 1..=5 {
        let trace = run(seed);
        assert!(trace.iter().filter(|step| step.1 == 1).count() > 20, "something happened");
        assert_eq!(trace, run(seed), "seed {seed}");
        seen.push(trace);
    }
    assert!(seen.windows(2).all(|pair| pair[0] != pair[1]), "another seed is another run");
    assert_eq!(outside::calls(), 0, "nothing asked for a clock or a task that is not the simulator's");
}
