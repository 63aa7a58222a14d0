//! Whoever sends entries as leader was given a vote by a majority.
//!
//! A vote is for a term and a node. openraft elects by pairs of the two, which are ordered: in one term a second node may be
//! elected after the first, with a higher id, and deposes it like one of a later term would. So it is asked that each
//! leader has a majority for its pair, and not that a term has one leader.

use std::collections::{BTreeMap, BTreeSet};

use aliasd_replica::NodeId;
use aliasd_wire::store::log::Vote;

/// Who gave which vote, and who has led by it.
pub struct Leaders {
    majority: usize,
    given: BTreeMap<(u64, NodeId), BTreeSet<NodeId>>,
    led: BTreeSet<(u64, NodeId)>,
}

impl Leaders {
    /// Of a cluster of this many voters at least.
    pub fn of(voters: usize) -> Self {
        Self { majority: voters / 2 + 1, given: BTreeMap::new(), led: BTreeSet::new() }
    }

    /// A member gives its vote.
    pub fn given(&mut self, by: NodeId, vote: Vote) {
        self.given.entry((vote.term, vote.node_id)).or_default().insert(by);
    }

    /// A member acts as leader by a vote. True if that was not known before.
    ///
    /// # Errors
    /// It was not elected.
    pub fn leads(&mut self, by: NodeId, vote: Vote) -> Result<bool, String> {
        let elected = (vote.term, vote.node_id);
        if self.led.contains(&elected) && vote.node_id == by && vote.committed {
            return Ok(false);
        }
        if vote.node_id != by || !vote.committed {
            return Err(format!("member {by} sends entries by the vote {vote:?}"));
        }
        let others = self.given.get(&elected).map_or(0, |given| given.iter().filter(|voter| **voter != by).count());
        if others + 1 < self.majority {
            let given = self.given.get(&elected);
            return Err(format!("member {by} leads by {vote:?}, which only {given:?} gave beside itself"));
        }
        Ok(self.led.insert(elected))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leader_without_a_majority_is_a_violation() {
        let vote = |term, node_id| Vote { term, node_id, committed: true };
        let mut leaders = Leaders::of(3);
        assert!(leaders.leads(1, vote(1, 1)).is_err(), "nobody but itself");
        leaders.given(1, vote(1, 1));
        assert!(leaders.leads(1, vote(1, 1)).is_err(), "its own vote does not count twice");
        leaders.given(2, vote(1, 1));
        assert_eq!(leaders.leads(1, vote(1, 1)), Ok(true));
        assert_eq!(leaders.leads(1, vote(1, 1)), Ok(false));
        assert!(leaders.leads(2, vote(1, 1)).is_err(), "by the vote of another");
        assert!(leaders.leads(1, vote(2, 1)).is_err(), "by a vote of another term");
        leaders.given(3, Vote { committed: false, ..vote(2, 1) });
        assert!(leaders.leads(1, Vote { committed: false, ..vote(2, 1) }).is_err(), "before it was counted");
    }
}
