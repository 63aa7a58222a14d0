//! Functions that cut, join and convert text, and those that make lists. Their results are bounded: a few of them in one another would
//! otherwise multiply a short statement into gigabytes.

use std::borrow::Cow;

use aliasd_catalog::{Float, Value};

use super::compare::equal;
use super::function::Function;
use crate::parser::LIST_MEMBERS_MAX;

/// Longest text that `replace` makes of a shorter one, in bytes.
const GROWN_BYTES_MAX: usize = 1 << 16;

/// Why a function has no value.
pub(super) enum NoValue {
    /// An argument is of another type.
    Type,
    /// The result would be too large, or a number is negative. In words.
    Size(&'static str),
}

/// The value of a function of several arguments, of which the first is not NULL.
pub(super) fn apply(function: Function, arguments: &[Cow<'_, Value>]) -> Result<Value, NoValue> {
    let arguments: Vec<&Value> = arguments.iter().map(AsRef::as_ref).collect();
    if let (Function::NullIf, [left, right]) = (function, arguments.as_slice()) {
        return Ok(if equal(left, right) == Some(true) { Value::Null } else { (*left).clone() });
    }
    if arguments.contains(&&Value::Null) {
        return Ok(Value::Null);
    }
    match (function, arguments.as_slice()) {
        (Function::Left, [Value::String(text), Value::Integer(length)]) => {
            Ok(Value::from(text.chars().take(places(*length)?).collect::<String>()))
        }
        (Function::Right, [Value::String(text), Value::Integer(length)]) => {
            let skipped = text.chars().count().saturating_sub(places(*length)?);
            Ok(Value::from(text.chars().skip(skipped).collect::<String>()))
        }
        (Function::Substring, [Value::String(text), Value::Integer(start)]) => {
            Ok(Value::from(text.chars().skip(places(*start)?).collect::<String>()))
        }
        (Function::Substring, [Value::String(text), Value::Integer(start), Value::Integer(length)]) => {
            Ok(Value::from(text.chars().skip(places(*start)?).take(places(*length)?).collect::<String>()))
        }
        (Function::Replace, [Value::String(text), Value::String(found), Value::String(by)]) => {
            let growth = text.matches(found.as_str()).count().saturating_mul(by.len().saturating_sub(found.len()));
            if growth > 0 && text.len().saturating_add(growth) > GROWN_BYTES_MAX {
                return Err(NoValue::Size("The text would become longer than 65,536 bytes."));
            }
            Ok(Value::from(text.replace(found.as_str(), by)))
        }
        (Function::Range, [Value::Integer(first), Value::Integer(last)]) => range(*first, *last, 1),
        (Function::Range, [Value::Integer(first), Value::Integer(last), Value::Integer(step)]) => {
            range(*first, *last, *step)
        }
        (Function::Split, [Value::String(text), Value::String(by)]) => {
            let pieces: Vec<Value> = match by.is_empty() {
                true => text.chars().take(LIST_MEMBERS_MAX + 1).map(|letter| Value::from(letter.to_string())).collect(),
                false => text.split(by.as_str()).take(LIST_MEMBERS_MAX + 1).map(Value::from).collect(),
            };
            match pieces.len() > LIST_MEMBERS_MAX {
                true => Err(NoValue::Size("The text has more than 10,000 parts.")),
                false => Ok(Value::List(pieces)),
            }
        }
        _ => Err(NoValue::Type),
    }
}

/// The numbers from the first to the last, both included.
fn range(first: i64, last: i64, step: i64) -> Result<Value, NoValue> {
    if step == 0 {
        return Err(NoValue::Size("The step of a range is not zero."));
    }
    let (first, last, step) = (i128::from(first), i128::from(last), i128::from(step));
    let count = (last - first).div_euclid(step) + 1;
    let members = usize::try_from(count.max(0)).unwrap_or(usize::MAX);
    if members > LIST_MEMBERS_MAX {
        return Err(NoValue::Size("The range has more than 10,000 members."));
    }
    // Each lies between the first and the last, so it fits.
    let member = |place: usize| i64::try_from(first + step * i128::try_from(place).unwrap_or_default());
    Ok(Value::List((0..members).filter_map(|place| member(place).ok()).map(Value::Integer).collect()))
}

fn places(number: i64) -> Result<usize, NoValue> {
    usize::try_from(number).map_err(|_| NoValue::Size("A place or length in a text is not negative."))
}

/// `toInteger`, `toFloat` and `toBoolean`: NULL for text that says something else, none for another type.
pub(super) fn convert(function: Function, value: &Value) -> Option<Value> {
    match (function, value) {
        (Function::ToInteger, Value::Integer(_))
        | (Function::ToFloat, Value::Float(_))
        | (Function::ToBoolean, Value::Boolean(_)) => Some(value.clone()),
        (Function::ToInteger, Value::Boolean(truth)) => Some(Value::Integer(i64::from(*truth))),
        (Function::ToInteger, Value::Float(number)) => Some(whole(number.0)),
        (Function::ToInteger, Value::String(text)) => {
            let text = text.trim();
            let float = || text.parse::<f64>().map_or(Value::Null, whole);
            Some(text.parse::<i64>().map_or_else(|_| float(), Value::Integer))
        }
        #[expect(clippy::cast_precision_loss, reason = "the nearest float is what is asked for")]
        (Function::ToFloat, Value::Integer(number)) => Some(Value::Float(Float(*number as f64))),
        (Function::ToFloat, Value::String(text)) => {
            let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
            Some(number.map_or(Value::Null, |number| Value::Float(Float(number))))
        }
        (Function::ToBoolean, Value::Integer(number)) => Some(Value::Boolean(*number != 0)),
        (Function::ToBoolean, Value::String(text)) => {
            let text = text.trim().to_ascii_lowercase();
            Some(text.parse::<bool>().map_or(Value::Null, Value::Boolean))
        }
        _ => None,
    }
}

/// The whole part of a number; NULL if it is out of range.
fn whole(number: f64) -> Value {
    let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number);
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked, and the fraction is to be lost")]
    let whole = number.trunc() as i64;
    if fits { Value::Integer(whole) } else { Value::Null }
}
