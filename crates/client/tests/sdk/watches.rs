//! Watches go on over failures, without a gap and without repetition.

use aliasd_client::messages::{Change, ChangeBatch, ChangeKind, ChangeSubject, ProgressMark, watch_response};
use aliasd_client::{Class, DEADLINE_EXCEEDED, Event, Failure, GrpcCode, UNREACHABLE, Watch, WatchFrom};

use std::time::Duration;

use crate::cluster::{Cluster, Fault};
use crate::soon;

async fn next(watch: &mut Watch) -> Event {
    soon("an event", watch.next()).await.unwrap()
}

/// The revision of the next changes; marks are passed over.
async fn next_changes(watch: &mut Watch) -> u64 {
    loop {
        if let Event::Changes { revision, .. } = next(watch).await {
            return revision;
        }
    }
}

#[tokio::test]
async fn a_watch_that_is_cut_goes_on_after_what_it_has_seen() {
    let cluster = Cluster::start(2).await;
    let mut watch = cluster.client(&[0, 1]).watch(WatchFrom::now());
    assert_eq!(next(&mut watch).await, Event::Progress { revision: 0 });
    assert_eq!(cluster.change(ChangeSubject::Alias, "x", ChangeKind::Created), 1);
    assert_eq!(next_changes(&mut watch).await, 1);

    cluster.cut(&Failure::retry_here("WATCH_STALE", "The leader has not been heard of."));
    // Happens while nobody watches.
    cluster.change_in_silence(ChangeSubject::Alias, "y", ChangeKind::Created);
    cluster.change_in_silence(ChangeSubject::Alias, "z", ChangeKind::Created);
    assert_eq!(next_changes(&mut watch).await, 2);
    assert_eq!(next_changes(&mut watch).await, 3);
    let calls = cluster.calls("watch");
    assert_eq!((calls[0].after_revision, calls[1].after_revision), (None, Some(1)));
    assert_ne!(calls[0].member, calls[1].member);
}

/// A part of what a revision changed.
fn part(revision: u64, name: &str, continued: bool) -> watch_response::Event {
    let (subject, kind) = (ChangeSubject::Alias.into(), ChangeKind::Dropped.into());
    let changes = vec![Change { subject, name: name.to_owned(), kind }];
    watch_response::Event::Batch(ChangeBatch { revision, changes, continued })
}

#[tokio::test]
async fn a_revision_in_parts_counts_as_a_whole_or_not_at_all() {
    let cluster = Cluster::start(1).await;
    let mut watch = cluster.client(&[0]).watch(WatchFrom::now());
    assert_eq!(next(&mut watch).await, Event::Progress { revision: 0 });
    cluster.tell(part(1, "a", true));
    cluster.cut(&Failure::retry_here("WATCH_STALE", "The leader has not been heard of."));
    let begun = next(&mut watch).await;
    assert_eq!(
        (begun, watch.position()),
        (Event::Progress { revision: 0 }, Some(0)),
        "the first part alone is nothing"
    );
    assert_eq!(cluster.calls("watch")[1].after_revision, Some(0));

    cluster.tell(part(1, "a", true));
    cluster.tell(part(1, "b", true));
    cluster.tell(part(1, "c", false));
    let Event::Changes { revision, changes } = next(&mut watch).await else { panic!("there are changes") };
    let names: Vec<_> = changes.iter().map(|change| change.name.as_str()).collect();
    assert_eq!((revision, names, watch.position()), (1, vec!["a", "b", "c"], Some(1)));
}

#[tokio::test]
async fn a_watch_that_must_begin_gives_up() {
    let mut cluster = Cluster::start(2).await;
    let builder = || cluster.builder(&[0, 1]).deadline(Duration::from_millis(300));
    let mut begun = builder().build().unwrap().watch(WatchFrom::now().must_begin());
    next(&mut begun).await;
    // A member that takes the watch and says nothing.
    cluster.world.state().is_mute = true;
    let mut mute = builder().build().unwrap().watch(WatchFrom::now().must_begin());
    let error = soon("the end", mute.next()).await.unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (Class::RetryHere, DEADLINE_EXCEEDED));
    cluster.world.state().is_mute = false;
    // One that has begun is in no hurry.
    cluster.cut(&Failure::retry_here("WATCH_STALE", "The leader has not been heard of."));
    next(&mut begun).await;
    cluster.stop(0).await;
    cluster.stop(1).await;
    let late = cluster.builder(&[0, 1]).deadline(Duration::from_millis(300)).build().unwrap();
    let mut watch = late.watch(WatchFrom::now().must_begin());
    let error = soon("the end", watch.next()).await.unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (Class::RetryHere, UNREACHABLE));
}

#[tokio::test]
async fn no_names_limit_nothing() {
    let cluster = Cluster::start(1).await;
    let names: [Vec<&str>; 2] = [vec![], vec!["films", "books"]];
    for names in names {
        next(&mut cluster.client(&[0]).watch(WatchFrom::now().names(names))).await;
    }
    next(&mut cluster.client(&[0]).watch(WatchFrom::now().access_only())).await;
    let asked: Vec<_> = cluster.calls("watch").into_iter().map(|call| call.names).collect();
    assert_eq!(asked, [None, Some(vec!["films".to_owned(), "books".to_owned()]), Some(vec![])]);
}

#[tokio::test]
async fn a_gap_is_said() {
    let cluster = Cluster::start(1).await;
    cluster.world.state().revision = 100;
    cluster.world.state().compacted = 50;
    let mut watch = cluster.client(&[0]).watch(WatchFrom::after(10));
    assert_eq!(next(&mut watch).await, Event::Resync { revision: 100 });
    assert_eq!(cluster.calls("watch").len(), 1);
    assert_eq!(next(&mut watch).await, Event::Progress { revision: 100 });
    cluster.change(ChangeSubject::Alias, "x", ChangeKind::Created);
    assert_eq!(next_changes(&mut watch).await, 101);
}

#[tokio::test]
async fn a_member_that_lags_behind_takes_nothing_back() {
    let cluster = Cluster::start(1).await;
    let mut watch = cluster.client(&[0]).watch(WatchFrom::after(0));
    assert_eq!(next(&mut watch).await, Event::Progress { revision: 0 });
    for _ in 0..3 {
        cluster.change(ChangeSubject::Alias, "x", ChangeKind::Altered);
    }
    assert_eq!(next_changes(&mut watch).await, 1);
    assert_eq!(next_changes(&mut watch).await, 2);
    assert_eq!(next_changes(&mut watch).await, 3);
    cluster.tell(watch_response::Event::Progress(ProgressMark { revision: 1, ..ProgressMark::default() }));
    cluster.tell(watch_response::Event::Batch(ChangeBatch { revision: 2, ..ChangeBatch::default() }));
    cluster.progress();
    assert_eq!(next(&mut watch).await, Event::Progress { revision: 3 });
    assert_eq!(watch.position(), Some(3));
}

#[tokio::test]
async fn a_member_that_stays_behind_is_left_for_another() {
    let cluster = Cluster::start(2).await;
    cluster.world.state().revision = 100;
    cluster.world.state().lagging.insert(0, 40);
    let mut watch = cluster.client(&[0, 1]).watch(WatchFrom::after(100));
    assert_eq!(next(&mut watch).await, Event::Progress { revision: 100 });
    let asked: Vec<_> = cluster.calls("watch").iter().map(|call| (call.member, call.after_revision)).collect();
    assert_eq!(asked, [(0, Some(100)), (1, Some(100))]);
}

#[tokio::test]
async fn a_refusal_ends_the_watch() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(&[0]);
    let mut watch = client.watch(WatchFrom::now());
    next(&mut watch).await;
    cluster.cut(&Failure::rejected(GrpcCode::PermissionDenied, "FORBIDDEN", "Suspended."));
    let error = soon("the refusal", watch.next()).await.unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (Class::Rejected, "FORBIDDEN"));
    // A proof of identity that has ended is renewed, without a word.
    next(&mut watch).await;
    cluster.cut(&Failure::rejected(GrpcCode::Unauthenticated, "CREDENTIALS_ENDED", "The token has expired."));
    next(&mut watch).await;
    // Faults of other calls do not concern it.
    cluster.fault(0, Fault::Break);
    cluster.change(ChangeSubject::Role, "r", ChangeKind::AccessChanged);
    assert_eq!(next_changes(&mut watch).await, 1);
}
