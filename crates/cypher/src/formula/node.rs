//! The parts of an expression that is ready to run: no names any more, only places, values and code.

use std::sync::Arc;

use aliasd_catalog::Value;

use super::function::Function;
use super::pattern::Pattern;
use crate::ast::{BinaryOperator, Quantifier, UnaryOperator};
use crate::span::Located;

pub(super) type Bound = Located<Formula>;

/// An expression that is ready to run on a row.
#[derive(Clone, Debug)]
pub(super) enum Formula {
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
pub(super) fn weight(value: &Value) -> usize {
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
