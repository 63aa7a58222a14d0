//! Did the service keep its promises? Judges the history of a run: what clients asked, when, and what they were answered,
//! what watches and guards told, what members said of themselves.
//!
//! The simulator and the chaos runs write histories ([`history`]); nothing here talks to a cluster. Pure: the same history
//! gives the same findings, and time is the numbers that the history holds. It knows what the service promises and nothing of
//! how it keeps that, so it shares no code with it: a mistake in the catalog cannot hide here as well.
//!
//! Nobody is blamed for what may have been right: where a history does not tell what happened, whatever may have happened
//! counts. So a finding is a broken promise, or a mistake of the recorder; that there is none proves nothing of what was not
//! tried.

#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable))]

pub mod access;
pub mod audit;
pub mod credentials;
pub mod digests;
pub mod exactly_once;
mod finding;
pub mod freshness;
pub mod generate;
pub mod guard;
pub mod history;
pub mod linearizable;
mod reads;
pub mod revision_order;
pub mod secrets;
pub mod watch;
mod world;
mod writes;

#[cfg(test)]
mod samples;

pub use finding::{Checker, Finding};
pub use history::{Event, History};

/// Judges a history by every checker; findings stand in the order of checkers and lines.
pub fn check(history: &History) -> Vec<Finding> {
    let world = world::World::of(history);
    let findings = Checker::ALL.into_iter().flat_map(|checker| run(checker, &world, history));
    findings.collect()
}

/// Judges a history by one checker.
pub fn check_by(checker: Checker, history: &History) -> Vec<Finding> {
    run(checker, &world::World::of(history), history)
}

fn run(checker: Checker, world: &world::World<'_>, history: &History) -> Vec<Finding> {
    match checker {
        Checker::Linearizable => linearizable::check(world, history),
        Checker::RevisionOrder => revision_order::check(world, history),
        Checker::Freshness => freshness::check(world, history),
        Checker::Watch => watch::check(world, history),
        Checker::Access => access::check(world, history),
        Checker::Guard => guard::check(world, history),
        Checker::ExactlyOnce => exactly_once::check(world, history),
        Checker::Credentials => credentials::check(world, history),
        Checker::Audit => audit::check(history),
        Checker::Digests => digests::check(history),
    }
}
