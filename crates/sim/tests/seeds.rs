//! Seeds that are run each time, and some that never were before.

use aliasd_sim::campaign::{Campaign, Findings};
use aliasd_sim::run::run;
use aliasd_sim::schedule::generate;

fn campaign(from: u64, seeds: u64, nodes: u64) -> Findings {
    let findings = Campaign { from, seeds, limit: None, nodes, threads: 2, goes_on: false }.run();
    if let Some((seed, violation)) = findings.violations.first() {
        panic!("violated with `cargo xtask sim --from {seed} --nodes {nodes} --trace`: {violation:#?}");
    }
    findings
}

/// Whatever a program asks of the computer behind the simulator's back shows as a difference.
#[test]
fn a_seed_is_the_same_run_each_time() {
    for (seed, nodes) in [(1, 3), (2, 3)] {
        let schedule = generate::schedule(seed, nodes);
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
    let mut findings = campaign(1, 12, 3);
    findings.counts.add(&campaign(1, 3, 5).counts);
    for event in ["crash", "election", "write acknowledged", "read linearizable", "watch told of changes"] {
        assert!(!findings.counts.missing().contains(&event), "{event}: {}", findings.counts);
    }
}

/// Seeds that have shown a fault once, by how many members there are; tests/README.md tells which.
#[test]
fn what_was_found_once_stays_mended() {
    for (seed, nodes) in
        [(100_159, 3), (100_421, 3), (101_208, 3), (101_492, 3), (103_133, 3), (500_181, 5), (500_253, 5), (500_422, 5)]
    {
        campaign(seed, 1, nodes);
    }
}

/// The seed is drawn anew each time, or taken from `ALIASD_SEED`.
#[test]
fn what_must_hold_holds_with_seeds_that_nobody_has_tried() {
    let drawn = || std::time::UNIX_EPOCH.elapsed().map_or(0, |time| u64::from(time.subsec_nanos()));
    let given = std::env::var("ALIASD_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(drawn);
    println!("ALIASD_SEED={seed}");
    campaign(seed, 4, 3);
}
