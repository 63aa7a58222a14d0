//! `aliasd-story`: the demo; `cargo xtask demo` builds and runs it.

use std::process::ExitCode;

use aliasd_tests::story::{self, Narrator};
use anyhow::Result;
use clap::Parser;

/// Tells the story of two DBMSs and a remote alias on real processes, and checks every step.
#[derive(Parser)]
struct Arguments {
    /// Leave the clusters running at the end and print how to connect to them.
    #[arg(long)]
    keep: bool,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let directory = tempfile::Builder::new().prefix("aliasd-demo-").tempdir()?;
    let mut narrator = Narrator::new();
    let characters = story::tell(directory.path().to_path_buf(), &mut narrator).await?;
    let summary = narrator.end();
    println!("\n{summary}");
    if arguments.keep {
        println!("\n{}", characters.how_to_connect());
        characters.leave();
        let _ = directory.keep();
    }
    Ok(if summary.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
