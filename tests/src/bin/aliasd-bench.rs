//! `aliasd-bench`: measures and prints; `cargo xtask bench` builds and runs it.

use std::fs;
use std::path::PathBuf;

use aliasd_tests::bench::{self, Extent};
use anyhow::{Context, Result};
use clap::Parser;

/// Measures resolves, writes and memory of a three-node cluster on this machine.
#[derive(Parser)]
struct Arguments {
    /// The two-minute version.
    #[arg(long)]
    quick: bool,
    /// Also write the figures as JSON to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let extent = if arguments.quick { Extent::quick() } else { Extent::full() };
    let report = bench::run(extent).await?;
    print!("{report}");
    if let Some(file) = arguments.json {
        let text = serde_json::to_string_pretty(&report.json())? + "\n";
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}
