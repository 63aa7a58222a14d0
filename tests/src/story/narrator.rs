//! Says what happens and keeps count of what was as expected. Decides nothing about the story.

use std::fmt::{Display, Write as _};
use std::io::{self, Write};
use std::time::Instant;

use anyhow::Result;

use super::palette::Palette;
use super::summary::{Step, StorySummary};
use crate::cluster::{Actor, Cluster};
use crate::process::Finished;

const RULE_LENGTH: usize = 100;

/// Prints the steps of the story, and counts those that came out as expected.
pub struct Narrator {
    out: Box<dyn Write + Send>,
    palette: Palette,
    started: Instant,
    steps: Vec<Step>,
    step_started: Instant,
}

// === impl Narrator ===

impl Narrator {
    /// Speaks to standard output, in colour if it is a terminal.
    pub fn aloud() -> Self {
        Self::new(Box::new(io::stdout()), Palette::of_standard_output())
    }

    /// Says nothing, for those who want the summary only.
    pub fn silent() -> Self {
        Self::new(Box::new(io::sink()), Palette::plain())
    }

    fn new(out: Box<dyn Write + Send>, palette: Palette) -> Self {
        let now = Instant::now();
        Self { out, palette, started: now, steps: Vec::new(), step_started: now }
    }

    /// Begins a step.
    pub(super) fn step(&mut self, title: &str) {
        self.finish_step();
        let head = format!("── {} · {title} ", self.steps.len());
        let rule = "─".repeat(RULE_LENGTH.saturating_sub(head.chars().count()));
        self.say(format!("\n{}{}", self.palette.heading(head), self.palette.aside(rule)));
        let step = Step { title: title.to_owned(), held: 0, broken: Vec::new(), took: std::time::Duration::ZERO };
        self.steps.push(step);
        self.step_started = Instant::now();
    }

    /// Says something that needs no proof.
    pub(super) fn remark(&mut self, text: impl Display) {
        self.say(format!("   {text}"));
    }

    /// A claim, checked.
    pub(super) fn claim(&mut self, what: &str, holds: bool) {
        let line =
            if holds { self.palette.good(format!("✓ {what}")) } else { self.palette.bad(format!("✗ {what}")) };
        let line = format!("   {line}");
        self.say(line);
        let Some(step) = self.steps.last_mut() else { return };
        if holds {
            step.held += 1;
        } else {
            step.broken.push(what.to_owned());
        }
    }

    /// Somebody does something that is not a statement.
    pub(super) fn acts(&mut self, who: &str, what: impl Display) {
        self.say(format!("   {} {what}", self.palette.actor(format!("{who} ▸"))));
    }

    /// Has somebody run a statement at some nodes, and shows it with its answer.
    pub(super) fn says(
        &mut self,
        actor: &Actor,
        cluster: &Cluster,
        endpoints: &[String],
        statement: &str,
    ) -> Result<Finished> {
        self.acts(&format!("{} @ {}", actor.name, cluster.layout().name), statement);
        let finished = actor.run(cluster, endpoints, &["exec", statement])?;
        self.shows(&finished);
        Ok(finished)
    }

    /// As [`Narrator::says`] at any node, with the claim that it is done; returns what was printed.
    pub(super) fn does(&mut self, actor: &Actor, cluster: &Cluster, statement: &str) -> Result<String> {
        let finished = self.says(actor, cluster, &cluster.endpoints(), statement)?;
        self.done(&finished);
        Ok(finished.stdout)
    }

    /// The claim that a statement is done, said only if it is not: the answer shows it otherwise.
    pub(super) fn done(&mut self, finished: &Finished) {
        match (finished.code, self.steps.last_mut()) {
            (Some(0), Some(step)) => step.held += 1,
            (code, _) => self.claim(&format!("the statement is done (exit code {code:?})"), false),
        }
    }

    /// Has somebody run `aliasctl` with other arguments than a statement, and shows the command and its answer.
    pub(super) fn runs(&mut self, actor: &Actor, cluster: &Cluster, arguments: &[&str]) -> Result<Finished> {
        let mut command = "aliasctl".to_owned();
        for argument in arguments {
            let _ = write!(command, " {argument}");
        }
        self.acts(&format!("{} @ {}", actor.name, cluster.layout().name), format!("$ {command}"));
        let finished = actor.run(cluster, &cluster.endpoints(), arguments)?;
        self.shows(&finished);
        Ok(finished)
    }

    /// Shows what a program printed.
    pub(super) fn shows(&mut self, finished: &Finished) {
        for line in finished.stdout.lines().chain(finished.stderr.lines()) {
            self.quotes(line);
        }
    }

    /// Shows a line of somebody else's.
    pub(super) fn quotes(&mut self, line: &str) {
        self.say(format!("       {line}"));
    }

    /// Says something before or after the steps.
    pub fn say(&mut self, text: impl Display) {
        // Whoever closed the output does not want to read on; the claims are checked all the same.
        let _ = writeln!(self.out, "{text}");
    }

    /// The story cannot go on.
    pub(super) fn breaks_off(&mut self, error: &anyhow::Error) {
        self.claim(&format!("the step comes to its end: {error:#}"), false);
    }

    /// Ends the story.
    pub fn end(&mut self) -> StorySummary {
        self.finish_step();
        let summary = StorySummary { steps: self.steps.clone(), took: self.started.elapsed(), palette: self.palette };
        let rule = "─".repeat(RULE_LENGTH);
        self.say(format!("\n{}\n{}", self.palette.aside(rule), summary.table()));
        summary
    }

    fn finish_step(&mut self) {
        if let Some(step) = self.steps.last_mut() {
            step.took = self.step_started.elapsed();
        }
    }
}
