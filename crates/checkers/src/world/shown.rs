//! Which revisions had been shown by when.

/// Each with the time when it was shown, the highest until then and its line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown(Vec<(u64, u64, usize)>);

impl Shown {
    /// The highest revision that was shown before a moment, and its line; 0 if none was.
    pub(crate) fn before(&self, moment: u64) -> (u64, usize) {
        self.first(self.0.partition_point(|(at, ..)| *at < moment))
    }

    /// The highest revision that was shown by a moment, and its line; 0 if none was.
    pub(crate) fn by(&self, moment: u64) -> (u64, usize) {
        self.first(self.0.partition_point(|(at, ..)| *at <= moment))
    }

    fn first(&self, count: usize) -> (u64, usize) {
        count.checked_sub(1).map_or((0, 0), |last| (self.0[last].1, self.0[last].2))
    }
}

impl FromIterator<(u64, u64, usize)> for Shown {
    fn from_iter<I: IntoIterator<Item = (u64, u64, usize)>>(shown: I) -> Self {
        let mut shown: Vec<_> = shown.into_iter().collect();
        shown.sort_unstable();
        let mut highest = (0, 0);
        for (_, revision, line) in &mut shown {
            highest = highest.max((*revision, *line));
            (*revision, *line) = highest;
        }
        Self(shown)
    }
}
