//! The first lines of commit messages, which people read in lists.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// What a list of commits shows without cutting.
const LENGTH_MAX: usize = 72;

/// What is published already. Only what is not has to be right, while its message can still be changed.
const PUBLISHED: &str = "origin/main";

/// How many of the latest commits are looked at where nothing is unpublished: on the forge after a push, where the
/// published history ends with what is checked, and in a clone that does not know of one. Older ones stay as they are.
const LATEST: &str = "--max-count=20";

/// Looks at the commits that are in no published history, or at the latest if there are none.
///
/// # Errors
/// One of them has a subject that is too long, or git cannot be run.
pub(crate) fn check(root: &Path) -> Result<()> {
    let unpublished = format!("{PUBLISHED}..HEAD");
    let is_published = git(root, &["rev-parse", "--quiet", "--verify", PUBLISHED])?.is_some();
    let mut log = String::new();
    if is_published {
        log = subjects(root, &unpublished)?;
    }
    if log.is_empty() {
        log = subjects(root, LATEST)?;
    }
    let long = too_long(&log);
    if !long.is_empty() {
        bail!("the subject of a commit has at most {LENGTH_MAX} characters:\n  {}", long.join("\n  "));
    }
    Ok(())
}

/// One line for each commit: its short id and its subject.
fn subjects(root: &Path, which: &str) -> Result<String> {
    git(root, &["log", "--no-merges", "--format=%h %s", which])?.with_context(|| format!("git log {which} fails"))
}

/// What git prints; nothing if it says no.
fn git(root: &Path, arguments: &[&str]) -> Result<Option<String>> {
    let output = Command::new("git").current_dir(root).args(arguments).output().context("cannot start git")?;
    Ok(output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned()))
}

/// Of lines with an id and a subject, those whose subject is too long.
fn too_long(log: &str) -> Vec<&str> {
    let subject = |line: &str| line.split_once(' ').map_or(0, |(_, subject)| subject.chars().count());
    log.lines().filter(|line| subject(line) > LENGTH_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A repository in which a commit with that subject is the latest of a few.
    fn repository(subject: &str) -> tempfile::TempDir {
        let directory = tempfile::tempdir().expect("a directory");
        assert!(git(directory.path(), &["init", "--quiet"]).expect("git starts").is_some());
        for subject in ["First", "Second", subject] {
            commit(directory.path(), subject);
        }
        directory
    }

    fn commit(repository: &Path, subject: &str) {
        let who = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"];
        let what = ["commit", "--quiet", "--no-verify", "--allow-empty", "--message", subject];
        assert!(git(repository, &[&who[..], &what].concat()).expect("git starts").is_some(), "{subject}");
    }

    /// Says that the published history ends there.
    fn publish(repository: &Path, commit: &str) {
        let done = git(repository, &["update-ref", "refs/remotes/origin/main", commit]).expect("git starts");
        assert!(done.is_some(), "{commit} is a commit");
    }

    #[test]
    fn a_long_subject_is_found() {
        let log = format!("abc {}\ndef {}\n", "é".repeat(LENGTH_MAX), "e".repeat(LENGTH_MAX + 1));
        assert_eq!(too_long(&log), [format!("def {}", "e".repeat(LENGTH_MAX + 1))]);
    }

    #[test]
    fn it_is_found_whatever_is_published() {
        let long = repository(&"e".repeat(LENGTH_MAX + 1));
        let root = long.path();
        assert!(check(root).is_err(), "nothing is published");
        publish(root, "HEAD~1");
        assert!(check(root).is_err(), "one commit is not published");
        publish(root, "HEAD");
        assert!(check(root).is_err(), "everything is published");
        let short = repository(&"e".repeat(LENGTH_MAX));
        check(short.path()).expect("no subject is too long");
    }

    #[test]
    fn what_is_published_is_left_alone_while_something_is_not() {
        let long = repository(&"e".repeat(LENGTH_MAX + 1));
        let root = long.path();
        publish(root, "HEAD");
        commit(root, "Next");
        check(root).expect("only the last commit is looked at");
    }
}
