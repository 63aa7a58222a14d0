//! Exactly once: repeated requests, how long they are remembered, refused entries, and the clock.

use aliasd_catalog::{Entry, REQUEST_WINDOW, RecordKey, Revision, Timestamp};

use crate::builders::{Log, create_database, create_remote, drop_alias, request_at, user};

fn entry(request: u64, issued_at: u64, command: aliasd_catalog::Command<aliasd_catalog::Sealed>) -> Entry {
    Entry { request: request_at(request), actor: user("root"), issued_at: Timestamp(issued_at), command }
}

#[test]
fn a_repeated_request_gets_the_first_outcome_and_has_no_effect() {
    let mut log = Log::formed();
    let first = log.catalog.apply(Revision(10), &entry(100, 0, create_remote("far")));
    assert_eq!(first.outcome.expect("it is new").system_updates, 1);
    log.catalog.apply(Revision(11), &entry(101, 0, drop_alias("far"))).outcome.expect("it exists");
    let digest = log.catalog.digest();
    for command in [create_remote("far"), create_database("another-command")] {
        let again = log.catalog.apply(Revision(12), &entry(100, 0, command));
        assert_eq!(again.revision, Revision(10), "the revision of the effect, not of the repetition");
        assert_eq!(again.outcome.expect("the first outcome").system_updates, 1);
        assert!(again.changes.is_empty());
    }
    assert_eq!(log.catalog.digest(), digest);
}

#[test]
fn a_refused_request_stays_refused() {
    let mut log = Log::formed();
    let refused = log.catalog.apply(Revision(10), &entry(100, 0, drop_alias("far")));
    assert_eq!(refused.changes.len(), 1, "the request alone is remembered");
    log.run([create_remote("far")]);
    let again = log.catalog.apply(Revision(20), &entry(100, 0, drop_alias("far")));
    assert_eq!((again.revision, again.outcome), (Revision(10), refused.outcome));
    assert!(log.catalog.alias("far").is_some());
}

#[test]
fn requests_are_forgotten_when_the_window_has_passed() {
    let mut log = Log::formed();
    let at = 10;
    log.catalog.apply(Revision(at), &entry(100, 0, create_remote("far"))).outcome.expect("it is new");
    let last_remembered = at + REQUEST_WINDOW - 1;
    log.catalog.apply(Revision(last_remembered), &entry(101, 0, create_remote("b"))).outcome.expect("it is new");
    assert!(log.catalog.recorded_request(&request_at(100)).is_some());
    let applied = log.catalog.apply(Revision(last_remembered + 1), &entry(102, 0, create_remote("c")));
    assert!(log.catalog.recorded_request(&request_at(100)).is_none());
    assert!(log.catalog.recorded_request(&request_at(101)).is_some());
    let forgotten = applied.changes.iter().filter(|change| change.after.is_none());
    assert!(forgotten.map(|change| &change.key).eq([&RecordKey::Request(request_at(100))]));
}

#[test]
fn time_does_not_run_backwards() {
    let mut log = Log::formed();
    log.catalog.apply(Revision(10), &entry(100, 50_000, create_remote("a"))).outcome.expect("it is new");
    log.catalog.apply(Revision(11), &entry(101, 7, create_remote("b"))).outcome.expect("it is new");
    assert_eq!(log.catalog.clock(), Timestamp(50_000));
    let created = log.catalog.alias("b").expect("it exists").created;
    assert_eq!((created.revision, created.time), (Revision(11), Timestamp(50_000)));
}

#[test]
fn a_replacement_is_one_change() {
    use aliasd_catalog::{AliasTarget, CreateMode};
    let mut log = Log::after([create_remote("far")]);
    let target = AliasTarget::Remote(crate::builders::remote_target());
    let command = crate::builders::create_alias("far", CreateMode::OrReplace, target);
    let applied = log.apply(&user("root"), command);
    assert_eq!(applied.outcome.expect("it may be replaced").system_updates, 2);
    let of_alias: Vec<_> = applied.changes.iter().filter(|change| matches!(change.key, RecordKey::Alias(_))).collect();
    assert_eq!(of_alias.len(), 1);
    assert!(of_alias[0].before.is_some() && of_alias[0].after.is_some());
}
