//! The error model of the gRPC surface: every failure is one of five classes, named after what the
//! caller does next, with a stable code, a message, and a hint kept apart from the message.
//!
//! On the wire a [`Failure`] is a gRPC status with a `google.rpc.ErrorInfo` of the domain [`DOMAIN`].
//! Both directions are here, so that node and client cannot disagree. A status that was not made by
//! aliasd (a connection that broke, a proxy in between) is a [`Failure`] as well, of the most careful
//! class that fits. An error must never hold a secret: it is logged and shown.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, ErrorInfo, StatusExt};

use crate::v1::Leader;

#[cfg(test)]
mod tests;

/// The domain of every `google.rpc.ErrorInfo` that aliasd makes.
pub const DOMAIN: &str = "aliasd";

/// The code of a failure that was not reported by aliasd but by something on the way to it.
pub const TRANSPORT: &str = "TRANSPORT";

/// The code of a failure that carries no code of its own because it should never happen.
pub const INTERNAL: &str = "INTERNAL";

/// Longest message and hint that are sent, in bytes: trailers have to fit the limits of HTTP/2
/// header lists along the way, and the status repeats the message in base64.
const TEXT_LENGTH_MAX: usize = 2048;

const CLASS: &str = "class";
const HINT: &str = "hint";
const GQLSTATUS: &str = "gqlstatus";
const NEO4J_CODE: &str = "neo4j_code";
const LEADER_NODE_ID: &str = "leader_node_id";
const LEADER_ADDRESS: &str = "leader_address";
const RESUME_REVISION: &str = "resume_revision";

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
    pub grpc_code: Code,
    /// The leader, if it is known and matters.
    pub leader: Option<Leader>,
    /// How long to wait before the next attempt, if the member can tell.
    pub retry_after: Option<Duration>,
    /// For a watch that was cut: the revision after which to resume.
    pub resume_revision: Option<u64>,
}

impl Failure {
    /// A refusal: sent again unchanged, the request is refused again.
    pub fn rejected(grpc_code: Code, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Class::Rejected, grpc_code, code.into(), message.into())
    }

    /// The member cannot answer now. The request had no effect and may be sent again.
    pub fn retry_here(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Class::RetryHere, Code::Unavailable, code.into(), message.into())
    }

    /// Only the leader can do it. The request had no effect.
    pub fn go_to_leader(code: impl Into<String>, message: impl Into<String>, leader: Option<Leader>) -> Self {
        Self { leader, ..Self::new(Class::GoToLeader, Code::Unavailable, code.into(), message.into()) }
    }

    /// Nobody can tell yet whether the request had its effect.
    pub fn outcome_unknown(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Class::OutcomeUnknown, Code::Unknown, code.into(), message.into())
    }

    /// Something that should never happen. `message` tells the caller no more than it needs; the
    /// details belong in the node's log.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(Class::Bug, Code::Internal, INTERNAL.to_owned(), message.into())
    }

    fn new(class: Class, grpc_code: Code, code: String, message: String) -> Self {
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

    /// The same failure with another gRPC status code, for callers that know nothing else.
    #[must_use]
    pub fn with_grpc_code(self, grpc_code: Code) -> Self {
        Self { grpc_code, ..self }
    }

    /// Encodes the failure as a gRPC status. Message and hint are cut to 2,048 bytes each.
    pub fn to_status(&self) -> Status {
        let mut metadata = HashMap::from([(CLASS.to_owned(), self.class.as_str().to_owned())]);
        let mut put = |key: &str, value: String| {
            if !value.is_empty() {
                metadata.insert(key.to_owned(), value);
            }
        };
        put(HINT, shorten(&self.hint));
        put(GQLSTATUS, self.gqlstatus.join(","));
        put(NEO4J_CODE, self.neo4j_code.clone());
        if let Some(leader) = &self.leader {
            put(LEADER_NODE_ID, leader.node_id.to_string());
            put(LEADER_ADDRESS, leader.client_address.clone());
        }
        if let Some(revision) = self.resume_revision {
            put(RESUME_REVISION, revision.to_string());
        }
        let mut details = ErrorDetails::with_error_info(&self.code, DOMAIN, metadata);
        if let Some(pause) = self.retry_after {
            details.set_retry_info(Some(pause));
        }
        Status::with_error_details(self.grpc_code, shorten(&self.message), details)
    }

    /// Decodes a failure. Total: a status without aliasd's details, or with damaged ones, is a failure
    /// of the transport; a class that this version does not know counts as an unknown outcome.
    pub fn from_status(status: &Status) -> Self {
        let info = status.get_details_error_info().filter(|info| info.domain == DOMAIN);
        let Some(ErrorInfo { reason, mut metadata, .. }) = info else {
            return Self::from_foreign(status);
        };
        let mut take = |key: &str| metadata.remove(key).unwrap_or_default();
        let class = take(CLASS);
        let class = Class::ALL.into_iter().find(|known| known.as_str() == class).unwrap_or(Class::OutcomeUnknown);
        let leader =
            take(LEADER_NODE_ID).parse().ok().map(|node_id| Leader { node_id, client_address: take(LEADER_ADDRESS) });
        Self {
            class,
            code: reason,
            message: status.message().to_owned(),
            hint: take(HINT),
            gqlstatus: take(GQLSTATUS).split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect(),
            neo4j_code: take(NEO4J_CODE),
            grpc_code: status.code(),
            leader,
            retry_after: status.get_details_retry_info().and_then(|info| info.retry_delay),
            resume_revision: take(RESUME_REVISION).parse().ok(),
        }
    }

    /// A status that something between the caller and aliasd made. It is not known whether the
    /// request arrived, except where the code can only mean that it was understood and refused.
    fn from_foreign(status: &Status) -> Self {
        let class = match status.code() {
            Code::Unimplemented | Code::InvalidArgument | Code::Unauthenticated | Code::PermissionDenied => {
                Class::Rejected
            }
            _ => Class::OutcomeUnknown,
        };
        Self::new(class, status.code(), TRANSPORT.to_owned(), status.message().to_owned())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<Failure> for Status {
    fn from(error: Failure) -> Self {
        error.to_status()
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self::from_status(&status)
    }
}

/// The text, cut at a character boundary if it is too long for a trailer.
fn shorten(text: &str) -> String {
    if text.len() <= TEXT_LENGTH_MAX {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(TEXT_LENGTH_MAX - '…'.len_utf8());
    format!("{}…", &text[..end])
}
