//! The DBMSs that aliases lead to: their addresses, connections that are logged in there, and the pool of those.
//!
//! Knows nothing of clients and never decides who may use an alias.

mod address;
mod connection;
mod error;
mod pool;
mod refusal;
mod tls;

pub(crate) use address::RemoteTarget;
pub(crate) use error::RemoteError;
pub(crate) use pool::{Leased, Pool, PoolSettings};
pub(crate) use tls::{RemoteTls, RemoteTlsError};

use tokio::net::TcpStream;
use tokio_rustls::TlsStream;
use tokio_util::either::Either;

/// A connection, encrypted or not.
pub(crate) type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;
