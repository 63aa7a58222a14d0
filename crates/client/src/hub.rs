//! One watch for the whole client, and what lives by it: the route cache and the transaction guards.
//!
//! Two numbers say what may be believed. `position`: every change up to it has been delivered and has
//! dropped what it concerned. `last_change`: no route that was read before it may be added, since that
//! change has been delivered and will not come again. Nothing is believed when no member has said for longer than the
//! bound that it was up to date and that everything up to there is delivered: then the cache answers nothing and the
//! guards end.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aliasd_faults::{Mistake, is_planted};
use aliasd_runtime::{Moment, OwnedTasks, SharedRuntime};
use aliasd_wire::v1::Change;
use aliasd_wire::v1::auth_client::AuthClient;
use tokio::sync::watch;

use crate::cache::{Cache, Key};
use crate::core::{AccessMode, Core};
use crate::members::lock;
use crate::relevance::{Parties, Relevance, relevance_of};
use crate::watch::{Event, Watch, WatchFrom};
use crate::{Failure, Route};

/// The code of a guard that no member streams changes to.
pub const WATCH_SILENT: &str = "WATCH_SILENT";

/// The pause after the cluster refused the watch, before it is asked again.
const PAUSE_AFTER_REFUSAL: Duration = Duration::from_secs(1);

/// The hub of a client and its guards. The watch ends when the last of them is gone.
pub(crate) struct Hub {
    pub(crate) shared: Arc<Shared>,
    _task: OwnedTasks,
}

/// What the task and the client's calls share.
pub(crate) struct Shared {
    runtime: SharedRuntime,
    silence_max: Duration,
    state: Mutex<State>,
    /// Counts signs of life, so that others can wait for one.
    pulse: watch::Sender<u64>,
}

struct State {
    /// The user that the client is; changes of its rights concern every route.
    caller: String,
    /// `None` until the stream has begun.
    position: Option<u64>,
    last_change: u64,
    /// When everything acknowledged to anyone by then had been delivered.
    current_at: Moment,
    refused: Option<Failure>,
    cache: Cache,
    guards: BTreeMap<u64, Guarded>,
    next_guard: u64,
}

/// A route that a guard watches over.
struct Guarded {
    route: Arc<Route>,
    user: Option<String>,
    invalidation: watch::Sender<Invalidation>,
}

/// The latest revisions that are relevant to a guard's route, 0 for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Invalidation {
    /// A revision that changed the alias itself.
    pub(crate) certain: u64,
    /// The latest revision that may have changed what the name leads to.
    pub(crate) possible: u64,
}

/// A guard's registration with the hub, which ends when this is dropped. Keeps the watch going, without the client too.
pub(crate) struct Registration {
    hub: Arc<Hub>,
    number: u64,
    pub(crate) invalidation: watch::Receiver<Invalidation>,
}

// === impl Hub ===

impl Hub {
    pub(crate) fn start(core: Arc<Core>) -> Self {
        let state = State {
            caller: String::new(),
            position: None,
            last_change: 0,
            current_at: core.runtime.now(),
            refused: None,
            cache: Cache::new(core.limits.cached_routes),
            guards: BTreeMap::new(),
            next_guard: 0,
        };
        let silence_max = core.limits.silence;
        let (runtime, pulse) = (Arc::clone(&core.runtime), watch::Sender::new(0));
        let shared = Arc::new(Shared { runtime, silence_max, state: Mutex::new(state), pulse });
        let task = OwnedTasks::default();
        task.spawn(&shared.runtime, follow(core, Arc::clone(&shared)));
        Self { shared, _task: task }
    }

    /// Begins to watch over a route. `None` if a change has come meanwhile that it may not know of: it has to be
    /// resolved again.
    pub(crate) fn guard(self: &Arc<Self>, route: &Arc<Route>, user: Option<&String>) -> Option<Registration> {
        let mut state = self.shared.state();
        if route.served_at < state.last_change {
            return None;
        }
        let number = state.next_guard;
        state.next_guard += 1;
        let (invalidation, receiver) = watch::channel(Invalidation::default());
        state.guards.insert(number, Guarded { route: Arc::clone(route), user: user.cloned(), invalidation });
        Some(Registration { hub: Arc::clone(self), number, invalidation: receiver })
    }
}

/// Follows the stream for ever.
async fn follow(core: Arc<Core>, shared: Arc<Shared>) {
    while let Err(error) = identify_caller(&core, &shared).await {
        shared.record_refusal(error);
        core.runtime.sleep(PAUSE_AFTER_REFUSAL).await;
    }
    let mut stream = Watch::new(Arc::clone(&core), WatchFrom::now());
    loop {
        match stream.next().await {
            Ok(event) => {
                core.note_seen(stream.position().unwrap_or_default());
                shared.record_event(&event, stream.current_at(), stream.user());
            }
            Err(error) => {
                tracing::warn!(code = %error.code, "the watch of the route cache is refused: {error}");
                shared.record_refusal(error);
                core.runtime.sleep(PAUSE_AFTER_REFUSAL).await;
            }
        }
    }
}

/// Learns who the client is.
async fn identify_caller(core: &Core, shared: &Shared) -> Result<(), Failure> {
    let answer = core
        .call(AccessMode::Read, |attempt| {
            let request = attempt.request(aliasd_wire::v1::WhoAmIRequest {});
            async move { AuthClient::new(attempt.channel()).who_am_i(request).await }
        })
        .await?;
    shared.state().caller = answer.into_inner().user;
    Ok(())
}

// === impl Shared ===

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn record_event(&self, event: &Event, current_at: Option<Moment>, user: Option<&str>) {
        self.state().record_event(event, current_at, user);
        self.pulse.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn record_refusal(&self, error: Failure) {
        self.state().refused = Some(error);
        self.pulse.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Returns when the stream is live: it has begun, and is not silent.
    ///
    /// # Errors
    /// The cluster refuses the watch, or the stream does not become live before the deadline.
    pub(crate) async fn wait_until_live(&self, deadline: Moment) -> Result<(), Failure> {
        let mut pulse = self.pulse.subscribe();
        loop {
            {
                let state = self.state();
                if state.is_live(self.runtime.now(), self.silence_max) {
                    return Ok(());
                }
                if let Some(error) = &state.refused {
                    return Err(error.clone());
                }
            }
            if self.runtime.timeout_at(deadline, pulse.changed()).await.is_err() {
                let message = "No member streams changes, without which nothing can be guarded.";
                return Err(Failure::retry_here(WATCH_SILENT, message));
            }
        }
    }

    /// Returns when the stream has been silent for longer than the bound.
    pub(crate) async fn wait_until_silent(&self) {
        loop {
            let believed_until = {
                let state = self.state();
                if !state.is_live(self.runtime.now(), self.silence_max) {
                    return;
                }
                state.current_at + self.silence_max
            };
            self.runtime.sleep_until(believed_until).await;
        }
    }

    /// The cached route, if it may be believed and holds at this revision.
    pub(crate) fn cached(&self, key: &Key, at_least: u64) -> Option<Arc<Route>> {
        let mut state = self.state();
        let is_live = state.is_live(self.runtime.now(), self.silence_max) || is_planted(Mistake::CacheTrustedInSilence);
        let position = state.position.filter(|_| is_live)?;
        let route = state.cache.get(key)?;
        (position.max(route.served_at) >= at_least).then_some(route)
    }

    /// Keeps a route, unless a change has come meanwhile that it may not know of.
    pub(crate) fn keep(&self, key: Key, route: &Arc<Route>) {
        let mut state = self.state();
        if state.position.is_some() && route.served_at >= state.last_change {
            state.cache.insert(key, Arc::clone(route));
        }
    }

    /// How many routes are kept.
    pub(crate) fn cached_routes(&self) -> usize {
        self.state().cache.len()
    }
}

// === impl State ===

impl State {
    fn is_live(&self, now: Moment, silence_max: Duration) -> bool {
        self.position.is_some() && now < self.current_at + silence_max
    }

    fn record_event(&mut self, event: &Event, current_at: Option<Moment>, user: Option<&str>) {
        if let Some(user) = user.filter(|user| **user != *self.caller) {
            // A certificate stays the same when its user is renamed. What changed the rights of the new name may have been
            // told before it was known to be this client's.
            user.clone_into(&mut self.caller);
            self.drop_everything(event.revision());
        }
        let revision = match event {
            Event::Changes { revision, changes } => {
                self.last_change = *revision;
                self.cache.invalidate(*revision, changes, &self.caller);
                self.invalidate(*revision, changes);
                *revision
            }
            Event::Progress { revision } => *revision,
            Event::Resync { revision } => {
                self.drop_everything(*revision);
                *revision
            }
        };
        if self.position.is_none() {
            // What happened before the stream began was never delivered.
            self.last_change = revision;
        }
        self.position = Some(revision);
        self.current_at = current_at.unwrap_or(self.current_at);
        self.refused = None;
    }

    /// Believes nothing that was read before this revision.
    fn drop_everything(&mut self, revision: u64) {
        self.last_change = revision;
        self.cache.clear();
        if is_planted(Mistake::GuardMissesReconnect) {
            return;
        }
        for guarded in self.guards.values() {
            guarded.invalidate(revision, Relevance::Possible);
        }
    }

    fn invalidate(&self, revision: u64, changes: &[Change]) {
        for guarded in self.guards.values() {
            let parties = Parties { user: guarded.user.as_deref().unwrap_or(&self.caller), caller: &self.caller };
            let most = changes.iter().map(|change| relevance_of(change, &guarded.route, parties)).max();
            guarded.invalidate(revision, most.unwrap_or(Relevance::None));
        }
    }
}

impl Guarded {
    fn invalidate(&self, revision: u64, relevance: Relevance) {
        if relevance == Relevance::None || revision <= self.route.served_at {
            return;
        }
        self.invalidation.send_modify(|invalidation| {
            invalidation.possible = revision;
            if relevance == Relevance::Certain {
                invalidation.certain = revision;
            }
        });
    }
}

// === impl Registration ===

impl Registration {
    pub(crate) async fn wait_until_silent(&self) {
        self.hub.shared.wait_until_silent().await;
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.hub.shared.state().guards.remove(&self.number);
    }
}
