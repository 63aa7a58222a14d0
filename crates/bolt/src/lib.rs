//! The Bolt protocol, 4.4 to 6.1, as values: what graph databases and their drivers say to each other.
//!
//! A connection carries messages in chunks ([`Dechunker`], [`put_chunks`]), and in each message values ([`Value`], [`Typed`]).
//! Whoever only passes messages on leaves them as they are: [`Frame`] says what kind of message lies in a buffer and where it
//! ends, [`Reader::skip`] passes over a value, and [`MapReader`] changes one entry of a map and no other byte.
//!
//! ```
//! use aliasd_bolt::{Dialect, Edit, Limits, Map, MapReader, Version, decode, encode};
//!
//! let (dialect, limits) = (Dialect::new(Version::V5_8), Limits::new(64 * 1024, 10));
//! let extra = encode(&Map::new().with("db", "movies").with("mode", "r").into(), dialect)?;
//!
//! let map = MapReader::new(&extra, dialect, limits)?;
//! let name = encode(&"movies-2".into(), dialect)?;
//! let edited = map.edited(&[Edit::Put("db", &name)])?;
//! assert_eq!(decode(&edited, dialect, limits)?.to_string(), r#"{"db": "movies-2", "mode": "r"}"#);
//! # Ok::<(), aliasd_bolt::PackStreamError>(())
//! ```
//!
//! This crate is pure: bytes and values in, values, bytes and errors out. It never reads or writes a socket, never asks a
//! clock, and knows neither aliases nor what a database does.

#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable))]

mod chunk;
mod limits;
mod packstream;
mod version;

pub use chunk::{ChunkError, Dechunker, Frame, NOOP, Scanner, put_chunks};
pub use limits::Limits;
pub use packstream::{
    Edit, Ends, Map, MapReader, Node, PackStreamError, PackStreamErrorKind, Path, Reader, Relationship, Structure,
    StructureError, StructureKind, Typed, UnsupportedType, Value, Vector, VectorElement, Writer, Zone, decode, encode,
};
pub use version::{Dialect, Version};
