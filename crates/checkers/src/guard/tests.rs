use super::*;
use crate::history::Proof;
use crate::samples::*;

fn lines(events: impl IntoIterator<Item = Event>) -> Vec<Vec<usize>> {
    found(Checker::Guard, events)
}

fn step(begin: u64, end: u64, step: GuardStep) -> Event {
    Event::Guard(Guard { client: 2, guard: 7, begin, end, step })
}

fn begun(version: u64, served_at: u64) -> Event {
    let user = Some(name("carol"));
    let lookup = Lookup { caller: name("service"), proof: Proof::Certificate, user, name: name("films") };
    step(1, 5, GuardStep::Begin { lookup, outcome: Outcome::Ok(route(version, served_at, "")) })
}

fn validated(begin: u64, end: u64) -> Event {
    step(begin, end, GuardStep::Validate { outcome: Outcome::Ok(()) })
}

#[test]
fn no_guard_validates_after_a_change_was_acknowledged() {
    for change in [alter("c2"), drop_films(), revoke(), suspend("carol", true), suspend("service", true)] {
        let changed = || done(change.clone(), 10, 20, 11);
        assert!(lines([begun(5, 10), changed(), validated(19, 30)]).is_empty(), "{change:?}");
        let found = lines([begun(5, 10), changed(), validated(20, 30)]);
        assert_eq!(found.len(), 1, "{change:?}");
        assert!(found[0].contains(&2) && found[0].contains(&4), "{change:?}: {found:?}");
    }
}

#[test]
fn a_change_that_was_put_back_is_a_change() {
    let twice = || [done(alter("c2"), 10, 12, 11), done(alter("c1"), 14, 16, 12)];
    let all = |begin| [begun(5, 10)].into_iter().chain(twice()).chain([validated(begin, 30)]);
    assert_eq!(lines(all(20)), [[2, 4, 5]]);
    // After the first was acknowledged, too.
    assert_eq!(lines(all(13)), [[2, 3, 4, 5]]);
    assert!(lines(all(11)).is_empty());
}

#[test]
fn a_guard_of_the_new_version_validates() {
    assert!(lines([done(alter("c2"), 0, 1, 11), begun(11, 11), validated(20, 30)]).is_empty());
}

#[test]
fn what_is_not_known_to_be_done_stops_no_guard() {
    let failed = step(20, 30, GuardStep::Validate { outcome: rejected("GUARD_CHANGED") });
    assert!(lines([begun(5, 10), unknown(alter("c2"), 10, 12), validated(20, 30), failed]).is_empty());
    assert!(lines([begun(5, 10), refused(alter("c2"), 10, 12, "PERMISSION_DENIED"), validated(20, 30)]).is_empty());
    assert!(lines([begun(5, 10), done(suspend("alice", true), 10, 12, 11), validated(20, 30)]).is_empty());
}

#[test]
fn a_guard_that_never_began_does_not_validate() {
    assert_eq!(lines([validated(20, 30)]), [[2]]);
}
