//! Streams that cannot go on say so, and where to go on from.

use std::collections::BTreeSet;

use aliasd_wire::v1::watch_response::Event;

use crate::rig::PASSWORD;
use crate::{formed, next_batch, until_ready};

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_goes_on_over_a_restart_of_the_node() {
    let (mut rig, admin) = formed().await;
    let early = admin.execute("CREATE DATABASE early").await.unwrap().revision;
    admin.execute_each(&["CREATE USER carol SET PASSWORD 'geheim123'", "DROP USER carol"]).await;
    let later = admin.execute("CREATE DATABASE later").await.unwrap().revision;
    rig.stop().await;
    rig.start().await;
    until_ready(&rig).await;
    let admin = rig.basic("admin", PASSWORD);
    let mut watch = admin.watch(Some(early)).await.unwrap();
    let mut told = Vec::new();
    while told.last().is_none_or(|(revision, _)| *revision < later) {
        let batch = next_batch(&mut watch).await;
        told.extend(batch.changes.into_iter().map(|change| (batch.revision, change.name)));
    }
    let names: Vec<&str> = told.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names, ["carol", "carol", "later"], "in order, without a gap and nothing twice");

    let created = admin.execute("CREATE DATABASE after").await.unwrap().revision;
    assert_eq!(next_batch(&mut watch).await.revision, created);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_promises_nothing_beyond_what_the_node_has() {
    let (mut rig, admin) = formed().await;
    let applied = admin.execute("CREATE DATABASE films").await.unwrap().revision;
    let mut watch = admin.watch(Some(applied + 1000)).await.unwrap();
    for _ in 0..2 {
        let Event::Progress(mark) = watch.message().await.unwrap().unwrap().event.unwrap() else {
            panic!("nothing happens");
        };
        assert!(mark.revision <= applied, "{mark:?}");
        assert!(mark.staleness.is_some(), "how old it may be");
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_that_does_not_read_for_a_while_misses_nothing() {
    let (mut rig, admin) = formed().await;
    let mut watch = admin.watch(None).await.unwrap();
    // Long names fill what the network holds; what follows is in the node's history, once for all watchers.
    let mut written = Vec::new();
    for number in 0..400 {
        let name = format!("{number}{}", "x".repeat(50_000));
        let statement = format!("CREATE ALIAS `{name}` FOR DATABASE neo4j");
        written.push(admin.execute(&statement).await.unwrap().revision);
    }
    for revision in written {
        assert_eq!(next_batch(&mut watch).await.revision, revision);
    }
    // One revision that no message could hold.
    let dropped = admin.execute("DROP DATABASE neo4j CASCADE ALIASES").await.unwrap().revision;
    let mut names = BTreeSet::new();
    loop {
        let part = next_batch(&mut watch).await;
        assert_eq!(part.revision, dropped);
        names.extend(part.changes.into_iter().map(|change| change.name));
        if !part.continued {
            break;
        }
    }
    assert!(names.len() >= 401, "{} names", names.len());
    rig.stop().await;
}
