//! What a schedule does to members and network.

use std::time::Duration;

use aliasd_replica::{InstallStep, NodeId};
use aliasd_runtime::Runtime;
use futures::FutureExt;

use super::World;
use crate::network::{Lane, Weather};
use crate::schedule::{Action, CutKind};

/// How long a leader may take to hand over.
const TRANSFER_WAIT: Duration = Duration::from_secs(2);

impl World {
    /// Does one step. What makes no sense by now does nothing.
    pub(super) fn act(&mut self, action: &Action) {
        match action {
            Action::Cut { kind, ways, lanes } => self.cut(*kind, ways, lanes),
            Action::Heal => self.surroundings.network.heal(),
            Action::Weather(weather) => self.surroundings.network.set_weather(*weather),
            Action::SlowLink { from, to, by_ms } => {
                self.surroundings.coverage.count("slow link");
                self.surroundings.network.slow_down(*from, *to, Duration::from_millis(*by_ms));
            }
            Action::Crash { node, kept } => self.crash(*node, *kept),
            Action::Restart { node, clock_rate } => self.restart(*node, *clock_rate),
            Action::Pause { node } => self.pause(*node),
            Action::Resume { node } => self.resume(*node),
            Action::ClockStep { node, by_ms } => {
                if let Some(member) = self.members.get_mut(node) {
                    self.surroundings.coverage.count("clock step");
                    member.set_clock_step(*by_ms);
                }
            }
            Action::HoldFlushes { .. }
            | Action::FlushSome { .. }
            | Action::ReleaseFlushes { .. }
            | Action::BreakFlushes { .. } => self.disturb_disk(action),
            Action::CrashInstalling { node, step } => self.crash_installing(*node, *step),
            Action::CopyDisk { node } => {
                if let Some(member) = self.members.get_mut(node).filter(|member| !member.is_lost) {
                    member.copy = Some(member.disk.copied());
                }
            }
            Action::RollBack { node } => self.roll_back(*node),
            Action::Wipe { node } => self.wipe(*node),
            Action::Transfer { to } => self.transfer(*to),
            Action::Snapshot { node } => {
                if let Some(replica) = self.replica(*node) {
                    self.surroundings.coverage.count("snapshot asked for");
                    self.outside.spawn(async move { replica.trigger_snapshot().await }.boxed());
                }
            }
            Action::ChangeMembers(change) => self.change_members(*change),
            Action::Operate(operation) => self.operate(operation),
        }
    }

    fn cut(&mut self, kind: CutKind, ways: &[(NodeId, NodeId)], lanes: &[Lane]) {
        for (from, to) in ways {
            lanes.iter().for_each(|lane| self.surroundings.network.cut(*from, *to, *lane));
        }
        if ways.is_empty() {
            return;
        }
        self.surroundings.coverage.count(match kind {
            CutKind::BothWays => "cut: both ways",
            CutKind::OneWay => "cut: one way",
            CutKind::ControlOnly => "cut: control lane only",
            CutKind::DataOnly => "cut: data lane only",
            CutKind::Groups => "partition: majority and minority",
            CutKind::Ring => "partition: ring",
            CutKind::Bridge => "partition: bridge",
            CutKind::Clients => "cut: clients",
        });
    }

    /// A member's power is gone. True if it ran.
    fn power_off(&mut self, node: NodeId, kept: usize) -> bool {
        let Some(member) = self.members.get_mut(&node) else { return false };
        member.lose_power(&self.surroundings, &mut self.inspector.lock(), kept)
    }

    fn crash(&mut self, node: NodeId, kept: usize) {
        if self.power_off(node, kept) {
            self.surroundings.coverage.count("crash");
        }
    }

    fn restart(&mut self, node: NodeId, clock_rate: u32) {
        let Some(member) = self.members.get_mut(&node).filter(|member| member.process.is_none()) else { return };
        member.clock_rate = clock_rate;
        self.surroundings.coverage.count("restart");
        if clock_rate != crate::schedule::generate::RIGHT {
            self.surroundings.coverage.count("clock drift");
        }
        self.start(node);
    }

    fn pause(&mut self, node: NodeId) {
        let process = self.members.get_mut(&node).and_then(|member| member.process.as_mut());
        if let Some(process) = process.filter(|process| !process.is_paused) {
            process.is_paused = true;
            process.machine.pause();
            self.surroundings.coverage.count("pause");
        }
    }

    fn resume(&mut self, node: NodeId) {
        let process = self.members.get_mut(&node).and_then(|member| member.process.as_mut());
        if let Some(process) = process {
            process.is_paused = false;
            process.machine.resume();
        }
    }

    fn disturb_disk(&mut self, action: &Action) {
        let (Action::HoldFlushes { node }
        | Action::FlushSome { node, .. }
        | Action::ReleaseFlushes { node }
        | Action::BreakFlushes { node }) = action
        else {
            return;
        };
        let Some(member) = self.members.get_mut(node).filter(|member| member.process.is_some()) else { return };
        match action {
            Action::HoldFlushes { .. } => {
                self.surroundings.coverage.count("flushes held");
                member.disk.hold_flushes();
            }
            Action::FlushSome { steps, .. } => {
                if member.disk.unflushed_log_steps() > 0 {
                    self.surroundings.coverage.count("slow flushes");
                }
                member.disk.flush_log_steps(*steps);
            }
            Action::ReleaseFlushes { .. } => member.disk.release_flushes(),
            _ => {
                self.surroundings.coverage.count("failing flush");
                member.may_stop = true;
                member.disk.break_log();
            }
        }
    }

    fn crash_installing(&mut self, node: NodeId, step: usize) {
        let Some(member) = self.members.get_mut(&node).filter(|member| member.process.is_some()) else { return };
        let step = InstallStep::ALL[step % InstallStep::ALL.len()];
        member.may_stop = true;
        member.is_installing_to_death = true;
        member.disk.die_installing(step);
    }

    /// See the module of the simulator for when this is within what the design bears.
    fn roll_back(&mut self, node: NodeId) {
        // How many make a quorum is known only as long as the members stay.
        if self.surroundings.setting.newcomers + self.surroundings.setting.fewer > 0 {
            return;
        }
        let Some(member) = self.members.get(&node) else { return };
        let (Some(copy), Some(_)) = (member.copy.clone(), member.process.as_ref()) else { return };
        let had = member.disk.durable_log().last;
        let others = self.members.values().filter(|other| other.node != node);
        let lacking = others.filter(|other| other.is_lost || !had.is_none_or(|had| other.has_durably(had))).count();
        let quorum = usize::try_from(self.surroundings.setting.nodes / 2 + 1).unwrap_or(usize::MAX);
        let is_one_of_few = self.members.values().all(|other| !other.is_lost && !other.was_rolled_back);
        if lacking + 2 > quorum || !is_one_of_few {
            return;
        }
        self.power_off(node, 0);
        self.surroundings.network.forget_sent_by(node);
        self.surroundings.coverage.count("member rolled back");
        self.inspector.lock().progress(node).forgotten();
        if let Some(member) = self.members.get_mut(&node) {
            member.disk = copy;
            member.copy = None;
            member.was_rolled_back = true;
        }
    }

    fn wipe(&mut self, node: NodeId) {
        let may = self.members.values().filter(|member| member.is_lost || member.was_rolled_back).count();
        let minority = usize::try_from(self.surroundings.setting.nodes.saturating_sub(1) / 2).unwrap_or(0);
        // Where there may be fewer voters, it could be one too many.
        if may >= minority || self.surroundings.setting.fewer > 0 || !self.power_off(node, 0) {
            return;
        }
        self.surroundings.coverage.count("member wiped");
        self.surroundings.network.forget_sent_by(node);
        self.inspector.lock().progress(node).forgotten();
        if let Some(member) = self.members.get_mut(&node) {
            member.disk = aliasd_replica::MemoryStorage::default();
            member.is_lost = true;
            member.copy = None;
        }
    }

    fn transfer(&mut self, to: Option<NodeId>) {
        let leading = self.members.keys().filter_map(|node| self.replica(*node));
        let leading = leading.filter(|replica| replica.raft_position().leads);
        for replica in leading.collect::<Vec<_>>() {
            self.surroundings.coverage.count("leader transfer asked for");
            let to = to.filter(|to| *to != replica.node());
            // That nobody took over is one of the things that may come of it.
            self.outside.spawn(async move { drop(replica.transfer_leader(to, TRANSFER_WAIT).await) }.boxed());
        }
    }

    /// The replica of a process that has started and is not paused.
    pub(super) fn replica(&self, node: NodeId) -> Option<aliasd_replica::Replica> {
        self.members.get(&node)?.process.as_ref()?.replica.clone()
    }

    /// Ends the faults that are under way.
    pub(super) fn end_faults(&mut self) {
        self.surroundings.network.heal();
        self.surroundings.network.set_weather(Weather::FAIR);
        let nodes: Vec<NodeId> = self.members.keys().copied().collect();
        for node in nodes {
            self.resume(node);
            let Some(member) = self.members.get_mut(&node) else { continue };
            if member.process.is_some() {
                member.disk.release_flushes();
            }
            // One whose disk broke, or was to break, has to be started again.
            if member.may_stop {
                self.power_off(node, 0);
            }
            self.restart(node, crate::schedule::generate::RIGHT);
        }
    }
}
