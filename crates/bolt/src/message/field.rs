//! Taking messages and their maps apart.

use super::error::{MessageError, MessageErrorKind};
use crate::limits::Limits;
use crate::packstream::{Map, MapReader, Reader, Value, decode};
use crate::version::Dialect;

/// The fields of a message, one behind the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct FieldReader<'a> {
    pub(super) message: &'static str,
    pub(super) dialect: Dialect,
    pub(super) limits: Limits,
    reader: Reader<'a>,
}

/// The entries of a map in a message, which are taken out one by one. Null stands for absence.
#[derive(Clone, Debug)]
pub(super) struct Entries {
    message: &'static str,
    map: Map,
}

pub(super) type Read<T> = Result<T, MessageError>;

// === impl FieldReader ===

impl<'a> FieldReader<'a> {
    /// Behind the tag.
    pub(super) fn new(message: &'static str, fields: &'a [u8], dialect: Dialect, limits: Limits) -> Self {
        Self { message, dialect, limits, reader: Reader::new(fields, dialect, limits) }
    }

    pub(super) fn string(&mut self) -> Read<&'a str> {
        self.reader.string().map_err(|error| self.fault(MessageErrorKind::Value(error)))
    }

    pub(super) fn value(&mut self) -> Read<Value> {
        self.reader.value().map_err(|error| self.fault(MessageErrorKind::Value(error)))
    }

    /// The bytes of a value.
    pub(super) fn encoded(&mut self) -> Read<&'a [u8]> {
        self.reader.skip().map_err(|error| self.fault(MessageErrorKind::Value(error)))
    }

    /// A map that stays encoded.
    pub(super) fn encoded_map(&mut self) -> Read<(&'a [u8], MapReader<'a>)> {
        let bytes = self.encoded()?;
        let map = MapReader::new(bytes, self.dialect, self.limits);
        Ok((bytes, map.map_err(|error| self.fault(MessageErrorKind::Value(error)))?))
    }

    pub(super) fn map(&mut self, name: &'static str) -> Read<Entries> {
        match self.value()? {
            Value::Map(map) => Ok(Entries { message: self.message, map }),
            _ => Err(self.fault(MessageErrorKind::Field { name, expected: "a map" })),
        }
    }

    pub(super) fn decoded(&self, bytes: &[u8]) -> Read<Value> {
        decode(bytes, self.dialect, self.limits).map_err(|error| self.fault(MessageErrorKind::Value(error)))
    }

    /// Makes sure that there are no more bytes.
    pub(super) fn finish(self) -> Read<()> {
        self.reader.finish().map_err(|error| self.fault(MessageErrorKind::Value(error)))
    }

    pub(super) fn fault(&self, kind: MessageErrorKind) -> MessageError {
        MessageError { message: self.message, kind }
    }
}

// === impl Entries ===

impl Entries {
    pub(super) fn new(message: &'static str, map: Map) -> Self {
        Self { message, map }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.map.remove(name).filter(|value| *value != Value::Null)
    }

    pub(super) fn string(&mut self, name: &'static str) -> Read<Option<String>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => self.fault(name, "a string"),
        }
    }

    pub(super) fn required_string(&mut self, name: &'static str) -> Read<String> {
        match self.string(name)? {
            Some(text) => Ok(text),
            None => self.fault(name, "a string"),
        }
    }

    pub(super) fn integer(&mut self, name: &'static str) -> Read<Option<i64>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Integer(number)) => Ok(Some(number)),
            Some(_) => self.fault(name, "an integer"),
        }
    }

    pub(super) fn boolean(&mut self, name: &'static str) -> Read<Option<bool>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Boolean(value)) => Ok(Some(value)),
            Some(_) => self.fault(name, "a boolean"),
        }
    }

    pub(super) fn map(&mut self, name: &'static str) -> Read<Option<Map>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Map(map)) => Ok(Some(map)),
            Some(_) => self.fault(name, "a map"),
        }
    }

    pub(super) fn list(&mut self, name: &'static str) -> Read<Option<Vec<Value>>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::List(items)) => Ok(Some(items)),
            Some(_) => self.fault(name, "a list"),
        }
    }

    pub(super) fn strings(&mut self, name: &'static str) -> Read<Option<Vec<String>>> {
        let Some(items) = self.list(name)? else { return Ok(None) };
        match strings(items) {
            Some(texts) => Ok(Some(texts)),
            None => self.fault(name, "a list of strings"),
        }
    }

    /// What nobody took.
    pub(super) fn rest(self) -> Map {
        self.map
    }

    pub(super) fn fault<T>(&self, name: &'static str, expected: &'static str) -> Read<T> {
        Err(MessageError { message: self.message, kind: MessageErrorKind::Field { name, expected } })
    }
}

/// The texts of a list that holds nothing else.
pub(super) fn strings(items: Vec<Value>) -> Option<Vec<String>> {
    let text = |item| match item {
        Value::String(text) => Some(text),
        _ => None,
    };
    items.into_iter().map(text).collect()
}

/// Puts an entry into a map if there is something to put.
pub(super) fn put(map: &mut Map, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        map.insert(name, value);
    }
}
