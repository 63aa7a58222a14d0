//! A member on an older copy of its data directory: found, told, and without harm to the leader.

use std::fs;
use std::time::Duration;

use tempfile::TempDir;

use super::cluster::{Cluster, PATIENCE, SETTINGS};
use super::{bootstrap, copy, create_role};
use crate::{Lifecycle, NodeId, NotServing, PeerRefusal, RaftSettings, ReplicaOptions};

/// Only the leader that a member acknowledged entries to can find that they are gone: on a busy machine, a pause of some
/// hundred milliseconds must not give the cluster another one.
fn who_leads_goes_on(options: &mut ReplicaOptions) {
    let (election_timeout_min, election_timeout_max) = (Duration::from_secs(2), Duration::from_secs(3));
    options.raft = RaftSettings { election_timeout_min, election_timeout_max, ..SETTINGS };
    options.quorum_loss_probe_interval = 2 * election_timeout_max;
}

/// Stops a member and copies its directory.
fn stopped(cluster: &mut Cluster, node: NodeId) -> TempDir {
    cluster.block_on(cluster.replica(node).shutdown()).unwrap();
    cluster.kill(node);
    let copied = tempfile::tempdir().unwrap();
    copy(&cluster.directory.path().join(node.to_string()), copied.path());
    copied
}

/// Starts a stopped member on a copy.
fn start_on(cluster: &mut Cluster, node: NodeId, copied: &TempDir) {
    let directory = cluster.directory.path().join(node.to_string());
    fs::remove_dir_all(&directory).unwrap();
    copy(copied.path(), &directory);
    cluster.start(node);
}

/// Three members that run: the leader, one of which there is a copy from before anything was written, and another one.
fn with_an_old_copy() -> (Cluster, [NodeId; 3], TempDir) {
    let mut cluster = Cluster::form(3, who_leads_goes_on);
    cluster.propose(&bootstrap()).1.unwrap();
    let leader = cluster.leader();
    let follower = (1..=3).find(|node| *node != leader).unwrap();
    let third = (1..=3).find(|node| ![leader, follower].contains(node)).unwrap();
    cluster.settle();
    let old = stopped(&mut cluster, follower);
    cluster.start(follower);
    (cluster, [leader, follower, third], old)
}

#[test]
fn a_follower_on_an_old_copy_is_found_and_neither_serves_nor_votes() {
    let (mut cluster, [leader, follower, third], old) = with_an_old_copy();
    for number in 1..30 {
        cluster.propose(&create_role(number)).1.unwrap();
    }
    let (revision, _) = cluster.settle();
    // A member applies entries before the leader hears that it has them.
    let matched = || cluster.replica(leader).status().members[&follower].matched;
    cluster.wait("the leader to hear that it has them", || matched() >= Some(revision));
    let own = stopped(&mut cluster, follower);

    start_on(&mut cluster, follower, &old);
    cluster.wait("it to be found", || matches!(cluster.replica(follower).lifecycle(), Lifecycle::RolledBack { .. }));
    cluster.wait("the leader to say so", || cluster.replica(leader).status().rolled_back.contains(&follower));
    assert!(matches!(cluster.replica(follower).serving(), Err(NotServing::RolledBack { .. })));
    assert!(cluster.block_on(cluster.replica(follower).read_barrier(PATIENCE)).is_err(), "nothing is read from it");
    // The leader is none the worse, and the two others are a quorum.
    for number in 30..60 {
        cluster.propose(&create_role(number)).1.unwrap();
    }
    assert_eq!(cluster.leader(), leader, "nobody took over from it");
    assert!(cluster.replica(leader).serving().is_ok());

    // It gives nobody a vote, not even after the leader is gone.
    cluster.kill(leader);
    let request = aliasd_wire::peer::v1::VoteRequest {
        route: Some(cluster.replica(third).peer_server().core.roster.route(follower, None)),
        vote: Some(aliasd_wire::store::log::Vote { term: 100, node_id: third, committed: false }),
        last_log_id: Some(aliasd_wire::store::log::LogId { term: 99, node_id: third, index: 1000 }),
        leadership_transfer: false,
        pre_vote: false,
    };
    let vote = cluster.block_on(cluster.replica(follower).peer_server().vote(third, request.clone()));
    assert_eq!(vote, Err(PeerRefusal::RolledBack));
    // Nor once it is started anew, when nobody may be left who knows what it has lost.
    cluster.block_on(cluster.replica(follower).shutdown()).unwrap();
    cluster.kill(follower);
    cluster.start(follower);
    assert!(matches!(cluster.replica(follower).serving(), Err(NotServing::RolledBack { .. })));
    let vote = cluster.block_on(cluster.replica(follower).peer_server().vote(third, request));
    assert_eq!(vote, Err(PeerRefusal::RolledBack));

    // Whoever leads next is told what it is, although it acknowledged nothing to that one.
    cluster.start(leader);
    let others = [leader, third];
    let told = |cluster: &Cluster, by: NodeId| cluster.replica(by).status().members[&follower].amiss.clone();
    cluster.wait("the next leader to say so", || {
        let leads = others.into_iter().find(|by| cluster.replica(*by).leader().is_some_and(|(it, _)| it == *by));
        leads.and_then(|by| told(&cluster, by)).is_some_and(|said| said.contains("lost") || said.contains("older copy"))
    });

    // With the leader back, writes go on; with its own directory back, so does the member.
    cluster.propose(&create_role(60)).1.unwrap();
    cluster.block_on(cluster.replica(follower).shutdown()).unwrap();
    cluster.kill(follower);
    start_on(&mut cluster, follower, &own);
    cluster.propose(&create_role(61)).1.unwrap();
    cluster.settle();
    assert!(cluster.replica(follower).serving().is_ok());
    assert!(cluster.replica(follower).view().catalog.role("role61").is_some());
    let leader = cluster.leader();
    cluster.wait("all to be well", || told(&cluster, leader).is_none());
}

/// Two of three members on states of before elect each other, and nobody is there who knows better. The third, which has what
/// was acknowledged, must not answer with it beside what the others agree on from then on.
#[test]
fn a_member_that_has_what_the_others_have_lost_stops() {
    let (mut cluster, [leader, follower, third], old) = with_an_old_copy();
    drop(stopped(&mut cluster, third));
    for number in 1..5 {
        cluster.propose(&create_role(number)).1.unwrap();
    }
    drop(stopped(&mut cluster, leader));
    drop(stopped(&mut cluster, follower));

    start_on(&mut cluster, follower, &old);
    cluster.start(third);
    for number in 5..10 {
        cluster.propose(&create_role(number)).1.unwrap();
    }
    cluster.start(leader);
    let stopped = || matches!(cluster.replica(leader).serving(), Err(NotServing::Stopped(_)));
    cluster.wait("it to stop", stopped);
    let Err(NotServing::Stopped(reason)) = cluster.replica(leader).serving() else { panic!("it has stopped") };
    assert!(reason.to_string().contains("would replace the entries"), "{reason}");
    assert!(reason.hint().is_some_and(|hint| hint.contains("what the other members have lost")), "{reason:?}");
    assert!(cluster.block_on(cluster.replica(leader).read_barrier(PATIENCE)).is_err(), "nothing is read from it");
}
