//! Prints what happens and keeps count of what was as expected.

use std::fmt;
use std::time::Instant;

use anyhow::Result;

use crate::cluster::{Actor, Cluster};
use crate::process::Finished;

/// See the module.
pub struct Narrator {
    started: Instant,
    chapters: usize,
    held: usize,
    broken: Vec<String>,
}

/// How the story went.
#[derive(Debug)]
pub struct Summary {
    /// How many claims held.
    pub held: usize,
    /// The claims that did not hold.
    pub broken: Vec<String>,
    /// How long the story took, in seconds.
    pub seconds: f64,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.held + self.broken.len();
        writeln!(f, "{} of {all} steps went as expected, in {:.1} s.", self.held, self.seconds)?;
        for broken in &self.broken {
            writeln!(f, "  ✗ {broken}")?;
        }
        Ok(())
    }
}

// === impl Narrator ===

impl Narrator {
    /// Begins a story now.
    #[expect(clippy::new_without_default, reason = "the clock starts here, which no default should do")]
    pub fn new() -> Self {
        Self { started: Instant::now(), chapters: 0, held: 0, broken: Vec::new() }
    }

    /// Begins a chapter.
    pub fn chapter(&mut self, title: &str) {
        self.chapters += 1;
        println!("\n━━ {}. {title}", self.chapters);
    }

    /// Says something that needs no proof.
    pub fn remark(&self, text: &str) {
        println!("   {text}");
    }

    /// A claim, checked.
    pub fn claim(&mut self, what: &str, holds: bool) {
        if holds {
            self.held += 1;
            println!("   ✓ {what}");
        } else {
            self.broken.push(what.to_owned());
            println!("   ✗ {what}");
        }
    }

    /// Has somebody run a statement at some nodes, and shows it with its answer.
    pub fn says(&self, actor: &Actor, cluster: &Cluster, endpoints: &[String], statement: &str) -> Result<Finished> {
        let at = format!("{} at {}", actor.name, cluster.layout().name);
        println!("   {at}> {statement}");
        let finished = actor.run(cluster, endpoints, &["exec", statement])?;
        self.show(&finished);
        Ok(finished)
    }

    /// As [`Narrator::says`] at any node, with the claim that it is done.
    pub fn does(&mut self, actor: &Actor, cluster: &Cluster, statement: &str) -> Result<String> {
        let finished = self.says(actor, cluster, &cluster.endpoints(), statement)?;
        if finished.code != Some(0) {
            self.claim(&format!("{} may and can do this", actor.name), false);
        } else {
            self.held += 1;
        }
        Ok(finished.stdout)
    }

    /// Shows what a program printed, indented.
    pub fn show(&self, finished: &Finished) {
        for line in finished.stdout.lines().chain(finished.stderr.lines()) {
            println!("      {line}");
        }
    }

    /// Ends the story.
    pub fn end(self) -> Summary {
        Summary { held: self.held, broken: self.broken, seconds: self.started.elapsed().as_secs_f64() }
    }
}
