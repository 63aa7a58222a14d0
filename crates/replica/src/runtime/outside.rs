//! What openraft gets when it is called outside of every replica's runtime, which is a defect of this crate.
//!
//! Nothing, and it is said: a real clock there would make a simulation differ from run to run without a word. Time stands
//! still, a sleeper sleeps for ever, and what is spawned ends at once without a result, so that whoever waits for it gets
//! an error. It never panics: openraft also asks while it is torn down.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aliasd_runtime::{Moment, Runtime, SharedRuntime};
use futures::FutureExt;
use futures::future::BoxFuture;

thread_local! {
    /// How often it happened on this thread.
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

/// The runtime of whoever has none.
pub(super) fn runtime() -> SharedRuntime {
    CALLS.set(CALLS.get() + 1);
    tracing::error!("openraft was called outside of a replica's runtime; it gets neither a clock nor tasks");
    Arc::new(Outside)
}

/// How often openraft was called outside on this thread.
#[cfg(test)]
pub(crate) fn calls() -> u64 {
    CALLS.get()
}

#[derive(Debug)]
struct Outside;

impl Runtime for Outside {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        drop(task);
    }

    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        drop(work);
    }

    fn now(&self) -> Moment {
        Moment::after_start(Duration::ZERO)
    }

    fn sleep_until(&self, _deadline: Moment) -> BoxFuture<'static, ()> {
        std::future::pending().boxed()
    }

    fn time_of_day(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn random(&self) -> u64 {
        0
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }

    fn processors(&self) -> usize {
        1
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;
    use openraft::AsyncRuntime;
    use openraft::Instant;

    use super::super::raft::{RaftMoment, RaftRuntime};
    use super::*;

    #[tokio::test]
    async fn a_stream_that_a_transport_polls_is_within_the_runtime_of_its_replica() {
        let before = calls();
        let asks = futures::stream::iter(0..3).map(|_| <RaftMoment as Instant>::now());
        let mut asks = super::super::stream_within(&crate::tests::runtime(), asks);
        while let Some(now) = asks.next().await {
            assert!(now.0 > Moment::after_start(Duration::ZERO), "a clock that goes");
        }
        assert_eq!(calls(), before);
    }

    #[tokio::test]
    async fn whoever_asks_outside_gets_no_clock_and_no_task_and_it_is_counted() {
        let before = calls();
        let time = <RaftMoment as Instant>::now();
        assert_eq!(time, <RaftMoment as Instant>::now());
        assert_eq!(time.0.since_start(), Duration::ZERO);
        assert!(RaftRuntime::spawn(async {}).await.is_err(), "it ends without a result");
        assert!(RaftRuntime::spawn_blocking(|| ()).await.is_err(), "it ends without a result");
        assert!(RaftRuntime::sleep(Duration::ZERO).now_or_never().is_none());
        assert_eq!(calls() - before, 5);
    }
}
