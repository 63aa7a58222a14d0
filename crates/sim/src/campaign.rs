//! Many seeds, a thread for each core: seeds have nothing to do with each other.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::coverage::Counts;
use crate::invariants::Violation;
use crate::run::run;
use crate::schedule::generate;

/// Which seeds are to be run, and on what.
#[derive(Clone, Copy, Debug)]
pub struct Campaign {
    /// The first seed.
    pub from: u64,
    /// How many.
    pub seeds: u64,
    /// How long at most, on the clock of this computer.
    pub limit: Option<Duration>,
    /// Members of each cluster.
    pub nodes: u64,
    /// Whether operators change the members.
    pub changes: bool,
    /// How many seeds run at the same time.
    pub threads: usize,
    /// Whether to go on after a violation.
    pub goes_on: bool,
}

/// What came of many runs.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// How many runs came to an end.
    pub seeds: u64,
    /// What happened in them, how often.
    pub counts: Counts,
    /// How much time went by in them.
    pub simulated: Duration,
    /// How often a task was polled.
    pub polls: u64,
    /// How long they took on this computer.
    pub took: Duration,
    /// How many events of clients' histories were judged.
    pub events: u64,
    /// How many runs were given up, and why.
    pub given_up: BTreeMap<&'static str, u64>,
    /// The seeds whose runs broke an invariant, lowest first.
    pub violations: Vec<(u64, Violation)>,
}

impl Campaign {
    /// Runs until seeds or time are used up, or, unless the campaign goes on, an invariant does not hold.
    pub fn run(&self) -> Findings {
        let began = Instant::now();
        let (next, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
        let findings = Mutex::new(Findings::default());
        let work = || {
            while !is_over.load(Ordering::Relaxed) && self.limit.is_none_or(|limit| began.elapsed() < limit) {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= self.seeds {
                    return;
                }
                let seed = self.from.wrapping_add(number);
                let report = run(&generate::schedule(seed, self.nodes, self.changes), false);
                is_over.fetch_or(report.violation.is_some() && !self.goes_on, Ordering::Relaxed);
                let mut findings = findings.lock().unwrap_or_else(PoisonError::into_inner);
                findings.seeds += 1;
                findings.counts.add(&report.counts);
                findings.simulated += report.simulated;
                findings.polls += report.polls;
                findings.events += report.events;
                if let Some(why) = report.given_up {
                    *findings.given_up.entry(why).or_default() += 1;
                }
                findings.violations.extend(report.violation.map(|violation| (seed, violation)));
            }
        };
        std::thread::scope(|scope| {
            (0..self.threads.max(1)).for_each(|_| drop(scope.spawn(work)));
        });
        let mut findings = findings.into_inner().unwrap_or_else(PoisonError::into_inner);
        findings.took = began.elapsed();
        findings.violations.sort_by_key(|(seed, _)| *seed);
        findings
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.counts)?;
        let (simulated, seconds) = (self.simulated.as_secs_f64(), self.took.as_secs_f64().max(0.001));
        let (hours, ratio) = (simulated / 3600.0, simulated / seconds);
        let seeds = u32::try_from(self.seeds).unwrap_or(u32::MAX);
        let a_minute = f64::from(seeds) * 60.0 / seconds;
        writeln!(
            f,
            "{seeds} seeds in {seconds:.1} s, {a_minute:.0} a minute; {} polls, {} events",
            self.polls, self.events
        )?;
        writeln!(f, "{hours:.2} hours simulated, {ratio:.0} for each hour")?;
        for (why, count) in &self.given_up {
            writeln!(f, "{count} given up: {why}")?;
        }
        let missing = self.counts.missing();
        if missing.is_empty() { Ok(()) } else { writeln!(f, "never happened: {}", missing.join("; ")) }
    }
}
