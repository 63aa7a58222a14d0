//! The error model of the gRPC surface: every failure is one of five classes, named after what the
//! caller does next, with a stable code, a message, and a hint kept apart from the message.
//!
//! On the wire a [`Failure`] is a gRPC status with a `google.rpc.ErrorInfo` of the domain [`DOMAIN`]. Both directions
//! are in `status.rs`, so that node and client cannot disagree; it is there with the feature `grpc` alone. Here no
//! library for gRPC is named: its status codes are the numbers of its specification. An error must never hold a
//! secret: it is logged and shown.

use std::fmt;
use std::time::Duration;

use crate::v1::Leader;

mod code;
#[cfg(feature = "grpc")]
mod status;

pub use code::GrpcCode;

/// The domain of every `google.rpc.ErrorInfo` that aliasd makes.
pub const DOMAIN: &str = "aliasd";

/// The code of a failure that was not reported by aliasd but by something on the way to it.
pub const TRANSPORT: &str = "TRANSPORT";

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

impl Class {
    /// Every class.
    pub const ALL: [Self; 5] = [Self::Rejected, Self::RetryHere, Self::GoToLeader, Self::OutcomeUnknown, Self::Bug];

    /// The stable name of the class, as in the metadata `class` of an error.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "REJECTED",
            Self::RetryHere => "RETRY_HERE",
            Self::GoToLeader => "GO_TO_LEADER",
            Self::OutcomeUnknown => "OUTCOME_UNKNOWN",
            Self::Bug => "BUG",
        }
    }

    /// Whether the same request may be sent again, with the same request id if it writes.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::RetryHere | Self::GoToLeader | Self::OutcomeUnknown)
    }
}

/// A failure, as told to a caller. `Display` gives the message alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// What the caller does next.
    pub class: Class,
    /// The stable code, in upper case, listed in docs/errors.md.
    pub code: String,
    /// What went wrong, for a person. Holds no secret and no hint.
    pub message: String,
    /// What the caller can do about it; empty when the message says it.
    pub hint: String,
    /// GQLSTATUS of the failure, followed by those of its causes. Empty if there is none.
    pub gqlstatus: Vec<String>,
    /// The status code that Neo4j drivers know. Empty if there is none.
    pub neo4j_code: String,
    /// The gRPC status code, for callers that know nothing else.
    pub grpc_code: GrpcCode,
    /// The leader, if it is known and matters.
    pub leader: Option<Leader>,
    /// How long to wait before the next attempt, if the member can tell.
    pub retry_after: Option<Duration>,
    /// For a watch that was cut: the revision after which to resume.
    pub resume_revision: Option<u64>,
    /// Where a statement's text is at fault: the place that the message gives behind its first sentence.
    pub position: Option<TextPosition>,
}

/// A place in a statement's text. `Display` gives it as the messages do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextPosition {
    /// From the begin of the text, in bytes of UTF-8.
    pub offset: u64,
    /// From 1 on.
    pub line: u64,
    /// From 1 on, in characters.
    pub column: u64,
}

impl Failure {
    /// A refusal: sent again unchanged, the request is refused again.
    pub fn rejected(grpc_code: GrpcCode, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Class::Rejected, grpc_code, code.into(), message.into())
    }

    /// The member cannot answer now. The request had no effect and may be sent again.
    pub fn retry_here(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Class::RetryHere, GrpcCode::Unavailable, code.into(), message.into())
    }

    /// Only the leader can do it. The request had no effect.
    pub fn go_to_leader(code: impl Into<String>, message: impl Into<String>, leader: Option<Leader>) -> Self {
        Self { leader, ..Self::new(Class::GoToLeader, GrpcCode::Unavailable, code.into(), message.into()) }
    }

    /// Nobody can tell yet whether the request had its effect.
    pub fn outcome_unknown(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Class::OutcomeUnknown, GrpcCode::Unknown, code.into(), message.into())
    }

    /// Something that should never happen. `message` tells the caller no more than it needs; the
    /// details belong in the node's log.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(Class::Bug, GrpcCode::Internal, INTERNAL.to_owned(), message.into())
    }

    fn new(class: Class, grpc_code: GrpcCode, code: String, message: String) -> Self {
        Self {
            class,
            code,
            message,
            hint: String::new(),
            gqlstatus: Vec::new(),
            neo4j_code: String::new(),
            grpc_code,
            leader: None,
            retry_after: None,
            resume_revision: None,
            position: None,
        }
    }

    /// The same failure with a hint.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    /// The same failure with the status and code that Neo4j clients know.
    #[must_use]
    pub fn with_neo4j(self, gqlstatus: &[&str], neo4j_code: impl Into<String>) -> Self {
        let gqlstatus = gqlstatus.iter().map(|status| (*status).to_owned()).collect();
        Self { gqlstatus, neo4j_code: neo4j_code.into(), ..self }
    }

    /// The same failure with the leader to go to.
    #[must_use]
    pub fn with_leader(self, leader: Option<Leader>) -> Self {
        Self { leader, ..self }
    }

    /// The same failure with a pause to make before the next attempt.
    #[must_use]
    pub fn with_retry_after(self, pause: Duration) -> Self {
        Self { retry_after: Some(pause), ..self }
    }

    /// The same failure with the revision after which a cut watch resumes.
    #[must_use]
    pub fn with_resume_revision(self, revision: u64) -> Self {
        Self { resume_revision: Some(revision), ..self }
    }

    /// The same failure with the place where a statement's text is at fault.
    #[must_use]
    pub fn with_position(self, position: Option<TextPosition>) -> Self {
        Self { position, ..self }
    }

    /// The same failure with another gRPC status code, for callers that know nothing else.
    #[must_use]
    pub fn with_grpc_code(self, grpc_code: GrpcCode) -> Self {
        Self { grpc_code, ..self }
    }
}

impl fmt::Display for TextPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(line {}, column {} (offset: {}))", self.line, self.column, self.offset)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
