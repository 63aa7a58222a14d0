//! A failure as a gRPC status, and back.
//!
//! A status that was not made by aliasd (a connection that broke, a proxy in between) is a [`Failure`] as well, of the
//! most careful class that fits. Which code goes with which failure is not said here, but by whoever makes the failure.

use std::collections::HashMap;

use tonic::Status;
use tonic_types::{ErrorDetails, ErrorInfo, StatusExt};

use super::{Class, DOMAIN, Failure, GrpcCode, TRANSPORT, TextPosition};
use crate::v1::Leader;

#[cfg(test)]
mod tests;

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
const TEXT_OFFSET: &str = "text_offset";
const TEXT_LINE: &str = "text_line";
const TEXT_COLUMN: &str = "text_column";

impl GrpcCode {
    /// The code of a status.
    pub fn of(status: &Status) -> Self {
        Self::from_number(status.code().into())
    }
}

impl Failure {
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
        if let Some(TextPosition { offset, line, column }) = self.position {
            put(TEXT_OFFSET, offset.to_string());
            put(TEXT_LINE, line.to_string());
            put(TEXT_COLUMN, column.to_string());
        }
        let mut details = ErrorDetails::with_error_info(&self.code, DOMAIN, metadata);
        if let Some(pause) = self.retry_after {
            details.set_retry_info(Some(pause));
        }
        Status::with_error_details(self.grpc_code.number().into(), shorten(&self.message), details)
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
        let mut number = |key: &str| take(key).parse().ok();
        let position = match (number(TEXT_OFFSET), number(TEXT_LINE), number(TEXT_COLUMN)) {
            (Some(offset), Some(line), Some(column)) => Some(TextPosition { offset, line, column }),
            _ => None,
        };
        Self {
            class,
            code: reason,
            message: status.message().to_owned(),
            hint: take(HINT),
            gqlstatus: take(GQLSTATUS).split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect(),
            neo4j_code: take(NEO4J_CODE),
            grpc_code: GrpcCode::of(status),
            leader,
            retry_after: status.get_details_retry_info().and_then(|info| info.retry_delay),
            resume_revision: take(RESUME_REVISION).parse().ok(),
            position,
        }
    }

    /// A status that something between the caller and aliasd made. It is not known whether the
    /// request arrived, except where the code can only mean that it was understood and refused.
    fn from_foreign(status: &Status) -> Self {
        let grpc_code = GrpcCode::of(status);
        let class = match grpc_code {
            GrpcCode::Unimplemented
            | GrpcCode::InvalidArgument
            | GrpcCode::Unauthenticated
            | GrpcCode::PermissionDenied => Class::Rejected,
            _ => Class::OutcomeUnknown,
        };
        Self::new(class, grpc_code, TRANSPORT.to_owned(), status.message().to_owned())
    }
}

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
