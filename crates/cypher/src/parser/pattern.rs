//! What privileges say by a pattern: the elements of a graph, `FOR (…) WHERE …`, and the names of procedures, functions
//! and settings, `apoc.*`.

use super::{Parsed, Parser};
use crate::ast::{BinaryOperator, Expression, PatternTerm};
use crate::error::ErrorCode;
use crate::lexer::{TokenKind, decode_quoted};
use crate::span::{Located, Span};

/// Words that end a pattern of names when they stand after a blank.
const AFTER_GLOB: [&str; 3] = ["ON", "TO", "FROM"];

impl Parser<'_> {
    /// After `FOR`: `(node) WHERE condition` or `()-[relationship]-() WHERE condition`. The condition may stand inside of
    /// the brackets, too, after `WHERE` or as `{key: value}`.
    pub(super) fn pattern(&mut self) -> Parsed<PatternTerm> {
        self.expect_symbol("(")?;
        let arrow = self.at_symbol(")") && matches!(self.kind_ahead(1), TokenKind::Symbol("-" | "<"));
        if !arrow {
            return self.element(false);
        }
        self.advance();
        self.accept_symbol("<");
        self.expect_symbol("-")?;
        self.expect_symbol("[")?;
        self.element(true)
    }

    /// After the bracket that opens it: `[variable][:label[|label]…]`, and the condition inside or after.
    fn element(&mut self, of_relationships: bool) -> Parsed<PatternTerm> {
        let close = if of_relationships { "]" } else { ")" };
        let unnamed = self.at_symbol(":") || self.at_symbol("{") || self.at_symbol(close);
        // A variable may be called `where`.
        let keyword = self.at("WHERE") && self.kind_ahead(1) != TokenKind::Symbol(":") && !self.at_ahead(1, "WHERE");
        let keyword = keyword && self.kind_ahead(1) != TokenKind::Symbol(close);
        let variable = match unnamed || keyword {
            true => None,
            false => Some(self.identifier("a name for the element")?),
        };
        let mut labels = Vec::new();
        if self.accept_symbol(":") {
            labels.push(self.identifier("a label or type")?);
            while self.accept_symbol("|") {
                labels.push(self.identifier("a label or type")?);
                self.bound(labels.len())?;
            }
        }
        let name = variable.clone().unwrap_or_else(|| Located::new("n".to_owned(), self.span()));
        let condition = if self.at_symbol("{") {
            let condition = self.property_equality(&name)?;
            self.close_element(of_relationships)?;
            condition
        } else {
            let inside = self.accept("WHERE");
            if !inside {
                self.close_element(of_relationships)?;
                self.expect("WHERE")?;
            }
            let place = self.previous_span();
            let condition = self.expression()?;
            if inside {
                self.close_element(of_relationships)?;
            }
            self.require_variable(variable.as_ref(), place)?;
            condition
        };
        Ok(PatternTerm { of_relationships, variable: name, labels, condition: Box::new(condition) })
    }

    /// The bracket that closes an element and, of a relationship, the rest of the arrow.
    fn close_element(&mut self, of_relationship: bool) -> Parsed<()> {
        if !of_relationship {
            return self.expect_symbol(")");
        }
        self.expect_symbol("]")?;
        self.expect_symbol("-")?;
        self.accept_symbol(">");
        self.expect_symbol("(")?;
        self.expect_symbol(")")
    }

    fn require_variable(&self, variable: Option<&Located<String>>, place: Span) -> Parsed<()> {
        if variable.is_some() {
            return Ok(());
        }
        let message = "Failed to administer property rule. The element has no name that a condition could use.";
        let error = self.error(ErrorCode::InvalidExpression, place, message);
        Err(error.with_hint("For example FOR (n:Person) WHERE n.classification = 'public'."))
    }

    /// `{key: value}` says `variable.key = value`.
    fn property_equality(&mut self, variable: &Located<String>) -> Parsed<Located<Expression>> {
        let start = self.span();
        let entries = self.map_entries()?;
        let span = start.to(self.previous_span());
        let Ok([(key, value)]) = <[_; 1]>::try_from(entries) else {
            let message = "A property rule is about one property.";
            return Err(self.error(ErrorCode::InvalidExpression, span, message));
        };
        let base = Box::new(variable.clone().map(Expression::Variable));
        let property = Located::new(Expression::Property { base, keys: vec![key] }, span);
        let rest = vec![(BinaryOperator::Equal, value)];
        Ok(Located::new(Expression::Chain { first: Box::new(property), rest }, span))
    }

    /// A pattern over dotted names: words, dots, `*` and `?`. Blanks between them mean nothing. What is between dots may
    /// stand in backticks, as a whole.
    pub(super) fn glob(&mut self) -> Parsed<Located<String>> {
        let start = self.span();
        let mut pattern = String::new();
        // Whether the part that is being read has begun, and is in backticks.
        let (mut begun, mut quoted) = (false, false);
        while !self.at_end_of_glob(&pattern) {
            let text = self.text(self.span());
            match self.kind() {
                TokenKind::Symbol("." | "..") => {
                    pattern.push_str(text);
                    (begun, quoted) = (false, false);
                }
                TokenKind::Word | TokenKind::Symbol("*" | "?") if !quoted => {
                    pattern.push_str(text);
                    begun = true;
                }
                TokenKind::Quoted if !begun => {
                    let part = decode_quoted(text);
                    if part.is_empty() {
                        return Err(self.empty_name(self.span()));
                    }
                    pattern.push_str(&part);
                    (begun, quoted) = (true, true);
                }
                TokenKind::Word | TokenKind::Symbol("*" | "?") | TokenKind::Quoted => {
                    let message = "What is between two dots of a pattern is in backticks as a whole, or not at all.";
                    let error = self.error(ErrorCode::SyntaxError, self.span(), message);
                    return Err(error.with_hint("In backticks, too, * and ? stand for other characters."));
                }
                _ => break,
            }
            self.advance();
        }
        if pattern.is_empty() {
            self.note_kind("a name, in which * and ? stand for other characters");
            return Err(self.unexpected());
        }
        Ok(Located::new(pattern, start.to(self.previous_span())))
    }

    /// True if what stands here is not of the pattern any more. A part of a pattern may be called `on`.
    fn at_end_of_glob(&self, pattern: &str) -> bool {
        let (here, before) = (self.span(), self.previous_span());
        let scope = self.at("ON") && self.at_ahead(1, "DBMS") && !self.at_ahead(2, "ON");
        let follows_blank = here.start != before.end;
        let word = follows_blank && !pattern.ends_with('.') && AFTER_GLOB.iter().any(|word| self.at(word));
        scope || !pattern.is_empty() && word
    }
}
