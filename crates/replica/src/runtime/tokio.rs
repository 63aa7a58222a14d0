//! The runtime of production: tokio's tasks, threads and clock, the system's dice.

use std::sync::LazyLock;

use futures::future::BoxFuture;
use rand::Rng;
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::{Moment, Runtime};

/// The start of the clock; the same for every replica of the process.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The tokio runtime that the replica was started on.
#[derive(Clone, Debug)]
pub struct TokioRuntime(Option<Handle>);

impl TokioRuntime {
    /// The runtime that this is called on.
    ///
    /// # Panics
    /// It is called on none.
    pub fn current() -> Self {
        Self(Some(Handle::current()))
    }

    /// Whatever runtime asks. What needs none, such as the clock, works without one.
    pub(super) const fn anywhere() -> Self {
        Self(None)
    }
}

impl Runtime for TokioRuntime {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        match &self.0 {
            Some(handle) => handle.spawn(task),
            None => tokio::spawn(task),
        };
    }

    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        match &self.0 {
            Some(handle) => handle.spawn_blocking(work),
            None => tokio::task::spawn_blocking(work),
        };
    }

    fn now(&self) -> Moment {
        let start = *START;
        Moment::after_start(Instant::now().saturating_duration_since(start))
    }

    fn sleep_until(&self, deadline: Moment) -> BoxFuture<'static, ()> {
        // The timer that wakes the sleeper is that of the runtime entered here.
        let _entered = self.0.as_ref().map(Handle::enter);
        Box::pin(tokio::time::sleep_until(*START + deadline.since_start()))
    }

    fn random(&self) -> u64 {
        rand::rng().next_u64()
    }
}
