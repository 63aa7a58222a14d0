//! What went wrong, how it is shown and which exit code it becomes.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use aliasd_client::{BuildError, Class, Error};

use crate::output::printable;

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The arguments or the environment are wrong.
    Usage { message: String, hint: String },
    /// Something on this machine is in the way, such as a file.
    Local { message: String, hint: String },
    /// The cluster refused or could not answer.
    Cluster {
        /// Where in a script, such as `file.cypher:3`.
        place: Option<String>,
        error: Box<Error>,
    },
    /// A person ended a statement before its answer came.
    Cancelled {
        /// It may have changed something.
        is_write: bool,
    },
    /// Somebody was told already.
    Told,
    /// Standard output cannot be written.
    Output(io::Error),
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: hint.into() }
    }

    pub(crate) fn local(message: impl Into<String>) -> Self {
        Self::Local { message: message.into(), hint: String::new() }
    }

    /// A file that an argument names cannot be read.
    pub(crate) fn unreadable(what: &str, path: &Path, error: &io::Error) -> Self {
        Self::usage(format!("the {what} {} cannot be read: {error}", path.display()), "")
    }

    /// The same failure, at a place in a script.
    pub(crate) fn at(self, place: String) -> Self {
        match self {
            Self::Cluster { error, place: None } => Self::Cluster { place: Some(place), error },
            Self::Usage { message, hint } => Self::Usage { message: format!("{place}: {message}"), hint },
            other => other,
        }
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::Usage { .. } => 2,
            // A reader that has seen enough closes the pipe.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Local { .. } | Self::Told | Self::Output(_) => 1,
            // As every call that ended without an answer.
            Self::Cancelled { is_write } => {
                if *is_write {
                    4
                } else {
                    3
                }
            }
            Self::Cluster { error, .. } => match error.class {
                Class::Rejected => 1,
                Class::RetryHere | Class::GoToLeader => 3,
                // A bug of the cluster leaves open whether there was an effect.
                Class::OutcomeUnknown | Class::Bug => 4,
            },
        }
    }

    /// Shows the failure on standard error.
    pub(crate) fn report(&self) -> ExitCode {
        let code = self.exit_code();
        if code != 0 {
            // If standard error is gone there is nobody left to tell.
            let _ = io::stderr().write_all(self.text().as_bytes());
        }
        ExitCode::from(code)
    }

    fn text(&self) -> String {
        match self {
            Self::Usage { message, hint } | Self::Local { message, hint } => {
                let mut text = format!("error: {message}\n");
                if !hint.is_empty() {
                    text.push_str(&format!("  hint: {hint}\n"));
                }
                text
            }
            Self::Told => String::new(),
            // After the ^C that the terminal shows.
            Self::Cancelled { is_write: false } => "\nCancelled.\n".to_owned(),
            Self::Cancelled { is_write: true } => {
                "\nCancelled. Whether the statement takes effect is not known.\n".to_owned()
            }
            Self::Output(error) => format!("error: the output cannot be written: {error}\n"),
            Self::Cluster { place, error } => cluster_text(place.as_deref(), error),
        }
    }
}

/// Message, code with GQLSTATUS, and hint. A message of several lines, such as one with an excerpt of the
/// statement, is shown as it is.
fn cluster_text(place: Option<&str>, error: &Error) -> String {
    let place = place.map(|place| format!("{place}: ")).unwrap_or_default();
    let mut text = format!("error: {place}{}\n", printable(&error.message));
    let mut code = error.code.clone();
    if !error.gqlstatus.is_empty() {
        code.push_str(&format!(", GQLSTATUS {}", error.gqlstatus.join(" ")));
    }
    if !error.neo4j_code.is_empty() {
        code.push_str(&format!(", {}", error.neo4j_code));
    }
    text.push_str(&format!("  code: {}\n", printable(&code)));
    if !error.hint.is_empty() {
        text.push_str(&format!("  hint: {}\n", printable(&error.hint)));
    }
    text
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Cluster { place: None, error: Box::new(error) }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        let hint = match error {
            BuildError::NoAuthority | BuildError::Authority => {
                "Give the file ca.pem of the cluster with --ca or ALIASD_CA."
            }
            BuildError::Certificate { .. } => "See --cert and --key, or ALIASD_CERT and ALIASD_KEY.",
            BuildError::Plaintext { .. } => "A node with a plaintext listener on this machine needs --allow-plaintext.",
            _ => "See --endpoints, or ALIASD_ENDPOINTS.",
        };
        Self::usage(error.to_string(), hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_its_exit_code() {
        let code = |class| Failure::from(Error { class, ..Error::bug("x") }).exit_code();
        assert_eq!(Class::ALL.map(code), [1, 3, 3, 4, 4]);
        assert_eq!(Failure::usage("x", "").exit_code(), 2);
        assert_eq!(Failure::from(io::Error::from(io::ErrorKind::BrokenPipe)).exit_code(), 0);
    }

    #[test]
    fn an_error_says_everything_it_knows() {
        let error = Error { code: "ALIAS_EXISTS".to_owned(), ..Error::bug("It exists.\n  CREATE\n  ^") }
            .with_neo4j(&["42001", "42N11"], "Neo.ClientError.X")
            .with_hint("Choose another.\u{7}");
        let text = Failure::from(error).at("a.cypher:3".to_owned()).text();
        let expected = "error: a.cypher:3: It exists.\n  CREATE\n  ^\n  \
                        code: ALIAS_EXISTS, GQLSTATUS 42001 42N11, Neo.ClientError.X\n  hint: Choose another.\\u{7}\n";
        assert_eq!(text, expected);
    }
}
