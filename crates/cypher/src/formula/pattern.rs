//! Regular expressions of `=~`: compiled once, bounded, and matched in time linear in the text.

use aliasd_catalog::Value;
use regex::{Regex, RegexBuilder};

use crate::error::{ErrorCode, SpannedError};
use crate::parameters::kind_of;
use crate::span::Span;

/// Bytes that a compiled pattern may take.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// A compiled pattern; none for NULL, which nothing is known to fit.
#[derive(Clone, Debug)]
pub(super) struct Pattern(Option<Regex>);

impl Pattern {
    /// Compiles a constant: a literal or a parameter. Other patterns would have to be compiled for each row.
    pub(super) fn new(pattern: Option<&Value>, span: Span) -> Result<Self, SpannedError> {
        let Some(value) = pattern else {
            let message = "The pattern of =~ is a string literal or a parameter.";
            return Err(SpannedError::new(ErrorCode::InvalidExpression, span, message));
        };
        match value {
            Value::Null => Ok(Self(None)),
            Value::String(text) => compile(text).map(|regex| Self(Some(regex))).ok_or_else(|| {
                let error = SpannedError::new(ErrorCode::InvalidExpression, span, "Invalid Regex.");
                error.with_hint(
                    "Groups, classes, repetitions and (?i) are known; look-around and back-references are not.",
                )
            }),
            other => {
                let message = format!("The operator =~ needs a string as pattern, found {}.", kind_of(other));
                Err(SpannedError::new(ErrorCode::WrongType, span, message))
            }
        }
    }

    /// Whether the whole text fits; none if that is not known.
    pub(super) fn fits(&self, text: &Value) -> Option<bool> {
        match (&self.0, text) {
            (Some(regex), Value::String(text)) => Some(regex.is_match(text)),
            _ => None,
        }
    }
}

/// A pattern for the whole text. It must be a pattern by itself, or it could close the group around it.
fn compile(pattern: &str) -> Option<Regex> {
    let build = |pattern: &str| {
        RegexBuilder::new(pattern).size_limit(PATTERN_BYTES_MAX).dfa_size_limit(PATTERN_BYTES_MAX).build()
    };
    build(pattern).ok()?;
    build(&format!(r"\A(?:{pattern})\z")).ok()
}
