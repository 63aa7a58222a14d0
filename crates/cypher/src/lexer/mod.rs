//! Text to tokens.
//!
//! A token is a kind and a span; its text stays in the statement and is decoded only when the parser
//! asks for it, so that a password goes straight from the statement into its zeroizing type. The
//! lexer knows no keywords: almost every keyword is also a legal name, and only the parser can tell.

mod literal;
pub(crate) mod tolerant;

pub(crate) use literal::{decode_float, decode_integer, decode_quoted, decode_string};

use crate::characters::{is_invisible, is_name_continue, is_name_start, line_length, turns_direction};
use crate::error::mask::is_secret;
use crate::error::{ErrorCode, LanguageError, SpannedError};
use crate::span::Span;

/// Longest statement that is looked at, in bytes.
pub const STATEMENT_BYTES_MAX: usize = 1 << 20;

/// What a token is. Its text is found through its span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A bare identifier or a keyword.
    Word,
    /// An identifier in backticks.
    Quoted,
    /// A string literal in single or double quotes, with every escape checked.
    String,
    /// A whole number: decimal, `0x…` or `0o…`.
    Integer,
    /// A number with a fraction or an exponent.
    Float,
    /// `$name`, `$0` or ``$`quoted name` ``.
    Parameter,
    /// An operator or a bracket.
    Symbol(&'static str),
    /// The end of the statement.
    End,
}

/// The smallest part of a text that the grammar tells apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
}

/// The operator or bracket that a text begins with.
fn symbol_at(text: &[u8]) -> Option<&'static str> {
    Some(match text {
        [b'<', b'>', ..] => "<>",
        [b'<', b'=', ..] => "<=",
        [b'>', b'=', ..] => ">=",
        [b'=', b'~', ..] => "=~",
        [b'.', b'.', ..] => "..",
        [b'|', b'|', ..] => "||",
        [b'(', ..] => "(",
        [b')', ..] => ")",
        [b'[', ..] => "[",
        [b']', ..] => "]",
        [b'{', ..] => "{",
        [b'}', ..] => "}",
        [b',', ..] => ",",
        [b'.', ..] => ".",
        [b':', ..] => ":",
        [b';', ..] => ";",
        [b'*', ..] => "*",
        [b'+', ..] => "+",
        [b'-', ..] => "-",
        [b'/', ..] => "/",
        [b'%', ..] => "%",
        [b'^', ..] => "^",
        [b'=', ..] => "=",
        [b'<', ..] => "<",
        [b'>', ..] => ">",
        [b'|', ..] => "|",
        [b'?', ..] => "?",
        _ => return None,
    })
}

/// Splits a statement into tokens, the last of which is [`TokenKind::End`].
pub(crate) fn tokenize(source: &str) -> Result<Vec<Token>, LanguageError> {
    if source.len() > STATEMENT_BYTES_MAX {
        let message = format!("The statement has {} bytes; at most {STATEMENT_BYTES_MAX} are allowed.", source.len());
        let error = SpannedError::new(ErrorCode::StatementTooLarge, Span::default(), message)
            .with_hint("Pass large maps as parameters, or split the work into several statements.");
        return Err(error.without_place());
    }
    let mut lexer = Lexer { source, position: 0, version_is_due: false };
    let mut tokens: Vec<Token> = Vec::with_capacity(source.len() / 6 + 2);
    // A byte order mark is how some editors begin a file; anywhere else it is an invisible character.
    if source.starts_with('\u{feff}') {
        lexer.position = '\u{feff}'.len_utf8();
    }
    loop {
        let mut token = lexer.next()?;
        if token.kind == TokenKind::End {
            // What is missing at the end is missing behind the last word, not behind the blanks after it.
            let end = tokens.last().map_or(0, |last| last.span.end);
            token.span = Span::new(end, end);
            tokens.push(token);
            return Ok(tokens);
        }
        // The length is looked at first: this is on the path of every token.
        lexer.version_is_due = token.kind == TokenKind::Word
            && token.span.end - token.span.start == "CYPHER".len()
            && source[token.span.start..token.span.end].eq_ignore_ascii_case("CYPHER");
        tokens.push(token);
    }
}

/// What is wrong with the string, name or comment that begins here.
pub(crate) fn opened_at(source: &str, position: usize) -> Option<LanguageError> {
    Lexer { source, position, version_is_due: false }.next().err()
}

struct Lexer<'a> {
    source: &'a str,
    position: usize,
    /// The last word was `CYPHER`: a number here is meant as a version of the language.
    version_is_due: bool,
}

// === impl Lexer ===

impl Lexer<'_> {
    fn next(&mut self) -> Result<Token, LanguageError> {
        self.skip_blanks()?;
        let start = self.position;
        let Some(first) = self.peek() else {
            return Ok(Token { kind: TokenKind::End, span: Span::new(start, start) });
        };
        let kind = match first {
            '`' => self.quoted_name(start)?,
            '\'' | '"' => self.string(start, first)?,
            '$' => self.parameter(start)?,
            '0'..='9' => self.number(start)?,
            '.' if self.byte_at(1).is_some_and(|byte| byte.is_ascii_digit()) => self.number(start)?,
            _ if is_name_start(first) => {
                self.skip_name();
                TokenKind::Word
            }
            _ => self.symbol(start, first)?,
        };
        Ok(Token { kind, span: Span::new(start, self.position) })
    }

    /// Skips white space and comments.
    fn skip_blanks(&mut self) -> Result<(), LanguageError> {
        loop {
            self.skip_while(char::is_whitespace);
            if self.byte_at(0) != Some(b'/') {
                return Ok(());
            }
            let rest = &self.source[self.position..];
            let start = self.position;
            if rest.starts_with("//") {
                self.position += line_length(rest);
            } else if let Some(comment) = rest.strip_prefix("/*") {
                let Some(length) = comment.find("*/") else {
                    let span = Span::new(start, self.source.len());
                    let message = "The comment that begins with '/*' is not closed.";
                    return Err(self
                        .error(ErrorCode::UnterminatedLiteral, span, message)
                        .with_hint("Close it with '*/'."));
                };
                self.position += 2 + length + 2;
            } else {
                return Ok(());
            }
            self.refuse_turned_comment(start)?;
        }
    }

    /// Refuses a comment that turns the direction of what is shown: what seems to be outside of it would be inside, or
    /// the reverse.
    fn refuse_turned_comment(&self, start: usize) -> Result<(), LanguageError> {
        let comment = &self.source[start..self.position];
        match comment.char_indices().find(|(_, character)| turns_direction(*character)) {
            None => Ok(()),
            Some((at, character)) => {
                let span = Span::new(start + at, start + at + character.len_utf8());
                let (message, _) = describe_foreign(character);
                let hint = "Remove it: a comment that changes the direction of text hides what is a comment.";
                Err(self.error(ErrorCode::InvalidCharacter, span, message).with_hint(hint))
            }
        }
    }

    fn quoted_name(&mut self, start: usize) -> Result<TokenKind, LanguageError> {
        self.position += 1;
        loop {
            let rest = &self.source[self.position..];
            let Some(length) = rest.find('`') else {
                let span = Span::new(start, self.source.len());
                let message = "The name that begins with a backtick is not closed.";
                return Err(self
                    .error(ErrorCode::UnterminatedLiteral, span, message)
                    .with_hint("Close it with '`'; a backtick inside a name is written twice."));
            };
            self.position += length + 1;
            if self.peek() != Some('`') {
                break;
            }
            self.position += 1;
        }
        Ok(TokenKind::Quoted)
    }

    fn string(&mut self, start: usize, quote: char) -> Result<TokenKind, LanguageError> {
        self.position += 1;
        let mut escaped = false;
        loop {
            let rest = &self.source[self.position..];
            // Byte by byte, since no other character holds one of ASCII: strings are most of a long statement.
            let special = |byte: u8| char::from(byte) == quote || byte == b'\\';
            let Some(length) = rest.bytes().position(special) else {
                let span = Span::new(start, self.source.len());
                let message = format!("The string that begins with {quote} is not closed.");
                return Err(self
                    .error(ErrorCode::UnterminatedLiteral, span, message)
                    .with_hint(format!("Close it with {quote}; write \\{quote} for the character itself.")));
            };
            self.position += length + 1;
            if rest[length..].starts_with(quote) {
                break;
            }
            // A backslash: whatever follows belongs to the escape and cannot close the string.
            escaped = true;
            if let Some(character) = self.peek() {
                self.position += character.len_utf8();
            }
        }
        let span = Span::new(start, self.position);
        if escaped && !literal::escapes_are_valid(&self.source[start + 1..self.position - 1]) {
            let message = "The string holds an escape sequence that does not exist.";
            return Err(self.error(ErrorCode::InvalidLiteral, span, message).with_hint(
                "Escapes are \\\\ \\' \\\" \\` \\b \\f \\n \\r \\t, \\u and four or \\U and eight hexadecimal digits; write \\\\ for a backslash.",
            ));
        }
        Ok(TokenKind::String)
    }

    fn parameter(&mut self, start: usize) -> Result<TokenKind, LanguageError> {
        self.position += 1;
        match self.peek() {
            Some('`') => {
                self.quoted_name(start + 1)?;
                if self.position - start == 3 {
                    let span = Span::new(start, self.position);
                    return Err(self.error(ErrorCode::SyntaxError, span, "The name of a parameter may not be empty."));
                }
            }
            Some(character) if is_name_continue(character) => self.skip_while(is_name_continue),
            _ => {
                let span = Span::new(start, self.position);
                return Err(self.error(ErrorCode::SyntaxError, span, "A parameter needs a name after '$'."));
            }
        }
        Ok(TokenKind::Parameter)
    }

    fn number(&mut self, start: usize) -> Result<TokenKind, LanguageError> {
        let radix = self.byte_at(1).filter(|_| self.byte_at(0) == Some(b'0'));
        let mut kind = TokenKind::Integer;
        if matches!(radix, Some(b'x' | b'X' | b'o' | b'O')) {
            self.position += 2;
            self.skip_while(|character| character.is_ascii_hexdigit());
        } else {
            self.skip_while(|character| character.is_ascii_digit());
            if self.byte_at(0) == Some(b'.') && self.byte_at(1).is_some_and(|byte| byte.is_ascii_digit()) {
                kind = TokenKind::Float;
                self.position += 1;
                self.skip_while(|character| character.is_ascii_digit());
            }
            if matches!(self.byte_at(0), Some(b'e' | b'E')) {
                kind = TokenKind::Float;
                self.position += 1;
                if matches!(self.byte_at(0), Some(b'+' | b'-')) {
                    self.position += 1;
                }
                self.skip_while(|character| character.is_ascii_digit());
            }
        }
        let ends_in_name = self.peek().is_some_and(is_name_continue);
        self.skip_while(is_name_continue);
        let span = Span::new(start, self.position);
        let text = &self.source[start..self.position];
        let valid = match kind {
            TokenKind::Float => decode_float(text).is_some(),
            // The magnitude of the least integer is one more than that of the greatest.
            _ => decode_integer(text).is_some(),
        };
        if self.version_is_due && (ends_in_name || !valid) {
            return Err(self.error(ErrorCode::InvalidCypherVersion, span, invalid_version(text)));
        }
        if ends_in_name || !valid {
            let message = "This is neither a number in range nor a name.";
            return Err(self
                .error(ErrorCode::InvalidLiteral, span, message)
                .with_hint("A name that begins with a digit is written in backticks."));
        }
        Ok(kind)
    }

    fn symbol(&mut self, start: usize, first: char) -> Result<TokenKind, LanguageError> {
        if let Some(symbol) = symbol_at(&self.source.as_bytes()[start..]) {
            self.position += symbol.len();
            return Ok(TokenKind::Symbol(symbol));
        }
        let span = Span::new(start, start + first.len_utf8());
        let (message, hint) = if is_secret(self.source, span) {
            // It may be part of a password that was written without quotes.
            ("A character is not part of the language.".to_owned(), "Strings, and so passwords, are written in quotes.")
        } else {
            describe_foreign(first)
        };
        Err(self.error(ErrorCode::InvalidCharacter, span, message).with_hint(hint))
    }

    fn error(&self, code: ErrorCode, span: Span, message: impl Into<String>) -> LanguageError {
        SpannedError::new(code, span, message).in_source(self.source)
    }

    fn peek(&self) -> Option<char> {
        self.source[self.position..].chars().next()
    }

    fn byte_at(&self, offset: usize) -> Option<u8> {
        self.source.as_bytes().get(self.position + offset).copied()
    }

    /// Skips the rest of a name, nearly always ASCII.
    fn skip_name(&mut self) {
        let rest = &self.source.as_bytes()[self.position..];
        let ascii = rest.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_').unwrap_or(rest.len());
        self.position += ascii;
        if self.byte_at(0).is_some_and(|byte| !byte.is_ascii()) {
            self.skip_while(is_name_continue);
        }
    }

    fn skip_while(&mut self, accept: impl Fn(char) -> bool) {
        let rest = &self.source[self.position..];
        self.position += rest.find(|character| !accept(character)).unwrap_or(rest.len());
    }
}

/// The message for what stands where a version of the language is due.
pub(crate) fn invalid_version(text: &str) -> String {
    format!("Invalid Cypher version '{text}'. Valid Cypher versions are: 5, 25")
}

fn describe_foreign(character: char) -> (String, &'static str) {
    let code = u32::from(character);
    if is_invisible(character) {
        let message = format!("The invisible character U+{code:04X} is not allowed here.");
        (message, "Remove it. Invisible characters are allowed inside strings and backticks only.")
    } else if matches!(character, '‘' | '’' | '“' | '”' | '„' | '«' | '»') {
        (format!("The typographic quotation mark U+{code:04X} does not begin a string."), "Write ' or \".")
    } else {
        let message = format!("The character '{character}' (U+{code:04X}) is not part of the language.");
        (message, "A name that holds special characters is written in backticks.")
    }
}
