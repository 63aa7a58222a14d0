//! A fence outlives the process, and keeps a member from leading and from passing on what it holds.

use std::sync::Arc;
use std::time::Duration;

use aliasd_catalog::Revision;
use aliasd_runtime::simulation::Simulation;
use aliasd_wire::peer::v1 as wire;

use super::cluster::{Cluster, SETTINGS};
use super::deterministic::World;
use super::links::Switchboard;
use super::{bootstrap, create_role};
use crate::{Lifecycle, NotServing, RaftSettings};

const AT: Revision = Revision(2);

#[test]
fn a_fenced_leader_hands_over_and_a_restart_does_not_heal_it() {
    let mut cluster = Cluster::form(3, |options| options.digest_interval = Duration::from_millis(100));
    cluster.propose(&bootstrap()).1.unwrap();
    let fenced = cluster.leader();
    cluster.block_on(cluster.replica(fenced).peer_server().core.fence(AT));
    assert_eq!(cluster.replica(fenced).serving(), Err(NotServing::Fenced { revision: AT }));
    let leads = |cluster: &Cluster| cluster.replica(fenced).leader().is_some_and(|(leader, _)| leader == fenced);
    cluster.wait("it to hand over", || !leads(&cluster));
    cluster.propose(&create_role(1)).1.unwrap();

    cluster.kill(fenced);
    cluster.start(fenced);
    assert_eq!(cluster.replica(fenced).lifecycle(), Lifecycle::Fenced { at: AT }, "before it hears of anybody");

    // It votes: with one of the others gone, the last one needs it.
    let leader = cluster.leader();
    cluster.settle();
    cluster.kill(leader);
    cluster.propose(&create_role(2)).1.unwrap();
    let leader = cluster.leader();
    assert_ne!(leader, fenced);
    assert_eq!(cluster.replica(fenced).status().fenced, Some(AT));
    // The leader knows it, though it takes entries and votes like any other.
    let told = |cluster: &Cluster| cluster.replica(leader).status().members[&fenced].amiss.clone();
    cluster.wait("the leader to say so", || told(&cluster).is_some_and(|said| said.contains("differs")));
    assert_eq!(cluster.replica(leader).status().members[&leader].amiss, None);
}

#[test]
fn a_fenced_member_proposes_nothing_for_others_and_tells_no_digest() {
    let cluster = Cluster::form(2, |_| {});
    let (revision, outcome) = cluster.propose(&bootstrap());
    outcome.unwrap();
    let leader = cluster.leader();
    let server = cluster.replica(leader).peer_server();
    let other = 3 - leader;
    let route = || Some(cluster.replica(other).peer_server().core.roster.route(leader, None));
    let ask = || cluster.block_on(server.digest(other, wire::DigestRequest { route: route(), revision: revision.0 }));
    assert!(ask().unwrap().digest.is_some());
    let entry = create_role(1);
    let proposal = crate::types::Proposal::new(entry).unwrap().encoded().to_vec();
    // Only who it is; that it leads goes on, since nobody is told to take over.
    cluster.block_on(server.core.roster.identity.fence(AT)).unwrap();
    server.core.lifecycle.step(crate::lifecycle::Step::Fence(AT));
    let answer = ask().unwrap();
    assert_eq!(answer.digest, None);
    assert_eq!(answer.not_serving, "the catalog of this node differs from the other members' at revision 2");
    let actor = Some(wire::propose_request::Actor::User("admin".to_owned()));
    let request = wire::ProposeRequest { route: route(), entry: proposal, actor };
    let answer = cluster.block_on(server.propose(other, request)).unwrap();
    assert!(matches!(answer.result, Some(wire::propose_reply::Result::NotServing(_))), "{answer:?}");
}

/// Whether a member that is far behind gets the leader's snapshot.
async fn is_sent(simulation: &Arc<Simulation>, fenced: bool) -> bool {
    let mut world = World::with_board(simulation, Switchboard::with_latency(Duration::from_millis(2)));
    world.settings = RaftSettings { snapshot_entries: 50, log_entries_kept: 10, ..SETTINGS };
    world.form().await;
    let leader = world.leader().await;
    let behind = if leader == 3 { 2 } else { 3 };
    // What lay in its log when the power went could be applied later without a snapshot.
    world.settle().await;
    let reached = world.replica(behind).status().applied;
    world.lose_power(behind, 0);
    for number in 0..1000 {
        world.propose(&create_role(number)).await;
    }
    world.wait("the log to go on without it", |world| world.replica(leader).status().purged > Some(reached)).await;
    if fenced {
        // Only who it is; that it leads goes on, since nobody is told to take over.
        world.replica(leader).peer_server().core.roster.identity.fence(AT).await.unwrap();
    }
    world.start(behind).await;
    world.pass(Duration::from_secs(30)).await;
    assert_eq!(world.leader().await, leader);
    world.replica(behind).status().applied > reached
}

#[test]
fn a_fenced_leader_sends_no_snapshot() {
    for fenced in [false, true] {
        let simulation = Simulation::new(5);
        assert_eq!(simulation.run(is_sent(&simulation, fenced)), !fenced, "fenced: {fenced}");
    }
}
