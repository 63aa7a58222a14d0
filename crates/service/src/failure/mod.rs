//! What a caller is told when a use case does not do what was asked: one type, sorted by the caller's next move.
//!
//! It belongs to no protocol. gRPC has its status codes beside it, Bolt its own; both are made from what stands here, by
//! a table each, and never from one another. A failure is logged and shown, so it never holds a secret.

mod node;

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use aliasd_catalog::{Rejection, Revision};
use aliasd_cypher::{LanguageError, Refusal};
use aliasd_replica::NodeId;

pub use self::node::{NodeFailure, NodeFailureRow};

/// The code of a failure that carries no code of its own because it should never happen.
pub const INTERNAL: &str = "INTERNAL";

/// What the caller does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Gives up or changes the request: sent again unchanged, it is refused again.
    Rejected,
    /// Sends the request again to any member, after a pause. It had no effect.
    RetryHere,
    /// Sends the request again to the leader, if one is named. It had no effect.
    GoToLeader,
    /// Sends the request again with the same request id: it may or may not have had its effect.
    OutcomeUnknown,
    /// Reports it: aliasd did what it should never do. Whether there was an effect is unknown.
    Bug,
}

/// The member that leads, and where clients reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leader {
    /// The node id of the leader.
    pub node: NodeId,
    /// `host:port` for clients.
    pub client_address: String,
}

/// Why a use case did not do what was asked. `Display` gives the message alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What the caller does next.
    pub class: Class,
    /// The stable code, in upper case, listed in docs/errors.md.
    pub code: &'static str,
    /// What went wrong, for a person. Holds no secret and no hint.
    pub message: String,
    /// What the caller can do about it; empty when the message says it.
    pub hint: Cow<'static, str>,
    /// The GQLSTATUS, followed by those of its causes. Empty if Neo4j has no status for it.
    pub gqlstatus: Vec<&'static str>,
    /// The status code that Neo4j drivers know. Empty if Neo4j has none for it.
    pub neo4j_code: &'static str,
    /// Whom to ask instead, if that is known and would help.
    pub leader: Option<Leader>,
    /// How long to wait before the next attempt, if this member can tell.
    pub retry_after: Option<Duration>,
    /// For a watch that was cut: the revision after which to resume.
    pub resume_revision: Option<Revision>,
    /// Where a statement's text is at fault, if that is a place in it.
    pub position: Option<TextPosition>,
}

/// A place in a statement's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextPosition {
    /// From the begin of the text, in bytes.
    pub offset: usize,
    /// From 1 on.
    pub line: usize,
    /// From 1 on, in characters.
    pub column: usize,
}

impl Failure {
    /// Something that should never happen. `message` tells the caller no more than it needs; the details belong in the
    /// node's log.
    pub fn bug(message: impl Into<String>) -> Self {
        Self {
            class: Class::Bug,
            code: INTERNAL,
            message: message.into(),
            hint: Cow::Borrowed(""),
            gqlstatus: vec!["50N42"],
            neo4j_code: "Neo.DatabaseError.General.UnknownError",
            leader: None,
            retry_after: None,
            resume_revision: None,
            position: None,
        }
    }

    /// This node does not lead. Without a leader to go to there is nothing but to wait for one: the one that leads without a
    /// majority is none.
    pub fn not_leader(leader: Option<Leader>) -> Self {
        match leader {
            None => NodeFailure::NoLeader {}.into(),
            leader => Self { leader, ..NodeFailure::NotLeader {}.into() },
        }
    }

    /// The same failure with the revision after which a cut watch resumes.
    #[must_use]
    pub fn with_resume_revision(self, revision: Revision) -> Self {
        Self { resume_revision: Some(revision), ..self }
    }

    /// The no that a statement got before a command came of it, or while it listed.
    pub(crate) fn of_refusal(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Language(error) => Self::from(error),
            Refusal::Rejected(rejection) => Self::from(rejection),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// The catalog's no.
impl From<&Rejection> for Failure {
    fn from(rejection: &Rejection) -> Self {
        let row = rejection.code();
        Self {
            class: Class::Rejected,
            code: row.code,
            hint: Cow::Borrowed(row.hint),
            gqlstatus: row.gqlstatus.to_vec(),
            neo4j_code: row.neo4j_code,
            ..Self::bug(rejection.to_string())
        }
    }
}

/// A statement's text is at fault. The message has the place and the excerpt, secrets covered.
impl From<&LanguageError> for Failure {
    fn from(error: &LanguageError) -> Self {
        let position = error.position();
        Self {
            class: Class::Rejected,
            position: position.map(|(line, column)| TextPosition { offset: error.span().start, line, column }),
            code: error.code().as_str(),
            hint: Cow::Owned(error.hint().unwrap_or_default().to_owned()),
            gqlstatus: error.gql_status(),
            neo4j_code: error.code().neo4j_code(),
            ..Self::bug(error.to_string())
        }
    }
}
