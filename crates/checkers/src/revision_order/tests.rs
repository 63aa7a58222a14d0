use super::*;
use crate::history::{Digest, Resolve, Watch};
use crate::samples::*;

const LINEARIZABLE: Freshness = Freshness::Linearizable;

fn lines(events: impl IntoIterator<Item = Event>) -> Vec<Vec<usize>> {
    found(Checker::RevisionOrder, events)
}

fn progress(member: Option<u64>, at: u64, revision: u64) -> Event {
    Event::Watch(Watch { client: 9, stream: 1, member, at, step: WatchStep::Progress { revision } })
}

fn at_member(member: u64, begin: u64, end: u64, served_at: u64) -> Event {
    let resolve = resolve(Freshness::Local, begin, end, crate::history::Outcome::Ok(route(5, served_at, "")));
    Event::Resolve(Resolve { member: Some(member), ..resolve })
}

#[test]
fn a_later_write_has_a_higher_revision() {
    assert!(lines([done(alter("c2"), 10, 20, 11), done(alter("c3"), 30, 40, 12)]).is_empty());
    assert_eq!(lines([done(alter("c2"), 10, 20, 12), done(alter("c3"), 30, 40, 11)]), [[2, 3]]);
    assert!(lines([done(alter("c2"), 10, 35, 12), done(alter("c3"), 30, 40, 11)]).is_empty());
    // Not that of what there was before, either.
    assert_eq!(lines([done(alter("c2"), 10, 20, 10)]), [[2]]);
}

#[test]
fn whatever_was_shown_counts() {
    let write = |revision| done(alter("c2"), 30, 40, revision);
    assert!(lines([read(Freshness::Local, 10, 20, route(5, 14, "")), write(15)]).is_empty());
    assert_eq!(lines([read(Freshness::Local, 10, 20, route(5, 15, "")), write(15)]), [[2, 3]]);
    assert_eq!(lines([progress(None, 20, 15), write(15)]), [[2, 3]]);
    assert!(lines([progress(None, 30, 15), write(15)]).is_empty());
    let digest = Digest { member: 1, at: 20, revision: 15, digest: name("ab"), last: false };
    assert_eq!(lines([Event::Digest(digest), write(15)]), [[2, 3]]);
}

#[test]
fn a_revision_has_one_writer() {
    let both = [done(alter("c2"), 10, 20, 11), done(suspend("carol", true), 10, 20, 11)];
    assert_eq!(lines(both), [[2, 3]]);
    let again = |begin, end| {
        let request = Some(name("0a"));
        Event::Write(crate::history::Write { request, ..write(alter("c2"), begin, end, ok(11)) })
    };
    assert!(lines([again(10, 20), again(30, 40)]).is_empty());
}

#[test]
fn a_linearizable_answer_is_of_what_was_shown_or_later() {
    let write = || done(alter("c2"), 10, 20, 11);
    assert!(lines([write(), read(LINEARIZABLE, 30, 40, route(5, 11, ""))]).is_empty());
    assert_eq!(lines([write(), read(LINEARIZABLE, 30, 40, route(5, 10, ""))]), [[2, 3]]);
    assert!(lines([write(), read(LINEARIZABLE, 20, 40, route(5, 10, ""))]).is_empty());
    assert!(lines([write(), read(Freshness::Local, 30, 40, route(5, 10, ""))]).is_empty());
    let reads = [read(Freshness::Local, 10, 20, route(5, 13, "")), read(LINEARIZABLE, 30, 40, route(5, 12, ""))];
    assert_eq!(lines(reads), [[2, 3]]);
}

#[test]
fn a_member_never_goes_back() {
    assert!(lines([at_member(1, 10, 20, 15), at_member(1, 30, 40, 15), at_member(2, 30, 40, 12)]).is_empty());
    assert_eq!(lines([at_member(1, 10, 20, 15), at_member(1, 30, 40, 14)]), [[2, 3]]);
    assert!(lines([at_member(1, 10, 35, 15), at_member(1, 30, 40, 14)]).is_empty());
    assert_eq!(lines([progress(Some(1), 20, 15), at_member(1, 30, 40, 14)]), [[2, 3]]);
}

#[test]
fn a_version_is_no_later_than_the_state() {
    assert!(lines([read(LINEARIZABLE, 10, 20, route(11, 11, ""))]).is_empty());
    assert_eq!(lines([read(LINEARIZABLE, 10, 20, route(12, 11, ""))]), [[2]]);
}
