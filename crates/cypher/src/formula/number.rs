//! Functions of numbers.

use aliasd_catalog::{Float, Value};

use super::function::Function;
use super::operator::float;
use crate::error::{ErrorCode, SpannedError};
use crate::span::Span;

/// The value of a function of one number; none for something else.
///
/// # Errors
/// The result does not fit.
pub(super) fn apply(function: Function, value: &Value, span: Span) -> Result<Option<Value>, SpannedError> {
    let number = match (function, value) {
        (Function::Abs, Value::Integer(number)) => {
            let overflow = || {
                let message = "The result does not fit into a 64-bit integer.";
                SpannedError::new(ErrorCode::ArithmeticError, span, message)
            };
            Value::Integer(number.checked_abs().ok_or_else(overflow)?)
        }
        (Function::Abs, Value::Float(number)) => Value::Float(Float(number.0.abs())),
        (Function::Sign, Value::Integer(number)) => Value::Integer(number.signum()),
        (Function::Sign, Value::Float(number)) => Value::Integer(i64::from(number.0 > 0.0) - i64::from(number.0 < 0.0)),
        (_, number) => match float(number) {
            Some(number) => Value::Float(Float(match function {
                Function::Ceil => number.ceil(),
                Function::Floor => number.floor(),
                // A tie goes up, as Neo4j says.
                _ => (number + 0.5).floor(),
            })),
            None => return Ok(None),
        },
    };
    Ok(Some(number))
}
