//! `aliasctl`, the command line of aliasd: for people who administer the catalog and for scripts.
//!
//! Data goes to standard output, everything else to standard error. The exit code says what to do next, by the table in
//! [`command_error`]. It is built on the SDK. Of the language it knows what helps
//! a person to write it, never what a statement does: statements are sent as they were typed.

// `println!` and `eprintln!` panic when nobody reads any more.
#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable, clippy::print_stdout, clippy::print_stderr))]

mod arguments;
mod command_error;
mod commands;
mod connection;
mod member_arguments;
mod output;
mod parameter;
mod password;
mod script;
mod shell;

use std::io::{self, Write};
use std::process::ExitCode;

use aliasd_console::writable;
use clap::Parser;

use crate::arguments::{Arguments, Command};
use crate::command_error::CommandError;

fn main() -> ExitCode {
    let done = match Arguments::try_parse() {
        Err(answer) if answer.use_stderr() => Err(CommandError::Arguments(answer)),
        // Nothing is begun of which the result would be lost: it may be the only copy of a password.
        answer => writable().map_err(CommandError::no_output).and_then(|()| match answer {
            Ok(arguments) => run(arguments.command),
            // Help, or the version, which goes the way of all data.
            Err(answer) => answer.print().and_then(|()| io::stdout().flush()).map_err(CommandError::Output),
        }),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(command: Command) -> Result<(), CommandError> {
    match command {
        Command::Keystore(command) => commands::keystore::run(command),
        Command::Pki(command) => commands::pki::run(command),
        Command::Completion { shell } => commands::completion::run(shell),
        Command::Man { directory } => commands::man::run(&directory),
        Command::Shell(command) => shell::run(&command),
        command => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map_err(CommandError::no_runtime)?.block_on(run_on_cluster(command))
        }
    }
}

async fn run_on_cluster(command: Command) -> Result<(), CommandError> {
    match command {
        Command::Exec(command) => commands::exec::run(command).await,
        Command::Resolve(command) => commands::resolve::run(command).await,
        Command::ExplainAccess(command) => commands::explain_access::run(command).await,
        Command::Watch(command) => commands::watch::run(command).await,
        Command::Cluster(command) => commands::cluster::run(command).await,
        Command::Login(command) => commands::session::login(command).await,
        Command::Logout(command) => commands::session::logout(command).await,
        Command::Whoami(command) => commands::session::whoami(command).await,
        Command::Shell(_)
        | Command::Keystore(_)
        | Command::Pki(_)
        | Command::Completion { .. }
        | Command::Man { .. } => Ok(()),
    }
}
