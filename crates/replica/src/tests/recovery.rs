//! Members that die, lag, come back, or come back damaged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use aliasd_catalog::error_chain;

use super::cluster::{Cluster, PATIENCE, SETTINGS, propose};
use super::links::Switchboard;
use super::{CLUSTER, bootstrap, create_role, runtime};
use crate::{
    MemoryStorage, NotServing, ProposeError, Replica, ReplicaOptions, StartError, StopReason, Storage, StorageFault,
};

fn small_log(options: &mut ReplicaOptions) {
    options.raft.snapshot_entries = 100;
    options.raft.log_entries_kept = 20;
    options.purge_batch = 10;
}

#[test]
fn a_new_leader_takes_over_and_the_old_one_catches_up() {
    let mut cluster = Cluster::form(3, |_| {});
    cluster.propose(&bootstrap()).1.unwrap();
    for number in 1..20 {
        cluster.propose(&create_role(number)).1.unwrap();
    }
    let old = cluster.leader();
    cluster.kill(old);
    for number in 20..40 {
        cluster.propose(&create_role(number)).1.unwrap();
    }
    cluster.start(old);
    cluster.settle();
    for node in 1..=3 {
        let view = cluster.replica(node).view();
        assert!((1..40).all(|number| view.catalog.role(&format!("role{number}")).is_some()));
    }
}

#[test]
fn everything_is_there_after_all_members_restarted() {
    let mut cluster = Cluster::form(3, |_| {});
    cluster.propose(&bootstrap()).1.unwrap();
    for number in 1..50 {
        cluster.propose(&create_role(number)).1.unwrap();
    }
    let before = cluster.settle().1;
    for node in 1..=3 {
        cluster.kill(node);
    }
    for node in 1..=3 {
        cluster.start(node);
    }
    cluster.leader();
    assert_eq!(cluster.settle().1, before);
}

#[test]
fn a_member_far_behind_gets_a_snapshot_while_writes_go_on() {
    let mut cluster = Cluster::form(3, small_log);
    cluster.propose(&bootstrap()).1.unwrap();
    let behind = (1..=3).find(|node| *node != cluster.leader()).unwrap();
    let reached = cluster.replica(behind).status().last_log.unwrap();
    cluster.kill(behind);

    let writing = Arc::new(AtomicBool::new(true));
    let written = Arc::new(AtomicU64::new(0));
    let others: Vec<Replica> = cluster.running().map(|node| cluster.replica(node).clone()).collect();
    let (flag, count) = (Arc::clone(&writing), Arc::clone(&written));
    let writer = cluster.spawn(async move {
        for number in 1.. {
            if !flag.load(Ordering::Relaxed) {
                return;
            }
            propose(&others, &create_role(number)).await.1.unwrap();
            count.store(number, Ordering::Relaxed);
        }
    });
    let purged = || cluster.running().all(|node| cluster.replica(node).status().purged > Some(reached));
    cluster.wait("the log to go on without it", || written.load(Ordering::Relaxed) > 300 && purged());
    cluster.start(behind);
    let before = written.load(Ordering::Relaxed);
    cluster.wait("it to catch up", || cluster.replica(behind).view().catalog.role(&format!("role{before}")).is_some());
    cluster.wait("writes to go on", || written.load(Ordering::Relaxed) > before + 100);
    writing.store(false, Ordering::Relaxed);
    cluster.block_on(writer).unwrap();
    let state = cluster.settle();

    // What was installed lasts.
    cluster.kill(behind);
    cluster.start(behind);
    cluster.wait("it to return", || cluster.replica(behind).status().applied >= state.0);
    assert_eq!(cluster.settle().1, state.1);
}

/// What an operator reads.
fn told(error: &StartError) -> String {
    format!("{}\n  hint: {}", error_chain(error), error.hint().unwrap_or_default())
}

#[test]
fn a_member_without_its_log_does_not_start() {
    let mut cluster = Cluster::form(1, |_| {});
    cluster.propose(&bootstrap()).1.unwrap();
    cluster.block_on(cluster.replica(1).shutdown()).unwrap();
    cluster.kill(1);
    let log = cluster.directory.path().join("1").join("log");
    std::fs::remove_dir_all(&log).unwrap();
    let error = cluster.try_start(1).unwrap_err();
    assert!(matches!(error, StartError::Storage(StorageFault::Damaged { .. })), "{error}");
    let message = told(&error);
    assert!(message.contains(&log.display().to_string()) && message.contains("cluster replace OLD NEW"), "{message}");
}

#[test]
fn a_member_without_its_catalog_does_not_start() {
    let mut cluster = Cluster::form(1, |_| {});
    cluster.propose(&bootstrap()).1.unwrap();
    cluster.block_on(cluster.replica(1).shutdown()).unwrap();
    cluster.kill(1);
    let catalog = cluster.directory.path().join("1").join("catalog");
    std::fs::remove_dir_all(&catalog).unwrap();
    let message = told(&cluster.try_start(1).unwrap_err());
    assert!(
        message.contains(&catalog.display().to_string()) && message.contains("cluster replace OLD NEW"),
        "{message}"
    );
}

#[test]
fn a_shut_down_replica_says_so_and_serves_nothing() {
    let cluster = Cluster::form(1, |_| {});
    let replica = cluster.replica(1).clone();
    cluster.block_on(replica.shutdown()).unwrap();
    assert_eq!(cluster.block_on(replica.stopped()), StopReason::Shutdown);
    assert!(replica.serving().is_err());
    assert!(cluster.block_on(replica.propose(bootstrap(), PATIENCE)).is_err());
}

/// One member without a disk.
async fn in_memory(storage: &MemoryStorage) -> Replica {
    let nobody = Switchboard::default().links(1);
    let storage = Storage::Memory(storage.clone());
    let replica = Replica::start(ReplicaOptions::new(1, storage, nobody, runtime(), SETTINGS)).await.unwrap();
    if !replica.is_initialized() {
        replica.initialize(CLUSTER, [(1, super::cluster::member(1))].into()).await.unwrap();
    }
    replica.wait_for_leader(PATIENCE).await.unwrap();
    replica
}

#[tokio::test]
async fn what_was_not_flushed_was_not_acknowledged() {
    let storage = MemoryStorage::default();
    let replica = in_memory(&storage).await;
    replica.propose(bootstrap(), PATIENCE).await.unwrap().1.unwrap();
    storage.hold_flushes();
    let waiting = tokio::spawn({
        let replica = replica.clone();
        async move { replica.propose(create_role(1), PATIENCE).await }
    });
    let last = replica.status().last_log;
    while replica.status().last_log == last {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!waiting.is_finished() && replica.view().catalog.role("role1").is_none());
    storage.flush_log();
    waiting.await.unwrap().unwrap().1.unwrap();
    assert!(replica.view().catalog.role("role1").is_some());

    replica.shutdown().await.unwrap();
    storage.crash();
    let replica = in_memory(&storage).await;
    assert!(replica.propose(create_role(1), PATIENCE).await.unwrap().1.is_ok(), "the recorded outcome");
    assert!(replica.view().catalog.role("role1").is_some(), "what was acknowledged is there after the crash");
}

#[tokio::test]
async fn a_log_that_cannot_be_synced_stops_the_replica() {
    let storage = MemoryStorage::default();
    let replica = in_memory(&storage).await;
    replica.propose(bootstrap(), PATIENCE).await.unwrap().1.unwrap();
    storage.break_log();
    let unknown = replica.propose(create_role(1), PATIENCE).await;
    assert!(matches!(unknown, Err(ProposeError::OutcomeUnknown { .. })), "{unknown:?}");
    let StopReason::Failed { reason, .. } = replica.stopped().await else { panic!("it did not stop by itself") };
    assert!(reason.contains("broken on request"), "{reason}");
    assert!(matches!(replica.serving(), Err(NotServing::Stopped(_))));
    assert!(matches!(replica.propose(create_role(2), PATIENCE).await, Err(ProposeError::Fatal(_))));

    storage.crash();
    let replica = in_memory(&storage).await;
    assert!(replica.view().catalog.role("role1").is_none(), "what could not be synced was not acknowledged");
    replica.propose(create_role(1), PATIENCE).await.unwrap().1.unwrap();
}
