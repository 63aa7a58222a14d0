//! `aliasd-chaos`: breaks a cluster on purpose and judges it; `cargo xtask chaos` builds and runs it.

#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable))]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use std::{fs, process};

use aliasd_tests::chaos::{self, Options, Report};
use aliasd_tests::dice::Dice;
use aliasd_tests::process::kill_all;
use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

/// Breaks a cluster of real processes on purpose under load, and judges what its clients saw.
///
/// Exit code 0 only if nothing was found. Otherwise history and logs are kept, and where they are is said.
#[derive(Parser)]
struct Arguments {
    /// For how long faults begin.
    #[arg(long, value_name = "M", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    minutes: u64,
    /// What the plan follows from; without it, another one each time.
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// How many members.
    #[arg(long, value_name = "N", default_value = "3", value_parser = ["3", "5"])]
    nodes: String,
    /// The form of the summary.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Keep history and logs although nothing was found.
    #[arg(long)]
    keep: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// What a shell reports for a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

#[tokio::main]
async fn main() -> ExitCode {
    match judge(&Arguments::parse()).await {
        Ok(report) if report.findings().is_empty() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("aliasd-chaos: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn judge(arguments: &Arguments) -> Result<Report> {
    let directory = tempfile::Builder::new().prefix("aliasd-chaos-").tempdir()?.keep();
    tokio::spawn(end_when_interrupted(directory.clone()));
    let options = Options {
        seed: arguments.seed.unwrap_or_else(Dice::fresh_seed),
        length: Duration::from_secs(arguments.minutes * 60),
        members: arguments.nodes.parse()?,
        directory: directory.clone(),
    };
    let report = chaos::run(&options).await.with_context(|| format!("everything is in {}", directory.display()))?;
    let is_kept = arguments.keep || !report.findings().is_empty();
    // Before anything is removed: what cannot be printed is looked up there.
    match arguments.format {
        Format::Text => println!("\n{report}"),
        Format::Json => println!("{:#}", report.json(is_kept)),
    }
    if is_kept {
        // Programs read standard output, where one JSON document stands.
        eprintln!("kept: {}", directory.display());
    } else {
        fs::remove_dir_all(&directory)?;
    }
    Ok(report)
}

/// Nothing is dropped when the program ends here, so the nodes are seen to. What they wrote stays.
async fn end_when_interrupted(directory: PathBuf) {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    kill_all();
    eprintln!("interrupted; everything is in {}", directory.display());
    process::exit(INTERRUPTED);
}
