//! Vote, commit, applied and purged only rise while a process lives, and a restart finds what was durable.

use aliasd_replica::{LogReach, RaftPosition};
use aliasd_wire::store::log::{LogId, Vote};

/// What a member's present process has shown, and what its disk held when the one before ended.
#[derive(Default)]
pub struct Progress {
    shown: Option<RaftPosition>,
    floor: Option<LogReach>,
}

fn order(vote: Vote) -> (u64, u64, bool) {
    (vote.term, vote.node_id, vote.committed)
}

fn index(id: Option<LogId>) -> Option<u64> {
    id.map(|id| id.index)
}

impl Progress {
    /// The process shows where it is. Gives what it showed before.
    ///
    /// # Errors
    /// Something went back.
    pub fn shows(&mut self, position: RaftPosition) -> Result<Option<RaftPosition>, String> {
        let before = self.shown.replace(position);
        let Some(earlier) = before else { return Ok(None) };
        let went_back = order(position.vote) < order(earlier.vote)
            || index(position.committed) < index(earlier.committed)
            || index(position.applied) < index(earlier.applied)
            || index(position.snapshot) < index(earlier.snapshot)
            || index(position.purged) < index(earlier.purged);
        if went_back { Err(format!("from {earlier:?} to {position:?}")) } else { Ok(before) }
    }

    /// The process ended; this is durable.
    pub fn ended(&mut self, durable: LogReach) {
        *self = Self { shown: None, floor: Some(durable) };
    }

    /// The disk was taken away, or an older one put in its place: what is found need not be what was there.
    pub fn forgotten(&mut self) {
        *self = Self::default();
    }

    /// A new process shows what its log holds.
    ///
    /// # Errors
    /// It lacks what was durable.
    pub fn restarted(&self, found: &LogReach) -> Result<(), String> {
        let Some(floor) = &self.floor else { return Ok(()) };
        let lacks = found.vote.map(order) < floor.vote.map(order)
            || index(found.last) < index(floor.last)
            || index(found.purged) < index(floor.purged);
        if lacks { Err(format!("durable was {floor:?}, and {found:?} is found")) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(index: u64) -> LogId {
        LogId { term: 1, node_id: 1, index }
    }

    fn position(term: u64, committed: u64, applied: u64) -> RaftPosition {
        RaftPosition {
            vote: Vote { term, node_id: 1, committed: false },
            leads: false,
            last: Some(committed),
            committed: Some(id(committed)),
            applied: Some(id(applied)),
            snapshot: None,
            purged: None,
        }
    }

    #[test]
    fn going_back_is_a_violation_unless_the_process_ended() {
        let mut progress = Progress::default();
        assert_eq!(progress.shows(position(2, 5, 4)), Ok(None));
        assert_eq!(progress.shows(position(2, 6, 6)), Ok(Some(position(2, 5, 4))));
        for back in [position(1, 6, 6), position(2, 5, 6), position(2, 6, 5)] {
            assert!(progress.shows(back).is_err());
            let mut fresh = Progress::default();
            fresh.shows(position(2, 6, 6)).unwrap();
            progress = fresh;
        }
        progress.ended(LogReach::default());
        assert_eq!(progress.shows(position(1, 0, 0)), Ok(None));
    }

    #[test]
    fn a_restart_without_what_was_durable_is_a_violation() {
        let vote = Vote { term: 3, node_id: 2, committed: false };
        let durable = LogReach { vote: Some(vote), last: Some(id(9)), purged: Some(id(3)) };
        let mut progress = Progress::default();
        progress.ended(durable);
        assert!(progress.restarted(&durable).is_ok());
        assert!(progress.restarted(&LogReach { vote: None, ..durable }).is_err());
        assert!(progress.restarted(&LogReach { last: Some(id(8)), ..durable }).is_err());
        assert!(progress.restarted(&LogReach { purged: None, ..durable }).is_err());
        progress.forgotten();
        assert!(progress.restarted(&LogReach::default()).is_ok());
    }
}
