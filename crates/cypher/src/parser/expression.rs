//! Expressions, loosest operators first: each level parses the next tighter one.

use super::{Parsed, Parser};
use crate::ast::{BinaryOperator, Expression, MapEntries, Precedence, UnaryOperator};
use crate::error::ErrorCode;
use crate::lexer::{TokenKind, decode_float, decode_integer, decode_quoted, decode_string};
use crate::print::identifier;
use crate::span::{Located, Span};

type Node = Located<Expression>;

/// Most brackets after one operand: each makes the tree deeper.
const BRACKETS_MAX: usize = 16;

impl Parser<'_> {
    /// Parses an expression of any precedence, which ends where no operator follows.
    pub(super) fn expression(&mut self) -> Parsed<Node> {
        self.nested(|parser| parser.level(Precedence::Or))
    }

    fn level(&mut self, level: Precedence) -> Parsed<Node> {
        match level {
            Precedence::Or => self.chain(Precedence::Or, Precedence::Xor),
            Precedence::Xor => self.chain(Precedence::Xor, Precedence::And),
            Precedence::And => self.chain(Precedence::And, Precedence::Not),
            Precedence::Not => self.negation(),
            Precedence::Comparison => self.chain(Precedence::Comparison, Precedence::Predicate),
            Precedence::Predicate => self.predicate(),
            Precedence::Sum => self.chain(Precedence::Sum, Precedence::Product),
            Precedence::Product => self.chain(Precedence::Product, Precedence::Power),
            Precedence::Power => self.chain(Precedence::Power, Precedence::Sign),
            Precedence::Sign => self.sign(),
            Precedence::Property => self.property(),
            Precedence::Atom => self.atom(),
        }
    }

    /// Operands of the `tighter` level joined by operators of this `level`.
    fn chain(&mut self, level: Precedence, tighter: Precedence) -> Parsed<Node> {
        let first = self.level(tighter)?;
        let mut rest = Vec::new();
        while let Some(operator) = self.accept_operator(level) {
            rest.push((operator, self.level(tighter)?));
            self.bound(rest.len())?;
        }
        if rest.is_empty() {
            return Ok(first);
        }
        let span = first.span.to(self.previous_span());
        Ok(Located::new(Expression::Chain { first: Box::new(first), rest }, span))
    }

    /// Takes a binary operator of the given level.
    fn accept_operator(&mut self, level: Precedence) -> Option<BinaryOperator> {
        let operator = self.operator_here(level);
        match operator {
            Some(operator) => {
                self.advance();
                if operator.words().is_some_and(|(_, second)| !second.is_empty()) {
                    self.advance();
                }
            }
            None => self.note_operators(level),
        }
        operator
    }

    /// The binary operator of the given level that stands here. Each level asks behind each operand, so words of other
    /// levels are not even compared.
    fn operator_here(&self, level: Precedence) -> Option<BinaryOperator> {
        match self.kind() {
            TokenKind::Symbol(symbol) => {
                BinaryOperator::of_symbol(symbol).filter(|operator| operator.precedence() == level)
            }
            TokenKind::Word => BinaryOperator::of_level(level).find(|operator| {
                operator
                    .words()
                    .is_some_and(|(first, second)| self.at(first) && (second.is_empty() || self.at_ahead(1, second)))
            }),
            _ => None,
        }
    }

    fn negation(&mut self) -> Parsed<Node> {
        let start = self.span();
        // `not` may be a column: the operator needs an operand.
        if !self.at("NOT") || !self.operand_follows() {
            return self.level(Precedence::Comparison);
        }
        self.advance();
        let operand = self.nested(Self::negation)?;
        let span = start.to(operand.span);
        Ok(Located::new(Expression::Unary(UnaryOperator::Not, Box::new(operand)), span))
    }

    /// True if the token after this one can begin an operand.
    fn operand_follows(&self) -> bool {
        match self.kind_ahead(1) {
            TokenKind::End => false,
            TokenKind::Symbol(symbol) => matches!(symbol, "(" | "[" | "{" | "-" | "+"),
            TokenKind::Word => !["AND", "OR", "XOR", "IS", "IN", "AS"].iter().any(|word| self.at_ahead(1, word)),
            _ => true,
        }
    }

    /// At most one of `IS [NOT] NULL`, `IN`, `STARTS WITH`, `ENDS WITH`, `CONTAINS`, `=~`.
    fn predicate(&mut self) -> Parsed<Node> {
        let operand = self.level(Precedence::Sum)?;
        let start = operand.span;
        self.note_operator("IS");
        if self.at("IS") {
            self.advance();
            let negated = self.accept("NOT");
            self.expect("NULL")?;
            let operand = Box::new(operand);
            let span = start.to(self.previous_span());
            return Ok(Located::new(Expression::IsNull { operand, negated }, span));
        }
        let Some(operator) = self.accept_operator(Precedence::Predicate) else { return Ok(operand) };
        let right = self.level(Precedence::Sum)?;
        let span = start.to(right.span);
        Ok(Located::new(Expression::Chain { first: Box::new(operand), rest: vec![(operator, right)] }, span))
    }

    fn sign(&mut self) -> Parsed<Node> {
        let start = self.span();
        if self.at_symbol("+") {
            self.advance();
            // A plus changes nothing, so nothing is kept of it.
            return self.nested(Self::sign);
        }
        if !self.accept_symbol("-") {
            return self.level(Precedence::Property);
        }
        // A minus and a number are one literal: the least integer has no positive counterpart.
        if matches!(self.kind(), TokenKind::Integer | TokenKind::Float) && self.span().start == start.end {
            let number = self.number(start, true)?;
            return Ok(number);
        }
        let operand = self.nested(Self::sign)?;
        let span = start.to(operand.span);
        Ok(Located::new(Expression::Unary(UnaryOperator::Negate, Box::new(operand)), span))
    }

    /// An atom and what follows it: keys and brackets.
    fn property(&mut self) -> Parsed<Node> {
        let atom = self.level(Precedence::Atom)?;
        let mut node = self.keys(atom)?;
        let mut brackets = 0;
        while self.at_symbol("[") {
            brackets += 1;
            if brackets > BRACKETS_MAX {
                let message = format!("More than {BRACKETS_MAX} brackets follow one another.");
                return Err(self.error(ErrorCode::NestingTooDeep, self.span(), message));
            }
            node = self.bracket(node)?;
            node = self.keys(node)?;
        }
        self.note_operator("[");
        Ok(node)
    }

    /// `[index]` or `[from..to]`.
    fn bracket(&mut self, base: Node) -> Parsed<Node> {
        let start = base.span;
        let base = Box::new(base);
        self.expect_symbol("[")?;
        let from = if self.at_symbol("..") { None } else { Some(Box::new(self.expression()?)) };
        let expression = match (self.accept_symbol(".."), from) {
            (false, Some(index)) => Expression::Index { base, index },
            (_, from) => {
                let to = if self.at_symbol("]") { None } else { Some(Box::new(self.expression()?)) };
                Expression::Slice { base, from, to }
            }
        };
        self.expect_symbol("]")?;
        Ok(Located::new(expression, start.to(self.previous_span())))
    }

    fn keys(&mut self, base: Node) -> Parsed<Node> {
        let mut keys = Vec::new();
        while self.at_symbol(".") {
            self.advance();
            keys.push(self.identifier("a key")?);
            self.bound(keys.len())?;
        }
        self.note_operator(".");
        if keys.is_empty() {
            return Ok(base);
        }
        let span = base.span.to(self.previous_span());
        Ok(Located::new(Expression::Property { base: Box::new(base), keys }, span))
    }

    fn atom(&mut self) -> Parsed<Node> {
        let span = self.span();
        let expression = match self.kind() {
            TokenKind::Integer | TokenKind::Float => return self.number(span, false),
            TokenKind::String => {
                self.advance();
                Expression::String(decode_string(self.text(span)))
            }
            TokenKind::Parameter => return self.parameter_expression(),
            TokenKind::Symbol("(") => {
                self.refuse_pattern(0, "Pattern expressions are")?;
                self.advance();
                let inner = self.expression()?;
                self.expect_symbol(")")?;
                return Ok(Located::new(inner.value, span.to(self.previous_span())));
            }
            TokenKind::Symbol("[") => self.list_or_comprehension()?,
            TokenKind::Symbol("{") => Expression::Map(self.map_entries()?),
            TokenKind::Quoted => {
                self.advance();
                Expression::Variable(decode_quoted(self.text(span)))
            }
            TokenKind::Word => return self.word(),
            TokenKind::Symbol(_) | TokenKind::End => {
                self.note_kind("an expression");
                return Err(self.unexpected());
            }
        };
        Ok(Located::new(expression, span.to(self.previous_span())))
    }

    fn parameter_expression(&mut self) -> Parsed<Node> {
        let parameter = self.accept_parameter().ok_or_else(|| self.unexpected())?;
        Ok(parameter.map(Expression::Parameter))
    }

    fn number(&mut self, start: Span, negative: bool) -> Parsed<Node> {
        let token = self.span();
        let text = self.text(token);
        let span = start.to(token);
        let sign: i8 = if negative { -1 } else { 1 };
        let number = match self.kind() {
            TokenKind::Float => decode_float(text).map(|number| Expression::Float(number * f64::from(sign))),
            _ => decode_integer(text)
                .and_then(|magnitude| i64::try_from(magnitude * i128::from(sign)).ok())
                .map(Expression::Integer),
        };
        let Some(number) = number else {
            let message = "The number is outside of the range of a 64-bit integer.";
            return Err(self.error(ErrorCode::InvalidLiteral, span, message));
        };
        self.advance();
        Ok(Located::new(number, span))
    }

    /// After `CASE`.
    fn case(&mut self) -> Parsed<Node> {
        let start = self.previous_span();
        let subject = if self.at("WHEN") { None } else { Some(Box::new(self.expression()?)) };
        let mut branches = Vec::new();
        self.expect("WHEN")?;
        loop {
            let tested = self.expression()?;
            self.expect("THEN")?;
            branches.push((tested, self.expression()?));
            self.bound(branches.len())?;
            if !self.accept("WHEN") {
                break;
            }
        }
        let otherwise = if self.accept("ELSE") { Some(Box::new(self.expression()?)) } else { None };
        self.expect("END")?;
        let span = start.to(self.previous_span());
        Ok(Located::new(Expression::Case { subject, branches, otherwise }, span))
    }

    /// A literal keyword, a `CASE`, a function call or a column.
    fn word(&mut self) -> Parsed<Node> {
        let span = self.span();
        if self.at("CASE") && self.operand_follows() {
            self.advance();
            return self.case();
        }
        if self.kind_ahead(1) == TokenKind::Symbol("{") {
            self.refuse_subquery()?;
        }
        if self.kind_ahead(1) == TokenKind::Symbol("(") {
            return match self.iteration()? {
                Some(iteration) => Ok(iteration),
                None => self.call(),
            };
        }
        if self.call_follows() {
            return self.call();
        }
        let text = self.text(span);
        let expression = match text.to_ascii_lowercase().as_str() {
            "null" => Expression::Null,
            "true" => Expression::Boolean(true),
            "false" => Expression::Boolean(false),
            _ => Expression::Variable(text.to_owned()),
        };
        self.advance();
        Ok(Located::new(expression, span))
    }

    /// A name, in parts or not, and an opening parenthesis.
    fn call_follows(&self) -> bool {
        let mut ahead = 1;
        while self.kind_ahead(ahead) == TokenKind::Symbol(".")
            && matches!(self.kind_ahead(ahead + 1), TokenKind::Word | TokenKind::Quoted)
        {
            ahead += 2;
        }
        self.kind_ahead(ahead) == TokenKind::Symbol("(")
    }

    fn call(&mut self) -> Parsed<Node> {
        let mut function = self.identifier("a function name")?;
        let start = function.span;
        while self.accept_symbol(".") {
            let part = self.identifier("a function name")?;
            // As it is written: a part in backticks may be no word, or hold a dot.
            function.value.push('.');
            let _infallible = identifier(&mut function.value, &part.value);
            function.span = start.to(part.span);
        }
        self.expect_symbol("(")?;
        if function.value.eq_ignore_ascii_case("count") && self.accept_symbol("*") {
            self.expect_symbol(")")?;
            return Ok(Located::new(Expression::CountRows, start.to(self.previous_span())));
        }
        let distinct = !matches!(self.kind_ahead(1), TokenKind::Symbol("," | ")")) && self.accept("DISTINCT");
        let mut arguments = Vec::new();
        if !self.accept_symbol(")") {
            arguments = self.comma_separated(Self::expression)?;
            self.expect_symbol(")")?;
        }
        let span = start.to(self.previous_span());
        Ok(Located::new(Expression::Call { function, distinct, arguments }, span))
    }

    pub(super) fn list(&mut self) -> Parsed<Expression> {
        self.expect_symbol("[")?;
        if self.accept_symbol("]") {
            return Ok(Expression::List(Vec::new()));
        }
        let members = self.comma_separated(Self::expression)?;
        self.expect_symbol("]")?;
        Ok(Expression::List(members))
    }

    /// `{key: value, …}`.
    pub(super) fn map_entries(&mut self) -> Parsed<MapEntries> {
        if !self.at_symbol("{") {
            self.note_kind("a map in braces");
            return Err(self.unexpected());
        }
        self.advance();
        if self.accept_symbol("}") {
            return Ok(Vec::new());
        }
        let entries = self.comma_separated(|parser| {
            let key = parser.identifier("a key")?;
            parser.expect_symbol(":")?;
            let value = parser.expression()?;
            Ok((key, value))
        })?;
        self.expect_symbol("}")?;
        Ok(entries)
    }
}
