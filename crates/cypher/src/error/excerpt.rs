//! The line at fault with a caret below it.

use std::fmt;

use super::mask::{cover_of, secret_spans};
use crate::characters::{is_invisible, line_breaks, line_length};
use crate::span::Span;

/// Characters shown before and after the fault, so that an excerpt of a very long line stays short.
const CONTEXT_CHARACTERS: usize = 60;

/// An excerpt, safe to print: secrets are covered, invisible characters are made visible.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Excerpt {
    /// Line of the fault, from 1.
    pub(super) line: usize,
    /// Column of the fault in characters, from 1.
    pub(super) column: usize,
    text: String,
    caret: usize,
    caret_width: usize,
}

impl Excerpt {
    /// Cuts the line that `span` begins in.
    pub(super) fn cut(source: &str, span: Span) -> Self {
        let fault = floor_boundary(source, span.start);
        let (breaks, line_start) = line_breaks(&source[..fault]);
        let line = breaks + 1;
        let line_end = fault + line_length(&source[fault..]);
        let column = source[line_start..fault].chars().count() + 1;

        let window_start = source[line_start..fault].char_indices().rev().nth(CONTEXT_CHARACTERS - 1);
        let window_start = window_start.map_or(line_start, |(at, _)| line_start + at);
        let window_end = source[fault..line_end].char_indices().nth(CONTEXT_CHARACTERS);
        let window_end = window_end.map_or(line_end, |(at, _)| fault + at);

        let mut drawing = Drawing { text: String::new(), width: 0, caret: None, caret_end: 0 };
        if window_start > line_start {
            drawing.push("…");
        }
        drawing.draw(source, Span::new(window_start, window_end), Span::new(fault, span.end));
        let caret = drawing.caret.unwrap_or(drawing.width);
        let caret_width = drawing.caret_end.saturating_sub(caret).max(1);
        if window_end < line_end {
            drawing.push("…");
        }
        Self { line, column, text: drawing.text, caret, caret_width }
    }
}

/// Two lines: the text, and carets under the fault.
impl fmt::Display for Excerpt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "  {}\n  {}{}", self.text, " ".repeat(self.caret), "^".repeat(self.caret_width))
    }
}

/// The visible line as it is drawn, and where in it the caret goes.
struct Drawing {
    text: String,
    width: usize,
    caret: Option<usize>,
    caret_end: usize,
}

impl Drawing {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.width += text.chars().count();
    }

    fn draw(&mut self, source: &str, window: Span, fault: Span) {
        let covers = secret_spans(source);
        let mut next = covers.partition_point(|cover| cover.end <= window.start);
        let mut position = window.start;
        while position < window.end {
            let from = position;
            let drawn_at = self.width;
            if let Some(cover) = covers.get(next).filter(|cover| cover.start <= position) {
                self.push(cover_of(source, *cover));
                position = cover.end;
                next += 1;
            } else {
                let Some(character) = source[position..].chars().next() else { break };
                position += character.len_utf8();
                match character {
                    '\t' => self.push(" "),
                    _ if is_invisible(character) => self.push(&format!("<U+{:04X}>", u32::from(character))),
                    _ => self.push(character.encode_utf8(&mut [0; 4])),
                }
            }
            if position > fault.start && from < fault.end.max(fault.start + 1) {
                self.caret.get_or_insert(drawn_at);
                self.caret_end = self.width;
            }
        }
    }
}

/// The nearest character boundary at or before `offset`.
fn floor_boundary(source: &str, offset: usize) -> usize {
    source.floor_char_boundary(offset.min(source.len()))
}
