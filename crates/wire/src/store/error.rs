//! Why stored bytes could not be read.

use std::fmt;

use aliasd_catalog::Rejection;

use crate::value::ValueError;

/// Why stored bytes could not be read. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// The bytes are not what was written.
    Damaged {
        /// What was being read, such as "log entry".
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The bytes are sound, but say something that this version does not understand.
    Newer {
        /// What was being read, such as "log entry".
        what: &'static str,
        /// What is not understood.
        detail: String,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged { what, reason } => write!(f, "a {what} is damaged: {reason}"),
            Self::Newer { what, detail } => {
                write!(f, "a {what} was written by a newer version; upgrade this node ({detail})")
            }
        }
    }
}

impl std::error::Error for DecodeError {}

/// A [`DecodeError`] that does not know yet what was being read.
#[derive(Debug)]
pub(super) enum FieldError {
    /// See [`DecodeError::Damaged`].
    Damaged(String),
    /// See [`DecodeError::Newer`].
    Newer(String),
}

impl FieldError {
    pub(super) fn damaged(reason: impl Into<String>) -> Self {
        Self::Damaged(reason.into())
    }

    pub(super) fn newer(detail: impl Into<String>) -> Self {
        Self::Newer(detail.into())
    }

    pub(super) fn missing(field: &str) -> Self {
        Self::Damaged(format!("{field} is missing"))
    }

    pub(super) fn of(self, what: &'static str) -> DecodeError {
        match self {
            Self::Damaged(reason) => DecodeError::Damaged { what, reason },
            Self::Newer(detail) => DecodeError::Newer { what, detail },
        }
    }
}

impl From<Rejection> for FieldError {
    fn from(rejection: Rejection) -> Self {
        Self::Damaged(rejection.to_string())
    }
}

impl From<ValueError> for FieldError {
    fn from(error: ValueError) -> Self {
        Self::Damaged(error.to_string())
    }
}
