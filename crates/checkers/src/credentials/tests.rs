use super::*;
use crate::Event;
use crate::history::Command;
use crate::samples::*;

fn lines(events: impl IntoIterator<Item = Event>) -> Vec<Vec<usize>> {
    found(Checker::Credentials, events)
}

fn released(credential: &str, served_at: u64) -> Event {
    read(Freshness::Local, 15, 40, route(5, served_at, credential))
}

#[test]
fn the_credential_is_that_of_the_revision() {
    let altered = || done(alter("c2"), 10, 20, 11);
    assert!(lines([altered(), released("c1", 10), released("c2", 11), released("c2", 99)]).is_empty());
    assert_eq!(lines([altered(), released("c1", 11)]), [[2, 3]]);
    assert_eq!(lines([altered(), released("c2", 10)]), [[3]]);
    assert_eq!(lines([released("nobody's", 10)]), [[2]]);
    assert!(lines([altered(), released("", 11)]).is_empty());
}

#[test]
fn an_alteration_of_something_else_keeps_it_and_a_new_alias_has_its_own() {
    let moved = |revision| {
        let (url, database) = (Some(name("neo4j+s://c:7687")), Some(name("movies")));
        let command = Command::AlterAlias { name: name("films"), database, url, user: None, credential: None };
        done(command, 10, 20, revision)
    };
    assert!(lines([moved(11), released("c1", 11)]).is_empty());
    assert_eq!(lines([moved(11), released("c2", 11)]), [[3]]);
    let replaced = || [done(drop_films(), 10, 20, 11), done(create("c3"), 21, 30, 12)];
    assert!(lines(replaced().into_iter().chain([released("c3", 12)])).is_empty());
    assert_eq!(lines(replaced().into_iter().chain([released("c1", 12)])), [[3, 4]]);
}

#[test]
fn what_may_have_been_set_may_be_released() {
    let lost = || unknown(alter("c2"), 10, 20);
    assert!(lines([lost(), released("c1", 11), released("c2", 11)]).is_empty());
    assert_eq!(lines([unknown(alter("c2"), 41, 50), released("c2", 11)]), [[3]]);
    // It cannot have come before what was asked for after it had been seen to have come last.
    assert!(lines([lost(), done(alter("c3"), 30, 35, 12), released("c2", 12)]).is_empty());
}

#[test]
fn a_cached_credential_is_within_the_bound() {
    let cached = |begin| read(Freshness::Cached, begin, begin + 5, route(5, 10, "c1"));
    let altered = || done(alter("c2"), 10, 20, 11);
    assert!(lines([altered(), cached(119)]).is_empty());
    assert_eq!(lines([altered(), cached(120)]), [[2, 3]]);
}
