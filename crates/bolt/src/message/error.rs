//! Why bytes are no message.

use std::fmt;

use crate::packstream::PackStreamError;
use crate::version::Version;

/// What is wrong, and with which message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageError {
    /// The name of the message, once it is known.
    pub message: &'static str,
    /// What is wrong with it.
    pub kind: MessageErrorKind,
}

/// See [`MessageError`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageErrorKind {
    /// It is no structure, or not even its tag is there.
    NoStructure,
    /// No message has this tag.
    UnknownTag(u8),
    /// Other versions have it.
    NotInVersion(Version),
    /// It has another number of fields.
    Fields {
        /// How many there are.
        there: usize,
        /// How many there have to be.
        needed: usize,
    },
    /// A field is no value.
    Value(PackStreamError),
    /// Something in it is of another type, or missing.
    Field {
        /// Which key or field.
        name: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
}

impl MessageError {
    /// Whether nobody knows what was asked, so that it cannot be answered either.
    pub fn is_unanswerable(&self) -> bool {
        matches!(self.kind, MessageErrorKind::UnknownTag(_) | MessageErrorKind::NotInVersion(_))
    }

    /// The code with which Neo4j answers such a message.
    pub fn neo4j_code(&self) -> &'static str {
        match self.kind {
            MessageErrorKind::Fields { .. } => "Neo.ClientError.Request.InvalidFormat",
            _ => "Neo.ClientError.Request.Invalid",
        }
    }
}

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { message, kind } = self;
        match kind {
            MessageErrorKind::NoStructure => f.write_str("a message has to be a structure"),
            MessageErrorKind::UnknownTag(tag) => write!(f, "no message has the tag {tag:02X}"),
            MessageErrorKind::NotInVersion(version) => write!(f, "Bolt {version} has no {message}"),
            MessageErrorKind::Fields { there, needed } => write!(f, "{message} has {needed} fields, not {there}"),
            MessageErrorKind::Value(_) => write!(f, "{message} has a field that cannot be read"),
            MessageErrorKind::Field { name, expected } => write!(f, "{message} needs {expected} as '{name}'"),
        }
    }
}

impl std::error::Error for MessageError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            MessageErrorKind::Value(error) => Some(error),
            _ => None,
        }
    }
}
