//! openraft's runtime: whatever the runtime of the asking task does.
//!
//! Channels and locks are tokio's, which need no runtime. What openraft waits for by time or spawns goes through
//! [`aliasd_runtime::Runtime`], so a simulated replica does nothing behind its simulator's back.

use std::future::Future;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use aliasd_runtime::{Elapsed, Moment, Timeout};
use futures::FutureExt;
use futures::future::BoxFuture;
use openraft::{AsyncRuntime, Instant};
use openraft_rt_tokio::{TokioMpsc, TokioMutex, TokioOneshot, TokioWatch};
use rand::SeedableRng;
use rand::rngs::SmallRng;
use tokio::sync::oneshot;

use super::{current, spawn};

/// See the module. There is nothing in it: openraft names it and never holds one.
#[derive(Debug)]
pub(crate) struct RaftRuntime;

/// A moment on the clock of the task that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RaftMoment(pub(crate) Moment);

impl Instant for RaftMoment {
    fn now() -> Self {
        Self(current(|runtime| runtime.now()))
    }
}

impl Add<Duration> for RaftMoment {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0 + duration)
    }
}

impl Sub<Duration> for RaftMoment {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0 - duration)
    }
}

impl Sub for RaftMoment {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.0 - earlier.0
    }
}

impl AddAssign<Duration> for RaftMoment {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl SubAssign<Duration> for RaftMoment {
    fn sub_assign(&mut self, duration: Duration) {
        *self = *self - duration;
    }
}

/// How a task ended that has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TaskEnd {
    #[error("the task panicked")]
    Panicked,
    #[error("the task was given up")]
    GivenUp,
}

/// Resolves to the result of a task.
pub(crate) struct Task<T>(oneshot::Receiver<Result<T, TaskEnd>>);

impl<T> Future for Task<T> {
    type Output = Result<T, TaskEnd>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll_unpin(context).map(|result| result.unwrap_or(Err(TaskEnd::GivenUp)))
    }
}

impl AsyncRuntime for RaftRuntime {
    type JoinError = TaskEnd;
    type JoinHandle<T: openraft::OptionalSend + 'static> = Task<T>;
    type Sleep = BoxFuture<'static, ()>;
    type Instant = RaftMoment;
    type TimeoutError = Elapsed;
    type Timeout<R, T: Future<Output = R> + openraft::OptionalSend> = Timeout<T>;
    type ThreadLocalRng = SmallRng;
    type Mpsc = TokioMpsc;
    type Watch = TokioWatch;
    type Oneshot = TokioOneshot;
    type Mutex<T: openraft::OptionalSend + 'static> = TokioMutex<T>;

    fn spawn<T>(future: T) -> Self::JoinHandle<T::Output>
    where
        T: Future + openraft::OptionalSend + 'static,
        T::Output: openraft::OptionalSend + 'static,
    {
        let (done, result) = oneshot::channel();
        let task = async move {
            let result = AssertUnwindSafe(future).catch_unwind().await;
            // Whoever no longer waits does not need the result.
            drop(done.send(result.map_err(|_| TaskEnd::Panicked)));
        };
        current(|runtime| spawn(runtime, task));
        Task(result)
    }

    fn sleep(duration: Duration) -> Self::Sleep {
        current(|runtime| runtime.sleep(duration))
    }

    fn sleep_until(deadline: RaftMoment) -> Self::Sleep {
        current(|runtime| runtime.sleep_until(deadline.0))
    }

    fn timeout<R, F: Future<Output = R> + openraft::OptionalSend>(duration: Duration, future: F) -> Timeout<F> {
        current(|runtime| runtime.timeout(duration, future))
    }

    fn timeout_at<R, F: Future<Output = R> + openraft::OptionalSend>(deadline: RaftMoment, future: F) -> Timeout<F> {
        current(|runtime| runtime.timeout_at(deadline.0, future))
    }

    fn is_panic(end: &TaskEnd) -> bool {
        *end == TaskEnd::Panicked
    }

    fn thread_rng() -> SmallRng {
        SmallRng::seed_from_u64(current(|runtime| runtime.random()))
    }

    /// Makes nothing: whatever runs, runs on the runtime that was handed in.
    fn new(_threads: usize) -> Self {
        Self
    }

    /// For openraft's own tests: a replica never waits by holding up a thread.
    fn block_on<F, T>(&mut self, future: F) -> T
    where
        F: Future<Output = T>,
    {
        let (mut future, mut context) = (pin!(future), Context::from_waker(Waker::noop()));
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            std::hint::spin_loop();
        }
    }

    fn spawn_blocking<F, T>(work: F) -> impl Future<Output = Result<T, std::io::Error>> + Send
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let runtime = current(Clone::clone);
        async move { runtime.blocking(work).await.map_err(std::io::Error::other) }
    }
}
