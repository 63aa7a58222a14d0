//! How far a member is away: how long a question to it and its answer take, held against the timings of Raft.
//!
//! A heartbeat is given up after three quarters of its interval, and a vote after three quarters of the shortest election
//! timeout. A member that is further away than that takes part in nothing, and says nothing that would tell why. Pure:
//! told what was measured, asked what it means.

use std::collections::VecDeque;
use std::time::Duration;

/// Measurements that are kept. The shortest of them counts: what came late for another reason than distance must not.
const KEPT: usize = 8;
/// Measurements that it takes to say that a member is too far away: the first may have included making the connection.
const TELLING: usize = 3;

/// The way to one member and back.
#[derive(Debug, Default)]
pub(super) struct Distance {
    recent: VecDeque<Duration>,
    is_too_far: bool,
}

/// What a measurement changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The member is too far away for these timings.
    TooFar(Duration),
    /// It no longer is.
    NearEnough(Duration),
}

impl Distance {
    /// The shortest round trip of late.
    pub(super) fn round_trip(&self) -> Option<Duration> {
        self.recent.iter().min().copied()
    }

    /// Whether it takes longer than the timings allow, by enough measurements to say so.
    pub(super) fn is_too_far(&self) -> bool {
        self.is_too_far
    }

    /// Takes note of how long an answer took.
    pub(super) fn measured(&mut self, took: Duration, longest: Duration) -> Option<Turn> {
        if self.recent.len() == KEPT {
            self.recent.pop_front();
        }
        self.recent.push_back(took);
        if self.recent.len() < TELLING {
            return None;
        }
        let round_trip = self.round_trip()?;
        let is_too_far = round_trip > longest;
        let turned = std::mem::replace(&mut self.is_too_far, is_too_far) != is_too_far;
        turned.then_some(if is_too_far { Turn::TooFar(round_trip) } else { Turn::NearEnough(round_trip) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: Duration = Duration::from_millis(50);

    #[test]
    fn one_late_answer_is_no_distance_and_a_far_member_is_told_once() {
        let far = Duration::from_millis(120);
        let near = Duration::from_millis(4);
        let mut distance = Distance::default();
        assert_eq!(distance.round_trip(), None);
        assert_eq!([far, near, far, far].map(|took| distance.measured(took, LONGEST)), [None; 4]);
        assert_eq!(distance.round_trip(), Some(near));
        let turns: Vec<_> = (0..20).filter_map(|_| distance.measured(far, LONGEST)).collect();
        assert_eq!(turns, [Turn::TooFar(far)]);
        assert!(distance.is_too_far());
        let turns: Vec<_> = (0..20).filter_map(|_| distance.measured(near, LONGEST)).collect();
        assert_eq!(turns, [Turn::NearEnough(near)]);
        assert!(!distance.is_too_far());
    }

    #[test]
    fn the_first_answers_say_nothing_yet() {
        let mut distance = Distance::default();
        let far = Duration::from_millis(51);
        assert_eq!((distance.measured(far, LONGEST), distance.measured(far, LONGEST)), (None, None));
        assert!(!distance.is_too_far(), "nor does the alarm that is made of it");
        assert_eq!(distance.measured(far, LONGEST), Some(Turn::TooFar(far)));
    }
}
