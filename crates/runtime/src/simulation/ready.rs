//! The set of tasks that are ready, from which one is drawn.
//!
//! A set and no queue: libraries that wake in an order of their own must not make two runs of a seed differ. Putting a
//! task in takes one instruction, and drawing the n-th counts bits.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

const WORDS: usize = 128;

/// Tasks at a time, at most. A simulation with more has a leak.
pub(super) const TASKS_MAX: usize = WORDS * 64;

pub(super) struct Ready {
    words: [AtomicU64; WORDS],
    count: AtomicUsize,
}

impl Default for Ready {
    fn default() -> Self {
        Self { words: [const { AtomicU64::new(0) }; WORDS], count: AtomicUsize::new(0) }
    }
}

// There is one thread; the atomics are there because a waker may be sent.
impl Ready {
    pub(super) fn insert(&self, task: usize) {
        let bit = 1 << (task % 64);
        if self.words[task / 64].fetch_or(bit, Ordering::Relaxed) & bit == 0 {
            self.count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many are ready.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Takes out the n-th, counted from zero.
    pub(super) fn take(&self, mut nth: usize) -> Option<usize> {
        for (place, word) in self.words.iter().enumerate() {
            let mut bits = word.load(Ordering::Relaxed);
            let here = bits.count_ones() as usize;
            if nth >= here {
                nth -= here;
                continue;
            }
            for _ in 0..nth {
                bits &= bits - 1;
            }
            let bit = bits.trailing_zeros() as usize;
            word.fetch_and(!(1 << bit), Ordering::Relaxed);
            self.count.fetch_sub(1, Ordering::Relaxed);
            return Some(place * 64 + bit);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_is_drawn_once_whatever_the_order_of_waking() {
        let ready = Ready::default();
        for task in [700, 3, 64, 63, 3, TASKS_MAX - 1] {
            ready.insert(task);
        }
        assert_eq!(ready.count(), 5);
        assert_eq!(ready.take(1), Some(63));
        assert_eq!(ready.take(3), Some(TASKS_MAX - 1));
        assert_eq!([0, 0, 0, 0].map(|nth| ready.take(nth)), [Some(3), Some(64), Some(700), None]);
        assert_eq!(ready.count(), 0);
    }
}
