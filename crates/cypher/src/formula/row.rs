//! What an expression is evaluated on: a row, the names of the iterations around it, and how much it may still copy.

use std::borrow::Cow;
use std::cell::Cell;

use aliasd_catalog::Value;

use super::node::weight;
use crate::error::{ErrorCode, SpannedError};
use crate::span::Span;

/// A value that is borrowed where it can be.
pub(super) type Evaluated<'a> = Result<Cow<'a, Value>, SpannedError>;

/// Bytes of values that an expression may pass to iterations and copy into lists, maps and texts, on one row.
pub(super) const BYTES_MAX: usize = 16 << 20;

/// What a formula is evaluated on.
#[derive(Clone, Copy)]
pub(super) struct Row<'a, 'b> {
    pub(super) columns: &'a [Value],
    pub(super) locals: Option<&'a Local<'a>>,
    /// What is left of [`BYTES_MAX`].
    pub(super) budget: &'b Cell<usize>,
}

/// The value of the name of an iteration, and those of the iterations around it.
pub(super) struct Local<'a> {
    pub(super) value: &'a Value,
    pub(super) outer: Option<&'a Local<'a>>,
}

// === impl Row ===

impl<'a, 'b> Row<'a, 'b> {
    pub(super) fn new(columns: &'a [Value], budget: &'b Cell<usize>) -> Self {
        Self { columns, locals: None, budget }
    }

    /// The value of the name that an iteration so many levels out gives.
    pub(super) fn local(&self, level: usize) -> &'a Value {
        let mut local = self.locals;
        for _ in 0..level {
            local = local.and_then(|local| local.outer);
        }
        local.map_or(&Value::Null, |local| local.value)
    }

    /// True inside of an iteration.
    pub(super) fn iterates(&self) -> bool {
        self.locals.is_some()
    }

    /// Takes the size of a value off what may still be copied.
    ///
    /// # Errors
    /// As much may not be copied any more.
    pub(super) fn spend(&self, value: &Value, span: Span) -> Result<(), SpannedError> {
        match self.budget.get().checked_sub(weight(value)) {
            Some(left) => {
                self.budget.set(left);
                Ok(())
            }
            None => {
                let message = "The expression goes through more than 16 MiB of values.";
                Err(SpannedError::new(ErrorCode::ListTooLong, span, message))
            }
        }
    }

    /// The value for something that lasts, its size taken off.
    pub(super) fn keep(&self, value: Cow<'_, Value>, span: Span) -> Result<Value, SpannedError> {
        self.spend(&value, span)?;
        Ok(value.into_owned())
    }
}
