//! Members of one cluster, all of them well: leading, following, reading, refusing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::cluster::{Cluster, PATIENCE};
use super::compare::forget_a_role;
use super::{CLUSTER, bootstrap, create_role};
use crate::machine::disk::DiskCatalog;
use crate::machine::store::CatalogStore;
use crate::{ClusterError, NotServing, ProposeError, ReplicaRole};

#[test]
fn what_the_leader_commits_every_member_shows() {
    let cluster = Cluster::form(3, |_| {});
    let leader = cluster.leader();
    cluster.propose(&bootstrap()).1.unwrap();
    let (revision, outcome) = cluster.propose(&create_role(1));
    outcome.unwrap();
    assert!(cluster.replica(leader).view().catalog.role("role1").is_some(), "shown before it is answered");

    for node in 1..=3 {
        let replica = cluster.replica(node);
        let reached = cluster.block_on(replica.read_barrier(PATIENCE)).unwrap();
        assert!(reached >= revision, "a read that began after the answer sees it, on every member");
        assert!(replica.view().catalog.role("role1").is_some());
    }
    let follower = (1..=3).find(|node| *node != leader).unwrap();
    let refused = cluster.block_on(cluster.replica(follower).propose(create_role(2), PATIENCE));
    assert_eq!(refused, Err(ProposeError::ForwardToLeader { leader }));
    assert!(cluster.replica(follower).staleness().is_some());
    assert!(cluster.replica(leader).staleness().is_some());
    let status = cluster.replica(leader).status();
    assert_eq!((status.role, status.members.len()), (ReplicaRole::Leader, 3));
    cluster.settle();
}

#[test]
fn a_repeated_request_has_one_effect_and_the_same_outcome() {
    let cluster = Cluster::form(1, |_| {});
    cluster.propose(&bootstrap()).1.unwrap();
    let first = cluster.propose(&create_role(1));
    let digest = cluster.settle().1;
    assert_eq!(cluster.propose(&create_role(1)), first, "the outcome, and the revision at which it took effect");
    assert_eq!(cluster.settle().1, digest);
}

#[test]
fn a_cluster_is_formed_once() {
    let cluster = Cluster::form(1, |_| {});
    let again = cluster.replica(1).initialize(CLUSTER, [(1, super::cluster::member(1))].into());
    assert!(matches!(cluster.block_on(again), Err(ClusterError::AlreadyInitialized)));
}

#[test]
fn the_leadership_is_given_away_on_request() {
    let cluster = Cluster::form(3, |_| {});
    let old = cluster.leader();
    cluster.propose(&bootstrap()).1.unwrap();
    let new = cluster.block_on(cluster.replica(old).transfer_leader(None, PATIENCE)).unwrap();
    assert_ne!(new, old);
    cluster.propose(&create_role(1)).1.unwrap();
    cluster.settle();
}

#[test]
fn a_member_that_becomes_the_leader_goes_on_answering_local_reads() {
    let cluster = Cluster::form(3, |_| {});
    let old = cluster.leader();
    cluster.propose(&bootstrap()).1.unwrap();
    cluster.settle();
    cluster.wait("every member to know that it is up to date", || {
        (1..=3).all(|node| cluster.replica(node).staleness().is_some())
    });
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for node in (1..=3).filter(|node| *node != old) {
            let (replica, stop) = (cluster.replica(node), &stop);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    assert!(replica.staleness().is_some(), "node {node} was up to date under the old leader");
                    thread::yield_now();
                }
            });
        }
        let transferred = cluster.block_on(cluster.replica(old).transfer_leader(None, PATIENCE));
        stop.store(true, Ordering::Relaxed);
        assert_ne!(transferred.unwrap(), old);
    });
}

#[test]
fn a_member_whose_catalog_differs_is_fenced() {
    let mut cluster = Cluster::form(3, |options| options.digest_interval = Duration::from_millis(200));
    cluster.propose(&bootstrap()).1.unwrap();
    cluster.propose(&create_role(1)).1.unwrap();
    cluster.settle();
    let odd = (1..=3).find(|node| *node != cluster.leader()).unwrap();
    cluster.block_on(cluster.replica(odd).shutdown()).unwrap();
    cluster.kill(odd);
    let catalog = cluster.directory.path().join(odd.to_string()).join("catalog");
    let store = CatalogStore::on_disk(DiskCatalog::open(&catalog, true).unwrap());
    forget_a_role(&store);
    store.close();
    cluster.start(odd);

    cluster.wait("the odd one out to be fenced", || cluster.replica(odd).status().fenced.is_some());
    assert!(matches!(cluster.replica(odd).serving(), Err(NotServing::Fenced { .. })));
    let read = cluster.block_on(cluster.replica(odd).read_barrier(PATIENCE));
    assert!(read.is_err(), "nothing is read from it");
    for node in (1..=3).filter(|node| *node != odd) {
        assert_eq!(cluster.replica(node).serving(), Ok(()));
    }
}
