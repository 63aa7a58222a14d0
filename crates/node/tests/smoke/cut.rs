//! Streams that cannot go on say so, and where to go on from.

use aliasd_wire::failure::{Class, Failure};
use aliasd_wire::v1::watch_response::Event;

use crate::rig::PASSWORD;
use crate::{formed, next_batch, until_ready};

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_from_before_history_begins_is_told_where_to_resume() {
    let (mut rig, admin) = formed().await;
    let early = admin.execute("CREATE DATABASE early").await.unwrap().revision;
    admin.execute("CREATE DATABASE later").await.unwrap();
    rig.stop().await;
    // History is kept in memory: it begins where the node began.
    rig.start().await;
    until_ready(&rig).await;
    let admin = rig.basic("admin", PASSWORD);
    let error = admin.watch(Some(early)).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.class), ("WATCH_COMPACTED", Class::RetryHere));
    let resume = error.resume_revision.unwrap();
    assert!(resume > early);

    let mut watch = admin.watch(Some(resume)).await.unwrap();
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
async fn a_watcher_that_does_not_read_is_cut_and_misses_nothing() {
    let (mut rig, admin) = formed().await;
    let mut watch = admin.watch(None).await.unwrap();
    // Long names fill what the network holds; then updates pile up in the node, which keeps a few hundred.
    let mut written = Vec::new();
    for number in 0..400 {
        let name = format!("{number}{}", "x".repeat(50_000));
        let statement = format!("CREATE ALIAS `{name}` FOR DATABASE neo4j");
        written.push(admin.execute(&statement).await.unwrap().revision);
    }
    let mut seen = Vec::new();
    let error = loop {
        match watch.message().await {
            Ok(message) => match message.unwrap().event.unwrap() {
                Event::Batch(batch) => seen.push(batch.revision),
                Event::Progress(_) => {}
            },
            Err(status) => break Failure::from(status),
        }
    };
    assert_eq!((error.code.as_str(), error.class), ("WATCH_TOO_SLOW", Class::RetryHere));
    let resume = error.resume_revision.unwrap();
    // Everything up to there was delivered, and the rest can be had.
    let delivered: Vec<u64> = written.iter().copied().filter(|revision| *revision <= resume).collect();
    assert_eq!(seen, delivered);
    let mut watch = admin.watch(Some(resume)).await.unwrap();
    for revision in written.into_iter().filter(|revision| *revision > resume) {
        assert_eq!(next_batch(&mut watch).await.revision, revision);
    }
    rig.stop().await;
}
