use super::*;
use crate::history::{Change, ChangeKind, Freshness, Watch, Written};
use crate::samples::*;

fn lines(events: impl IntoIterator<Item = Event>) -> Vec<Vec<usize>> {
    found(Checker::ExactlyOnce, events)
}

fn attempt(begin: u64, outcome: Outcome<Written>) -> Event {
    Event::Write(Write { request: Some(name("0a")), ..write(alter("c2"), begin, begin + 5, outcome) })
}

fn lost(begin: u64) -> Event {
    attempt(begin, Outcome::Unknown { code: name("OUTCOME_UNKNOWN") })
}

fn told(at: u64, revision: u64) -> Event {
    let changes = vec![Change { subject: Subject::Alias, name: name("films"), kind: ChangeKind::Altered }];
    let step = WatchStep::Batch { revision, changes, continued: false };
    Event::Watch(Watch { client: 9, stream: 1, member: None, at, step })
}

#[test]
fn a_repetition_has_the_same_answer() {
    assert!(lines([attempt(10, ok(11)), attempt(20, ok(11))]).is_empty());
    assert_eq!(lines([attempt(10, ok(11)), attempt(20, ok(12))]), [[2, 3]]);
    let updates = |updates| Outcome::Ok(Written { revision: Some(11), updates });
    assert_eq!(lines([attempt(10, ok(11)), attempt(20, updates(2))]), [[2, 3]]);
    assert!(lines([lost(10), attempt(20, ok(11)), attempt(30, Outcome::Failed { code: name("X") })]).is_empty());
}

#[test]
fn a_recorded_refusal_is_repeated_too() {
    let missing = |begin| attempt(begin, rejected("ALIAS_NOT_FOUND"));
    assert!(lines([missing(10), missing(20)]).is_empty());
    assert_eq!(lines([missing(10), attempt(20, ok(11))]), [[2, 3]]);
    assert_eq!(lines([attempt(10, ok(11)), missing(20)]), [[2, 3]]);
    assert_eq!(lines([missing(10), attempt(20, rejected("USER_NOT_FOUND"))]), [[2, 3]]);
    // One that leaves no record tells nothing of the request.
    assert!(lines([attempt(10, rejected("CREDENTIALS_CHANGED")), attempt(20, ok(11))]).is_empty());
    assert!(lines([attempt(10, ok(11)), attempt(20, rejected("REQUEST_TOO_OLD"))]).is_empty());
}

#[test]
fn an_id_stands_for_one_request() {
    let other = |actor: &str, command, outcome| {
        let write = write(command, 20, 25, outcome);
        Event::Write(Write { request: Some(name("0a")), actor: name(actor), ..write })
    };
    assert!(lines([attempt(10, ok(11)), other("alice", alter("c3"), rejected("REQUEST_ID_REUSED"))]).is_empty());
    assert_eq!(lines([attempt(10, ok(11)), other("alice", alter("c3"), ok(12))]), [[2, 3]]);
    assert_eq!(lines([attempt(10, ok(11)), other("carol", alter("c2"), ok(11))]), [[2, 3]]);
}

#[test]
fn every_change_has_a_cause_and_each_cause_one_change() {
    assert!(lines([attempt(10, ok(11)), told(20, 11)]).is_empty());
    assert_eq!(lines([attempt(10, ok(11)), told(20, 11), told(30, 12)]), [[4]]);
    assert!(lines([lost(10), told(20, 12), told(25, 12)]).is_empty());
    assert_eq!(lines([lost(10), told(20, 12), told(30, 13)]), [[4]]);
    assert!(lines([lost(10), unknown(alter("c3"), 11, 12), told(20, 12), told(30, 13)]).is_empty());
    // Not before it was asked for.
    assert_eq!(lines([told(9, 12), lost(10)]), [[2]]);
    assert_eq!(lines([refused(alter("c2"), 10, 20, "PERMISSION_DENIED"), told(30, 12)]), [[3]]);
    // Nor at a revision that had been shown by then.
    let shown = || read(Freshness::Local, 1, 5, route(5, 14, ""));
    assert!(lines([shown(), lost(10), told(20, 15)]).is_empty());
    assert_eq!(lines([shown(), lost(10), told(20, 14)]), [[4]]);
    // What there was before needs none.
    assert!(lines([told(9, 10)]).is_empty());
}

#[test]
fn a_version_is_a_change() {
    let seen = |version| read(Freshness::Local, 20, 30, route(version, 20, ""));
    assert!(lines([seen(5), attempt(10, ok(11)), seen(11)]).is_empty());
    assert_eq!(lines([attempt(10, ok(11)), seen(12)]), [[3]]);
}
