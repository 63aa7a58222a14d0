//! How operators change the members in a run: what they ask for, one after the other, whether or not it is done by then.

use aliasd_replica::NodeId;
use aliasd_runtime::simulation::Dice;

use super::{Action, MembersChange, ScheduledStep};

/// What operators do in a run.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) steps: Vec<ScheduledStep>,
    /// How many nodes are to come.
    pub(super) newcomers: NodeId,
    /// How many voters fewer there may be at times.
    pub(super) fewer: NodeId,
}

struct Draft {
    dice: Dice,
    plan: Plan,
    /// Those with a vote, if everything is done that was asked for.
    voters: Vec<NodeId>,
    nodes: NodeId,
    at_ms: u64,
}

/// Draws the changes of a cluster of so many members, all asked for in this time.
pub(super) fn plan(dice: Dice, nodes: NodeId, (begin_ms, end_ms): (u64, u64)) -> Plan {
    let mut draft = Draft { dice, plan: Plan::default(), voters: (1..=nodes).collect(), nodes, at_ms: begin_ms };
    for _ in 0..draft.dice.within(1..=3) {
        draft.pass(100..=4_000);
        if draft.at_ms >= end_ms {
            break;
        }
        match draft.dice.below(8) {
            0..=3 => draft.replace(),
            4 | 5 => draft.add(),
            6 => draft.add_learner(),
            _ => draft.remove(),
        }
    }
    draft.plan
}

impl Draft {
    fn pass(&mut self, ms: std::ops::RangeInclusive<u64>) {
        self.at_ms += self.dice.within(ms);
    }

    fn step(&mut self, action: Action) {
        self.plan.steps.push(ScheduledStep { at_ms: self.at_ms, action });
    }

    fn change(&mut self, change: MembersChange) {
        self.step(Action::ChangeMembers(change));
    }

    fn newcomer(&mut self) -> NodeId {
        self.plan.newcomers += 1;
        self.nodes + self.plan.newcomers
    }

    fn voter(&mut self) -> NodeId {
        let voters = self.voters.clone();
        *self.dice.pick(&voters)
    }

    fn replace(&mut self) {
        let (old, new) = (self.voter(), self.newcomer());
        // Mostly, somebody is replaced because something has happened to it.
        match self.dice.below(4) {
            0 | 1 => self.step(Action::Crash { node: old, kept: 0 }),
            2 => self.step(Action::Wipe { node: old }),
            _ => {}
        }
        self.pass(10..=1_000);
        self.change(MembersChange::Replace { old, new });
        self.voters.retain(|voter| *voter != old);
        self.voters.push(new);
    }

    fn add(&mut self) {
        let new = self.newcomer();
        self.change(MembersChange::Add { new, learner: false });
        self.voters.push(new);
    }

    fn add_learner(&mut self) {
        let learner = self.newcomer();
        self.change(MembersChange::Add { new: learner, learner: true });
        if self.dice.chance(600) {
            self.pass(500..=4_000);
            self.change(MembersChange::Promote { learner });
            self.voters.push(learner);
        }
    }

    /// Once in a run, so that it is known how few voters there may be.
    fn remove(&mut self) {
        if self.plan.fewer > 0 {
            return self.add();
        }
        self.plan.fewer = 1;
        let old = self.voter();
        self.change(MembersChange::Remove { old });
        self.voters.retain(|voter| *voter != old);
    }
}
