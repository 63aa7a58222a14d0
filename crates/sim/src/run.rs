//! One run of a schedule, from the beginning to the verdict.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Once, PoisonError};
use std::time::Duration;

use crate::coverage::{Counts, Coverage};
use crate::invariants::Violation;
use crate::schedule::Schedule;
use crate::trace::Lines;
use crate::world::World;

/// What came of a run.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// The first invariant that did not hold.
    pub violation: Option<Violation>,
    /// What happened how often.
    pub counts: Counts,
    /// How much time went by in the simulation.
    pub simulated: Duration,
    /// How often a task was polled.
    pub polls: u64,
    /// How many events of clients' histories were judged.
    pub events: u64,
    /// Why the run ended before its end and without a verdict, if it did.
    pub given_up: Option<&'static str>,
    /// What happened, line by line, if that was asked for.
    pub trace: String,
}

/// Assertions of openraft's, in builds with debug assertions only, that fail although nothing is wrong: a part of the words of
/// each, and why. A run in which one fails ends there.
const HARMLESS: &[(&str, &str)] = &[(
    "read_log_entries received reversed range",
    "openraft asserts that a log which a deposed leader still reads was not cut; it looks whether it leads right after that",
)];

thread_local! {
    /// The panics of this thread since somebody asked.
    static PANICS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Keeps the words of panics on this thread, instead of printing them: those of a library in a member are caught there.
fn keep_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let is_simulated = RUNS.with_borrow(|runs| *runs);
            if is_simulated {
                PANICS.with_borrow_mut(|panics| panics.push(panic.to_string()));
            } else {
                before(panic);
            }
        }));
    });
}

thread_local! {
    /// Whether a run is under way on this thread.
    static RUNS: RefCell<bool> = const { RefCell::new(false) };
}

/// Runs a schedule. Two runs of one schedule are the same run.
pub fn run(schedule: &Schedule, keep_trace: bool) -> RunReport {
    keep_panics();
    let (coverage, lines): (Coverage, Lines) = (Coverage::default(), keep_trace.then(Arc::default));
    let (counted, traced) = (coverage.clone(), lines.clone());
    RUNS.set(true);
    PANICS.take();
    let ran = catch_unwind(AssertUnwindSafe(move || match World::new(&schedule.setting, &counted, &traced) {
        Ok(mut world) => {
            let violation = world.run(schedule);
            (violation, world.now(), world.polls(), world.events())
        }
        Err(error) => {
            let (invariant, detail) = ("the cluster recovers", format!("{error:#}"));
            (Some(Violation { invariant, detail, at: Duration::ZERO }), Duration::ZERO, 0, 0)
        }
    }));
    RUNS.set(false);
    let panics = PANICS.take();
    let (mut violation, simulated, polls, events) = ran.unwrap_or((None, Duration::ZERO, 0, 0));
    let harmless = |panic: &String| HARMLESS.iter().find(|(words, _)| panic.contains(words)).map(|(_, why)| *why);
    let given_up = panics.first().and_then(harmless);
    if let Some(panic) = panics.first()
        && given_up.is_none()
        && violation.as_ref().is_none_or(|violation| violation.invariant == "a member stops only for a reason")
    {
        let invariant = "a member stops only for a reason";
        violation = Some(Violation { invariant, detail: format!("panic: {panic}"), at: simulated });
    }
    let trace = lines.map(|lines| std::mem::take(&mut *lines.lock().unwrap_or_else(PoisonError::into_inner)));
    let (counts, trace) = (coverage.counts(), trace.unwrap_or_default());
    RunReport { violation, counts, simulated, polls, events, given_up, trace }
}
