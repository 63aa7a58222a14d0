//! How many syncs a write costs: one for each write alone, one for many together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::cluster::{Cluster, propose};
use super::{bootstrap, create_role};
use crate::{Replica, ReplicaStatus};

/// Writes `total` roles from `clients` tasks and returns the leader's syncs and the writes they were for.
fn measure(cluster: &Cluster, clients: u64, numbers: std::ops::Range<u64>) -> (u64, u64) {
    let leader = cluster.leader();
    let before: ReplicaStatus = cluster.replica(leader).status();
    let began = Instant::now();
    let replicas: Arc<Vec<Replica>> = Arc::new(vec![cluster.replica(leader).clone()]);
    let (next, end) = (Arc::new(AtomicU64::new(numbers.start)), numbers.end);
    let tasks: Vec<_> = (0..clients)
        .map(|_| {
            let (replicas, next) = (Arc::clone(&replicas), Arc::clone(&next));
            cluster.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= end {
                        return;
                    }
                    propose(&replicas, &create_role(number)).await.1.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        cluster.block_on(task).unwrap();
    }
    let after = cluster.replica(leader).status();
    let (syncs, writes) = (after.log_syncs - before.log_syncs, numbers.end - numbers.start);
    println!("{clients} clients: {syncs} syncs for {writes} writes in {:?}", began.elapsed());
    (syncs, writes)
}

#[test]
fn concurrent_writes_share_syncs() {
    let cluster = Cluster::form(3, |_| {});
    cluster.propose(&bootstrap()).1.unwrap();
    let (alone_syncs, alone_writes) = measure(&cluster, 1, 1..201);
    let (shared_syncs, shared_writes) = measure(&cluster, 256, 201..5201);
    assert!(alone_syncs <= alone_writes + 5, "one sync for each write and few besides");
    assert!(shared_syncs * 4 < shared_writes, "a sync serves many writes");
    cluster.settle();
}
