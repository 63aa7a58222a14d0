//! No guard validates once a change of its alias has been acknowledged.
//!
//! The rule (decision 5 of `docs/decisions`): a guard pins where a name led, and the version of what had the name, with a
//! LINEARIZABLE resolve. Its `validate` asks again, LINEARIZABLE. So if a change of the alias, or one that takes the access
//! away, was acknowledged to anyone before `validate` began, `validate` fails, whichever member either of them asked. What is
//! acknowledged after it began decides nothing: it may be ordered after the transaction. That a guard warns early is no part
//! of the promise, and that it fails is always allowed.
//!
//! The resolve that it begins with is judged with all others.

use std::collections::BTreeMap;

use crate::finding::{Checker, Finding};
use crate::freshness::mismatch;
use crate::history::{Event, Guard, GuardStep, History, Lookup, Outcome, Route};
use crate::reads::enough;
use crate::world::{Question, Sight, Tri, World};

/// Judges every validation that succeeded.
pub(crate) fn check(world: &World<'_>, history: &History) -> Vec<Finding> {
    let mut pinned: BTreeMap<u64, (usize, &Lookup, &Route)> = BTreeMap::new();
    let mut findings = Vec::new();
    for (line, event) in history.numbered() {
        let Event::Guard(guard) = event else { continue };
        match &guard.step {
            GuardStep::Begin { lookup, outcome: Outcome::Ok(route) } => {
                pinned.insert(guard.guard, (line, lookup, route));
            }
            GuardStep::Validate { outcome: Outcome::Ok(()) } => {
                let Some((begun, lookup, route)) = pinned.get(&guard.guard) else {
                    let message = "a guard validates that never began".to_owned();
                    findings.push(Finding::new(Checker::Guard, [line], message));
                    continue;
                };
                if let Some((lines, message)) = judge(world, guard, lookup, route)
                    && !enough(&findings)
                {
                    let lines = lines.into_iter().chain([*begun, line]);
                    findings.push(Finding::new(Checker::Guard, lines, message));
                }
            }
            _ => {}
        }
    }
    findings
}

fn judge(world: &World<'_>, guard: &Guard, lookup: &Lookup, route: &Route) -> Option<(Vec<usize>, String)> {
    // Never before the state that it was pinned in.
    let sight = Sight { must_revision: route.served_at, ..Sight::between(guard.begin, guard.end) };
    let Lookup { caller, proof, user, name } = lookup;
    if let Some((lines, what)) = mismatch(world, name, route, sight) {
        return Some((lines, format!("a guard of '{name}' validates, although the pinned route {what}")));
    }
    let user = user.as_ref().unwrap_or(caller);
    let question = Question { caller, proof, user, name, with_credentials: false };
    match world.may_answer(question, Some(&route.destination), sight) {
        (Tri::No, reason) => Some((Vec::new(), format!("a guard of '{name}' validates, although {reason}"))),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
