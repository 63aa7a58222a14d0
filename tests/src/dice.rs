//! Random choices that can be made again: every one follows from a seed that is printed.

use std::env;
use std::ops::Range;
use std::time::{SystemTime, UNIX_EPOCH};

/// A generator (SplitMix64) whose choices follow from its seed.
#[derive(Clone, Debug)]
pub struct Dice(u64);

// === impl Dice ===

impl Dice {
    /// Everything follows from this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A seed that nobody has drawn lately.
    pub fn fresh_seed() -> u64 {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::from(elapsed.subsec_nanos())
    }

    /// Takes the seed from `ALIASD_SEED`, or another one each time, and prints it.
    pub fn seeded() -> Self {
        Self::seeded_or(Self::fresh_seed())
    }

    /// Takes the seed from `ALIASD_SEED`, or this one, and prints it.
    pub fn seeded_or(seed: u64) -> Self {
        let given = env::var("ALIASD_SEED").ok().and_then(|text| text.parse().ok());
        let seed = given.unwrap_or(seed);
        println!("seed {seed}; ALIASD_SEED={seed} makes the same choices again");
        Self(seed)
    }

    /// A number of the range; the range is not empty.
    pub fn pick(&mut self, range: Range<u64>) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        range.start + (bits ^ (bits >> 31)) % (range.end - range.start)
    }

    /// One of several; there is at least one.
    pub fn choose<'a, T>(&mut self, among: &'a [T]) -> &'a T {
        let last = u64::try_from(among.len()).unwrap_or(u64::MAX);
        &among[usize::try_from(self.pick(0..last)).unwrap_or_default()]
    }

    /// Whether something happens that happens in so many of 100 cases.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.pick(0..100) < percent
    }

    /// Another generator, whose choices follow from this one's and do not disturb them.
    pub fn fork(&mut self) -> Self {
        Self(self.pick(0..u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_choices() {
        let choices = |seed| {
            let mut dice = Dice(seed);
            [(); 8].map(|()| dice.pick(3..10))
        };
        assert_eq!(choices(7), choices(7));
        assert_ne!(choices(7), choices(8));
        assert!(choices(7).iter().all(|choice| (3..10).contains(choice)));
    }
}
