//! From values to bytes, each in the shortest of its forms.

use super::error::{PackStreamError, PackStreamErrorKind};
use super::marker::{self, LENGTH_MAX};
use super::structure::StructureKind;
use super::value::Value;
use crate::version::Dialect;

/// Appends values to bytes.
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
    dialect: Dialect,
}

/// The bytes of a value.
///
/// # Errors
/// If the dialect has no such values, or one is longer than PackStream has room for.
pub fn encode(value: &Value, dialect: Dialect) -> Result<Vec<u8>, PackStreamError> {
    let mut out = Vec::new();
    Writer::new(&mut out, dialect).value(value)?;
    Ok(out)
}

/// What is left to write of a list, map or structure.
enum Left<'v> {
    Values(std::slice::Iter<'v, Value>),
    Entries(std::slice::Iter<'v, (String, Value)>),
}

impl<'a> Writer<'a> {
    /// Behind what is there.
    pub fn new(out: &'a mut Vec<u8>, dialect: Dialect) -> Self {
        Self { out, dialect }
    }

    /// Any value. Never calls itself.
    ///
    /// # Errors
    /// See [`encode`]. What was appended before the error stays.
    pub fn value(&mut self, value: &Value) -> Result<(), PackStreamError> {
        let mut open: Vec<Left<'_>> = Vec::new();
        open.extend(self.begin(value)?);
        while let Some(left) = open.last_mut() {
            let next = match left {
                Left::Values(values) => values.next(),
                Left::Entries(entries) => match entries.next() {
                    Some((key, value)) => {
                        self.string(key)?;
                        Some(value)
                    }
                    None => None,
                },
            };
            match next {
                Some(value) => open.extend(self.begin(value)?),
                None => drop(open.pop()),
            }
        }
        Ok(())
    }

    /// Writes a value without others inside, or the beginning of one that has some.
    fn begin<'v>(&mut self, value: &'v Value) -> Result<Option<Left<'v>>, PackStreamError> {
        match value {
            Value::Null => self.out.push(marker::NULL),
            Value::Boolean(value) => self.out.push(if *value { marker::TRUE } else { marker::FALSE }),
            Value::Integer(value) => self.integer(*value),
            Value::Float(value) => {
                self.out.push(marker::FLOAT_64);
                self.out.extend(value.to_be_bytes());
            }
            Value::Bytes(bytes) => self.bytes(bytes)?,
            Value::String(text) => self.string(text)?,
            Value::Uuid(bytes) => {
                self.needs(self.dialect.version().has_uuids(), "UUID")?;
                self.out.push(marker::UUID);
                self.out.extend(bytes);
            }
            Value::List(items) => {
                self.list_header(items.len())?;
                return Ok(Some(Left::Values(items.iter())));
            }
            Value::Map(map) => {
                self.map_header(map.len())?;
                return Ok(Some(Left::Entries(map.entries().iter())));
            }
            Value::Structure(structure) => {
                if let Some(kind) = StructureKind::of_tag(structure.tag) {
                    self.needs(kind.is_in(self.dialect), kind.name())?;
                }
                self.structure_header(structure.tag, structure.fields.len())?;
                return Ok(Some(Left::Values(structure.fields.iter())));
            }
        }
        Ok(None)
    }

    /// 64 bits with a sign.
    pub fn integer(&mut self, value: i64) {
        if let Ok(small) = i8::try_from(value) {
            if small < -16 {
                self.out.push(marker::INT_8);
            }
            self.out.extend(small.to_be_bytes());
        } else if let Ok(value) = i16::try_from(value) {
            self.out.push(marker::INT_16);
            self.out.extend(value.to_be_bytes());
        } else if let Ok(value) = i32::try_from(value) {
            self.out.push(marker::INT_32);
            self.out.extend(value.to_be_bytes());
        } else {
            self.out.push(marker::INT_64);
            self.out.extend(value.to_be_bytes());
        }
    }

    /// A text.
    ///
    /// # Errors
    /// If it is too long.
    pub fn string(&mut self, text: &str) -> Result<(), PackStreamError> {
        self.header(text.len(), Some(marker::TINY_STRING), [marker::STRING_8, marker::STRING_16, marker::STRING_32])?;
        self.out.extend_from_slice(text.as_bytes());
        Ok(())
    }

    /// Bytes.
    ///
    /// # Errors
    /// If there are too many.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), PackStreamError> {
        self.header(bytes.len(), None, [marker::BYTES_8, marker::BYTES_16, marker::BYTES_32])?;
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    /// The beginning of a list; so many values have to follow.
    ///
    /// # Errors
    /// If they are too many.
    pub fn list_header(&mut self, items: usize) -> Result<(), PackStreamError> {
        self.header(items, Some(marker::TINY_LIST), [marker::LIST_8, marker::LIST_16, marker::LIST_32])
    }

    /// The beginning of a map; so many times a string and a value have to follow.
    ///
    /// # Errors
    /// If they are too many.
    pub fn map_header(&mut self, entries: usize) -> Result<(), PackStreamError> {
        self.header(entries, Some(marker::TINY_MAP), [marker::MAP_8, marker::MAP_16, marker::MAP_32])
    }

    /// The beginning of a structure or a message; so many values have to follow.
    ///
    /// # Errors
    /// If they are more than 15.
    pub fn structure_header(&mut self, tag: u8, fields: usize) -> Result<(), PackStreamError> {
        match u8::try_from(fields) {
            Ok(fields @ 0..=15) => {
                self.out.extend([marker::TINY_STRUCTURE | fields, tag]);
                Ok(())
            }
            _ => Err(refusal(PackStreamErrorKind::TooLong { length: fields, length_max: 15 })),
        }
    }

    /// A value that is encoded already, for this dialect.
    pub fn encoded(&mut self, value: &[u8]) {
        self.out.extend_from_slice(value);
    }

    /// A length in the shortest form: in the marker, if it may be there, or in 1, 2 or 4 bytes behind the marker for that.
    fn header(&mut self, length: usize, tiny: Option<u8>, markers: [u8; 3]) -> Result<(), PackStreamError> {
        match (u8::try_from(length), u16::try_from(length), u32::try_from(length)) {
            (Ok(short), ..) => match tiny.filter(|_| short < 16) {
                Some(tiny) => self.out.push(tiny | short),
                None => self.out.extend([markers[0], short]),
            },
            (_, Ok(length), _) => {
                self.out.push(markers[1]);
                self.out.extend(length.to_be_bytes());
            }
            (_, _, Ok(long)) if length <= LENGTH_MAX => {
                self.out.push(markers[2]);
                self.out.extend(long.to_be_bytes());
            }
            _ => return Err(refusal(PackStreamErrorKind::TooLong { length, length_max: LENGTH_MAX })),
        }
        Ok(())
    }

    fn needs(&self, is_there: bool, what: &'static str) -> Result<(), PackStreamError> {
        if is_there {
            return Ok(());
        }
        Err(refusal(PackStreamErrorKind::NotInDialect { what, dialect: self.dialect }))
    }
}

/// Of a value that is to be written.
fn refusal(kind: PackStreamErrorKind) -> PackStreamError {
    PackStreamError { at: 0, kind }
}
