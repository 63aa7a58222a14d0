//! Running a fuzz target: libFuzzer makes up inputs, guided by which code they reach, and a file of `fuzz/` says what must
//! hold for each.
//!
//! Builds the targets itself, with the flags that cargo-fuzz would pass, so that a nightly toolchain is all it
//! needs. Reads the committed corpora and never writes to them.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::child::{Cargo, succeed};

/// The only platform that the flags below are known for.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// Coverage counters for libFuzzer, checked arithmetic, and the address sanitizer.
const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 -Cdebug-assertions=yes \
    -Coverflow-checks=yes -Zsanitizer=address";

/// A statement may be a mebibyte long; the longer ones have a test of their own, and slow this one down.
const LENGTH_MAX: &str = "-max_len=16384";

/// No text may keep the language busy for longer, in seconds, sanitizer and all.
const TIMEOUT: &str = "-timeout=10";

/// What is fuzzed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum FuzzTarget {
    /// The language: `fuzz/check.rs`.
    Statement,
    /// The decoders of what comes from disks and connections: `fuzz/wire.rs`.
    Wire,
    /// The readers of keystores and certificates: `fuzz/files.rs`.
    Files,
    /// The readers of the Bolt protocol: `fuzz/bolt.rs`.
    Bolt,
    /// The ports of a real node: `tests/cluster/hostile.rs`. Needs no nightly toolchain.
    Ports,
}

impl FuzzTarget {
    fn name(self) -> &'static str {
        match self {
            Self::Statement => "statement",
            Self::Wire => "wire",
            Self::Files => "files",
            Self::Bolt => "bolt",
            Self::Ports => "ports",
        }
    }
}

/// Builds and runs a target for so many minutes, and prints the number of inputs that were tried.
///
/// # Errors
/// If there is no nightly toolchain, or an input does not stand the check; it says where that input is kept.
pub(crate) fn run(cargo: &Cargo, fuzzed: FuzzTarget, minutes: u64) -> Result<()> {
    if fuzzed == FuzzTarget::Ports {
        let test = ["test", "--workspace", "--locked", "--test", "cluster", "--", "--nocapture", "hostile::"];
        return cargo.run_with(test, ("ALIASD_FUZZ_MINUTES", &minutes.to_string()));
    }
    let name = fuzzed.name();
    if !has_nightly() {
        bail!("fuzzing needs a nightly toolchain: rustup toolchain install nightly --profile minimal");
    }
    let target = cargo.target().join("fuzz");
    let mut build = nightly();
    build.args(["cargo", "build", "--release", "--locked", "--target", PLATFORM, "--manifest-path"]);
    build.arg(cargo.root().join("fuzz/Cargo.toml"));
    build.env("CARGO_TARGET_DIR", &target).env("RUSTFLAGS", FLAGS);
    succeed(&mut build)?;

    let grown = target.join("corpus").join(name);
    let findings = target.join("findings");
    for directory in [&grown, &findings] {
        fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
    }
    let mut target = Command::new(target.join(PLATFORM).join("release").join(name));
    target.arg(format!("-max_total_time={}", minutes * 60)).args([LENGTH_MAX, TIMEOUT, "-rss_limit_mb=2048"]);
    target.arg(format!("-artifact_prefix={}/", findings.display()));
    // What it learns goes to the first directory.
    target.arg(grown).arg(cargo.root().join("fuzz/corpus").join(name));
    let executions = watch(&mut target)?;
    println!("{executions} inputs of '{name}' were tried in {minutes} minutes, and every one stood the check");
    Ok(())
}

/// Runs the target, shows what it says, and returns how many inputs it tried.
fn watch(target: &mut Command) -> Result<u64> {
    let mut child = target.stderr(Stdio::piped()).spawn().context("cannot start the fuzz target")?;
    let said = child.stderr.take().context("the fuzz target has no standard error")?;
    let mut executions = None;
    for line in BufReader::new(said).lines() {
        let line = line?;
        eprintln!("{line}");
        executions = executions.or_else(|| executions_in(&line));
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("the fuzz target ended with {status}; the input that it tried is in the file named above");
    }
    executions.context("the fuzz target did not say how many inputs it tried")
}

/// The number in `Done 4711 runs in 60 second(s)`, with which libFuzzer ends.
fn executions_in(line: &str) -> Option<u64> {
    line.strip_prefix("Done ")?.split_once(" runs ")?.0.parse().ok()
}

/// Through rustup, since `cargo +nightly` is not known to the cargo that runs this program.
fn nightly() -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly"]);
    command
}

fn has_nightly() -> bool {
    let mut command = nightly();
    command.args(["rustc", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_executions_is_read_from_the_last_line() {
        assert_eq!(executions_in("Done 123456 runs in 61 second(s)"), Some(123_456));
        assert_eq!(executions_in("#1024\tpulse  cov: 12 exec/s: 512"), None);
    }
}
