//! Tokens of a text that is still being written, and so is often not a statement.

use super::{Lexer, TokenKind};
use crate::characters::line_length;
use crate::error::ErrorCode;
use crate::span::Span;

/// A piece of a text: a token, a comment, or something that is neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Token(TokenKind),
    Comment,
    Unknown,
}

/// The pieces of any text, in order, without the white space between them. What is never closed is one
/// piece that goes on to the end.
pub(crate) fn pieces(source: &str) -> Vec<(Span, Piece)> {
    let mut pieces = Vec::new();
    let mut position = 0;
    while let Some(first) = source[position..].chars().next() {
        if first.is_whitespace() {
            position += first.len_utf8();
            continue;
        }
        let (end, piece) = piece(source, position, first);
        pieces.push((Span::new(position, end), piece));
        position = end;
    }
    pieces
}

/// The piece that begins here, and where it ends.
fn piece(source: &str, start: usize, first: char) -> (usize, Piece) {
    let rest = &source[start..];
    if rest.starts_with("//") {
        return (start + line_length(rest), Piece::Comment);
    }
    if let Some(inner) = rest.strip_prefix("/*") {
        let length = inner.find("*/").map_or(rest.len(), |found| found + 4);
        return (start + length, Piece::Comment);
    }
    let mut lexer = Lexer { source, position: start, version_is_due: false };
    match lexer.next() {
        Ok(token) => (token.span.end, Piece::Token(token.kind)),
        Err(error) if error.code() == ErrorCode::UnterminatedLiteral => {
            let kind = match first {
                '\'' | '"' => TokenKind::String,
                '$' => TokenKind::Parameter,
                _ => TokenKind::Quoted,
            };
            (source.len(), Piece::Token(kind))
        }
        // A string with an unknown escape has been read to its end, a strange character has not.
        Err(_) => {
            let piece = if matches!(first, '\'' | '"') { Piece::Token(TokenKind::String) } else { Piece::Unknown };
            (lexer.position.max(start + first.len_utf8()), piece)
        }
    }
}
