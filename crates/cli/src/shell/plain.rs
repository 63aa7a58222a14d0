//! Lines from a terminal that cannot move its cursor, `TERM=dumb`: an editor's buffer, a log of a build. No escape sequence
//! is ever written to it; it edits its lines itself.

use std::io::{self, BufRead};

use reedline::{Prompt as _, PromptEditMode};

use super::prompt::Prompt;
use crate::command_error::CommandError;
use crate::commands::{print, tell};
use crate::script::is_finished;

/// True if the terminal says so.
pub(super) fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// A text of as many lines as it takes; none at the end of the input.
pub(super) fn read_text(prompt: &Prompt) -> Result<Option<String>, CommandError> {
    print(&format!("{}{}", prompt.render_prompt_left(), prompt.render_prompt_indicator(PromptEditMode::Emacs)))?;
    let mut text = String::new();
    loop {
        if io::stdin().lock().read_line(&mut text).map_err(CommandError::no_input)? == 0 {
            if !text.trim().is_empty() {
                tell("What was begun is not run: it ends without a semicolon.");
            }
            return Ok(None);
        }
        if is_finished(&text) {
            return Ok(Some(text));
        }
        print(&prompt.render_prompt_multiline_indicator())?;
    }
}
