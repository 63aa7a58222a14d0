//! One member of the simulated cluster: its disk, which outlives its processes, and the process that runs on it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aliasd_catalog::Revision;
use aliasd_replica::{
    HistoryLimits, JoinToken, Lifecycle, MemoryStorage, NodeId, NotServing, RaftSettings, Replica, ReplicaOptions,
    StopReason, Storage, Subscription, SubscriptionEnd,
};
use aliasd_runtime::{Runtime, SharedRuntime};
use futures::FutureExt;

use super::node::{self, Started};
use crate::coverage::Coverage;
use crate::invariants::Inspector;
use crate::network::Network;
use crate::schedule::Setting;
use crate::trace::Trace;
use aliasd_runtime::simulation::{Clock, Machine, Simulation};
use aliasd_wire::store::log::LogId;

/// What is asked of members' timings, as in production.
pub(super) const HEARTBEAT: Duration = Duration::from_millis(100);
const ELECTION_MIN: Duration = Duration::from_millis(500);
const ELECTION_MAX: Duration = Duration::from_millis(1000);
/// Runs are short.
const PROMOTE_AFTER: Duration = Duration::from_millis(500);
/// What a node says that is not let in, and stops.
const TURNED_AWAY: &str = "the cluster does not let it in";

/// See the module.
pub(super) struct SimulatedMember {
    pub(super) node: NodeId,
    pub(super) disk: MemoryStorage,
    /// A copy of the disk that was put aside.
    pub(super) copy: Option<MemoryStorage>,
    pub(super) process: Option<Process>,
    /// Its disk was taken away: it never takes part again.
    pub(super) is_lost: bool,
    /// Why its process may end by itself.
    pub(super) may_stop: bool,
    /// Why it may be found to lack what it had acknowledged.
    pub(super) was_rolled_back: bool,
    /// What it is let in with, if it was not there from the beginning.
    pub(super) token: Option<JoinToken>,
    /// An operator wants it to go.
    pub(super) may_go: bool,
    /// Whether it is to lose its power while it installs a snapshot.
    pub(super) is_installing_to_death: bool,
    /// How far its time of day is off.
    clock_step_ms: i64,
    pub(super) clock_rate: u32,
}

/// A process of a member.
pub(super) struct Process {
    pub(super) machine: Arc<Machine>,
    starting: Arc<Mutex<Option<Result<Started, String>>>>,
    pub(super) replica: Option<Replica>,
    steps: Option<Subscription>,
    seen: Revision,
    committed_until: Option<u64>,
    pub(super) is_paused: bool,
    has_stopped: bool,
    /// Whether it was counted why it does not serve.
    is_told: bool,
}

/// What members are made with and shown to.
pub(super) struct Surroundings {
    pub(super) simulation: Arc<Simulation>,
    pub(super) network: Network,
    pub(super) setting: Setting,
    pub(super) coverage: Coverage,
    pub(super) trace: Trace,
}

impl SimulatedMember {
    pub(super) fn new(node: NodeId) -> Self {
        Self {
            node,
            disk: MemoryStorage::default(),
            copy: None,
            process: None,
            is_lost: false,
            may_stop: false,
            was_rolled_back: false,
            token: None,
            may_go: false,
            is_installing_to_death: false,
            clock_step_ms: 0,
            clock_rate: crate::schedule::generate::RIGHT,
        }
    }

    /// Starts a process on the disk, unless one runs.
    pub(super) fn start(&mut self, world: &Surroundings) {
        if self.process.is_some() {
            return;
        }
        let ahead = Duration::from_secs(self.node);
        let machine = world.simulation.machine_with(Clock { rate: self.clock_rate, ahead });
        machine.set_wall_off(self.clock_step_ms);
        let runtime: SharedRuntime = Arc::clone(&machine) as SharedRuntime;
        let settings = RaftSettings {
            heartbeat_interval: HEARTBEAT,
            election_timeout_min: ELECTION_MIN,
            election_timeout_max: ELECTION_MAX,
            snapshot_entries: world.setting.snapshot_entries,
            log_entries_kept: world.setting.log_entries_kept,
        };
        let links = world.network.links(self.node, &machine);
        let mut options = ReplicaOptions::new(self.node, Storage::Memory(self.disk.clone()), links, runtime, settings);
        options.join = self.token.clone();
        options.promote_after = PROMOTE_AFTER;
        options.purge_batch = 1 + world.setting.log_entries_kept / 2;
        options.history =
            HistoryLimits { entries_max: world.setting.history_entries, bytes_max: 1 << 20, ..options.history };
        let starting = Arc::new(Mutex::new(None));
        let started = Arc::clone(&starting);
        machine.spawn(
            async move {
                let node = node::start(options).await.map_err(|error| format!("{error:#}"));
                *started.lock().unwrap_or_else(PoisonError::into_inner) = Some(node);
            }
            .boxed(),
        );
        self.process = Some(Process {
            machine,
            starting,
            replica: None,
            steps: None,
            seen: Revision(0),
            committed_until: None,
            is_paused: false,
            has_stopped: false,
            is_told: false,
        });
    }

    /// The time of day of the member is wrong by that much from now on.
    pub(super) fn set_clock_step(&mut self, by_ms: i64) {
        self.clock_step_ms = by_ms;
        if let Some(process) = &self.process {
            process.machine.set_wall_off(by_ms);
        }
    }

    /// Takes the power away; the oldest unflushed steps had reached the disk.
    pub(super) fn lose_power(&mut self, world: &Surroundings, inspector: &mut Inspector, kept: usize) -> bool {
        let Some(process) = self.process.take() else { return false };
        world.network.pull_out(self.node);
        process.machine.power_off();
        drop(process);
        let unflushed = self.disk.unflushed_log_steps();
        if unflushed > 0 {
            world.coverage.count("crash that lost unflushed steps");
            if kept > 0 {
                world.coverage.count("crash that kept some of the unflushed steps");
            }
        }
        self.disk.crash_keeping(kept);
        inspector.progress(self.node).ended(self.disk.durable_log());
        (self.may_stop, self.is_installing_to_death) = (false, false);
        true
    }

    /// Whether its disk has the log up to an entry, and that one and no other at its index, or a snapshot beyond.
    pub(super) fn has_durably(&self, entry: LogId) -> bool {
        let reaches = self.disk.durable_log().last.is_some_and(|last| last.index >= entry.index);
        reaches && self.disk.logged(entry.index).is_none_or(|logged| logged.id == entry)
    }

    /// Looks at the process and tells the inspector what is new.
    pub(super) fn look(&mut self, world: &Surroundings, inspector: &mut Inspector) {
        let (node, is_lost, may_stop, was_rolled_back) = (self.node, self.is_lost, self.may_stop, self.was_rolled_back);
        let (may_go, comes) = (self.may_go, self.token.is_some());
        let Some(process) = &mut self.process else { return };
        if process.replica.is_none() && !process.take_started(node, &self.disk, world, inspector) {
            return;
        }
        let Some(replica) = process.replica.clone() else { return };
        if process.has_stopped {
            return;
        }
        process.look_at_raft(node, &self.disk, &replica, world, inspector);
        process.look_at_catalog(node, &replica, world, inspector);
        if let Some(age) = replica.staleness() {
            let age = process.machine.clock().true_length(age);
            // Rounding: the clock that is converted may have been read a nanosecond earlier.
            let fresh_at = world.simulation.now().saturating_sub(age + Duration::from_nanos(4));
            inspector.claims(node, fresh_at, replica.view().revision);
        }
        if let Err(reason) = replica.serving() {
            let verdict = match &reason {
                NotServing::Stopped(StopReason::Failed { .. }) if may_stop => {
                    let installing = self.is_installing_to_death;
                    let what = if installing { "crash in an installation" } else { "member stopped by its disk" };
                    world.coverage.count(what);
                    Ok(())
                }
                NotServing::Stopped(StopReason::Failed { reason, .. }) if comes && reason.contains(TURNED_AWAY) => {
                    process.tell("newcomer turned away", world)
                }
                NotServing::Removed if may_go => process.tell("member found removed", world),
                NotServing::Unrecognised { .. } if is_lost => process.tell("member unrecognised", world),
                NotServing::RolledBack { .. } if was_rolled_back => process.tell("member found rolled back", world),
                _ => Err(format!("member {node}: {}", aliasd_catalog::error_chain(&reason))),
            };
            process.has_stopped |= matches!(reason, NotServing::Stopped(_));
            inspector.judge("a member stops only for a reason", verdict);
        }
    }
}

impl SimulatedMember {
    /// Whether it has come, and was not let in.
    pub(super) fn was_turned_away(&self) -> bool {
        let lifecycle = self.process.as_ref().and_then(Process::lifecycle);
        matches!(lifecycle, Some(Lifecycle::Stopped(StopReason::Failed { reason, .. })) if reason.contains(TURNED_AWAY))
    }
}

impl Process {
    /// Connects the replica once it has started. False as long as it has not.
    fn take_started(
        &mut self,
        node: NodeId,
        disk: &MemoryStorage,
        world: &Surroundings,
        inspector: &mut Inspector,
    ) -> bool {
        let Some(started) = self.starting.lock().unwrap_or_else(PoisonError::into_inner).take() else { return false };
        let Started { replica, served } = match started {
            Ok(started) => started,
            Err(error) => {
                let detail = format!("member {node} does not start: {error}");
                inspector.judge("a member stops only for a reason", Err(detail));
                return false;
            }
        };
        let view = replica.view();
        let (revision, digest) = (view.revision, view.catalog.digest());
        world.trace.line(|| format!("{node} has started at revision {revision} with {digest:?}"));
        let verdict = inspector.progress(node).restarted(&disk.durable_log());
        inspector.judge("a restart goes back to nothing less than what was durable", verdict);
        inspector.keeps(node, view.revision);
        inspector.found(node, view.revision, &view.catalog, false);
        world.network.plug_in(node, (replica.peer_server(), served), &self.machine, disk);
        self.steps = replica.subscribe(None).ok();
        self.seen = view.revision;
        self.replica = Some(replica);
        true
    }

    fn look_at_raft(
        &mut self,
        node: NodeId,
        disk: &MemoryStorage,
        replica: &Replica,
        world: &Surroundings,
        inspector: &mut Inspector,
    ) {
        let position = replica.raft_position();
        let before = match inspector.progress(node).shows(position) {
            Ok(Some(before)) if before == position => return,
            Ok(before) => before,
            Err(detail) => {
                let detail = format!("member {node}: {detail}");
                return inspector.judge("progress never goes back", Err(detail));
            }
        };
        if let Some(before) = before {
            if before.leads && !position.leads {
                world.coverage.count("leader deposed");
            }
            if position.last < before.last {
                world.coverage.count("log truncated");
            }
            if before.purged != position.purged {
                world.coverage.count("log purged");
            }
        }
        if before.is_none_or(|before| (before.vote, before.leads) != (position.vote, position.leads)) {
            world
                .trace
                .line(|| format!("{node} has {:?}{}", position.vote, if position.leads { ", leads" } else { "" }));
        }
        let Some(committed) = position.committed else { return };
        // A snapshot that is being installed, or was about to be when the disk failed, covers entries which the log may still
        // hold in another form: they are no part of what this member goes by, which is what it has applied.
        let until = committed.index.min(replica.view().revision.0);
        let covered = position.snapshot.map_or(0, |snapshot| snapshot.index + 1);
        let first = self.committed_until.map_or(0, |until| until + 1).max(covered);
        for index in first..=until {
            // What is purged already was looked at by another member, or came in a snapshot.
            if let Some(entry) = disk.logged(index) {
                let verdict = inspector.prefix().committed(node, entry);
                inspector.judge("committed prefixes agree", verdict);
            }
        }
        self.committed_until = Some(until.max(self.committed_until.unwrap_or_default()));
    }

    fn look_at_catalog(&mut self, node: NodeId, replica: &Replica, world: &Surroundings, inspector: &mut Inspector) {
        let view = replica.view();
        if view.revision == self.seen {
            return;
        }
        while let Some(next) = self.steps.as_mut().and_then(|steps| steps.next().now_or_never()) {
            match next {
                Ok(batch) => {
                    for entry in &batch.entries {
                        let request = entry.changes.iter().find_map(|change| match (&change.key, &change.after) {
                            (aliasd_catalog::RecordKey::Request(request), Some(_)) => Some(*request),
                            _ => None,
                        });
                        inspector.applied(node, entry, request);
                        let (revision, digest) = (entry.revision, entry.after.digest());
                        world.trace.line(|| format!("{node} has applied {revision}: {digest:?}"));
                    }
                    self.seen = batch.revision;
                }
                Err(SubscriptionEnd::Compacted(_)) => {
                    world.coverage.count("snapshot installed");
                    let revision = view.revision;
                    world.trace.line(|| format!("{node} has installed a snapshot up to {revision}"));
                    inspector.found(node, view.revision, &view.catalog, true);
                    self.steps = replica.subscribe(Some(view.revision)).ok();
                    self.seen = view.revision;
                }
                Err(SubscriptionEnd::TooSlow { .. }) => {
                    inspector.found(node, view.revision, &view.catalog, false);
                    self.steps = replica.subscribe(Some(view.revision)).ok();
                    self.seen = view.revision;
                }
                Err(SubscriptionEnd::Stopped) => self.steps = None,
            }
        }
    }

    /// Counts why it does not serve, once.
    fn tell(&mut self, what: &'static str, world: &Surroundings) -> Result<(), String> {
        if !self.is_told {
            self.is_told = true;
            world.coverage.count(what);
        }
        Ok(())
    }

    /// Whether it takes part as it should.
    pub(super) fn lifecycle(&self) -> Option<Lifecycle> {
        self.replica.as_ref().map(Replica::lifecycle)
    }
}
