//! What the code of nodes and clients needs of the machine that it runs on, besides stores and connections: tasks, threads
//! that may block, time and dice.
//!
//! [`TokioRuntime`] is the one of production. A simulator hands in its own, and then decides which task runs next, what
//! time it is and how the dice fall. `replica`, `service`, `api` and `client` reach for a clock, a thread or randomness by no
//! other way (clippy refuses it: `crates/replica/clippy.toml`); the one exception are the threads of the disk stores, which no
//! simulator can have.
//!
//! Channels and locks are tokio's: they need no runtime, and wake whoever waits without asking a clock.

#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable))]

#[cfg(feature = "simulation")]
pub mod simulation;
mod tokio;

use std::fmt;
use std::future::Future;
use std::ops::{Add, Sub};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use ::tokio::sync::oneshot;
use futures::FutureExt;
use futures::future::{AbortHandle, BoxFuture, abortable};
use pin_project_lite::pin_project;

pub use self::tokio::TokioRuntime;

/// Tasks, threads, time and dice.
pub trait Runtime: fmt::Debug + Send + Sync + 'static {
    /// Runs a task beside the caller. It is polled until it ends, or for as long as the runtime lives.
    fn spawn(&self, task: BoxFuture<'static, ()>);

    /// Runs work that may block where it holds up no task. A simulator does it at once when its turn comes: work must not
    /// wait for a task.
    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>);

    /// The present moment. Never goes back.
    fn now(&self) -> Moment;

    /// Resolves at the deadline, not before.
    fn sleep_until(&self, deadline: Moment) -> BoxFuture<'static, ()>;

    /// What a clock on the wall shows. It may be wrong, and may go back.
    fn time_of_day(&self) -> SystemTime;

    /// Throws the dice. They must not show the same twice to two nodes: data directories are told apart by them. Whoever
    /// knows what they show must not gain anything by it.
    fn random(&self) -> u64;

    /// Fills a buffer with random bytes that nobody can guess: keys, nonces, salts, tokens and ids are made of them.
    fn fill_random(&self, bytes: &mut [u8]);

    /// How many things the machine does at the same time; at least 1.
    fn processors(&self) -> usize;

    /// Runs a task that may compute for long between two pauses, on a thread of its own until it ends. Where tasks have no
    /// threads, beside the caller.
    fn spawn_on_thread(&self, task: BoxFuture<'static, ()>) {
        self.spawn(task);
    }
}

/// A runtime as it is handed around.
pub type SharedRuntime = Arc<dyn Runtime>;

/// A moment on a runtime's own clock. It says nothing about the time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Moment(Duration);

/// The start of every clock: whoever looks back from a moment must find something behind the first.
const START: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Moment {
    /// The moment this long after the clock started.
    pub fn after_start(elapsed: Duration) -> Self {
        Self(START.saturating_add(elapsed))
    }

    /// How long after the start of its clock it is.
    pub fn since_start(self) -> Duration {
        self.0.saturating_sub(START)
    }

    /// The time from an earlier moment to this one; zero if that is later.
    pub fn saturating_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}

impl Sub<Duration> for Moment {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(duration))
    }
}

impl Sub for Moment {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.saturating_since(earlier)
    }
}

// === what is made of a runtime ===

/// The time was up before there was a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the time is up")]
pub struct Elapsed;

/// Work that ended without a result: it panicked, or the runtime went away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the work ended without a result")]
pub struct WorkLost;

impl dyn Runtime {
    /// Random bytes; see [`Runtime::fill_random`].
    pub fn random_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill_random(&mut bytes);
        bytes
    }

    /// So many random bytes in hexadecimal digits, for names and secrets that somebody reads.
    pub fn random_text<const N: usize>(&self) -> String {
        self.random_bytes::<N>().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Resolves when that much time has passed.
    pub fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.sleep_until(self.now() + duration)
    }

    /// Awaits a result, but not for ever.
    pub fn timeout<F: Future>(&self, duration: Duration, future: F) -> Timeout<F> {
        self.timeout_at(self.now() + duration, future)
    }

    /// Awaits a result until the deadline. A result that is there at once counts, however late it is.
    pub fn timeout_at<F: Future>(&self, deadline: Moment, future: F) -> Timeout<F> {
        Timeout { future, deadline: self.sleep_until(deadline) }
    }

    /// Does work that may block and awaits its result.
    ///
    /// # Errors
    /// The work panicked, or the runtime went away.
    pub async fn blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, WorkLost> {
        let (done, result) = oneshot::channel();
        // Whoever no longer waits does not need the result.
        self.spawn_blocking(Box::new(move || drop(done.send(work()))));
        result.await.map_err(|_| WorkLost)
    }
}

pin_project! {
    /// A future with a deadline.
    pub struct Timeout<F> {
        #[pin]
        future: F,
        deadline: BoxFuture<'static, ()>,
    }
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(result) = this.future.poll(context) {
            return Poll::Ready(Ok(result));
        }
        this.deadline.as_mut().poll(context).map(|()| Err(Elapsed))
    }
}

impl<F> fmt::Debug for Timeout<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout").finish_non_exhaustive()
    }
}

/// Tasks that end with their owner.
#[derive(Debug, Default)]
pub struct OwnedTasks(Mutex<Vec<AbortHandle>>);

impl OwnedTasks {
    /// Runs a task until it ends or its owner is dropped.
    pub fn spawn(&self, runtime: &SharedRuntime, task: impl Future<Output = ()> + Send + 'static) {
        let (task, handle) = abortable(task);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
        runtime.spawn(task.map(drop).boxed());
    }
}

impl Drop for OwnedTasks {
    fn drop(&mut self) {
        for handle in self.0.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            handle.abort();
        }
    }
}
