//! A set of numbers, small to copy.

/// Which of the operations without a known outcome were used on the way to a state, by their number among those.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Way {
    bits: Vec<u64>,
    used: usize,
}

impl Way {
    /// How many were used.
    pub(super) fn used(&self) -> usize {
        self.used
    }

    pub(super) fn has(&self, number: usize) -> bool {
        self.bits.get(number / 64).is_some_and(|bits| bits >> (number % 64) & 1 == 1)
    }

    /// This way, and one more used on it.
    pub(super) fn and(&self, number: usize) -> Self {
        let mut more = self.clone();
        if more.bits.len() <= number / 64 {
            more.bits.resize(number / 64 + 1, 0);
        }
        more.used += usize::from(!self.has(number));
        more.bits[number / 64] |= 1 << (number % 64);
        more
    }

    /// Whether nothing was used that the other has not used too.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        let other = other.bits.iter().copied().chain(std::iter::repeat(0));
        self.bits.iter().zip(other).all(|(ours, theirs)| ours & !theirs == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_is_within_those_that_used_more() {
        let none = Way::default();
        let (low, high) = (none.and(3), none.and(200));
        let both = low.and(200).and(200);
        assert_eq!((none.used(), low.used(), both.used()), (0, 1, 2));
        assert!(both.has(3) && both.has(200) && !both.has(64) && !low.has(200));
        assert!(none.is_within(&low) && low.is_within(&both) && high.is_within(&both) && both.is_within(&both));
        assert!(!both.is_within(&low) && !low.is_within(&high) && !high.is_within(&low) && !low.is_within(&none));
    }
}
