//! Histories made up from a seed, right or with one broken promise in them, to try judges on.
//!
//! A tiny service, simulated in a loop: clients, three members that lag behind, writes whose outcome is lost, repetitions,
//! watches and guards. It is as simple as what [`crate::history`] can tell, and shares nothing with the checkers, so that
//! they find nothing in it unless they are wrong, or it is, or a [`Plant`] was asked for. The same seed makes the same
//! history.

mod calls;
mod commands;
mod dice;
mod run;
mod state;
mod watching;

#[cfg(test)]
mod tests;

use crate::history::{Destination, Event, Outcome, Resolve, Route, Write};
use crate::{Checker, History};
use dice::Dice;

/// What to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// How many clients there are.
    pub clients: u64,
    /// How many calls they make together.
    pub calls: usize,
    /// Of how many writes in a hundred the outcome is lost.
    pub lost_percent: u64,
    /// How many names of aliases there are. Few make long histories of each.
    pub names: u64,
    /// The promise that is broken, once, where it first can be after a third of the calls.
    pub plant: Option<Plant>,
}

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// What happened.
    pub history: History,
    /// Whether the promise was broken: now and then there is no opportunity.
    pub planted: bool,
}

/// A promise that can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Plant {
    /// A LINEARIZABLE answer shows a credential that had been replaced.
    StaleLinearizable,
    /// A LOCAL answer shows what had been replaced for longer than the bound.
    StaleLocal,
    /// An answer of the SDK's cache does.
    StaleCache,
    /// An answer tells what the user may not use, or releases what the caller may not have.
    AccessIgnored,
    /// An answer is given to a caller with an old password, or who is suspended.
    ProofIgnored,
    /// A guard validates although its alias has changed.
    GuardBlind,
    /// A request that is repeated is carried out again, and answered with what it did then.
    AppliedTwice,
    /// It is carried out again, and answered as the first time.
    AppliedTwiceSilently,
    /// A write is acknowledged, and has no effect.
    WriteLost,
    /// A write that is said to have failed has an effect.
    FailureApplied,
    /// A write is answered with a revision that another has.
    RevisionReused,
    /// A release has a credential that was never set.
    CredentialWrong,
    /// A watch leaves out a revision.
    WatchSkips,
    /// It tells a revision twice.
    WatchRepeats,
    /// It tells a revision in two batches.
    WatchSplits,
    /// It tells of a name that its watcher may not know.
    WatchLeaks,
    /// A mark is beyond what its member has.
    ProgressBeyond,
    /// A line of the audit trail is missing.
    LineMissing,
    /// A member has another digest than the others.
    DigestDiffers,
}

impl Plant {
    /// Each of them.
    pub const ALL: [Self; 19] = [
        Self::StaleLinearizable,
        Self::StaleLocal,
        Self::StaleCache,
        Self::AccessIgnored,
        Self::ProofIgnored,
        Self::GuardBlind,
        Self::AppliedTwice,
        Self::AppliedTwiceSilently,
        Self::WriteLost,
        Self::FailureApplied,
        Self::RevisionReused,
        Self::CredentialWrong,
        Self::WatchSkips,
        Self::WatchRepeats,
        Self::WatchSplits,
        Self::WatchLeaks,
        Self::ProgressBeyond,
        Self::LineMissing,
        Self::DigestDiffers,
    ];

    /// The checker that has to find it where no outcome is lost; others may, too.
    pub const fn found_by(self) -> Checker {
        match self {
            Self::StaleLinearizable => Checker::Linearizable,
            Self::StaleLocal | Self::StaleCache => Checker::Freshness,
            Self::AccessIgnored | Self::ProofIgnored => Checker::Access,
            Self::GuardBlind => Checker::Guard,
            Self::AppliedTwice | Self::AppliedTwiceSilently | Self::FailureApplied => Checker::ExactlyOnce,
            Self::WriteLost | Self::WatchSkips | Self::WatchRepeats | Self::WatchSplits | Self::WatchLeaks => {
                Checker::Watch
            }
            Self::RevisionReused | Self::ProgressBeyond => Checker::RevisionOrder,
            Self::CredentialWrong => Checker::Credentials,
            Self::LineMissing => Checker::Audit,
            Self::DigestDiffers => Checker::Digests,
        }
    }
}

impl Default for Shape {
    fn default() -> Self {
        Self { clients: 6, calls: 400, lost_percent: 8, names: 4, plant: None }
    }
}

/// The history with some answers of LINEARIZABLE resolves and some times changed at random: some promise may be broken, or
/// none. For comparing judges of linearizability, who have to agree either way.
pub fn spoilt(history: &History, seed: u64) -> History {
    let mut dice = Dice::of(seed);
    let mut history = history.clone();
    let credentials: Vec<String> = history.events.iter_mut().filter_map(released).map(|given| given.clone()).collect();
    for event in &mut history.events {
        if !dice.percent(3) {
            continue;
        }
        if let Some(given) = released(event) {
            given.clone_from(dice.one(&credentials));
        } else if let Event::Resolve(Resolve { begin, end, .. }) | Event::Write(Write { begin, end, .. }) = event {
            let by = dice.below(60);
            (*begin, *end) = (*begin + by, *end + by);
        }
    }
    history
}

/// The credential that a resolve was answered with.
fn released(event: &mut Event) -> Option<&mut String> {
    let Event::Resolve(Resolve { outcome: Outcome::Ok(Route { destination, .. }), .. }) = event else { return None };
    match destination {
        Destination::Remote { credential, .. } => credential.as_mut(),
        Destination::Local { .. } => None,
    }
}

/// Makes the history of a seed.
pub fn made(seed: u64, shape: Shape) -> Made {
    run::Run::of(seed, shape).finish()
}
