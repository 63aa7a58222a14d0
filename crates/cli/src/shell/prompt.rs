//! What stands before a line.

use std::borrow::Cow;

use aliasd_console::printable;
use nu_ansi_term::Color;
use reedline::{PromptEditMode, PromptHistorySearch, PromptHistorySearchStatus};

/// What parts the name from what is typed.
pub(super) const INDICATOR: &str = "> ";

/// Names longer than this would leave too little of a line.
const NAME_CHARACTERS_MAX: usize = 24;

/// The name of the user, so that nobody drops an alias as somebody else.
pub(super) struct Prompt {
    name: String,
}

impl Prompt {
    pub(super) fn new(user: &str) -> Self {
        let shown = printable(user);
        let mut name: String = shown.chars().take(NAME_CHARACTERS_MAX).collect();
        if shown.chars().count() > NAME_CHARACTERS_MAX {
            name.push('…');
        }
        Self { name }
    }
}

impl reedline::Prompt for Prompt {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.name)
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_indicator(&self, _: PromptEditMode) -> Cow<'_, str> {
        Cow::Borrowed(INDICATOR)
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        Cow::Borrowed("...> ")
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        let state = match search.status {
            PromptHistorySearchStatus::Passing => "",
            PromptHistorySearchStatus::Failing => "nothing with ",
        };
        Cow::Owned(format!("({state}search: {}) ", search.term))
    }

    fn get_prompt_color(&self) -> Color {
        Color::Green
    }

    fn get_indicator_color(&self) -> Color {
        Color::Green
    }

    fn get_prompt_multiline_color(&self) -> Color {
        Color::DarkGray
    }
}
