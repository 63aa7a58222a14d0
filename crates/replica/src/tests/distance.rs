//! Members that are far from one another, and leaders that hang.

use std::sync::Arc;
use std::time::Duration;

use aliasd_runtime::simulation::Simulation;

use super::cluster::SETTINGS;
use super::create_role;
use super::deterministic::World;
use super::links::Switchboard;
use crate::{RaftSettings, ReadError};

/// The timings that docs/operations.md gives for members that are far from one another.
const WIDE_AREA: RaftSettings = RaftSettings {
    heartbeat_interval: Duration::from_millis(500),
    election_timeout_min: Duration::from_millis(2000),
    election_timeout_max: Duration::from_millis(4000),
    ..SETTINGS
};

#[test]
fn the_page_gives_the_timings_that_are_tested_here() {
    let page = include_str!("../../../../docs/operations.md");
    let RaftSettings { heartbeat_interval, election_timeout_min, election_timeout_max, .. } = WIDE_AREA;
    let settings = [
        ("heartbeat_interval", heartbeat_interval),
        ("election_timeout_min", election_timeout_min),
        ("election_timeout_max", election_timeout_max),
    ];
    let lines = settings.map(|(name, value)| format!("{name} = \"{}ms\"\n", value.as_millis()));
    assert!(page.contains(&lines.concat()));
}

/// A round trip takes between twice and four times as long as what is given.
fn far(simulation: &Arc<Simulation>, latency: Duration, settings: RaftSettings) -> World {
    let mut world = World::with_board(simulation, Switchboard::with_latency(latency));
    world.settings = settings;
    world
}

#[test]
fn the_timings_for_wide_areas_hold_over_a_wide_area() {
    for seed in 1..=3 {
        let simulation = Simulation::new(seed);
        let story = async {
            let mut world = far(&simulation, Duration::from_millis(60), WIDE_AREA);
            world.form().await;
            let leader = world.leader().await;
            for role in 0..20 {
                world.propose(&create_role(role)).await;
            }
            for node in 1..=3 {
                world.replica(node).read_barrier(Duration::from_secs(30)).await.unwrap();
            }
            world.pass(Duration::from_secs(60)).await;
            assert_eq!(world.leader().await, leader, "no heartbeat came too late");
            let status = world.replica(leader).status();
            for (node, member) in &status.members {
                assert!(!member.is_too_far, "{member:?}");
                let near_enough = member.round_trip.is_some_and(|took| took <= status.round_trip_max);
                assert!(*node == leader || near_enough, "{member:?}");
            }
        };
        simulation.run(story);
    }
}

/// What the page says is the longest round trip is so, to the millisecond: it holds, and what is longer is told.
#[test]
fn the_longest_round_trip_of_a_wide_area_holds_and_a_longer_one_is_told() {
    let page = include_str!("../../../../docs/operations.md");
    let longest = WIDE_AREA.round_trip_max();
    assert!(page.contains(&format!("Up to {} ms, for members on different continents", longest.as_millis())));
    for (round_trip, is_too_far) in [(longest, false), (longest + Duration::from_millis(2), true)] {
        let simulation = Simulation::new(7);
        let story = async {
            let mut world = World::with_board(&simulation, Switchboard::with_round_trip(round_trip));
            world.settings = WIDE_AREA;
            world.form().await;
            let leader = world.leader().await;
            for role in 0..20 {
                world.propose(&create_role(role)).await;
            }
            world.pass(Duration::from_secs(60)).await;
            if !is_too_far {
                assert_eq!(world.leader().await, leader, "no heartbeat came too late");
                for node in 1..=3 {
                    world.replica(node).read_barrier(Duration::from_secs(30)).await.unwrap();
                }
            }
            for node in 1..=3 {
                let members = world.replica(node).status().members;
                for (other, member) in members.iter().filter(|(other, _)| **other != node) {
                    assert_eq!(member.round_trip, Some(round_trip), "from {node} to {other}");
                    assert_eq!(member.is_too_far, is_too_far, "from {node} to {other}: {member:?}");
                }
            }
        };
        simulation.run(story);
    }
}

#[test]
fn members_measure_how_far_the_others_are_also_without_a_leader() {
    let simulation = Simulation::new(1);
    let story = async {
        let mut world = far(&simulation, Duration::from_millis(150), SETTINGS);
        for node in 1..=3 {
            world.start(node).await;
        }
        let members = (1..=3).map(|node| (node, super::cluster::member(node))).collect();
        world.replica(1).initialize(super::CLUSTER, members).await.unwrap();
        let measured = |world: &World| {
            let status = world.replica(1).status();
            [2, 3].iter().all(|node| status.members[node].round_trip.is_some_and(|took| took > status.round_trip_max))
        };
        world.wait("both distances", measured).await;
        let told = |world: &World| [2, 3].iter().all(|node| world.replica(1).status().members[node].is_too_far);
        world.wait("both to be called too far", told).await;
        assert_eq!(world.replica(1).leader(), None, "no vote comes in time");
        assert_eq!(world.replica(1).status().round_trip_max, Duration::from_millis(50));
    };
    simulation.run(story);
}

#[test]
fn a_read_gives_a_leader_that_hangs_up_as_soon_as_another_one_leads() {
    for seed in 1..=5 {
        let simulation = Simulation::new(seed);
        let story = async {
            let mut world = far(&simulation, Duration::from_millis(2), SETTINGS);
            world.form().await;
            let leader = world.leader().await;
            let asked = leader % 3 + 1;
            world.replica(asked).read_barrier(Duration::from_secs(30)).await.unwrap();
            for node in (1..=3).filter(|node| *node != leader) {
                world.board.cut(leader, node);
            }
            let read = world.replica(asked).read_barrier(Duration::from_secs(30));
            let Err(ReadError::Unavailable { reason }) = read.await else { panic!("the leader hangs") };
            assert!(!reason.contains("within"), "it was waited for until the time was up: {reason}");
            world.wait("another leader", |world| world.replica(asked).leader().is_some()).await;
            world.replica(asked).read_barrier(Duration::from_secs(30)).await.unwrap();
        };
        simulation.run(story);
    }
}
