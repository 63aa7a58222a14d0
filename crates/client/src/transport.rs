//! How requests get to a member. A program has no use for this: its connections are TCP with TLS 1.3. A simulation or a test
//! hands in a [`Connector`] of its own ([`ClientBuilder::connector`](crate::ClientBuilder::connector)), and then decides what
//! arrives, when, and what gets lost on the way.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tonic::body::Body;
use tower::util::BoxCloneSyncService;

pub use crate::address::Address;

/// What carries requests to one member, and brings the answers.
///
/// What its error means for a request is told by what is in the chain of sources:
///
/// * a [`tonic::ConnectError`]: there was no connection, so the request was not sent;
/// * a [`rustls::Error`]: the other side is not who it should be, or does not take this client; the request was not sent;
/// * anything else: it broke on the way, and the request may have had its effect.
///
/// Whoever never answers need not say so: the client has deadlines of its own.
pub type Channel = BoxCloneSyncService<http::Request<Body>, http::Response<Body>, ChannelError>;

/// A request, or its answer, did not get through. See [`Channel`].
#[derive(Debug, thiserror::Error)]
#[error("the transport failed")]
pub struct ChannelError(#[source] Box<dyn Error + Send + Sync>);

impl ChannelError {
    /// What went wrong.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// Makes channels.
pub trait Connector: fmt::Debug + Send + Sync {
    /// A channel to the member at that address. It connects when it is first used, and again whenever the connection was
    /// lost; what there is to know of the connection it tells `state`.
    fn channel(&self, address: &Address, state: &ConnectionState) -> Channel;
}

/// What is known of the connection to a member. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct ConnectionState(Arc<Known>);

#[derive(Debug, Default)]
struct Known {
    /// How long connecting took last, in microseconds; 0 until the first time.
    distance: AtomicU64,
    is_connecting: AtomicBool,
}

impl ConnectionState {
    /// A connection is being made now, until it stands or what this returns is dropped.
    pub fn connecting(&self) -> Connecting {
        self.0.is_connecting.store(true, Ordering::Release);
        Connecting(self.clone())
    }

    /// How long connecting took last, in microseconds; 0 until the first time.
    pub(crate) fn distance(&self) -> u64 {
        self.0.distance.load(Ordering::Relaxed)
    }

    /// Whether a connection is being made right now, which means that no request is on its way.
    pub(crate) fn is_connecting(&self) -> bool {
        self.0.is_connecting.load(Ordering::Acquire)
    }
}

/// A connection that is being made.
#[derive(Debug)]
pub struct Connecting(ConnectionState);

impl Connecting {
    /// It stands, after that time: the client prefers members that are near.
    pub fn succeeded(self, after: Duration) {
        let microseconds = u64::try_from(after.as_micros()).unwrap_or(u64::MAX);
        self.0.0.distance.store(microseconds.max(1), Ordering::Relaxed);
    }
}

impl Drop for Connecting {
    fn drop(&mut self) {
        self.0.0.is_connecting.store(false, Ordering::Release);
    }
}
