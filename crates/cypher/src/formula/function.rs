//! The functions that expressions may call, by name.

use super::aggregation::Aggregation;
use crate::error::{ErrorCode, SpannedError};
use crate::span::Located;
use crate::suggest::nearest;

macro_rules! functions {
    ($($variant:ident = $name:literal, $least:literal..=$most:literal;)*) => {
        /// A function of values.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Function { $($variant,)* }

        impl Function {
            const ALL: &'static [(&'static str, Self, usize, usize)] = &[$(($name, Self::$variant, $least, $most)),*];

            pub(super) fn name(self) -> &'static str {
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
    /// The names of all of them.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().map(|(name, ..)| *name)
    }

    /// The function that a call means.
    pub(super) fn find(called: &Located<String>, distinct: bool, arguments: usize) -> Result<Self, SpannedError> {
        let name = called.value.as_str();
        let span = called.span;
        let Some((known, function, least, most)) =
            Self::ALL.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name))
        else {
            let known = Self::ALL.iter().map(|(known, ..)| *known);
            let error = SpannedError::new(ErrorCode::UnknownFunction, span, format!("Unknown function '{name}'"));
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
            return Err(SpannedError::new(ErrorCode::InvalidExpression, span, message));
        }
        Ok(*function)
    }
}
