//! Switches for tests: mistakes that are planted in the code to see whether anything notices, and points at which the
//! process dies.
//!
//! Whoever would make a mistake asks here whether it is to: `if is_planted(Mistake::VoteNotDurable) { … }`. In a build for
//! use the answer is the constant `false`, and nothing of the mistake is compiled. It can be anything else only where two
//! things come together: the feature `planted`, which no dependency but those of tests asks for, and debug assertions,
//! which no release profile has. `tests/tidy` holds both.
//!
//! A process has one mistake at most, chosen by `plant` or by `ALIASD_PLANT=name`, and dies at one point at most, chosen by
//! `ALIASD_FAILPOINT=name[:count]`: the count-th time that the point is reached. A name that does not exist ends the process
//! at once, so that a misspelt mistake does not look like one that nobody noticed.
//!
//! This crate depends on nothing and must never do more than answer: what a mistake does stands where it is made.

#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable))]

mod names;

#[cfg(all(feature = "planted", debug_assertions))]
mod switch;
#[cfg(not(all(feature = "planted", debug_assertions)))]
mod switch {
    //! What a build for use has in the place of the switches.

    use crate::{Failpoint, Mistake};

    /// Whether this mistake is to be made: never.
    #[inline(always)]
    pub const fn is_planted(_: Mistake) -> bool {
        false
    }

    /// Says that a point is reached: nothing happens.
    #[inline(always)]
    pub const fn reach(_: Failpoint) {}

    /// Chooses the mistake of this process: not in this build, which makes none.
    #[cfg(feature = "planted")]
    pub const fn plant(_: Option<Mistake>) {}
}

pub use names::{Failpoint, Mistake};
#[cfg(feature = "planted")]
pub use switch::plant;
pub use switch::{is_planted, reach};

/// Whether this build has the switches.
pub const ACTIVE: bool = cfg!(all(feature = "planted", debug_assertions));
