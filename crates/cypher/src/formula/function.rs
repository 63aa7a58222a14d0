//! The functions that expressions may call.

use std::borrow::Cow;

use aliasd_catalog::Value;

use super::{Aggregation, duration, number, text};
use crate::error::{ErrorCode, LanguageError};
use crate::parameters::kind_of;
use crate::span::{Located, Span};
use crate::suggest::nearest;

macro_rules! functions {
    ($($variant:ident = $name:literal, $least:literal..=$most:literal;)*) => {
        /// A function of values.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Function { $($variant,)* }

        impl Function {
            const ALL: &'static [(&'static str, Self, usize, usize)] = &[$(($name, Self::$variant, $least, $most)),*];

            fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

functions! {
    ToLower = "toLower", 1..=1;
    Lower = "lower", 1..=1;
    ToUpper = "toUpper", 1..=1;
    Upper = "upper", 1..=1;
    Trim = "trim", 1..=1;
    Size = "size", 1..=1;
    ToString = "toString", 1..=1;
    Coalesce = "coalesce", 1..=10_000;
    Keys = "keys", 1..=1;
    Head = "head", 1..=1;
    Last = "last", 1..=1;
    Duration = "duration", 1..=1;
    LTrim = "lTrim", 1..=1;
    RTrim = "rTrim", 1..=1;
    Reverse = "reverse", 1..=1;
    Left = "left", 2..=2;
    Right = "right", 2..=2;
    Substring = "substring", 2..=3;
    Replace = "replace", 3..=3;
    Split = "split", 2..=2;
    IsEmpty = "isEmpty", 1..=1;
    Tail = "tail", 1..=1;
    ToInteger = "toInteger", 1..=1;
    ToFloat = "toFloat", 1..=1;
    ToBoolean = "toBoolean", 1..=1;
    NullIf = "nullIf", 2..=2;
    CharLength = "char_length", 1..=1;
    CharacterLength = "character_length", 1..=1;
    BTrim = "btrim", 1..=1;
    Abs = "abs", 1..=1;
    Ceil = "ceil", 1..=1;
    Floor = "floor", 1..=1;
    Round = "round", 1..=1;
    Sign = "sign", 1..=1;
    Range = "range", 2..=3;
}

// === impl Function ===

impl Function {
    /// The function that a call means.
    pub(super) fn find(called: &Located<String>, distinct: bool, arguments: usize) -> Result<Self, LanguageError> {
        let name = called.value.as_str();
        let span = called.span;
        let Some((known, function, least, most)) =
            Self::ALL.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name))
        else {
            let known = Self::ALL.iter().map(|(known, ..)| *known);
            let error = LanguageError::new("", ErrorCode::UnknownFunction, span, format!("Unknown function '{name}'"));
            return Err(match nearest(name, known.clone().chain(Aggregation::names())) {
                Some(near) => error.with_hint(format!("Did you mean '{near}'?")),
                None => error.with_hint(format!("There are: {}.", known.collect::<Vec<_>>().join(", "))),
            });
        };
        if distinct || !(*least..=*most).contains(&arguments) {
            let message = match least == most {
                true => format!("The function {known}() takes {least} argument(s), and no DISTINCT."),
                false => format!("The function {known}() takes {least} to {most} arguments, and no DISTINCT."),
            };
            return Err(LanguageError::new("", ErrorCode::InvalidExpression, span, message));
        }
        Ok(*function)
    }

    /// The value of the function. NULL in gives NULL out, except for `coalesce`.
    pub(super) fn apply<'a>(self, arguments: Vec<Cow<'a, Value>>, span: Span) -> Result<Cow<'a, Value>, LanguageError> {
        let first_not_null = |value: &Cow<'a, Value>| **value != Value::Null;
        if self == Self::Coalesce {
            return Ok(arguments.into_iter().find(first_not_null).unwrap_or(Cow::Owned(Value::Null)));
        }
        let Some(argument) = arguments.first().filter(|argument| first_not_null(argument)) else {
            return Ok(Cow::Owned(Value::Null));
        };
        if arguments.len() > 1 {
            return text::apply(self, &arguments).map(Cow::Owned).map_err(|failure| match failure {
                text::Failure::Type => self.refuse(argument, span),
                text::Failure::Size(message) => LanguageError::new("", ErrorCode::InvalidExpression, span, message),
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
                    LanguageError::new("", ErrorCode::InvalidExpression, span, message)
                })?;
                Value::Duration(duration)
            }
            (_, value) => return Err(self.refuse(value, span)),
        };
        Ok(Cow::Owned(value))
    }

    fn refuse(self, value: &Value, span: Span) -> LanguageError {
        let message = format!("The function {}() cannot take {}.", self.name(), kind_of(value));
        LanguageError::new("", ErrorCode::WrongType, span, message)
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
