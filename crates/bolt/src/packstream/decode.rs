//! From bytes to values, and past them. What is read and what is skipped are judged alike, but for two things that only reading
//! sees: whether texts are UTF-8, and keys that stand in a map twice, of which the last counts.

use super::error::{PackStreamError, PackStreamErrorKind};
use super::head::{Cursor, Head};
use super::value::{Map, Structure, Value};
use crate::limits::Limits;
use crate::version::Dialect;

/// No more room than this is made for values before they are there.
const ROOM_MAX: usize = 64;

/// Reads the values of a message one behind the other, or skips them.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    cursor: Cursor<'a>,
    dialect: Dialect,
    limits: Limits,
}

/// The one value that bytes are.
///
/// # Errors
/// If they are none, are more than one, or are nested more deeply than the limit allows.
pub fn decode(bytes: &[u8], dialect: Dialect, limits: Limits) -> Result<Value, PackStreamError> {
    let mut reader = Reader::new(bytes, dialect, limits);
    let value = reader.value()?;
    reader.finish()?;
    Ok(value)
}

/// A list, map or structure that is being skipped.
struct Skipped {
    left: usize,
    has_keys: bool,
}

/// A list, map or structure that is being read.
struct Open {
    left: usize,
    built: Built,
}

enum Built {
    List(Vec<Value>),
    Map(Vec<(String, Value)>, Option<String>),
    Structure(u8, Vec<Value>),
}

// === impl Reader ===

impl<'a> Reader<'a> {
    /// At the first byte.
    pub fn new(bytes: &'a [u8], dialect: Dialect, limits: Limits) -> Self {
        Self { cursor: Cursor { bytes, at: 0 }, dialect, limits }
    }

    /// How many bytes were read or skipped.
    pub fn position(&self) -> usize {
        self.cursor.at
    }

    /// Makes sure that nothing follows.
    ///
    /// # Errors
    /// If something does.
    pub fn finish(self) -> Result<(), PackStreamError> {
        match self.cursor.bytes.len() - self.cursor.at {
            0 => Ok(()),
            bytes => Err(self.error(PackStreamErrorKind::Trailing { bytes })),
        }
    }

    /// Skips the next value, and returns its bytes. Never calls itself.
    ///
    /// # Errors
    /// See [`decode`]; a text need not be UTF-8.
    pub fn skip(&mut self) -> Result<&'a [u8], PackStreamError> {
        let start = self.cursor.at;
        let mut open: Vec<Skipped> = Vec::new();
        loop {
            let is_key = open.last().is_some_and(|inner| inner.has_keys && inner.left.is_multiple_of(2));
            let head = self.head(open.len(), is_key)?;
            match head.inside() {
                Some((left, has_keys)) if left > 0 => open.push(Skipped { left, has_keys }),
                _ => {
                    // The value is complete, and so may be what it stands in.
                    while let Some(inner) = open.last_mut() {
                        inner.left -= 1;
                        if inner.left > 0 {
                            break;
                        }
                        open.pop();
                    }
                    if open.is_empty() {
                        return Ok(&self.cursor.bytes[start..self.cursor.at]);
                    }
                }
            }
        }
    }

    /// Reads the next value. Never calls itself.
    ///
    /// # Errors
    /// See [`decode`].
    pub fn value(&mut self) -> Result<Value, PackStreamError> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            let at = self.cursor.at;
            let is_key =
                open.last().is_some_and(|inner| matches!(inner.built, Built::Map(..)) && inner.left.is_multiple_of(2));
            let head = self.head(open.len(), is_key)?;
            let mut complete = match Open::new(head) {
                Some(inner) if inner.left > 0 => {
                    open.push(inner);
                    continue;
                }
                Some(empty) => empty.value(),
                None => simple(head).map_err(|kind| PackStreamError { at, kind })?,
            };
            loop {
                let Some(mut inner) = open.pop() else { return Ok(complete) };
                inner.push(complete);
                if inner.left > 0 {
                    open.push(inner);
                    break;
                }
                complete = inner.value();
            }
        }
    }

    /// Reads a text.
    ///
    /// # Errors
    /// If there is something else, or it is not UTF-8.
    pub fn string(&mut self) -> Result<&'a str, PackStreamError> {
        let at = self.cursor.at;
        match self.head(0, false)? {
            Head::String(bytes) => {
                std::str::from_utf8(bytes).map_err(|_| PackStreamError { at, kind: PackStreamErrorKind::NotUtf8 })
            }
            other => Err(self.unexpected(at, "a string", other)),
        }
    }

    /// Reads how many entries the map has that begins here, and stops before the first key.
    ///
    /// # Errors
    /// If there is something else.
    pub fn map_header(&mut self) -> Result<usize, PackStreamError> {
        let at = self.cursor.at;
        match self.head(0, false)? {
            Head::Map(entries) => Ok(entries),
            other => Err(self.unexpected(at, "a map", other)),
        }
    }

    /// Reads how many items the list has that begins here, and stops before the first.
    ///
    /// # Errors
    /// If there is something else.
    pub fn list_header(&mut self) -> Result<usize, PackStreamError> {
        let at = self.cursor.at;
        match self.head(0, false)? {
            Head::List(items) => Ok(items),
            other => Err(self.unexpected(at, "a list", other)),
        }
    }

    fn head(&mut self, depth: usize, is_key: bool) -> Result<Head<'a>, PackStreamError> {
        let at = self.cursor.at;
        let head = self.cursor.head(self.dialect)?;
        if is_key && !matches!(head, Head::String(_)) {
            return Err(self.unexpected(at, "a string as the key of a map", head));
        }
        if head.inside().is_some() && depth >= self.limits.depth_max() {
            let depth_max = self.limits.depth_max();
            return Err(PackStreamError { at, kind: PackStreamErrorKind::TooDeep { depth_max } });
        }
        Ok(head)
    }

    fn unexpected(&mut self, at: usize, expected: &'static str, found: Head<'_>) -> PackStreamError {
        self.cursor.at = at;
        PackStreamError { at, kind: PackStreamErrorKind::Unexpected { expected, found: found.type_name() } }
    }

    fn error(&self, kind: PackStreamErrorKind) -> PackStreamError {
        PackStreamError { at: self.cursor.at, kind }
    }
}

/// A value that has no others inside.
fn simple(head: Head<'_>) -> Result<Value, PackStreamErrorKind> {
    Ok(match head {
        Head::Boolean(value) => Value::Boolean(value),
        Head::Integer(value) => Value::Integer(value),
        Head::Float(value) => Value::Float(value),
        Head::Bytes(value) => Value::Bytes(value.to_vec()),
        Head::String(value) => {
            let text = std::str::from_utf8(value).map_err(|_| PackStreamErrorKind::NotUtf8)?;
            Value::String(text.to_owned())
        }
        Head::Uuid(value) => Value::Uuid(value),
        Head::Null | Head::List(_) | Head::Map(_) | Head::Structure { .. } => Value::Null,
    })
}

// === impl Open ===

impl Open {
    fn new(head: Head<'_>) -> Option<Self> {
        let (left, _) = head.inside()?;
        let room = left.min(ROOM_MAX);
        let built = match head {
            Head::Map(_) => Built::Map(Vec::with_capacity(room / 2), None),
            Head::Structure { tag, .. } => Built::Structure(tag, Vec::with_capacity(room)),
            _ => Built::List(Vec::with_capacity(room)),
        };
        Some(Self { left, built })
    }

    fn push(&mut self, value: Value) {
        self.left -= 1;
        match &mut self.built {
            Built::List(values) | Built::Structure(_, values) => values.push(value),
            Built::Map(entries, key) => match (key.take(), value) {
                (Some(key), value) => entries.push((key, value)),
                (None, Value::String(text)) => *key = Some(text),
                // Looked at before it was read.
                (None, _) => {}
            },
        }
    }

    fn value(self) -> Value {
        match self.built {
            Built::List(values) => Value::List(values),
            Built::Map(entries, _) => Value::Map(Map::of_received(entries)),
            Built::Structure(tag, fields) => Value::Structure(Structure { tag, fields }),
        }
    }
}
