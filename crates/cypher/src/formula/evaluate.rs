//! Running a formula on a row, with three-valued logic: NULL is "not known".

use std::borrow::Cow;
use std::cmp::Ordering;

use aliasd_catalog::{Float, Value};

use super::compare::{compare, equal};
use super::iterate::Row;
use super::{Bound, Formula};
use crate::ast::{BinaryOperator, Precedence, UnaryOperator};
use crate::error::{ErrorCode, LanguageError};
use crate::parameters::kind_of;
use crate::span::{Located, Span};

pub(super) type Evaluated<'a> = Result<Cow<'a, Value>, LanguageError>;

impl Located<Formula> {
    pub(super) fn value<'a>(&'a self, row: Row<'a, '_>) -> Evaluated<'a> {
        let value = match &self.value {
            Formula::Constant(value) => return Ok(Cow::Borrowed(value)),
            Formula::Column(column) => {
                return Ok(row.columns.get(*column).map_or(Cow::Owned(Value::Null), Cow::Borrowed));
            }
            Formula::Local(level) => return Ok(Cow::Borrowed(row.local(*level))),
            Formula::Comprehension(list, filter, projection) => {
                return self.comprehension(list, filter.as_deref(), projection.as_deref(), row);
            }
            Formula::Quantified(quantifier, list, condition) => self.quantified(*quantifier, list, condition, row)?,
            Formula::Reduce(initial, list, step) => return self.reduce(initial, list, step, row),
            Formula::Call(function, arguments) => {
                let arguments = arguments.iter().map(|argument| argument.value(row)).collect::<Result<Vec<_>, _>>()?;
                // Outside of an iteration the text of the statement bounds the calls.
                if row.iterates() {
                    arguments.iter().try_for_each(|argument| row.spend(argument, self.span))?;
                }
                return function.apply(arguments, self.span);
            }
            Formula::Property(base, keys) => return self.property(base.value(row)?, keys),
            Formula::Index(base, index) => self.index(&*base.value(row)?, &*index.value(row)?)?,
            Formula::Slice(base, from, to) => self.slice(base, [from.as_deref(), to.as_deref()], row)?,
            Formula::Case(subject, branches, otherwise) => {
                return self.case(subject.as_deref(), branches, otherwise.as_deref(), row);
            }
            Formula::Matches(text, pattern) => from_truth(pattern.fits(&*text.value(row)?)),
            Formula::List(members) => {
                let members = members.iter().map(|member| row.keep(member.value(row)?, member.span));
                Value::List(members.collect::<Result<_, LanguageError>>()?)
            }
            Formula::Map(entries) => {
                let entries =
                    entries.iter().map(|(key, entry)| Ok((key.clone(), row.keep(entry.value(row)?, entry.span)?)));
                Value::Map(entries.collect::<Result<_, LanguageError>>()?)
            }
            Formula::Unary(UnaryOperator::Not, operand) => from_truth(operand.truth_on(row)?.map(|truth| !truth)),
            Formula::Unary(UnaryOperator::Negate, operand) => {
                let zero = Cow::Owned(Value::Integer(0));
                arithmetic(BinaryOperator::Subtract, zero, &*operand.value(row)?, self.span)?
            }
            Formula::IsNull(operand, negated) => Value::Boolean((*operand.value(row)? == Value::Null) != *negated),
            Formula::Chain(first, rest) => self.chain(first, rest, row)?,
        };
        Ok(Cow::Owned(value))
    }

    pub(super) fn truth_on(&self, row: Row<'_, '_>) -> Result<Option<bool>, LanguageError> {
        match &*self.value(row)? {
            Value::Boolean(truth) => Ok(Some(*truth)),
            Value::Null => Ok(None),
            other => {
                let message = format!("Expected a boolean, found {}.", kind_of(other));
                Err(LanguageError::new("", ErrorCode::WrongType, self.span, message))
            }
        }
    }

    fn property<'a>(&'a self, base: Cow<'a, Value>, keys: &[String]) -> Evaluated<'a> {
        let mut value = base;
        for key in keys {
            value = match value {
                Cow::Borrowed(Value::Map(entries)) => entries.get(key).map_or(Cow::Owned(Value::Null), Cow::Borrowed),
                Cow::Owned(Value::Map(mut entries)) => Cow::Owned(entries.remove(key).unwrap_or(Value::Null)),
                other if *other == Value::Null => return Ok(Cow::Owned(Value::Null)),
                other => {
                    let message = format!("Cannot read '{key}' of {}; only maps have keys.", kind_of(&other));
                    return Err(LanguageError::new("", ErrorCode::WrongType, self.span, message));
                }
            };
        }
        Ok(value)
    }

    fn index(&self, base: &Value, index: &Value) -> Result<Value, LanguageError> {
        match (base, index) {
            (Value::Null, _) | (_, Value::Null) => Ok(Value::Null),
            (Value::List(members), Value::Integer(index)) => {
                let place = usize::try_from(if *index < 0 { *index + count(members.len()) } else { *index });
                Ok(place.ok().and_then(|place| members.get(place)).cloned().unwrap_or(Value::Null))
            }
            (Value::Map(entries), Value::String(key)) => Ok(entries.get(key).cloned().unwrap_or(Value::Null)),
            _ => {
                let message = format!("Cannot look up {} in {}.", kind_of(index), kind_of(base));
                Err(LanguageError::new("", ErrorCode::WrongType, self.span, message))
            }
        }
    }

    /// The members between two places; a negative place counts from the end, and one outside is moved inside.
    fn slice(&self, base: &Bound, ends: [Option<&Bound>; 2], row: Row<'_, '_>) -> Result<Value, LanguageError> {
        let base = base.value(row)?;
        let refused = |value: &Value| {
            let message = format!("A slice needs a list and whole numbers, found {}.", kind_of(value));
            LanguageError::new("", ErrorCode::WrongType, self.span, message)
        };
        let members = match &*base {
            Value::Null => return Ok(Value::Null),
            Value::List(members) => members,
            other => return Err(refused(other)),
        };
        let length = count(members.len());
        let mut places = [0, members.len()];
        for (place, end) in places.iter_mut().zip(ends) {
            let Some(end) = end else { continue };
            match &*end.value(row)? {
                Value::Null => return Ok(Value::Null),
                Value::Integer(at) => {
                    let at = if *at < 0 { at.saturating_add(length) } else { *at };
                    // Between 0 and the length, so it fits.
                    *place = usize::try_from(at.clamp(0, length)).unwrap_or(0);
                }
                other => return Err(refused(other)),
            }
        }
        let [from, to] = places;
        Ok(Value::List(members.get(from..to).unwrap_or_default().to_vec()))
    }

    fn case<'a>(
        &'a self,
        subject: Option<&'a Bound>,
        branches: &'a [(Bound, Bound)],
        otherwise: Option<&'a Bound>,
        row: Row<'a, '_>,
    ) -> Evaluated<'a> {
        let subject = subject.map(|subject| subject.value(row)).transpose()?;
        for (tested, value) in branches {
            let fits = match &subject {
                Some(subject) => equal(subject, &*tested.value(row)?),
                None => tested.truth_on(row)?,
            };
            if fits == Some(true) {
                return value.value(row);
            }
        }
        otherwise.map_or(Ok(Cow::Owned(Value::Null)), |otherwise| otherwise.value(row))
    }

    fn chain(&self, first: &Bound, rest: &[(BinaryOperator, Bound)], row: Row<'_, '_>) -> Result<Value, LanguageError> {
        // The parser never makes a chain without an operator.
        let level = rest.first().map_or(Precedence::Atom, |(operator, _)| operator.precedence());
        match level {
            Precedence::Or | Precedence::Xor | Precedence::And => {
                let mut truth = first.truth_on(row)?;
                for (operator, right) in rest {
                    let decided = match operator {
                        BinaryOperator::Or => truth == Some(true),
                        BinaryOperator::And => truth == Some(false),
                        _ => false,
                    };
                    if decided {
                        break;
                    }
                    truth = connect(*operator, truth, right.truth_on(row)?);
                }
                Ok(from_truth(truth))
            }
            Precedence::Comparison => self.comparisons(first, rest, row),
            _ => {
                let mut left = first.value(row)?;
                for (operator, right) in rest {
                    let right = right.value(row)?;
                    if matches!(operator, BinaryOperator::Add | BinaryOperator::Concatenate) {
                        row.spend(&right, self.span)?;
                    }
                    left = Cow::Owned(match level {
                        Precedence::Predicate => self.predicate(*operator, &left, &right)?,
                        _ => arithmetic(*operator, left, &right, self.span)?,
                    });
                }
                Ok(left.into_owned())
            }
        }
    }

    /// `a < b <= c` says `a < b AND b <= c`.
    fn comparisons(
        &self,
        first: &Bound,
        rest: &[(BinaryOperator, Bound)],
        row: Row<'_, '_>,
    ) -> Result<Value, LanguageError> {
        let mut result = Some(true);
        let mut left = first.value(row)?;
        for (operator, right) in rest {
            let right = right.value(row)?;
            result = connect(BinaryOperator::And, result, compared(*operator, &left, &right));
            left = right;
        }
        Ok(from_truth(result))
    }

    fn predicate(&self, operator: BinaryOperator, left: &Value, right: &Value) -> Result<Value, LanguageError> {
        let truth = match (operator, left, right) {
            (_, _, Value::Null) => None,
            (BinaryOperator::In, left, Value::List(members)) => {
                // A member that is equal decides; otherwise one that may be leaves it open.
                let mut found = members.iter().map(|member| equal(left, member));
                let open = found.clone().any(|part| part.is_none());
                if found.any(|part| part == Some(true)) { Some(true) } else { (!open).then_some(false) }
            }
            (BinaryOperator::In, _, other) => {
                let message = format!("IN needs a list, found {}.", kind_of(other));
                return Err(LanguageError::new("", ErrorCode::WrongType, self.span, message));
            }
            (BinaryOperator::StartsWith, Value::String(left), Value::String(right)) => Some(left.starts_with(right)),
            (BinaryOperator::EndsWith, Value::String(left), Value::String(right)) => Some(left.ends_with(right)),
            (BinaryOperator::Contains, Value::String(left), Value::String(right)) => Some(left.contains(right)),
            _ => None,
        };
        Ok(from_truth(truth))
    }
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

pub(super) fn from_truth(truth: Option<bool>) -> Value {
    truth.map_or(Value::Null, Value::Boolean)
}

/// AND, OR and XOR of truths that may be unknown.
fn connect(operator: BinaryOperator, left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (operator, left, right) {
        (BinaryOperator::And, Some(false), _) | (BinaryOperator::And, _, Some(false)) => Some(false),
        (BinaryOperator::Or, Some(true), _) | (BinaryOperator::Or, _, Some(true)) => Some(true),
        (_, None, _) | (_, _, None) => None,
        (BinaryOperator::And, ..) => Some(true),
        (BinaryOperator::Or, ..) => Some(false),
        (_, Some(left), Some(right)) => Some(left != right),
    }
}

fn compared(operator: BinaryOperator, left: &Value, right: &Value) -> Option<bool> {
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
) -> Result<Value, LanguageError> {
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

fn unfit(operator: BinaryOperator, left: &Value, right: &Value, span: Span) -> LanguageError {
    let (symbol, left, right) = (operator.symbol(), kind_of(left), kind_of(right));
    let message = format!("The operator {symbol} cannot take {left} and {right}.");
    LanguageError::new("", ErrorCode::WrongType, span, message)
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

fn integer_arithmetic(operator: BinaryOperator, left: i64, right: i64, span: Span) -> Result<Value, LanguageError> {
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
    result.map(Value::Integer).ok_or_else(|| LanguageError::new("", ErrorCode::ArithmeticError, span, message))
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
