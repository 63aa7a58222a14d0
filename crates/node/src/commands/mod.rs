//! What the program can be told on its command line.
//!
//! The exit code says where to look, by `EXIT_CODES`.

mod config;
mod dev;
mod start;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aliasd_console::{FAILED, Program, printable};
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use nix::sys::stat::{Mode, umask};

use crate::config::{ConfigError, SettingError};

/// What the exit codes mean, as `--help` shows it.
const EXIT_CODES: &str = "\
Exit codes:
  0  a clean end
  1  the machine or the data denies it; the message says what
  2  to be put right first: the command line, the configuration, or a file that it names";

/// This program, as it speaks of itself.
const ALIASD: Program = Program::named("aliasd");

/// The version, and the commit that this is built from.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("ALIASD_COMMIT"), ")");

/// The catalog of remote database aliases: the daemon.
#[derive(Debug, Parser)]
#[command(name = "aliasd", version = VERSION, after_long_help = EXIT_CODES, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a node and serve until SIGTERM or SIGINT. On SIGHUP it reads its files again.
    Start {
        /// The configuration file. `aliasd config default` prints one with every setting explained.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Run the commands of settings of the form "$(command)".
        #[arg(long)]
        expand_commands: bool,
    },
    /// Start one node with everything generated, in a directory that is removed at the end. For trying things out.
    Dev(dev::Dev),
    /// Print or check configurations.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the completion script of a shell.
    Completion {
        /// The shell that will read the script.
        shell: Shell,
    },
    /// Write the manual pages, one for each command, for `man`.
    Man {
        /// The directory that they are written to, made if it does not exist.
        #[arg(value_name = "DIRECTORY")]
        directory: PathBuf,
    },
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
        /// Look at the files alone, not at the certificates, keys and directories that they name: those are on another
        /// machine.
        #[arg(long)]
        offline: bool,
        /// Run the commands of settings of the form "$(command)".
        #[arg(long, conflicts_with = "offline")]
        expand_commands: bool,
    },
}

/// Does what the command line says.
pub fn run() -> ExitCode {
    let command = match Arguments::try_parse() {
        Ok(arguments) => arguments.command,
        Err(answer) => return ALIASD.answer_arguments(answer),
    };
    match command {
        Command::Start { config, expand_commands } => {
            keep_to_itself();
            start::start(&config, expand_commands)
        }
        Command::Dev(dev) => {
            keep_to_itself();
            dev::dev(&dev)
        }
        Command::Config(ConfigCommand::Default) => config::print_default(),
        Command::Config(ConfigCommand::Check { files, offline, expand_commands }) => {
            config::check(&files, offline, expand_commands)
        }
        Command::Completion { shell } => completion(shell),
        Command::Man { directory } => manual(&directory),
    }
}

fn completion(shell: Shell) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "aliasd", &mut script);
    ALIASD.print(&String::from_utf8_lossy(&script))
}

fn manual(directory: &Path) -> ExitCode {
    let written = fs::create_dir_all(directory)
        .and_then(|()| clap_mangen::generate_to(Arguments::command().disable_help_subcommand(true), directory));
    match written {
        Ok(()) => ALIASD.print(&format!("{}/aliasd.1\n", printable(&directory.display().to_string()))),
        Err(error) => {
            ALIASD.fail(FAILED, &format_args!("the manual pages cannot be written to {}: {error}", directory.display()))
        }
    }
}

/// A process that holds keys shows its memory to nobody but the superuser, and its files to nobody else than its group.
fn keep_to_itself() {
    umask(Mode::from_bits_truncate(0o027));
    // Neither a core dump nor a debugger of the same user. Where the system does not know it, it is the unit's matter.
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_dumpable(false);
}

/// What is wrong with a configuration, each with its way out.
fn explain(error: &ConfigError) -> String {
    error.errors.iter().map(with_hint).collect::<Vec<_>>().join("\n")
}

fn with_hint(error: &SettingError) -> String {
    format!("{error}\n  hint: {}", error.hint)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Arguments;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
