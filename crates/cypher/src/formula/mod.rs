//! Expressions made ready to run: names are bound to columns, functions to code, parameters to values.
//!
//! Whatever can be found wrong without a row is found while binding, so that a listing either fails
//! before its first row or, on arithmetic and types, at the row that has no value.

mod compare;
mod duration;
mod evaluate;
mod function;
mod iterate;
mod number;
mod pattern;
mod scope;
mod text;

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;

use aliasd_catalog::Value;

pub use compare::order;
pub use evaluate::{arithmetic, float};
use function::Function;
use iterate::{BYTES_MAX, Row};
use pattern::Pattern;
pub use scope::{Aggregate, Aggregation, Scope};

use crate::ast::{BinaryOperator, Quantifier, UnaryOperator};
use crate::error::LanguageError;
use crate::span::{Located, Span};

/// An expression that is ready to run on a row, and where it was written.
#[derive(Clone, Debug)]
pub struct BoundExpression(Bound);

// === impl BoundExpression ===

impl BoundExpression {
    /// The value of a column of the row, as it is.
    #[must_use]
    pub fn of_column(place: usize) -> Self {
        Self(Located::new(Formula::Column(place), Span::default()))
    }

    /// The column whose value it is, if it is no more than that.
    #[must_use]
    pub fn as_column(&self) -> Option<usize> {
        match self.0.value {
            Formula::Column(place) => Some(place),
            _ => None,
        }
    }

    /// Where it was written.
    #[must_use]
    pub fn span(&self) -> Span {
        self.0.span
    }

    /// The value on a row, which is as long as the scope that the expression was bound in says.
    ///
    /// # Errors
    /// It has no value on this row: an operator or function cannot take what stands there, or the result does not fit.
    pub fn evaluate<'a>(&'a self, row: &'a [Value]) -> Result<Cow<'a, Value>, LanguageError> {
        self.0.value(Row::new(row, &Cell::new(BYTES_MAX)))
    }

    /// The truth of a condition on a row: none if it is not known.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate), or the value is neither true, false nor NULL.
    pub fn truth(&self, row: &[Value]) -> Result<Option<bool>, LanguageError> {
        self.0.truth_on(Row::new(row, &Cell::new(BYTES_MAX)))
    }
}

type Bound = Located<Formula>;

/// An expression that is ready to run on a row.
#[derive(Clone, Debug)]
enum Formula {
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
    /// What the iteration so many levels further out calls a member or, in `reduce`, the value so far.
    Local(usize),
    /// The list, which members, and what becomes of each.
    Comprehension(Box<Bound>, Option<Box<Bound>>, Option<Box<Bound>>),
    Quantified(Quantifier, Box<Bound>, Box<Bound>),
    /// The initial value, the list, and the value after a member.
    Reduce(Box<Bound>, Box<Bound>, Box<Bound>),
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
