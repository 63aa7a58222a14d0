//! Versions in four bytes: nothing, how many minor versions below, minor, major.

use crate::version::Version;

/// A version and some minor ones right below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionRange {
    /// The number before the dot.
    pub major: u8,
    /// The greatest number behind the dot.
    pub minor: u8,
    /// How many smaller ones are meant too.
    pub below: u8,
}

impl VersionRange {
    /// As it is sent.
    pub fn bytes(self) -> [u8; 4] {
        [0, self.below, self.minor, self.major]
    }

    /// As it was received. The first byte is reserved and not looked at.
    pub fn of_bytes([_, below, minor, major]: [u8; 4]) -> Self {
        Self { major, minor, below }
    }

    /// Whether a version is in it.
    pub fn contains(self, version: Version) -> bool {
        self.holds(version.major(), version.minor())
    }

    pub(super) fn holds(self, major: u8, minor: u8) -> bool {
        major == self.major && minor <= self.minor && minor >= self.minor.saturating_sub(self.below)
    }

    /// The fewest ranges that hold these versions and no others, newest first.
    pub fn of_versions(versions: &[Version]) -> Vec<Self> {
        let mut sorted = versions.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let mut ranges: Vec<Self> = Vec::new();
        for version in sorted.into_iter().rev() {
            let (major, minor) = (version.major(), version.minor());
            match ranges.last_mut() {
                Some(range) if range.major == major && range.minor - range.below == minor + 1 => range.below += 1,
                _ => ranges.push(Self { major, minor, below: 0 }),
            }
        }
        ranges
    }
}
