//! Why stored bytes could not be read.

use aliasd_catalog::{DriverSettingsError, Rejection};

use crate::value::ValueError;

/// Why stored bytes could not be read. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes are not what was written.
    #[error("a {what} is damaged")]
    Damaged {
        /// What was being read, such as "log entry".
        what: &'static str,
        /// What is wrong with it.
        source: DamageError,
    },
    /// The bytes are sound, but say something that this version does not understand.
    #[error("a {what} was written by a newer version: {detail}")]
    Newer {
        /// What was being read, such as "log entry".
        what: &'static str,
        /// What is not understood.
        detail: String,
    },
}

impl DecodeError {
    /// The way out, where the bytes are not at fault.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Damaged { .. } => None,
            Self::Newer { .. } => Some("upgrade this node"),
        }
    }
}

/// What is wrong with stored bytes: what was found, or who refused them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DamageError {
    /// They are no message.
    #[error(transparent)]
    Message(#[from] prost::DecodeError),
    /// They hold a value that is none of the language.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// They hold a name or value that the catalog does not accept.
    #[error(transparent)]
    Rejected(Box<Rejection>),
    /// They hold driver settings that the catalog does not accept.
    #[error(transparent)]
    Driver(#[from] DriverSettingsError),
    /// They do not fit together.
    #[error("{0}")]
    Finding(String),
}

impl From<Rejection> for DamageError {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(Box::new(rejection))
    }
}

/// A [`DecodeError`] that does not know yet what was being read.
#[derive(Debug)]
pub(super) enum FieldError {
    /// See [`DecodeError::Damaged`].
    Damaged(DamageError),
    /// See [`DecodeError::Newer`].
    Newer(String),
}

impl FieldError {
    pub(super) fn damaged(finding: impl Into<String>) -> Self {
        Self::Damaged(DamageError::Finding(finding.into()))
    }

    pub(super) fn newer(detail: impl Into<String>) -> Self {
        Self::Newer(detail.into())
    }

    pub(super) fn missing(field: &str) -> Self {
        Self::damaged(format!("{field} is missing"))
    }

    pub(super) fn of(self, what: &'static str) -> DecodeError {
        match self {
            Self::Damaged(source) => DecodeError::Damaged { what, source },
            Self::Newer(detail) => DecodeError::Newer { what, detail },
        }
    }
}

impl<E: Into<DamageError>> From<E> for FieldError {
    fn from(error: E) -> Self {
        Self::Damaged(error.into())
    }
}
