//! A vote and an entry are on the disk before anybody is told.

use aliasd_replica::{LogReach, NodeId};
use aliasd_wire::store::log::{LogId, Vote};

fn order(vote: Vote) -> (u64, NodeId) {
    (vote.term, vote.node_id)
}

/// Whether a vote that is given lies on the disk, or a later one.
///
/// # Errors
/// It does not.
pub fn vote(by: NodeId, given: Vote, durable: Option<Vote>) -> Result<(), String> {
    if durable.is_some_and(|durable| order(durable) >= order(given)) {
        return Ok(());
    }
    Err(format!("member {by} gives {given:?}, and its disk has {durable:?}"))
}

/// Whether entries that are acknowledged to the leader of a vote lie on the disk. What the catalog
/// on the disk covers need not be in the log.
///
/// # Errors
/// They do not.
pub fn append(by: NodeId, to: Option<Vote>, matched: LogId, durable: &LogReach, kept: u64) -> Result<(), String> {
    // A leader that was elected since may have truncated what was there when the answer was given.
    let same_leader = to.map(order) == durable.vote.map(order);
    // A newcomer that got a snapshot has nothing in its log yet.
    let reached = durable.last.map(|last| last.index).max((kept > 0).then_some(kept));
    if !same_leader || reached >= Some(matched.index) {
        return Ok(());
    }
    Err(format!("member {by} acknowledges {matched:?}, and its disk reaches {durable:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VOTE: Vote = Vote { term: 3, node_id: 2, committed: true };

    #[test]
    fn a_vote_that_is_not_on_the_disk_is_a_violation() {
        assert!(vote(1, VOTE, Some(VOTE)).is_ok());
        assert!(vote(1, VOTE, Some(Vote { term: 4, node_id: 1, committed: false })).is_ok());
        assert!(vote(1, VOTE, Some(Vote { term: 3, node_id: 1, committed: true })).is_err());
        assert!(vote(1, VOTE, None).is_err());
    }

    #[test]
    fn an_acknowledged_entry_that_is_not_on_the_disk_is_a_violation() {
        let id = |index| LogId { term: 3, node_id: 2, index };
        let reach = |index| LogReach { vote: Some(VOTE), last: Some(id(index)), purged: None };
        assert!(append(1, Some(VOTE), id(5), &reach(5), 0).is_ok());
        assert!(append(1, Some(VOTE), id(6), &reach(5), 0).is_err());
        assert!(append(1, Some(VOTE), id(6), &reach(5), 6).is_ok(), "a snapshot brought it");
        let empty = LogReach { last: None, ..reach(0) };
        assert!(append(1, Some(VOTE), id(6), &empty, 6).is_ok(), "to a newcomer");
        assert!(append(1, Some(VOTE), id(0), &empty, 0).is_err());
        let later = LogReach { vote: Some(Vote { term: 4, ..VOTE }), ..reach(5) };
        assert!(append(1, Some(VOTE), id(6), &later, 0).is_ok(), "another leader has truncated it since");
    }
}
