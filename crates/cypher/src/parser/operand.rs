//! Names, strings, passwords and parameters: the leaves of every statement.

use aliasd_catalog::{CypherVersion, PlainSecret};

use super::{Parsed, Parser};
use crate::ast::{Deprecation, MapEntries, Name, NameOperand, Operand};
use crate::error::{ErrorCode, LanguageError};
use crate::lexer::{TokenKind, decode_quoted, decode_string};
use crate::span::{Located, Span};

/// How many parts a name may have when some are quoted by themselves, and what it is called then.
struct NameParts {
    in_cypher_5: usize,
    number: &'static str,
    what: &'static str,
}

impl Parser<'_> {
    /// A single identifier, bare or in backticks. `kind` says what it names, for example "a label".
    pub(super) fn identifier(&mut self, kind: &'static str) -> Parsed<Located<String>> {
        let name = self.any_identifier(kind)?;
        if name.value.is_empty() { Err(self.empty_name(name.span)) } else { Ok(name) }
    }

    pub(super) fn empty_name(&self, span: Span) -> LanguageError {
        self.error(ErrorCode::SyntaxError, span, "A name in backticks may not be empty.")
    }

    /// As [`identifier`](Self::identifier), but of something that the catalog knows by its name: there it is said that
    /// the name is empty.
    fn any_identifier(&mut self, kind: &'static str) -> Parsed<Located<String>> {
        let span = self.span();
        let name = match self.kind() {
            TokenKind::Word => self.text(span).to_owned(),
            TokenKind::Quoted => decode_quoted(self.text(span)),
            _ => {
                self.note_kind(kind);
                return Err(self.unexpected());
            }
        };
        self.advance();
        Ok(Located::new(name, span))
    }

    /// `$parameter`, if one is here.
    pub(super) fn accept_parameter(&mut self) -> Option<Located<String>> {
        if self.kind() != TokenKind::Parameter {
            self.note_kind("a parameter");
            return None;
        }
        let span = self.span();
        let name = self.text(span).trim_start_matches('$');
        let name = if name.starts_with('`') { decode_quoted(name) } else { name.to_owned() };
        self.advance();
        Some(Located::new(name, span))
    }

    /// A name of one part, or a parameter.
    pub(super) fn simple_name(&mut self, kind: &'static str) -> Parsed<NameOperand> {
        if let Some(parameter) = self.accept_parameter() {
            return Ok(parameter.map(Operand::Parameter));
        }
        Ok(self.any_identifier(kind)?.map(|name| Operand::Literal(Name::simple(name))))
    }

    /// A name of an alias or database, which may have several parts, or a parameter.
    pub(super) fn catalog_name(&mut self, kind: &'static str) -> Parsed<NameOperand> {
        self.name_of_parts(kind, &NameParts { in_cypher_5: 2, number: "two components", what: "name" })
    }

    /// The name of a database that is created. In Cypher 5 it has no parts that are quoted by themselves.
    pub(super) fn created_database_name(&mut self) -> Parsed<NameOperand> {
        let parts = NameParts { in_cypher_5: 1, number: "one component", what: "database name" };
        self.name_of_parts("a database name", &parts)
    }

    fn name_of_parts(&mut self, kind: &'static str, most: &NameParts) -> Parsed<NameOperand> {
        if let Some(parameter) = self.accept_parameter() {
            return Ok(parameter.map(Operand::Parameter));
        }
        let (start, place) = (self.span(), self.place_here());
        let mut quoted = self.kind() == TokenKind::Quoted;
        let mut parts = vec![self.any_identifier(kind)?.value];
        while self.accept_symbol(".") {
            quoted |= self.kind() == TokenKind::Quoted;
            parts.push(self.any_identifier("the next part of the name")?.value);
            self.bound(parts.len())?;
        }
        let span = start.to(self.previous_span());
        let name = Name { parts };
        if quoted && name.parts.len() > 1 {
            self.refuse_quoted_parts(&name, place, span, most)?;
            self.deprecate(Deprecation::SeparatelyQuotedName { name: name.display() }, span);
        }
        Ok(Located::new(Operand::Literal(name), span))
    }

    /// Refuses a name of several parts, some of them quoted, where it has too many.
    fn refuse_quoted_parts(&self, name: &Name, place: usize, span: Span, most: &NameParts) -> Parsed<()> {
        let written = self.text_since(place);
        let (code, message) = match self.version() {
            CypherVersion::Cypher5 if name.parts.len() > most.in_cypher_5 => (
                ErrorCode::TooManyNameComponents,
                format!(
                    "Invalid input `{written}` for {}. Expected name to contain at most {} separated by `.`.",
                    most.what, most.number
                ),
            ),
            CypherVersion::Cypher5 => return Ok(()),
            CypherVersion::Cypher25 => (
                ErrorCode::InvalidQualifiedName,
                format!(
                    "Incorrectly formatted graph reference '{written}'. Expected a single quoted or unquoted \
                     identifier. Separate name parts should not be quoted individually."
                ),
            ),
        };
        let hint = "Put the whole name into one pair of backticks, dots included.";
        Err(self.error(code, span, message).with_hint(hint))
    }

    /// A string literal or a parameter. `kind` says what it is, for example "a url in quotes".
    pub(super) fn string_operand(&mut self, kind: &'static str) -> Parsed<Located<Operand<String>>> {
        if let Some(parameter) = self.accept_parameter() {
            return Ok(parameter.map(Operand::Parameter));
        }
        Ok(self.string(kind)?.map(Operand::Literal))
    }

    /// A string literal.
    pub(super) fn string(&mut self, kind: &'static str) -> Parsed<Located<String>> {
        let span = self.span();
        if self.kind() != TokenKind::String {
            self.note_kind(kind);
            return Err(self.unexpected());
        }
        self.advance();
        Ok(Located::new(decode_string(self.text(span)), span))
    }

    /// A password: a string literal that goes straight into a buffer that wipes itself, or a parameter.
    pub(super) fn secret(&mut self) -> Parsed<Located<Operand<PlainSecret>>> {
        if let Some(parameter) = self.accept_parameter() {
            return Ok(parameter.map(Operand::Parameter));
        }
        let secret = self.string("a password in quotes")?;
        Ok(secret.map(|secret| Operand::Literal(PlainSecret::new(secret))))
    }

    /// A map literal, or a parameter that stands for the whole map.
    /// `place` says what its values are, for example "driver settings".
    pub(super) fn map_operand(&mut self, place: &'static str) -> Parsed<Located<Operand<MapEntries>>> {
        if let Some(parameter) = self.accept_parameter() {
            return Ok(parameter.map(Operand::Parameter));
        }
        let start = self.span();
        let entries = self.within(place, Self::map_entries)?;
        Ok(Located::new(Operand::Literal(entries), start.to(self.previous_span())))
    }
}
