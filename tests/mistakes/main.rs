//! That the tests would notice: each planted mistake (`aliasd-faults`) is made in a process of its own, in which a named test
//! has to fail; the same test passes in a process that makes none.
//!
//! What is always checked is that every mistake has such a test and that the page shows the same table. To make them all
//! takes some minutes and is `cargo xtask mistakes`, which writes the page.

mod page;
mod programs;
mod table;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use aliasd_faults::Mistake;
use aliasd_tests::wait;
use anyhow::{Context, Result, bail, ensure};

use programs::TestPrograms;
use table::{Catch, TABLE};

/// Mistakes to make, by name, separated by commas; all where it is empty.
const CHOSEN: &str = "ALIASD_MISTAKES";

/// What a test may take to fail, on a machine that does other things besides.
const BUDGET: Duration = Duration::from_secs(120);

/// What became of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed,
    /// It did not run, or its process ended without a word about it.
    Unclear,
}

#[test]
fn every_mistake_has_a_test_that_catches_it() {
    for mistake in Mistake::ALL {
        let name = mistake.name();
        assert!(TABLE.iter().any(|catch| catch.mistake == *mistake), "no test is said to catch '{name}'");
    }
}

#[test]
fn the_page_shows_every_catch() -> Result<()> {
    let shown = page::read()?;
    let expected: Vec<String> = TABLE.iter().map(Catch::row).collect();
    ensure!(shown == expected, "tests/README.md is not current; `cargo xtask mistakes` writes it");
    Ok(())
}

#[test]
#[ignore = "takes minutes: cargo xtask mistakes"]
fn every_mistake_is_caught() -> Result<()> {
    let chosen = std::env::var(CHOSEN).unwrap_or_default();
    let names: Vec<&str> = chosen.split(',').filter(|name| !name.is_empty()).collect();
    for name in &names {
        ensure!(Mistake::named(name).is_some(), "there is no mistake '{name}'");
    }
    let programs = TestPrograms::build()?;
    let (mut missed, mut times) = (Vec::new(), Vec::new());
    for catch in TABLE.iter().filter(|catch| names.is_empty() || names.contains(&catch.mistake.name())) {
        let name = catch.mistake.name();
        let (without, _) = run(&programs, catch, None)?;
        ensure!(without == Verdict::Passed, "{} does not pass where nothing is planted: {without:?}", catch.test);
        let (with, took) = run(&programs, catch, Some(catch.mistake))?;
        println!("{name}: {with:?} after {:.1} s, {}", took.as_secs_f64(), catch.test);
        if with != Verdict::Failed {
            missed.push(format!("{name} by {}", catch.test));
        }
        times.push(took);
    }
    ensure!(missed.is_empty(), "not caught: {}", missed.join(", "));
    println!("{} of {} catches, each within {} s", times.len(), TABLE.len(), BUDGET.as_secs());
    if names.is_empty() { page::write(TABLE, &times) } else { Ok(()) }
}

/// Runs the one test in a process of its own, with that mistake or none.
fn run(programs: &TestPrograms, catch: &Catch, mistake: Option<Mistake>) -> Result<(Verdict, Duration)> {
    let program = programs.find(catch.program)?;
    let captured = tempfile::NamedTempFile::new()?;
    let mut command = Command::new(&program.executable);
    command.args([catch.test, "--exact"]).current_dir(&program.directory).env_remove("ALIASD_PLANT");
    command.stdin(Stdio::null()).stdout(captured.reopen()?).stderr(Stdio::null());
    if let Some(mistake) = mistake {
        command.env("ALIASD_PLANT", mistake.name());
    }
    let began = Instant::now();
    let mut child = command.spawn().with_context(|| format!("cannot start {}", program.executable.display()))?;
    let ended = wait::until(catch.test, BUDGET, || child.try_wait()?.context("it still runs"));
    let took = began.elapsed();
    if ended.is_err() {
        child.kill()?;
        child.wait()?;
        bail!("{} came to no end within {} s", catch.test, BUDGET.as_secs());
    }
    Ok((verdict(&std::fs::read_to_string(captured.path())?, catch.test), took))
}

/// What the test program says of the test.
fn verdict(said: &str, test: &str) -> Verdict {
    let line = said.lines().find_map(|line| line.strip_prefix(&format!("test {test} ... ")));
    match line {
        Some("ok") => Verdict::Passed,
        Some("FAILED") => Verdict::Failed,
        _ => Verdict::Unclear,
    }
}

#[test]
fn a_test_that_did_not_run_is_no_catch() {
    assert_eq!(verdict("test a::b ... ok\n", "a::b"), Verdict::Passed);
    assert_eq!(verdict("running 1 test\ntest a::b ... FAILED\n", "a::b"), Verdict::Failed);
    assert_eq!(verdict("running 0 tests\n", "a::b"), Verdict::Unclear);
    assert_eq!(verdict("test a::b ... ", "a::b"), Verdict::Unclear, "the process died");
    assert_eq!(verdict("test a::bc ... FAILED\n", "a::b"), Verdict::Unclear);
}
