//! The steps that led to the catalog: how far back they go, and that a restart does not end them.

use std::sync::Arc;

use aliasd_catalog::{Change, RecordKey, Revision};

use super::{apply, entries, load, open, snapshot};
use crate::feed::{AppliedBatch, Compacted, Feed, HistoryLimits, Subscription, SubscriptionEnd};
use crate::machine::Machine;
use crate::machine::memory::MemoryCatalog;
use crate::machine::state::Writes;
use crate::machine::store::{CatalogStore, SharedStore};
use crate::tests::{LIMITS, runtime};

fn in_memory() -> SharedStore {
    Arc::new(CatalogStore::in_memory(MemoryCatalog::default()))
}

fn load_with(store: &SharedStore, limits: HistoryLimits) -> (Machine, Arc<Feed>) {
    let (machine, feed, _gone) = Machine::load(runtime(), Arc::clone(store), limits).unwrap();
    (machine, feed)
}

fn subscribe(machine: &Machine, after: u64) -> Result<Subscription, Compacted> {
    machine.feed.subscribe(Some(Revision(after)))
}

/// Everything that a subscriber is told up to a revision.
async fn told(mut subscription: Subscription, up_to: u64) -> Vec<Arc<AppliedBatch>> {
    let mut batches = Vec::new();
    while subscription.position() < Revision(up_to) {
        batches.push(subscription.next().await.unwrap());
    }
    batches
}

/// Each step with what a watcher could be told of it.
fn steps(batches: &[Arc<AppliedBatch>]) -> Vec<(Revision, Vec<&Change>)> {
    let is_told = |change: &&Change| !matches!(change.key, RecordKey::Request(_));
    let entries = batches.iter().flat_map(|batch| &batch.entries);
    entries.map(|entry| (entry.revision, entry.changes.iter().filter(is_told).collect())).collect()
}

#[tokio::test]
async fn a_subscriber_resumes_from_history_or_is_told_that_it_cannot() {
    let (mut machine, feed) = load_with(&in_memory(), HistoryLimits { entries_max: 20, ..LIMITS });
    for index in 1..=50 {
        apply(&mut machine, entries([index])).await;
    }
    let mut resumed = feed.subscribe(Some(Revision(40))).unwrap();
    for index in 51..=55 {
        apply(&mut machine, entries([index])).await;
    }
    for index in 41..=55 {
        let batch = resumed.next().await.unwrap();
        assert_eq!((batch.revision, batch.entries[0].revision), (Revision(index), Revision(index)));
        assert!(feed.view().revision >= Revision(index));
    }
    let compacted = feed.subscribe(Some(Revision(5))).unwrap_err();
    assert_eq!(compacted.resume_from, Revision(55));
}

#[tokio::test]
async fn a_subscriber_that_comes_in_the_middle_of_a_batch_gets_the_rest_of_it() {
    let (mut machine, feed) = load_with(&in_memory(), LIMITS);
    apply(&mut machine, entries(1..=10)).await;
    apply(&mut machine, entries(11..=20)).await;
    let told = told(feed.subscribe(Some(Revision(5))).unwrap(), 20).await;
    let revisions: Vec<u64> = steps(&told).iter().map(|(revision, _)| revision.0).collect();
    // The first of them are its own business to leave out.
    assert!((6..=20).all(|revision| revisions.contains(&revision)), "{revisions:?}");
}

#[tokio::test]
async fn a_subscriber_that_takes_nothing_keeps_nothing() {
    let (mut machine, feed) = load_with(&in_memory(), HistoryLimits { entries_max: 20, ..LIMITS });
    apply(&mut machine, entries(1..=10)).await;
    let mut stalled = feed.subscribe(Some(Revision(5))).unwrap();
    let first = Arc::downgrade(&feed.subscribe(Some(Revision(5))).unwrap().next().await.unwrap());
    assert!(first.upgrade().is_some(), "it is in history");
    for index in 11..=50 {
        apply(&mut machine, entries([index])).await;
    }
    assert!(first.upgrade().is_none(), "and in nothing else");
    assert!(matches!(stalled.next().await, Err(SubscriptionEnd::TooSlow { resume_from: Revision(5) })));
    drop((machine, feed));
    let (_machine, feed) = load_with(&in_memory(), LIMITS);
    let mut idle = feed.subscribe(None).unwrap();
    drop((_machine, feed));
    assert!(matches!(idle.next().await, Err(SubscriptionEnd::Stopped)));
}

#[tokio::test]
async fn history_is_bounded_in_bytes_and_so_is_what_lies_on_the_disk() {
    let directory = tempfile::tempdir().unwrap();
    let limits = HistoryLimits { bytes_max: 20 * 1024, ..LIMITS };
    let store = open(&directory);
    let (mut machine, feed) = load_with(&store, limits);
    for index in 1..=100 {
        apply(&mut machine, entries([index])).await;
    }
    let known_after = feed.known_after();
    assert!((Revision(60)..Revision(99)).contains(&known_after), "{known_after}");
    assert!(feed.subscribe(Some(known_after)).is_ok());
    let stored = store.steps_after(Revision(0)).unwrap();
    assert!(stored.len() <= 40, "{} steps are kept", stored.len());
    drop((machine, feed));
    // The latest step stays, however large it is.
    let (mut machine, feed) = load_with(&store, HistoryLimits { bytes_max: 1, ..LIMITS });
    apply(&mut machine, entries([101])).await;
    assert_eq!(feed.known_after(), Revision(100));
    assert_eq!(told(feed.subscribe(Some(Revision(100))).unwrap(), 101).await.len(), 1);
}

#[tokio::test]
async fn the_steps_are_the_same_after_reopening() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    let mut machine = load(&store);
    apply(&mut machine, entries(1..=60)).await;
    // Refused: it changes nothing that anybody is told of.
    let mut again = entries([60]);
    again[0].log_id.index = 61;
    apply(&mut machine, again).await;
    let before = told(subscribe(&machine, 0).unwrap(), 61).await;
    store.flush().unwrap();
    store.close();
    drop((machine, store));

    let store = open(&directory);
    let mut machine = load(&store);
    let after = told(subscribe(&machine, 0).unwrap(), 61).await;
    let changed = |steps: Vec<(Revision, Vec<&Change>)>| -> Vec<(Revision, Vec<Change>)> {
        let owned = steps.into_iter().map(|(revision, changes)| (revision, changes.into_iter().cloned().collect()));
        owned.filter(|(_, changes): &(_, Vec<Change>)| !changes.is_empty()).collect()
    };
    assert_eq!(changed(steps(&after)), changed(steps(&before)));
    let entry = after.iter().flat_map(|batch| &batch.entries).find(|entry| entry.revision == Revision(30)).unwrap();
    let known =
        [&entry.before, &entry.after].map(|side| (side.role("role29").is_some(), side.role("role30").is_some()));
    assert_eq!(known, [(true, false), (true, true)], "both sides are as they were");
    let latest = subscribe(&machine, 61).unwrap();
    assert_eq!((latest.position(), machine.feed.view().revision), (Revision(61), Revision(61)));
    apply(&mut machine, entries([62])).await;
    assert_eq!(told(latest, 62).await[0].revision, Revision(62));
}

#[tokio::test]
async fn after_a_crash_the_steps_reach_as_far_as_the_records() {
    let memory = MemoryCatalog::default();
    let store = Arc::new(CatalogStore::in_memory(memory.clone()));
    let mut machine = load(&store);
    apply(&mut machine, entries(1..10)).await;
    store.flush().unwrap();
    apply(&mut machine, entries(10..20)).await;
    memory.crash();
    let mut machine = load(&store);
    assert_eq!(machine.feed.view().revision, Revision(9));
    apply(&mut machine, entries(10..=20)).await;
    let batches = told(subscribe(&machine, 3).unwrap(), 20).await;
    let revisions: Vec<u64> = steps(&batches).into_iter().map(|(revision, _)| revision.0).collect();
    assert_eq!(revisions, (4..=20).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_catalog_that_came_as_a_whole_or_from_an_earlier_version_has_no_steps() {
    let mut source = load(&in_memory());
    apply(&mut source, entries(1..50)).await;
    let snapshot = snapshot(&mut source).await;
    let store = in_memory();
    let mut machine = load(&store);
    apply(&mut machine, entries(1..10)).await;
    crate::machine::RaftStateMachine::install_snapshot(&mut machine, &snapshot.meta, snapshot.snapshot).await.unwrap();
    for machine in [machine, load(&store)] {
        assert_eq!(subscribe(&machine, 48).unwrap_err().resume_from, Revision(49));
        assert!(subscribe(&machine, 49).is_ok());
    }
    let mut state = load(&store).state();
    state.history_after = None;
    store.write(Writes::default(), &state).unwrap();
    let mut machine = load(&store);
    assert!(subscribe(&machine, 48).is_err());
    apply(&mut machine, entries(50..53)).await;
    let machine = load(&store);
    assert_eq!(told(subscribe(&machine, 49).unwrap(), 52).await.len(), 3);
}
