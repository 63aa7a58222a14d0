//! What each other member has acknowledged to this one while it leads.
//!
//! A member that has acknowledged an entry, or a snapshot that covers it, has it for good. One that does not have it any
//! more, under the same leader, runs on an older copy of its data directory or has lost the end of its log: its word does
//! not count. Raft must not hear of it, since for Raft it cannot be; and what it is told is to say so itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::types::{LogId, NodeId, Vote};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Acknowledgements(Mutex<BTreeMap<NodeId, Acknowledgement>>);

#[derive(Debug)]
struct Acknowledgement {
    /// The vote by which this member led.
    vote: Vote,
    last: Option<LogId>,
    is_rolled_back: bool,
}

impl Acknowledgements {
    /// The last entry that a member has acknowledged to the leader with this vote.
    pub(super) fn last(&self, member: NodeId, vote: Vote) -> Option<LogId> {
        self.members().get(&member).filter(|known| known.vote == vote)?.last
    }

    /// A member has acknowledged everything up to an entry.
    pub(super) fn acknowledge(&self, member: NodeId, vote: Vote, last: Option<LogId>) {
        let mut members = self.members();
        let known = of_leader(&mut members, member, vote);
        known.last = known.last.max(last);
        if known.is_rolled_back && last >= known.last {
            known.is_rolled_back = false;
            tracing::info!(member, "this member has again what it had acknowledged, and is replicated to again");
        }
    }

    /// A member does not have an entry. True, and said once, if it had acknowledged it.
    pub(super) fn is_contradicted(&self, member: NodeId, vote: Vote, missing: LogId) -> bool {
        let mut members = self.members();
        let known = of_leader(&mut members, member, vote);
        let contradicted = known.last >= Some(missing);
        if contradicted && !known.is_rolled_back {
            known.is_rolled_back = true;
            let acknowledged = known.last.map_or(0, |last| last.index);
            tracing::error!(
                member,
                acknowledged,
                missing = missing.index,
                "this member has lost entries that it had acknowledged: it runs on an older copy of its data directory, or \
                 on a damaged one; nothing is replicated to it and its votes do not count; put its own data directory \
                 back; if that is lost, leave it stopped and replace it by a node with another id ('aliasctl cluster replace \
                 OLD NEW')"
            );
        }
        contradicted
    }

    /// The members that have lost what they had acknowledged, while this one has led last.
    pub(super) fn rolled_back(&self) -> BTreeSet<NodeId> {
        self.members().iter().filter(|(_, known)| known.is_rolled_back).map(|(member, _)| *member).collect()
    }

    fn members(&self) -> MutexGuard<'_, BTreeMap<NodeId, Acknowledgement>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known of a member under a vote; nothing yet if the vote is new.
fn of_leader(members: &mut BTreeMap<NodeId, Acknowledgement>, member: NodeId, vote: Vote) -> &mut Acknowledgement {
    let nothing = || Acknowledgement { vote, last: None, is_rolled_back: false };
    let known = members.entry(member).or_insert_with(nothing);
    if known.vote != vote {
        *known = nothing();
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::log_id;
    use crate::types::LeaderId;

    fn vote(term: u64) -> Vote {
        Vote { leader_id: LeaderId { term, node_id: 1 }, committed: true }
    }

    #[test]
    fn who_lacks_what_it_acknowledged_is_found_and_only_under_the_same_leader() {
        let known = Acknowledgements::default();
        assert!(!known.is_contradicted(2, vote(1), log_id(1, 5)), "it has acknowledged nothing");
        known.acknowledge(2, vote(1), Some(log_id(1, 9)));
        known.acknowledge(2, vote(1), Some(log_id(1, 7)));
        assert_eq!(known.last(2, vote(1)), Some(log_id(1, 9)));
        assert!(!known.is_contradicted(2, vote(1), log_id(1, 10)), "it has never had that");
        assert!(known.rolled_back().is_empty());
        assert!(known.is_contradicted(2, vote(1), log_id(1, 9)));
        assert_eq!(known.rolled_back(), BTreeSet::from([2]));
        assert!(!known.is_contradicted(3, vote(1), log_id(1, 9)), "another member");

        known.acknowledge(2, vote(1), Some(log_id(1, 8)));
        assert_eq!(known.rolled_back().len(), 1, "that is not all of it");
        known.acknowledge(2, vote(1), Some(log_id(1, 9)));
        assert!(known.rolled_back().is_empty(), "its own directory is back");

        assert!(!known.is_contradicted(2, vote(2), log_id(1, 9)), "a new leader knows nothing of it");
        assert_eq!(known.last(2, vote(1)), None);
    }
}
