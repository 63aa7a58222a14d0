//! `aliasd-bench`: measures and prints; `cargo xtask bench` builds and runs it.

#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable))]

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use aliasd_tests::bench::{self, Extent};
use anyhow::{Context, Result};
use clap::Parser;

/// Measures resolves, writes, memory and listings of a three-node cluster on this machine.
#[derive(Parser)]
struct Arguments {
    /// The two-minute version.
    #[arg(long)]
    quick: bool,
    /// A few seconds with figures that say nothing: whether everything can still be measured.
    #[arg(long, conflicts_with = "quick")]
    smoke: bool,
    /// Only what understanding statements costs; starts no cluster.
    #[arg(long)]
    language: bool,
    /// Also write the figures as JSON to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match measure(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("aliasd-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(arguments: Arguments) -> Result<()> {
    let extent = match (arguments.quick, arguments.smoke) {
        (_, true) => Extent::smoke(),
        (true, false) => Extent::quick(),
        (false, false) => Extent::full(),
    };
    let report = if arguments.language { bench::language(&extent) } else { bench::run(extent).await? };
    print!("{report}");
    if let Some(file) = arguments.json {
        let text = serde_json::to_string_pretty(&report.json())? + "\n";
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}
