//! What a replica needs of the machine that it runs on, besides stores and links: tasks, threads that may block, time
//! and dice.
//!
//! [`TokioRuntime`] is the one of production. A simulator hands in its own, and then decides which task runs next, what
//! time it is and how the dice fall. Nothing in this crate reaches for a clock, a thread or randomness by another way;
//! the one exception are the threads of the disk stores, which no simulator can have.
//!
//! openraft asks for its runtime by type and not by value. [`raft::RaftRuntime`] bridges that: it takes the runtime of
//! the task that asks, which every task of a replica inherits from the one that spawned it. Whoever asks outside of one
//! gets no clock of the machine behind a simulator's back: see [`outside`].

pub(crate) mod outside;
pub(crate) mod raft;
mod tokio;

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use ::tokio::sync::oneshot;
use futures::future::{AbortHandle, BoxFuture, abortable};
use futures::{FutureExt, Stream};

pub use self::tokio::TokioRuntime;

/// Tasks, threads, time and dice.
pub trait Runtime: fmt::Debug + Send + Sync + 'static {
    /// Runs a task beside the caller. It is polled until it ends, or for as long as the runtime lives.
    fn spawn(&self, task: BoxFuture<'static, ()>);

    /// Runs work that may block where it holds up no task. A simulator may do it at once.
    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>);

    /// The present moment. Never goes back.
    fn now(&self) -> Moment;

    /// Resolves at the deadline, not before.
    fn sleep_until(&self, deadline: Moment) -> BoxFuture<'static, ()>;

    /// Throws the dice. They must not show the same twice to two nodes: data directories are told apart by them. Whoever
    /// knows what they show must not gain anything by it.
    fn random(&self) -> u64;
}

/// A runtime as it is handed around.
pub type SharedRuntime = Arc<dyn Runtime>;

/// A moment on a runtime's own clock. It says nothing about the time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Duration);

/// The start of every clock: openraft looks back from a moment, and there must be something behind the first.
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

impl AddAssign<Duration> for Moment {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl SubAssign<Duration> for Moment {
    fn sub_assign(&mut self, duration: Duration) {
        *self = *self - duration;
    }
}

// === what the replica does with a runtime ===

/// The time was up before there was a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the time is up")]
pub(crate) struct Elapsed;

/// Work that ended without a result: it panicked, or the runtime went away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the work ended without a result")]
pub(crate) struct WorkLost;

impl dyn Runtime {
    pub(crate) fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.sleep_until(self.now() + duration)
    }

    /// Awaits a result, but not for ever.
    pub(crate) fn timeout<F: Future>(&self, duration: Duration, future: F) -> Timeout<F> {
        self.timeout_at(self.now() + duration, future)
    }

    pub(crate) fn timeout_at<F: Future>(&self, deadline: Moment, future: F) -> Timeout<F> {
        Timeout { future: Box::pin(future), deadline: self.sleep_until(deadline) }
    }

    /// Does work that may block and awaits its result.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, WorkLost> {
        let (done, result) = oneshot::channel();
        // Whoever no longer waits does not need the result.
        self.spawn_blocking(Box::new(move || drop(done.send(work()))));
        result.await.map_err(|_| WorkLost)
    }
}

/// A future with a deadline.
pub(crate) struct Timeout<F> {
    future: Pin<Box<F>>,
    deadline: BoxFuture<'static, ()>,
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(result) = self.future.as_mut().poll(context) {
            return Poll::Ready(Ok(result));
        }
        self.deadline.as_mut().poll(context).map(|()| Err(Elapsed))
    }
}

/// Tasks that end with their owner.
#[derive(Debug, Default)]
pub(crate) struct OwnedTasks(Mutex<Vec<AbortHandle>>);

impl OwnedTasks {
    pub(crate) fn spawn(&self, runtime: &SharedRuntime, task: impl Future<Output = ()> + Send + 'static) {
        let (task, handle) = abortable(task);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
        spawn(runtime, task.map(drop));
    }
}

impl Drop for OwnedTasks {
    fn drop(&mut self) {
        for handle in self.0.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            handle.abort();
        }
    }
}

/// Runs a task, which inherits the runtime.
pub(crate) fn spawn(runtime: &SharedRuntime, task: impl Future<Output = ()> + Send + 'static) {
    runtime.spawn(within(runtime, task).boxed());
}

// === the runtime of the task that asks ===

thread_local! {
    static CURRENT: RefCell<Option<SharedRuntime>> = const { RefCell::new(None) };
}

/// Asks the runtime of the present task.
fn current<T>(ask: impl FnOnce(&SharedRuntime) -> T) -> T {
    match CURRENT.with_borrow(Clone::clone) {
        Some(runtime) => ask(&runtime),
        None => ask(&outside::runtime()),
    }
}

/// Calls into openraft with this runtime.
pub(crate) fn enter<T>(runtime: &SharedRuntime, call: impl FnOnce() -> T) -> T {
    let _entered = Entered(CURRENT.replace(Some(Arc::clone(runtime))));
    call()
}

/// Puts back what was current before, on a panic too.
struct Entered(Option<SharedRuntime>);

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

/// Polls a future with this runtime as the current one.
pub(crate) fn within<F: Future>(runtime: &SharedRuntime, future: F) -> Within<F> {
    Within { runtime: Arc::clone(runtime), polled: Some(Box::pin(future)) }
}

/// Polls a stream with this runtime as the current one: openraft's own streams are read by whoever sends what is in them.
pub(crate) fn stream_within<S: Stream>(runtime: &SharedRuntime, stream: S) -> Within<S> {
    Within { runtime: Arc::clone(runtime), polled: Some(Box::pin(stream)) }
}

/// See [`within`] and [`stream_within`]. What the future or stream holds is dropped within the runtime too.
pub(crate) struct Within<F> {
    runtime: SharedRuntime,
    polled: Option<Pin<Box<F>>>,
}

impl<F: Future> Future for Within<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let runtime = Arc::clone(&self.runtime);
        let future = self.polled.as_mut().expect("only dropping takes it away");
        enter(&runtime, || future.as_mut().poll(context))
    }
}

impl<S: Stream> Stream for Within<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let runtime = Arc::clone(&self.runtime);
        let stream = self.polled.as_mut().expect("only dropping takes it away");
        enter(&runtime, || stream.as_mut().poll_next(context))
    }
}

impl<F> Drop for Within<F> {
    fn drop(&mut self) {
        let polled = self.polled.take();
        enter(&self.runtime, || drop(polled));
    }
}
