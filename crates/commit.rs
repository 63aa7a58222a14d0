//! The build script of the programs: tells them which commit they are built from, for `--version`.
//!
//! The same commit gives the same text, so that a build can be repeated to the byte. Whoever builds from something else than
//! a clone sets ALIASD_COMMIT; without either it is said that the commit is not known. Nothing is built anew but after
//! another commit was checked out.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

/// How many digits of the commit's name are shown.
const DIGITS: usize = 12;

fn main() {
    println!("cargo::rerun-if-env-changed=ALIASD_COMMIT");
    let given = env::var("ALIASD_COMMIT").ok().filter(|commit| !commit.is_empty());
    let commit = given.or_else(of_the_clone).unwrap_or_else(|| "commit unknown".to_owned());
    println!("cargo::rustc-env=ALIASD_COMMIT={commit}");
}

fn of_the_clone() -> Option<String> {
    let workspace = Path::new("../..").canonicalize().ok()?;
    // Sources that lie in a clone of something else are not its commit.
    if fs::canonicalize(git(&["rev-parse", "--show-toplevel"])?).ok()? != workspace {
        return None;
    }
    // Written to by whatever moves HEAD: a commit, a checkout, a rebase.
    println!("cargo::rerun-if-changed={}", git(&["rev-parse", "--path-format=absolute", "--git-path", "logs/HEAD"])?);
    let commit = git(&["rev-parse", "HEAD"])?;
    commit.get(..DIGITS).map(str::to_owned)
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok().map(|text| text.trim_end().to_owned())
}
