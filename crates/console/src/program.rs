//! How a daemon's commands end: with what is said on standard error, and an exit code that says where to look.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::arguments::refuse_arguments;
use crate::output::{self, writable};
use crate::text::printable_lines;

/// The exit code where something went wrong that is nobody's setting.
pub const FAILED: u8 = 1;
/// The exit code where the command line or the configuration is wrong.
pub const MISCONFIGURED: u8 = 2;

/// A program that says its name before what goes wrong.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    name: &'static str,
}

impl Program {
    /// The program of that name.
    pub const fn named(name: &'static str) -> Self {
        Self { name }
    }

    /// Says on standard error why the program ends.
    pub fn fail(self, code: u8, message: &dyn Display) -> ExitCode {
        say(&format_args!("{}: {message}", self.name));
        ExitCode::from(code)
    }

    /// Prints what was asked for on standard output. A reader that has seen enough and gone is no failure.
    pub fn print(self, text: &str) -> ExitCode {
        self.printed(output::print(text))
    }

    /// Says what is wrong with the command line, or prints the help or version that it asks for, which goes the way of all data.
    pub fn answer_arguments(self, answer: clap::Error) -> ExitCode {
        if answer.use_stderr() {
            // If standard error is gone there is nobody left to say it to.
            let _ = refuse_arguments(answer);
            return ExitCode::from(MISCONFIGURED);
        }
        self.printed(writable().and_then(|()| answer.print()).and_then(|()| io::stdout().flush()))
    }

    fn printed(self, printed: io::Result<()>) -> ExitCode {
        match printed {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                self.fail(FAILED, &format_args!("the output cannot be written: {error}"))
            }
            _ => ExitCode::SUCCESS,
        }
    }
}

/// Says something on standard error, in lines that can do nothing to a terminal.
pub fn say(text: &dyn Display) {
    // If standard error is gone there is nobody left to say it to.
    let _ = writeln!(io::stderr(), "{}", printable_lines(&text.to_string()));
}
