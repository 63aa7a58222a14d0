//! How fresh a view is: since when it is known to hold everything that had been acknowledged by then.
//!
//! To have heard of a leader says nothing about that: a leader may be cut off from the others, and a member may hear and
//! not apply. What counts is a *confirmation*: a quorum's word, asked for at some moment, that whatever was acknowledged
//! before lies up to some revision. The view is as fresh as the latest such moment whose revision it contains.
//!
//! Moments are those of this member's own clock, taken before the question was sent, so that no other clock and no message
//! that lay about on the way makes a member look fresher than it is. Pure: told what happened, asked how fresh.

use std::collections::VecDeque;
use std::time::Duration;

use aliasd_catalog::Revision;
use aliasd_runtime::Moment;

/// Confirmations ahead of the view that are kept. With fewer a member that lags far behind is told a little less well how
/// fresh it has become.
const AHEAD_MAX: usize = 64;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Freshness {
    /// The latest moment whose revision the view contains.
    fresh_at: Option<Moment>,
    /// Confirmations of what the view does not contain yet; revisions and moments both rise.
    ahead: VecDeque<(Revision, Moment)>,
}

impl Freshness {
    /// Takes note that everything acknowledged before `asked_at` lies up to `revision`.
    pub(crate) fn confirm(&mut self, revision: Revision, asked_at: Moment, applied: Revision) {
        let says_no_less = |&(other, moment): &(Revision, Moment)| other <= revision && moment >= asked_at;
        if !self.ahead.iter().any(says_no_less) {
            self.ahead.retain(|(other, moment)| *other < revision || *moment > asked_at);
            let place = self.ahead.partition_point(|(other, _)| *other < revision);
            self.ahead.insert(place, (revision, asked_at));
        }
        self.settle(applied);
        if self.ahead.len() > AHEAD_MAX {
            // The newest says most once it is reached, and the oldest are reached first.
            self.ahead.remove(AHEAD_MAX - 1);
        }
    }

    /// How long ago the view was known to hold everything; `None` if it never was.
    pub(crate) fn age(&mut self, applied: Revision, now: Moment) -> Option<Duration> {
        self.settle(applied);
        self.fresh_at.map(|moment| now.saturating_since(moment))
    }

    fn settle(&mut self, applied: Revision) {
        while let Some(&(revision, moment)) = self.ahead.front()
            && revision <= applied
        {
            self.fresh_at = self.fresh_at.max(Some(moment));
            self.ahead.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(seconds: u64) -> Moment {
        Moment::after_start(Duration::from_secs(seconds))
    }

    fn seconds(age: Option<Duration>) -> Option<u64> {
        age.map(|age| age.as_secs())
    }

    #[test]
    fn nothing_is_fresh_before_the_first_confirmation() {
        assert_eq!(Freshness::default().age(Revision(9), moment(5)), None);
    }

    #[test]
    fn a_confirmation_counts_once_its_revision_is_applied() {
        let mut freshness = Freshness::default();
        freshness.confirm(Revision(10), moment(1), Revision(9));
        assert_eq!(freshness.age(Revision(9), moment(3)), None, "heard of, not applied");
        assert_eq!(seconds(freshness.age(Revision(10), moment(3))), Some(2), "since it was asked for");
        assert_eq!(seconds(freshness.age(Revision(10), moment(60))), Some(59), "and older ever after");
        freshness.confirm(Revision(12), moment(50), Revision(11));
        assert_eq!(seconds(freshness.age(Revision(11), moment(60))), Some(59));
        assert_eq!(seconds(freshness.age(Revision(12), moment(60))), Some(10));
    }

    /// Whatever order confirmations arrive in, and however applying goes on between them, the answer is the latest moment
    /// whose revision is applied.
    #[test]
    fn every_order_of_confirmations_gives_the_same_answer() {
        let confirmations = [(3, 10), (5, 20), (5, 25), (8, 30)];
        for order in permutations(&confirmations) {
            for applied_between in 0..=9 {
                let mut freshness = Freshness::default();
                for (place, (revision, asked)) in order.iter().enumerate() {
                    let applied = if place < 2 { 0 } else { applied_between };
                    freshness.confirm(Revision(*revision), moment(*asked), Revision(applied));
                }
                for applied in applied_between..=9 {
                    let reached = confirmations.iter().filter(|(revision, _)| *revision <= applied);
                    let expected = reached.map(|(_, asked)| 100 - asked).min();
                    assert_eq!(seconds(freshness.age(Revision(applied), moment(100))), expected, "{order:?} {applied}");
                }
            }
        }
    }

    fn permutations<T: Copy>(items: &[T]) -> Vec<Vec<T>> {
        let Some((first, rest)) = items.split_first() else { return vec![Vec::new()] };
        let mut all = Vec::new();
        for shorter in permutations(rest) {
            for place in 0..=shorter.len() {
                let mut longer = shorter.clone();
                longer.insert(place, *first);
                all.push(longer);
            }
        }
        all
    }

    #[test]
    fn a_member_that_never_applies_keeps_a_bounded_number_and_never_says_too_much() {
        let mut freshness = Freshness::default();
        for step in 1..=10_000 {
            freshness.confirm(Revision(step), moment(step), Revision(0));
            assert!(freshness.ahead.len() <= AHEAD_MAX);
        }
        for applied in [1, 40, 5_000, 9_999, 10_000] {
            let age = seconds(freshness.age(Revision(applied), moment(10_000)));
            assert!(age.is_none_or(|age| age >= 10_000 - applied), "{applied}: {age:?}");
        }
        assert_eq!(seconds(freshness.age(Revision(10_000), moment(10_000))), Some(0));
    }
}
