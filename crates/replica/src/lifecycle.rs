//! What a member is: the one place that says so, and the steps by which it becomes something else.
//!
//! ```text
//! uninitialised ──► learner ◄──► voter        each of them ──► removed, stopped
//!   │      ▲           │           │
//!   ▼      └───────────┼───────────┤          (as uninitialised)
//! unrecognised         │           │
//!                      ├───────────┴──► fenced ──► removed
//!                      └───────────┴─────────────► removed
//! ```
//!
//! Beside that, each of them but a removed or stopped one ──► rolled back ──► removed, stopped.
//!
//! A step that is not drawn is refused, or passed over, and changes nothing: a member that was removed never comes back under
//! its node id, one that is fenced is not healed by what the others do, and what stopped stays stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use openraft::{RaftMetrics, ServerState};
use tokio::sync::watch;

use aliasd_catalog::Revision;

use crate::error::{NotServing, StopReason};
use crate::identity::{Kept, Loss};
use crate::types::{NodeId, TypeConfig};

/// What a member is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lifecycle {
    /// It belongs to no cluster yet, or has not read so far in the log of one that takes it in.
    Uninitialised,
    /// It has no log, and a member of a cluster knows this node id with another data directory: its own was lost, or
    /// another node had this id.
    Unrecognised {
        /// Who said so first.
        by: NodeId,
    },
    /// It receives the log and has no vote.
    Learner,
    /// It votes.
    Voter(VoterRole),
    /// Its catalog differs from the others'. It goes on voting, since its log is not in doubt, and serves nothing.
    Fenced {
        /// Where the difference was seen.
        at: Revision,
    },
    /// It does not have what it had acknowledged. It neither serves nor votes, whoever leads, until its own directory is back.
    RolledBack {
        /// Where its log ended when that was found.
        reached: Revision,
        /// What it had acknowledged to the leader.
        acknowledged: Revision,
    },
    /// The cluster goes on without it, for ever.
    Removed,
    /// It does nothing any more.
    Stopped(StopReason),
}

/// The part of a voter in the present term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoterRole {
    /// Follows a leader, or waits for one.
    Follower,
    /// Asks for votes.
    Candidate,
    /// Was elected: proposes entries and sends them to the others.
    Leader,
}

/// A member's place in the membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// No membership is known.
    Unknown,
    /// Named, without a vote.
    Learner,
    /// Named, with a vote.
    Voter(VoterRole),
    /// Others are named, and that is committed.
    Absent,
}

/// What can happen to a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The membership, or who leads, is as follows.
    Stand(Standing),
    /// Its catalog differs from the others' at this revision.
    Fence(Revision),
    /// This member knows the node with another data directory.
    Disown(NodeId),
    /// Its log does not reach what it had acknowledged.
    RollBack {
        /// Where the log ends.
        reached: Revision,
        /// What it had acknowledged.
        acknowledged: Revision,
    },
    /// A member of its cluster says that it was removed.
    Remove,
    /// It ends.
    Stop(StopReason),
}

/// A step that does not lead on from where the member is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a member that is {from:?} cannot take the step {step:?}")]
pub(crate) struct IllegalStep {
    from: Lifecycle,
    step: Step,
}

impl Lifecycle {
    /// What a member is at first, by what is kept of it.
    pub(crate) fn at_start(kept: &Kept) -> Self {
        match (kept.loss, kept.fenced_at) {
            _ if kept.removed => Self::Removed,
            (Some(Loss { reached, acknowledged }), _) => Self::RolledBack { reached, acknowledged },
            (None, Some(at)) => Self::Fenced { at },
            (None, None) => Self::Uninitialised,
        }
    }

    /// What the member is after a step.
    fn after(&self, step: Step) -> Result<Self, IllegalStep> {
        use Standing::{Absent, Learner, Unknown, Voter};
        let next = match (self, &step) {
            // The first reason stays.
            (Self::Stopped(_), Step::Stop(_) | Step::Stand(_) | Step::Remove) => self.clone(),
            (_, Step::Stop(reason)) => Self::Stopped(reason.clone()),
            (_, Step::Remove) => Self::Removed,
            (Self::RolledBack { .. }, Step::Stand(Absent)) => Self::Removed,
            // Nothing that happens later gives back what was lost.
            (Self::RolledBack { .. }, _) => self.clone(),
            (Self::Removed, Step::RollBack { .. }) => return Err(IllegalStep { from: self.clone(), step }),
            (Self::Stopped(_), Step::RollBack { .. }) => self.clone(),
            (_, Step::RollBack { reached, acknowledged }) => {
                Self::RolledBack { reached: *reached, acknowledged: *acknowledged }
            }
            (Self::Uninitialised | Self::Unrecognised { .. }, Step::Stand(Unknown | Absent)) => self.clone(),
            (
                Self::Uninitialised | Self::Unrecognised { .. } | Self::Learner | Self::Voter(_),
                Step::Stand(Learner),
            ) => Self::Learner,
            (
                Self::Uninitialised | Self::Unrecognised { .. } | Self::Learner | Self::Voter(_),
                Step::Stand(Voter(role)),
            ) => Self::Voter(*role),
            (Self::Uninitialised, Step::Disown(by)) => Self::Unrecognised { by: *by },
            // The first who said so stays.
            (Self::Unrecognised { .. }, Step::Disown(_)) => self.clone(),
            (Self::Learner | Self::Voter(_), Step::Fence(at)) => Self::Fenced { at: *at },
            // The first difference stays.
            (Self::Fenced { .. }, Step::Fence(_) | Step::Stand(Learner | Voter(_))) => self.clone(),
            (Self::Learner | Self::Voter(_) | Self::Fenced { .. }, Step::Stand(Absent)) => Self::Removed,
            // Its log may not tell: it gets no entries any more.
            (Self::Removed, Step::Stand(_)) => Self::Removed,
            (Self::Learner | Self::Voter(_) | Self::Fenced { .. }, Step::Stand(Unknown))
            | (Self::Uninitialised | Self::Unrecognised { .. } | Self::Removed | Self::Stopped(_), Step::Fence(_))
            | (
                Self::Learner | Self::Voter(_) | Self::Fenced { .. } | Self::Removed | Self::Stopped(_),
                Step::Disown(_),
            ) => {
                return Err(IllegalStep { from: self.clone(), step });
            }
        };
        Ok(next)
    }

    /// Whether such a member may answer from its catalog.
    ///
    /// # Errors
    /// It must not.
    pub fn serving(&self) -> Result<(), NotServing> {
        match self {
            Self::Uninitialised | Self::Learner | Self::Voter(_) => Ok(()),
            Self::Unrecognised { by } => Err(NotServing::Unrecognised { by: *by }),
            Self::Fenced { at } => Err(NotServing::Fenced { revision: *at }),
            Self::RolledBack { reached, acknowledged } => {
                Err(NotServing::RolledBack { reached: *reached, acknowledged: *acknowledged })
            }
            Self::Removed => Err(NotServing::Removed),
            Self::Stopped(reason) => Err(NotServing::Stopped(reason.clone())),
        }
    }
}

/// Where `node` stands according to Raft; `None` while a membership without it may still be taken back, or if `belonged` says
/// that none with it was ever agreed on: one that was appended and then truncated leaves the one before it.
fn standing(node: NodeId, metrics: &RaftMetrics<TypeConfig>, belonged: bool) -> Option<Standing> {
    let stored = &metrics.membership_config;
    let role = match metrics.state {
        ServerState::Leader => VoterRole::Leader,
        ServerState::Candidate => VoterRole::Candidate,
        ServerState::Learner | ServerState::Follower | ServerState::Shutdown => VoterRole::Follower,
    };
    if stored.voter_ids().any(|voter| voter == node) {
        Some(Standing::Voter(role))
    } else if stored.get_node(&node).is_some() {
        Some(Standing::Learner)
    } else if stored.nodes().next().is_none() {
        Some(Standing::Unknown)
    } else {
        (is_committed(metrics) && belonged).then_some(Standing::Absent)
    }
}

fn is_committed(metrics: &RaftMetrics<TypeConfig>) -> bool {
    metrics.membership_config.log_id() <= &metrics.local_committed
}

/// The lifecycle of this member; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct LifecycleState {
    state: watch::Sender<Lifecycle>,
    /// Whether a membership with this node was seen to be agreed on.
    belonged: Arc<AtomicBool>,
}

impl LifecycleState {
    /// Of a member of which that is kept.
    pub(crate) fn new(kept: &Kept) -> Self {
        let first = Lifecycle::at_start(kept);
        if first != Lifecycle::Uninitialised {
            log_step(&first);
        }
        Self { state: watch::Sender::new(first), belonged: Arc::default() }
    }

    pub(crate) fn get(&self) -> Lifecycle {
        self.state.borrow().clone()
    }

    /// Whether this member may answer from its catalog. Costs a lock that is hardly ever taken for writing.
    pub(crate) fn serving(&self) -> Result<(), NotServing> {
        self.state.borrow().serving()
    }

    /// Takes over what Raft knows of this member.
    pub(crate) fn observe(&self, node: NodeId, metrics: &RaftMetrics<TypeConfig>) {
        let is_named = metrics.membership_config.membership().get_node(&node).is_some();
        if is_named && is_committed(metrics) {
            self.belonged.store(true, Ordering::Relaxed);
        }
        if let Some(standing) = standing(node, metrics, self.belonged.load(Ordering::Relaxed)) {
            self.step(Step::Stand(standing));
        }
    }

    /// Takes a step, or refuses it. True if the member is something else by it.
    pub(crate) fn step(&self, step: Step) -> bool {
        self.state.send_if_modified(|current| {
            let next = match current.after(step) {
                Ok(next) => next,
                Err(illegal) => {
                    tracing::error!(%illegal, "a step is refused");
                    return false;
                }
            };
            let changed = next != *current;
            if changed {
                log_step(&next);
                *current = next;
            }
            changed
        })
    }

    /// Resolves when the member stopped, with the reason.
    pub(crate) async fn stopped(&self) -> StopReason {
        let mut lifecycle = self.state.subscribe();
        loop {
            if let Lifecycle::Stopped(reason) = &*lifecycle.borrow_and_update() {
                return reason.clone();
            }
            // Fails only without a sender, and there is one in self.
            let _ = lifecycle.changed().await;
        }
    }
}

fn log_step(next: &Lifecycle) {
    match next {
        Lifecycle::Stopped(StopReason::Failed { reason, hint }) => {
            tracing::error!(error = reason, hint, "the replica stops");
        }
        Lifecycle::Fenced { at } => {
            let fenced = NotServing::Fenced { revision: *at };
            tracing::error!(error = %fenced, hint = fenced.hint(), "this node is fenced");
        }
        Lifecycle::Removed => {
            tracing::warn!(hint = NotServing::Removed.hint(), "this node was removed from the cluster");
        }
        Lifecycle::Unrecognised { by } => {
            let disowned = NotServing::Unrecognised { by: *by };
            tracing::error!(error = %disowned, hint = disowned.hint(), "this node is not recognised");
        }
        Lifecycle::RolledBack { reached, acknowledged } => {
            let back = NotServing::RolledBack { reached: *reached, acknowledged: *acknowledged };
            tracing::error!(error = %back, hint = back.hint(), "this node is rolled back");
        }
        _ => tracing::debug!(lifecycle = ?next, "this node is something else now"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::incarnation::Incarnation;
    use crate::tests::log_id;
    use crate::types::{Membership, RecordedMember, StoredMembership};

    /// Of a member that has not been heard of yet.
    const KEPT: Kept =
        Kept { node: 4, incarnation: Incarnation([0; 16]), cluster: None, fenced_at: None, loss: None, removed: false };

    #[test]
    fn what_is_kept_of_a_member_is_what_it_is_at_first() {
        let loss = Some(Loss { reached: Revision(2), acknowledged: Revision(5) });
        assert_eq!(Lifecycle::at_start(&KEPT), Lifecycle::Uninitialised);
        assert_eq!(Lifecycle::at_start(&Kept { loss, ..KEPT }), ROLLED_BACK);
        let fenced = Kept { fenced_at: Some(Revision(3)), ..KEPT };
        assert_eq!(Lifecycle::at_start(&fenced), Lifecycle::Fenced { at: Revision(3) });
        // It votes no more than one that is not fenced.
        assert_eq!(Lifecycle::at_start(&Kept { loss, ..fenced }), ROLLED_BACK);
        assert_eq!(Lifecycle::at_start(&Kept { loss, removed: true, ..fenced }), Lifecycle::Removed);
    }

    const ROLLED_BACK: Lifecycle = Lifecycle::RolledBack { reached: Revision(2), acknowledged: Revision(5) };

    fn states() -> [Lifecycle; 8] {
        [
            Lifecycle::Uninitialised,
            Lifecycle::Unrecognised { by: 2 },
            Lifecycle::Learner,
            Lifecycle::Voter(VoterRole::Follower),
            Lifecycle::Fenced { at: Revision(3) },
            ROLLED_BACK,
            Lifecycle::Removed,
            Lifecycle::Stopped(StopReason::Shutdown),
        ]
    }

    fn name(state: &Result<Lifecycle, IllegalStep>) -> &'static str {
        match state {
            Ok(Lifecycle::Uninitialised) => "uninitialised",
            Ok(Lifecycle::Unrecognised { .. }) => "unrecognised",
            Ok(Lifecycle::Learner) => "learner",
            Ok(Lifecycle::Voter(VoterRole::Leader)) => "leader",
            Ok(Lifecycle::Voter(_)) => "voter",
            Ok(Lifecycle::Fenced { at: Revision(3) }) => "fenced",
            Ok(Lifecycle::Fenced { .. }) => "fenced anew",
            Ok(Lifecycle::RolledBack { .. }) => "rolled back",
            Ok(Lifecycle::Removed) => "removed",
            Ok(Lifecycle::Stopped(StopReason::Shutdown)) => "stopped",
            Ok(Lifecycle::Stopped(_)) => "failed",
            Err(_) => "-",
        }
    }

    /// Every step from every state, in the order of [`states`].
    #[test]
    fn each_step_leads_where_the_table_says() {
        let leads = Step::Stand(Standing::Voter(VoterRole::Leader));
        let (un, no, le, ro, re) = ("uninitialised", "unrecognised", "learner", "rolled back", "removed");
        let back = Step::RollBack { reached: Revision(2), acknowledged: Revision(5) };
        let table: [(Step, [&str; 8]); 9] = [
            (Step::Stand(Standing::Unknown), [un, no, "-", "-", "-", ro, re, "stopped"]),
            (Step::Stand(Standing::Learner), [le, le, le, le, "fenced", ro, re, "stopped"]),
            (leads, ["leader", "leader", "leader", "leader", "fenced", ro, re, "stopped"]),
            (Step::Stand(Standing::Absent), [un, no, re, re, re, re, re, "stopped"]),
            (Step::Remove, [re, re, re, re, re, re, re, "stopped"]),
            (Step::Disown(2), [no, no, "-", "-", "-", ro, "-", "-"]),
            (Step::Fence(Revision(9)), ["-", "-", "fenced anew", "fenced anew", "fenced", ro, "-", "-"]),
            (back, [ro, ro, ro, ro, ro, ro, "-", "stopped"]),
            (Step::Stop(StopReason::failed("full")), {
                let failed = "failed";
                [failed, failed, failed, failed, failed, failed, failed, "stopped"]
            }),
        ];
        for (step, expected) in table {
            let reached = states().map(|state| name(&state.after(step.clone())));
            assert_eq!(reached, expected, "after {step:?}");
        }
    }

    /// What Raft says once the membership at an index names these nodes, and everything up to an index is committed.
    fn named(nodes: &[NodeId], index: u64, committed: u64) -> RaftMetrics<TypeConfig> {
        let voters: BTreeSet<NodeId> = nodes.iter().copied().collect();
        let members: BTreeMap<NodeId, RecordedMember> =
            voters.iter().map(|node| (*node, RecordedMember::default())).collect();
        let membership = Membership::new(vec![voters], members).unwrap();
        let mut metrics = RaftMetrics::new_initial(4);
        metrics.membership_config = Arc::new(StoredMembership::new(Some(log_id(1, index)), membership));
        metrics.local_committed = Some(log_id(1, committed));
        metrics
    }

    /// A leader that adds a node may be gone before anybody else has heard of it: then the next one truncates that.
    #[test]
    fn a_membership_that_was_never_agreed_on_makes_nobody_a_removed_member() {
        let state = LifecycleState::new(&KEPT);
        state.observe(4, &named(&[1, 2, 3], 1, 5));
        assert_eq!(state.get(), Lifecycle::Uninitialised);
        state.observe(4, &named(&[1, 2, 3, 4], 9, 5));
        assert_eq!(state.get(), Lifecycle::Voter(VoterRole::Follower));
        state.observe(4, &named(&[1, 2, 3], 1, 7));
        assert_eq!(state.get(), Lifecycle::Voter(VoterRole::Follower), "truncated");
        state.observe(4, &named(&[1, 2, 3, 4], 10, 10));
        state.observe(4, &named(&[1, 2, 3], 12, 11));
        assert_eq!(state.get(), Lifecycle::Voter(VoterRole::Follower), "it may be taken back");
        state.observe(4, &named(&[1, 2, 3], 12, 12));
        assert_eq!(state.get(), Lifecycle::Removed);
    }

    #[test]
    fn only_a_member_in_good_standing_serves() {
        let served = states().map(|state| state.serving().is_ok());
        assert_eq!(served, [true, false, true, true, false, false, false, false]);
    }

    #[test]
    fn a_refused_step_changes_nothing() {
        let state = LifecycleState::new(&KEPT);
        assert!(!state.step(Step::Fence(Revision(1))), "nothing to differ yet");
        assert_eq!(state.get(), Lifecycle::Uninitialised);
        assert!(state.step(Step::Stand(Standing::Learner)));
        assert!(state.step(Step::Stand(Standing::Absent)));
        assert!(!state.step(Step::Stand(Standing::Voter(VoterRole::Follower))), "a node id is never used again");
        assert_eq!(state.get(), Lifecycle::Removed);
    }
}
