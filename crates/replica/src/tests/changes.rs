//! Members that come and go: who is let in, in which order the others change, what happens when somebody dies meanwhile.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aliasd_catalog::{
    ClusterId, Command, Entry, Invitation, MemberIncarnation, MemberStep, OpenCommand, Principal, ReplacedMember,
    RequestId, Timestamp, UserName,
};
use aliasd_runtime::simulation::Simulation;

use super::deterministic::World;
use super::{CLUSTER, create_role};
use crate::{
    JOIN_SECRET_BYTES, JoinToken, JoinTokenError, Lifecycle, NodeId, NotServing, Replica, ReplicaRole, StopReason,
};

/// Names requests that no other does.
fn request(tag: u8, node: NodeId, more: u8) -> RequestId {
    let mut id = [tag; 16];
    id[0] = u8::try_from(node).unwrap();
    id[1] = more;
    RequestId(id)
}

fn entry(request: RequestId, step: MemberStep) -> Entry {
    let actor = Principal::User(UserName::new("admin").unwrap());
    let command = Command::Open(OpenCommand::ChangeMembers(step));
    Entry { request, actor, issued_at: Timestamp(1), command, origin: None }
}

fn token(world: &World, node: NodeId, secret: u8) -> JoinToken {
    let leader = |node: &NodeId| (*node, format!("node{node}:7681"));
    let members: BTreeMap<NodeId, String> = world.running().iter().map(leader).collect();
    JoinToken::new(CLUSTER, node, members, [secret; JOIN_SECRET_BYTES])
}

/// What an operator asks when a node is to come.
struct Coming {
    node: NodeId,
    learner: bool,
    replaces: Option<NodeId>,
    secret: u8,
    expires_at: Timestamp,
}

impl Coming {
    fn of(node: NodeId) -> Self {
        Self { node, learner: false, replaces: None, secret: 0x5e, expires_at: Timestamp(u64::MAX) }
    }
}

/// Has the cluster agree that a node comes. Gives its token.
async fn invite(world: &World, coming: &Coming) -> JoinToken {
    let token = token(world, coming.node, coming.secret);
    let recorded = |node| {
        let leader = world.replica(world.running()[0]).status();
        leader.members.get(&node).and_then(|member| member.incarnation).map(|it| MemberIncarnation(it.0))
    };
    let invitation = Invitation {
        peer_address: format!("node{}:7681", coming.node),
        client_address: format!("node{}:7680", coming.node),
        learner: coming.learner,
        replaces: coming.replaces.map(|node| ReplacedMember { node, incarnation: recorded(node) }),
        token: token.hash(),
        expires_at: coming.expires_at,
    };
    let step = MemberStep::Invite { node: coming.node, invitation };
    world.propose(&entry(request(2, coming.node, coming.secret), step)).await;
    token
}

/// Lets a node in, and waits until the change is done.
async fn add(world: &mut World, coming: &Coming) {
    let token = invite(world, coming).await;
    world.tokens.insert(coming.node, token);
    world.start(coming.node).await;
    done(world).await;
}

async fn remove(world: &World, node: NodeId) {
    let step = MemberStep::Remove { node, incarnation: None };
    world.propose(&entry(request(3, node, 0), step)).await;
}

async fn done(world: &World) {
    let running = |world: &World, node| world.replica(node).view().catalog.members().change.is_some();
    world.wait("the change to be done", |world| world.running().into_iter().any(|node| !running(world, node))).await;
    let leads = |world: &World| {
        let mut nodes = world.running().into_iter();
        nodes.find(|node| world.replica(*node).status().role == ReplicaRole::Leader)
    };
    world.wait("the leader to know", |world| leads(world).is_some_and(|leader| !running(world, leader))).await;
}

/// The voters as a member sees them.
fn voters(replica: &Replica) -> Vec<NodeId> {
    replica.status().members.iter().filter(|(_, member)| member.voter).map(|(node, _)| *node).collect()
}

fn stopped(replica: &Replica) -> String {
    match replica.lifecycle() {
        Lifecycle::Stopped(StopReason::Failed { reason, .. }) => reason,
        other => panic!("it has not stopped: {other:?}"),
    }
}

async fn formed(simulation: &Arc<Simulation>, size: NodeId) -> World {
    let mut world = World::of(simulation, size);
    world.form().await;
    world.settle().await;
    world
}

/// Runs the same on a few seeds.
fn on_seeds(seeds: std::ops::Range<u64>, run: impl AsyncFn(Arc<Simulation>)) {
    for seed in seeds {
        let simulation = Simulation::new(seed);
        simulation.run(run(Arc::clone(&simulation)));
    }
}

#[test]
fn a_cluster_grows_from_one_to_five_and_shrinks_back() {
    on_seeds(1..4, async |simulation| {
        let mut world = formed(&simulation, 1).await;
        for node in 2..=5 {
            add(&mut world, &Coming::of(node)).await;
            world.propose(&create_role(node)).await;
        }
        world.settle().await;
        for node in 1..=5 {
            assert_eq!(voters(world.replica(node)), [1, 2, 3, 4, 5]);
        }
        // Whoever formed it goes first, and so hands the leadership on.
        for (node, left) in [(1, vec![2, 3, 4, 5]), (3, vec![2, 4, 5]), (5, vec![2, 4]), (4, vec![2])] {
            remove(&world, node).await;
            world.wait("it to know", |world| world.replica(node).lifecycle() == Lifecycle::Removed).await;
            world.lose_power(node, 0);
            done(&world).await;
            world.propose(&create_role(10 + node)).await;
            assert_eq!(voters(world.replica(2)), left);
        }
        let view = world.replica(2).view();
        assert!((2..=5).chain([11, 13, 15, 14]).all(|number| view.catalog.role(&format!("role{number}")).is_some()));
    });
}

#[test]
fn a_learner_serves_and_has_no_vote_until_it_is_promoted() {
    on_seeds(1..3, async |simulation| {
        let mut world = formed(&simulation, 1).await;
        add(&mut world, &Coming { learner: true, ..Coming::of(2) }).await;
        world.wait("the learner to be fresh", |world| world.replica(2).staleness().is_some()).await;
        world.pass(Duration::from_secs(20)).await;
        assert_eq!(world.replica(2).lifecycle(), Lifecycle::Learner);
        assert_eq!(world.replica(2).serving(), Ok(()));
        assert_eq!(voters(world.replica(1)), [1]);
        world.propose(&create_role(1)).await;
        let reached = world.replica(2).read_barrier(Duration::from_secs(5)).await.unwrap();
        assert!(world.replica(2).view().revision >= reached);
        assert!(world.replica(2).view().catalog.role("role1").is_some());

        world.propose(&entry(request(4, 2, 0), MemberStep::Promote { node: 2 })).await;
        done(&world).await;
        assert_eq!(voters(world.replica(1)), [1, 2]);
    });
}

#[test]
fn who_shows_no_token_or_another_one_is_not_let_in_and_says_why() {
    on_seeds(1..3, async |simulation| {
        let mut world = formed(&simulation, 1).await;
        let good = invite(&world, &Coming::of(4)).await;
        world.start(4).await;
        world.pass(Duration::from_secs(30)).await;
        assert_eq!(world.replica(4).lifecycle(), Lifecycle::Uninitialised, "it has no token, and nobody speaks to it");
        assert_eq!(world.replica(4).cluster(), None);

        let shows = async |world: &mut World, token: JoinToken| {
            world.lose_power(4, 0);
            world.empty(4);
            world.tokens.insert(4, token);
            world.start(4).await;
            let decided = |world: &World| {
                let lifecycle = world.replica(4).lifecycle();
                !matches!(lifecycle, Lifecycle::Uninitialised | Lifecycle::Unrecognised { .. })
            };
            world.wait("it to be let in or not", decided).await;
        };
        let before = world.replica(1).view().revision;
        let wrong = token(&world, 4, 0x66);
        shows(&mut world, wrong).await;
        assert_eq!(
            world.replica(1).view().revision,
            before,
            "nothing is written at the wish of a node that is not let in"
        );
        assert!(stopped(world.replica(4)).contains("JOIN_TOKEN_WRONG"), "{}", stopped(world.replica(4)));

        let elsewhere = JoinToken::new(ClusterId([9; 16]), 4, good.members.clone(), [0x5e; JOIN_SECRET_BYTES]);
        shows(&mut world, elsewhere).await;
        let reason = stopped(world.replica(4));
        assert!(reason.contains("JOIN_CLUSTER_WRONG") && reason.contains(&CLUSTER.to_string()), "{reason}");

        let short = Coming { secret: 0x77, expires_at: Timestamp(0), ..Coming::of(4) };
        let expired = invite(&world, &short).await;
        shows(&mut world, expired).await;
        assert!(stopped(world.replica(4)).contains("JOIN_TOKEN_EXPIRED"));

        remove(&world, 4).await;
        let anew = invite(&world, &Coming { secret: 0x78, learner: true, ..Coming::of(4) }).await;
        shows(&mut world, anew.clone()).await;
        done(&world).await;
        assert_eq!(voters(world.replica(1)), [1], "whose log alone counts");

        shows(&mut world, anew).await;
        assert!(stopped(world.replica(4)).contains("JOIN_TOKEN_USED"), "another directory with the same token");
    });
}

#[test]
fn a_token_is_for_one_node_and_one_cluster() {
    let simulation = Simulation::new(1);
    simulation.run(async {
        let mut world = formed(&simulation, 1).await;
        add(&mut world, &Coming::of(2)).await;
        let (runtime, storage) = (simulation.machine(), crate::Storage::Memory(world.disk(2)));
        let links = world.board.links(2);
        let start = async |node, token: JoinToken| {
            let mut options =
                crate::ReplicaOptions::new(node, storage.clone(), Arc::clone(&links), runtime.clone(), world.settings);
            options.join = Some(token);
            Replica::start(options).await.err().map(|error| error.to_string())
        };
        let other_node = start(2, token(&world, 3, 1)).await.unwrap();
        assert_eq!(other_node, JoinTokenError::OtherNode { token: 3, node: 2 }.to_string());
        let elsewhere = JoinToken::new(ClusterId([9; 16]), 2, BTreeMap::new(), [1; JOIN_SECRET_BYTES]);
        let other_cluster = start(2, elsewhere).await.unwrap();
        assert!(other_cluster.contains("belongs to cluster"), "{other_cluster}");
    });
}

#[test]
fn a_member_that_was_away_when_it_was_removed_finds_out_and_stays_removed() {
    on_seeds(1..4, async |simulation| {
        let mut world = formed(&simulation, 3).await;
        let leader = world.leader().await;
        let gone = if leader == 3 { 2 } else { 3 };
        world.lose_power(gone, 0);
        remove(&world, gone).await;
        done(&world).await;
        world.tokens.remove(&gone);
        world.start(gone).await;
        world.wait("it to find out", |world| world.replica(gone).lifecycle() == Lifecycle::Removed).await;
        assert_eq!(world.replica(gone).serving(), Err(NotServing::Removed));
        let term = world.replica(leader).status().term;
        world.lose_power(gone, 0);
        world.start(gone).await;
        assert_eq!(world.replica(gone).lifecycle(), Lifecycle::Removed, "from the start");
        world.pass(Duration::from_secs(30)).await;
        assert_eq!(world.replica(leader).status().term, term, "it disturbs nobody");
        assert!(world.replica(leader).view().catalog.members().is_retired(gone));
    });
}

#[test]
fn a_dead_member_is_replaced_and_so_is_the_leader() {
    on_seeds(1..5, async |simulation| {
        let mut world = formed(&simulation, 3).await;
        let leader = world.leader().await;
        let dead = if leader == 3 { 2 } else { 3 };
        world.lose_power(dead, 0);
        add(&mut world, &Coming { replaces: Some(dead), ..Coming::of(4) }).await;
        let mut left: Vec<NodeId> = (1..=4).filter(|node| *node != dead).collect();
        assert_eq!(voters(world.replica(4)), left);

        let leader = world.leader().await;
        add(&mut world, &Coming { replaces: Some(leader), ..Coming::of(5) }).await;
        left.retain(|node| *node != leader);
        left.push(5);
        assert_eq!(voters(world.replica(5)), left);
        world.wait("it to know", |world| world.replica(leader).lifecycle() == Lifecycle::Removed).await;
        world.lose_power(leader, 0);
        world.propose(&create_role(1)).await;
        world.settle().await;
    });
}

/// Whoever leads dies again and again, at any moment, until the member is replaced.
#[test]
fn a_replacement_goes_on_under_the_next_leader() {
    on_seeds(1..13, async |simulation| {
        let mut world = formed(&simulation, 3).await;
        let token = invite(&world, &Coming { replaces: Some(2), ..Coming::of(4) }).await;
        world.tokens.insert(4, token);
        world.start(4).await;
        for round in 1..8_u64 {
            world.pass(Duration::from_millis(700 + round * 311)).await;
            let leads =
                world.running().into_iter().find(|node| world.replica(*node).status().role == ReplicaRole::Leader);
            let Some(leader) = leads else { continue };
            world.lose_power(leader, 0);
            world.pass(Duration::from_millis(200 * round)).await;
            world.start(leader).await;
        }
        done(&world).await;
        world.propose(&create_role(1)).await;
        let knows = |world: &World| world.replica(2).lifecycle() == Lifecycle::Removed;
        world.wait("the replaced member to know", knows).await;
        world.lose_power(2, 0);
        world.settle().await;
        for node in [1, 3, 4] {
            assert_eq!(voters(world.replica(node)), [1, 3, 4]);
        }
    });
}

/// It was let in, and given up before anybody had sent it anything: all it knows of the cluster is its token.
#[test]
fn a_newcomer_that_is_given_up_at_once_finds_out() {
    on_seeds(1..4, async |simulation| {
        let mut world = formed(&simulation, 3).await;
        let leader = world.leader().await;
        world.board.starve(Some(4));
        let token = invite(&world, &Coming::of(4)).await;
        world.tokens.insert(4, token);
        world.start(4).await;
        world.wait("it to be let in", |world| world.replica(4).cluster().is_some()).await;
        remove(&world, 4).await;
        done(&world).await;
        world.wait("it to find out", |world| world.replica(4).lifecycle() == Lifecycle::Removed).await;
        assert_eq!(world.replica(4).serving(), Err(NotServing::Removed));
        world.lose_power(4, 0);
        world.start(4).await;
        assert_eq!(world.replica(4).lifecycle(), Lifecycle::Removed, "from the start");
        assert_eq!(voters(world.replica(leader)), [1, 2, 3]);
    });
}

/// By then it may have the place already: then neither of the two is a member.
#[test]
fn a_replacement_is_given_up_at_any_moment() {
    let (came_too_late, in_time) = (Cell::new(0), Cell::new(0));
    for tenths in 0..12_u64 {
        on_seeds(tenths..tenths + 1, async |simulation| {
            let mut world = formed(&simulation, 3).await;
            let leader = world.leader().await;
            let (old, kept) = if leader == 3 { (2, 1) } else { (3, leader) };
            let token = invite(&world, &Coming { replaces: Some(old), ..Coming::of(4) }).await;
            world.tokens.insert(4, token);
            world.start(4).await;
            let has_come = |world: &World| world.replica(leader).view().catalog.members().joined.contains_key(&4);
            world.wait("it to come", has_come).await;
            // As long as the new member has to have caught up, and beyond.
            world.pass(Duration::from_millis(600 * tenths)).await;
            remove(&world, 4).await;
            done(&world).await;
            let ledger = world.replica(leader).view().catalog.members().clone();
            let voters = voters(world.replica(leader));
            assert!(!voters.contains(&4) && voters.contains(&kept));
            if voters.contains(&old) {
                in_time.update(|times| times + 1);
                assert!(!ledger.is_retired(old));
            } else {
                came_too_late.update(|times| times + 1);
                assert!(ledger.is_retired(old));
                world.wait("it to know", |world| world.replica(old).lifecycle() == Lifecycle::Removed).await;
            }
            world.propose(&create_role(1)).await;
        });
    }
    assert!(came_too_late.get() > 0 && in_time.get() > 0, "{came_too_late:?} {in_time:?}");
}

/// A new member reads the log from its beginning, where nobody is named that is left.
#[test]
fn a_node_joins_a_cluster_of_whose_first_members_none_is_left() {
    on_seeds(1..4, async |simulation| {
        let mut world = formed(&simulation, 1).await;
        // More than one message holds, so that it reads of the first member alone for a while.
        for number in 0..700 {
            world.propose(&create_role(1_000 + number)).await;
        }
        add(&mut world, &Coming::of(2)).await;
        remove(&world, 1).await;
        world.wait("it to know", |world| world.replica(1).lifecycle() == Lifecycle::Removed).await;
        world.lose_power(1, 0);
        done(&world).await;
        add(&mut world, &Coming::of(3)).await;
        world.propose(&create_role(1)).await;
        world.settle().await;
        assert_eq!(voters(world.replica(3)), [2, 3]);
    });
}

/// Member 3 is away while member 4 comes and begins to lead: it has never read of it.
#[test]
fn a_member_that_was_away_listens_to_a_leader_that_came_meanwhile() {
    on_seeds(1..4, async |simulation| {
        let mut world = formed(&simulation, 3).await;
        let leader = world.leader().await;
        if leader == 3 {
            world.replica(3).transfer_leader(Some(1), Duration::from_secs(5)).await.unwrap();
        }
        world.lose_power(3, 0);
        add(&mut world, &Coming { replaces: Some(2), ..Coming::of(4) }).await;
        if world.leader().await != 4 {
            world.replica(1).transfer_leader(Some(4), Duration::from_secs(5)).await.unwrap();
        }
        world.propose(&create_role(1)).await;
        world.start(3).await;
        let reads = |world: &World| world.replica(3).view().catalog.role("role1").is_some();
        world.wait("it to be brought up by the newcomer", reads).await;
        assert_eq!(voters(world.replica(3)), [1, 3, 4]);
    });
}

#[test]
fn what_would_cost_the_quorum_is_said_beforehand() {
    let simulation = Simulation::new(1);
    simulation.run(async {
        let mut world = formed(&simulation, 3).await;
        let leader = world.leader().await;
        let others: Vec<NodeId> = (1..=3).filter(|node| *node != leader).collect();
        let (down, up) = (others[0], others[1]);
        assert_eq!(world.replica(leader).check_quorum(None, Some(up)).await, Ok(()));
        world.lose_power(down, 0);
        let lost = world.replica(leader).check_quorum(None, Some(up)).await.unwrap_err();
        assert_eq!(lost.to_string(), "of 2 voters that would be left, 1 would answer, and 2 must");
        assert_eq!(world.replica(leader).check_quorum(None, Some(down)).await, Ok(()), "the one that is down may go");
        assert_eq!(world.replica(leader).check_quorum(Some(9), Some(down)).await, Ok(()));
        assert!(world.replica(leader).check_quorum(Some(9), None).await.is_err(), "four voters, of which two answer");
    });
}

#[test]
fn a_member_of_an_earlier_version_stands_against_changes_until_it_is_upgraded() {
    let simulation = Simulation::new(1);
    simulation.run(async {
        let mut world = formed(&simulation, 3).await;
        let leader = world.leader().await;
        let old = if leader == 3 { 2 } else { 3 };
        assert_eq!(world.replica(leader).check_understood().await, Ok(()));
        world.board.downgrade(old, true);
        let too_old = world.replica(leader).check_understood().await.unwrap_err();
        assert_eq!(too_old.members, [old].into());
        world.lose_power(old, 0);
        assert_eq!(world.replica(leader).check_understood().await, Ok(()), "one that is gone may be replaced");
        world.board.downgrade(old, false);
        world.start(old).await;
        assert_eq!(world.replica(leader).check_understood().await, Ok(()));
    });
}
