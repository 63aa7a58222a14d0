//! What happened, line by line: what two runs of a seed are compared by, and what a person reads of a failure.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aliasd_runtime::simulation::Simulation;

/// Lines with the time at which each happened; clones share them.
#[derive(Clone)]
pub struct Trace {
    simulation: Arc<Simulation>,
    lines: Lines,
}

/// Where the lines go, if anybody keeps them.
pub type Lines = Option<Arc<Mutex<String>>>;

impl Trace {
    /// Tells what happens in a simulation.
    pub fn new(simulation: &Arc<Simulation>, lines: &Lines) -> Self {
        Self { simulation: Arc::clone(simulation), lines: lines.clone() }
    }

    /// Tells something, which is made into text only if somebody keeps it.
    pub fn line(&self, what: impl FnOnce() -> String) {
        if let Some(lines) = &self.lines {
            let (what, now) = (what(), self.simulation.now());
            // Writing to a text does not fail.
            let _ = writeln!(lines.lock().unwrap_or_else(PoisonError::into_inner), "{} {what}", Seconds(now));
        }
    }
}

/// A time as traces and reports show it: seconds with six places.
pub struct Seconds(pub Duration);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:>4}.{:06}", self.0.as_secs(), self.0.subsec_micros())
    }
}
