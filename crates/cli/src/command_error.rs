//! What went wrong, how it is shown and which exit code it becomes.
//!
//! A failure holds its cause as a source, and its hint apart from its message. Both are printed here and nowhere else.
//!
//! One rule for all commands, and [`EXIT_CODES`] is its table: the code says where to look. What this machine has to put
//! right, before anything was sent, is 2, whether it is an argument, a variable or what stands in a file.

use std::error::Error as StdError;
use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use aliasd_client::{Class, Failure, TextPosition, UNTRUSTED, error_chain};
use aliasd_console::{printable, printable_lines, refuse_arguments};
use aliasd_cypher::ErrorCode;
use aliasd_keyring::keystore::KeystoreError;
use aliasd_keyring::pki::PkiError;
use aliasd_keyring::text::TextError;

/// What the exit codes mean, as `--help` shows it.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  refused: by the cluster, by the language, or because the answer of explain-access is no
  2  to be put right here: arguments, environment, files, certificates, credentials
  3  unavailable: nothing was done, try again
  4  outcome unknown: look before you try again
  5  undelivered: it was done, and what came of it cannot be written; no script goes on";

/// The code of a call that names nobody, where the cluster has users.
const NOBODY: &str = "CREDENTIALS_MISSING";

/// The codes of calls whose proof of who calls is no good: it is given here, and another attempt with it ends alike.
const NO_PROOF: [&str; 9] = [
    NOBODY,
    "CREDENTIALS_INVALID",
    "CREDENTIALS_ENDED",
    "CERTIFICATE_UNMAPPED",
    "CERTIFICATE_EXPIRED",
    "TOKEN_INVALID",
    "TOKEN_EXPIRED",
    "TOKEN_ENDED",
    "AUTHORIZATION_INVALID",
];

/// The code of a cluster that is not formed because members do not answer, or are not empty. Nothing was done.
const MEMBERS_NOT_READY: &str = "INIT_MEMBERS_NOT_READY";

/// What to do where it is not said who calls.
pub(crate) const SAY_WHO: &str =
    "Give --user and a password, --token-file, or --cert and --key; see --help for the environment.";

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum CommandError {
    /// The arguments are wrong, and the library that reads them says how.
    Arguments(clap::Error),
    /// Something on this machine is wrong or in the way: arguments, the environment, a file.
    Local(LocalError),
    /// What was asked for was done, and something on this machine is in the way of what comes of it.
    Undelivered(LocalError),
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
    /// The same; some members do not answer, or are no members yet, or what was asked for goes on. Holds what the exit code would be for each of them alone.
    Incomplete(Vec<u8>),
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
    /// Something to be put right here, with the way out, which is empty when the message says it.
    pub(crate) fn local(error: impl Into<Box<dyn StdError + Send + Sync>>, hint: impl Into<String>) -> Self {
        Self::Local(LocalError { error: error.into(), hint: hint.into() })
    }

    /// The same, of a thing that an error is about.
    pub(crate) fn about(
        message: impl Into<String>,
        source: impl StdError + Send + Sync + 'static,
        hint: impl Into<String>,
    ) -> Self {
        Self::local(Context { message: message.into(), source }, hint)
    }

    /// A file that an argument names cannot be read.
    pub(crate) fn unreadable(what: &str, path: &Path, source: io::Error) -> Self {
        Self::about(format!("the {what} {} cannot be read", path.display()), source, "")
    }

    /// A file that an argument names holds no plain text.
    pub(crate) fn no_text(what: &str, path: &Path, source: TextError) -> Self {
        Self::about(format!("the {what} {} cannot be used", path.display()), source, source.hint())
    }

    /// A file that an argument names, and that holds something by its nature, holds nothing.
    pub(crate) fn empty(what: &str, path: &Path) -> Self {
        let shown = if path == Path::new("-") { "on standard input".to_owned() } else { path.display().to_string() };
        Self::local(format!("the {what} {shown} is empty"), "")
    }

    /// The system gives no threads or timers.
    pub(crate) fn no_runtime(source: io::Error) -> Self {
        Self::about("the system gives no threads", source, "")
    }

    /// Nobody can be asked: the terminal cannot be read.
    pub(crate) fn no_input(source: io::Error) -> Self {
        Self::about("standard input cannot be read", source, "")
    }

    /// What would be printed has nowhere to go, so nothing was begun.
    pub(crate) fn no_output(source: io::Error) -> Self {
        let hint = "Nothing was done. Open standard output for writing; what is printed there may be needed, such as a generated \
                    password.";
        Self::about("standard output cannot be written", source, hint)
    }

    /// The password that would be the only way in could not be printed, so there is nothing yet that it leads into. A reader
    /// that has gone has not seen it.
    pub(crate) fn without_password(self) -> Self {
        match self {
            Self::Output(source) => {
                let hint = "No cluster was formed. Print the password to where there is room for it and somebody to read it, \
                            or give one with --password-file.";
                Self::about("the generated password cannot be printed", source, hint)
            }
            other => other,
        }
    }

    /// What was done leaves something here that cannot be written or removed.
    pub(crate) fn undelivered(message: impl Into<String>, source: io::Error) -> Self {
        Self::Undelivered(LocalError { error: Context { message: message.into(), source }.into(), hint: String::new() })
    }

    /// The same failure, where more was to be done after it: what is not run is never passed over in silence.
    pub(crate) fn with_more_to_run(self) -> Self {
        match self {
            Self::Output(source) => {
                Self::undelivered("what came of this cannot be written, so what follows is not run", source)
            }
            other => other,
        }
    }

    /// The same failure, where the caller knows a better way out.
    pub(crate) fn without_hint(mut self) -> Self {
        if let Self::Cluster { error, .. } = &mut self {
            error.hint.clear();
        }
        self
    }

    /// What to do about it; empty when the message says it.
    #[cfg(test)]
    pub(crate) fn hint(&self) -> &str {
        match self {
            Self::Local(error) | Self::Undelivered(error) => &error.hint,
            Self::Cluster { error, .. } => &error.hint,
            Self::Arguments(_) | Self::Cancelled { .. } | Self::Reported | Self::Incomplete(_) | Self::Output(_) => "",
        }
    }

    /// The same failure, where the statement that it is about begins at `offset` of a script: the place that the language names is
    /// that in the script from then on, by line and column of an offset there. Gives its line, if it names one.
    pub(crate) fn moved(
        mut self,
        offset: usize,
        position: impl Fn(usize) -> Option<(usize, usize)>,
    ) -> (Self, Option<usize>) {
        let Self::Cluster { error, .. } = &mut self else { return (self, None) };
        let line = error.position.and_then(|within| {
            let at = offset.checked_add(usize::try_from(within.offset).ok()?)?;
            let (line, column) = position(at)?;
            let moved = TextPosition { offset: at as u64, line: line as u64, column: column as u64 };
            // The message gives it behind its first sentence, unless that was cut.
            let (first, shown) = (error.message.lines().next().unwrap_or_default(), within.to_string());
            if let Some(begin) = first.rfind(&shown) {
                error.message.replace_range(begin..begin + shown.len(), &moved.to_string());
            }
            error.position = Some(moved);
            Some(line)
        });
        (self, line)
    }

    /// The same failure, at a place in a script.
    pub(crate) fn at(self, place: String) -> Self {
        let at = |LocalError { error, hint }, place| LocalError { error: Box::new(At { place, error }), hint };
        match self {
            Self::Cluster { error, place: None } => Self::Cluster { place: Some(place), error },
            Self::Local(error) => Self::Local(at(error, place)),
            Self::Undelivered(error) => Self::Undelivered(at(error, place)),
            other => other,
        }
    }

    /// By [`EXIT_CODES`].
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            // A reader that has seen enough closes the pipe.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Reported => 1,
            Self::Arguments(_) | Self::Local(_) => 2,
            Self::Output(_) | Self::Undelivered(_) => 5,
            // To wait helps where nothing else is wrong.
            Self::Incomplete(codes) => codes.iter().copied().find(|code| *code != 3).unwrap_or(3),
            // Certificates are settings, and so is who calls: another attempt meets the same ones.
            Self::Cluster { error, .. } if error.code == UNTRUSTED || NO_PROOF.contains(&&*error.code) => 2,
            // Members may be about to start.
            Self::Cluster { error, .. } if error.code == MEMBERS_NOT_READY => 3,
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
    pub(crate) fn report(self) -> ExitCode {
        let code = self.exit_code();
        // If standard error is gone there is nobody left to tell.
        let _ = match self {
            Self::Arguments(error) => refuse_arguments(error),
            _ if code == 0 => Ok(()),
            other => io::stderr().write_all(other.text().as_bytes()),
        };
        ExitCode::from(code)
    }

    fn text(&self) -> String {
        match self {
            Self::Local(LocalError { error, hint }) | Self::Undelivered(LocalError { error, hint }) => {
                let mut text = format!("error: {}\n", printable(&error_chain(&**error)));
                if !hint.is_empty() {
                    text.push_str(&format!("  hint: {}\n", printable(hint)));
                }
                text
            }
            Self::Arguments(_) | Self::Reported | Self::Incomplete(_) => String::new(),
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

/// Whether the language refuses a text.
fn is_about_text(error: &Failure) -> bool {
    ErrorCode::ALL.iter().any(|code| code.as_str() == error.code)
}

/// Message, code with GQLSTATUS, and hint. The language shows an excerpt of the statement below its message; every other message
/// is one line, whatever names it holds.
fn cluster_text(place: Option<&str>, error: &Failure) -> String {
    let message = if is_about_text(error) { printable_lines(&error.message) } else { printable(&error.message) };
    let place = place.map(|place| format!("{}: ", printable(place))).unwrap_or_default();
    let mut text = format!("error: {place}{message}\n");
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
    fn from(mut error: Failure) -> Self {
        if error.code == NOBODY {
            error.hint = SAY_WHO.to_owned();
        }
        if error.class == Class::OutcomeUnknown {
            // What is said to programs is about request ids, which nobody gives here.
            error.hint = "Look whether it took effect before you run it again.".to_owned();
        }
        Self::Cluster { place: None, error: Box::new(error) }
    }
}

impl From<KeystoreError> for CommandError {
    fn from(error: KeystoreError) -> Self {
        let hint = error.hint().unwrap_or_default();
        Self::local(error, hint)
    }
}

impl From<PkiError> for CommandError {
    fn from(error: PkiError) -> Self {
        let hint = error.hint().unwrap_or_default();
        Self::local(error, hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_its_exit_code() {
        let code = |class| CommandError::from(Failure { class, ..Failure::bug("x") }).exit_code();
        assert_eq!(Class::ALL.map(code), [1, 3, 3, 4, 4]);
        let nobody = Failure { code: NOBODY.to_owned(), ..Failure::bug("x") };
        assert_eq!(CommandError::from(nobody).exit_code(), 2);
        assert_eq!(CommandError::local("x", "").exit_code(), 2);
        let output = |kind: io::ErrorKind| CommandError::Output(kind.into());
        assert_eq!(output(io::ErrorKind::StorageFull).exit_code(), 5);
        assert_eq!(output(io::ErrorKind::BrokenPipe).exit_code(), 0);
        assert_eq!(output(io::ErrorKind::BrokenPipe).with_more_to_run().exit_code(), 5);
        let incomplete = |codes: &[u8]| CommandError::Incomplete(codes.to_vec()).exit_code();
        assert_eq!([incomplete(&[]), incomplete(&[3, 3]), incomplete(&[3, 1, 2])], [3, 3, 1]);
        for code in 0..=5 {
            assert!(EXIT_CODES.contains(&format!("\n  {code}  ")), "{code} is not in the table");
        }
    }

    #[test]
    fn whoever_has_to_put_something_right_is_told_by_the_code() {
        let code = |code: &str| {
            CommandError::from(Failure { code: code.to_owned(), class: Class::Rejected, ..Failure::bug("x") })
                .exit_code()
        };
        for proof in NO_PROOF {
            assert_eq!(code(proof), 2, "{proof}");
        }
        assert_eq!([code(MEMBERS_NOT_READY), code("PERMISSION_DENIED"), code("SYNTAX_ERROR")], [3, 1, 1]);
    }

    /// A name that somebody chose cannot write lines of its own into what is said.
    #[test]
    fn a_message_is_one_line_unless_the_language_shows_the_statement() {
        let said = |code: &str| {
            let error = Failure { code: code.to_owned(), ..Failure::bug("'x\n  code: FINE' exists.") };
            CommandError::from(error).text().lines().count()
        };
        assert_eq!([said("ALIAS_EXISTS"), said("SYNTAX_ERROR")], [2, 3]);
    }

    #[test]
    fn an_error_says_everything_it_knows() {
        let error = Failure { code: "SYNTAX_ERROR".to_owned(), ..Failure::bug("It is wrong.\n  CREATE\n  ^") }
            .with_neo4j(&["42001", "42N11"], "Neo.ClientError.X")
            .with_hint("Choose another.\u{7}");
        let text = CommandError::from(error).at("a.cypher:3".to_owned()).text();
        let expected = "error: a.cypher:3: It is wrong.\n  CREATE\n  ^\n  \
                        code: SYNTAX_ERROR, GQLSTATUS 42001 42N11, Neo.ClientError.X\n  hint: Choose another.\\u{7}\n";
        assert_eq!(text, expected);
    }
}
