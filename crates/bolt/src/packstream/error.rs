//! Why bytes are no value, or a value cannot be written.

use std::fmt;

use crate::version::Dialect;

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackStreamError {
    /// The number of bytes before the value that is at fault, from where the reading began. Zero if it is a value to be
    /// written.
    pub at: usize,
    /// What is wrong there.
    pub kind: PackStreamErrorKind,
}

/// See [`PackStreamError`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PackStreamErrorKind {
    /// The bytes end before the value does.
    Truncated {
        /// At least so many bytes are missing.
        missing: u64,
    },
    /// No value begins with this byte.
    UnknownMarker(u8),
    /// A value that other versions have.
    NotInDialect {
        /// A kind of value, such as `Vector`.
        what: &'static str,
        /// That of the connection.
        dialect: Dialect,
    },
    /// More lists, maps and structures inside of each other than the limit allows.
    TooDeep {
        /// The limit.
        depth_max: usize,
    },
    /// A length that PackStream has no room for.
    TooLong {
        /// The length, in bytes, items or entries.
        length: usize,
        /// The limit.
        length_max: usize,
    },
    /// A text is not UTF-8.
    NotUtf8,
    /// A value of another type than is needed here.
    Unexpected {
        /// The type that is needed.
        expected: &'static str,
        /// The type that is there.
        found: &'static str,
    },
    /// Bytes behind the value that should be the last.
    Trailing {
        /// How many.
        bytes: usize,
    },
}

impl fmt::Display for PackStreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: ", self.at)?;
        match &self.kind {
            PackStreamErrorKind::Truncated { missing } => write!(f, "at least {missing} more bytes are needed"),
            PackStreamErrorKind::UnknownMarker(marker) => write!(f, "no value begins with {marker:02X}"),
            PackStreamErrorKind::NotInDialect { what, dialect } => write!(f, "{dialect} has no {what}"),
            PackStreamErrorKind::TooDeep { depth_max } => {
                write!(f, "more than {depth_max} lists, maps and structures inside of each other")
            }
            PackStreamErrorKind::TooLong { length, length_max } => {
                write!(f, "a length of {length}, which may be at most {length_max}")
            }
            PackStreamErrorKind::NotUtf8 => write!(f, "a string that is not UTF-8"),
            PackStreamErrorKind::Unexpected { expected, found } => {
                write!(f, "{expected} is needed, and there is {found}")
            }
            PackStreamErrorKind::Trailing { bytes } => write!(f, "{bytes} bytes too many"),
        }
    }
}

impl std::error::Error for PackStreamError {}
