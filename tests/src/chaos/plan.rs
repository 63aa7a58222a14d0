//! The plan: which faults begin when and for how long. It follows from the seed, the number of members and the time.
//!
//! Every class of fault is dealt once before any is dealt again, in an order that the seed decides, so that a short run meets
//! most of them and a long one all of them in many constellations. Nothing here knows a clock.
//!
//! The members change meanwhile. The plan goes by how many there are if everything is done that it asks for, and names them
//! by their places.

use std::fmt;
use std::time::Duration;

use super::fault::{
    Arrival, DiskFault, Fault, FilesFault, MembersChange, NetworkFault, Nuisance, Part, ProcessFault, Replaced,
    Stretch, Target,
};
use super::links::Lane;
use crate::dice::Dice;

/// A fault with its place in the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Planned {
    /// Its number, from 1 on.
    pub(super) number: u64,
    /// When it begins, from the start of the load on.
    pub(super) at: Duration,
    pub(super) lasts: Duration,
    pub(super) fault: Fault,
}

/// When the first one begins, and how long the pauses between beginnings are.
const FIRST_AT_MS: u64 = 3_000;
const PAUSES_MS: std::ops::Range<u64> = 400..3_500;
/// How long they last: mostly around the timeouts of elections and calls, so that many end in the middle of something.
const LASTS_MS: std::ops::Range<u64> = 300..9_000;

/// How many voters there are at least and at most.
pub(super) const VOTERS: std::ops::RangeInclusive<usize> = 3..=5;
/// A node that is killed or given up on its way is that so long after its start: before it is let in, while it is sent the
/// catalog, while it waits for its vote, or when it has it.
const ON_ITS_WAY_MS: std::ops::Range<u64> = 0..8_000;
/// One that is given up has no vote by then.
const BEFORE_ITS_VOTE_MS: std::ops::Range<u64> = 0..3_000;

/// The members, if everything is done that was planned.
struct Members {
    voters: usize,
    learner: bool,
}

/// Draws a plan for a run of this length, which a cluster of so many voters begins.
pub(super) fn draw(dice: &mut Dice, voters: u64, length: Duration) -> Vec<Planned> {
    let mut plan = Vec::new();
    let mut members = Members { voters: usize::try_from(voters).unwrap_or(*VOTERS.end()), learner: false };
    let mut at = Duration::from_millis(FIRST_AT_MS);
    let mut deck: Vec<u64> = Vec::new();
    while at < length {
        if deck.is_empty() {
            deck = shuffled(dice, KINDS);
        }
        let Some(kind) = deck.pop() else { break };
        let lasts = Duration::from_millis(dice.pick(LASTS_MS));
        if let Some(fault) = fault(kind, dice, &mut members) {
            let number = plan.len() as u64 + 1;
            plan.push(Planned { number, at, lasts, fault });
            at += Duration::from_millis(dice.pick(PAUSES_MS));
        }
    }
    plan
}

fn shuffled(dice: &mut Dice, count: u64) -> Vec<u64> {
    let mut open: Vec<u64> = (0..count).collect();
    let mut deck = Vec::new();
    while !open.is_empty() {
        let at = dice.pick(0..open.len() as u64);
        deck.push(open.swap_remove(usize::try_from(at).unwrap_or_default()));
    }
    deck
}

/// How many kinds [`fault`] knows.
const KINDS: u64 = 45;

/// A fault of a kind; `None` if there is none in a cluster of this size.
fn fault(kind: u64, dice: &mut Dice, members: &mut Members) -> Option<Fault> {
    let count = members.voters as u64 + u64::from(members.learner);
    let member = dice.pick(1..count + 1);
    let target = if dice.percent(40) { Target::Leader } else { Target::Member(member) };
    Some(match kind {
        0..=14 => Fault::Network(network(kind, dice, count, member)?),
        15 | 16 => Fault::Process(ProcessFault::Kill(target)),
        17 => Fault::Process(ProcessFault::Kill(Target::Leader)),
        18 => Fault::Process(ProcessFault::Kill(Target::Everybody)),
        19 => Fault::Process(ProcessFault::PowerCut(target)),
        20 => Fault::Process(ProcessFault::PowerCut(Target::Everybody)),
        21 => Fault::Process(ProcessFault::Pause(target)),
        22 => Fault::Process(ProcessFault::Pause(Target::Leader)),
        23 => Fault::Process(ProcessFault::Stop(target)),
        24 => Fault::Process(ProcessFault::Transfer),
        25 => {
            let shift = i64::try_from(dice.pick(1..7_200_000)).unwrap_or_default();
            let shift_ms = if dice.percent(50) { shift } else { -shift };
            Fault::Process(ProcessFault::Clock { member, shift_ms })
        }
        26 => Fault::Process(ProcessFault::Flood { member, connections: dice.pick(50..400) }),
        27 => Fault::Disk(DiskFault::SlowSync { member, delay_ms: dice.pick(20..900) }),
        28 => Fault::Disk(DiskFault::FailedSync { member }),
        29 => Fault::Disk(DiskFault::Full { member }),
        30 => Fault::Files(FilesFault::Damage { member, of: Part::Log, cut: dice.percent(50) }),
        31 => Fault::Files(FilesFault::Damage { member, of: Part::Catalog, cut: dice.percent(50) }),
        32 => Fault::Files(FilesFault::KeystoreMissing { member }),
        33 => Fault::Files(FilesFault::KeystoreOther { member }),
        34 => Fault::Files(FilesFault::Certificate { member }),
        35 => Fault::Process(ProcessFault::Transfer),
        36 => Fault::Files(FilesFault::Emptied { member }),
        37 => Fault::Files(FilesFault::OlderCopy { member }),
        _ => Fault::Members(members.change(kind, dice, member)),
    })
}

impl Members {
    fn change(&mut self, kind: u64, dice: &mut Dice, member: u64) -> MembersChange {
        match kind {
            38 => self.replace(dice, member, Replaced::Up),
            39 => self.replace(dice, member, Replaced::Down),
            40 => self.replace(dice, member, Replaced::Wiped),
            41 => {
                let of = if dice.percent(50) { Part::Log } else { Part::Catalog };
                let is = Replaced::Damaged { of, cut: dice.percent(50) };
                self.replace(dice, member, is)
            }
            42 if !self.learner => self.add(dice, true),
            42 if self.voters < *VOTERS.end() => {
                *self = Self { voters: self.voters + 1, learner: false };
                MembersChange::Promote
            }
            _ if self.voters <= *VOTERS.start() => self.add(dice, false),
            _ if self.voters >= *VOTERS.end() || dice.percent(50) => {
                self.voters -= 1;
                MembersChange::Remove { member }
            }
            _ => self.add(dice, false),
        }
    }

    fn add(&mut self, dice: &mut Dice, learner: bool) -> MembersChange {
        let arrival = arrival(dice);
        if !matches!(arrival, Arrival::GivenUp { .. }) {
            self.learner |= learner;
            self.voters += usize::from(!learner);
        }
        MembersChange::Add { learner, arrival }
    }

    fn replace(&self, dice: &mut Dice, old: u64, is: Replaced) -> MembersChange {
        let arrival = match (is, arrival(dice)) {
            // Somebody has to come for whoever is lost.
            (Replaced::Wiped | Replaced::Damaged { .. }, Arrival::GivenUp { after_ms }) => Arrival::Killed { after_ms },
            (_, arrival) => arrival,
        };
        MembersChange::Replace { old, is, arrival }
    }
}

fn arrival(dice: &mut Dice) -> Arrival {
    match dice.pick(0..10) {
        0..=4 => Arrival::Undisturbed,
        5..=7 => Arrival::Killed { after_ms: dice.pick(ON_ITS_WAY_MS) },
        _ => Arrival::GivenUp { after_ms: dice.pick(BEFORE_ITS_VOTE_MS) },
    }
}

fn network(kind: u64, dice: &mut Dice, members: u64, member: u64) -> Option<NetworkFault> {
    let told = dice.percent(30);
    let some = |dice: &mut Dice, count: u64| {
        let mut order: Vec<u64> = shuffled(dice, members).into_iter().map(|number| number + 1).collect();
        order.truncate(usize::try_from(count).unwrap_or_default());
        order.sort_unstable();
        order
    };
    let bad = |dice: &mut Dice, what: Nuisance| {
        let links = match dice.pick(0..3) {
            0 => Stretch::Everywhere,
            1 => Stretch::Clients,
            _ => Stretch::Around(member),
        };
        NetworkFault::Bad { links, what }
    };
    Some(match kind {
        0 | 1 => {
            let minority = members / 2;
            NetworkFault::Partition { minority: some(dice, minority), told }
        }
        2 => NetworkFault::Apart { told },
        3 | 4 => NetworkFault::LeaderAlone { told },
        5 if members > 3 => NetworkFault::Ring,
        5 => return None,
        6 => NetworkFault::Bridge { over: member },
        7 => NetworkFault::Unheard { member },
        8 => NetworkFault::Deaf { member },
        9 => {
            let others: Vec<u64> = (1..=members).filter(|other| *other != member).collect();
            let lane = if dice.percent(50) { Lane::Busiest } else { Lane::Others };
            NetworkFault::Lane { from: member, to: *dice.choose(&others), lane }
        }
        10 => {
            let delay = Nuisance::Delay { delay_ms: dice.pick(1..150), jitter_ms: dice.pick(1..400) };
            bad(dice, delay)
        }
        11 => {
            let loss = Nuisance::Loss { per_mille: dice.pick(5..300) };
            bad(dice, loss)
        }
        12 => {
            let throttle = Nuisance::Throttle { bytes_per_second: dice.pick(2_000..100_000) };
            bad(dice, throttle)
        }
        13 => {
            let what = if told {
                Nuisance::Resets { per_mille: dice.pick(2..50) }
            } else {
                Nuisance::Flips { per_mille: dice.pick(2..50) }
            };
            bad(dice, what)
        }
        _ => NetworkFault::Clients { to: member, told },
    })
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, at, lasts, fault } = self;
        write!(f, "{number:>4}  {:>7.1} s  for {:>4.1} s  {fault}", at.as_secs_f64(), lasts.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const LENGTH: Duration = Duration::from_secs(600);

    #[test]
    fn the_same_seed_gives_the_same_plan() {
        let plan = |seed: u64, members: u64| draw(&mut Dice::new(seed), members, LENGTH);
        assert_eq!(plan(7, 3), plan(7, 3));
        assert_ne!(plan(7, 3), plan(8, 3));
        assert_ne!(plan(7, 3), plan(7, 5));
        let longer = draw(&mut Dice::new(7), 3, LENGTH * 2);
        assert_eq!(longer[..plan(7, 3).len()], plan(7, 3), "a longer run begins like a shorter one");
    }

    #[test]
    fn a_long_plan_has_every_class_and_overlaps() {
        for members in [3, 5] {
            let plan = draw(&mut Dice::new(1), members, LENGTH * 3);
            let classes: BTreeSet<&str> = plan.iter().map(|planned| planned.fault.class()).collect();
            assert_eq!(classes.len(), 45, "{classes:?}");
            let overlaps = plan.windows(2).filter(|pair| pair[0].at + pair[0].lasts > pair[1].at).count();
            assert!(overlaps > plan.len() / 2, "{overlaps} of {}", plan.len());
        }
    }
}
