//! The history of a run, as the checkers read it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aliasd_checkers::history::{Event, Outcome, Write, Written};
use aliasd_checkers::{History, check};
use aliasd_client::Failure;
use aliasd_recording as recording;

use crate::coverage::Coverage;
use crate::invariants::SharedInspector;
use crate::trace::Trace;
use aliasd_runtime::simulation::Simulation;

/// Takes in what clients call and are told; clones share it.
#[derive(Clone)]
pub(super) struct Recorder {
    pub(super) simulation: Arc<Simulation>,
    pub(super) inspector: SharedInspector,
    pub(super) coverage: Coverage,
    pub(super) trace: Trace,
    events: Arc<Mutex<Vec<Event>>>,
    numbers: Arc<AtomicU64>,
    /// Writes that have begun and not ended, by a number of theirs.
    open: Arc<Mutex<BTreeMap<u64, Write>>>,
}

impl Recorder {
    pub(super) fn new(
        simulation: &Arc<Simulation>,
        inspector: &SharedInspector,
        coverage: &Coverage,
        trace: &Trace,
    ) -> Self {
        Self {
            simulation: Arc::clone(simulation),
            inspector: inspector.clone(),
            coverage: coverage.clone(),
            trace: trace.clone(),
            events: Arc::default(),
            numbers: Arc::default(),
            open: Arc::default(),
        }
    }

    /// The time, as histories have it.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.simulation.now().as_nanos()).unwrap_or(u64::MAX)
    }

    /// A number that was not given before: of a client, a stream, a guard.
    pub(super) fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Takes in an event.
    pub(super) fn push(&self, event: Event) {
        self.trace.line(|| format!("{event:?}"));
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }

    /// How many were taken in.
    pub(super) fn events(&self) -> u64 {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).len() as u64
    }

    /// A write begins; gives what tells its end.
    pub(super) fn begin(&self, write: Write) -> u64 {
        let number = self.number();
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(number, write);
        number
    }

    /// A write has ended, with this outcome.
    pub(super) fn end(&self, number: u64, outcome: Outcome<Written>) {
        let begun = self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
        if let Some(write) = begun {
            self.push(Event::Write(Write { end: self.now(), outcome, ..write }));
        }
    }

    /// What a call came to. A bug is a violation, whatever is broken around it.
    pub(super) fn outcome<T, A>(&self, result: Result<A, Failure>, ok: impl FnOnce(A) -> T) -> Outcome<T> {
        if let Err(failure) = &result {
            self.trace.line(|| format!("failure: {} {failure}", failure.code));
        }
        let bug = |failure: &Failure| {
            let detail = format!("a call was answered with a bug: {}: {failure}", failure.code);
            self.inspector.lock().judge("no call is answered with a bug", Err(detail));
        };
        recording::outcome(result, bug, ok)
    }

    /// Judges everything that was taken in.
    pub(super) fn judge(&self) {
        let open = std::mem::take(&mut *self.open.lock().unwrap_or_else(PoisonError::into_inner));
        for write in open.into_values() {
            let outcome = Outcome::Unknown { code: "STILL_OPEN".to_owned() };
            self.push(Event::Write(Write { end: self.now(), outcome, ..write }));
        }
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let history = History { events };
        let findings = check(&history);
        let Some(finding) = findings.first() else { return };
        let lines = finding.lines.iter().filter_map(|line| Some(format!("{:?}", history.events.get(line - 1)?)));
        let lines: Vec<_> = lines.collect();
        let detail = format!("{finding}\n  {}", lines.join("\n  "));
        self.inspector.lock().judge("clients are served as promised", Err(detail));
    }
}
