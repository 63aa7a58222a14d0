//! A text cut into its statements, without parsing them.
//!
//! A statement ends with a semicolon. One inside `'…'` or `"…"` (where a backslash takes away the meaning of the
//! next character), inside `` `…` ``, after `//` up to the end of the line (LF, CR LF or CR), or inside `/* … */` ends nothing. What is
//! never closed goes on to the end of the text, where [`parse`](crate::parse) says what is wrong with it, and [`unclosed`] for a
//! comment behind the last statement, which belongs to none.

use crate::characters::{line_breaks, line_length};
use crate::error::LanguageError;
use crate::lexer::opened_at;

/// Where a statement begins in the text that it was cut from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Bytes before it.
    pub offset: usize,
    /// Its line, counted from 1.
    pub line: usize,
    /// Its column in that line, in characters, counted from 1.
    pub column: usize,
}

/// The statements of a text in order, each with its place. White space and comments before a statement and
/// the semicolon after it are left out, and so is what holds nothing else.
///
/// ```
/// use aliasd_cypher::split_statements;
///
/// let pieces: Vec<_> = split_statements("CREATE ROLE `a;b`;\n// done;\nSHOW ROLES").collect();
/// assert_eq!(pieces[0].0, "CREATE ROLE `a;b`");
/// assert_eq!((pieces[1].0, pieces[1].1.line), ("SHOW ROLES", 3));
/// ```
pub fn split_statements(text: &str) -> impl Iterator<Item = (&str, Position)> {
    Splitter { text, position: Position { offset: 0, line: 1, column: 1 } }
}

/// What is wrong with a text that ends inside of a string, a name in backticks or a comment, looked for from a place (in bytes)
/// that is inside of none. Line and column are those of the opening in the whole text.
///
/// ```
/// let error = aliasd_cypher::unclosed("SHOW ROLES;\n /* DROP ROLE r;", 0).expect("a comment is open");
/// assert_eq!(error.position(), Some((2, 2)));
/// ```
#[must_use]
pub fn unclosed(text: &str, from: usize) -> Option<LanguageError> {
    let mut position = from;
    while let Some(character) = text[position..].chars().next() {
        position += match quoted(&text[position..]) {
            Some((_, false)) => return opened_at(text, position),
            Some((length, true)) => length,
            None => character.len_utf8(),
        };
    }
    None
}

struct Splitter<'a> {
    text: &'a str,
    /// How far the text was cut, and where that is.
    position: Position,
}

// === impl Splitter ===

impl<'a> Iterator for Splitter<'a> {
    type Item = (&'a str, Position);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.skip_blanks();
            let begin = self.position;
            let mut significant = begin.offset;
            let closed = loop {
                let Some(character) = self.rest().chars().next() else { break false };
                if character == ';' {
                    break true;
                }
                let length = quoted(self.rest()).map_or(character.len_utf8(), |(length, _)| length);
                self.advance(length);
                if !character.is_whitespace() {
                    significant = self.position.offset;
                }
            };
            let piece = &self.text[begin.offset..significant];
            if closed {
                self.advance(1);
            }
            if !piece.is_empty() {
                return Some((piece, begin));
            }
            if !closed {
                return None;
            }
        }
    }
}

impl<'a> Splitter<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.position.offset..]
    }

    /// Passes white space and comments.
    fn skip_blanks(&mut self) {
        while let Some(character) = self.rest().chars().next() {
            let comment = self.rest().starts_with("//") || self.rest().starts_with("/*");
            match quoted(self.rest()) {
                Some((length, _)) if comment => self.advance(length),
                None if character.is_whitespace() || character == '\u{feff}' => self.advance(character.len_utf8()),
                _ => return,
            }
        }
    }

    /// Passes so many bytes and keeps count of lines and columns.
    fn advance(&mut self, length: usize) {
        let passed = &self.rest()[..length];
        // Of CR LF the LF ends the line, also where the piece ends between them.
        let after = self.rest()[length..].starts_with('\n');
        let whole = if after { passed.strip_suffix('\r').unwrap_or(passed) } else { passed };
        let (breaks, last_line) = line_breaks(whole);
        let columns = passed[last_line..].chars().count();
        self.position.line += breaks;
        self.position.column = if breaks == 0 { self.position.column + columns } else { columns + 1 };
        self.position.offset += length;
    }
}

/// The length of the quoted text or comment that begins here, and whether it is closed; none if none begins.
fn quoted(text: &str) -> Option<(usize, bool)> {
    let closed_by = |opening: usize, closing: &str| match text[opening..].find(closing) {
        Some(found) => (opening + found + closing.len(), true),
        None => (text.len(), false),
    };
    match text.as_bytes() {
        [b'/', b'/', ..] => Some((line_length(text), true)),
        [b'/', b'*', ..] => Some(closed_by(2, "*/")),
        [b'`', ..] => {
            // A doubled backtick is part of the name.
            let mut length = 1;
            loop {
                let (end, is_closed) = closed_by(length, "`");
                if !text[end..].starts_with('`') {
                    return Some((end, is_closed));
                }
                length = end + 1;
            }
        }
        [quote @ (b'\'' | b'"'), inner @ ..] => {
            let mut escaped = false;
            let end = inner.iter().position(|byte| {
                let closes = byte == quote && !escaped;
                escaped = *byte == b'\\' && !escaped;
                closes
            });
            Some(end.map_or((text.len(), false), |at| (at + 2, true)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{split_statements, unclosed};
    use crate::ErrorCode;

    fn texts(text: &str) -> Vec<&str> {
        split_statements(text).map(|(statement, _)| statement).collect()
    }

    #[test]
    fn semicolons_separate() {
        assert_eq!(texts("A; B ;\nC"), ["A", "B", "C"]);
        assert_eq!(texts(" ;; \n ; "), [""; 0]);
        assert_eq!(texts(""), [""; 0]);
        assert_eq!(texts("\u{feff}A;B"), ["A", "B"]);
    }

    #[test]
    fn quotes_backticks_and_comments_hide_semicolons() {
        for statement in [
            "A 'x;y' B",
            r"A 'x\';y' B",
            r"A 'x\\' B",
            r#"A "x';'\";y" B"#,
            "A `x;``;y` B",
            "A // x; 'y\nB",
            "A // x; 'y\rB",
            "A // x; 'y\r\nB",
            "A /* x; 'y ; */ B",
            "A 'ä;ö' B",
        ] {
            assert_eq!(texts(&format!("{statement};C")), [statement, "C"]);
        }
        // A backslash means nothing inside backticks and comments.
        assert_eq!(texts(r"A `x\`;B"), [r"A `x\`", "B"]);
    }

    #[test]
    fn what_is_never_closed_goes_on_to_the_end() {
        for text in ["A 'x; B", "A \"x; B", "A `x; B", "A /* x; B", r"A 'x\'; B"] {
            assert_eq!(texts(text), [text]);
        }
    }

    #[test]
    fn what_is_never_closed_is_named_with_its_place() {
        for (text, from, place, what) in [
            ("A; /* x; B", 0, (1, 4), "The comment that begins with '/*' is not closed."),
            ("A;\r\n// '\r\n  'x; B", 0, (3, 3), "The string that begins with ' is not closed."),
            ("'é' \"x\\\"; B", 0, (1, 5), "The string that begins with \" is not closed."),
            ("A `x``; B", 0, (1, 3), "The name that begins with a backtick is not closed."),
            ("it's: A;\n/*/", 8, (2, 1), "The comment that begins with '/*' is not closed."),
        ] {
            let error = unclosed(text, from).unwrap_or_else(|| panic!("{text}: all is closed"));
            assert_eq!(
                (error.position(), error.message(), error.code()),
                (Some(place), what, ErrorCode::UnterminatedLiteral)
            );
        }
        for text in ["", "A", "A 'x' `y```; // 'z", "/* ' */ \"\\\"\"", "A // /*\nB"] {
            assert_eq!(unclosed(text, 0), None, "{text}");
        }
        let secret = unclosed("ALTER USER u SET PASSWORD 'geheim", 0).map(|error| error.to_string());
        assert!(secret.is_some_and(|said| !said.contains("geheim")));
    }

    #[test]
    fn comments_alone_are_no_statement() {
        assert_eq!(texts("// nothing;\nA; /* x; */ ; // end"), ["A"]);
        assert_eq!(texts("// nothing;\rA;\r// x\rB"), ["A", "B"]);
    }

    #[test]
    fn places_are_those_of_the_statements() {
        let places = |text| split_statements(text).map(|(_, at)| (at.offset, at.line, at.column)).collect::<Vec<_>>();
        assert_eq!(places("A;\n\n// x\nB\n ;C;\n'\n';D"), [(0, 1, 1), (9, 4, 1), (13, 5, 3), (16, 6, 1), (20, 7, 3)]);
        assert_eq!(places("'äö';  é"), [(0, 1, 1), (9, 1, 8)]);
        assert_eq!(places("A;\rB;\r\nC;\r\r  D"), [(0, 1, 1), (3, 2, 1), (7, 3, 1), (13, 5, 3)]);
    }
}
