//! The operators of the language on values, with three-valued logic: NULL is "not known".

use std::borrow::Cow;
use std::cmp::Ordering;

use aliasd_catalog::{Float, Value};

use super::compare::{compare, equal};
use crate::ast::BinaryOperator;
use crate::error::{ErrorCode, SpannedError};
use crate::parameters::kind_of;
use crate::span::Span;

pub(super) fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

pub(super) fn from_truth(truth: Option<bool>) -> Value {
    truth.map_or(Value::Null, Value::Boolean)
}

/// AND, OR and XOR of truths that may be unknown.
pub(super) fn connect(operator: BinaryOperator, left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (operator, left, right) {
        (BinaryOperator::And, Some(false), _) | (BinaryOperator::And, _, Some(false)) => Some(false),
        (BinaryOperator::Or, Some(true), _) | (BinaryOperator::Or, _, Some(true)) => Some(true),
        (_, None, _) | (_, _, None) => None,
        (BinaryOperator::And, ..) => Some(true),
        (BinaryOperator::Or, ..) => Some(false),
        (_, Some(left), Some(right)) => Some(left != right),
    }
}

pub(super) fn compared(operator: BinaryOperator, left: &Value, right: &Value) -> Option<bool> {
    match operator {
        BinaryOperator::Equal => equal(left, right),
        BinaryOperator::NotEqual => equal(left, right).map(|truth| !truth),
        BinaryOperator::Less => compare(left, right).map(Ordering::is_lt),
        BinaryOperator::LessOrEqual => compare(left, right).map(Ordering::is_le),
        BinaryOperator::Greater => compare(left, right).map(Ordering::is_gt),
        _ => compare(left, right).map(Ordering::is_ge),
    }
}

/// The value of an operator of numbers, texts or lists. NULL in gives NULL out.
///
/// # Errors
/// The operator cannot take the values, or the result does not fit. The error is about `span`.
pub fn arithmetic(
    operator: BinaryOperator,
    left: Cow<'_, Value>,
    right: &Value,
    span: Span,
) -> Result<Value, SpannedError> {
    match (operator, &*left, right) {
        (_, Value::Null, _) | (_, _, Value::Null) => Ok(Value::Null),
        (BinaryOperator::Add | BinaryOperator::Concatenate, Value::String(_), Value::String(_))
        | (BinaryOperator::Add | BinaryOperator::Concatenate, Value::List(_), Value::List(_)) => {
            Ok(append(left.into_owned(), right))
        }
        (BinaryOperator::Concatenate, ..) => Err(unfit(operator, &left, right, span)),
        (_, Value::Integer(left), Value::Integer(right)) if operator != BinaryOperator::Power => {
            integer_arithmetic(operator, *left, *right, span)
        }
        _ => match (float(&left), float(right)) {
            (Some(left), Some(right)) => Ok(Value::Float(Float(match operator {
                BinaryOperator::Add => left + right,
                BinaryOperator::Subtract => left - right,
                BinaryOperator::Multiply => left * right,
                BinaryOperator::Divide => left / right,
                BinaryOperator::Power => left.powf(right),
                _ => left % right,
            }))),
            _ => Err(unfit(operator, &left, right, span)),
        },
    }
}

fn unfit(operator: BinaryOperator, left: &Value, right: &Value, span: Span) -> SpannedError {
    let (symbol, left, right) = (operator.symbol(), kind_of(left), kind_of(right));
    let message = format!("The operator {symbol} cannot take {left} and {right}.");
    SpannedError::new(ErrorCode::WrongType, span, message)
}

/// Appends in place, so that a long chain of `+` copies each operand once.
fn append(mut left: Value, right: &Value) -> Value {
    match (&mut left, right) {
        (Value::String(left), Value::String(right)) => left.push_str(right),
        (Value::List(left), Value::List(right)) => left.extend_from_slice(right),
        _ => {}
    }
    left
}

fn integer_arithmetic(operator: BinaryOperator, left: i64, right: i64, span: Span) -> Result<Value, SpannedError> {
    let result = match operator {
        BinaryOperator::Add => left.checked_add(right),
        BinaryOperator::Subtract => left.checked_sub(right),
        BinaryOperator::Multiply => left.checked_mul(right),
        BinaryOperator::Divide => left.checked_div(right),
        _ => left.checked_rem(right),
    };
    let message = match right {
        0 => "Division by zero.",
        _ => "The result does not fit into a 64-bit integer.",
    };
    result.map(Value::Integer).ok_or_else(|| SpannedError::new(ErrorCode::ArithmeticError, span, message))
}

/// A number as a float; none for what is no number.
#[must_use]
pub fn float(value: &Value) -> Option<f64> {
    match value {
        // Rounding to the nearest float is what Cypher's mixed arithmetic does.
        #[expect(clippy::cast_precision_loss, reason = "mixed arithmetic is done in floats")]
        Value::Integer(number) => Some(*number as f64),
        Value::Float(number) => Some(number.0),
        _ => None,
    }
}
