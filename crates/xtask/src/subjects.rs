//! The first lines of commit messages, which people read in lists.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// What a list of commits shows without cutting.
const LENGTH_MAX: usize = 72;

/// What is published already. Only what is not is asked for, while its message can still be changed.
const PUBLISHED: &str = "origin/main";

/// Looks at the commits that are in no published history; in a clone that has none, at nothing.
///
/// # Errors
/// One of them has a subject that is too long, or git cannot be run.
pub(crate) fn check(root: &Path) -> Result<()> {
    let git =
        |arguments: &[&str]| Command::new("git").current_dir(root).args(arguments).output().context("cannot start git");
    if !git(&["rev-parse", "--quiet", "--verify", PUBLISHED])?.status.success() {
        return Ok(());
    }
    let log = git(&["log", "--no-merges", "--format=%h %s", &format!("{PUBLISHED}..HEAD")])?;
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
