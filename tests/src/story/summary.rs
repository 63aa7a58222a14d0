//! How the story went: one line per step.

use std::time::Duration;

use super::palette::Palette;

/// One step of the story and what became of its claims.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) title: String,
    pub(super) held: usize,
    /// The claims that did not hold.
    pub(super) broken: Vec<String>,
    pub(super) took: Duration,
}

/// How the story went.
#[derive(Clone, Debug)]
pub struct StorySummary {
    pub(super) steps: Vec<Step>,
    pub(super) took: Duration,
    pub(super) palette: Palette,
}

// === impl StorySummary ===

impl StorySummary {
    /// Whether every claim of every step held.
    pub fn is_as_expected(&self) -> bool {
        self.steps.iter().all(|step| step.broken.is_empty())
    }

    /// Every claim that did not hold, in order.
    pub fn broken(&self) -> Vec<&str> {
        self.steps.iter().flat_map(|step| &step.broken).map(String::as_str).collect()
    }

    /// A table of the steps, and one sentence.
    pub fn table(&self) -> String {
        let mut lines = Vec::new();
        let width = self.steps.iter().map(|step| step.title.chars().count()).max().unwrap_or_default();
        for (number, step) in self.steps.iter().enumerate() {
            let all = step.held + step.broken.len();
            let sign = if step.broken.is_empty() { self.palette.good("✓") } else { self.palette.bad("✗") }.to_string();
            let seconds = step.took.as_secs_f64();
            let (held, title) = (step.held, &step.title);
            lines.push(format!("  {sign} {number}  {title:<width$}  {held:>2} of {all:>2} held  {seconds:>5.1} s"));
            lines.extend(step.broken.iter().map(|broken| format!("       {}", self.palette.bad(broken))));
        }
        lines.push(String::new());
        lines.push(format!("  {}", self.sentence()));
        lines.join("\n")
    }

    fn sentence(&self) -> String {
        let (held, broken): (usize, usize) =
            self.steps.iter().fold((0, 0), |(held, broken), step| (held + step.held, broken + step.broken.len()));
        let seconds = self.took.as_secs_f64();
        if broken == 0 {
            let all = self.palette.good(format!("All {held} claims held"));
            return format!("{all}, in {seconds:.1} s.");
        }
        let some = self.palette.bad(format!("{broken} of {} claims did not hold", held + broken));
        format!("{some}, in {seconds:.1} s.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(title: &str, broken: &[&str]) -> Step {
        let broken = broken.iter().map(|claim| (*claim).to_owned()).collect();
        Step { title: title.to_owned(), held: 3, broken, took: Duration::from_millis(1500) }
    }

    #[test]
    fn a_step_that_is_not_as_expected_is_marked_and_named() {
        let steps = vec![step("Short", &[]), step("A longer one", &["water is dry"])];
        let summary = StorySummary { steps, took: Duration::from_secs(3), palette: Palette::plain() };
        assert!(!summary.is_as_expected());
        assert_eq!(summary.broken(), ["water is dry"]);
        let expected = [
            "  ✓ 0  Short          3 of  3 held    1.5 s",
            "  ✗ 1  A longer one   3 of  4 held    1.5 s",
            "       water is dry",
            "",
            "  1 of 7 claims did not hold, in 3.0 s.",
        ];
        assert_eq!(summary.table(), expected.join("\n"));
    }
}
