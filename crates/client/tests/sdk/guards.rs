//! Transaction guards: one version of the alias from beginning to commit.

use std::time::Duration;

use aliasd_client::messages::freshness::Level;
use aliasd_client::messages::{ChangeKind, ChangeSubject};
use aliasd_client::{Class, Client, Ended, Failure, GUARD_CHANGED, Lookup};

use crate::cluster::Cluster;
use crate::{PATIENCE, soon};

fn patient(cluster: &Cluster) -> Client {
    cluster.builder(&[0]).silence_max(PATIENCE).build().unwrap()
}

#[tokio::test]
async fn an_alteration_ends_the_guard_and_the_commit() {
    for kind in [ChangeKind::Altered, ChangeKind::Dropped] {
        let cluster = Cluster::start(1).await;
        let client = patient(&cluster);
        let guard = client.begin(Lookup::name("films").on_behalf_of("carol")).await.unwrap();
        let bystander = {
            cluster.change(ChangeSubject::Alias, "other", ChangeKind::Created);
            client.begin(Lookup::name("other")).await.unwrap()
        };
        guard.validate().await.unwrap();
        let revision = cluster.change(ChangeSubject::Alias, "films", kind);
        assert_eq!(soon("the end", guard.changed()).await, Ended::Changed { revision });
        let error = guard.validate().await.unwrap_err();
        assert_eq!((error.class, error.code.as_str()), (Class::Rejected, GUARD_CHANGED));
        bystander.validate().await.unwrap();
    }
}

#[tokio::test]
async fn validation_sees_what_the_stream_has_not_told() {
    let cluster = Cluster::start(1).await;
    let guard = patient(&cluster).begin(Lookup::name("films")).await.unwrap();
    cluster.change_in_silence(ChangeSubject::Alias, "films", ChangeKind::Altered);
    assert_eq!(guard.validate().await.unwrap_err().code, GUARD_CHANGED);
    let last = cluster.calls("resolve").pop().unwrap();
    assert_eq!(last.freshness.and_then(|freshness| freshness.level), Some(Level::Linearizable(())));
}

#[tokio::test]
async fn access_that_is_taken_away_ends_the_guard_and_other_changes_of_roles_do_not() {
    let cluster = Cluster::start(1).await;
    let guard = patient(&cluster).begin(Lookup::name("films").on_behalf_of("carol")).await.unwrap();
    {
        let ended = guard.changed();
        tokio::pin!(ended);
        // It asks, finds everything as it was, and goes on.
        let asked = cluster.calls("resolve").len();
        cluster.change(ChangeSubject::Role, "another", ChangeKind::AccessChanged);
        let doubt = cluster
            .until("the question", |state| state.calls.iter().filter(|call| call.what == "resolve").count() > asked);
        tokio::select! {
            biased;
            ended = &mut ended => panic!("{ended:?}"),
            () = doubt => {}
        }
    }
    guard.validate().await.unwrap();
    cluster.world.state().shut_out.insert("carol".to_owned());
    cluster.change(ChangeSubject::Role, "analyst", ChangeKind::AccessChanged);
    // The question about the first change may have been answered after the second.
    let ended = soon("the end", guard.changed()).await;
    assert!(matches!(ended, Ended::Changed { .. }), "{ended:?}");
    assert_eq!(guard.validate().await.unwrap_err().code, GUARD_CHANGED);
}

#[tokio::test]
async fn a_gap_in_the_stream_makes_the_guard_ask_again() {
    let cluster = Cluster::start(1).await;
    let guard = patient(&cluster).begin(Lookup::name("films")).await.unwrap();
    let batch = cluster.change_in_silence(ChangeSubject::Alias, "films", ChangeKind::Altered);
    cluster.world.state().history.clear();
    cluster.world.state().compacted = batch.revision;
    cluster.cut(&Failure::retry_here("WATCH_TOO_SLOW", "Too slow."));
    let ended = soon("the end", guard.changed()).await;
    assert!(matches!(ended, Ended::Changed { .. }), "{ended:?}");
}

#[tokio::test]
async fn a_silent_stream_ends_the_guard() {
    let cluster = Cluster::start(1).await;
    let client = cluster.builder(&[0]).silence_max(Duration::from_millis(300)).build().unwrap();
    let guard = client.begin(Lookup::name("films")).await.unwrap();
    cluster.world.state().is_mute = true;
    assert_eq!(soon("the end", guard.changed()).await, Ended::Silent);
    // The commit may still be asked for: that is a question to the cluster, not to the stream.
    guard.validate().await.unwrap();
}

#[tokio::test]
async fn a_guard_that_cannot_validate_does_not_let_commit() {
    let mut cluster = Cluster::start(1).await;
    let client = cluster.builder(&[0]).silence_max(PATIENCE).deadline(Duration::from_secs(2)).build().unwrap();
    let guard = client.begin(Lookup::name("films")).await.unwrap();
    cluster.stop(0).await;
    let error = guard.validate().await.unwrap_err();
    assert_eq!(error.class, Class::RetryHere);
}

#[tokio::test]
async fn nothing_begins_on_what_does_not_exist() {
    let cluster = Cluster::start(1).await;
    let error = patient(&cluster).begin(Lookup::name("nothing")).await.unwrap_err();
    assert_eq!(error.code, "DATABASE_NOT_FOUND");
}
