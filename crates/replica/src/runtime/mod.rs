//! The runtime of the task that asks, for openraft, which asks for one by type and not by value.
//!
//! [`raft::RaftRuntime`] bridges that: it takes the runtime of the task that asks, which every task of a replica inherits from
//! the one that spawned it. Whoever asks outside of one gets no clock of the machine behind a simulator's back: see
//! [`outside`].

pub(crate) mod outside;
pub(crate) mod raft;

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use aliasd_runtime::SharedRuntime;
use futures::{FutureExt, Stream};

/// Runs a task, which inherits the runtime.
pub(crate) fn spawn(runtime: &SharedRuntime, task: impl Future<Output = ()> + Send + 'static) {
    runtime.spawn(within(runtime, task).boxed());
}

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
