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

    /// The same for programs, with the place of history and logs if they are kept.
    pub fn json(&self, is_kept: bool) -> Value {
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
            "directory": is_kept.then(|| self.directory.display().to_string()),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What programs read of a run keeps its names and kinds of values.
    #[test]
    fn the_summary_for_programs_has_its_shape() {
        let mut report = Report {
            seed: u64::MAX,
            members: 3,
            length: Duration::from_secs(30),
            took: Duration::from_millis(61_700),
            operations: [(("write", "ok".to_owned()), 7), (("resolve", "DATABASE_NOT_FOUND".to_owned()), 2)].into(),
            faults: [("partition", (4, 1))].into(),
            links: (12, 4_096),
            files_searched: 5,
            events: 99,
            findings: Vec::new(),
            directory: PathBuf::from("/runs/1"),
        };
        let expected = json!({
            "seed": u64::MAX,
            "nodes": 3,
            "seconds": 30,
            "seconds_taken": 61,
            "operations": [
                {"kind": "resolve", "outcome": "DATABASE_NOT_FOUND", "count": 2},
                {"kind": "write", "outcome": "ok", "count": 7},
            ],
            "faults": [{"class": "partition", "count": 4, "left_out": 1}],
            "connections": 12,
            "bytes_carried": 4_096,
            "files_searched": 5,
            "events_judged": 99,
            "findings": [],
            "directory": null,
            "command": "cargo xtask chaos --minutes 1 --seed 18446744073709551615 --nodes 3",
        });
        assert_eq!(report.json(false), expected);
        report.findings.push("It broke.".to_owned());
        let kept = report.json(true);
        assert_eq!((&kept["findings"], &kept["directory"]), (&json!(["It broke."]), &json!("/runs/1")));
    }
}
