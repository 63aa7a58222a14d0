//! What went wrong, how it is shown and which exit code it becomes.
//!
//! A failure holds its cause as a source, and its hint apart from its message. Both are printed here and nowhere else.

use std::error::Error as StdError;
use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use aliasd_client::{BuildError, Class, Failure, UNTRUSTED, error_chain};
use aliasd_keyring::keystore::KeystoreError;
use aliasd_keyring::pki::PkiError;
use aliasd_keyring::text::TextError;

use crate::output::printable;

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum CommandError {
    /// The arguments or the environment are wrong.
    Usage(LocalError),
    /// Something on this machine is in the way, such as a file.
    Local(LocalError),
    /// The cluster refused or could not answer.
    Cluster {
        /// Where in a script, such as `file.cypher:3`.
        place: Option<String>,
        error: Box<Failure>,
    },
    /// A person ended a statement before its answer came.
    Cancelled {
        /// It may have changed something.
        is_write: bool,
    },
    /// Everything about it has been printed already.
    Reported,
    /// The same; some members do not answer, or are no members yet.
    Incomplete,
    /// Standard output cannot be written.
    Output(io::Error),
}

/// What is wrong on this side, without the cluster.
#[derive(Debug)]
pub(crate) struct LocalError {
    error: Box<dyn StdError + Send + Sync>,
    /// What to do about it; empty when the message says it.
    hint: String,
}

/// A message and what caused it.
#[derive(Debug)]
struct Context<E> {
    message: String,
    source: E,
}

/// An error at a place in a script.
#[derive(Debug)]
struct At {
    place: String,
    error: Box<dyn StdError + Send + Sync>,
}

impl CommandError {
    pub(crate) fn usage(error: impl Into<Box<dyn StdError + Send + Sync>>, hint: impl Into<String>) -> Self {
        Self::Usage(LocalError { error: error.into(), hint: hint.into() })
    }

    pub(crate) fn local(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Local(LocalError { error: error.into(), hint: String::new() })
    }

    /// A file that an argument names cannot be read.
    pub(crate) fn unreadable(what: &str, path: &Path, source: io::Error) -> Self {
        Self::usage(Context { message: format!("the {what} {} cannot be read", path.display()), source }, "")
    }

    /// A file that an argument names holds no plain text.
    pub(crate) fn no_text(what: &str, path: &Path, source: TextError) -> Self {
        Self::usage(Context { message: format!("the {what} {} cannot be used", path.display()), source }, source.hint())
    }

    /// The system gives no threads or timers.
    pub(crate) fn no_runtime(source: io::Error) -> Self {
        Self::local_io("the system gives no threads", source)
    }

    /// Something on this machine fails.
    pub(crate) fn local_io(message: impl Into<String>, source: io::Error) -> Self {
        Self::local(Context { message: message.into(), source })
    }

    /// What to do about it; empty when the message says it.
    #[cfg(test)]
    pub(crate) fn hint(&self) -> &str {
        match self {
            Self::Usage(error) | Self::Local(error) => &error.hint,
            Self::Cluster { error, .. } => &error.hint,
            Self::Cancelled { .. } | Self::Reported | Self::Incomplete | Self::Output(_) => "",
        }
    }

    /// The same failure, at a place in a script.
    pub(crate) fn at(self, place: String) -> Self {
        match self {
            Self::Cluster { error, place: None } => Self::Cluster { place: Some(place), error },
            Self::Usage(LocalError { error, hint }) => {
                Self::Usage(LocalError { error: Box::new(At { place, error }), hint })
            }
            other => other,
        }
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            // A reader that has seen enough closes the pipe.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Local(_) | Self::Reported | Self::Output(_) => 1,
            Self::Incomplete => 3,
            // Certificates are settings: another attempt meets the same ones.
            Self::Cluster { error, .. } if error.code == UNTRUSTED => 2,
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
            Self::Usage(LocalError { error, hint }) | Self::Local(LocalError { error, hint }) => {
                let mut text = format!("error: {}\n", error_chain(&**error));
                if !hint.is_empty() {
                    text.push_str(&format!("  hint: {hint}\n"));
                }
                text
            }
            Self::Reported | Self::Incomplete => String::new(),
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

impl<E> fmt::Display for Context<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl<E: StdError + 'static> StdError for Context<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.source)
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.error)
    }
}

impl StdError for At {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error.source()
    }
}

/// Message, code with GQLSTATUS, and hint. A message of several lines, such as one with an excerpt of the
/// statement, is shown as it is.
fn cluster_text(place: Option<&str>, error: &Failure) -> String {
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

impl From<Failure> for CommandError {
    fn from(error: Failure) -> Self {
        Self::Cluster { place: None, error: Box::new(error) }
    }
}

impl From<io::Error> for CommandError {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<BuildError> for CommandError {
    fn from(error: BuildError) -> Self {
        let here = match error {
            BuildError::NoAuthority | BuildError::Authority(_) => {
                "Give the file ca.pem of the cluster with --ca or ALIASD_CA."
            }
            BuildError::Certificate(_)
            | BuildError::CertificateKey
            | BuildError::CertificateKeyEncrypted
            | BuildError::CertificateRefused(_) => "See --cert and --key, or ALIASD_CERT and ALIASD_KEY.",
            BuildError::Plaintext { .. } => "A node with a plaintext listener on this machine needs --allow-plaintext.",
            _ => "See --endpoints, or ALIASD_ENDPOINTS.",
        };
        let hint = error.hint().map_or_else(|| here.to_owned(), |hint| format!("{hint}. {here}"));
        Self::usage(error, hint)
    }
}

impl From<KeystoreError> for CommandError {
    fn from(error: KeystoreError) -> Self {
        let hint = error.hint().unwrap_or_default().to_owned();
        Self::Local(LocalError { error: error.into(), hint })
    }
}

impl From<PkiError> for CommandError {
    fn from(error: PkiError) -> Self {
        let hint = error.hint().unwrap_or_default().to_owned();
        Self::Local(LocalError { error: error.into(), hint })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_its_exit_code() {
        let code = |class| CommandError::from(Failure { class, ..Failure::bug("x") }).exit_code();
        assert_eq!(Class::ALL.map(code), [1, 3, 3, 4, 4]);
        assert_eq!(CommandError::usage("x", "").exit_code(), 2);
        assert_eq!(CommandError::from(io::Error::from(io::ErrorKind::BrokenPipe)).exit_code(), 0);
    }

    #[test]
    fn an_error_says_everything_it_knows() {
        let error = Failure { code: "ALIAS_EXISTS".to_owned(), ..Failure::bug("It exists.\n  CREATE\n  ^") }
            .with_neo4j(&["42001", "42N11"], "Neo.ClientError.X")
            .with_hint("Choose another.\u{7}");
        let text = CommandError::from(error).at("a.cypher:3".to_owned()).text();
        let expected = "error: a.cypher:3: It exists.\n  CREATE\n  ^\n  \
                        code: ALIAS_EXISTS, GQLSTATUS 42001 42N11, Neo.ClientError.X\n  hint: Choose another.\\u{7}\n";
        assert_eq!(text, expected);
    }
}
