//! Why a statement is refused before a catalog is asked: the text is at fault, or a rule of the catalog about names and
//! values is broken.

use std::fmt;

use aliasd_catalog::Rejection;

use crate::error::{LanguageError, SpannedError};

/// Why a statement is refused before the catalog is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal<E = LanguageError> {
    /// The text, or a parameter's value, is at fault.
    Language(E),
    /// A name or value breaks a rule of the catalog, or the catalog's answer to a question is no.
    Rejected(Rejection),
}

/// A refusal that has not met the text of its statement, and cannot be shown.
pub type SpannedRefusal = Refusal<SpannedError>;

// === impl SpannedRefusal ===

impl SpannedRefusal {
    /// The refusal for a reader of the text: with line, column and excerpt.
    #[must_use]
    pub fn in_source(self, source: &str) -> Refusal {
        self.map(|error| error.in_source(source))
    }

    /// The refusal without its place, where the text is not shown.
    #[must_use]
    pub fn without_place(self) -> Refusal {
        self.map(SpannedError::without_place)
    }

    fn map(self, convert: impl FnOnce(SpannedError) -> LanguageError) -> Refusal {
        match self {
            Self::Language(error) => Refusal::Language(convert(error)),
            Self::Rejected(rejection) => Refusal::Rejected(rejection),
        }
    }
}

// === impl Refusal ===

impl Refusal {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Language(error) => error.code().as_str(),
            Self::Rejected(rejection) => rejection.code().code,
        }
    }

    /// The GQLSTATUS, followed by the statuses of its causes.
    #[must_use]
    pub fn gql_status(&self) -> Vec<&'static str> {
        match self {
            Self::Language(error) => error.gql_status(),
            Self::Rejected(rejection) => rejection.code().gqlstatus.to_vec(),
        }
    }

    /// Neo4j's status code.
    #[must_use]
    pub fn neo4j_code(&self) -> &'static str {
        match self {
            Self::Language(error) => error.code().neo4j_code(),
            Self::Rejected(rejection) => rejection.code().neo4j_code,
        }
    }

    /// What the caller can do, where there is something to say.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Language(error) => error.hint(),
            Self::Rejected(rejection) => Some(rejection.hint()).filter(|hint| !hint.is_empty()),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Language(error) => error.fmt(formatter),
            Self::Rejected(rejection) => rejection.fmt(formatter),
        }
    }
}

impl std::error::Error for Refusal {}

impl<E> From<Rejection> for Refusal<E> {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<LanguageError> for Refusal {
    fn from(error: LanguageError) -> Self {
        Self::Language(error)
    }
}

impl From<SpannedError> for SpannedRefusal {
    fn from(error: SpannedError) -> Self {
        Self::Language(error)
    }
}
