//! What the other end, or the program itself, did wrong.

use std::fmt;

use super::state::State;
use crate::chunk::ChunkError;
use crate::message::{MessageError, RequestKind, ResponseKind};
use crate::packstream::PackStreamError;
use crate::version::Version;

/// Why a connection cannot go on: the other end does not keep to the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProtocolError {
    /// A message is too long.
    Chunk(ChunkError),
    /// A message is none.
    Message(MessageError),
    /// A request came in a state that does not have it.
    OutOfState {
        /// What was asked.
        request: RequestKind,
        /// Where the server stood.
        state: State,
    },
    /// An answer came that nobody waits for, or another one than can come.
    Unexpected {
        /// What was said.
        response: ResponseKind,
        /// The request that waits for its answer, if one does.
        request: Option<RequestKind>,
    },
}

/// An answer that a server cannot give now: an error of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerError {
    /// No request waits for one.
    NothingAsked,
    /// The request that waits has no rows.
    NoRows {
        /// What was asked.
        request: RequestKind,
    },
    /// A value in it is none that the connection has.
    Value(PackStreamError),
}

/// A request that a client cannot send now: an error of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendError {
    /// The version does not have it.
    NotInVersion {
        /// What was to be asked.
        request: RequestKind,
        /// That of the connection.
        version: Version,
    },
    /// The state, with nothing under way that could change it, does not have it.
    OutOfState {
        /// What was to be asked.
        request: RequestKind,
        /// Where the server is.
        state: State,
    },
    /// A value in it is none that the connection has.
    Value(PackStreamError),
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chunk(_) => f.write_str("the bytes are not to be taken as messages"),
            Self::Message(_) => f.write_str("a message cannot be read"),
            Self::OutOfState { request, state } => write!(f, "{request} cannot be handled in the state {state}"),
            Self::Unexpected { response, request: Some(request) } => write!(f, "{response} is no answer to {request}"),
            Self::Unexpected { response, request: None } => write!(f, "{response} came, and nothing was asked"),
        }
    }
}

impl fmt::Display for AnswerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingAsked => f.write_str("no request waits for an answer"),
            Self::NoRows { request } => write!(f, "{request} is not answered with rows"),
            Self::Value(_) => f.write_str("the answer holds a value that the connection does not have"),
        }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInVersion { request, version } => write!(f, "Bolt {version} has no {request}"),
            Self::OutOfState { request, state } => write!(f, "{request} cannot be handled in the state {state}"),
            Self::Value(_) => f.write_str("the request holds a value that the connection does not have"),
        }
    }
}

impl std::error::Error for ProtocolError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Chunk(error) => Some(error),
            Self::Message(error) => Some(error),
            _ => None,
        }
    }
}

impl std::error::Error for AnswerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Value(error) => Some(error),
            _ => None,
        }
    }
}

impl std::error::Error for SendError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Value(error) => Some(error),
            _ => None,
        }
    }
}
