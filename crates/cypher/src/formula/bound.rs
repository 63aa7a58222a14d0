//! What others see of an expression that is ready to run.

use std::borrow::Cow;
use std::cell::Cell;

use aliasd_catalog::Value;

use super::node::{Bound, Formula};
use super::row::{BYTES_MAX, Row};
use crate::error::SpannedError;
use crate::span::{Located, Span};

/// An expression that is ready to run on a row, and where it was written.
#[derive(Clone, Debug)]
pub struct BoundExpression(pub(super) Bound);

// === impl BoundExpression ===

impl BoundExpression {
    /// The value of a column of the row, as it is.
    #[must_use]
    pub fn of_column(place: usize) -> Self {
        Self(Located::new(Formula::Column(place), Span::default()))
    }

    /// The column whose value it is, if it is no more than that.
    #[must_use]
    pub fn as_column(&self) -> Option<usize> {
        match self.0.value {
            Formula::Column(place) => Some(place),
            _ => None,
        }
    }

    /// Where it was written.
    #[must_use]
    pub fn span(&self) -> Span {
        self.0.span
    }

    /// The value on a row, which is as long as the scope that the expression was bound in says.
    ///
    /// # Errors
    /// It has no value on this row: an operator or function cannot take what stands there, or the result does not fit.
    pub fn evaluate<'a>(&'a self, row: &'a [Value]) -> Result<Cow<'a, Value>, SpannedError> {
        self.0.value(Row::new(row, &Cell::new(BYTES_MAX)))
    }

    /// The truth of a condition on a row: none if it is not known.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate), or the value is neither true, false nor NULL.
    pub fn truth(&self, row: &[Value]) -> Result<Option<bool>, SpannedError> {
        self.0.truth_on(Row::new(row, &Cell::new(BYTES_MAX)))
    }
}
