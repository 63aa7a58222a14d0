//! The place in the tokens, and what could have stood there.

use aliasd_catalog::CypherVersion;

use crate::ast::{BinaryOperator, Deprecation, Precedence};
use crate::error::mask::is_secret;
use crate::error::{ErrorCode, LanguageError, SpannedError};
use crate::lexer::{Token, TokenKind};
use crate::span::{Located, Span};
use crate::suggest::nearest;

/// Deepest nesting of brackets and prefix operators in an expression.
pub const NESTING_MAX: usize = 64;

/// Most members of one list, map or chain of operators.
pub const LIST_MEMBERS_MAX: usize = 10_000;

/// What could come next in an unfinished statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Continuation {
    /// Keywords in capitals, in the order in which the grammar has them.
    pub keywords: Vec<&'static str>,
    /// Kinds of things that are no keyword, as errors name them: "an alias name", "a password in quotes".
    pub kinds: Vec<&'static str>,
}

/// Text of the statement that a message quotes at most, in characters.
const QUOTE_CHARACTERS_MAX: usize = 40;

pub(crate) type Parsed<T> = Result<T, LanguageError>;

/// The state of parsing one statement.
pub(crate) struct Parser<'a> {
    source: &'a str,
    /// Never empty; the last is [`TokenKind::End`] and is never passed.
    tokens: Vec<Token>,
    position: usize,
    noted: Vec<Noted>,
    depth: usize,
    version: CypherVersion,
    deprecations: Vec<Located<Deprecation>>,
    /// The text is still being written: what is missing at its end may come yet.
    unfinished: bool,
    /// What the expressions here are of, in the plural, for the refusal of those that it cannot have.
    place: &'static str,
}

/// Something that could have stood at the current place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// A keyword or symbol, shown in quotes.
    Text(&'static str),
    /// An operator; all of them are shown as one, there are too many.
    Operator(&'static str),
    /// A kind of thing, such as "a name".
    Kind(&'static str),
}

/// What was looked for and not found. Noting is on the path of every token, so it only adds to a list.
#[derive(Clone, Copy)]
enum Noted {
    One(Expected),
    /// Every operator that binds so tightly.
    Operators(Precedence),
}

// === impl Parser ===

impl<'a> Parser<'a> {
    pub(crate) fn new(source: &'a str, tokens: Vec<Token>) -> Self {
        // Without a prefix the language is Cypher 25.
        Self {
            source,
            tokens,
            position: 0,
            noted: Vec::with_capacity(32),
            depth: 0,
            version: CypherVersion::Cypher25,
            deprecations: Vec::new(),
            unfinished: false,
            place: "administration commands",
        }
    }

    /// A parser of a text that is still being written.
    pub(crate) fn of_unfinished(source: &'a str, tokens: Vec<Token>) -> Self {
        Self { unfinished: true, ..Self::new(source, tokens) }
    }

    /// True if the text is still being written, and nothing more of it is there.
    pub(super) fn may_go_on(&self) -> bool {
        self.unfinished && self.kind() == TokenKind::End
    }

    pub(super) fn set_version(&mut self, version: CypherVersion) {
        self.version = version;
    }

    pub(super) fn version(&self) -> CypherVersion {
        self.version
    }

    pub(super) fn place(&self) -> &'static str {
        self.place
    }

    /// Parses something whose expressions are of another place.
    pub(super) fn within<T>(&mut self, place: &'static str, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        let outer = std::mem::replace(&mut self.place, place);
        let result = inner(self);
        self.place = outer;
        result
    }

    pub(super) fn deprecate(&mut self, deprecation: Deprecation, span: Span) {
        self.deprecations.push(Located::new(deprecation, span));
    }

    pub(super) fn take_deprecations(&mut self) -> Vec<Located<Deprecation>> {
        std::mem::take(&mut self.deprecations)
    }

    // --- looking

    #[inline]
    pub(super) fn kind(&self) -> TokenKind {
        self.tokens[self.position].kind
    }

    pub(super) fn span(&self) -> Span {
        self.tokens[self.position].span
    }

    /// The span of the token at a place; that of the end, if there is none.
    pub(super) fn span_of(&self, place: usize) -> Span {
        self.tokens[place.min(self.tokens.len() - 1)].span
    }

    /// The tokens from a place to here, without what stands between them.
    pub(super) fn text_since(&self, place: usize) -> String {
        self.tokens[place..self.position].iter().map(|token| self.text(token.span)).collect()
    }

    /// Where the parser is, to come back.
    pub(super) fn place_here(&self) -> usize {
        self.position
    }

    /// Goes back to where the parser was, and forgets what it met since.
    pub(super) fn go_back(&mut self, place: usize) {
        self.position = place;
        self.noted.clear();
    }

    /// The span of the token before this one; empty at the beginning.
    pub(super) fn previous_span(&self) -> Span {
        self.position.checked_sub(1).map_or(Span::default(), |previous| self.tokens[previous].span)
    }

    pub(super) fn text(&self, span: Span) -> &'a str {
        &self.source[span.start..span.end]
    }

    /// True if the token `ahead` places on is the keyword.
    #[inline]
    pub(super) fn at_ahead(&self, ahead: usize, word: &str) -> bool {
        self.is_word(self.position + ahead, word)
    }

    /// True if the token at a place is the keyword.
    #[inline]
    pub(super) fn is_word(&self, place: usize, word: &str) -> bool {
        let token = self.tokens.get(place);
        token.is_some_and(|token| token.kind == TokenKind::Word && self.text(token.span).eq_ignore_ascii_case(word))
    }

    pub(super) fn kind_ahead(&self, ahead: usize) -> TokenKind {
        self.tokens.get(self.position + ahead).map_or(TokenKind::End, |token| token.kind)
    }

    /// True if the current token is the keyword. Notes nothing.
    pub(super) fn at(&self, word: &str) -> bool {
        self.at_ahead(0, word)
    }

    /// True if the current token is one of the keywords; notes them all.
    pub(super) fn at_one_of(&mut self, words: &[&'static str]) -> bool {
        for word in words {
            self.note(word);
        }
        words.iter().any(|word| self.at(word))
    }

    #[inline]
    pub(super) fn at_symbol(&self, symbol: &str) -> bool {
        matches!(self.kind(), TokenKind::Symbol(found) if found == symbol)
    }

    // --- moving

    /// Moves to the next token; the end is never passed.
    pub(super) fn advance(&mut self) {
        if self.position + 1 < self.tokens.len() {
            self.position += 1;
        }
        self.noted.clear();
    }

    /// Takes the keyword if it is here.
    pub(super) fn accept(&mut self, word: &'static str) -> bool {
        let here = self.at(word);
        if here {
            self.advance();
        } else {
            self.note(word);
        }
        here
    }

    /// Takes one of the keywords if one is here, and says which.
    pub(super) fn accept_one_of(&mut self, words: &[&'static str]) -> Option<&'static str> {
        words.iter().copied().find(|word| self.accept(word))
    }

    pub(super) fn accept_symbol(&mut self, symbol: &'static str) -> bool {
        let here = self.at_symbol(symbol);
        if here {
            self.advance();
        } else {
            self.note(symbol);
        }
        here
    }

    pub(super) fn expect(&mut self, word: &'static str) -> Parsed<()> {
        if self.accept(word) { Ok(()) } else { Err(self.unexpected()) }
    }

    pub(super) fn expect_one_of(&mut self, words: &[&'static str]) -> Parsed<&'static str> {
        self.accept_one_of(words).ok_or_else(|| self.unexpected())
    }

    pub(super) fn expect_symbol(&mut self, symbol: &'static str) -> Parsed<()> {
        if self.accept_symbol(symbol) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// `item, item, …`, at least one.
    pub(super) fn comma_separated<T>(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.accept_symbol(",") {
            items.push(item(self)?);
            self.bound(items.len())?;
        }
        Ok(items)
    }

    // --- bounds

    /// Refuses the last of `members` if they are too many.
    pub(super) fn bound(&self, members: usize) -> Parsed<()> {
        if members <= LIST_MEMBERS_MAX {
            return Ok(());
        }
        let message = format!("A list, map or chain of operators has more than {LIST_MEMBERS_MAX} members.");
        let error = self.error(ErrorCode::ListTooLong, self.previous_span(), message);
        Err(error.with_hint("Pass it as a parameter, or split the statement."))
    }

    /// Parses one level deeper.
    pub(super) fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= NESTING_MAX {
            let message = format!("The expression is nested more than {NESTING_MAX} levels deep.");
            return Err(self.error(ErrorCode::NestingTooDeep, self.span(), message));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    // --- failing

    /// What could stand at the end of the text. Nothing, if parsing did not get there.
    pub(crate) fn continuation(&self) -> Continuation {
        let mut next = Continuation::default();
        if self.kind() != TokenKind::End {
            return next;
        }
        for expected in self.expected() {
            match expected {
                Expected::Text(text) | Expected::Operator(text) => {
                    if text.starts_with(|letter: char| letter.is_ascii_alphabetic()) && !next.keywords.contains(&text) {
                        next.keywords.push(text);
                    }
                }
                Expected::Kind(kind) => next.kinds.push(kind),
            }
        }
        next
    }

    /// Notes a keyword or symbol that could stand here.
    pub(super) fn note(&mut self, text: &'static str) {
        self.noted.push(Noted::One(Expected::Text(text)));
    }

    /// Notes an operator that could stand here.
    pub(super) fn note_operator(&mut self, operator: &'static str) {
        self.noted.push(Noted::One(Expected::Operator(operator)));
    }

    /// Notes a kind of thing that could stand here, for example "a name".
    pub(super) fn note_kind(&mut self, kind: &'static str) {
        self.noted.push(Noted::One(Expected::Kind(kind)));
    }

    /// Notes every operator that binds so tightly.
    pub(super) fn note_operators(&mut self, level: Precedence) {
        self.noted.push(Noted::Operators(level));
    }

    /// What could have stood here, each once, in the order in which it was looked for.
    fn expected(&self) -> Vec<Expected> {
        let mut expected = Vec::new();
        let mut add = |one| {
            if !expected.contains(&one) {
                expected.push(one);
            }
        };
        for noted in &self.noted {
            match noted {
                Noted::One(one) => add(*one),
                Noted::Operators(level) => BinaryOperator::of_level(*level).for_each(|operator| {
                    add(Expected::Operator(operator.symbol()));
                }),
            }
        }
        expected
    }

    pub(super) fn error(&self, code: ErrorCode, span: Span, message: impl Into<String>) -> LanguageError {
        SpannedError::new(code, span, message).in_source(self.source)
    }

    /// The current token does not fit; what was noted since the last move would have.
    pub(super) fn unexpected(&self) -> LanguageError {
        let span = self.span();
        let found = self.text(span);
        let secret = self.kind() != TokenKind::End && is_secret(self.source, span);
        let quoted = match self.kind() {
            TokenKind::End => "the end of the statement".to_owned(),
            TokenKind::String => "a string".to_owned(),
            _ if secret => "what follows PASSWORD, which is not shown".to_owned(),
            _ => match found.char_indices().nth(QUOTE_CHARACTERS_MAX) {
                Some((cut, _)) => format!("'{}…'", &found[..cut]),
                None => format!("'{found}'"),
            },
        };
        let message = format!("Invalid input: found {quoted}, expected {}.", self.list_expected());
        let error = self.error(ErrorCode::SyntaxError, span, message);
        match self.hint(found, secret) {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }

    /// The way out of an unexpected token, where it can be guessed.
    fn hint(&self, found: &str, secret: bool) -> Option<String> {
        let expected = self.expected();
        let words = expected.iter().filter_map(|expected| match expected {
            Expected::Text(text) | Expected::Operator(text) => Some(*text),
            Expected::Kind(_) => None,
        });
        let name_expected =
            expected.iter().any(|expected| matches!(expected, Expected::Kind(kind) if kind.ends_with(" name")));
        if let Some(name) = self.name_with_dashes() {
            return Some(format!("A name with a dash is written in backticks: `{name}`."));
        }
        match self.kind() {
            _ if self.text(self.previous_span()) == ";" => Some("Send one statement at a time.".to_owned()),
            TokenKind::Word if !secret => nearest(found, words).map(|near| format!("Did you mean '{near}'?")),
            TokenKind::String if name_expected => {
                Some("A name is written bare or in backticks, not in quotes.".to_owned())
            }
            _ => None,
        }
    }

    /// What was probably meant as one name, where a dash touches a name on both sides and does not fit.
    fn name_with_dashes(&self) -> Option<&'a str> {
        let is_part = |kind| matches!(kind, TokenKind::Word | TokenKind::Integer);
        let first = self.position.checked_sub(1)?;
        let token = |at: usize| self.tokens.get(at).copied();
        let dash = |at: usize| token(at).is_some_and(|token| token.kind == TokenKind::Symbol("-"));
        let touches =
            |at: usize| token(at).zip(token(at + 1)).is_some_and(|(one, next)| one.span.end == next.span.start);
        let mut last = first;
        while dash(last + 1) && touches(last) && touches(last + 1) && token(last + 2).is_some_and(|it| is_part(it.kind))
        {
            last += 2;
        }
        let span = self.tokens[first].span.to(self.tokens[last].span);
        let is_name = last > first && self.tokens[first].kind == TokenKind::Word && !is_secret(self.source, span);
        is_name.then(|| self.text(span))
    }

    fn list_expected(&self) -> String {
        let mut shown: Vec<String> = Vec::new();
        for expected in &self.expected() {
            let text = match expected {
                Expected::Text(";") => "the end of the statement".to_owned(),
                Expected::Text(text) => format!("'{text}'"),
                Expected::Operator(_) => "an operator".to_owned(),
                Expected::Kind(kind) => (*kind).to_owned(),
            };
            // Operators come one after the other, so looking at the last one is enough.
            if shown.last() != Some(&text) {
                shown.push(text);
            }
        }
        match shown.split_last() {
            None => "the end of the statement".to_owned(),
            Some((only, [])) => only.clone(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
        }
    }
}
