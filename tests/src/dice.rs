//! Random choices that can be made again: every one follows from a seed that is printed.

use std::env;
use std::ops::Range;
use std::time::{SystemTime, UNIX_EPOCH};

/// A generator (SplitMix64) whose choices follow from its seed.
#[derive(Clone, Debug)]
pub struct Dice(u64);

// === impl Dice ===

impl Dice {
    /// Takes the seed from `ALIASD_SEED`, or another one each time, and prints it.
    pub fn seeded() -> Self {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::seeded_or(u64::from(elapsed.subsec_nanos()))
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
