//! What a member that takes a snapshot says of it, and when.

use std::sync::Arc;
use std::time::Duration;

use aliasd_catalog::Revision;
use aliasd_runtime::simulation::Simulation;

use super::create_role;
use super::deterministic::World;
use crate::{NodeId, RaftSettings};

/// How long the disk of a member takes to write what it is to write.
const DISK_STALLS: Duration = Duration::from_secs(180);
const WRITES: u64 = 1000;

/// What the leader holds that the member has.
fn matched(world: &World, leader: NodeId, member: NodeId) -> Option<Revision> {
    world.replica(leader).status().members[&member].matched
}

/// A member whose disk stalls is left so far behind that it needs a snapshot, and is sent it again and again.
async fn story(simulation: Arc<Simulation>, is_cut_off: bool) {
    let mut world = World::of(&simulation, 3);
    world.settings = RaftSettings { snapshot_entries: 50, log_entries_kept: 10, ..world.settings };
    world.form().await;
    world.settle().await;
    let leader = world.leader().await;
    let behind = (1..=3).find(|node| *node != leader).unwrap();
    let disk = world.disks[&behind].clone();
    disk.hold_flushes();
    let flushed = disk.durable_log().last.map(|last| Revision(last.index));
    if is_cut_off {
        (1..=3).for_each(|other| world.board.cut(behind, other));
    }
    for number in 1..=WRITES {
        world.propose(&create_role(number)).await;
    }
    let purged = |world: &World| world.replica(leader).status().purged;
    world.wait("the log to be purged", |world| purged(world) > flushed).await;
    world.board.heal();
    let second = Duration::from_secs(1);
    for _ in 0..DISK_STALLS.as_secs() {
        world.pass(second).await;
        assert_eq!(world.leader().await, leader, "nobody else was needed");
        assert_eq!(matched(&world, leader, behind), flushed, "nothing else would survive a power cut");
    }
    disk.release_flushes();
    world.settle().await;
    assert!(world.replica(behind).view().catalog.role(&format!("role{WRITES}")).is_some());
    world.wait("the leader to know", |world| matched(world, leader, behind) >= purged(world)).await;
}

/// What it acknowledged is what the leader counts on; see `docs/decisions/0016-members-that-went-back.md`.
#[test]
fn a_snapshot_is_acknowledged_once_what_it_covers_would_survive_a_power_cut() {
    for seed in 1..=3 {
        for is_cut_off in [true, false] {
            let simulation = Simulation::new(seed);
            simulation.run(story(Arc::clone(&simulation), is_cut_off));
        }
    }
}
