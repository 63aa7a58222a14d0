//! The route cache: no network for a hit, and never an answer that is not true any more.

use std::sync::Arc;
use std::time::Duration;

use aliasd_client::messages::{ChangeKind, ChangeSubject, ProgressMark, watch_response};
use aliasd_client::{Client, Failure, Freshness, GrpcCode, Lookup, Route};

use crate::cluster::Cluster;
use crate::soon;

/// A lookup that is not the first, so that the watch has begun and the route is cached.
async fn warm(cluster: &Cluster, client: &Client, lookup: &Lookup) -> Arc<Route> {
    soon("a hit", async {
        loop {
            let before = cluster.calls("resolve").len();
            let route = client.route(lookup).await.unwrap();
            if cluster.calls("resolve").len() == before {
                return route;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
}

/// Whether the next lookup asks a member.
async fn asks(cluster: &Cluster, client: &Client, lookup: &Lookup) -> bool {
    let before = cluster.calls("resolve").len();
    client.route(lookup).await.unwrap();
    cluster.calls("resolve").len() > before
}

/// A client that believes its stream for as long as a test may take.
fn patient(cluster: &Cluster) -> Client {
    cluster.builder(&[0]).silence_max(crate::PATIENCE).build().unwrap()
}

#[tokio::test]
async fn a_hit_asks_nobody_and_a_change_ends_it() {
    let cluster = Cluster::start(1).await;
    let client = patient(&cluster);
    let lookup = Lookup::name("films").on_behalf_of("carol");
    let route = warm(&cluster, &client, &lookup).await;
    assert_eq!(route.version, 0);

    // What does not concern it leaves it.
    cluster.change(ChangeSubject::Alias, "other", ChangeKind::Created);
    let revision = cluster.change(ChangeSubject::Alias, "films", ChangeKind::Altered);
    soon("the new version", async {
        while client.route(&lookup).await.unwrap().version != revision {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    assert_eq!(warm(&cluster, &client, &lookup).await.version, revision);
}

#[tokio::test]
async fn changes_of_the_user_and_of_the_caller_end_hits() {
    let cluster = Cluster::start(1).await;
    let client = patient(&cluster);
    let lookup = Lookup::home().on_behalf_of("carol");
    for name in ["carol", "service"] {
        warm(&cluster, &client, &lookup).await;
        cluster.change(ChangeSubject::User, name, ChangeKind::AccessChanged);
        soon("the end of the hit", async {
            while client.cached_routes() > 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
    }
    // Somebody else's roles do not matter.
    warm(&cluster, &client, &lookup).await;
    cluster.change(ChangeSubject::User, "bob", ChangeKind::AccessChanged);
    cluster.change(ChangeSubject::Alias, "other", ChangeKind::Created);
    assert!(!asks(&cluster, &client, &lookup).await);
}

#[tokio::test]
async fn a_client_never_gets_a_route_from_before_its_own_write() {
    let cluster = Cluster::start(1).await;
    let client = patient(&cluster);
    let lookup = Lookup::name("films");
    warm(&cluster, &client, &lookup).await;
    // The stream has not told of it.
    client.execute("ALTER ALIAS films SET DATABASE TARGET x").await.unwrap();
    assert!(asks(&cluster, &client, &lookup).await);
    assert!(asks(&cluster, &client, &lookup.clone().freshness(Freshness::Linearizable)).await);
    cluster.progress();
    warm(&cluster, &client, &lookup).await;
    assert!(!asks(&cluster, &client, &lookup.clone().freshness(Freshness::AtLeast(1))).await);
    assert!(asks(&cluster, &client, &lookup.clone().freshness(Freshness::AtLeast(2))).await);
}

#[tokio::test]
async fn a_silent_stream_is_not_believed() {
    let cluster = Cluster::start(1).await;
    let client = cluster.builder(&[0]).silence_max(Duration::from_millis(500)).build().unwrap();
    let lookup = Lookup::name("films");
    let alive = async {
        loop {
            cluster.progress();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        _ = warm(&cluster, &client, &lookup) => {}
        () = alive => {}
    }
    cluster.world.state().is_mute = true;
    soon("the end of belief", async {
        while !asks(&cluster, &client, &lookup).await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    assert!(asks(&cluster, &client, &lookup).await);
    // A sign of life, and nothing is missing: what is there is true again.
    cluster.world.state().is_mute = false;
    cluster.progress();
    warm(&cluster, &client, &lookup).await;
}

#[tokio::test]
async fn a_gap_empties_the_cache() {
    let cluster = Cluster::start(1).await;
    let client = patient(&cluster);
    let lookup = Lookup::name("films");
    warm(&cluster, &client, &lookup).await;
    let batch = cluster.change_in_silence(ChangeSubject::Alias, "films", ChangeKind::Altered);
    cluster.world.state().history.clear();
    cluster.world.state().compacted = batch.revision;
    cluster.cut(&Failure::retry_here("WATCH_TOO_SLOW", "Too slow."));
    soon("the new version", async {
        while client.route(&lookup).await.unwrap().version != batch.revision {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn the_watch_ends_with_the_client() {
    let cluster = Cluster::start(1).await;
    let client = patient(&cluster);
    warm(&cluster, &client, &Lookup::name("films")).await;
    let other = client.clone();
    drop(client);
    assert!(!asks(&cluster, &other, &Lookup::name("films")).await);
    drop(other);
    cluster.until("the end of the watch", |state| state.watchers == 0).await;
}

#[tokio::test]
async fn what_a_member_says_that_was_not_up_to_date_is_not_believed() {
    let cluster = Cluster::start(1).await;
    let client = patient(&cluster);
    let lookup = Lookup::name("films");
    warm(&cluster, &client, &lookup).await;
    let mut mark = ProgressMark::default();
    mark.staleness.get_or_insert_default().seconds = crate::PATIENCE.as_secs().cast_signed() + 1;
    cluster.tell(watch_response::Event::Progress(mark));
    soon("a question", async {
        while !asks(&cluster, &client, &lookup).await {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    // Until a member says again that it is up to date.
    cluster.progress();
    warm(&cluster, &client, &lookup).await;
}

#[tokio::test]
async fn a_mark_that_was_held_back_on_its_way_is_not_taken_for_new() {
    let silence = Duration::from_secs(1);
    let cluster = Cluster::start(1).await;
    let client = cluster.builder(&[0]).silence_max(silence).build().unwrap();
    let lookup = Lookup::name("films");
    client.route(&lookup).await.unwrap();
    cluster.until("the watch", |state| state.watchers == 1).await;
    // From here on, whatever was made at the beginning of the watch is too old.
    tokio::time::sleep(silence).await;
    let mut mark = ProgressMark { revision: cluster.world.state().revision, ..ProgressMark::default() };
    mark.since_begin.get_or_insert_default().nanos = 1;
    cluster.tell(watch_response::Event::Progress(mark));
    // It has arrived when the second of the changes behind it has.
    cluster.change(ChangeSubject::Alias, "other", ChangeKind::Created);
    let last = cluster.change(ChangeSubject::Alias, "other", ChangeKind::Altered);
    soon("the changes", async {
        while client.seen() < last {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    client.route(&lookup).await.unwrap();
    assert!(asks(&cluster, &client, &lookup).await, "a route is believed by a mark that is too old");
}

#[tokio::test]
async fn a_client_that_is_renamed_goes_by_its_new_name() {
    let cluster = Cluster::start(1).await;
    let client = patient(&cluster);
    let lookup = Lookup::name("films").with_credentials();
    warm(&cluster, &client, &lookup).await;
    // As when the user of a certificate is renamed: its stream ends, and it proves itself anew with the same one.
    cluster.world.state().renamed = Some("server".to_owned());
    let renamed = cluster.change(ChangeSubject::User, "service", ChangeKind::Dropped);
    cluster.cut(&Failure::rejected(GrpcCode::Unauthenticated, "CREDENTIALS_ENDED", "The user was renamed."));
    cluster.until("the next stream", |state| state.calls.iter().filter(|call| call.what == "watch").count() == 2).await;
    warm(&cluster, &client, &lookup).await;

    let revoked = cluster.change(ChangeSubject::User, "server", ChangeKind::AccessChanged);
    assert!(revoked > renamed);
    soon("a question", async {
        while !asks(&cluster, &client, &lookup).await {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
}
