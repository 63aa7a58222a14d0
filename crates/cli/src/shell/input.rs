//! What was typed, or stands in a file, cut into statements and commands of the shell.
//!
//! A command of the shell is one line that begins with a colon where a statement could begin. Where a statement
//! ends, the language decides.

use aliasd_cypher::split_statements;

/// Words that a person types who looks for a way out; at the begin of a statement they mean nothing else.
const BARE_COMMANDS: [&str; 3] = ["exit", "help", "quit"];

/// A statement or a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item<'a> {
    /// Its line, counted from 1.
    pub(super) line: usize,
    /// Where it begins, in bytes.
    pub(super) offset: usize,
    pub(super) text: Text<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text<'a> {
    /// Without the semicolon.
    Statement {
        text: &'a str,
        /// There was a semicolon.
        is_closed: bool,
    },
    /// Without the colon.
    Command(&'a str),
}

/// The items of a text in order.
pub(super) fn items(text: &str) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    let (mut offset, mut line) = (0, 1);
    while let Some((piece, place)) = split_statements(&text[offset..]).next() {
        line += place.line - 1;
        let begin = offset + place.offset;
        let first_line = piece.split('\n').next().unwrap_or_default().trim_end();
        let (item, length) = match first_line.strip_prefix(':') {
            Some(_) => {
                // A colon begins no statement, so the whole line is meant, semicolons included.
                let whole = text[begin..].split('\n').next().unwrap_or_default();
                (Text::Command(whole[1..].trim().trim_end_matches(';').trim_end()), whole.len())
            }
            None if BARE_COMMANDS.iter().any(|bare| piece.eq_ignore_ascii_case(bare)) => {
                (Text::Command(piece), closed_length(&text[begin..], piece).1)
            }
            None => {
                let (is_closed, length) = closed_length(&text[begin..], piece);
                (Text::Statement { text: piece, is_closed }, length)
            }
        };
        items.push(Item { line, offset: begin, text: item });
        line += text[begin..begin + length].matches('\n').count();
        offset = begin + length;
    }
    items
}

/// True if nothing is left open: no statement without its semicolon, no comment.
pub(super) fn is_finished(text: &str) -> bool {
    let items = items(text);
    let open = items.iter().any(|item| matches!(item.text, Text::Statement { is_closed: false, .. }));
    !open && (!items.is_empty() || !ends_in_comment(text))
}

/// Whether a semicolon follows the piece, and how long they are together.
fn closed_length(text: &str, piece: &str) -> (bool, usize) {
    let after = &text[piece.len()..];
    let blank = after.len() - after.trim_start().len();
    match after[blank..].strip_prefix(';') {
        Some(_) => (true, piece.len() + blank + 1),
        None => (false, piece.len()),
    }
}

/// For a text of comments only: the last of them is not closed.
fn ends_in_comment(text: &str) -> bool {
    let mut rest = text.trim_start();
    loop {
        if let Some(comment) = rest.strip_prefix("/*") {
            let Some(end) = comment.find("*/") else { return true };
            rest = comment[end + 2..].trim_start();
        } else if rest.starts_with("//") {
            rest = rest.split_once('\n').map_or("", |(_, after)| after.trim_start());
        } else {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let show = |item: Item<'_>| match item.text {
            Text::Command(command) => format!("{}:{command}", item.line),
            Text::Statement { text, is_closed } => format!("{} {text}{}", item.line, if is_closed { ";" } else { "" }),
        };
        items(text).into_iter().map(show).collect()
    }

    #[test]
    fn statements_and_commands_take_turns() {
        let text = "// first\n:param x => 'a;b'\nSHOW\n  ROLES ;\n\n:exit;\nA; B";
        assert_eq!(shown(text), ["2:param x => 'a;b'", "3 SHOW\n  ROLES;", "6:exit", "7 A;", "7 B"]);
        assert_eq!(shown("A; :clear"), ["1 A;", "1:clear"]);
        assert_eq!(shown("A\n:clear;"), ["1 A\n:clear;"]);
        assert_eq!(shown("quit"), ["1:quit"]);
        assert_eq!(shown("Exit;"), ["1:Exit"]);
        assert_eq!(shown(";\n ;"), [""; 0]);
    }

    #[test]
    fn what_is_open_goes_on() {
        for open in ["SHOW ROLES", "A 'x;", "A `x;", "A /* ;", "/* x", "A; B", "A // ;", "// x\n/* y"] {
            assert!(!is_finished(open), "{open}");
        }
        for closed in ["", " \n", "A;", "A; // x", ":param x", "exit", "A;\nB;", "// x", "/* x */", "A; /* x"] {
            assert!(is_finished(closed), "{closed}");
        }
    }
}
