//! What the program can be told on its command line.
//!
//! The exit code says where to look, by `EXIT_CODES`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use aliasd_console::{FAILED, MISCONFIGURED, Program, printable, say};
use clap::{Parser, Subcommand};
use tokio::runtime::Runtime;

use crate::config::{Config, DEFAULT_FILE};
use crate::logging;
use crate::materials::Materials;
use crate::server::{self, StartError};

/// What the exit codes mean, as `--help` shows it.
const EXIT_CODES: &str = "\
Exit codes:
  0  a clean end
  1  the machine denies it; the message says what
  2  to be put right first: the command line, the configuration, or a file that it names";

/// This program, as it speaks of itself.
const GATEWAY: Program = Program::named("aliasd-gateway");
/// How long threads may take to end when everything is done.
const THREADS_END_WITHIN: Duration = Duration::from_secs(1);

/// The version, and the commit that this is built from.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("ALIASD_COMMIT"), ")");

/// The catalog of remote database aliases: the Bolt gateway, by which drivers use aliases as databases.
#[derive(Debug, Parser)]
#[command(name = "aliasd-gateway", version = VERSION, after_long_help = EXIT_CODES, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a gateway and serve until SIGTERM or SIGINT.
    Start {
        /// The configuration file. `aliasd-gateway config default` prints one with every setting explained.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Print or check configurations.
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print a configuration file with every setting, its purpose and its default.
    Default,
    /// Check configuration files as a start would, without starting. Prints every problem with the way out.
    Check {
        /// TOML files, each checked as if it were the only one.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Look at the files alone, not at the certificates and keys that they name: those are on another machine.
        #[arg(long)]
        offline: bool,
    },
}

/// Does what the command line says.
pub fn run() -> ExitCode {
    let command = match Arguments::try_parse() {
        Ok(arguments) => arguments.command,
        Err(answer) => return GATEWAY.answer_arguments(answer),
    };
    match command {
        Command::Start { config } => {
            keep_to_itself();
            start(&config)
        }
        Command::Config(ConfigCommand::Default) => GATEWAY.print(DEFAULT_FILE),
        Command::Config(ConfigCommand::Check { files, offline }) => check(&files, offline),
    }
}

fn start(file: &Path) -> ExitCode {
    let config = match Config::load(file) {
        Ok(config) => config,
        Err(error) => return GATEWAY.fail(MISCONFIGURED, &format_args!("{}:\n{error}", file.display())),
    };
    logging::set_up(&config);
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return GATEWAY.fail(FAILED, &format_args!("the system gives no threads: {error}")),
    };
    let ended = runtime.block_on(server::run(&config));
    runtime.shutdown_timeout(THREADS_END_WITHIN);
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(StartError::Files(error)) => GATEWAY.fail(MISCONFIGURED, &format_args!("{}:\n{error}", file.display())),
        Err(error @ StartError::Listen { .. }) => GATEWAY.fail(MISCONFIGURED, &aliasd_client::error_chain(&error)),
        Err(error @ StartError::Signals(_)) => GATEWAY.fail(FAILED, &aliasd_client::error_chain(&error)),
    }
}

fn check(files: &[PathBuf], offline: bool) -> ExitCode {
    // The SDK wants one; nothing is connected.
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return GATEWAY.fail(FAILED, &format_args!("the system gives no threads: {error}")),
    };
    let _inside = runtime.enter();
    let mut good = true;
    for file in files {
        let checked = Config::load(file).and_then(|config| match offline {
            true => Ok(()),
            false => Materials::load(&config).map(drop),
        });
        match checked {
            // The verdict is the exit code; a reader that has gone away misses only the words.
            Ok(()) => drop(GATEWAY.print(&format!("{}: good\n", printable(&file.display().to_string())))),
            Err(error) => {
                say(&format_args!("{}:\n{error}", file.display()));
                good = false;
            }
        }
    }
    if good { ExitCode::SUCCESS } else { ExitCode::from(MISCONFIGURED) }
}

/// A process that holds passwords shows its memory to nobody but the superuser.
fn keep_to_itself() {
    // Neither a core dump nor a debugger of the same user. Where the system does not know it, it is the unit's matter.
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_dumpable(false);
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Arguments;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
