use std::collections::BTreeMap;

use super::*;
use crate::{Finding, check};

fn told(seed: u64, findings: &[Finding]) -> String {
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    format!("seed {seed}:\n{}", lines.join("\n"))
}

#[test]
fn nothing_is_found_where_every_promise_is_kept() {
    for (seed, lost_percent) in (0..150).zip([0, 8, 25].into_iter().cycle()) {
        let made = made(seed, Shape { lost_percent, ..Shape::default() });
        let findings = check(&made.history);
        assert!(findings.is_empty(), "{}", told(seed, &findings));
    }
}

#[test]
fn every_broken_promise_is_found_by_its_checker() {
    let mut planted: BTreeMap<Plant, u32> = BTreeMap::new();
    for plant in Plant::ALL {
        for seed in 0..20 {
            let made = made(seed, Shape { lost_percent: 0, plant: Some(plant), ..Shape::default() });
            if made.planted {
                *planted.entry(plant).or_default() += 1;
                let findings = check(&made.history);
                let found = findings.iter().any(|finding| finding.checker == plant.found_by());
                assert!(found, "{plant:?}, {}", told(seed, &findings));
            }
        }
    }
    for plant in Plant::ALL {
        assert!(planted.get(&plant).is_some_and(|times| *times >= 5), "{plant:?}: {planted:?}");
    }
}

#[test]
fn the_same_seed_makes_the_same_history() {
    let shape = Shape { plant: Some(Plant::AppliedTwice), ..Shape::default() };
    assert_eq!(made(7, shape), made(7, shape));
    assert_ne!(made(7, shape), made(8, shape));
}

#[test]
fn a_made_history_can_be_written_and_read() {
    let made = made(3, Shape::default());
    let text = made.history.to_lines().unwrap();
    assert_eq!(History::from_lines(&text).unwrap(), made.history);
}
