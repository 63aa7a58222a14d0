//! Writes and LINEARIZABLE resolves of each name take effect one at a time, each between its beginning and its answer.
//!
//! Wing and Gong's search with Lowe's refinements: it goes through the history in the order of time, keeps every way in which
//! what is open may have taken effect so far, and lets something take effect only when an answer needs it. What nobody knows
//! the outcome of stays open until the end. Names are judged one by one, which tells the same, since no operation here
//! concerns two of them. It knows no revisions, so that they cannot be wrong together with what they order.
//!
//! Three things keep the ways few. Whatever is seen takes effect as soon as it fits, since it changes nothing for others. What
//! nobody knows of takes effect only where it changes something, since it may as well come after the end. And of two ways to
//! one state, the one that used up less of that leaves all ways open that the other does.

mod model;
mod search;
mod way;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::finding::{Checker, Finding};
use crate::history::{Event, GuardStep, History, Outcome, Route};
use crate::world::World;
use crate::writes::Fate;

use model::{State, Step};
use search::{Operation, Verdict};

/// For how many steps a name is searched before it is given up as undecided. Histories with more open outcomes for one name
/// than that allows should use more names.
pub const STEPS_MAX: usize = 5_000_000;

/// Whether what was done to a name can have taken effect in some order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linearizable {
    /// It can.
    Yes,
    /// It cannot.
    No,
    /// Nobody knows: there is too much to search.
    Undecided,
}

/// Judges every name that the history tells anything of, in their order, for comparison with another judge.
pub fn verdicts(history: &History) -> Vec<(String, Linearizable)> {
    let names = by_name(&World::of(history), history);
    let judged = names.into_iter().map(|(name, one)| {
        let verdict = match search::search(&name, &one.initial, &one.operations, STEPS_MAX) {
            Verdict::Linearizable => Linearizable::Yes,
            Verdict::Not { .. } => Linearizable::No,
            Verdict::Undecided { .. } => Linearizable::Undecided,
        };
        (name, verdict)
    });
    judged.collect()
}

/// One name and what was done to it.
pub(crate) struct NameHistory {
    pub(crate) initial: State,
    pub(crate) operations: Vec<Operation>,
}

/// Judges every name.
pub(crate) fn check(world: &World<'_>, history: &History) -> Vec<Finding> {
    by_name(world, history).iter().filter_map(|(name, one)| judge(name, one)).collect()
}

fn judge(name: &str, one: &NameHistory) -> Option<Finding> {
    let (lines, message) = match search::search(name, &one.initial, &one.operations, STEPS_MAX) {
        Verdict::Linearizable => return None,
        Verdict::Undecided { failed } => {
            let message = format!("'{name}' has too many open outcomes to be judged; nothing that was tried fits this");
            (vec![one.operations[failed].line], message)
        }
        Verdict::Not { failed, states } => {
            let operation = &one.operations[failed];
            let states: Vec<String> = states.iter().map(ToString::to_string).collect();
            let states = if states.is_empty() { "no state at all".to_owned() } else { states.join(", or ") };
            let message = format!("the answer does not fit what '{name}' can have been by then: {states}");
            (vec![operation.line], message)
        }
    };
    Some(Finding::new(Checker::Linearizable, lines, message))
}

/// What was done to each name.
pub(crate) fn by_name(world: &World<'_>, history: &History) -> BTreeMap<String, NameHistory> {
    let mut names: BTreeMap<String, NameHistory> = BTreeMap::new();
    let mut entry = |name: &str, operation: Option<Operation>| {
        let absent = || NameHistory { initial: State::Absent, operations: Vec::new() };
        let one = names.entry(name.to_owned()).or_insert_with(absent);
        one.operations.extend(operation);
        one.operations.len()
    };
    for request in &world.requests {
        let Some((name, step)) = model::of_request(request) else {
            continue;
        };
        let end = match request.fate {
            Fate::Done { acked, .. } | Fate::Refused { acked, .. } => Some(acked),
            Fate::Unknown => None,
        };
        entry(name, Some(Operation { line: request.line(), begin: request.begin, end, step }));
    }
    let mut pinned: BTreeMap<u64, (&str, &Route)> = BTreeMap::new();
    let seen = |line: usize, begin: u64, end: u64, step: Step| Operation { line, begin, end: Some(end), step };
    for (line, event) in history.numbered() {
        match event {
            Event::Resolve(resolve) => {
                if let Some(step) = model::of_resolve(resolve) {
                    entry(&resolve.name, Some(seen(line, resolve.begin, resolve.end, step)));
                }
            }
            Event::Guard(guard) => {
                if let GuardStep::Begin { lookup, outcome: Outcome::Ok(route) } = &guard.step {
                    pinned.insert(guard.guard, (&lookup.name, route));
                }
                let Some((name, route)) = pinned.get(&guard.guard) else {
                    continue;
                };
                if let Some(step) = model::of_guard(&guard.step, Some(route)) {
                    entry(name, Some(seen(line, guard.begin, guard.end, step)));
                }
            }
            _ => {}
        }
    }
    for (_, event) in history.numbered() {
        let Event::Setup(setup) = event else { continue };
        for name in &setup.databases {
            if let Some(one) = names.get_mut(name) {
                one.initial = State::Database;
            }
        }
        for alias in &setup.aliases {
            if let Some(one) = names.get_mut(&alias.name) {
                one.initial = State::Alias(alias.destination.clone());
            }
        }
    }
    names
}
