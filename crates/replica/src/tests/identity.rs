//! A member is its data directory: what is refused, by whom, and what goes on untouched.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use aliasd_catalog::{ClusterId, Entry, Principal, error_chain};
use aliasd_runtime::simulation::Simulation;
use aliasd_wire::peer::v1 as wire;
use aliasd_wire::peer::v1::propose_request::Actor;

use super::cluster::{Cluster, member};
use super::deterministic::World;
use super::lines::said;
use super::links::Switchboard;
use super::{CLUSTER, bootstrap, create_role};
use crate::types::Proposal;
use crate::{ClusterError, Lifecycle, NodeId, NotServing, PeerRefusal, ReplicaRole, StartError, StorageFault};

async fn formed(simulation: &Arc<Simulation>) -> World {
    let mut world = World::with_board(simulation, Switchboard::with_latency(Duration::from_millis(2)));
    world.form().await;
    world
}

fn is_unrecognised(world: &World, node: NodeId) -> bool {
    matches!(world.replica(node).lifecycle(), Lifecycle::Unrecognised { .. })
}

/// An acknowledged write is on two of three disks, and one of the two is lost: the one that is left, and nobody else,
/// knows of it.
#[test]
fn an_emptied_voter_and_one_that_was_away_elect_nobody() {
    for seed in [1, 2, 3] {
        let simulation = Simulation::new(seed);
        simulation.run(async {
            let mut world = formed(&simulation).await;
            let leader = world.leader().await;
            let others: Vec<NodeId> = (1..=3).filter(|node| *node != leader).collect();
            let (emptied, away) = (others[0], others[1]);
            world.settle().await;
            world.lose_power(away, 0);
            world.propose(&create_role(1)).await;
            world.lose_power(leader, 0);
            world.lose_power(emptied, 0);
            world.empty(emptied);
            world.start(emptied).await;
            world.start(away).await;
            world.pass(Duration::from_secs(60)).await;
            for node in [emptied, away] {
                assert_ne!(world.replica(node).status().role, ReplicaRole::Leader, "node {node} leads");
            }
            assert!(is_unrecognised(&world, emptied));
            assert!(matches!(world.replica(emptied).serving(), Err(NotServing::Unrecognised { .. })));
            assert_eq!(world.replica(emptied).status().term, 0, "it gave no vote");

            world.start(leader).await;
            world.propose(&create_role(2)).await;
            for node in [leader, away] {
                let replica = world.replica(node);
                let applied = |world: &World| world.replica(node).view().catalog.role("role2").is_some();
                world.wait("the write", applied).await;
                assert!(replica.view().catalog.role("role1").is_some(), "what was acknowledged is there");
            }
            assert!(is_unrecognised(&world, emptied));
        });
    }
}

#[test]
fn a_healthy_cluster_goes_on_without_a_voter_that_was_emptied() {
    said(|lines| {
        let simulation = Simulation::new(4);
        simulation.run(async {
            let mut world = formed(&simulation).await;
            world.propose(&create_role(1)).await;
            world.settle().await;
            let leader = world.leader().await;
            let emptied = if leader == 3 { 2 } else { 3 };
            let term = world.replica(leader).status().term;
            world.lose_power(emptied, 0);
            // Long enough to be missed: that it is back and refused is said nevertheless.
            world.pass(Duration::from_secs(5)).await;
            world.empty(emptied);
            world.start(emptied).await;
            world.pass(Duration::from_secs(60)).await;
            world.propose(&create_role(2)).await;
            let status = world.replica(leader).status();
            assert_eq!((status.role, status.term), (ReplicaRole::Leader, term), "nobody was disturbed");
            assert!(is_unrecognised(&world, emptied));
            assert_eq!(world.replica(emptied).view().revision.0, 0, "nothing was given to it");

            assert_eq!(lines.with("this node is not recognised").len(), 1);
            let refusing = lines.with(&format!("member {emptied} does not take part"));
            assert_eq!(refusing.len(), 2, "once by each of the others: {refusing:?}");
            assert!(refusing[0].contains("replace this member"), "{refusing:?}");
        });
    });
}

fn propose(cluster: &Cluster, from: NodeId, to: NodeId, entry: Entry, actor: Option<Actor>) -> Result<(), PeerRefusal> {
    let sender = cluster.running().find(|node| *node == from).unwrap_or(1);
    let mut route = cluster.replica(sender).peer_server().core.roster.route(to, None);
    route.sender = from;
    let entry = Proposal::new(entry).unwrap().encoded().to_vec();
    let request = wire::ProposeRequest { route: Some(route), entry, actor };
    cluster.block_on(cluster.replica(to).peer_server().propose(from, request)).map(drop)
}

#[test]
fn who_is_no_member_proposes_nothing_and_nobody_proposes_in_the_clusters_name() {
    let cluster = Cluster::form(2, |_| {});
    cluster.propose(&bootstrap()).1.unwrap();
    let before = cluster.settle();
    let leader = cluster.leader();
    let other = 3 - leader;
    let as_cluster = Entry { actor: Principal::System, ..create_role(1) };
    let cluster_actor = Some(Actor::Cluster(wire::ClusterActor {}));

    // Its certificate proves node 9, and it knows everything that a member does.
    let stranger = propose(&cluster, 9, leader, as_cluster.clone(), cluster_actor.clone());
    assert_eq!(stranger, Err(PeerRefusal::UnknownMember { sender: 9 }));
    assert_eq!(propose(&cluster, other, leader, as_cluster.clone(), cluster_actor), Err(PeerRefusal::ForeignActor));
    let without = propose(&cluster, other, leader, as_cluster, None);
    assert!(matches!(without, Err(PeerRefusal::Undecodable(_))), "{without:?}");
    assert_eq!(cluster.settle(), before);
}

#[test]
fn a_node_of_another_cluster_is_not_heard() {
    let cluster = Cluster::form(2, |_| {});
    cluster.propose(&bootstrap()).1.unwrap();
    let leader = cluster.leader();
    let (server, other) = (cluster.replica(leader).peer_server(), 3 - leader);
    let term = cluster.replica(leader).status().term;
    let theirs = ClusterId([9; 16]);
    let route = wire::Route {
        cluster_id: Some(theirs.0.to_vec()),
        ..cluster.replica(other).peer_server().core.roster.route(leader, None)
    };
    let vote = aliasd_wire::store::log::Vote { term: term + 50, node_id: other, committed: false };
    let request = wire::VoteRequest { route: Some(route), vote: Some(vote), ..wire::VoteRequest::default() };
    let answer = cluster.block_on(server.vote(other, request));
    assert_eq!(answer, Err(PeerRefusal::WrongCluster { ours: CLUSTER, theirs }));
    // The status says so of the one that was heard last.
    let said = &cluster.replica(leader).status().refused[&other];
    assert_eq!(*said, format!("this node belongs to cluster {CLUSTER}, and the request to cluster {theirs}"));
    assert!(cluster.replica(leader).status().term < term + 50);
}

#[test]
fn a_cluster_is_formed_when_every_member_answers_and_is_empty() {
    let mut cluster = Cluster::new(3, |_| {});
    cluster.start(1);
    let members = |nodes: &[NodeId]| nodes.iter().map(|node| (*node, member(*node))).collect();
    let form = |cluster: &Cluster, by, nodes: &[NodeId]| {
        cluster.block_on(cluster.replica(by).initialize(CLUSTER, members(nodes)))
    };
    let Err(ClusterError::NotReady(reason)) = form(&cluster, 1, &[1, 2, 3]) else { panic!("it is formed") };
    assert!(reason.contains("node 2 does not answer at node2:7681") && reason.contains("node 3"), "{reason}");
    assert!(!cluster.replica(1).is_initialized(), "nothing was done");
    assert_eq!(cluster.replica(1).cluster(), None);

    cluster.start(2);
    assert_eq!(form(&cluster, 1, &[1, 2]).unwrap(), CLUSTER);
    cluster.leader();
    cluster.start(3);
    let again = cluster.replica(3).initialize(ClusterId([9; 16]), members(&[1, 3]));
    let Err(ClusterError::NotReady(reason)) = cluster.block_on(again) else { panic!("member 1 is taken away") };
    assert!(reason.contains(&format!("belongs to cluster {CLUSTER}")), "{reason}");
    for status in cluster.replica(1).status().members.values() {
        assert!(status.incarnation.is_some(), "known from the start: {status:?}");
    }
}

/// As a new cluster's member it would never be again what it was in the old one, whoever forms it.
#[test]
fn a_member_that_is_not_recognised_forms_no_cluster_and_is_taken_into_none() {
    let mut cluster = Cluster::new(4, |_| {});
    for node in 1..=4 {
        cluster.start(node);
    }
    let members = |nodes: &[NodeId]| nodes.iter().map(|node| (*node, member(*node))).collect();
    cluster.block_on(cluster.replica(1).initialize(CLUSTER, members(&[1, 2, 3]))).unwrap();
    cluster.leader();
    cluster.wait("member 3 to be told of its cluster", || cluster.replica(3).is_initialized());
    cluster.kill(3);
    fs::remove_dir_all(cluster.directory.path().join("3")).unwrap();
    cluster.start(3);
    let is_told = || matches!(cluster.replica(3).lifecycle(), Lifecycle::Unrecognised { .. });
    cluster.wait("it to be told", is_told);
    for (by, nodes) in [(3, [3].as_slice()), (3, &[3, 4]), (4, &[3, 4])] {
        let formed = cluster.block_on(cluster.replica(by).initialize(ClusterId([9; 16]), members(nodes)));
        let Err(ClusterError::NotReady(reason)) = formed else { panic!("node {by} forms {nodes:?}: {formed:?}") };
        let way_out = "'aliasctl cluster replace 3 NEW'";
        assert!(reason.contains("node 3 at node3:7681 has an empty") && reason.contains(way_out), "{reason}");
        assert!(is_told() && !cluster.replica(4).is_initialized(), "nothing was done");
    }
}

fn refused(cluster: &mut Cluster) -> String {
    let error = cluster.try_start(1).unwrap_err();
    assert!(matches!(error, StartError::Storage(StorageFault::Damaged { .. })), "{error}");
    error_chain(&error)
}

#[test]
fn a_member_does_not_start_without_its_identity_or_with_that_alone() {
    let mut cluster = Cluster::form(1, |_| {});
    cluster.propose(&bootstrap()).1.unwrap();
    cluster.block_on(cluster.replica(1).shutdown()).unwrap();
    cluster.kill(1);
    let directory = cluster.directory.path().join("1");
    let kept = fs::read(directory.join("identity")).unwrap();
    fs::remove_file(directory.join("identity")).unwrap();
    assert!(refused(&mut cluster).contains("not the one that the log beside it was written with"));

    fs::write(directory.join("identity"), kept).unwrap();
    cluster.start(1);
    cluster.leader();
    cluster.kill(1);
    for store in ["log", "catalog"] {
        fs::remove_dir_all(directory.join(store)).unwrap();
    }
    assert!(refused(&mut cluster).contains("log"), "emptied in part");
}
