//! Expressions made ready to run: names are bound to columns, functions to code, parameters to values.
//!
//! Whatever can be found wrong without a row is found while binding, so that a listing either fails
//! before its first row or, on arithmetic and types, at the row that has no value.

mod compare;
mod duration;
mod evaluate;
mod function;
mod pattern;
mod text;

use std::collections::BTreeMap;
use std::sync::Arc;

use aliasd_catalog::{Float, Value};

pub(crate) use compare::order;
pub(crate) use evaluate::{arithmetic, float};
pub(crate) use function::Function;
use pattern::Pattern;

use crate::ast::{BinaryOperator, Expression, UnaryOperator};
use crate::error::{ErrorCode, LanguageError};
use crate::parameters::Parameters;
use crate::span::{Located, Span};
use crate::suggest::nearest;

pub(crate) type Bound = Located<Formula>;

/// Bytes of parameter values that the expressions of one statement may spread out. A parameter that is
/// named often would otherwise multiply.
const PARAMETER_BYTES_MAX: usize = 16 << 20;

/// An expression that is ready to run on a row.
#[derive(Clone, Debug)]
pub(crate) enum Formula {
    /// A value, shared with the parameters.
    Constant(Arc<Value>),
    /// The value in a column of the row.
    Column(usize),
    List(Vec<Bound>),
    Map(Vec<(String, Bound)>),
    Property(Box<Bound>, Vec<String>),
    Index(Box<Bound>, Box<Bound>),
    Slice(Box<Bound>, Option<Box<Bound>>, Option<Box<Bound>>),
    /// The subject, pairs of what is tested and its value, and what it is otherwise.
    Case(Option<Box<Bound>>, Vec<(Bound, Bound)>, Option<Box<Bound>>),
    /// `=~` with a pattern that was compiled while binding.
    Matches(Box<Bound>, Pattern),
    Unary(UnaryOperator, Box<Bound>),
    Chain(Box<Bound>, Vec<(BinaryOperator, Bound)>),
    IsNull(Box<Bound>, bool),
    Call(Function, Vec<Bound>),
}

/// What the names and parameters in an expression mean.
pub(crate) struct Scope<'a> {
    parameters: &'a Parameters,
    columns: BTreeMap<&'a str, usize>,
    /// Says what is wrong with a column where only constants may stand.
    constant_only: Option<&'static str>,
    parameter_bytes: usize,
}

// === impl Scope ===

impl<'a> Scope<'a> {
    /// Names mean columns: pairs of a name and its place in the row.
    pub(crate) fn of_columns(parameters: &'a Parameters, columns: impl IntoIterator<Item = (&'a str, usize)>) -> Self {
        Self { parameters, columns: columns.into_iter().collect(), constant_only: None, parameter_bytes: 0 }
    }

    /// Names mean nothing; `refusal` is the message for one.
    pub(crate) fn of_constants(parameters: &'a Parameters, refusal: &'static str) -> Self {
        Self { parameters, columns: BTreeMap::new(), constant_only: Some(refusal), parameter_bytes: 0 }
    }

    /// Makes an expression ready to run.
    pub(crate) fn bind(&mut self, expression: &Located<Expression>) -> Result<Bound, LanguageError> {
        let span = expression.span;
        let formula = match &expression.value {
            Expression::Null => constant(Value::Null),
            Expression::Boolean(truth) => constant(Value::Boolean(*truth)),
            Expression::Integer(number) => constant(Value::Integer(*number)),
            Expression::Float(number) => constant(Value::Float(Float(*number))),
            Expression::String(text) => constant(Value::String(text.clone())),
            Expression::Parameter(name) => self.parameter(name, span)?,
            Expression::Variable(name) => Formula::Column(self.column(name, span)?),
            Expression::List(members) => Formula::List(self.bind_all(members)?),
            Expression::Map(entries) => {
                let bind =
                    |(key, value): &(Located<String>, Located<Expression>)| Ok((key.value.clone(), self.bind(value)?));
                Formula::Map(entries.iter().map(bind).collect::<Result<_, LanguageError>>()?)
            }
            Expression::Property { base, keys } => {
                let keys = keys.iter().map(|key| key.value.clone()).collect();
                Formula::Property(Box::new(self.bind(base)?), keys)
            }
            Expression::Index { base, index } => {
                Formula::Index(Box::new(self.bind(base)?), Box::new(self.bind(index)?))
            }
            Expression::Slice { base, from, to } => {
                Formula::Slice(Box::new(self.bind(base)?), self.bind_optional(from)?, self.bind_optional(to)?)
            }
            Expression::Case { subject, branches, otherwise } => {
                let subject = self.bind_optional(subject)?;
                let bind = |(tested, value): &(Located<Expression>, Located<Expression>)| {
                    Ok((self.bind(tested)?, self.bind(value)?))
                };
                let branches = branches.iter().map(bind).collect::<Result<_, LanguageError>>()?;
                Formula::Case(subject, branches, self.bind_optional(otherwise)?)
            }
            Expression::Chain { first, rest } if rest.first().is_some_and(|(by, _)| *by == BinaryOperator::Matches) => {
                let text = Box::new(self.bind(first)?);
                // A predicate stands alone: the parser makes no chains of them.
                let pattern = rest.iter().map(|(_, pattern)| self.bind(pattern)).next_back().transpose()?;
                Formula::Matches(text, Pattern::new(pattern.as_ref(), span)?)
            }
            Expression::Unary(operator, operand) => Formula::Unary(*operator, Box::new(self.bind(operand)?)),
            Expression::Chain { first, rest } => {
                let first = Box::new(self.bind(first)?);
                let bind =
                    |(operator, right): &(BinaryOperator, Located<Expression>)| Ok((*operator, self.bind(right)?));
                Formula::Chain(first, rest.iter().map(bind).collect::<Result<_, LanguageError>>()?)
            }
            Expression::IsNull { operand, negated } => Formula::IsNull(Box::new(self.bind(operand)?), *negated),
            Expression::Call { function, distinct, arguments } => {
                let bound = Function::find(function, *distinct, arguments.len())?;
                Formula::Call(bound, self.bind_all(arguments)?)
            }
            Expression::CountRows => return Err(function::misplaced_aggregation(span)),
        };
        Ok(Located::new(formula, span))
    }

    fn bind_optional(
        &mut self,
        expression: &Option<Box<Located<Expression>>>,
    ) -> Result<Option<Box<Bound>>, LanguageError> {
        expression.as_ref().map(|expression| Ok(Box::new(self.bind(expression)?))).transpose()
    }

    fn bind_all(&mut self, expressions: &[Located<Expression>]) -> Result<Vec<Bound>, LanguageError> {
        expressions.iter().map(|expression| self.bind(expression)).collect()
    }

    fn parameter(&mut self, name: &str, span: Span) -> Result<Formula, LanguageError> {
        let value = self.parameters.get(name, span)?;
        self.parameter_bytes = self.parameter_bytes.saturating_add(weight(value));
        if self.parameter_bytes > PARAMETER_BYTES_MAX {
            let message = "The statement's expressions use more than 16 MiB of parameter values.";
            return Err(LanguageError::new("", ErrorCode::ListTooLong, span, message));
        }
        Ok(Formula::Constant(value.clone()))
    }

    fn column(&self, name: &str, span: Span) -> Result<usize, LanguageError> {
        if let Some(column) = self.columns.get(name) {
            return Ok(*column);
        }
        if let Some(refusal) = self.constant_only {
            return Err(LanguageError::new("", ErrorCode::InvalidExpression, span, refusal));
        }
        let known: Vec<&str> = self.columns.keys().copied().collect();
        let error = LanguageError::new("", ErrorCode::UnknownVariable, span, format!("Variable `{name}` not defined"));
        Err(error.with_hint(match nearest(name, known.iter().copied()) {
            Some(near) => format!("Did you mean '{near}'?"),
            None => format!("These are defined here: {}. YIELD * defines every column.", known.join(", ")),
        }))
    }
}

fn constant(value: Value) -> Formula {
    Formula::Constant(Arc::new(value))
}

/// Roughly the bytes that a copy of a value takes.
fn weight(value: &Value) -> usize {
    const NODE: usize = size_of::<Value>();
    match value {
        Value::String(text) => NODE + text.len(),
        Value::List(members) => NODE + members.iter().map(weight).sum::<usize>(),
        Value::Map(entries) => {
            NODE + entries.iter().map(|(key, value)| NODE + key.len() + weight(value)).sum::<usize>()
        }
        Value::Null | Value::Boolean(_) | Value::Integer(_) | Value::Float(_) | Value::Duration(_) => NODE,
    }
}
