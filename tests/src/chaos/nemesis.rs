//! Carries out the plan: each fault begins at its time and ends after its own, whatever else goes on.
//!
//! Faults of processes, disks and files take the machine that they are about for themselves; one that finds it taken is
//! left out, and counted as such. Faults of the network overlap with everything.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::ExitStatusExt as _;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::Signal;
use tokio::net::TcpSocket;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use tokio::task::{JoinSet, block_in_place};
use tokio::time::{Instant, sleep, sleep_until};

use super::fault::{Fault, NetworkFault, ProcessFault, Target};
use super::machine::Machine;
use super::plan::Planned;
use super::record::Recorder;
use super::rig::Rig;
use super::shim::Control;
use super::{disks, files, members};
use crate::cluster::PATIENCE;
use crate::dice::Dice;

/// How long a fault waits for a machine that another one has.
const MACHINE_WITHIN: Duration = Duration::from_secs(2);
/// How often it is looked whether a node has ended that nobody ended.
const WATCHED_EVERY: Duration = Duration::from_millis(500);
/// After so many endings without a reason, a node stays down.
const ENDINGS_MAX: u64 = 3;
/// What a node says that ends because it is not let in.
const TURNED_AWAY: &str = "the cluster does not let it in";
/// How long a machine takes at least to come back, at most that and the fault's own time.
const RESTART_MS: std::ops::Range<u64> = 0..1500;

/// What a fault came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// It was.
    About,
    /// There was no machine for it.
    ToNothing,
}

/// How long a healed cluster may take until all of its members serve, and agree, and what operators asked for is done. Members
/// that avoid each other after many failures find together within a minute; the machine may be busy.
pub(super) const HEALS_WITHIN: Duration = Duration::from_secs(120);

/// How often each class of fault was, and how often there was no machine for it.
pub(super) type FaultCounts = BTreeMap<&'static str, (u64, u64)>;

/// See the module. Cheap to clone.
#[derive(Clone)]
pub(super) struct Nemesis {
    pub(super) rig: Rig,
    pub(super) recorder: Recorder,
    counts: Arc<Mutex<FaultCounts>>,
    /// Held by the operator who changes the members.
    pub(super) office: Arc<AsyncMutex<()>>,
    /// Held by whoever damages or destroys what a member has, until that is made up for: never two at a time.
    pub(super) harm: Arc<AsyncMutex<()>>,
    /// When the last fault of the plan is over.
    over: Arc<OnceLock<Instant>>,
}

// === impl Nemesis ===

impl Nemesis {
    pub(super) fn new(rig: &Rig, recorder: &Recorder) -> Self {
        Self {
            rig: rig.clone(),
            recorder: recorder.clone(),
            counts: Arc::default(),
            office: Arc::default(),
            harm: Arc::default(),
            over: Arc::default(),
        }
    }

    /// Carries out the plan to its end. The dice decide what only becomes known on the way.
    pub(super) async fn carry_out(&self, plan: Vec<Planned>, dice: &mut Dice) {
        let start = Instant::now();
        let last = plan.iter().map(|planned| planned.at + planned.lasts).max().unwrap_or_default();
        self.over.get_or_init(|| start + last);
        let mut tasks = JoinSet::new();
        let watching = self.clone();
        let watch = tokio::spawn(async move { watching.watch_for_endings().await });
        for planned in plan {
            let (nemesis, dice) = (self.clone(), dice.fork());
            tasks.spawn(async move {
                sleep_until(start + planned.at).await;
                nemesis.carry_out_one(&planned, dice).await;
            });
        }
        while tasks.join_next().await.is_some() {}
        if let Err(error) = members::replace_the_lost(self, dice).await {
            self.recorder.finding(format!("a member that is lost is not replaced: {error:#}"));
        }
        watch.abort();
    }

    /// When what takes its time has to be done.
    pub(super) fn deadline(&self) -> Instant {
        let now = Instant::now();
        self.over.get().map_or(now, |over| now.max(*over)) + HEALS_WITHIN
    }

    /// How often each class was so far.
    pub(super) fn counts(&self) -> FaultCounts {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn carry_out_one(&self, planned: &Planned, mut dice: Dice) {
        let class = planned.fault.class();
        let present = self.rig.roster.present();
        eprintln!("{:>8.1} s  {planned}, of {present:?}", self.seconds());
        self.recorder.fault(None, &format!("{planned}, of {present:?}"));
        let result = match &planned.fault {
            Fault::Network(fault) => self.network(planned, fault).await,
            Fault::Process(fault) => self.process(planned, *fault, &mut dice).await,
            Fault::Disk(fault) => disks::carry_out(self, *fault, planned.lasts, &mut dice).await,
            Fault::Files(fault) => files::carry_out(self, *fault, planned.lasts, &mut dice).await,
            Fault::Members(change) => members::carry_out(self, *change, &mut dice).await,
        };
        let came = result.unwrap_or_else(|error| {
            self.recorder.finding(format!("fault {} ({class}) does not work out: {error:#}", planned.number));
            Came::About
        });
        self.recorder.fault(None, &format!("{} ends", planned.number));
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(class).or_default();
        match came {
            Came::About => count.0 += 1,
            Came::ToNothing => count.1 += 1,
        }
    }

    pub(super) fn seconds(&self) -> f64 {
        Duration::from_nanos(self.recorder.now()).as_secs_f64()
    }

    async fn network(&self, planned: &Planned, fault: &NetworkFault) -> Result<Came> {
        let leader = if matches!(fault, NetworkFault::LeaderAlone { .. }) { self.rig.leader().await } else { 0 };
        self.rig.links.begin(planned.number, &fault.rules(&self.rig.roster.present(), leader));
        sleep(planned.lasts).await;
        self.rig.links.end(planned.number);
        Ok(Came::About)
    }

    async fn process(&self, planned: &Planned, fault: ProcessFault, dice: &mut Dice) -> Result<Came> {
        match fault {
            ProcessFault::Kill(target) => {
                let mut machines = self.machines(target).await;
                machines.iter_mut().for_each(|machine| machine.kill());
                self.start_after(machines, dice).await
            }
            ProcessFault::PowerCut(target) => {
                let mut machines = self.machines(target).await;
                machines.iter_mut().for_each(|machine| machine.kill());
                for machine in &mut machines {
                    let loss = block_in_place(|| machine.cut_power(dice))?;
                    let what = format!("node {} loses by the power cut: {loss:?}", machine.node.id);
                    self.recorder.fault(Some(machine.node.id), &what);
                    self.recorder.count_as("power cuts of a node", if loss.bytes > 0 { "with bytes lost" } else { "" });
                }
                self.start_after(machines, dice).await
            }
            ProcessFault::Pause(target) => {
                let mut machines = self.machines(target).await;
                for machine in &mut machines {
                    machine.node.pause()?;
                }
                sleep(planned.lasts).await;
                for machine in &mut machines {
                    machine.node.resume()?;
                }
                Ok(came(&machines))
            }
            ProcessFault::Stop(target) => {
                let mut machines = self.machines(target).await;
                for machine in &mut machines {
                    let status = block_in_place(|| machine.node.stop(PATIENCE))?;
                    // A process that has only just begun does not know the signal yet.
                    if !status.success() && status.signal() != Some(Signal::SIGTERM as i32) {
                        let (id, words) = (machine.node.id, machine.last_words());
                        self.recorder.finding(format!("node {id} ends on SIGTERM with {status}: {words}"));
                    }
                }
                self.start_after(machines, dice).await
            }
            ProcessFault::Transfer => self.transfer().await,
            ProcessFault::Clock { member, shift_ms } => {
                let Some(machine) = self.machine(member).await else { return Ok(Came::ToNothing) };
                machine.shim.set(Control::ClockShiftMs, shift_ms)?;
                let node = machine.node.id;
                // The clock is off whatever else happens to the machine.
                drop(machine);
                sleep(planned.lasts).await;
                self.rig.machine(node).await.shim.set(Control::ClockShiftMs, 0)?;
                Ok(Came::About)
            }
            ProcessFault::Flood { member, connections } => self.flood(member, connections, planned.lasts).await,
        }
    }

    /// The machine of whoever has this place, if it runs and nobody else has it.
    pub(super) async fn machine(&self, place: u64) -> Option<OwnedMutexGuard<Machine>> {
        self.machine_of(self.rig.at(place)).await
    }

    /// The machine of a node, if it runs, is not lost, and nobody else has it.
    pub(super) async fn machine_of(&self, node: u64) -> Option<OwnedMutexGuard<Machine>> {
        let machine = self.rig.machine_within(node, MACHINE_WITHIN).await?;
        (machine.node.is_started() && !machine.is_lost).then_some(machine)
    }

    /// The machines that are meant, as far as they run and nobody else has them.
    async fn machines(&self, target: Target) -> Vec<OwnedMutexGuard<Machine>> {
        let nodes = match target {
            Target::Member(place) => vec![self.rig.at(place)],
            Target::Leader => vec![self.rig.leader().await],
            Target::Everybody => self.rig.roster.present(),
        };
        let mut machines = Vec::new();
        for node in nodes {
            machines.extend(self.machine_of(node).await);
        }
        machines
    }

    async fn start_after(&self, mut machines: Vec<OwnedMutexGuard<Machine>>, dice: &mut Dice) -> Result<Came> {
        for machine in &mut machines {
            sleep(Duration::from_millis(dice.pick(RESTART_MS))).await;
            machine.start()?;
        }
        Ok(came(&machines))
    }

    async fn transfer(&self) -> Result<Came> {
        let client = self.rig.admin().sdk(&self.rig.cluster, &self.rig.endpoints())?;
        let outcome = self.recorder.outcome(client.transfer_leader(None).await, |_| ());
        self.recorder.count("transfer leader", &outcome);
        Ok(Came::About)
    }

    /// Connections that say nothing, from an address of their own.
    async fn flood(&self, member: u64, connections: u64, lasts: Duration) -> Result<Came> {
        let target: SocketAddr =
            self.rig.endpoint(self.rig.at(member)).parse().context("an address of a test is a number")?;
        let mut held = Vec::new();
        for _ in 0..connections {
            let socket = TcpSocket::new_v4()?;
            socket.bind(SocketAddr::from((Ipv4Addr::new(127, 88, 0, 1), 0)))?;
            // Whoever is refused has been there.
            held.extend(socket.connect(target).await);
        }
        sleep(lasts).await;
        Ok(Came::About)
    }

    /// Notices nodes that end by themselves without a reason, and starts them again.
    async fn watch_for_endings(&self) {
        loop {
            sleep(WATCHED_EVERY).await;
            for member in self.rig.roster.present() {
                if let Some(mut machine) = self.rig.machine_within(member, Duration::ZERO).await {
                    self.look_after(&mut machine);
                }
            }
        }
    }

    fn look_after(&self, machine: &mut Machine) {
        let Some(status) = machine.node.ended() else { return };
        let (member, words) = (machine.node.id, machine.last_words());
        if machine.is_joining && words.contains(TURNED_AWAY) {
            // Whoever has invited it sees to that.
            machine.was_turned_away = true;
            return machine.kill();
        }
        match machine.excuse {
            Some(excuse) => {
                // What it ended with may be gone, and what was kept of it is older than what it has said since.
                machine.is_lost = true;
                self.recorder.count_as("nodes that stay down", excuse);
            }
            None => {
                self.recorder.finding(format!("node {member} ended by itself with {status}: {words}"));
                // It will not do anything else.
                machine.endings += 1;
                machine.is_lost = machine.endings >= ENDINGS_MAX;
            }
        }
        machine.node.kill();
        if let Err(error) = machine.start() {
            self.recorder.finding(format!("node {member} cannot be started again: {error:#}"));
        }
    }

    /// Ends everything that is wrong with the machines and the network.
    pub(super) async fn heal(&self) -> Result<Vec<u64>> {
        self.rig.links.heal();
        let mut whole = Vec::new();
        for member in self.rig.roster.present() {
            let mut machine = self.rig.machine(member).await;
            machine.heal()?;
            if machine.node.is_started() {
                let _ = machine.node.resume();
            }
            machine.start()?;
            if !machine.is_lost {
                whole.push(member);
            }
        }
        Ok(whole)
    }
}

pub(super) fn came(machines: &[OwnedMutexGuard<Machine>]) -> Came {
    if machines.is_empty() { Came::ToNothing } else { Came::About }
}
