//! `cargo xtask`: the commands a person or a build machine runs on this repository.
//!
//! Every command first sees to it that what the build needs is present (`prerequisites`), then
//! drives cargo and the built programs (`child`). Nothing is decided here that a program of the
//! workspace could decide: this crate must never depend on one of them, so that it starts in
//! seconds on a machine where nothing is built yet.

#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable))]

mod advisories;
mod child;
mod compiler;
mod fuzz;
mod materials;
mod peers;
mod porcupine;
mod prerequisites;
mod subjects;
mod tools;

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};

use child::{BuildProfile, Cargo};

/// Builds, checks, tests and demonstrates aliasd.
///
/// Child builds go to $CARGO_TARGET_DIR, or to ${XDG_CACHE_HOME:-~/.cache}/aliasd/target when that
/// is not set, so that RocksDB and the other libraries are compiled once per machine and not once
/// per checkout: about 17 minutes of work for a processor, some 9 for two.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Tell the story of two DBMSs and a remote alias on real processes, and check every step.
    ///
    /// Starts DBMS A's catalog as three `aliasd` processes and DBMS B's as one in a throw-away
    /// directory, prints who does what with the exact statement and its result, kills the leader
    /// on the way, and ends with a summary. Exit code 0 only if every step went as expected.
    Demo(Demo),
    /// Build everything and run every test; arguments are handed to `cargo test`.
    ///
    /// `cargo xtask test` runs all of them. `cargo xtask test --test golden` runs one test binary,
    /// `cargo xtask test -- NAME` the tests whose name contains NAME.
    Test(Test),
    /// Check everything that can be checked without running the system; writes no source file.
    ///
    /// In this order: formatting; commit subjects; licences, bans (a library in two versions) and sources
    /// of dependencies with cargo-deny; interfaces with buf; clippy and rustdoc, whose warnings are errors;
    /// the layering rules; and that the generated pages in docs/ are current. `cargo xtask fix` repairs
    /// what a program can repair.
    Verify,
    /// Format, apply clippy's suggestions and regenerate the generated pages in docs/.
    Fix,
    /// Make each planted mistake in a process of its own and see that the test which is said to catch it does.
    ///
    /// Writes the table in tests/README.md. With names, only these are made and nothing is written.
    Mistakes(Mistakes),
    /// Let the log, and a node of a cluster, die so many times, at each point at which something becomes durable.
    ///
    /// `cargo xtask test` does it a few times.
    Crash(Crash),
    /// Let libFuzzer make up statements, messages or files, and print how many it tried.
    ///
    /// Needs a nightly toolchain and nothing else. What it finds is kept below the target directory and
    /// named. `cargo xtask test` already replays each corpus and a number of mutations of it.
    Fuzz(Fuzz),
    /// Run simulated clusters on seeds, with faults, and check what must always hold.
    ///
    /// Arguments are handed to `aliasd-sim`: `--seeds N`, `--from S`, `--minutes M`, `--nodes 3|5`, `--trace`. What fails
    /// is printed with the command that runs it again, and cut down to the steps that it takes.
    Sim(HandedOn),
    /// Ask for known vulnerabilities of what we depend on, with cargo-deny.
    ///
    /// Needs git and the way to github.com, where the list is, since that changes without us. Where there is none it says so, and
    /// exits with 3: nothing was checked.
    Advisories,
    /// Write the bill of materials as CycloneDX JSON: every library that aliasd, aliasctl and aliasd-gateway are built from.
    Sbom(Sbom),
    /// Compare verdicts on linearizability with porcupine, a checker in Go that goes by the same model.
    ///
    /// On histories that are made up, right and wrong ones in turn, or on the files that are given. Exit code 0 only if the two
    /// agree on every name of every history. Needs Go 1.19 or newer, and the network for its module the first time.
    Porcupine(Porcupine),
    /// Fetch what the gateway's tests meet: Neo4j Community, by Maven, and the official drivers for Python and JavaScript.
    ///
    /// Into a directory below the target directory: some 200 MB, once. Needs Java 17, Maven, Python 3 with pip, and Node.js with npm.
    /// Tests that lack one of the peers say so and count as skipped.
    Peers,
    /// Measure resolves, writes, memory and listings on a release build, beside the machine's own limits.
    Bench(Bench),
    /// Break a cluster of real processes on purpose under load, and judge what its clients saw.
    ///
    /// Partitions, delays, crashes, power cuts, bad disks, damaged files and more, as a plan says that follows from the seed;
    /// tests/README.md says what is done and how. Arguments are handed to `aliasd-chaos`: `--minutes M`, `--seed S`,
    /// `--nodes 3|5`, `--format text|json`, `--keep`. Exit code 0 only if nothing was found.
    /// With `ALIASD_PLANT=MISTAKE` every program of the run makes that planted mistake, to see whether the run notices.
    Chaos(HandedOn),
}

#[derive(Args)]
struct Demo {
    /// Leave the clusters running at the end and print how to connect to them.
    #[arg(long)]
    keep: bool,
}

#[derive(Args)]
struct Test {
    /// Passed on to `cargo test --workspace`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    rest: Vec<OsString>,
}

#[derive(Args)]
struct Fuzz {
    /// What is fuzzed.
    #[arg(value_enum, default_value_t = fuzz::FuzzTarget::Statement)]
    target: fuzz::FuzzTarget,
    /// For how long.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    minutes: u64,
}

#[derive(Args)]
struct Mistakes {
    /// Names of mistakes; without one, all.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

#[derive(Args)]
struct Crash {
    /// How many lives.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..))]
    repeat: u64,
}

#[derive(Args)]
struct Porcupine {
    /// How many histories are made up.
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// The first seed.
    #[arg(long, value_name = "S", default_value_t = 0)]
    from: u64,
    /// Judge these instead: lines of JSON, as the simulator and the chaos runs write them.
    #[arg(value_name = "FILE", conflicts_with_all = ["seeds", "from"])]
    files: Vec<PathBuf>,
}

#[derive(Args)]
struct HandedOn {
    /// Passed on to the program; `-- --help` lists what it takes.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    rest: Vec<OsString>,
}

#[derive(Args)]
struct Sbom {
    /// Where to; without it, standard output.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

#[derive(Args)]
struct Bench {
    /// The two-minute version: fewer seconds per figure and 100,000 aliases at most.
    #[arg(long)]
    quick: bool,
    /// Only what understanding statements costs; starts no cluster.
    #[arg(long)]
    language: bool,
    /// Also write the figures as JSON to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// What the names of the tests end with that compare a generated page in docs/ with its source, and
/// write it when `UPDATE_DOCS` is set.
const GENERATED_PAGES: &str = "_is_current";

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cargo xtask: {error:#}");
            if error.is::<advisories::Unfetched>() {
                return ExitCode::from(advisories::UNCHECKED);
            }
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    let cargo = Cargo::new()?;
    // These build nothing.
    match command {
        Command::Peers => return peers::fetch(&cargo),
        Command::Advisories => return advisories::run(&cargo),
        Command::Sbom(arguments) => return materials::write(&cargo, arguments.file.as_deref()),
        _ => prerequisites::ensure()?,
    }
    match command {
        Command::Advisories | Command::Sbom(_) | Command::Peers => Ok(()),
        Command::Demo(arguments) => demo(&cargo, &arguments),
        Command::Test(arguments) => test(&cargo, arguments.rest),
        Command::Verify => verify(&cargo),
        Command::Fix => fix(&cargo),
        Command::Mistakes(arguments) => mistakes(&cargo, &arguments.names),
        Command::Crash(arguments) => crash(&cargo, arguments.repeat),
        Command::Fuzz(arguments) => fuzz::run(&cargo, arguments.target, arguments.minutes),
        Command::Porcupine(Porcupine { seeds, from, files }) => porcupine::run(&cargo, files, seeds, from),
        Command::Sim(arguments) => sim(&cargo, arguments),
        Command::Bench(arguments) => bench(&cargo, arguments),
        Command::Chaos(arguments) => chaos(&cargo, arguments),
    }
}

fn demo(cargo: &Cargo, arguments: &Demo) -> Result<()> {
    cargo.build_programs(BuildProfile::Dev)?;
    let keep = arguments.keep.then_some("--keep");
    cargo.run_program(BuildProfile::Dev, "aliasd-story", keep)
}

fn test(cargo: &Cargo, rest: Vec<OsString>) -> Result<()> {
    cargo.build_programs(BuildProfile::Dev)?;
    let fixed = ["test", "--workspace", "--locked"].map(OsString::from);
    cargo.run(fixed.into_iter().chain(rest))
}

fn mistakes(cargo: &Cargo, names: &[String]) -> Result<()> {
    let fixed = ["test", "--workspace", "--locked", "--test", "mistakes", "--", "--nocapture", "--ignored"];
    cargo.run_with(fixed.into_iter().chain(["every_mistake_is_caught"]), ("ALIASD_MISTAKES", &names.join(",")))
}

fn crash(cargo: &Cargo, repeat: u64) -> Result<()> {
    let fixed = ["test", "--workspace", "--locked", "--lib", "--test", "crash", "--", "--nocapture"];
    cargo.run_with(fixed.into_iter().chain(["that_dies_at_any_point"]), ("ALIASD_CRASHES", &repeat.to_string()))
}

/// One thing that `verify` does.
struct Step {
    /// The words by which its help names it, and its error if it fails.
    name: &'static str,
    run: fn(&Cargo) -> Result<()>,
}

/// What `verify` does, in this order.
const STEPS: &[Step] = &[
    Step { name: "formatting", run: |cargo| cargo.run(["fmt", "--all", "--check"]) },
    Step { name: "commit subjects", run: |cargo| subjects::check(cargo.root()) },
    Step {
        name: "licences, bans (a library in two versions) and sources of dependencies",
        run: |cargo| {
            cargo.run_tool(tools::cargo_deny(cargo.target())?, &["--offline", "check", "licenses", "bans", "sources"])
        },
    },
    Step { name: "interfaces", run: |cargo| cargo.run_tool(tools::buf(cargo.target())?, &["lint"]) },
    Step {
        name: "clippy",
        run: |cargo| {
            cargo.say_what_a_first_build_takes(BuildProfile::Dev);
            cargo.run(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])
        },
    },
    Step {
        name: "rustdoc",
        run: |cargo| cargo.run_with(["doc", "--workspace", "--no-deps", "--locked"], ("RUSTDOCFLAGS", "-D warnings")),
    },
    Step { name: "layering rules", run: |cargo| cargo.run(["test", "--workspace", "--locked", "--test", "tidy"]) },
    Step {
        name: "generated pages",
        run: |cargo| {
            cargo.build_programs(BuildProfile::Dev)?;
            cargo.run(["test", "--workspace", "--locked", GENERATED_PAGES])
        },
    },
];

fn verify(cargo: &Cargo) -> Result<()> {
    STEPS
        .iter()
        .try_for_each(|step| (step.run)(cargo).with_context(|| format!("verify found something: {}", step.name)))
}

fn fix(cargo: &Cargo) -> Result<()> {
    cargo.run(["clippy", "--fix", "--allow-dirty", "--allow-staged", "--workspace", "--all-targets"])?;
    cargo.run(["fmt", "--all"])?;
    cargo.build_programs(BuildProfile::Dev)?;
    cargo.run_with(["test", "--workspace", GENERATED_PAGES], ("UPDATE_DOCS", "1"))
}

/// The simulator alone, which needs no RocksDB and so none of what a whole build takes; with its switches for mistakes.
fn sim(cargo: &Cargo, arguments: HandedOn) -> Result<()> {
    let profile = BuildProfile::Sim;
    cargo.run(["build", "-p", "aliasd-sim", "--features", "planted", "--profile", profile.name(), "--locked"])?;
    cargo.run_program(profile, "aliasd-sim", arguments.rest)
}

fn bench(cargo: &Cargo, arguments: Bench) -> Result<()> {
    cargo.build_programs(BuildProfile::Release)?;
    let mut rest: Vec<OsString> = Vec::new();
    if arguments.language {
        rest.push("--language".into());
    }
    if arguments.quick {
        rest.push("--quick".into());
    }
    if let Some(file) = arguments.json {
        rest.extend(["--json".into(), file.into_os_string()]);
    }
    cargo.run_program(BuildProfile::Release, "aliasd-bench", rest)
}

fn chaos(cargo: &Cargo, arguments: HandedOn) -> Result<()> {
    match env::var_os("ALIASD_PLANT") {
        None => cargo.build_programs(BuildProfile::Dev)?,
        // Together with the tests, whose features the programs then have: they make the mistake that is named.
        Some(_) => cargo.run(["build", "--workspace", "--bins", "--tests", "--locked"])?,
    }
    cargo.run_program(BuildProfile::Dev, "aliasd-chaos", arguments.rest)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_help_of_verify_names_every_step_in_order() {
        let mut arguments = Arguments::command();
        let verify = arguments.find_subcommand_mut("verify").expect("there is the subcommand");
        let help = verify.render_long_help().to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        let mut rest = help.as_str();
        for Step { name, .. } in STEPS {
            let Some((_, after)) = rest.split_once(name) else { panic!("'{name}' is missing or too early: {help}") };
            rest = after;
        }
    }
}
