//! A member is as fresh as what it has applied of what a quorum confirmed, whomever it hears.

use std::sync::Arc;
use std::time::Duration;

use aliasd_catalog::{Command, Entry, OpenCommand, PolicyChange, ReleaseStaleness};
use aliasd_runtime::simulation::Simulation;

use super::cluster::SETTINGS;
use super::create_role;
use super::deterministic::World;
use crate::{NodeId, RaftSettings};

/// What members of these tests are taken for fresh within.
const BOUND: Duration = Duration::from_secs(3);

fn run<F: Future<Output = ()>>(story: impl Fn(Arc<Simulation>) -> F) {
    for seed in 1..=3 {
        let simulation = Simulation::new(seed);
        simulation.run(story(Arc::clone(&simulation)));
    }
}

async fn formed(simulation: &Arc<Simulation>, size: NodeId) -> World {
    let mut world = World::of(simulation, size);
    world.form().await;
    world.wait("all to be fresh", |world| (1..=size).all(|node| is_fresh(world, node))).await;
    world
}

fn is_fresh(world: &World, node: NodeId) -> bool {
    world.replica(node).staleness().is_some_and(|age| age <= BOUND)
}

/// For half a minute `stale` is never fresh again once it was not, and the others always are.
async fn grows_stale(world: &World, stale: &[NodeId], fresh: &[NodeId]) {
    let one_is = |world: &World| stale.iter().any(|node| is_fresh(world, *node));
    world.wait("them to be found out", |world| !one_is(world)).await;
    for _ in 0..1500 {
        assert!(!one_is(world), "{stale:?} are cut off");
        assert!(fresh.iter().all(|node| is_fresh(world, *node)), "{fresh:?} are well");
        world.pass(Duration::from_millis(20)).await;
    }
}

#[test]
fn the_last_of_three_grows_stale() {
    run(|simulation| async move {
        let mut world = formed(&simulation, 3).await;
        let leader = world.leader().await;
        let last = (1..=3).find(|node| *node != leader).unwrap();
        for node in (1..=3).filter(|node| *node != last) {
            world.lose_power(node, 0);
        }
        grows_stale(&world, &[last], &[]).await;
    });
}

#[test]
fn a_leader_without_a_quorum_keeps_nobody_fresh() {
    run(|simulation| async move {
        let world = formed(&simulation, 5).await;
        let leader = world.leader().await;
        let with_it = (1..=5).find(|node| *node != leader).unwrap();
        let minority = [leader, with_it];
        let majority: Vec<NodeId> = (1..=5).filter(|node| !minority.contains(node)).collect();
        for node in minority {
            majority.iter().for_each(|other| world.board.cut(node, *other));
        }
        let elected = |world: &World| world.replica(majority[0]).leader().is_some_and(|(it, _)| majority.contains(&it));
        world.wait("another leader", elected).await;
        grows_stale(&world, &minority, &majority).await;
        world.board.heal();
        world.wait("all to be fresh again", |world| (1..=5).all(|node| is_fresh(world, node))).await;
    });
}

#[test]
fn a_follower_that_hears_the_leader_and_gets_no_further_grows_stale() {
    run(|simulation| async move {
        let world = formed(&simulation, 3).await;
        let leader = world.leader().await;
        let starved = (1..=3).find(|node| *node != leader).unwrap();
        let others: Vec<NodeId> = (1..=3).filter(|node| *node != starved).collect();
        world.board.starve(Some(starved));
        world.propose(&create_role(1)).await;
        grows_stale(&world, &[starved], &others).await;
        assert!(world.replica(starved).leader().is_some(), "it hears of the leader all the time");
        world.board.starve(None);
        world.wait("it to be fresh again", |world| is_fresh(world, starved)).await;
    });
}

/// Members ask often enough for what the cluster releases passwords by, however far apart the heartbeats are.
#[test]
fn a_healthy_member_is_fresh_enough_for_a_release_at_any_time() {
    run(|simulation| async move {
        let mut world = World::of(&simulation, 3);
        world.settings = RaftSettings {
            heartbeat_interval: Duration::from_millis(500),
            election_timeout_min: Duration::from_secs(2),
            election_timeout_max: Duration::from_secs(4),
            ..SETTINGS
        };
        world.form().await;
        for (number, milliseconds) in [(1, None), (2, Some(200)), (3, Some(1_000))] {
            if let Some(milliseconds) = milliseconds {
                let release_staleness = ReleaseStaleness::from_milliseconds(milliseconds);
                let change = PolicyChange { release_staleness, ..PolicyChange::default() };
                let command = Command::Open(OpenCommand::SetPolicy(change));
                world.propose(&Entry { command, ..create_role(number) }).await;
            }
            let bound = Duration::from_millis(milliseconds.unwrap_or(2_000));
            let fresh =
                |world: &World| (1..=3).all(|node| world.replica(node).staleness().is_some_and(|age| age <= bound));
            // Whoever sleeps already sleeps as long as it meant to.
            world.pass(Duration::from_secs(5)).await;
            world.wait("all to ask as often as that", fresh).await;
            for _ in 0..3_000 {
                world.pass(Duration::from_millis(10)).await;
                assert!(fresh(&world), "a member would have to ask for a release, or refuse it, within {bound:?}");
            }
        }
    });
}
