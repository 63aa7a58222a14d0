//! Calls of functions on values.

use std::borrow::Cow;

use aliasd_catalog::Value;

use super::function::Function;
use super::{duration, number, text};
use crate::error::{ErrorCode, SpannedError};
use crate::parameters::kind_of;
use crate::span::Span;

impl Function {
    /// The value of the function. NULL in gives NULL out, except for `coalesce`.
    pub(super) fn apply<'a>(self, arguments: Vec<Cow<'a, Value>>, span: Span) -> Result<Cow<'a, Value>, SpannedError> {
        let first_not_null = |value: &Cow<'a, Value>| **value != Value::Null;
        if self == Self::Coalesce {
            return Ok(arguments.into_iter().find(first_not_null).unwrap_or(Cow::Owned(Value::Null)));
        }
        let Some(argument) = arguments.first().filter(|argument| first_not_null(argument)) else {
            return Ok(Cow::Owned(Value::Null));
        };
        if arguments.len() > 1 {
            return text::apply(self, &arguments).map(Cow::Owned).map_err(|reason| match reason {
                text::NoValue::Type => self.refuse(argument, span),
                text::NoValue::Size(message) => SpannedError::new(ErrorCode::InvalidExpression, span, message),
            });
        }
        let value = match (self, argument.as_ref()) {
            (Self::LTrim, Value::String(text)) => Value::from(text.trim_start()),
            (Self::RTrim, Value::String(text)) => Value::from(text.trim_end()),
            (Self::Reverse, Value::String(text)) => Value::from(text.chars().rev().collect::<String>()),
            (Self::Reverse, Value::List(members)) => Value::List(members.iter().rev().cloned().collect()),
            (Self::IsEmpty, Value::String(text)) => Value::Boolean(text.is_empty()),
            (Self::IsEmpty, Value::List(members)) => Value::Boolean(members.is_empty()),
            (Self::IsEmpty, Value::Map(entries)) => Value::Boolean(entries.is_empty()),
            (Self::Tail, Value::List(members)) => Value::List(members.iter().skip(1).cloned().collect()),
            (Self::ToInteger | Self::ToFloat | Self::ToBoolean, value) => {
                text::convert(self, value).ok_or_else(|| self.refuse(value, span))?
            }
            (Self::ToLower | Self::Lower, Value::String(text)) => Value::from(text.to_lowercase()),
            (Self::ToUpper | Self::Upper, Value::String(text)) => Value::from(text.to_uppercase()),
            (Self::Trim | Self::BTrim, Value::String(text)) => Value::from(text.trim()),
            (Self::CharLength | Self::CharacterLength, Value::String(text)) => length(text.chars().count()),
            (Self::Abs | Self::Ceil | Self::Floor | Self::Round | Self::Sign, value) => {
                number::apply(self, value, span)?.ok_or_else(|| self.refuse(value, span))?
            }
            (Self::Size, Value::String(text)) => length(text.chars().count()),
            (Self::Size, Value::List(members)) => length(members.len()),
            (Self::Keys, Value::Map(entries)) => {
                Value::List(entries.keys().map(|key| Value::from(key.as_str())).collect())
            }
            (Self::Head, Value::List(members)) => members.first().cloned().unwrap_or(Value::Null),
            (Self::Last, Value::List(members)) => members.last().cloned().unwrap_or(Value::Null),
            (Self::ToString, value) => to_string(value).ok_or_else(|| self.refuse(value, span))?,
            (Self::Duration, value) => {
                let duration = duration::from_value(value).map_err(|reason| {
                    let message = format!("The argument of duration() is no duration: {reason}.");
                    SpannedError::new(ErrorCode::InvalidExpression, span, message)
                })?;
                Value::Duration(duration)
            }
            (_, value) => return Err(self.refuse(value, span)),
        };
        Ok(Cow::Owned(value))
    }

    fn refuse(self, value: &Value, span: Span) -> SpannedError {
        let message = format!("The function {}() cannot take {}.", self.name(), kind_of(value));
        SpannedError::new(ErrorCode::WrongType, span, message)
    }
}

fn length(length: usize) -> Value {
    Value::Integer(i64::try_from(length).unwrap_or(i64::MAX))
}

fn to_string(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => Some(Value::from(text.as_str())),
        Value::Boolean(truth) => Some(Value::from(truth.to_string())),
        Value::Integer(number) => Some(Value::from(number.to_string())),
        Value::Float(number) => Some(Value::from(format!("{:?}", number.0))),
        Value::Duration(duration) => Some(Value::from(duration.to_string())),
        Value::Null | Value::List(_) | Value::Map(_) => None,
    }
}
