//! A member that is down is asked again with pauses, and the log tells of it once.

use std::time::Duration;

use aliasd_runtime::simulation::Simulation;

use super::create_role;
use super::deterministic::World;
use super::lines::said;
use super::links::Switchboard;

/// Without latency, whoever dials a member that is gone is told at once, as by a machine that refuses the connection.
#[test]
fn a_member_that_is_down_costs_a_line_and_a_few_attempts_a_second() {
    said(|lines| {
        let simulation = Simulation::new(11);
        simulation.run(async {
            let mut world = World::with_board(&simulation, Switchboard::default());
            world.form().await;
            let down = (1..=3).find(|node| *node != 1).unwrap();
            let down = if world.leader().await == down { 3 } else { down };
            world.lose_power(down, 0);
            let before = world.board.appends_begun(down);
            for number in 0..300 {
                world.propose(&create_role(number)).await;
            }
            world.pass(Duration::from_secs(60)).await;
            let attempts = world.board.appends_begun(down) - before;
            assert!(attempts > 300, "heartbeats go on: {attempts}");
            assert!(attempts < 900, "ten heartbeats a second and a few more: {attempts}");
            // The leader says so, and the other follower, which compares digests.
            let unreachable = lines.with("cannot be reached");
            assert_eq!(unreachable.len(), 2, "{unreachable:?}");
            let said = format!("member {down} cannot be reached: no connection: nobody is there");
            assert!(unreachable.iter().all(|line| line.contains(&said)), "{unreachable:?}");

            world.start(down).await;
            world.settle().await;
            world.wait("both to reach it again", |_| lines.with("is reached again after").len() == 2).await;
            world.pass(Duration::from_secs(60)).await;
            assert_eq!(lines.with("reached").len(), 4, "{:?}", lines.with("reached"));
        });
    });
}

/// As soon as a member answers one question, the others are not put off any longer.
#[test]
fn a_member_that_is_back_need_not_wait_for_the_next_attempt() {
    let simulation = Simulation::new(12);
    simulation.run(async {
        let mut world = World::with_board(&simulation, Switchboard::default());
        world.form().await;
        let down = if world.leader().await == 3 { 2 } else { 3 };
        world.lose_power(down, 0);
        world.pass(Duration::from_secs(30)).await;
        world.start(down).await;
        world.propose(&create_role(1)).await;
        world.settle().await;
        assert!(world.replica(down).view().catalog.role("role1").is_some());
    });
}
