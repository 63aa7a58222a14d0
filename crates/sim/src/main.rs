//! `aliasd-sim`: runs seeds, or one schedule, and says what came of it.

#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable))]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use aliasd_sim::campaign::Campaign;
use aliasd_sim::invariants::Violation;
use aliasd_sim::minimise::minimise;
use aliasd_sim::run::run;
use aliasd_sim::schedule::{Schedule, generate};
use anyhow::{Context, Result};
use clap::Parser;

/// Runs in which a schedule is cut down.
const MINIMISING_RUNS: usize = 500;

/// Runs clusters on seeds, with faults, and checks what must always hold.
#[derive(Parser)]
#[command(name = "aliasd-sim", bin_name = "cargo xtask sim")]
struct Arguments {
    /// How many seeds.
    #[arg(long, value_name = "N", default_value_t = 100)]
    seeds: u64,
    /// The first seed.
    #[arg(long, value_name = "S", default_value_t = 1)]
    from: u64,
    /// Go on for this long instead, whatever the number of seeds.
    #[arg(long, value_name = "M")]
    minutes: Option<u64>,
    /// Members of each cluster: 3 or 5.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(3..=5))]
    nodes: u64,
    /// Have operators add, promote, replace and remove members too.
    #[arg(long)]
    changes: bool,
    /// Threads; one for each core if not given.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Go on after a violation, and list every seed that shows one.
    #[arg(long)]
    all: bool,
    /// Make this mistake, to see whether anything notices: a name of `aliasd-faults`.
    #[cfg(feature = "planted")]
    #[arg(long, value_name = "NAME")]
    plant: Option<String>,
    /// Print everything that happens. For one seed.
    #[arg(long)]
    trace: bool,
    /// Run this schedule instead of a seed's.
    #[arg(long, value_name = "FILE")]
    schedule: Option<PathBuf>,
    /// Write the schedule of the first seed to standard output, and run nothing.
    #[arg(long)]
    print_schedule: bool,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let planted = plant(&arguments)?;
    let one = match &arguments.schedule {
        Some(file) => {
            let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
            Some(Schedule::from_text(&text)?)
        }
        None if arguments.trace || arguments.print_schedule => {
            Some(generate::schedule(arguments.from, arguments.nodes, arguments.changes))
        }
        None => None,
    };
    if let Some(schedule) = one {
        if arguments.print_schedule {
            print!("{}", schedule.to_text()?);
            return Ok(ExitCode::SUCCESS);
        }
        let report = run(&schedule, arguments.trace);
        print!("{}", report.trace);
        println!("{:?} simulated, {} polls", report.simulated, report.polls);
        return Ok(match (&report.violation, &report.given_up) {
            (None, Some(reason)) => {
                println!("given up: {reason}");
                ExitCode::SUCCESS
            }
            (None, None) => {
                println!("every invariant holds");
                ExitCode::SUCCESS
            }
            (Some(violation), _) => {
                println!("violated: {}, at {:?}\n  {}", violation.invariant, violation.at, violation.detail);
                ExitCode::FAILURE
            }
        });
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let campaign = Campaign {
        from: arguments.from,
        seeds: if arguments.minutes.is_some() { u64::MAX } else { arguments.seeds },
        limit: arguments.minutes.map(|minutes| Duration::from_secs(60 * minutes)),
        nodes: arguments.nodes,
        changes: arguments.changes,
        threads: arguments.threads.unwrap_or(cores),
        goes_on: arguments.all,
    };
    let findings = campaign.run();
    print!("{findings}");
    let Some((seed, violation)) = findings.violations.first() else {
        if let Some(name) = planted {
            println!("{name}: nobody noticed");
        }
        return Ok(ExitCode::SUCCESS);
    };
    if let Some(name) = planted {
        let seeds = seed - arguments.from + 1;
        println!("{name}: seen with seed {seed}, the {seeds}. that was tried: {}", violation.invariant);
        println!("  {}", violation.detail);
    } else if arguments.all {
        for (seed, violation) in &findings.violations {
            println!("seed {seed}: {}\n  {}", violation.invariant, violation.detail);
        }
    } else {
        tell(*seed, &arguments, violation)?;
    }
    Ok(ExitCode::FAILURE)
}

/// Plants the mistake that is asked for; gives its name.
#[cfg(feature = "planted")]
fn plant(arguments: &Arguments) -> Result<Option<&'static str>> {
    use aliasd_faults::{ACTIVE, Mistake};

    let Some(name) = &arguments.plant else { return Ok(None) };
    anyhow::ensure!(ACTIVE, "this build makes no mistakes: it has no debug assertions");
    let mistake = Mistake::named(name).with_context(|| format!("there is no mistake '{name}'"))?;
    aliasd_faults::plant(Some(mistake));
    Ok(Some(mistake.name()))
}

/// This build makes none.
#[cfg(not(feature = "planted"))]
fn plant(_: &Arguments) -> Result<Option<&'static str>> {
    Ok(None)
}

/// Says what is violated, how to see it again, and the steps that it takes.
fn tell(seed: u64, &Arguments { nodes, changes, .. }: &Arguments, violation: &Violation) -> Result<()> {
    println!("\nviolated: {}, at {:?}, with seed {seed}\n  {}", violation.invariant, violation.at, violation.detail);
    let with_changes = if changes { " --changes" } else { "" };
    println!("reproduce: cargo xtask sim --from {seed} --nodes {nodes}{with_changes} --trace");
    let schedule = generate::schedule(seed, nodes, changes);
    let smaller = minimise(&schedule, violation.invariant, MINIMISING_RUNS);
    let file = std::env::temp_dir().join(format!("aliasd-sim-{nodes}-{seed}.jsonl"));
    let text = smaller.to_text()?;
    std::fs::write(&file, &text).with_context(|| format!("{} cannot be written", file.display()))?;
    let (left, of) = (smaller.steps.len(), schedule.steps.len());
    println!("{left} of {of} steps are left: cargo xtask sim --schedule {} --trace\n{text}", file.display());
    Ok(())
}
