//! Connections to remote DBMSs that are between two transactions, by the version of the alias and by how values are written.
//!
//! A connection comes back only when nothing is under way on it. An alias that changes has another version, and so other
//! connections; those of its older versions are closed when the next one is asked for, or when they have been idle for long enough.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aliasd_bolt::{Dialect, Limits};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::address::{RemoteTarget, whole};
use super::connection::RemoteConnection;
use super::error::RemoteError;
use super::refusal::RefusedLogin;
use super::tls::RemoteTls;

/// How long a server may take to answer RESET before its connection is given up.
const RESET_WITHIN: Duration = Duration::from_secs(5);
/// A driver's own: a connection is not used for longer, unless the alias says otherwise.
const LIFETIME_MAX: Duration = Duration::from_secs(60 * 60);

/// How connections are made and kept, unless the alias says otherwise.
#[derive(Clone, Debug)]
pub(crate) struct PoolSettings {
    /// How long connecting may take, login included.
    pub(crate) connect_timeout: Duration,
    /// How long a transaction waits for a connection when all are in use.
    pub(crate) acquisition_timeout: Duration,
    /// Connections at once for one alias.
    pub(crate) connections_max: usize,
    /// How long a connection is kept that nobody uses.
    pub(crate) idle_timeout: Duration,
    /// Of what servers say.
    pub(crate) limits: Limits,
}

/// The connections of one gateway.
pub(crate) struct Pool {
    settings: PoolSettings,
    tls: RemoteTls,
    shelves: Mutex<BTreeMap<AliasVersion, Shelf>>,
}

/// An alias and its version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct AliasVersion {
    alias: String,
    version: u64,
}

/// What there is for one version of an alias.
struct Shelf {
    places: Arc<Semaphore>,
    idle: Vec<Idle>,
    /// The last login, if it was refused.
    refused: Option<RefusedLogin>,
}

struct Idle {
    connection: RemoteConnection,
    /// The dialect of the clients that it goes with; its own may be an older one.
    front: Dialect,
    since: Instant,
}

/// A connection in use. Dropping it closes it.
pub(crate) struct Leased {
    pub(crate) connection: RemoteConnection,
    front: Dialect,
    key: AliasVersion,
    pool: Arc<Pool>,
    _place: Option<OwnedSemaphorePermit>,
}

// === impl Pool ===

impl Pool {
    /// Without connections.
    pub(crate) fn new(settings: PoolSettings, tls: RemoteTls) -> Self {
        Self { settings, tls, shelves: Mutex::default() }
    }

    /// A connection for a client with this dialect: one that is idle, or a new one.
    pub(crate) async fn take(self: &Arc<Self>, target: &RemoteTarget, front: Dialect) -> Result<Leased, RemoteError> {
        let key = AliasVersion { alias: target.alias.clone(), version: target.version };
        let place = match self.places(&key, target) {
            Some(places) => Some(self.place(places, target).await?),
            None => None,
        };
        let leased = |connection| {
            let (key, pool) = (key.clone(), Arc::clone(self));
            Leased { connection, front, key, pool, _place: place }
        };
        while let Some(mut connection) = self.idle(&key, target, front) {
            if !connection.has_ended().await {
                return Ok(leased(connection));
            }
        }
        if let Some(code) = self.on_shelf(&key, |shelf| shelf.refused.as_mut()?.answer(Instant::now())) {
            return Err(RemoteError::Refused { code });
        }
        let within = target.connect_within(self.settings.connect_timeout);
        let opened = RemoteConnection::open(target, front, &self.tls, self.settings.limits, within).await;
        self.note_login(&key, &opened);
        opened.map(leased)
    }

    /// Looks at what there is for a version; nothing if the alias has changed.
    fn on_shelf<T>(&self, key: &AliasVersion, look: impl FnOnce(&mut Shelf) -> Option<T>) -> Option<T> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner).get_mut(key).and_then(look)
    }

    fn note_login(&self, key: &AliasVersion, opened: &Result<RemoteConnection, RemoteError>) {
        self.on_shelf(key, |shelf| {
            shelf.refused = match opened {
                Ok(_) => None,
                Err(RemoteError::Refused { code }) => {
                    Some(RefusedLogin::new(code.clone(), shelf.refused.as_ref(), Instant::now()))
                }
                // It was not asked whether the login is good.
                Err(_) => shelf.refused.take(),
            };
            Some(())
        });
    }

    /// The places of a version; none if the alias wants no bound. What is kept of older versions goes.
    fn places(&self, key: &AliasVersion, target: &RemoteTarget) -> Option<Arc<Semaphore>> {
        let size = match target.driver.connection_pool_max_size {
            Some(size) => usize::try_from(size).ok(),
            None => Some(self.settings.connections_max),
        };
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        shelves.retain(|other, _| other.alias != key.alias || other.version >= key.version);
        let places = size.unwrap_or_default().min(Semaphore::MAX_PERMITS);
        let shelf = shelves.entry(key.clone()).or_insert_with(|| Shelf {
            places: Arc::new(Semaphore::new(places)),
            idle: Vec::new(),
            refused: None,
        });
        size.map(|_| Arc::clone(&shelf.places))
    }

    async fn place(&self, places: Arc<Semaphore>, target: &RemoteTarget) -> Result<OwnedSemaphorePermit, RemoteError> {
        let within = match &target.driver.connection_pool_acquisition_timeout {
            Some(bound) if bound.is_negative() => Duration::MAX,
            Some(bound) => whole(bound),
            None => self.settings.acquisition_timeout,
        };
        match timeout(within, places.acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            // The semaphore is never closed.
            Ok(Err(_)) | Err(_) => Err(RemoteError::PoolTimeout(within)),
        }
    }

    /// The connection that was used last, and not for too long.
    fn idle(&self, key: &AliasVersion, target: &RemoteTarget, front: Dialect) -> Option<RemoteConnection> {
        let lifetime = match &target.driver.connection_max_lifetime {
            Some(bound) if bound.is_negative() || whole(bound).is_zero() => Duration::MAX,
            Some(bound) => whole(bound),
            None => LIFETIME_MAX,
        };
        self.on_shelf(key, |shelf| {
            shelf.idle.retain(|idle| idle.connection.opened_at().elapsed() < lifetime);
            let place = shelf.idle.iter().rposition(|idle| idle.front == front)?;
            Some(shelf.idle.remove(place).connection)
        })
    }

    /// Closes what has been idle for too long. To be called from time to time.
    pub(crate) fn sweep(&self) {
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        shelves.retain(|_, shelf| {
            shelf.idle.retain(|idle| idle.since.elapsed() < self.settings.idle_timeout);
            let is_refused = shelf.refused.as_ref().is_some_and(|refused| refused.holds(Instant::now()));
            !shelf.idle.is_empty() || is_refused || Arc::strong_count(&shelf.places) > 1
        });
    }

    fn keep(&self, key: &AliasVersion, connection: RemoteConnection, front: Dialect) {
        self.on_shelf(key, |shelf| {
            shelf.idle.push(Idle { connection, front, since: Instant::now() });
            Some(())
        });
    }
}

// === impl Leased ===

impl Leased {
    /// Keeps the connection for the next transaction, if nothing is under way on it.
    pub(crate) fn give_back(self) {
        let Self { connection, front, key, pool, _place } = self;
        if connection.is_idle() {
            pool.keep(&key, connection, front);
        }
    }

    /// Ends whatever is under way on the connection, and keeps it then. Nobody waits for that.
    pub(crate) fn reset_and_give_back(mut self) {
        tokio::spawn(async move {
            if let Ok(Ok(true)) = timeout(RESET_WITHIN, self.connection.reset()).await {
                self.give_back();
            }
        });
    }
}
