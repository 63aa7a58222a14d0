//! A schedule from a seed.
//!
//! Each seed draws which classes of faults it has, and how many: a cluster under few kinds of faults comes to places where
//! one under all of them never gets. Faults come in episodes, a fault and its end, which overlap.

use aliasd_replica::{InstallStep, NodeId};
use aliasd_runtime::simulation::Dice;

use super::changes::{Plan, plan};
use super::load::{openings, operation};
use super::{Action, CutKind, Schedule, ScheduledStep, Setting};
use crate::network::{Lane, Weather};

/// What the dice of the schedule are for; see [`Dice::new`].
const SCHEDULE: u64 = 3;
/// What the dice of the changes of the members are for, which leave everything else of a seed as it is.
const CHANGES: u64 = 5;

/// When the load begins: by then the cluster is formed.
const BEGIN_MS: u64 = 3_000;
/// Between two of the statements that every load begins with.
const BEGINNING_EVERY_MS: u64 = 40;

/// A clock that goes right.
pub const RIGHT: u32 = 1_000_000;
/// How far the rates of clocks may be off, in millionths. Quartz is off by some 100; ten times what NTP corrects at most
/// (500) is 5,000.
const DRIFT_MAX: u64 = 5_000;

/// The schedule of a seed for a cluster of so many members, which stay or are changed by operators.
pub fn schedule(seed: u64, nodes: NodeId, changes: bool) -> Schedule {
    let mut dice = Dice::new(seed, SCHEDULE);
    let length_ms = dice.within(8_000..=20_000);
    let end_ms = BEGIN_MS + length_ms;
    let during = (BEGIN_MS, end_ms);
    let Plan { steps, newcomers, fewer } =
        if changes { plan(Dice::new(seed, CHANGES), nodes, during) } else { Plan::default() };
    let setting = Setting {
        seed,
        nodes,
        heal_at_ms: end_ms,
        snapshot_entries: dice.within(12..=60),
        log_entries_kept: dice.within(2..=20),
        history_entries: usize::try_from(dice.within(20..=400)).unwrap_or(20),
        newcomers,
        fewer,
    };
    let mut draft = Draft { dice, nodes: setting.last_node(), end_ms, steps };
    draft.load();
    draft.faults();
    let mut steps = draft.steps;
    // Stable: what was drawn first comes first.
    steps.sort_by_key(|step| step.at_ms);
    Schedule { setting, steps }
}

struct Draft {
    dice: Dice,
    nodes: NodeId,
    end_ms: u64,
    steps: Vec<ScheduledStep>,
}

/// The classes of faults, from which each seed draws.
const CLASSES: &[fn(&mut Draft, u64)] = &[
    Draft::cut_two,
    Draft::cut_one_way,
    Draft::cut_one_lane,
    Draft::partition,
    Draft::ring,
    Draft::bridge,
    Draft::cut_clients,
    Draft::slow_link,
    Draft::weather,
    Draft::crash,
    Draft::crash_unflushed,
    Draft::crash_all,
    Draft::crash_installing,
    Draft::pause,
    Draft::clock_step,
    Draft::hold_flushes,
    Draft::slow_flushes,
    Draft::break_flushes,
    Draft::transfer,
    Draft::snapshot,
    Draft::roll_back,
];

/// Of a thousand seeds, so many wipe a member. It never comes back, so the rest of the run is a smaller cluster's.
const WIPES: u64 = 60;

impl Draft {
    fn at(&mut self, at_ms: u64, action: Action) {
        self.steps.push(ScheduledStep { at_ms, action });
    }

    fn node(&mut self) -> NodeId {
        self.dice.within(1..=self.nodes)
    }

    /// When an episode that begins then is over.
    fn over(&mut self, at_ms: u64, longest_ms: u64) -> u64 {
        (at_ms + self.dice.within(50..=longest_ms)).min(self.end_ms)
    }

    fn load(&mut self) {
        let mut number = 0;
        let mut at_ms = BEGIN_MS - 1_500;
        for command in openings() {
            let asks = super::Question::Write { command, raw: false };
            let member = self.node();
            self.at(at_ms, Action::Operate(super::Operation { number, member, asks }));
            at_ms += BEGINNING_EVERY_MS;
            number += 1;
        }
        let operations = self.dice.within(120..=300);
        for _ in 0..operations {
            let (begin, end) = (BEGIN_MS, self.end_ms);
            let at_ms = self.dice.within(begin..=end);
            let operation = operation(&mut self.dice, number, self.nodes);
            self.at(at_ms, Action::Operate(operation));
            number += 1;
        }
    }

    fn faults(&mut self) {
        let mut classes: Vec<fn(&mut Self, u64)> = CLASSES.iter().copied().filter(|_| self.dice.chance(400)).collect();
        if classes.is_empty() {
            classes.push(*self.dice.pick(CLASSES));
        }
        let episodes = self.dice.within(4..=16);
        for _ in 0..episodes {
            let (begin, end) = (BEGIN_MS, self.end_ms - 200);
            let at_ms = self.dice.within(begin..=end);
            let class = *self.dice.pick(&classes);
            class(self, at_ms);
        }
        if self.dice.chance(WIPES) {
            let (begin, end) = (BEGIN_MS, self.end_ms - 200);
            let (node, at_ms) = (self.node(), self.dice.within(begin..=end));
            self.at(at_ms, Action::Wipe { node });
            self.restart(at_ms + 300, node);
        }
    }

    fn restart(&mut self, at_ms: u64, node: NodeId) {
        let off = self.dice.within(0..=2 * DRIFT_MAX);
        let off = if self.dice.chance(500) { DRIFT_MAX } else { off };
        let clock_rate = u32::try_from(u64::from(RIGHT) + off - DRIFT_MAX).unwrap_or(RIGHT);
        self.at(at_ms, Action::Restart { node, clock_rate });
    }

    // === the network ===

    fn cut(&mut self, at_ms: u64, kind: CutKind, ways: Vec<(NodeId, NodeId)>, lanes: &[Lane]) {
        self.at(at_ms, Action::Cut { kind, ways, lanes: lanes.to_vec() });
        let over = self.over(at_ms, 6_000);
        self.at(over, Action::Heal);
    }

    fn two(&mut self) -> (NodeId, NodeId) {
        let one = self.node();
        let other = (one + self.dice.within(1..=self.nodes - 1) - 1) % self.nodes + 1;
        (one, other)
    }

    fn cut_two(&mut self, at_ms: u64) {
        let (one, other) = self.two();
        self.cut(at_ms, CutKind::BothWays, vec![(one, other), (other, one)], &[Lane::Control, Lane::Data]);
    }

    fn cut_one_way(&mut self, at_ms: u64) {
        let (one, other) = self.two();
        let mut ways = vec![(one, other)];
        if self.dice.chance(500) {
            // One member hears nobody, or nobody hears it.
            let all = (1..=self.nodes).filter(|node| *node != one);
            let deaf = self.dice.chance(500);
            ways = all.map(|node| if deaf { (node, one) } else { (one, node) }).collect();
        }
        self.cut(at_ms, CutKind::OneWay, ways, &[Lane::Control, Lane::Data]);
    }

    fn cut_one_lane(&mut self, at_ms: u64) {
        let node = self.node();
        let others: Vec<NodeId> = (1..=self.nodes).filter(|other| *other != node).collect();
        let ways = others.iter().flat_map(|other| [(node, *other), (*other, node)]);
        let ways: Vec<_> = ways.filter(|_| self.dice.chance(700)).collect();
        let (kind, lane) = *self.dice.pick(&[(CutKind::ControlOnly, Lane::Control), (CutKind::DataOnly, Lane::Data)]);
        self.cut(at_ms, kind, ways, &[lane]);
    }

    fn both_ways(&self, is_cut: impl Fn(NodeId, NodeId) -> bool) -> Vec<(NodeId, NodeId)> {
        let all = (1..=self.nodes).flat_map(|from| (1..=self.nodes).map(move |to| (from, to)));
        all.filter(|(from, to)| from != to && is_cut(*from.min(to), *from.max(to))).collect()
    }

    fn partition(&mut self, at_ms: u64) {
        let inside: Vec<bool> = (0..=self.nodes).map(|_| self.dice.chance(500)).collect();
        let is_inside = |node: NodeId| usize::try_from(node).is_ok_and(|node| inside[node]);
        let ways = self.both_ways(|one, other| is_inside(one) != is_inside(other));
        self.cut(at_ms, CutKind::Groups, ways, &[Lane::Control, Lane::Data]);
    }

    fn ring(&mut self, at_ms: u64) {
        let nodes = self.nodes;
        // Of three, each is the other's neighbour: then two of them are cut.
        let is_cut = |one: NodeId, other: NodeId| {
            if nodes == 3 { (one, other) == (1, 3) } else { other - one != 1 && other - one != nodes - 1 }
        };
        let ways = self.both_ways(is_cut);
        self.cut(at_ms, CutKind::Ring, ways, &[Lane::Control, Lane::Data]);
    }

    fn bridge(&mut self, at_ms: u64) {
        let bridge = self.node();
        let half = self.nodes / 2;
        let place = |node: NodeId| (node + self.nodes - bridge) % self.nodes;
        let ways = self.both_ways(|one, other| {
            let (one, other) = (place(one), place(other));
            one != 0 && other != 0 && (one <= half) != (other <= half)
        });
        self.cut(at_ms, CutKind::Bridge, ways, &[Lane::Control, Lane::Data]);
    }

    fn cut_clients(&mut self, at_ms: u64) {
        let members: Vec<NodeId> = (1..=self.nodes).filter(|_| self.dice.chance(500)).collect();
        let (asks, answers) = (self.dice.chance(700), self.dice.chance(700));
        let ways = members.iter().flat_map(|node| [(0, *node, asks), (*node, 0, answers)]);
        let ways = ways.filter(|(_, _, is_cut)| *is_cut).map(|(from, to, _)| (from, to)).collect();
        self.cut(at_ms, CutKind::Clients, ways, &[Lane::Client]);
    }

    fn slow_link(&mut self, at_ms: u64) {
        let (from, to) = self.two();
        let by_ms = self.dice.within(20..=400);
        self.at(at_ms, Action::SlowLink { from, to, by_ms });
        let over = self.over(at_ms, 4_000);
        self.at(over, Action::Heal);
    }

    fn weather(&mut self, at_ms: u64) {
        let delay_us_min = self.dice.within(100..=5_000);
        let weather = Weather {
            delay_us_min,
            delay_us_max: delay_us_min + self.dice.within(100..=30_000),
            lost: self.dice.below(60),
            repeated: self.dice.below(100),
            late: self.dice.below(100),
        };
        self.at(at_ms, Action::Weather(weather));
        let over = self.over(at_ms, 6_000);
        self.at(over, Action::Weather(Weather::FAIR));
    }

    // === members ===

    fn crash(&mut self, at_ms: u64) {
        let node = self.node();
        self.at(at_ms, Action::Crash { node, kept: 0 });
        let over = self.over(at_ms, 4_000);
        self.restart(over, node);
    }

    fn crash_unflushed(&mut self, at_ms: u64) {
        let node = self.node();
        self.at(at_ms, Action::HoldFlushes { node });
        if self.dice.chance(300) {
            let steps = usize::try_from(self.dice.within(1..=10)).unwrap_or(1);
            let later = at_ms + self.dice.within(10..=300);
            self.at(later, Action::FlushSome { node, steps });
        }
        let at_ms = at_ms + self.dice.within(20..=1_500);
        let kept = usize::try_from(self.dice.below(8)).unwrap_or(0);
        self.at(at_ms, Action::Crash { node, kept });
        let over = self.over(at_ms, 3_000);
        self.restart(over, node);
    }

    fn crash_all(&mut self, at_ms: u64) {
        for node in 1..=self.nodes {
            let at_ms = at_ms + self.dice.below(100);
            self.at(at_ms, Action::Crash { node, kept: 0 });
            let over = self.over(at_ms + 100, 1_500);
            self.restart(over, node);
        }
    }

    fn crash_installing(&mut self, at_ms: u64) {
        let node = self.node();
        // While it is away the others go on until it needs a snapshot.
        self.at(at_ms, Action::Crash { node, kept: 0 });
        let step = usize::try_from(self.dice.below(InstallStep::ALL.len() as u64)).unwrap_or(0);
        let over = self.over(at_ms, 3_000);
        for other in 1..=self.nodes {
            if other != node {
                self.at(over, Action::Snapshot { node: other });
            }
        }
        self.restart(over + 100, node);
        self.at(over + 101, Action::CrashInstalling { node, step });
        self.restart(over + 2_000, node);
    }

    fn pause(&mut self, at_ms: u64) {
        let node = self.node();
        self.at(at_ms, Action::Pause { node });
        let over = self.over(at_ms, 4_000);
        self.at(over, Action::Resume { node });
    }

    fn clock_step(&mut self, at_ms: u64) {
        let node = self.node();
        let by_ms = i64::try_from(self.dice.below(2 * 86_400_000)).unwrap_or(0) - 86_400_000;
        self.at(at_ms, Action::ClockStep { node, by_ms });
    }

    fn hold_flushes(&mut self, at_ms: u64) {
        let node = self.node();
        self.at(at_ms, Action::HoldFlushes { node });
        let over = self.over(at_ms, 3_000);
        self.at(over, Action::ReleaseFlushes { node });
    }

    fn slow_flushes(&mut self, at_ms: u64) {
        let node = self.node();
        self.at(at_ms, Action::HoldFlushes { node });
        let (every, over) = (self.dice.within(20..=200), self.over(at_ms, 3_000));
        let mut at_ms = at_ms;
        while at_ms < over {
            at_ms += every;
            let steps = usize::try_from(self.dice.within(1..=6)).unwrap_or(1);
            self.at(at_ms, Action::FlushSome { node, steps });
        }
        self.at(over, Action::ReleaseFlushes { node });
    }

    fn break_flushes(&mut self, at_ms: u64) {
        let node = self.node();
        self.at(at_ms, Action::BreakFlushes { node });
        let over = self.over(at_ms, 2_000);
        let kept = usize::try_from(self.dice.below(4)).unwrap_or(0);
        self.at(over, Action::Crash { node, kept });
        self.restart(over + 200, node);
    }

    fn roll_back(&mut self, at_ms: u64) {
        let node = self.node();
        self.at(at_ms, Action::CopyDisk { node });
        let later = self.over(at_ms, 4_000);
        self.at(later, Action::RollBack { node });
        self.restart(later + 50, node);
    }

    // === what operators do ===

    fn transfer(&mut self, at_ms: u64) {
        let to = self.dice.chance(500).then(|| self.node());
        self.at(at_ms, Action::Transfer { to });
    }

    fn snapshot(&mut self, at_ms: u64) {
        let node = self.node();
        self.at(at_ms, Action::Snapshot { node });
    }
}
