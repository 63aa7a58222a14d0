//! A script cut into its statements.
//!
//! Statements end with a semicolon. One inside `'…'` or `"…"` (where a backslash takes away the meaning of the next
//! letter), inside `` `…` ``, after `//` up to the end of the line, or inside `/* … */` ends nothing. What is
//! never closed goes on to the end of the script, where the cluster will say what is wrong with it.

/// A statement and the line that it begins on, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    pub(crate) line: usize,
    pub(crate) text: &'a str,
}

/// The statements of a script in order, without those that are empty.
pub(crate) fn split(script: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut rest, mut offset) = (script, 0);
    while !rest.is_empty() {
        let (length, after) = statement_length(rest);
        if let Some(begin) = beginning(&rest[..length]) {
            let line = 1 + script[..offset + begin].matches('\n').count();
            pieces.push(Piece { line, text: rest[begin..length].trim_end() });
        }
        rest = &rest[after..];
        offset += after;
    }
    pieces
}

/// How long the first statement is, and where the text after its semicolon begins.
fn statement_length(text: &str) -> (usize, usize) {
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        if letter == ';' {
            return (at, at + 1);
        }
        at += token_length(&text[at..]).unwrap_or(letter.len_utf8());
    }
    (at, at)
}

/// Where the statement begins, after white space and comments; `None` if there is nothing else.
fn beginning(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = &text[at..];
        let letter = rest.chars().next()?;
        if letter.is_whitespace() {
            at += letter.len_utf8();
        } else if rest.starts_with("//") || rest.starts_with("/*") {
            at += token_length(rest)?;
        } else {
            return Some(at);
        }
    }
}

/// The length of the quoted text or comment that begins here; `None` if none does.
fn token_length(text: &str) -> Option<usize> {
    let closed_by = |opening: usize, closing: &str| {
        text[opening..].find(closing).map_or(text.len(), |found| opening + found + closing.len())
    };
    match text.as_bytes() {
        [b'/', b'/', ..] => Some(closed_by(2, "\n")),
        [b'/', b'*', ..] => Some(closed_by(2, "*/")),
        // A doubled backtick closes one name and opens the next, which comes to the same here.
        [b'`', ..] => Some(closed_by(1, "`")),
        [quote @ (b'\'' | b'"'), ..] => {
            let mut escaped = false;
            let end = text.bytes().enumerate().skip(1).find(|(_, byte)| {
                let closes = byte == quote && !escaped;
                escaped = *byte == b'\\' && !escaped;
                closes
            });
            Some(end.map_or(text.len(), |(at, _)| at + 1))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(script: &str) -> Vec<&str> {
        split(script).into_iter().map(|piece| piece.text).collect()
    }

    #[test]
    fn semicolons_separate() {
        assert_eq!(texts("A; B ;\nC"), ["A", "B", "C"]);
        assert_eq!(texts(" ;; \n ; "), [""; 0]);
        assert_eq!(texts(""), [""; 0]);
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
        for script in ["A 'x; B", "A \"x; B", "A `x; B", "A /* x; B", r"A 'x\'; B"] {
            assert_eq!(texts(script), [script]);
        }
    }

    #[test]
    fn comments_alone_are_no_statement() {
        assert_eq!(texts("// nothing;\nA; /* x; */ ; // end"), ["A"]);
    }

    #[test]
    fn lines_are_those_of_the_statement() {
        let lines: Vec<usize> = split("A;\n\n// x\nB\n;C;\n'\n';D").iter().map(|piece| piece.line).collect();
        assert_eq!(lines, [1, 4, 5, 6, 7]);
    }
}
