//! What a run came to, for people and for programs.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::nemesis::FaultCounts;

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Report {
    pub(super) seed: u64,
    pub(super) members: u64,
    pub(super) length: Duration,
    pub(super) took: Duration,
    pub(super) operations: BTreeMap<(&'static str, String), u64>,
    pub(super) faults: FaultCounts,
    /// Connections, and bytes that they carried.
    pub(super) links: (u64, u64),
    pub(super) files_searched: usize,
    pub(super) events: usize,
    pub(super) findings: Vec<String>,
    pub(super) directory: PathBuf,
}

// === impl Report ===

impl Report {
    /// What is wrong; nothing if the run kept every promise.
    pub fn findings(&self) -> &[String] {
        &self.findings
    }

    /// How many operations had an outcome of this kind, such as "write" and "ok".
    pub fn operations(&self, kind: &str, outcome: &str) -> u64 {
        let of_kind = self.operations.iter().filter(|((known, what), _)| *known == kind && what == outcome);
        of_kind.map(|(_, count)| count).sum()
    }

    /// How many faults there were.
    pub fn faults(&self) -> u64 {
        self.faults.values().map(|(about, _)| about).sum()
    }

    /// What repeats the run.
    pub fn command(&self) -> String {
        // At least a minute: the plan of a longer run begins like that of a shorter one.
        let minutes = self.length.as_secs().div_ceil(60).max(1);
        format!("cargo xtask chaos --minutes {minutes} --seed {} --nodes {}", self.seed, self.members)
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        let operations: Vec<Value> = self
            .operations
            .iter()
            .map(|((kind, outcome), count)| json!({"kind": kind, "outcome": outcome, "count": count}))
            .collect();
        let faults: Vec<Value> = self
            .faults
            .iter()
            .map(|(class, (about, left_out))| json!({"class": class, "count": about, "left_out": left_out}))
            .collect();
        json!({
            "seed": self.seed,
            "nodes": self.members,
            "seconds": self.length.as_secs(),
            "seconds_taken": self.took.as_secs(),
            "operations": operations,
            "faults": faults,
            "connections": self.links.0,
            "bytes_carried": self.links.1,
            "files_searched": self.files_searched,
            "events_judged": self.events,
            "findings": self.findings,
            "directory": self.directory.display().to_string(),
            "command": self.command(),
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}, {} members, {:.0} s", self.seed, self.members, self.took.as_secs_f64())?;
        writeln!(f, "\noperations")?;
        for ((kind, outcome), count) in &self.operations {
            writeln!(f, "  {count:>8}  {kind}: {outcome}")?;
        }
        writeln!(f, "\nfaults (left out, because the machine was busy with another one)")?;
        for (class, (about, left_out)) in &self.faults {
            writeln!(f, "  {about:>8}  {class} ({left_out})")?;
        }
        let (connections, bytes) = self.links;
        writeln!(f, "\n{connections} connections carried {bytes} bytes; {} files were searched", self.files_searched)?;
        writeln!(f, "{} events were judged; {} findings", self.events, self.findings.len())?;
        for finding in &self.findings {
            writeln!(f, "\nFINDING: {finding}")?;
        }
        if !self.findings.is_empty() {
            writeln!(f, "\nhistory and logs: {}\nagain: {}", self.directory.display(), self.command())?;
        }
        Ok(())
    }
}
