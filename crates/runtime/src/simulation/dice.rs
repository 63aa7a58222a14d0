//! Dice that show the same to whoever throws the same seed.

use std::ops::RangeInclusive;

/// SplitMix64.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice of their own for one purpose: what is thrown elsewhere does not change what these show.
    pub fn new(seed: u64, purpose: u64) -> Self {
        let mut dice = Self(seed ^ purpose.wrapping_mul(0xd1b5_4a32_d192_ed03));
        Self(dice.throw())
    }

    /// The next 64 bits.
    pub fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    /// Below a bound, which is not zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.throw() % bound.max(1)
    }

    /// Within a range, both ends included.
    pub fn within(&mut self, range: RangeInclusive<u64>) -> u64 {
        range.start() + self.below(range.end().saturating_sub(*range.start()).saturating_add(1))
    }

    /// True so many times of a thousand.
    pub fn chance(&mut self, of_thousand: u64) -> bool {
        of_thousand > 0 && self.below(1000) < of_thousand
    }

    /// One of several; there is one at least.
    pub fn pick<'a, T>(&mut self, several: &'a [T]) -> &'a T {
        let drawn = usize::try_from(self.below(several.len() as u64)).unwrap_or_default();
        &several[drawn]
    }
}

pub(super) fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_and_a_purpose_decide_everything() {
        let thrown = |seed, purpose| {
            let mut dice = Dice::new(seed, purpose);
            [dice.throw(), dice.below(1000), dice.within(5..=9)]
        };
        assert_eq!(thrown(1, 2), thrown(1, 2));
        assert_ne!(thrown(1, 2), thrown(2, 2));
        assert_ne!(thrown(1, 2), thrown(1, 3));
        let mut dice = Dice::new(1, 1);
        assert!((0..1000).all(|_| (5..=9).contains(&dice.within(5..=9))));
        assert!((0..100).all(|_| !dice.chance(0) && dice.chance(1000)));
    }
}
