//! A transaction guard: one transaction, one version of the alias that it goes through.
//!
//! Never says that a transaction may commit without having asked the cluster.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::core::Core;
use crate::hub::{Hub, Registration};
use crate::identity::refuses_proof;
use crate::{Class, DEADLINE_EXCEEDED, Failure, Freshness, GrpcCode, Lookup, Route};

/// The code of a guard whose alias is not the one it began with any more.
pub const GUARD_CHANGED: &str = "GUARD_CHANGED";

/// Watches over the route of one transaction. Made by [`Client::begin`](crate::Client::begin).
///
/// # What it guarantees
///
/// Once an `ALTER` or `DROP` of the alias, or a change that takes the access away, has been acknowledged to
/// anyone, every [`validate`](Guard::validate) that starts later fails, whichever member it reaches: it is a linearizable
/// read. A transaction that commits only after its `validate` has succeeded is therefore ordered before every
/// such change that had not been acknowledged when `validate` began. What is acknowledged between then and the
/// moment when the remote database has committed is ordered after the transaction: no catalog can see into
/// that gap, so commit right after `validate`.
///
/// [`changed`](Guard::changed) is the early warning: it lets a transaction end as soon as the change
/// arrives, usually before the administrator has the answer. It also ends when nothing has been heard for longer
/// than [`silence_max`](crate::ClientBuilder::silence_max), so that a client that is cut off stops too.
///
/// The guard goes on without the client that made it.
pub struct Guard {
    core: Arc<Core>,
    lookup: Lookup,
    route: Arc<Route>,
    registration: Registration,
    /// The revision at which the route was last found unchanged.
    verified_at: AtomicU64,
}

/// Why a guard ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// The alias was altered or dropped, or the user may not use it any more.
    Changed {
        /// The revision that did it, or the one at which it was seen.
        revision: u64,
    },
    /// Nothing has been heard for longer than the bound, so nothing is known any more.
    Silent,
}

impl Guard {
    /// Pins the version of what the lookup leads to.
    pub(crate) async fn begin(core: &Arc<Core>, hub: &Arc<Hub>, lookup: Lookup) -> Result<Self, Failure> {
        let deadline = core.deadline();
        hub.shared.wait_until_live(deadline).await?;
        let lookup = lookup.freshness(Freshness::Linearizable);
        loop {
            let route = Arc::new(lookup.resolve(core).await?);
            if let Some(registration) = hub.guard(&route, lookup.user.as_ref()) {
                let verified_at = AtomicU64::new(route.served_at);
                return Ok(Self { core: Arc::clone(core), lookup, route, registration, verified_at });
            }
            if core.runtime.now() >= deadline {
                let message = "The catalog changes faster than a route can be pinned.";
                return Err(Failure::retry_here(DEADLINE_EXCEEDED, message));
            }
        }
    }

    /// The route that the transaction goes through.
    pub fn route(&self) -> &Route {
        &self.route
    }

    /// Resolves when the alias was altered or dropped or access to it was taken away, or when nothing has been heard for
    /// longer than [`silence_max`](crate::ClientBuilder::silence_max). The transaction should end then. Nothing is
    /// lost if the future is dropped before it is ready.
    pub async fn changed(&self) -> Ended {
        let mut invalidations = self.registration.invalidation.clone();
        loop {
            let invalidation = *invalidations.borrow_and_update();
            if invalidation.certain > 0 {
                return Ended::Changed { revision: invalidation.certain };
            }
            let next = async {
                if invalidation.possible > self.verified_at.load(Ordering::Acquire) {
                    self.verify_since(invalidation.possible).await
                } else if invalidations.changed().await.is_err() {
                    Some(Ended::Silent)
                } else {
                    None
                }
            };
            let ended = tokio::select! {
                biased;
                ended = next => ended,
                () = self.registration.wait_until_silent() => Some(Ended::Silent),
            };
            if let Some(ended) = ended {
                return ended;
            }
        }
    }

    /// Asks whether the name still leads where it led, now, by every write acknowledged so far. To be
    /// called right before the commit.
    ///
    /// # Errors
    /// [`GUARD_CHANGED`]: it does not. Anything else: it could not be found out, and the transaction must not commit.
    pub async fn validate(&self) -> Result<(), Failure> {
        if self.registration.invalidation.borrow().certain > 0 {
            return Err(self.has_changed(""));
        }
        self.compare(Freshness::Linearizable).await.map(drop)
    }

    /// Looks whether a change that may be relevant to the route has changed it.
    async fn verify_since(&self, revision: u64) -> Option<Ended> {
        match self.compare(Freshness::AtLeast(revision)).await {
            Ok(seen_at) => {
                self.verified_at.fetch_max(seen_at.max(revision), Ordering::AcqRel);
                None
            }
            Err(error) if error.code == GUARD_CHANGED => Some(Ended::Changed { revision }),
            Err(error) => {
                tracing::warn!(code = %error.code, "a guard cannot find out whether its alias changed: {error}");
                Some(Ended::Silent)
            }
        }
    }

    /// Resolves again and compares. Returns the revision that it was seen at.
    async fn compare(&self, freshness: Freshness) -> Result<u64, Failure> {
        let mut lookup = self.lookup.clone().freshness(freshness);
        lookup.credentials = false;
        match lookup.resolve(&self.core).await {
            Ok(now) if (&now.name, now.version) == (&self.route.name, self.route.version) => Ok(now.served_at),
            Ok(_) => Err(self.has_changed("")),
            Err(error) if error.class == Class::Rejected && !refuses_proof(&error) => {
                Err(self.has_changed(&format!(" {error}")))
            }
            Err(error) => Err(error),
        }
    }

    fn has_changed(&self, why: &str) -> Failure {
        let message = format!("'{}' has changed since the transaction began.{why}", self.route.name);
        Failure::rejected(GrpcCode::Aborted, GUARD_CHANGED, message).with_hint("Begin the transaction again.")
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("route", &self.route).finish_non_exhaustive()
    }
}
