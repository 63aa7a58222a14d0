//! Values as a protocol page writes them: `{"n": 1000}`, `b[0A FF]`, `Date(1)`.

use std::fmt::{self, Display, Formatter, Write as _};

use super::structure::StructureKind;
use super::value::{Map, Structure, Value};

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            // Not to be taken for an integer.
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Bytes(bytes) => {
                f.write_str("b[")?;
                separated(f, " ", bytes, |f, byte| write!(f, "{byte:02X}"))?;
                f.write_char(']')
            }
            Self::String(text) => quoted(f, text),
            Self::List(items) => {
                f.write_char('[')?;
                separated(f, ", ", items, |f, item| item.fmt(f))?;
                f.write_char(']')
            }
            Self::Map(map) => map.fmt(f),
            Self::Structure(structure) => structure.fmt(f),
            Self::Uuid(bytes) => {
                f.write_str("UUID(")?;
                for (at, byte) in bytes.iter().enumerate() {
                    if matches!(at, 4 | 6 | 8 | 10) {
                        f.write_char('-')?;
                    }
                    write!(f, "{byte:02x}")?;
                }
                f.write_char(')')
            }
        }
    }
}

impl Display for Map {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('{')?;
        separated(f, ", ", self.entries(), |f, (key, value)| {
            quoted(f, key)?;
            write!(f, ": {value}")
        })?;
        f.write_char('}')
    }
}

impl Display for Structure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match StructureKind::of_tag(self.tag) {
            Some(kind) => f.write_str(kind.name())?,
            None => write!(f, "{:02X}", self.tag)?,
        }
        f.write_char('(')?;
        separated(f, ", ", &self.fields, |f, field| field.fmt(f))?;
        f.write_char(')')
    }
}

/// With quotes, and what could not be told apart otherwise as in JSON.
fn quoted(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            '\n' => f.write_str("\\n")?,
            c if c.is_control() => write!(f, "\\u{:04x}", u32::from(c))?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}

fn separated<T>(
    f: &mut Formatter<'_>,
    separator: &str,
    items: &[T],
    mut write: impl FnMut(&mut Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            f.write_str(separator)?;
        }
        write(f, item)?;
    }
    Ok(())
}
