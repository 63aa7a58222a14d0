//! The commands, one module each.

pub(crate) mod answer;
pub(crate) mod cluster;
pub(crate) mod completion;
pub(crate) mod exec;
pub(crate) mod explain_access;
pub(crate) mod keystore;
pub(crate) mod man;
pub(crate) mod members;
pub(crate) mod pki;
pub(crate) mod resolve;
pub(crate) mod session;
mod status;
pub(crate) mod watch;

use std::io::{self, Write};

use aliasd_console::printable_lines;

use crate::command_error::CommandError;

/// Writes data to standard output at once, so that a reader of the pipe sees it.
pub(crate) fn print(text: &str) -> Result<(), CommandError> {
    aliasd_console::print(text).map_err(CommandError::Output)
}

/// The same, for what the exit code says as well: a reader that closes the pipe early does not change that.
fn print_beside_exit_code(text: &str) -> Result<(), CommandError> {
    match print(text) {
        Err(failure) if failure.exit_code() == 0 => Ok(()),
        printed => printed,
    }
}

/// Tells a person something that is no data, in lines that can do nothing to a terminal.
pub(crate) fn tell(text: &str) {
    // If standard error is gone there is nobody left to tell.
    let _ = writeln!(io::stderr(), "{}", printable_lines(text));
}

/// Whether something is so, in a word.
fn yes_or_no(truth: bool) -> String {
    if truth { "yes" } else { "no" }.to_owned()
}
