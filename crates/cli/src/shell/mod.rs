//! `aliasctl shell`: statements in an interactive session, or from standard input as a script.
//!
//! # Life of a line
//!
//! 1. The editor reads it; [`highlight`] colours it and [`complete`] offers what may come next. It is a
//!    text of several lines until [`crate::script`] finds it finished. A terminal that cannot move its cursor gets [`plain`]
//!    lines instead.
//! 2. [`history`] keeps it, without the secrets in it.
//! 3. [`crate::script`] cuts it into statements and commands of the shell ([`meta`]); [`session`] runs one after the other up to
//!    the first failure.
//! 4. A statement goes to the cluster as it was typed. Ctrl-C stops the waiting, never the shell.
//!
//! The line editor is a library. This module never judges a statement: what it means is for the cluster to say.

mod complete;
mod highlight;
mod history;
mod meta;
mod plain;
mod prompt;
mod session;

use std::io::{self, IsTerminal};
use std::path::Path;

use reedline::{
    ColumnarMenu, EditCommand, Emacs, KeyCode, KeyModifiers, MenuBuilder, Reedline, ReedlineEvent, ReedlineMenu,
    Signal, ValidationResult, default_emacs_keybindings,
};
use tokio::runtime::{Builder, Runtime};

use crate::arguments::ShellSession;
use crate::command_error::CommandError;
use crate::commands::tell;
use crate::password::read_text;
use crate::script::{Next, is_finished};
use complete::Completer;
use highlight::Highlighter;
use history::History;
use prompt::Prompt;
use session::Session;

const COMPLETION_MENU: &str = "completion";

/// Runs the session to its end.
pub(crate) fn run(command: &ShellSession) -> Result<(), CommandError> {
    // One thread of its own, so that connections live on while a person thinks.
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(CommandError::no_runtime)?;
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        return interact(command, runtime);
    }
    let input = Path::new("-");
    let script = read_text("script", input)?;
    Session::open(command, runtime, false)?.run(&script, Some(input)).map(|_| ())
}

fn interact(command: &ShellSession, runtime: Runtime) -> Result<(), CommandError> {
    let mut session = Session::open(command, runtime, true)?;
    let prompt = Prompt::new(&session.introduce()?);
    if plain::is_dumb() {
        while let Some(text) = plain::read_text(&prompt)? {
            session.forget_interrupts();
            if answer(&mut session, &text)? == Next::Leave {
                break;
            }
        }
        return Ok(());
    }
    let mut editor = editor(&session);
    loop {
        session.forget_interrupts();
        match editor.read_line(&prompt).map_err(CommandError::no_input)? {
            Signal::Success(text) => {
                // A shell that is killed has lost nothing. If the file is gone, the session is still worth having.
                let _ = editor.sync_history();
                if answer(&mut session, &text)? == Next::Leave {
                    return Ok(());
                }
            }
            Signal::CtrlD => return Ok(()),
            _ => {}
        }
    }
}

/// Runs what was typed. A failure is reported, and the session goes on unless nobody sees it any more.
fn answer(session: &mut Session, text: &str) -> Result<Next, CommandError> {
    match session.run(text, None) {
        Err(CommandError::Output(error)) => Err(CommandError::Output(error)),
        Err(failure) => {
            failure.report();
            Ok(Next::GoOn)
        }
        next => next,
    }
}

fn editor(session: &Session) -> Reedline {
    let mut keys = default_emacs_keybindings();
    let tab = [ReedlineEvent::Menu(COMPLETION_MENU.to_owned()), ReedlineEvent::MenuNext];
    keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, ReedlineEvent::UntilFound(tab.into()));
    let new_line = ReedlineEvent::Edit(vec![EditCommand::InsertNewline]);
    keys.add_binding(KeyModifiers::ALT, KeyCode::Enter, new_line);
    let (history, problem) = History::open();
    if let Some(problem) = problem {
        tell(&format!("warning: {problem}"));
    }
    // The prompt stays what it is while there is something to choose from.
    let menu = ColumnarMenu::default().with_name(COMPLETION_MENU).with_marker(prompt::INDICATOR);
    Reedline::create()
        .with_edit_mode(Box::new(Emacs::new(keys)))
        .with_history(Box::new(history))
        .with_validator(Box::new(Validator))
        .with_highlighter(Box::new(Highlighter))
        .with_completer(Box::new(Completer::new(session.known(), session.runtime())))
        .with_menu(ReedlineMenu::EngineCompleter(Box::new(menu)))
        .with_quick_completions(true)
        .with_partial_completions(true)
        // What is pasted is not run line by line.
        .use_bracketed_paste(true)
        .with_ansi_colors(!is_plain())
}

/// `NO_COLOR`, as <https://no-color.org> has it.
fn is_plain() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// Tells the editor when a text goes on in the next line.
struct Validator;

impl reedline::Validator for Validator {
    fn validate(&self, text: &str) -> ValidationResult {
        if is_finished(text) { ValidationResult::Complete } else { ValidationResult::Incomplete }
    }
}
