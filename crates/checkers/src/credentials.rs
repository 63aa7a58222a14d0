//! Every credential that is released is the one that was last set by the revision that the answer names.

use crate::finding::{Checker, Finding};
use crate::history::{Destination, Freshness, History};
use crate::reads::{Seen, enough, reads};
use crate::world::{Fact, Value, World};

/// Judges every credential that came with an answer.
pub(crate) fn check(world: &World<'_>, history: &History) -> Vec<Finding> {
    let seen = Seen::of(history);
    let mut findings = Vec::new();
    for read in reads(history) {
        let Some(route) = read.outcome.ok() else {
            continue;
        };
        let Destination::Remote { credential: Some(given), .. } = &route.destination else {
            continue;
        };
        let mut sights = vec![read.sight(route.served_at)];
        if read.freshness == Freshness::Cached {
            sights.push(read.promised(world, &seen));
        }
        let fact = Fact::Credential(read.question.name.to_owned());
        for sight in sights {
            if enough(&findings) || world.may_be(&fact, &Value::Text(given.clone()), sight) {
                continue;
            }
            let possible = world.possible(&fact, sight);
            let lines = possible.iter().map(|(line, _)| *line).chain([read.line]);
            let values: Vec<String> = possible.iter().map(|(_, value)| value.to_string()).collect();
            let (name, values) = (read.question.name, values.join(" or "));
            let message = format!("the credential of '{name}' is {given}, and the one that was set is {values}");
            findings.push(Finding::new(Checker::Credentials, lines, message));
        }
    }
    findings
}

#[cfg(test)]
mod tests;
