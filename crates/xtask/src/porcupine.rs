//! A second opinion on linearizability: porcupine, a checker in Go, judges the same histories by the same model
//! (`tests/porcupine`), and every verdict has to be that of `aliasd-check`.
//!
//! Two judges that share no code can only be wrong in the same way together. Not a part of the tests: Go and its modules are
//! nothing that a build of aliasd needs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::child::{BuildProfile, Cargo, succeed};

/// How many differences are shown.
const SHOWN_MAX: usize = 20;

/// How often each verdict was given.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    yes: usize,
    no: usize,
    undecided: usize,
}

/// Compares the judges on these files, or without any, on so many made-up histories from this seed on.
///
/// # Errors
/// If there is no Go, or the judges do not agree; it names the first histories and names on which they do not.
pub(crate) fn run(cargo: &Cargo, files: Vec<PathBuf>, seeds: u64, from: u64) -> Result<()> {
    if !has_go() {
        bail!(
            "porcupine is a Go module, and there is no `go` here: install Go 1.19 or newer (apt-get install golang-go)"
        );
    }
    cargo.build_programs(BuildProfile::Dev)?;
    let directory = cargo.target().join("porcupine");
    fs::create_dir_all(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
    let judge = directory.join("judge");
    let mut build = Command::new("go");
    build.args(["build", "-o"]).arg(&judge).arg(".").current_dir(cargo.root().join("tests/porcupine"));
    succeed(&mut build)?;

    let files = if files.is_empty() { made(cargo, &directory.join("made"), seeds, from)? } else { files };
    let ours = output(cargo.program(BuildProfile::Dev, "aliasd-check").arg("--verdicts").args(&files))?;
    let theirs = output(Command::new(judge).args(&files))?;
    let tally = compare(&ours, &theirs)?;
    let Tally { yes, no, undecided } = tally;
    println!("{} histories: {yes} names are linearizable, {no} are not, {undecided} undecided", files.len());
    println!("porcupine and aliasd-check agree on every one");
    Ok(())
}

fn has_go() -> bool {
    let mut version = Command::new("go");
    version.arg("version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    version.status().is_ok_and(|status| status.success())
}

/// Has histories made up, and returns their files in order.
fn made(cargo: &Cargo, directory: &Path, seeds: u64, from: u64) -> Result<Vec<PathBuf>> {
    if directory.exists() {
        fs::remove_dir_all(directory).with_context(|| format!("cannot empty {}", directory.display()))?;
    }
    let mut make = cargo.program(BuildProfile::Dev, "aliasd-check");
    make.arg("--make").arg(directory).arg(format!("--seeds={seeds}")).arg(format!("--from={from}"));
    succeed(&mut make)?;
    let entries = fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>();
    let mut files = entries?;
    files.sort();
    Ok(files)
}

/// What a program prints; an error if it does not exit with 0.
fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot start {name}"))?;
    if !output.status.success() {
        bail!("{name} ended with {}", output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Counts verdicts, each a line that ends with it.
fn compare(ours: &str, theirs: &str) -> Result<Tally> {
    let (ours, theirs): (Vec<&str>, Vec<&str>) = (ours.lines().collect(), theirs.lines().collect());
    if ours.len() != theirs.len() {
        bail!("aliasd-check judges {} names and porcupine {}", ours.len(), theirs.len());
    }
    let differences: Vec<String> = ours
        .iter()
        .zip(&theirs)
        .filter(|(ours, theirs)| ours != theirs)
        .map(|(ours, theirs)| format!("aliasd-check: {ours}\nporcupine:    {theirs}"))
        .collect();
    if !differences.is_empty() {
        let shown = &differences[..differences.len().min(SHOWN_MAX)];
        bail!("the judges differ on {} of {} names\n{}", differences.len(), ours.len(), shown.join("\n"));
    }
    let mut tally = Tally::default();
    for line in ours {
        match line.rsplit('\t').next() {
            Some("yes") => tally.yes += 1,
            Some("no") => tally.no += 1,
            Some("undecided") => tally.undecided += 1,
            _ => bail!("this is no verdict: {line}"),
        }
    }
    if tally.no == 0 && tally.yes == 0 {
        bail!("no name was judged");
    }
    Ok(tally)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_verdicts_are_counted() {
        let verdicts = "a\tx\tyes\na\ty\tno\nb\tx\tyes\n";
        assert_eq!(compare(verdicts, verdicts).unwrap(), Tally { yes: 2, no: 1, undecided: 0 });
    }

    #[test]
    fn a_difference_is_named() {
        let error = compare("a\tx\tyes\nb\tx\tyes\n", "a\tx\tyes\nb\tx\tno\n").unwrap_err().to_string();
        assert_eq!(error, "the judges differ on 1 of 2 names\naliasd-check: b\tx\tyes\nporcupine:    b\tx\tno");
        assert!(compare("a\tx\tyes\n", "").is_err());
        assert!(compare("a\tx\tyes\n", "a\ty\tyes\n").is_err());
    }

    #[test]
    fn nothing_is_no_agreement() {
        assert!(compare("", "").is_err());
        assert!(compare("a\tx\tundecided\n", "a\tx\tundecided\n").is_err());
        assert!(compare("a\tx\tperhaps\n", "a\tx\tperhaps\n").is_err());
    }
}
