use std::collections::BTreeSet;
use std::sync::Arc;
use std::task::Poll;

use aliasd_catalog::{
    Catalog, Change, RecordKey, Revision, RoleName, UserName, WatchEvent, WatchKind, WatchSubject, Watcher,
};
use aliasd_replica::{AppliedBatch, AppliedEntry};
use aliasd_runtime::TokioRuntime;

use super::{MESSAGE_BYTES_MAX, Passes, WORK_MAX, nameless, parts};
use crate::watch::Message;

fn passes() -> Passes {
    Passes::new(Arc::new(TokioRuntime::current()))
}

fn carol() -> UserName {
    UserName::new("carol").unwrap()
}

/// An entry that changed so many roles, of which carol is told nothing, and carol, of which she is.
fn entry(revision: u64, roles: usize) -> AppliedEntry {
    let change = |key| Change { key, before: None, after: None };
    let role = |number: usize| RoleName::new(&format!("role{number}")).unwrap();
    let roles = (0..roles).map(|number| change(RecordKey::Role(role(number))));
    AppliedEntry {
        revision: Revision(revision),
        change_bytes: 0,
        changes: roles.chain([change(RecordKey::User(carol()))]).collect(),
        before: Catalog::default(),
        after: Catalog::default(),
    }
}

fn batch(entries: Vec<AppliedEntry>) -> Arc<AppliedBatch> {
    let revision = entries.last().unwrap().revision;
    Arc::new(AppliedBatch { revision, entries })
}

fn revisions(messages: &[Message]) -> Vec<u64> {
    let revision = |message: &Message| match message {
        Message::Batch { revision, .. } | Message::Progress { revision, .. } => revision.0,
    };
    messages.iter().map(revision).collect()
}

#[test]
fn a_small_pass_runs_on_the_reactor_and_a_large_one_on_a_thread_that_may_block() {
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let (release, held) = std::sync::mpsc::channel::<()>();
        let occupied = tokio::task::spawn_blocking(move || held.recv());
        let (watcher, passes) = (Arc::new(Watcher { user: carol(), names: None }), passes());
        let large = batch(vec![entry(8, WORK_MAX), entry(9, 1), entry(10, WORK_MAX)]);
        let mut pass = Box::pin(passes.run(&watcher, &large, Revision(8), true));
        assert!(futures::poll!(&mut pass).is_pending(), "the only thread that may block is busy");

        let small = batch(vec![entry(7, 3)]);
        let Poll::Ready(told) = futures::poll!(Box::pin(passes.run(&watcher, &small, Revision(0), true))) else {
            panic!("a small pass needs no such thread")
        };
        assert_eq!(revisions(&told.unwrap()), [7]);

        drop(release);
        assert!(occupied.await.unwrap().is_err());
        assert_eq!(revisions(&pass.await.unwrap()), [9, 10], "in order, and only what is new");
    });
}

#[tokio::test]
async fn no_more_large_passes_run_than_there_is_room_for() {
    let watcher = Arc::new(Watcher { user: carol(), names: Some(BTreeSet::new()) });
    let passes = passes();
    let room = u32::try_from(passes.large.available_permits()).unwrap();
    let taken = passes.large.acquire_many(room).await.unwrap();
    let large = batch(vec![entry(1, WORK_MAX)]);
    let mut pass = Box::pin(passes.run(&watcher, &large, Revision(0), true));
    assert!(futures::poll!(&mut pass).is_pending());
    tokio::task::yield_now().await;
    assert!(futures::poll!(&mut pass).is_pending(), "there is no room");
    drop(taken);
    assert_eq!(revisions(&pass.await.unwrap()), [1]);
}

#[tokio::test]
async fn who_may_know_nothing_of_a_revision_is_not_told_that_there_is_one() {
    let dave = Arc::new(Watcher { user: UserName::new("dave").unwrap(), names: None });
    let carol = Arc::new(Watcher { user: carol(), names: None });
    let batch = batch(vec![entry(1, 2)]);
    for takes_parts in [true, false] {
        let passes = passes();
        assert!(passes.run(&dave, &batch, Revision(0), takes_parts).await.unwrap().is_empty(), "{takes_parts}");
        assert_eq!(revisions(&passes.run(&carol, &batch, Revision(0), takes_parts).await.unwrap()), [1]);
    }
}

#[test]
fn what_no_message_can_hold_is_told_in_parts_or_without_names() {
    let event = |number: usize| WatchEvent {
        subject: if number == 0 { WatchSubject::Database } else { WatchSubject::Alias },
        name: format!("{number:0>100}"),
        kind: WatchKind::Dropped,
    };
    let events: Vec<WatchEvent> = (0..130_000).map(event).collect();
    let parts = parts(events.clone());
    assert!(parts.len() > 1);
    for part in &parts {
        let bytes: usize = part.iter().map(|event| event.name.len()).sum();
        assert!((1..=MESSAGE_BYTES_MAX).contains(&bytes), "{bytes}");
    }
    let named = nameless(&parts);
    assert_eq!(parts.into_iter().flatten().collect::<Vec<_>>(), events, "nothing is left out");
    let nameless = |subject| WatchEvent { subject, name: String::new(), kind: WatchKind::Dropped };
    assert_eq!(named, [nameless(WatchSubject::Alias), nameless(WatchSubject::Database)]);
}
