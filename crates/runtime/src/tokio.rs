//! The runtime of production: tokio's tasks, threads and clock, the system's dice.

use std::sync::LazyLock;
use std::thread;
use std::time::SystemTime;

use futures::future::BoxFuture;
use rand::Rng;
use tokio::runtime::{Handle, TryCurrentError};
use tokio::time::Instant;

use super::{Moment, Runtime};

/// The start of the clock; the same for all of the process.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// A tokio runtime.
#[derive(Clone, Debug)]
pub struct TokioRuntime(Handle);

impl TokioRuntime {
    /// The runtime that this is called on.
    ///
    /// # Panics
    /// It is called on none.
    pub fn current() -> Self {
        Self(Handle::current())
    }

    /// The runtime that this is called on.
    ///
    /// # Errors
    /// It is called on none.
    pub fn try_current() -> Result<Self, TryCurrentError> {
        Handle::try_current().map(Self)
    }
}

impl Runtime for TokioRuntime {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.0.spawn(task);
    }

    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        self.0.spawn_blocking(work);
    }

    fn now(&self) -> Moment {
        let start = *START;
        Moment::after_start(Instant::now().saturating_duration_since(start))
    }

    fn sleep_until(&self, deadline: Moment) -> BoxFuture<'static, ()> {
        // The timer that wakes the sleeper is that of the runtime entered here.
        let _entered = self.0.enter();
        Box::pin(tokio::time::sleep_until(*START + deadline.since_start()))
    }

    fn time_of_day(&self) -> SystemTime {
        SystemTime::now()
    }

    fn random(&self) -> u64 {
        rand::rng().next_u64()
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("a system that has started gives random bytes");
    }

    fn processors(&self) -> usize {
        thread::available_parallelism().map_or(1, usize::from)
    }

    fn spawn_on_thread(&self, task: BoxFuture<'static, ()>) {
        let handle = self.0.clone();
        self.0.spawn_blocking(move || handle.block_on(task));
    }
}
