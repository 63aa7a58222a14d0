//! What a server says.

use super::error::{MessageError, MessageErrorKind};
use super::failure::Failure;
use super::field::FieldReader;
use super::kind::ResponseKind;
use crate::limits::Limits;
use crate::packstream::{Map, PackStreamError, Value, Writer};
use crate::version::Dialect;

/// A message of a server.
#[derive(Clone, Debug, PartialEq)]
pub enum Response {
    /// See [`ResponseKind::Success`]. What the map holds depends on the request: [`super::HelloAnswer`],
    /// [`super::RunAnswer`], [`super::FetchAnswer`], [`super::RoutingTable`].
    Success(Map),
    /// See [`ResponseKind::Record`]. One value for each column.
    Record(Vec<Value>),
    /// See [`ResponseKind::Ignored`].
    Ignored,
    /// See [`ResponseKind::Failure`].
    Failure(Failure),
}

impl Response {
    /// Reads a message, its chunks put together.
    ///
    /// # Errors
    /// If it is none, or not as it has to be.
    pub fn read(message: &[u8], dialect: Dialect, limits: Limits) -> Result<Self, MessageError> {
        let fault = |message, kind| Err(MessageError { message, kind });
        let [marker @ 0xB0..=0xBF, tag, fields @ ..] = message else {
            return fault("a message", MessageErrorKind::NoStructure);
        };
        let Some(kind) = ResponseKind::of_tag(*tag) else {
            return fault("a message", MessageErrorKind::UnknownTag(*tag));
        };
        let (there, needed) = (usize::from(marker & 0x0F), kind.fields());
        if there != needed {
            return fault(kind.name(), MessageErrorKind::Fields { there, needed });
        }
        let mut reader = FieldReader::new(kind.name(), fields, dialect, limits);
        let response = match kind {
            ResponseKind::Success => Self::Success(reader.map("metadata")?.rest()),
            ResponseKind::Record => match reader.value()? {
                Value::List(values) => Self::Record(values),
                _ => return Err(reader.fault(MessageErrorKind::Field { name: "data", expected: "a list" })),
            },
            ResponseKind::Ignored => Self::Ignored,
            ResponseKind::Failure => Self::Failure(Failure::read(reader.map("metadata")?)?),
        };
        reader.finish()?;
        Ok(response)
    }

    /// Writes the message; its chunks are still to be made.
    ///
    /// # Errors
    /// If the dialect does not have a value in it.
    pub fn write(&self, dialect: Dialect) -> Result<Vec<u8>, PackStreamError> {
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out, dialect);
        writer.structure_header(self.kind().tag(), self.kind().fields())?;
        match self {
            Self::Success(map) => writer.value(&Value::Map(map.clone()))?,
            Self::Record(values) => {
                writer.list_header(values.len())?;
                values.iter().try_for_each(|value| writer.value(value))?;
            }
            Self::Ignored => {}
            Self::Failure(failure) => writer.value(&Value::Map(failure.write(dialect.version())))?,
        }
        Ok(out)
    }

    /// Of which kind it is.
    pub fn kind(&self) -> ResponseKind {
        match self {
            Self::Success(_) => ResponseKind::Success,
            Self::Record(_) => ResponseKind::Record,
            Self::Ignored => ResponseKind::Ignored,
            Self::Failure(_) => ResponseKind::Failure,
        }
    }
}
