//! PackStream 1.0 and 1.1: values as bytes, as the Bolt documentation has them under "PackStream".
//!
//! [`Reader`] reads or skips, [`Writer`] writes, [`MapReader`] finds and replaces entries of a map that stays encoded. None of
//! them calls itself, however deeply a value is nested, and none allocates for what a length promises before it is there.

mod decode;
mod edit;
mod encode;
mod error;
mod fields;
mod head;
mod marker;
mod notation;
mod structure;
mod typed;
mod value;

pub use decode::{Reader, decode};
pub use edit::{Edit, MapReader};
pub use encode::{Writer, encode};
pub use error::{PackStreamError, PackStreamErrorKind};
pub use structure::StructureKind;
pub use typed::{Ends, Node, Path, Relationship, StructureError, Typed, UnsupportedType, Vector, VectorElement, Zone};
pub use value::{Map, Structure, Value};
