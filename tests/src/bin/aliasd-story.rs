//! `aliasd-story`: the demo; `cargo xtask demo` builds and runs it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::{fs, process};

use aliasd_tests::story::{self, Narrator};
use anyhow::Result;
use clap::Parser;
use tokio::signal::ctrl_c;

/// Tells the story of two DBMSs and a remote alias on real processes, and checks every step.
///
/// Exit code 0 only if every step went as expected.
#[derive(Parser)]
struct Arguments {
    /// Leave the clusters running at the end, print how to connect, and wait for Ctrl-C.
    #[arg(long)]
    keep: bool,
}

/// What a shell reports for a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

#[tokio::main]
async fn main() -> ExitCode {
    match tell(&Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("aliasd-story: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether everything was as expected.
async fn tell(arguments: &Arguments) -> Result<bool> {
    let directory = tempfile::Builder::new().prefix("aliasd-demo-").tempdir()?;
    let interrupted = tokio::spawn(clean_up_when_interrupted(directory.path().to_path_buf()));
    let mut narrator = Narrator::aloud();
    narrator.say("One alias, two DBMSs, four real processes. Every answer below is what its reader would see.");
    let told = story::tell(directory.path(), &mut narrator).await;
    let summary = narrator.end();
    interrupted.abort();
    if arguments.keep
        && let Ok(all) = &told
    {
        narrator.say(format!("\n{}\n\nThe clusters run until Ctrl-C.", all.how_to_connect()));
        ctrl_c().await?;
    }
    // The nodes first: they have files open in the directory.
    drop(told);
    directory.close()?;
    Ok(summary.is_as_expected())
}

/// The nodes are in the terminal's process group and get the signal themselves; what is left is the directory.
async fn clean_up_when_interrupted(directory: PathBuf) {
    if ctrl_c().await.is_ok() {
        let _ = fs::remove_dir_all(directory);
        process::exit(INTERRUPTED);
    }
}
