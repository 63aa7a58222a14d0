//! Just enough of Rust's grammar to ask which paths a file names: comments and literals are blanked,
//! the rest is cut into words and signs, and `use` trees are spread out.
//!
//! Works on text alone. It never asks what a name resolves to, so a rule built on it should ban the
//! first segment of a path, which has to be written out somewhere in the file.

use std::iter::Peekable;
use std::vec::IntoIter;

/// The code with every comment, string and character literal replaced by blanks; lines stay lines.
pub(crate) fn code(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < characters.len() {
        let end = blank_until(&characters, at);
        if end > at {
            let blanks = characters[at..end].iter();
            out.extend(blanks.map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        } else {
            out.push(characters[at]);
            at += 1;
        }
    }
    out
}

/// Where the comment or literal that starts here ends; `at` itself if none starts here.
fn blank_until(text: &[char], at: usize) -> usize {
    let rest = &text[at..];
    let inside_word = at > 0 && is_word(text[at - 1]);
    match rest {
        ['/', '/', ..] => at + rest.iter().position(|c| *c == '\n').unwrap_or(rest.len()),
        ['/', '*', ..] => at + block_comment(rest),
        ['"', ..] => at + string(rest),
        ['r', '"' | '#', ..] if !inside_word => at + raw_string(&rest[1..]).map_or(0, |n| n + 1),
        ['b', 'r', '"' | '#', ..] if !inside_word => at + raw_string(&rest[2..]).map_or(0, |n| n + 2),
        ['\'', '\\', ..] => {
            let closing = rest[3..].iter().position(|c| *c == '\'');
            at + closing.map_or(rest.len(), |n| n + 4)
        }
        // `'a'` is a character and `'a` a lifetime.
        ['\'', _, '\'', ..] => at + 3,
        _ => at,
    }
}

fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn string(rest: &[char]) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != '"' {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

/// The length of `#…"…"#…`, or `None` if this is a raw identifier (`r#type`).
fn raw_string(rest: &[char]) -> Option<usize> {
    let hashes = rest.iter().take_while(|c| **c == '#').count();
    if rest.get(hashes) != Some(&'"') {
        return None;
    }
    let closes = |at: &usize| {
        let after = rest[at + 1..].iter().take_while(|c| **c == '#').count();
        rest[*at] == '"' && after >= hashes
    };
    let end = (hashes + 1..rest.len()).find(closes);
    Some(end.map_or(rest.len(), |end| end + 1 + hashes))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Words and signs of [`code`], in order; `::` is one sign.
pub(crate) fn tokens(text: &str) -> Vec<String> {
    let code = code(text);
    let mut out = Vec::new();
    let mut rest = code.as_str();
    while let Some(first) = rest.chars().next() {
        let length = if is_word(first) {
            rest.find(|c| !is_word(c)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        if !first.is_whitespace() {
            out.push(rest[..length].to_owned());
        }
        rest = &rest[length..];
    }
    out
}

/// Every path the code names, `use` groups spread out: `use std::{fs, net::*}` gives `std::fs` and
/// `std::net::*`. A single name is a path of one segment.
pub(crate) fn paths(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut tokens = tokens(text).into_iter().peekable();
    while let Some(token) = tokens.next() {
        if token == "use" {
            out.extend(imports(&mut tokens).into_iter().map(|import| import.path));
        } else if token.starts_with(is_word) {
            out.push(path(token, &mut tokens));
        }
    }
    out
}

/// One name that a `use` brings in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Import {
    /// As it is written, groups spread out: `std::io::self`, `std::collections::*`.
    pub(crate) path: String,
    /// What the code calls it from then on; `*` for everything that is there.
    pub(crate) name: String,
}

/// What a `use` brings in whose path comes next.
pub(crate) fn imports(tokens: &mut Peekable<IntoIter<String>>) -> Vec<Import> {
    let mut out = Vec::new();
    // `+ use<'a>` says what an `impl` type captures, and imports nothing.
    if tokens.peek().is_some_and(|next| next == "<") {
        return out;
    }
    use_tree(tokens, "", &mut out);
    out
}

fn use_tree(tokens: &mut Peekable<IntoIter<String>>, prefix: &str, out: &mut Vec<Import>) {
    let mut path = prefix.to_owned();
    let mut name = None;
    while let Some(token) = tokens.next_if(|next| !matches!(next.as_str(), "," | "}" | ";")) {
        match token.as_str() {
            "::" => {}
            "as" => name = tokens.next(),
            "{" => {
                // A semicolon would mean that this is no tree of names; whoever wrote it, reading must end.
                while tokens.peek().is_some_and(|next| !matches!(next.as_str(), "}" | ";")) {
                    use_tree(tokens, &path, out);
                    tokens.next_if(|next| next == ",");
                }
                tokens.next();
                return;
            }
            segment if path.is_empty() => path = segment.to_owned(),
            segment => path = format!("{path}::{segment}"),
        }
    }
    let named = path.strip_suffix("::self").unwrap_or(&path);
    let name = name.unwrap_or_else(|| named.rsplit("::").next().unwrap_or(named).to_owned());
    out.push(Import { path, name });
}

/// The path that starts with this word.
pub(crate) fn path(first: String, tokens: &mut Peekable<IntoIter<String>>) -> String {
    let mut path = first;
    while tokens.next_if(|next| next == "::").is_some() {
        match tokens.next_if(|next| next.starts_with(is_word)) {
            Some(segment) => path = format!("{path}::{segment}"),
            None => break,
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_not_code() {
        let text = "a /* std::fs /* x */ */ b // std::net\n\"std::env \\\" c\" r#\"std::time \" \"# d '\"' e";
        let words = tokens(text);
        assert_eq!(words, ["a", "b", "d", "e"]);
        assert_eq!(tokens("&'a str 'x' b'\\'' r#type"), ["&", "'", "a", "str", "b", "r", "#", "type"]);
        assert_eq!(code("\"\n\"").lines().count(), 2);
    }

    #[test]
    fn what_a_type_captures_is_no_import() {
        let text = "fn f() -> impl Iterator + use<> { let x = 1; } fn g() -> impl A + use<'a, T> { std::env::var(x); }";
        assert!(paths(text).contains(&"std::env::var".to_owned()));
        assert_eq!(paths("use a::{b; c}"), ["a::b", "c"]);
    }

    #[test]
    fn use_groups_are_spread_out() {
        let text = "use std::{fs, io::{self, Read as R}, collections::*}; fn f() { ::std::env::var(x) }";
        let expected =
            ["std::fs", "std::io::self", "std::io::Read", "std::collections::*", "fn", "f", "std::env::var", "x"];
        assert_eq!(paths(text), expected);
    }

    #[test]
    fn an_import_has_the_name_that_the_code_uses() {
        let read = |text: &str| imports(&mut tokens(text).into_iter().peekable());
        let import = |path: &str, name: &str| Import { path: path.to_owned(), name: name.to_owned() };
        assert_eq!(
            read("a::{self, b::C as D, e::*};"),
            [import("a::self", "a"), import("a::b::C", "D"), import("a::e::*", "*")]
        );
        assert_eq!(read("super::f;"), [import("super::f", "f")]);
    }
}
