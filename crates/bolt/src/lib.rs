//! The Bolt protocol, 4.4 to 6.1, as values: what graph databases and their drivers say to each other.
//!
//! # Life of a connection
//!
//! 1. Both ends agree on a [`Version`]: [`ClientHandshake`] offers, [`ServerHandshake`] chooses, or lists and lets the client
//!    choose.
//! 2. What goes over the connection from then on are messages in chunks, [`Request`] one way and [`Response`] the other, with
//!    values in them ([`Value`], [`Typed`]). How values are written is the connection's [`Dialect`].
//! 3. [`ServerConnection`] and [`ClientConnection`] are the two ends, as values. They take bytes, and say what is to be done
//!    and what is to be sent; they know the [`State`] that the server is in, and what may be said in it.
//! 4. Whoever only passes results on leaves them as they are: [`ClientEvent::Records`] are rows as they came, to be given to
//!    [`ServerConnection::relay_records`]. [`Reader::skip`] passes over a value, and [`MapReader`] changes one entry of a map
//!    and no other byte.
//!
//! ```
//! use aliasd_bolt::{AuthToken, ClientConnection, ClientEvent, Hello, Limits, Map, Request, RequestKind};
//! use aliasd_bolt::{Response, ServerAction, ServerConnection, State, Version};
//!
//! let limits = Limits::new(64 * 1024, 10);
//! let mut client = ClientConnection::new(Version::V5_8, limits);
//! let mut server = ServerConnection::new(Version::V5_8, limits);
//!
//! client.send(&Request::Hello(Hello { user_agent: "example/1.0".to_owned(), ..Hello::default() }))?;
//! client.send(&Request::Logon(AuthToken::default()))?;
//! server.receive(&client.take_output());
//! while let Some(ServerAction::Perform(_request)) = server.next_action() {
//!     server.answer(&Response::Success(Map::new()))?;
//! }
//!
//! client.receive(&server.take_output());
//! let answered = client.next_event()?;
//! let response = Response::Success(Map::new());
//! assert_eq!(answered, Some(ClientEvent::Answered { request: RequestKind::Hello, response }));
//! assert!(client.next_event()?.is_some());
//! assert_eq!((client.state(), server.state()), (State::Ready, State::Ready));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What it looks like in each version, byte by byte, stands in `tests/transcripts`.
//!
//! This crate is pure: bytes and values in, values, bytes and errors out. It never reads or writes a socket, never asks a
//! clock, and knows neither aliases nor what a database does.

#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable))]

mod chunk;
mod connection;
mod handshake;
mod limits;
mod message;
mod packstream;
mod version;

pub use chunk::{ChunkError, Dechunker, Frame, NOOP, Scanner, put_chunks};
pub use connection::{
    AnswerError, ClientConnection, ClientEvent, ProtocolError, SendError, ServerAction, ServerConnection, State,
    read_records,
};
pub use handshake::{
    ClientHandshake, ClientHandshakeStep, HandshakeError, PREAMBLE, ServerHandshake, ServerHandshakeStep, VersionRange,
};
pub use limits::Limits;
pub use message::{
    AccessMode, AuthToken, Cause, EncodedMap, Failure, Fetch, FetchAnswer, GqlStatus, Hello, HelloAnswer, MessageError,
    MessageErrorKind, NotificationFilter, Request, RequestKind, Response, ResponseKind, Route, RoutingTable, Run,
    RunAnswer, Secret, TransactionExtra,
};
pub use packstream::{
    Edit, Ends, Map, MapReader, Node, PackStreamError, PackStreamErrorKind, Path, Reader, Relationship, Structure,
    StructureError, StructureKind, Typed, UnsupportedType, Value, Vector, VectorElement, Writer, Zone, decode, encode,
};
pub use version::{Dialect, Version};
