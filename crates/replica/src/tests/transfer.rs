//! Who is given the leadership, and what is said when it is somebody else or nobody.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use aliasd_runtime::simulation::Simulation;

use super::create_role;
use super::deterministic::World;
use crate::{ClusterError, NodeId};

/// Longer than an election takes.
const LONG: Duration = Duration::from_secs(5);

/// A cluster that has led for a while, its leader, and the two others.
async fn formed(simulation: &Arc<Simulation>) -> (World, NodeId, [NodeId; 2]) {
    let mut world = World::of(simulation, 3);
    world.form().await;
    world.pass(LONG).await;
    let leader = world.leader().await;
    (world, leader, [leader % 3 + 1, (leader + 1) % 3 + 1])
}

fn on_seeds<F: Future<Output = ()>>(story: impl Fn(Arc<Simulation>) -> F) {
    for seed in 1..=5 {
        let simulation = Simulation::new(seed);
        simulation.run(story(Arc::clone(&simulation)));
    }
}

fn term(world: &World, node: NodeId) -> u64 {
    world.replica(node).status().term
}

#[test]
fn a_member_that_is_dead_is_not_made_the_leader_and_nothing_is_done() {
    on_seeds(|simulation| async move {
        let (mut world, leader, [dead, alive]) = formed(&simulation).await;
        world.lose_power(dead, 0);
        world.pass(LONG).await;
        let before = term(&world, leader);
        let refused = world.replica(leader).transfer_leader(Some(dead), LONG).await;
        let Err(ClusterError::NoSuccessor(reason)) = refused else { panic!("{refused:?}") };
        assert!(reason.contains(&format!("node {dead} has not been heard of for ")), "{reason}");
        world.pass(LONG).await;
        assert_eq!((world.leader().await, term(&world, leader)), (leader, before), "it leads on");

        // Without a name the dead one is not drawn.
        let given = world.replica(leader).transfer_leader(None, LONG).await;
        assert_eq!(given.unwrap(), alive);
        assert_eq!(term(&world, alive), before + 1, "at once");
    });
}

#[test]
fn with_nobody_to_take_it_the_leadership_is_kept() {
    on_seeds(|simulation| async move {
        let (world, leader, others) = formed(&simulation).await;
        for other in others {
            world.board.cut(leader, other);
        }
        world.pass(Duration::from_secs(1)).await;
        let refused = world.replica(leader).transfer_leader(None, LONG).await;
        let Err(ClusterError::NoSuccessor(reason)) = refused else { panic!("{refused:?}") };
        assert!(others.iter().all(|other| reason.contains(&format!("node {other} "))), "{reason}");
        let refused = world.replica(leader).transfer_leader(Some(9), LONG).await;
        assert!(matches!(refused, Err(ClusterError::NoSuccessor(_))), "{refused:?}");
    });
}

#[test]
fn that_another_one_than_was_wanted_leads_is_no_success() {
    on_seeds(|simulation| async move {
        let (world, leader, [wanted, other]) = formed(&simulation).await;
        // Too lately for the leader to know.
        world.board.cut(wanted, leader);
        world.board.cut(wanted, other);
        let taken = world.replica(leader).transfer_leader(Some(wanted), LONG).await;
        let Err(ClusterError::Transfer(reason)) = taken else { panic!("{taken:?}") };
        let now = world.leader().await;
        assert_ne!(now, wanted);
        assert_eq!(reason, format!("node {now} leads now, and not node {wanted}"));
    });
}

#[test]
fn a_member_that_is_far_behind_is_not_made_the_leader() {
    on_seeds(|simulation| async move {
        let (world, leader, [behind, other]) = formed(&simulation).await;
        world.board.starve(Some(behind));
        for number in 0..1100 {
            world.propose(&create_role(number)).await;
        }
        let refused = world.replica(leader).transfer_leader(Some(behind), LONG).await;
        let Err(ClusterError::NoSuccessor(reason)) = refused else { panic!("{refused:?}") };
        assert!(reason.starts_with(&format!("node {behind} lacks 1")), "{reason}");
        assert_eq!(world.replica(leader).transfer_leader(None, LONG).await.unwrap(), other);
    });
}
