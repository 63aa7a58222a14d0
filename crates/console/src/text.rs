//! Texts that somebody chose, as a terminal may show them.

use std::borrow::Cow;

use aliasd_cypher::is_invisible;

/// A text as one line that shows all of it and can do nothing to a terminal: line breaks, other control characters and
/// characters that cannot be seen or that turn the direction of others are spelled out.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unseen) {
        return Cow::Borrowed(text);
    }
    let mut spelled = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        match letter {
            '\n' | '\r' | '\t' => spelled.extend(letter.escape_default()),
            _ if is_unseen(letter) => spelled.extend(letter.escape_unicode()),
            _ => spelled.push(letter),
        }
    }
    Cow::Owned(spelled)
}

/// The same for a text of several lines that are meant as such.
#[must_use]
pub fn printable_lines(text: &str) -> Cow<'_, str> {
    match text.contains(|letter| letter != '\n' && is_unseen(letter)) {
        false => Cow::Borrowed(text),
        true => Cow::Owned(text.split('\n').map(printable).collect::<Vec<_>>().join("\n")),
    }
}

/// True for characters that cannot be seen or that change how others are seen; also for the separators of lines and paragraphs
/// (U+2028, U+2029), at which some terminals begin a line.
#[must_use]
pub fn is_unseen(letter: char) -> bool {
    is_invisible(letter) || matches!(letter, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_safe() {
        assert_eq!(printable("a\u{1b}[31mb\n\tc"), "a\\u{1b}[31mb\\n\\tc");
        // The order of letters is turned by the first, and joined without a trace by the last two; a CSI of one character, and DEL.
        assert_eq!(
            printable("\u{202e}x\u{2066}\u{200b}\u{2028}\u{9b}31m\u{7f}"),
            r"\u{202e}x\u{2066}\u{200b}\u{2028}\u{9b}31m\u{7f}"
        );
        assert_eq!(printable("schön, 漢字 😀"), "schön, 漢字 😀");
        assert_eq!(printable_lines("two\nlines\u{7}"), "two\nlines\\u{7}");
    }
}
