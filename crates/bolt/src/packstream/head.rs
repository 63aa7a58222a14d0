//! What a value begins with: for one without others inside, all of it.

use super::error::{PackStreamError, PackStreamErrorKind};
use super::marker;
use super::structure::StructureKind;
use crate::version::Dialect;

/// The beginning of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Head<'a> {
    Null,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Bytes(&'a [u8]),
    /// Not yet known to be UTF-8.
    String(&'a [u8]),
    /// So many values follow.
    List(usize),
    /// So many keys and values follow.
    Map(usize),
    /// So many fields follow.
    Structure {
        tag: u8,
        fields: usize,
    },
    Uuid([u8; 16]),
}

impl Head<'_> {
    /// How many values stand inside, and whether every other one of them is a key.
    pub(crate) fn inside(self) -> Option<(usize, bool)> {
        match self {
            Self::List(items) => Some((items, false)),
            Self::Map(entries) => Some((entries.saturating_mul(2), true)),
            Self::Structure { fields, .. } => Some((fields, false)),
            _ => None,
        }
    }

    /// The type, as [`super::Value::type_name`] has it.
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Bytes(_) => "bytes",
            Self::String(_) => "a string",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
            Self::Structure { .. } => "a structure",
            Self::Uuid(_) => "a UUID",
        }
    }
}

/// Reads heads, one behind the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], PackStreamErrorKind> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        match rest.get(..length) {
            Some(taken) => {
                self.at += length;
                Ok(taken)
            }
            None => Err(PackStreamErrorKind::Truncated { missing: (length - rest.len()) as u64 }),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PackStreamErrorKind> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    fn byte(&mut self) -> Result<u8, PackStreamErrorKind> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// A length of 1, 2 or 4 bytes.
    fn length(&mut self, size: u8) -> Result<usize, PackStreamErrorKind> {
        let length = match size {
            1 => usize::from(self.byte()?),
            2 => usize::from(u16::from_be_bytes(self.array()?)),
            _ => usize::try_from(u32::from_be_bytes(self.array()?)).unwrap_or(usize::MAX),
        };
        if length > marker::LENGTH_MAX {
            return Err(PackStreamErrorKind::TooLong { length, length_max: marker::LENGTH_MAX });
        }
        Ok(length)
    }

    /// Refuses what promises more values than there are bytes: each has one at least.
    fn promised(&self, values: usize) -> Result<(), PackStreamErrorKind> {
        let there = self.bytes.len() - self.at;
        match values.checked_sub(there) {
            None | Some(0) => Ok(()),
            Some(missing) => Err(PackStreamErrorKind::Truncated { missing: missing as u64 }),
        }
    }

    /// Reads the head of the next value. If that fails, the position is where the value begins.
    pub(crate) fn head(&mut self, dialect: Dialect) -> Result<Head<'a>, PackStreamError> {
        let start = self.at;
        let head = self.next_head(dialect).and_then(|head| {
            self.promised(head.inside().map_or(0, |(values, _)| values))?;
            Ok(head)
        });
        head.map_err(|kind| {
            self.at = start;
            PackStreamError { at: start, kind }
        })
    }

    fn next_head(&mut self, dialect: Dialect) -> Result<Head<'a>, PackStreamErrorKind> {
        let first = self.byte()?;
        let tiny = usize::from(first & 0x0F);
        Ok(match first {
            0x00..=0x7F | 0xF0..=0xFF => Head::Integer(i64::from(i8::from_be_bytes([first]))),
            0x80..=0x8F => Head::String(self.take(tiny)?),
            0x90..=0x9F => Head::List(tiny),
            0xA0..=0xAF => Head::Map(tiny),
            0xB0..=0xBF => {
                let tag = self.byte()?;
                let kind = StructureKind::of_tag(tag).filter(|kind| !kind.is_in(dialect));
                if let Some(kind) = kind {
                    return Err(PackStreamErrorKind::NotInDialect { what: kind.name(), dialect });
                }
                Head::Structure { tag, fields: tiny }
            }
            marker::NULL => Head::Null,
            marker::FLOAT_64 => Head::Float(f64::from_be_bytes(self.array()?)),
            marker::FALSE => Head::Boolean(false),
            marker::TRUE => Head::Boolean(true),
            marker::INT_8 => Head::Integer(i64::from(i8::from_be_bytes(self.array()?))),
            marker::INT_16 => Head::Integer(i64::from(i16::from_be_bytes(self.array()?))),
            marker::INT_32 => Head::Integer(i64::from(i32::from_be_bytes(self.array()?))),
            marker::INT_64 => Head::Integer(i64::from_be_bytes(self.array()?)),
            marker::BYTES_8..=marker::BYTES_32 => {
                let length = self.length(1 << (first - marker::BYTES_8))?;
                Head::Bytes(self.take(length)?)
            }
            marker::STRING_8..=marker::STRING_32 => {
                let length = self.length(1 << (first - marker::STRING_8))?;
                Head::String(self.take(length)?)
            }
            marker::LIST_8..=marker::LIST_32 => Head::List(self.length(1 << (first - marker::LIST_8))?),
            marker::MAP_8..=marker::MAP_32 => Head::Map(self.length(1 << (first - marker::MAP_8))?),
            marker::UUID if dialect.version().has_uuids() => Head::Uuid(self.array()?),
            marker::UUID => return Err(PackStreamErrorKind::NotInDialect { what: "UUID", dialect }),
            unknown => return Err(PackStreamErrorKind::UnknownMarker(unknown)),
        })
    }
}
