//! What goes through the members of a list, and what looks into a graph: there is none, so that is recognised in order
//! to be refused in so many words.

use super::{Parsed, Parser};
use crate::ast::{Expression, Quantifier};
use crate::error::{ErrorCode, LanguageError};
use crate::lexer::TokenKind;
use crate::span::Located;

type Node = Located<Expression>;

impl Parser<'_> {
    /// `[a, b]` or `[x IN list WHERE condition | expression]`.
    pub(super) fn list_or_comprehension(&mut self) -> Parsed<Expression> {
        let named = matches!(self.kind_ahead(1), TokenKind::Word | TokenKind::Quoted) && self.symbol_ahead(2) == "=";
        self.refuse_pattern(if named { 3 } else { 1 }, "Pattern comprehensions are")?;
        if !self.at_comprehension() {
            return self.list();
        }
        self.expect_symbol("[")?;
        let (variable, list) = self.members()?;
        let filter = if self.accept("WHERE") { Some(Box::new(self.expression()?)) } else { None };
        let projection = if self.accept_symbol("|") { Some(Box::new(self.expression()?)) } else { None };
        self.expect_symbol("]")?;
        Ok(Expression::Comprehension { variable, list, filter, projection })
    }

    /// True if `[name IN …` is a comprehension: if a `WHERE`, a `|` or the end of the list comes before any comma.
    fn at_comprehension(&self) -> bool {
        if !matches!(self.kind_ahead(1), TokenKind::Word | TokenKind::Quoted) || !self.at_ahead(2, "IN") {
            return false;
        }
        // `[true IN list]` is a list of one: a variable of that name stands in backticks.
        if ["NULL", "TRUE", "FALSE"].iter().any(|literal| self.at_ahead(1, literal)) {
            return false;
        }
        let mut depth = 0;
        for ahead in 3.. {
            match self.kind_ahead(ahead) {
                TokenKind::End => return false,
                TokenKind::Symbol("(" | "[" | "{") => depth += 1,
                TokenKind::Symbol("]") if depth == 0 => return true,
                TokenKind::Symbol(")" | "]" | "}") => depth -= 1,
                TokenKind::Symbol("|") if depth == 0 => return true,
                TokenKind::Symbol(",") if depth == 0 => return false,
                TokenKind::Word if depth == 0 && ahead > 3 && self.at_ahead(ahead, "WHERE") => return true,
                _ => {}
            }
        }
        false
    }

    /// `all(…)`, `any(…)`, `none(…)`, `single(…)` and `reduce(…)`, if one of them is here.
    pub(super) fn iteration(&mut self) -> Parsed<Option<Node>> {
        let start = self.span();
        let quantifier = Quantifier::ALL.into_iter().find(|quantifier| self.at(quantifier.word()));
        let expression = match quantifier {
            Some(quantifier) => {
                self.advance();
                self.expect_symbol("(")?;
                let (variable, list) = self.members()?;
                self.expect("WHERE")?;
                Expression::Quantified { quantifier, variable, list, condition: Box::new(self.expression()?) }
            }
            None if self.at("reduce") => self.reduction()?,
            None => return Ok(None),
        };
        self.expect_symbol(")")?;
        Ok(Some(Located::new(expression, start.to(self.previous_span()))))
    }

    /// `reduce(accumulator = initial, variable IN list | step`.
    fn reduction(&mut self) -> Parsed<Expression> {
        self.advance();
        self.expect_symbol("(")?;
        let accumulator = self.identifier("a name for the value so far")?;
        self.expect_symbol("=")?;
        let initial = Box::new(self.expression()?);
        self.expect_symbol(",")?;
        let (variable, list) = self.members()?;
        self.expect_symbol("|")?;
        let step = Box::new(self.expression()?);
        Ok(Expression::Reduce { accumulator, initial, variable, list, step })
    }

    /// `variable IN list`.
    fn members(&mut self) -> Parsed<(Located<String>, Box<Node>)> {
        let variable = self.identifier("a name for the members")?;
        self.expect("IN")?;
        Ok((variable, Box::new(self.expression()?)))
    }

    // --- graphs

    /// Refuses `EXISTS {…}`, `COUNT {…}` and `COLLECT {…}`.
    pub(super) fn refuse_subquery(&self) -> Parsed<()> {
        match ["EXISTS", "COUNT", "COLLECT"].into_iter().find(|kind| self.at(kind)) {
            Some(kind) => Err(self.refuse_graph(&format!("The {kind} expression is"))),
            None => Ok(()),
        }
    }

    /// Refuses a pattern such as `(a)-[:R]->(b)` that begins so many tokens on. `what` is said of it.
    pub(super) fn refuse_pattern(&self, ahead: usize, what: &str) -> Parsed<()> {
        if self.at_pattern(ahead) { Err(self.refuse_graph(what)) } else { Ok(()) }
    }

    fn refuse_graph(&self, what: &str) -> LanguageError {
        let message = format!("{what} not valid in {}.", self.place());
        let error = self.error(ErrorCode::ExpressionNotValid, self.span(), message);
        error.with_hint("A catalog holds no graph to look into.")
    }

    /// True if a node and the beginning of a relationship stand so many tokens on: `()-`, `(name:Label {…})<-`. A name
    /// alone in parentheses may also be an operand: then it takes a `-[` or `--` to make it a pattern.
    fn at_pattern(&self, ahead: usize) -> bool {
        if self.symbol_ahead(ahead) != "(" {
            return false;
        }
        let mut next = ahead + 1;
        if matches!(self.kind_ahead(next), TokenKind::Word | TokenKind::Quoted) {
            next += 1;
        }
        if self.symbol_ahead(next) == ":" {
            return true;
        }
        let symbols = [0, 1, 2, 3].map(|further| self.symbol_ahead(next + further));
        matches!(symbols, [")", "-", "[", _] | [")", "-", "-", "(" | ">"] | [")", "<", "-", "[" | "-"])
    }

    fn symbol_ahead(&self, ahead: usize) -> &'static str {
        match self.kind_ahead(ahead) {
            TokenKind::Symbol(symbol) => symbol,
            _ => "",
        }
    }
}
