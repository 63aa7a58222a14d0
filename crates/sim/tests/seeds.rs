//! Seeds that are run each time, and some that never were before.

use aliasd_sim::campaign::{Campaign, Findings};
use aliasd_sim::run::run;
use aliasd_sim::schedule::generate;

use Members::{ComeAndGo, Stay};

/// Whether operators change the members meanwhile.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Members {
    Stay,
    ComeAndGo,
}

fn campaign(from: u64, seeds: u64, nodes: u64, members: Members) -> Findings {
    let changes = members == Members::ComeAndGo;
    let campaign = Campaign { from, seeds, limit: None, nodes, changes, threads: 2, goes_on: false };
    let findings = campaign.run();
    if let Some((seed, violation)) = findings.violations.first() {
        let changes = if changes { " --changes" } else { "" };
        panic!("violated with `cargo xtask sim --from {seed} --nodes {nodes}{changes} --trace`: {violation:#?}");
    }
    findings
}

/// Whatever a program asks of the computer behind the simulator's back shows as a difference.
#[test]
fn a_seed_is_the_same_run_each_time() {
    for (seed, nodes, changes) in [(1, 3, false), (2, 3, false), (3, 3, true)] {
        let schedule = generate::schedule(seed, nodes, changes);
        let (first, second) = (run(&schedule, true), run(&schedule, true));
        assert_eq!(first.violation, None);
        assert!(first.trace.lines().count() > 1000, "something happened");
        let different = first.trace.lines().zip(second.trace.lines()).find(|(one, other)| one != other);
        assert_eq!(different, None, "seed {seed}");
        assert_eq!(first.trace.len(), second.trace.len());
        assert_eq!(first.polls, second.polls);
    }
}

#[test]
fn what_must_hold_holds() {
    let mut findings = campaign(1, 12, 3, Stay);
    findings.counts.add(&campaign(1, 3, 5, Stay).counts);
    for event in ["crash", "election", "write acknowledged", "read linearizable", "watch told of changes"] {
        assert!(!findings.counts.missing().contains(&event), "{event}: {}", findings.counts);
    }
}

#[test]
fn what_must_hold_holds_while_members_come_and_go() {
    let mut findings = campaign(1, 8, 3, ComeAndGo);
    findings.counts.add(&campaign(1, 2, 5, ComeAndGo).counts);
    for event in ["change of the members taken", "member found removed", "snapshot installed"] {
        assert!(!findings.counts.missing().contains(&event), "{event}: {}", findings.counts);
    }
}

/// Seeds that have shown a fault once, by how many members there are; tests/README.md tells which.
#[test]
fn what_was_found_once_stays_mended() {
    for (seed, nodes) in
        [(100_159, 3), (100_421, 3), (101_208, 3), (101_492, 3), (103_133, 3), (500_181, 5), (500_253, 5), (500_422, 5)]
    {
        campaign(seed, 1, nodes, Stay);
    }
}

/// The same where members come and go.
#[test]
fn what_was_found_once_while_members_came_and_went_stays_mended() {
    for (seed, nodes) in [(187, 3), (379, 3)] {
        campaign(seed, 1, nodes, ComeAndGo);
    }
}

/// The seed is drawn anew each time, or taken from `ALIASD_SEED`.
#[test]
fn what_must_hold_holds_with_seeds_that_nobody_has_tried() {
    let drawn = || std::time::UNIX_EPOCH.elapsed().map_or(0, |time| u64::from(time.subsec_nanos()));
    let given = std::env::var("ALIASD_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(drawn);
    println!("ALIASD_SEED={seed}");
    campaign(seed, 4, 3, Stay);
    campaign(seed, 2, 3, ComeAndGo);
}
