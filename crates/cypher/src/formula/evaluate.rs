//! Running a formula on a row, with three-valued logic: NULL is "not known".

use std::borrow::Cow;

use aliasd_catalog::Value;

use super::compare::equal;
use super::node::{Bound, Formula};
use super::operator::{arithmetic, compared, connect, count, from_truth};
use super::row::{Evaluated, Row};
use crate::ast::{BinaryOperator, Precedence, UnaryOperator};
use crate::error::{ErrorCode, SpannedError};
use crate::parameters::kind_of;
use crate::span::Located;

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
                Value::List(members.collect::<Result<_, SpannedError>>()?)
            }
            Formula::Map(entries) => {
                let entries =
                    entries.iter().map(|(key, entry)| Ok((key.clone(), row.keep(entry.value(row)?, entry.span)?)));
                Value::Map(entries.collect::<Result<_, SpannedError>>()?)
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

    pub(super) fn truth_on(&self, row: Row<'_, '_>) -> Result<Option<bool>, SpannedError> {
        match &*self.value(row)? {
            Value::Boolean(truth) => Ok(Some(*truth)),
            Value::Null => Ok(None),
            other => {
                let message = format!("Expected a boolean, found {}.", kind_of(other));
                Err(SpannedError::new(ErrorCode::WrongType, self.span, message))
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
                    return Err(SpannedError::new(ErrorCode::WrongType, self.span, message));
                }
            };
        }
        Ok(value)
    }

    fn index(&self, base: &Value, index: &Value) -> Result<Value, SpannedError> {
        match (base, index) {
            (Value::Null, _) | (_, Value::Null) => Ok(Value::Null),
            (Value::List(members), Value::Integer(index)) => {
                let place = usize::try_from(if *index < 0 { *index + count(members.len()) } else { *index });
                Ok(place.ok().and_then(|place| members.get(place)).cloned().unwrap_or(Value::Null))
            }
            (Value::Map(entries), Value::String(key)) => Ok(entries.get(key).cloned().unwrap_or(Value::Null)),
            _ => {
                let message = format!("Cannot look up {} in {}.", kind_of(index), kind_of(base));
                Err(SpannedError::new(ErrorCode::WrongType, self.span, message))
            }
        }
    }

    /// The members between two places; a negative place counts from the end, and one outside is moved inside.
    fn slice(&self, base: &Bound, ends: [Option<&Bound>; 2], row: Row<'_, '_>) -> Result<Value, SpannedError> {
        let base = base.value(row)?;
        let refused = |value: &Value| {
            let message = format!("A slice needs a list and whole numbers, found {}.", kind_of(value));
            SpannedError::new(ErrorCode::WrongType, self.span, message)
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

    fn chain(&self, first: &Bound, rest: &[(BinaryOperator, Bound)], row: Row<'_, '_>) -> Result<Value, SpannedError> {
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
    ) -> Result<Value, SpannedError> {
        let mut result = Some(true);
        let mut left = first.value(row)?;
        for (operator, right) in rest {
            let right = right.value(row)?;
            result = connect(BinaryOperator::And, result, compared(*operator, &left, &right));
            left = right;
        }
        Ok(from_truth(result))
    }

    fn predicate(&self, operator: BinaryOperator, left: &Value, right: &Value) -> Result<Value, SpannedError> {
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
                return Err(SpannedError::new(ErrorCode::WrongType, self.span, message));
            }
            (BinaryOperator::StartsWith, Value::String(left), Value::String(right)) => Some(left.starts_with(right)),
            (BinaryOperator::EndsWith, Value::String(left), Value::String(right)) => Some(left.ends_with(right)),
            (BinaryOperator::Contains, Value::String(left), Value::String(right)) => Some(left.contains(right)),
            _ => None,
        };
        Ok(from_truth(truth))
    }
}
