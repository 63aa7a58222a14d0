//! The first lines of commit messages, which people read in lists.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// What a list of commits shows without cutting.
const LENGTH_MAX: usize = 72;

/// The last commit before the rule. Where it is not in the history, as in a shallow clone, nothing is asked.
const BASE: &str = "00de1c0d19801384ff87b9a822ec18f233eaedcd";

/// An error that lists the commits since [`BASE`] whose subject is too long.
///
/// # Errors
/// There is such a commit, or git cannot be run.
pub(crate) fn check(root: &Path) -> Result<()> {
    let git =
        |arguments: &[&str]| Command::new("git").current_dir(root).args(arguments).output().context("cannot start git");
    let known = git(&["merge-base", "--is-ancestor", BASE, "HEAD"])?;
    if !known.status.success() {
        return Ok(());
    }
    let log = git(&["log", "--no-merges", "--format=%h %s", &format!("{BASE}..HEAD")])?;
    let log = String::from_utf8_lossy(&log.stdout);
    let long = too_long(&log);
    if !long.is_empty() {
        bail!("the subject of a commit has at most {LENGTH_MAX} characters:\n  {}", long.join("\n  "));
    }
    Ok(())
}

/// Of lines with an id and a subject, those whose subject is too long.
fn too_long(log: &str) -> Vec<&str> {
    let subject = |line: &str| line.split_once(' ').map_or(0, |(_, subject)| subject.chars().count());
    log.lines().filter(|line| subject(line) > LENGTH_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_subject_is_found() {
        let log = format!("abc {}\ndef {}\n", "é".repeat(LENGTH_MAX), "e".repeat(LENGTH_MAX + 1));
        assert_eq!(too_long(&log), [format!("def {}", "e".repeat(LENGTH_MAX + 1))]);
    }
}
