//! One fact about the catalog over the whole run: each value that was, or may have been, written to it, and which of them a
//! reader may have seen.
//!
//! Facts are judged one by one. What is possible for each of them need not be possible for all of them together, so a reader
//! is never blamed for what it may have seen, and now and then not for what it cannot have seen.

/// A value that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry<V> {
    /// The line of the write; 0 for what held before the first event.
    pub(crate) line: usize,
    /// When the write began.
    pub(crate) begin: u64,
    /// When somebody was told that it was done; none if nobody was.
    pub(crate) acked: Option<u64>,
    /// Its revision, if it is known.
    pub(crate) revision: Option<u64>,
    /// One that it is higher than.
    pub(crate) after: u64,
    /// What was written.
    pub(crate) value: V,
}

/// What a reader has seen for certain, and what it may have seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sight {
    /// Whatever was acknowledged by then it has seen.
    pub(crate) must_until: Option<u64>,
    /// Whatever has no higher revision it has seen.
    pub(crate) must_revision: u64,
    /// Whatever began later than this it has not seen.
    pub(crate) may_until: u64,
    /// Whatever has a higher revision it has not seen.
    pub(crate) may_revision: u64,
}

/// All values of a fact.
#[derive(Clone, Debug)]
pub(crate) struct Register<V> {
    initial: Entry<V>,
    /// By revision.
    ordered: Vec<Entry<V>>,
    /// For each place in `ordered`, the earliest beginning from there on.
    earliest: Vec<u64>,
    /// The acknowledgements of `ordered`, ascending, each with the last place that is acknowledged by then.
    acked: Vec<(u64, usize)>,
    /// Those whose revision is not known, by their beginning.
    loose: Vec<Entry<V>>,
}

// === impl Sight ===

impl Sight {
    /// The state at a revision.
    pub(crate) fn at(revision: u64) -> Self {
        Self { must_until: None, must_revision: revision, may_until: u64::MAX, may_revision: revision }
    }

    /// Some state in which everything is that was acknowledged by then, and nothing that began later.
    pub(crate) fn between(acked: u64, begun: u64) -> Self {
        Self { must_until: Some(acked), must_revision: 0, may_until: begun, may_revision: u64::MAX }
    }

    fn must<V>(&self, entry: &Entry<V>) -> bool {
        entry.acked.is_some_and(|acked| {
            self.must_until.is_some_and(|until| acked <= until)
                || entry.revision.is_some_and(|revision| revision <= self.must_revision)
        })
    }
}

// === impl Register ===

impl<V> Register<V> {
    /// A fact that had a value before the first event.
    pub(crate) fn new(initial: V, revision: u64) -> Self {
        let initial = Entry { line: 0, begin: 0, acked: Some(0), revision: Some(revision), after: 0, value: initial };
        Self { initial, ordered: Vec::new(), earliest: Vec::new(), acked: Vec::new(), loose: Vec::new() }
    }

    /// Adds a value. [`Self::finish`] comes after the last.
    pub(crate) fn add(&mut self, entry: Entry<V>) {
        if entry.revision.is_some() { self.ordered.push(entry) } else { self.loose.push(entry) }
    }

    /// Puts the values in order.
    pub(crate) fn finish(&mut self) {
        self.ordered.sort_by_key(|entry| (entry.revision, entry.begin));
        self.loose.sort_by_key(|entry| entry.begin);
        self.earliest = vec![u64::MAX; self.ordered.len() + 1];
        for (place, entry) in self.ordered.iter().enumerate().rev() {
            self.earliest[place] = entry.begin.min(self.earliest[place + 1]);
        }
        let acked = |(place, entry): (usize, &Entry<V>)| entry.acked.map(|acked| (acked, place));
        self.acked = self.ordered.iter().enumerate().filter_map(acked).collect();
        self.acked.sort_unstable();
        let mut last = 0;
        for (_, place) in &mut self.acked {
            last = last.max(*place);
            *place = last;
        }
    }

    /// What may have been seen. Never empty.
    pub(crate) fn possible(&self, sight: Sight) -> Vec<&Entry<V>> {
        let last = self.last_seen(sight);
        let from = last.map_or(0, |place| place + 1);
        let mut seen: Vec<&Entry<V>> = vec![last.map_or(&self.initial, |place| &self.ordered[place])];
        for (place, entry) in self.ordered.iter().enumerate().skip(from) {
            if self.earliest[place] > sight.may_until || entry.revision > Some(sight.may_revision) {
                break;
            }
            if entry.begin <= sight.may_until {
                seen.push(entry);
            }
        }
        let begun = self.loose.iter().take_while(|entry| entry.begin <= sight.may_until);
        seen.extend(begun.filter(|entry| entry.after < sight.may_revision));
        let replaced = |one: &Entry<V>| {
            seen.iter().any(|other| sight.must(other) && one.acked.is_some_and(|acked| acked < other.begin))
        };
        seen.iter().filter(|one| !replaced(one)).copied().collect()
    }

    /// The place of the value of the highest revision that has been seen for certain.
    fn last_seen(&self, sight: Sight) -> Option<usize> {
        let by_revision = self.ordered.partition_point(|entry| entry.revision <= Some(sight.must_revision));
        let by_time = sight.must_until.and_then(|until| {
            let acked = self.acked.partition_point(|(acked, _)| *acked <= until);
            acked.checked_sub(1).map(|last| self.acked[last].1)
        });
        by_revision.checked_sub(1).max(by_time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A write of `value` from `begin` to `acked`.
    fn entry(value: u32, begin: u64, acked: Option<u64>, revision: Option<u64>) -> Entry<u32> {
        Entry { line: 1, begin, acked, revision, after: 0, value }
    }

    fn register(entries: &[Entry<u32>]) -> Register<u32> {
        let mut register = Register::new(0, 0);
        entries.iter().cloned().for_each(|entry| register.add(entry));
        register.finish();
        register
    }

    fn possible(register: &Register<u32>, sight: Sight) -> Vec<u32> {
        let mut values: Vec<u32> = register.possible(sight).iter().map(|entry| entry.value).collect();
        values.sort_unstable();
        values
    }

    #[test]
    fn a_revision_has_one_value() {
        let register = register(&[entry(7, 10, Some(20), Some(5)), entry(8, 12, Some(15), Some(6))]);
        for (revision, value) in [(4, 0), (5, 7), (6, 8), (9, 8)] {
            assert_eq!(possible(&register, Sight::at(revision)), [value]);
        }
    }

    #[test]
    fn between_two_times_there_may_be_several() {
        let register = register(&[entry(7, 10, Some(20), Some(5)), entry(8, 30, Some(40), Some(6))]);
        for ((acked, begun), values) in [
            ((0, 9), &[0][..]),
            ((9, 10), &[0, 7]),
            ((19, 29), &[0, 7]),
            ((20, 29), &[7]),
            ((20, 30), &[7, 8]),
            ((9, 30), &[0, 7, 8]),
            ((40, 50), &[8]),
        ] {
            assert_eq!(possible(&register, Sight::between(acked, begun)), values, "{acked} {begun}");
        }
    }

    #[test]
    fn what_nobody_knows_of_may_happen_until_the_end() {
        let register = register(&[entry(7, 10, None, None), entry(8, 30, Some(40), Some(6))]);
        assert_eq!(possible(&register, Sight::at(5)), [0, 7]);
        assert_eq!(possible(&register, Sight::at(6)), [7, 8]);
        assert_eq!(possible(&register, Sight::between(5, 9)), [0]);
        assert_eq!(possible(&register, Sight::between(90, 99)), [7, 8]);
    }

    #[test]
    fn what_began_after_a_revision_was_shown_is_not_in_it() {
        let register = register(&[Entry { after: 5, ..entry(7, 10, None, None) }]);
        assert_eq!(possible(&register, Sight::at(5)), [0]);
        assert_eq!(possible(&register, Sight::at(6)), [0, 7]);
        assert_eq!(possible(&register, Sight::between(90, 99)), [0, 7]);
    }

    #[test]
    fn without_a_revision_time_decides() {
        let register =
            register(&[entry(7, 10, Some(20), None), entry(8, 30, Some(40), None), entry(9, 35, Some(41), None)]);
        assert_eq!(possible(&register, Sight::between(20, 29)), [7]);
        assert_eq!(possible(&register, Sight::between(41, 50)), [8, 9]);
        assert_eq!(possible(&register, Sight::between(25, 32)), [7, 8]);
    }

    #[test]
    fn of_revisions_and_times_the_later_counts() {
        let register = register(&[entry(7, 10, Some(20), Some(5)), entry(8, 30, Some(40), Some(6))]);
        let at_five = |until| Sight { must_until: Some(until), ..Sight::at(5) };
        assert_eq!(possible(&register, at_five(39)), [7]);
        assert_eq!(possible(&register, at_five(40)), [8]);
    }
}
