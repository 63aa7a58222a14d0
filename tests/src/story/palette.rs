//! Colours for a terminal, and none for anything else. Knows no word of the story.

use std::env;
use std::fmt::{self, Display};
use std::io::{IsTerminal as _, stdout};

/// Whether there is colour at all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Palette {
    colour: bool,
}

/// A text in a style.
pub(super) struct Styled<T> {
    text: T,
    /// The parameters of the escape sequence, such as `1;31`. Empty: as it is.
    code: &'static str,
}

// === impl Palette ===

impl Palette {
    /// Colour if standard output is a terminal that can show it and `NO_COLOR` (<https://no-color.org>) is not set.
    pub(super) fn of_standard_output() -> Self {
        let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = env::var_os("TERM").is_some_and(|kind| kind == "dumb");
        Self { colour: stdout().is_terminal() && !set("NO_COLOR") && !dumb }
    }

    /// For output that no person looks at: no colours.
    pub(super) fn plain() -> Self {
        Self { colour: false }
    }

    pub(super) fn heading<T: Display>(self, text: T) -> Styled<T> {
        self.styled(text, "1")
    }

    pub(super) fn actor<T: Display>(self, text: T) -> Styled<T> {
        self.styled(text, "1;36")
    }

    pub(super) fn good<T: Display>(self, text: T) -> Styled<T> {
        self.styled(text, "32")
    }

    pub(super) fn bad<T: Display>(self, text: T) -> Styled<T> {
        self.styled(text, "1;31")
    }

    pub(super) fn aside<T: Display>(self, text: T) -> Styled<T> {
        self.styled(text, "2")
    }

    fn styled<T: Display>(self, text: T, code: &'static str) -> Styled<T> {
        Styled { text, code: if self.colour { code } else { "" } }
    }
}

impl<T: Display> Display for Styled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.code.is_empty() {
            return self.text.fmt(f);
        }
        write!(f, "\x1b[{}m{}\x1b[0m", self.code, self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_nothing_is_added() {
        assert_eq!(Palette::plain().bad("no").to_string(), "no");
        assert_eq!(Palette { colour: true }.bad("no").to_string(), "\x1b[1;31mno\x1b[0m");
    }
}
