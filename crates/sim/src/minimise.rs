//! Cuts a schedule down to the steps that a violation needs.
//!
//! Delta debugging: groups of steps are left out, large ones first, and what still breaks the same invariant is kept. A run
//! without a step is another run, so that what is found need not be the smallest, and is a failure in any case.

use crate::run::run;
use crate::schedule::Schedule;

/// A schedule that breaks the same invariant, with fewer steps if that was found within so many runs.
pub fn minimise(schedule: &Schedule, invariant: &'static str, runs_max: usize) -> Schedule {
    let breaks = |schedule: &Schedule| run(schedule, false).violation.is_some_and(|it| it.invariant == invariant);
    reduce(schedule, breaks, runs_max)
}

fn reduce(schedule: &Schedule, breaks: impl Fn(&Schedule) -> bool, runs_max: usize) -> Schedule {
    let mut best = schedule.clone();
    let mut runs = 0;
    let mut size = best.steps.len().div_ceil(2);
    while size >= 1 && runs < runs_max {
        let mut from = 0;
        let mut is_smaller = false;
        while from < best.steps.len() && runs < runs_max {
            let mut shorter = best.clone();
            let until = (from + size).min(shorter.steps.len());
            shorter.steps.drain(from..until);
            runs += 1;
            if breaks(&shorter) {
                best = shorter;
                is_smaller = true;
            } else {
                from = until;
            }
        }
        if size == 1 && !is_smaller {
            break;
        }
        size = if size == 1 { 1 } else { size.div_ceil(2) };
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{Action, generate};

    #[test]
    fn what_is_left_is_what_it_takes() {
        let schedule = generate::schedule(3, 3, false);
        let steps = schedule.steps.len();
        let needs = |schedule: &Schedule| {
            let operations = schedule.steps.iter().filter(|step| matches!(step.action, Action::Operate(_)));
            let numbers = operations.filter_map(|step| match &step.action {
                Action::Operate(operation) => Some(operation.number),
                _ => None,
            });
            numbers.filter(|number| [17, 60].contains(number)).count() == 2
        };
        assert!(steps > 100 && needs(&schedule));
        let reduced = reduce(&schedule, needs, 1000);
        assert_eq!(reduced.steps.len(), 2);
        assert!(reduce(&schedule, needs, 10).steps.len() < steps, "what was found in time is given");
    }
}
