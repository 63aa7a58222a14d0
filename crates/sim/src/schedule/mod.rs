//! What is done to a cluster, and when: faults and clients' operations, each at a time since the beginning.
//!
//! A schedule is made from a seed before anything runs, and is a text of one step a line: it can be kept, cut down and run
//! again. Every step stands for itself, so that what is left of a schedule after steps were taken out is one, too; a step
//! that makes no sense by then, such as the restart of a member that runs, does nothing.

mod changes;
pub mod generate;
pub mod load;

use std::time::Duration;

use aliasd_checkers::history::Command;
use aliasd_replica::NodeId;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::network::{Lane, Weather};

/// Everything that a run follows from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The cluster.
    pub setting: Setting,
    /// In the order of time.
    pub steps: Vec<ScheduledStep>,
}

/// The cluster of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// What the dice of the run are thrown by.
    pub seed: u64,
    /// How many members there are.
    pub nodes: NodeId,
    /// When faults end and the cluster has to recover.
    pub heal_at_ms: u64,
    /// Entries between two snapshots.
    pub snapshot_entries: u64,
    /// Entries that are kept behind one.
    pub log_entries_kept: u64,
    /// Steps of history that a member keeps for watchers.
    pub history_entries: usize,
    /// How many other nodes may become members meanwhile: their ids follow on the others.
    #[serde(default)]
    pub newcomers: NodeId,
    /// How many voters fewer there may be at times.
    #[serde(default)]
    pub fewer: NodeId,
}

impl Setting {
    /// The ids that a member may have at any time: from 1 to this.
    pub fn last_node(&self) -> NodeId {
        self.nodes + self.newcomers
    }
}

/// A step and its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledStep {
    /// Since the beginning, in milliseconds.
    pub at_ms: u64,
    /// What is done.
    #[serde(flatten)]
    pub action: Action,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Action {
    /// Nothing passes these ways any more.
    Cut {
        /// The name of the pattern, as it is counted.
        kind: CutKind,
        /// From whom to whom.
        ways: Vec<(NodeId, NodeId)>,
        /// On which lanes.
        lanes: Vec<Lane>,
    },
    /// All links are whole again, and fast.
    Heal,
    /// Messages fare otherwise from now on.
    Weather(Weather),
    /// Messages from one member to another take longer.
    SlowLink {
        /// From whom.
        from: NodeId,
        /// To whom.
        to: NodeId,
        /// By how much, in milliseconds.
        by_ms: u64,
    },
    /// A member loses its power, and what was not flushed but for the oldest steps.
    Crash {
        /// The member's id.
        node: NodeId,
        /// How many of the unflushed steps had reached the disk.
        kept: usize,
    },
    /// A member that is off starts, with a clock that goes at this many microseconds a second.
    Restart {
        /// The member's id.
        node: NodeId,
        /// How fast its clock goes.
        clock_rate: u32,
    },
    /// A member's process stands still while time goes on.
    Pause {
        /// The member's id.
        node: NodeId,
    },
    /// It goes on.
    Resume {
        /// The member's id.
        node: NodeId,
    },
    /// The time of day of a member jumps.
    ClockStep {
        /// The member's id.
        node: NodeId,
        /// By how much, in milliseconds.
        by_ms: i64,
    },
    /// What a member appends is not flushed any more.
    HoldFlushes {
        /// The member's id.
        node: NodeId,
    },
    /// Some of what is held is flushed.
    FlushSome {
        /// The member's id.
        node: NodeId,
        /// How many steps.
        steps: usize,
    },
    /// Everything is flushed, as it comes.
    ReleaseFlushes {
        /// The member's id.
        node: NodeId,
    },
    /// The disk of a member cannot be written any more, until it crashes.
    BreakFlushes {
        /// The member's id.
        node: NodeId,
    },
    /// The next snapshot that a member installs gets as far as this step, and the member loses its power there.
    CrashInstalling {
        /// The member's id.
        node: NodeId,
        /// Which of the steps of an installation.
        step: usize,
    },
    /// A copy of a member's disk is put aside.
    CopyDisk {
        /// The member's id.
        node: NodeId,
    },
    /// A member loses its power, and finds the copy in place of its disk.
    RollBack {
        /// The member's id.
        node: NodeId,
    },
    /// A member loses its power, and its disk with it.
    Wipe {
        /// The member's id.
        node: NodeId,
    },
    /// Whoever leads is asked to hand over.
    Transfer {
        /// To whom; absent, to whoever has the longest log.
        to: Option<NodeId>,
    },
    /// A member is asked for a snapshot.
    Snapshot {
        /// The member's id.
        node: NodeId,
    },
    /// An operator asks for other members.
    ChangeMembers(MembersChange),
    /// A client asks for something.
    Operate(Operation),
}

/// How the members are to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum MembersChange {
    /// A node becomes a member.
    Add {
        /// Its id.
        new: NodeId,
        /// Without a vote.
        learner: bool,
    },
    /// A learner gets a vote.
    Promote {
        /// Its id.
        learner: NodeId,
    },
    /// A member goes.
    Remove {
        /// Its id.
        old: NodeId,
    },
    /// A node takes the place of a member.
    Replace {
        /// The member's id.
        old: NodeId,
        /// The node's.
        new: NodeId,
    },
}

/// The pattern of a cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CutKind {
    /// Two members, both ways.
    BothWays,
    /// Two members, one way.
    OneWay,
    /// Some members, on the control lane only.
    ControlOnly,
    /// Some members, on the data lane only.
    DataOnly,
    /// The members in two groups.
    Groups,
    /// Each member reaches its neighbours only.
    Ring,
    /// Two groups, and one member that reaches both.
    Bridge,
    /// Clients do not reach some members, or hear nothing of them.
    Clients,
}

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Tells it from every other one of the schedule; its request id follows from it.
    pub number: u64,
    /// Whom a client without the SDK asks first.
    pub member: NodeId,
    /// What it asks.
    pub asks: Question,
}

/// The question of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Question {
    /// A statement that writes.
    Write {
        /// What it says.
        command: Command,
        /// Without the SDK: to one member after the other under one request id, and now and then once more.
        raw: bool,
    },
    /// Where a name leads.
    Resolve {
        /// The database or alias that is asked for.
        name: String,
        /// For whom; absent: the service itself.
        user: Option<String>,
        /// Whether the user asks for itself, rather than the service on its behalf.
        logs_in: bool,
        /// How fresh the answer is to be.
        freshness: AskedFreshness,
        /// Whether the password is asked for.
        with_credentials: bool,
        /// Without the SDK, of the member that the operation names.
        raw: bool,
    },
    /// What changes, from then on.
    Watch {
        /// From so many revisions ago.
        back: u64,
        /// As one who may know of everything.
        all: bool,
    },
    /// A transaction through an alias: pinned, held, validated.
    Guard {
        /// The alias that is watched over.
        name: String,
        /// For whom; absent: the service itself.
        user: Option<String>,
        /// How long it is held.
        hold_ms: u64,
    },
}

/// How fresh an answer is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskedFreshness {
    /// Whatever the member has, unless that is too old.
    Local,
    /// What the client has seen so far.
    AtLeast,
    /// Everything that was acknowledged before the question.
    Linearizable,
    /// What the SDK does unless told otherwise.
    Session,
    /// What the SDK's cache gives.
    Cached,
}

impl Schedule {
    /// As text: the setting in the first line, then one step a line.
    ///
    /// # Errors
    /// None that a schedule could be the cause of.
    pub fn to_text(&self) -> Result<String> {
        let mut text = serde_json::to_string(&self.setting)?;
        text.push('\n');
        for step in &self.steps {
            text.push_str(&serde_json::to_string(step)?);
            text.push('\n');
        }
        Ok(text)
    }

    /// Reads what [`Schedule::to_text`] wrote. Lines that begin with `#`, and empty ones, are left out.
    ///
    /// # Errors
    /// A line is no step; the error says which.
    pub fn from_text(text: &str) -> Result<Self> {
        let told = |line: &&str| !line.trim().is_empty() && !line.starts_with('#');
        let mut lines = text.lines().filter(told);
        let first = lines.next().context("there is no line")?;
        let setting = serde_json::from_str(first).with_context(|| format!("no setting: {first}"))?;
        let step = |line: &str| serde_json::from_str(line).with_context(|| format!("no step: {line}"));
        Ok(Self { setting, steps: lines.map(step).collect::<Result<_>>()? })
    }

    /// When faults end.
    pub fn heal_at(&self) -> Duration {
        Duration::from_millis(self.setting.heal_at_ms)
    }
}

impl ScheduledStep {
    /// When it is done.
    pub fn at(&self) -> Duration {
        Duration::from_millis(self.at_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_read_as_it_was_written() {
        for seed in 0..20 {
            let schedule = generate::schedule(seed, 3 + 2 * (seed % 2), seed % 3 == 0);
            let text = schedule.to_text().unwrap();
            assert_eq!(Schedule::from_text(&text).unwrap(), schedule);
        }
        assert!(Schedule::from_text("").is_err());
        assert!(Schedule::from_text("{}").is_err());
    }
}
