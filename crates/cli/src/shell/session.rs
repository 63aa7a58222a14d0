//! What a session remembers, and what happens to a statement or command in it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aliasd_client::{Class, Client, Failure, Freshness, REQUEST_ID_LENGTH, Secret, Statement, Value};
use aliasd_console::printable;
use aliasd_cypher::ast::{Body, Operand, UserStatement};
use aliasd_cypher::{PieceKind, parse, pieces};
use tokio::runtime::{Handle, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;

use super::complete::Known;
use super::meta::{self, Meta};
use super::plain;
use crate::arguments::ShellSession;
use crate::command_error::CommandError;
use crate::commands::answer::Printer;
use crate::commands::{print, tell};
use crate::connection::{Connection, secret};
use crate::output::rows;
use crate::parameter;
use crate::password::{self, read_text};
use crate::script::{self, Next, Order, Parameters, Text, items};

/// Files that may name each other.
const SOURCE_DEPTH_MAX: usize = 16;

/// What to do about a write of which nobody knows whether it took effect.
const RETRY: &str = ":retry sends it again. It carries the same request id, so it takes effect once, and the answer says what \
    became of it.";

/// Refusals after which the password has to be given again.
const LOGIN_REFUSALS: [&str; 4] = ["CREDENTIALS_INVALID", "TOKEN_ENDED", "TOKEN_EXPIRED", "TOKEN_INVALID"];

/// A session: who, with which parameters, printing how.
pub(super) struct Session {
    runtime: Runtime,
    connection: Connection,
    /// The user, if a password proves it.
    login: Option<String>,
    known: Arc<Mutex<Known>>,
    parameters: Parameters,
    printer: Printer,
    freshness: Freshness,
    is_timed: bool,
    /// Ctrl-C, if there is a person: then statements can be cancelled and questions asked.
    interrupts: Option<Signal>,
    /// A write of which nobody knows whether it took effect.
    in_doubt: Option<Statement>,
    source_depth: usize,
}

impl Session {
    /// Connects to nothing yet; asks for the password if need be.
    pub(super) fn open(command: &ShellSession, runtime: Runtime, is_interactive: bool) -> Result<Self, CommandError> {
        let parameters = Parameters::new(parameter::collect(&command.parameters)?);
        let (client, login) = {
            // The client starts its background work where it is made.
            let _inside = runtime.enter();
            command.connection.session()?
        };
        let interrupts = if is_interactive {
            let _inside = runtime.enter();
            let heard = signal(SignalKind::interrupt());
            Some(heard.map_err(|error| CommandError::about("the system gives no signals", error, ""))?)
        } else {
            None
        };
        let session = Self {
            runtime,
            connection: command.connection.clone(),
            login,
            known: Arc::new(Mutex::new(Known::new(client))),
            parameters,
            printer: if is_interactive { Printer::without_gaps(command.format) } else { Printer::new(command.format) },
            freshness: command.freshness,
            is_timed: is_interactive,
            interrupts,
            in_doubt: None,
            source_depth: 0,
        };
        session.share_parameters();
        Ok(session)
    }

    pub(super) fn known(&self) -> Arc<Mutex<Known>> {
        Arc::clone(&self.known)
    }

    pub(super) fn runtime(&self) -> Handle {
        self.runtime.handle().clone()
    }

    /// Who the cluster takes the caller for; and tells what has to be done first.
    pub(super) fn introduce(&self) -> Result<String, CommandError> {
        let client = self.client();
        let answer = self.runtime.block_on(async { client.who_am_i().await })?;
        tell(&format!("Connected as {}. :help explains, :exit leaves.", printable(&answer.user)));
        if answer.password_change_required {
            tell(
                "The password has to be changed before anything else:\n  \
                 :param old\n  :param new\n  ALTER CURRENT USER SET PASSWORD FROM $old TO $new;",
            );
        }
        Ok(answer.user)
    }

    /// Forgets a Ctrl-C that came when nothing was left to cancel. One after this cancels the next statement, however
    /// early it comes.
    pub(super) fn forget_interrupts(&mut self) {
        let Self { runtime, interrupts: Some(interrupts), .. } = self else { return };
        // The time is over at once, so an error says that there was none.
        let _ = runtime.block_on(async { timeout(Duration::ZERO, interrupts.recv()).await });
    }

    /// Runs everything in a text, up to the first failure. `file` is where it comes from, for messages.
    pub(super) fn run(&mut self, text: &str, file: Option<&Path>) -> Result<Next, CommandError> {
        let items = items(text);
        for (number, item) in items.iter().enumerate() {
            let result = match item.text {
                Text::Statement { text, .. } => self.statement(text).map(|()| Next::GoOn),
                Text::Command(command) => self.command(command),
                Text::Unclosed(_) => Err(script::refuse_unclosed(text, item)),
            };
            if result.map_err(|failure| script::at(failure, file, text, &items[number..]))? == Next::Leave {
                return Ok(Next::Leave);
            }
        }
        Ok(Next::GoOn)
    }

    fn command(&mut self, text: &str) -> Result<Next, CommandError> {
        match Meta::read(text)? {
            Meta::Help(about) => print(&meta::help(about)?)?,
            Meta::Param(order) => self.param(order)?,
            Meta::Params => self.show_parameters()?,
            Meta::Use(name) => script::choose_database(name)?,
            Meta::Source(path) => return self.source(Path::new(path)),
            Meta::Format(format) => self.printer.format = format,
            Meta::Timing(is_timed) => self.is_timed = is_timed,
            Meta::Retry => self.retry()?,
            // The escape sequences of ECMA-48: cursor to the top left, then erase the screen.
            Meta::Clear if self.interrupts.is_some() && !plain::is_dumb() => print("\u{1b}[H\u{1b}[2J")?,
            Meta::Clear => {}
            Meta::Exit => return Ok(Next::Leave),
        }
        Ok(Next::GoOn)
    }

    fn param(&mut self, order: &str) -> Result<(), CommandError> {
        match Order::read(order)? {
            Order::Show => self.show_parameters()?,
            Order::Clear => self.parameters.clear(),
            Order::Ask(name) => {
                let asked = self.parameters.ask(name);
                self.answered(asked)?;
            }
            Order::Set(name, value) => {
                refuse_cover(value)?;
                self.parameters.set(name, value)?;
            }
            Order::SetAll(map) => self.parameters.set_all(map)?,
        }
        self.share_parameters();
        Ok(())
    }

    fn show_parameters(&self) -> Result<(), CommandError> {
        let shown = self.parameters.shown();
        if shown.is_empty() {
            tell("There are no parameters.");
            return Ok(());
        }
        print(&rows(&["parameter", "value"], &shown))
    }

    fn source(&mut self, path: &Path) -> Result<Next, CommandError> {
        if self.source_depth >= SOURCE_DEPTH_MAX {
            let message = format!("{} is not run: {SOURCE_DEPTH_MAX} files name each other", path.display());
            return Err(CommandError::local(message, "Does a file name itself?"));
        }
        let path: PathBuf = path.to_owned();
        let script = read_text("script", &path)?;
        self.source_depth += 1;
        let result = self.run(&script, Some(&path));
        self.source_depth -= 1;
        result
    }

    fn statement(&mut self, text: &str) -> Result<(), CommandError> {
        refuse_cover(text)?;
        let mut id = [0; REQUEST_ID_LENGTH];
        getrandom::fill(&mut id).map_err(|error| CommandError::about("the system gives no random bytes", error, ""))?;
        let mut statement =
            Statement::new(text).parameters(self.parameters.used_by(text)).freshness(self.freshness).request_id(id);
        // For :retry, which may come long after.
        let seen = self.client().seen();
        if seen > 0 {
            statement = statement.first_sent_after(seen);
        }
        self.send(statement)?;
        self.follow_password(text)
    }

    /// Sends a statement, and keeps it if its outcome stays unknown.
    fn send(&mut self, statement: Statement) -> Result<(), CommandError> {
        let is_write = !statement.is_listing();
        let result = self.exchange(statement.clone(), is_write);
        if is_write {
            self.known_now().forget();
        }
        match result {
            Err(failure) if is_write && self.interrupts.is_some() && leaves_doubt(&failure) => {
                self.in_doubt = Some(statement);
                failure.without_hint().report();
                tell(&format!("  hint: {RETRY}"));
                Err(CommandError::Reported)
            }
            Err(CommandError::Cluster { error, .. }) if self.must_log_in(&error) => {
                self.log_in_again(&error)?;
                Err(CommandError::Reported)
            }
            other => other,
        }
    }

    /// Sends the statement in doubt again. The doubt ends with an answer that is about this very request.
    fn retry(&mut self) -> Result<(), CommandError> {
        let Some(statement) = self.in_doubt.clone() else {
            return Err(CommandError::local("there is no statement whose outcome is unknown", ""));
        };
        let result = self.send(statement);
        let is_known = match &result {
            Ok(()) => true,
            Err(CommandError::Cluster { error, .. }) => error.class == Class::Rejected,
            Err(_) => false,
        };
        if is_known {
            self.in_doubt = None;
        }
        result
    }

    /// Waits for the answer, or for Ctrl-C if there is a person.
    fn exchange(&mut self, statement: Statement, is_write: bool) -> Result<(), CommandError> {
        let client = self.client();
        let Self { runtime, printer, is_timed, interrupts, .. } = self;
        let begin = Instant::now();
        runtime.block_on(async {
            let cancelled = async {
                match interrupts {
                    Some(interrupts) => drop(interrupts.recv().await),
                    None => std::future::pending().await,
                }
            };
            let answered = async {
                let execution = client.execute(statement).await?;
                printer.show(execution, is_timed.then_some(begin)).await
            };
            tokio::select! {
                biased;
                () = cancelled => Err(CommandError::Cancelled { is_write }),
                result = answered => result,
            }
        })
    }

    /// After a user has changed its password the session goes on with the new one.
    fn follow_password(&self, text: &str) -> Result<(), CommandError> {
        let Some(user) = &self.login else { return Ok(()) };
        let Ok(statement) = parse(text) else { return Ok(()) };
        let Body::User(UserStatement::ChangePassword(change)) = statement.body.value else { return Ok(()) };
        let password = match &change.to.value {
            Operand::Literal(password) => Secret::from(password.expose()),
            Operand::Parameter(name) => match self.parameters.values().get(name) {
                Some(Value::String(password)) => Secret::from(password.as_str()),
                _ => return Ok(()),
            },
        };
        self.become_client(user, password)
    }

    fn must_log_in(&self, error: &Failure) -> bool {
        self.interrupts.is_some() && self.login.is_some() && LOGIN_REFUSALS.contains(&error.code.as_str())
    }

    /// The password was changed elsewhere.
    fn log_in_again(&mut self, error: &Failure) -> Result<(), CommandError> {
        let Some(user) = self.login.clone() else { return Ok(()) };
        CommandError::from(error.clone()).report();
        let asked = password::ask(&format!("Password of {user}"), false);
        if let Some(password) = self.answered(asked)? {
            self.become_client(&user, secret(password))?;
            tell("Run the statement again.");
        }
        Ok(())
    }

    /// Ctrl-C at a question is a signal too. It has been heeded, so it must not cancel the next statement.
    fn answered<T>(&mut self, answer: Result<T, CommandError>) -> Result<T, CommandError> {
        if let (Err(CommandError::Cancelled { .. }), Some(interrupts)) = (&answer, &mut self.interrupts) {
            let _ = self.runtime.block_on(interrupts.recv());
        }
        answer
    }

    fn become_client(&self, user: &str, password: Secret) -> Result<(), CommandError> {
        let _inside = self.runtime.enter();
        let client = self.connection.with_password(user, password)?;
        self.known_now().client = client;
        Ok(())
    }

    fn client(&self) -> Client {
        self.known_now().client.clone()
    }

    /// Completion gives the names of parameters.
    fn share_parameters(&self) {
        self.known_now().parameters = self.parameters.values().keys().cloned().collect();
    }

    fn known_now(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// True if nobody knows whether the statement took effect.
fn leaves_doubt(failure: &CommandError) -> bool {
    match failure {
        CommandError::Cancelled { is_write } => *is_write,
        CommandError::Cluster { error, .. } => matches!(error.class, Class::OutcomeUnknown | Class::Bug),
        _ => false,
    }
}

/// Refuses six asterisks as a text: they stand for a secret that the history did not keep.
fn refuse_cover(text: &str) -> Result<(), CommandError> {
    let is_cover = |word: &str| word.trim_matches(['\'', '"']) == "******";
    let covered =
        pieces(text).into_iter().any(|(span, kind)| kind == PieceKind::String && is_cover(&text[span.start..span.end]));
    if !covered {
        return Ok(());
    }
    let hint = "The history keeps no secrets. Type it again, or use a parameter: `:param password` asks for it.";
    Err(CommandError::local("'******' stands for a secret that is not known any more", hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_covered_secret_is_not_sent() {
        assert!(refuse_cover("ALTER USER u SET PASSWORD '******'").is_err());
        assert!(refuse_cover("ALTER USER u SET PASSWORD \"******\"").is_err());
        assert!(refuse_cover("ALTER USER u SET PASSWORD '*******' // '******'").is_ok());
    }

    #[test]
    fn only_writes_leave_doubt() {
        assert!(leaves_doubt(&CommandError::Cancelled { is_write: true }));
        assert!(!leaves_doubt(&CommandError::Cancelled { is_write: false }));
        assert!(leaves_doubt(&CommandError::from(Failure::outcome_unknown("OUTCOME_UNKNOWN", "x"))));
        assert!(!leaves_doubt(&CommandError::from(Failure::retry_here("NO_LEADER", "x"))));
    }
}
