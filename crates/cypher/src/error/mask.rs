//! Finds what may be a secret in the text of a statement, valid or not.
//!
//! An error is shown for text that was *not* understood: a password may stand where the grammar does
//! not expect one, without its quotes, or after a misspelt `PASSWORD`. So this scanner knows nothing
//! of the grammar and errs on the side of covering too much:
//!
//! * every string literal and comment is covered, unless the statement is a `SHOW` without a word that
//!   resembles `PASSWORD`, or the string stands in `duration('…')` and is made of numbers and units: whoever mistyped
//!   one has to see it;
//! * after a word that resembles `PASSWORD`, anything that is neither a string, a parameter nor one of
//!   a few keywords that may follow it covers the whole rest of the text.

use crate::characters::{is_name_continue, is_name_start, line_length};
use crate::span::Span;
use crate::suggest::nearest;

/// What a covered secret looks like.
pub(crate) const COVER: &str = "'******'";

/// Words that may follow `PASSWORD` without being one.
const FOLLOWERS: [&str; 8] = ["CHANGE", "FROM", "TO", "ON", "SET", "MANAGEMENT", "IS", "AS"];

/// What numbers in a duration may be followed by, besides single letters: in lower case, and without the `s` of several.
const UNITS: [&str; 10] = ["m", "sec", "second", "min", "minute", "hour", "day", "week", "month", "year"];

/// The parts of `source` that must not be shown, in order, not overlapping.
pub(crate) fn secret_spans(source: &str) -> Vec<Span> {
    let mut scanner =
        Scanner { source, position: 0, spans: Vec::new(), shows: false, suspicious: false, announced: false, times: 0 };
    scanner.scan();
    if scanner.shows && !scanner.suspicious { Vec::new() } else { scanner.spans }
}

/// What is shown in place of a covered part: a comment in place of a comment, so that no string seems to stand there.
pub(crate) fn cover_of(source: &str, span: Span) -> &'static str {
    match source.get(span.start..span.end) {
        Some(comment) if comment.starts_with("//") => "// ******",
        Some(comment) if comment.starts_with("/*") && comment.ends_with("*/") => "/* ****** */",
        Some(comment) if comment.starts_with("/*") => "/* ******",
        _ => COVER,
    }
}

/// True if text at `span` may be a secret and must not be quoted in a message.
pub(crate) fn is_secret(source: &str, span: Span) -> bool {
    secret_spans(source).iter().any(|secret| secret.start < span.end && span.start < secret.end)
}

struct Scanner<'a> {
    source: &'a str,
    position: usize,
    spans: Vec<Span>,
    /// The first word is SHOW: such a statement has no place for a password.
    shows: bool,
    /// There may be a password all the same.
    suspicious: bool,
    /// The last word resembled `PASSWORD`: what comes next may be a secret.
    announced: bool,
    /// How much of `duration(` comes right before.
    times: u8,
}

impl Scanner<'_> {
    fn scan(&mut self) {
        let mut first_word = true;
        // Inside `PASSWORD FROM … TO …`, where TO announces a secret too.
        let mut changing = false;
        while let Some(first) = self.source[self.position..].chars().next() {
            let start = self.position;
            let rest = &self.source[start..];
            if first.is_whitespace() {
                self.position += first.len_utf8();
                continue;
            }
            if rest.starts_with("//") || rest.starts_with("/*") {
                self.skip_comment(start);
                continue;
            }
            let times = std::mem::take(&mut self.times);
            if matches!(first, '\'' | '"') {
                if !self.skip_string(start, first, times == 2) {
                    return;
                }
            } else if self.announced && first != '$' && !is_name_start(first) {
                if !matches!(first, ',' | ';' | ':' | '}' | '{' | ')' | '=' | '.') {
                    return self.cover_rest(start);
                }
                // A symbol announces on: `{password: secret}`.
                self.position += first.len_utf8();
            } else if first == '`' {
                let Some(length) = rest[1..].find('`') else { return self.cover_rest(start) };
                self.position += length + 2;
            } else if first == '$' {
                self.position += 1;
                self.skip_name();
                self.announced = false;
            } else if is_name_start(first) {
                self.skip_name();
                let word = &self.source[start..self.position];
                self.times = u8::from(is_any(word, &["duration"]));
                if self.announced && !is_any(word, &FOLLOWERS) {
                    return self.cover_rest(start);
                }
                changing |= self.announced && is_any(word, &["FROM"]);
                let introduces = is_any(word, &["FROM", "TO", "IS", "AS"]);
                self.announced = is_like_password(word) || introduces && (self.announced || changing);
                let shows = is_any(word, &["SHOW"]);
                let prefix = is_any(word, &["CYPHER"]);
                self.suspicious |= self.announced || first_word && !shows && !prefix;
                self.shows |= first_word && shows;
                first_word &= prefix;
            } else {
                first_word |= first == ';';
                self.times = if first == '(' && times == 1 { 2 } else { 0 };
                self.position += first.len_utf8();
            }
        }
    }

    fn cover_rest(&mut self, start: usize) {
        self.suspicious = true;
        self.spans.push(Span::new(start, self.source.len()));
        self.position = self.source.len();
    }

    fn skip_name(&mut self) {
        let rest = &self.source[self.position..];
        self.position += rest.find(|character| !is_name_continue(character)).unwrap_or(rest.len());
    }

    fn skip_comment(&mut self, start: usize) {
        let rest = &self.source[start..];
        let length = match rest.starts_with("//") {
            true => Some(line_length(rest)),
            false => rest.get(2..).and_then(|inner| inner.find("*/")).map(|at| at + 4),
        };
        self.position += length.unwrap_or(rest.len());
        self.suspicious |= mentions_password(&self.source[start..self.position]);
        self.spans.push(Span::new(start, self.position));
    }

    /// Covers a string literal, unless it stands in `duration(…)` and has the looks of one. Returns false if it covered the
    /// rest of the text, because the quotes look as if they do not enclose what they were meant to enclose.
    fn skip_string(&mut self, quote_at: usize, quote: char, is_duration: bool) -> bool {
        // A word right before the quote is perhaps the beginning of a password that holds a quote.
        let before = &self.source[..quote_at];
        let start = before.trim_end_matches(is_name_continue).len();
        self.position += 1;
        let mut end = None;
        while let Some(at) = self.source[self.position..].find([quote, '\\']) {
            self.position += at + 1;
            if self.source[..self.position].ends_with(quote) {
                end = Some(self.position);
                break;
            }
            self.position += self.source[self.position..].chars().next().map_or(0, char::len_utf8);
        }
        let Some(end) = end else {
            let from = self.spans.first().map_or(start, |first| first.start);
            self.spans.clear();
            self.cover_rest(from);
            return false;
        };
        self.position = end;
        let next = self.source[end..].chars().next();
        let touches =
            next.is_some_and(|next| !next.is_whitespace() && !matches!(next, ',' | ';' | '}' | ')' | ']' | '/'));
        if touches || mentions_password(&self.source[start..end]) {
            self.cover_rest(start);
            return false;
        }
        if !is_duration || !is_like_duration(&self.source[quote_at + 1..end - 1]) {
            self.spans.push(Span::new(start, end));
        }
        self.announced = false;
        true
    }
}

/// True for numbers with their units, well formed or not.
fn is_like_duration(text: &str) -> bool {
    let is_unit = |letters: &str| {
        let unit = letters.to_ascii_lowercase();
        // The `T` before a time of day stands beside another letter.
        unit.strip_suffix('t').unwrap_or(&unit).len() <= 1 || UNITS.contains(&unit.strip_suffix('s').unwrap_or(&unit))
    };
    let is_other = |letter: char| letter.is_ascii_digit() || " .,:+-".contains(letter);
    text.contains(|letter: char| letter.is_ascii_digit()) && text.split(is_other).all(is_unit)
}

/// True for text, of a string or comment, that seems to have swallowed a `PASSWORD`.
fn mentions_password(text: &str) -> bool {
    text.to_ascii_lowercase().contains("passw")
}

fn is_any(word: &str, words: &[&str]) -> bool {
    words.iter().any(|candidate| candidate.eq_ignore_ascii_case(word))
}

/// True for `PASSWORD`, `PASSWORDS`, words that hold them, and slips of the finger.
fn is_like_password(word: &str) -> bool {
    if is_any(word, &["passwordChangeRequired"]) {
        return false;
    }
    nearest(word, ["PASSWORD", "PASSWORDS", "PASSWD", "PWD"]).is_some()
        || word.len() > 8 && word.to_ascii_uppercase().contains("PASSWORD")
}
