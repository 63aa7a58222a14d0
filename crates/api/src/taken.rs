//! Watches whose consumer takes nothing: they end after a while, and what they hold is let go.
//!
//! A consumer that takes nothing does not ask for the next message either, so that whatever is to happen then needs a task of
//! its own. The watch itself stays what it is, a stream that is pulled.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use aliasd_catalog::Revision;
use aliasd_runtime::SharedRuntime;
use aliasd_service::watch::Message;
use aliasd_service::{Failure, NodeFailure};
use futures::{Stream, StreamExt};
use tokio::sync::{mpsc, oneshot};

/// How long a message may wait for being taken, once what the network holds is full.
pub(super) const TAKEN_WITHIN: Duration = Duration::from_secs(60);

type Told = Result<Message, Failure>;

/// Passes on what a watch says, as long as its consumer takes something now and then.
pub(super) fn while_taken<S>(
    watch: S,
    runtime: &SharedRuntime,
    limit: Duration,
) -> impl Stream<Item = Told> + Send + use<S>
where
    S: Stream<Item = Told> + Send + 'static,
{
    let (sender, taken) = mpsc::channel(1);
    let (stalled, cut) = oneshot::channel();
    let passing = pass_on(watch, Arc::clone(runtime), limit, sender);
    runtime.spawn(Box::pin(async move {
        if let Some(failure) = passing.await {
            // A consumer that is gone does not ask why.
            let _ = stalled.send(failure);
        }
    }));
    futures::stream::unfold(Some((taken, cut)), |open| async move {
        let (mut taken, mut cut) = open?;
        match taken.recv().await {
            Some(told) => Some((told, Some((taken, cut)))),
            None => cut.try_recv().ok().map(|failure| (Err(failure), None)),
        }
    })
}

/// Until the watch ends or its consumer is gone. The failure is for a consumer that takes nothing.
async fn pass_on(
    watch: impl Stream<Item = Told> + Send,
    runtime: SharedRuntime,
    limit: Duration,
    sender: mpsc::Sender<Told>,
) -> Option<Failure> {
    let mut watch = pin!(watch);
    let mut reached = Revision(0);
    loop {
        // Only when there is room for it, the next message is made.
        let Ok(room) = runtime.timeout(limit, sender.reserve()).await else {
            return Some(Failure::from(NodeFailure::WatchNotRead {}).with_resume_revision(reached));
        };
        let room = room.ok()?;
        let told = tokio::select! {
            biased;
            told = watch.next() => told?,
            () = sender.closed() => return None,
        };
        match &told {
            Ok(Message::Batch { revision, continued: false, .. } | Message::Progress { revision, .. }) => {
                reached = *revision;
            }
            Ok(Message::Batch { continued: true, .. }) | Err(_) => {}
        }
        room.send(told);
    }
}

#[cfg(test)]
mod tests {
    use aliasd_catalog::UserName;
    use aliasd_runtime::simulation::Simulation;
    use futures::FutureExt;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    fn mark(revision: u64) -> Told {
        let (staleness, interval, since_begin) = (Duration::ZERO, Duration::from_secs(1), Duration::ZERO);
        let (revision, user) = (Revision(revision), UserName::new("u").unwrap());
        Ok(Message::Progress { revision, staleness, interval, since_begin, user })
    }

    fn part(revision: u64, continued: bool) -> Told {
        Ok(Message::Batch { revision: Revision(revision), events: Vec::new(), continued })
    }

    /// A watch that says this and then waits, and what it holds.
    fn watch(says: impl IntoIterator<Item = Told>) -> (impl Stream<Item = Told> + Send, Arc<()>) {
        let held = Arc::new(());
        let says: Vec<Told> = says.into_iter().collect();
        let stream = futures::stream::iter(says).chain(futures::stream::pending());
        let holds = Arc::clone(&held);
        (stream.inspect(move |_| drop(Arc::clone(&holds))), held)
    }

    /// Whether the watch and what it holds are gone.
    fn is_let_go(held: &Arc<()>) -> bool {
        Arc::strong_count(held) == 1
    }

    fn run<F: Future<Output = ()>>(story: impl Fn(SharedRuntime) -> F) {
        for seed in 1..=3 {
            let simulation = Simulation::new(seed);
            let machine: SharedRuntime = simulation.machine();
            simulation.run(story(machine));
        }
    }

    #[test]
    fn a_watch_that_nobody_reads_is_let_go_and_says_so_to_who_reads_again() {
        run(async |runtime| {
            let (watch, held) = watch((1..100).map(mark));
            let mut taken = Box::pin(while_taken(watch, &runtime, LIMIT));
            assert_eq!(taken.next().await, Some(mark(1)));
            runtime.sleep(LIMIT - Duration::from_secs(1)).await;
            assert!(!is_let_go(&held), "not yet");
            runtime.sleep(Duration::from_secs(2)).await;
            assert!(is_let_go(&held));
            // What lay in the way is still there.
            assert_eq!(taken.next().await, Some(mark(2)));
            let failure = taken.next().await.unwrap().unwrap_err();
            assert_eq!((failure.code, failure.resume_revision), ("WATCH_NOT_READ", Some(Revision(2))));
            assert_eq!(taken.next().await, None);
        });
    }

    #[test]
    fn a_part_of_a_revision_is_not_what_is_resumed_after() {
        run(async |runtime| {
            let (watch, _) = watch([mark(6), part(7, true), part(7, true), part(7, false)]);
            let mut taken = Box::pin(while_taken(watch, &runtime, LIMIT));
            assert_eq!(taken.next().await, Some(mark(6)));
            runtime.sleep(LIMIT * 2).await;
            assert_eq!(taken.next().await, Some(part(7, true)));
            assert_eq!(taken.next().await.unwrap().unwrap_err().resume_revision, Some(Revision(6)));
        });
    }

    #[test]
    fn who_reads_now_and_then_or_has_nothing_to_read_is_not_cut() {
        run(async |runtime| {
            let (whole, _) = watch((1..100).map(mark).chain([part(100, true), part(100, false)]));
            let mut taken = Box::pin(while_taken(whole, &runtime, LIMIT));
            for revision in 1..100 {
                assert_eq!(taken.next().await, Some(mark(revision)));
                runtime.sleep(LIMIT - Duration::from_secs(1)).await;
            }
            assert_eq!([taken.next().await, taken.next().await], [Some(part(100, true)), Some(part(100, false))]);

            let (idle, held) = watch([]);
            let mut taken = Box::pin(while_taken(idle, &runtime, LIMIT));
            runtime.sleep(LIMIT * 100).await;
            assert_eq!((taken.next().now_or_never(), is_let_go(&held)), (None, false));
        });
    }

    #[test]
    fn a_watch_that_ends_and_a_consumer_that_goes_leave_nothing_behind() {
        run(async |runtime| {
            let failure = Failure::from(NodeFailure::Stopping {});
            let ends = futures::stream::iter([mark(1), Err(failure.clone())]);
            let mut taken = Box::pin(while_taken(ends, &runtime, LIMIT));
            assert_eq!([taken.next().await, taken.next().await], [Some(mark(1)), Some(Err(failure))]);
            assert_eq!(taken.next().await, None);

            let (watch, held) = watch([mark(1)]);
            let mut taken = Box::pin(while_taken(watch, &runtime, LIMIT));
            taken.next().await;
            drop(taken);
            runtime.sleep(Duration::from_secs(1)).await;
            assert!(is_let_go(&held));
        });
    }
}
