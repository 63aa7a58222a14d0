//! Equality with three truth values, comparison, and the order of `ORDER BY`.

use std::cmp::Ordering;

use aliasd_catalog::Value;

/// Equality: none if a NULL leaves it open.
pub(super) fn equal(left: &Value, right: &Value) -> Option<bool> {
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => None,
        (Value::List(left), Value::List(right)) => {
            if left.len() != right.len() {
                return Some(false);
            }
            all(left.iter().zip(right).map(|(left, right)| equal(left, right)))
        }
        (Value::Map(left), Value::Map(right)) => {
            if !left.keys().eq(right.keys()) {
                return Some(false);
            }
            all(left.values().zip(right.values()).map(|(left, right)| equal(left, right)))
        }
        _ => match numbers(left, right) {
            Some(ordering) => Some(ordering == Some(Ordering::Equal)),
            None => Some(left == right),
        },
    }
}

/// False if one is false, otherwise none if one is open.
fn all(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut result = Some(true);
    for part in parts {
        match part {
            Some(false) => return Some(false),
            None => result = None,
            Some(true) => {}
        }
    }
    result
}

/// Comparison: none if the values have no order, for example a number and a string.
pub(super) fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Boolean(left), Value::Boolean(right)) => Some(left.cmp(right)),
        _ => numbers(left, right).flatten(),
    }
}

/// The order of two numbers; the outer none says that one of them is no number.
fn numbers(left: &Value, right: &Value) -> Option<Option<Ordering>> {
    match (left, right) {
        (Value::Integer(left), Value::Integer(right)) => Some(Some(left.cmp(right))),
        (Value::Float(left), Value::Float(right)) => Some(left.0.partial_cmp(&right.0)),
        (Value::Integer(left), Value::Float(right)) => Some(integer_and_float(*left, right.0)),
        (Value::Float(left), Value::Integer(right)) => Some(integer_and_float(*right, left.0).map(Ordering::reverse)),
        _ => None,
    }
}

/// Exact: an integer above 2^53 is not rounded to a float before it is compared.
fn integer_and_float(integer: i64, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    if float >= 9_223_372_036_854_775_808.0 {
        return Some(Ordering::Less);
    }
    if float < -9_223_372_036_854_775_808.0 {
        return Some(Ordering::Greater);
    }
    // In range by the two checks above, so only the fraction is lost.
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
    let whole = float.trunc() as i64;
    let fraction = float - float.trunc();
    Some(integer.cmp(&whole).then_with(|| 0.0_f64.partial_cmp(&fraction).unwrap_or(Ordering::Equal)))
}

/// The order of `ORDER BY`, total: NULL comes last, numbers by their value, the rest by kind.
#[must_use]
pub fn order(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Greater,
        (_, Value::Null) => Ordering::Less,
        _ => numbers(left, right).flatten().unwrap_or_else(|| left.cmp(right)),
    }
}
