//! `aliasd-story`: the demo; `cargo xtask demo` builds and runs it.

#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable))]

use std::path::PathBuf;
use std::process::ExitCode;
use std::{fs, process};

use aliasd_tests::process::kill_all;
use aliasd_tests::story::{self, Narrator};
use anyhow::Result;
use clap::Parser;
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

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

/// What a shell reports for a program that SIGTERM ended.
const TERMINATED: i32 = 143;

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
    let interrupted = tokio::spawn(clean_up_when_interrupted(directory.path().to_path_buf(), interruption()?));
    let mut narrator = Narrator::aloud();
    narrator.say("One alias, two DBMSs, four real processes. Every answer below is what its reader would see.");
    let result = story::tell(directory.path(), &mut narrator).await;
    let summary = narrator.end();
    interrupted.abort();
    if arguments.keep
        && let Ok(all) = &result
    {
        narrator.say(format!("\n{}\n\nThe clusters run until Ctrl-C.", all.how_to_connect()));
        interruption()?.await;
    }
    // The nodes first: they have files open in the directory.
    drop(result);
    directory.close()?;
    Ok(summary.is_as_expected())
}

/// The next Ctrl-C or SIGTERM, and the exit code for it.
fn interruption() -> Result<impl Future<Output = i32>> {
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = ctrl_c() => INTERRUPTED,
            _ = terminate.recv() => TERMINATED,
        }
    })
}

/// Nothing is dropped when the program ends here, so the nodes and the directory are seen to.
async fn clean_up_when_interrupted(directory: PathBuf, interruption: impl Future<Output = i32>) {
    let code = interruption.await;
    kill_all();
    let _ = fs::remove_dir_all(directory);
    process::exit(code);
}
