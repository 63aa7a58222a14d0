//! What all sessions of a gateway share.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aliasd_bolt::Limits;
use aliasd_client::Client;
use tokio_rustls::TlsAcceptor;

use crate::config::Config;
use crate::materials::{Materials, Members};
use crate::remote::{Pool, PoolSettings};

/// Before a user is logged in, no message is longer, in bytes.
const GREETING_BYTES_MAX: usize = 64 * 1024;
/// How many lists and maps a value may be inside of. Neo4j itself takes no more than a few hundred.
const DEPTH_MAX: usize = 200;

/// A running gateway.
pub(crate) struct Gateway {
    /// As the gateway itself.
    pub(crate) client: Client,
    /// For clients of the users.
    pub(crate) members: Members,
    pub(crate) pool: Arc<Pool>,
    pub(crate) tls: Option<TlsAcceptor>,
    /// Where drivers are told to go, if not to the address that they came to.
    pub(crate) advertise: Option<String>,
    pub(crate) listen: SocketAddr,
    pub(crate) authentication_timeout: Duration,
    /// Of messages before a user is logged in, and after.
    pub(crate) greeting_limits: Limits,
    pub(crate) limits: Limits,
    sessions: AtomicU64,
}

impl Gateway {
    pub(crate) fn new(config: &Config, materials: Materials, listen: SocketAddr) -> Self {
        let limits = Limits::new(config.message_bytes_max, DEPTH_MAX);
        let settings = PoolSettings {
            connect_timeout: config.remote.connect_timeout,
            acquisition_timeout: config.remote.acquisition_timeout,
            connections_max: config.remote.connections_max,
            idle_timeout: config.remote.idle_timeout,
            limits,
        };
        let Materials { tls, client, members, remote_tls } = materials;
        Self {
            client,
            members,
            pool: Arc::new(Pool::new(settings, remote_tls)),
            tls: tls.map(TlsAcceptor::from),
            advertise: config.advertise.clone(),
            listen,
            authentication_timeout: config.authentication_timeout,
            greeting_limits: Limits::new(GREETING_BYTES_MAX, DEPTH_MAX),
            limits,
            sessions: AtomicU64::new(0),
        }
    }

    /// A number that no other session of this gateway has.
    pub(crate) fn next_session(&self) -> u64 {
        self.sessions.fetch_add(1, Ordering::Relaxed)
    }
}
