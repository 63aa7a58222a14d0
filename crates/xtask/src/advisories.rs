//! Known vulnerabilities of what we depend on, by the list of RustSec.
//!
//! In two steps, so that a list that cannot be had is told apart from one that names something: it is fetched, then looked at.

use std::fmt;
use std::process::Command;

use anyhow::{Context, Result};

use crate::child::Cargo;
use crate::tools;

/// Where the list is, by `cargo-deny`'s own choice.
const LIST: &str = "https://github.com/RustSec/advisory-db";

/// What the program exits with when nothing could be checked.
pub(crate) const UNCHECKED: u8 = 3;

/// The list cannot be had, so nothing is known.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unfetched {
    /// What the program that fetches it said last.
    reason: String,
}

/// Fetches the list and compares `Cargo.lock` with it.
///
/// # Errors
/// [`Unfetched`], or something of ours is on the list.
pub(crate) fn run(cargo: &Cargo) -> Result<()> {
    let mut fetch = tools::cargo_deny(cargo.target())?;
    eprintln!("fetching {LIST}");
    fetched(fetch.current_dir(cargo.root()).args(["fetch", "db"]))?;
    cargo.run_tool(tools::cargo_deny(cargo.target())?, &["check", "advisories"])
}

fn fetched(fetch: &mut Command) -> Result<()> {
    let output = fetch.output().context("cannot start cargo-deny")?;
    if output.status.success() {
        return Ok(());
    }
    Err(Unfetched { reason: reason(&String::from_utf8_lossy(&output.stderr)) }.into())
}

/// The sentence of git, which does the work, or else whatever was said last.
fn reason(said: &str) -> String {
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    let fatal = lines().find_map(|line| line.strip_prefix("fatal: "));
    fatal.or_else(|| lines().next_back()).unwrap_or("no reason was given").to_owned()
}

impl fmt::Display for Unfetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "nothing was checked: the list of known vulnerabilities cannot be fetched ({})\n  \
             hint: it takes git and the way to {LIST}, through HTTPS_PROXY if there is one. Where there is none, leave it to \
             the workflow of the forge. Exit code {UNCHECKED}.",
            self.reason
        )
    }
}

impl std::error::Error for Unfetched {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_cannot_be_had_is_one_sentence_and_no_finding() {
        let script = "echo '[ERROR] failed to fetch database: [\"clone\", …]' >&2; echo 'Cloning into x' >&2; \
            echo \"fatal: unable to access 'x': Could not resolve host: github.com\" >&2; echo >&2; exit 1";
        let error = fetched(Command::new("sh").args(["-c", script])).expect_err("it fails");
        let expected = Unfetched { reason: "unable to access 'x': Could not resolve host: github.com".to_owned() };
        assert_eq!(error.downcast_ref::<Unfetched>(), Some(&expected));
        let said = error.to_string();
        assert!(said.contains(LIST) && said.contains("git") && !said.contains("clone"), "{said}");
        assert!(fetched(&mut Command::new("true")).is_ok());
        assert_eq!(reason("a\nb\n\n"), "b");
        assert_eq!(reason(""), "no reason was given");
    }
}
