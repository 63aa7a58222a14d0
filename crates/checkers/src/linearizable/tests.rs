use super::*;
use crate::history::{Freshness, Guard, Lookup, Proof};
use crate::samples::*;

const HOW: Freshness = Freshness::Linearizable;

fn lines(events: impl IntoIterator<Item = Event>) -> Vec<Vec<usize>> {
    found(Checker::Linearizable, events)
}

/// An answer that shows this credential, whatever its revisions.
fn shows(credential: &str, begin: u64, end: u64) -> Event {
    read(HOW, begin, end, route(1, 1, credential))
}

/// One that there is no alias, of a caller to whom it would be shown.
fn absent(begin: u64, end: u64) -> Event {
    let Event::Resolve(resolve) = not_found(HOW, begin, end) else { unreachable!() };
    Event::Resolve(crate::history::Resolve { unrestricted: true, ..resolve })
}

#[test]
fn an_answer_shows_what_was_acknowledged_before() {
    assert!(lines([done(alter("c2"), 10, 20, 11), shows("c2", 30, 40)]).is_empty());
    assert_eq!(lines([done(alter("c2"), 10, 20, 11), shows("c1", 30, 40)]), [[3]]);
    assert_eq!(lines([shows("c2", 30, 40)]), [[2]]);
}

#[test]
fn what_overlaps_may_be_in_either_order() {
    assert!(lines([done(alter("c2"), 10, 50, 11), shows("c1", 30, 40), shows("c2", 30, 40)]).is_empty());
    // Ending as the other begins is overlapping.
    assert!(lines([done(alter("c2"), 10, 30, 11), shows("c1", 30, 40)]).is_empty());
    // Not back again, though.
    assert_eq!(lines([done(alter("c2"), 10, 90, 11), shows("c2", 30, 40), shows("c1", 50, 60)]), [[4]]);
    assert!(lines([done(alter("c2"), 10, 90, 11), shows("c2", 30, 55), shows("c1", 50, 60)]).is_empty());
}

#[test]
fn what_nobody_knows_of_may_come_at_any_time_and_once() {
    let unknown = || unknown(alter("c2"), 10, 20);
    assert!(lines([unknown(), shows("c1", 30, 40)]).is_empty());
    assert!(lines([unknown(), shows("c1", 30, 40), shows("c2", 500, 510), shows("c2", 600, 610)]).is_empty());
    assert_eq!(lines([unknown(), shows("c2", 500, 510), shows("c1", 600, 610)]), [[4]]);
    let altered_since = || done(alter("c3"), 520, 530, 12);
    assert_eq!(lines([unknown(), shows("c2", 500, 510), altered_since(), shows("c2", 600, 610)]), [[5]]);
    assert!(lines([unknown(), shows("c1", 500, 510), altered_since(), shows("c2", 600, 610)]).is_empty());
    // Never before it was asked for.
    assert_eq!(lines([shows("c2", 1, 9), unknown()]), [[2]]);
}

#[test]
fn what_failed_or_was_refused_never_comes() {
    let failed = write(alter("c2"), 10, 20, Outcome::Failed { code: name("UNREACHABLE") });
    assert_eq!(lines([Event::Write(failed), shows("c2", 30, 40)]), [[3]]);
    assert_eq!(lines([refused(alter("c2"), 10, 20, "PERMISSION_DENIED"), shows("c2", 30, 40)]), [[3]]);
}

#[test]
fn names_come_and_go() {
    let dropped = || done(drop_films(), 10, 20, 11);
    assert!(lines([dropped(), absent(30, 40), done(create("c2"), 50, 60, 12), shows("c2", 70, 80)]).is_empty());
    assert_eq!(lines([dropped(), shows("c1", 30, 40)]), [[3]]);
    assert_eq!(lines([absent(30, 40)]), [[2]]);
    // Of a caller to whom it may be hidden, a refusal tells nothing.
    assert!(lines([not_found(HOW, 30, 40)]).is_empty());
    assert_eq!(lines([done(create("c2"), 10, 20, 11)]), [[2]]);
    assert_eq!(lines([dropped(), done(alter("c2"), 30, 40, 12)]), [[3]]);
    assert_eq!(lines([dropped(), refused(create("c2"), 30, 40, "ALIAS_EXISTS")]), [[3]]);
    assert!(lines([refused(create("c2"), 30, 40, "ALIAS_EXISTS")]).is_empty());
    assert_eq!(lines([refused(drop_films(), 30, 40, "ALIAS_NOT_FOUND")]), [[2]]);
}

#[test]
fn a_request_that_is_sent_again_counts_once() {
    let attempt = |begin: u64, end: u64, outcome| {
        let request = Some(name("0a"));
        Event::Write(crate::history::Write { request, ..write(alter("c2"), begin, end, outcome) })
    };
    let lost = || attempt(10, 20, Outcome::Unknown { code: name("OUTCOME_UNKNOWN") });
    let altered = || done(alter("c3"), 30, 40, 12);
    // It had taken effect at once.
    assert!(lines([lost(), altered(), attempt(50, 60, ok(11)), shows("c3", 70, 80)]).is_empty());
    // Or when it was sent again, not both.
    assert!(lines([lost(), altered(), attempt(50, 60, ok(13)), shows("c2", 70, 80)]).is_empty());
    let both = [lost(), shows("c2", 22, 25), altered(), attempt(50, 60, ok(13)), shows("c2", 70, 80)];
    assert_eq!(lines(both), [[6]]);
}

#[test]
fn updates_tell_what_there_was() {
    let create = |mode, updates| {
        let command = Command::CreateAlias { name: name("films"), destination: remote("c2"), mode };
        let outcome = Outcome::Ok(crate::history::Written { revision: Some(11), updates });
        Event::Write(write(command, 10, 20, outcome))
    };
    use crate::history::{Command, CreateMode::*};
    assert!(lines([create(OrReplace, 2), shows("c2", 30, 40)]).is_empty());
    assert!(lines([create(IfNotExists, 0), shows("c1", 30, 40)]).is_empty());
    assert_eq!(lines([create(OrReplace, 1)]), [[2]]);
    assert_eq!(lines([create(IfNotExists, 1)]), [[2]]);
    assert_eq!(lines([create(IfNotExists, 0), shows("c2", 30, 40)]), [[3]]);
}

#[test]
fn guards_ask_too() {
    let lookup = || Lookup { caller: name("service"), proof: Proof::Certificate, user: None, name: name("films") };
    let step = |begin, end, step| Event::Guard(Guard { client: 2, guard: 1, begin, end, step });
    let begun = || step(1, 5, GuardStep::Begin { lookup: lookup(), outcome: Outcome::Ok(route(5, 10, "")) });
    let validated = |begin, end| step(begin, end, GuardStep::Validate { outcome: Outcome::Ok(()) });
    let dropped = || done(drop_films(), 10, 20, 11);
    assert!(lines([begun(), dropped(), validated(15, 30)]).is_empty());
    assert_eq!(lines([begun(), dropped(), validated(25, 30)]), [[4]]);
}

#[test]
fn many_open_outcomes_are_searched() {
    // Fifteen alterations that may come at any time, and readers who see three of them in some order.
    let mut events: Vec<Event> = (0..15).map(|at| unknown(alter(&format!("u{at}")), at, 50)).collect();
    for round in 0..30_u64 {
        let begin = 100 + round * 10;
        events.push(done(alter(&format!("k{round}")), begin, begin + 5, 11 + round));
        events.push(shows(&format!("k{round}"), begin + 6, begin + 9));
    }
    for (at, seen) in [3_u64, 1, 7].into_iter().enumerate() {
        let begin = 1000 + at as u64 * 10;
        events.push(shows(&format!("u{seen}"), begin, begin + 5));
    }
    assert!(lines(events.clone()).is_empty());
    events.push(shows("u3", 2000, 2001));
    assert_eq!(lines(events).len(), 1);
}

#[test]
fn too_many_are_said_to_be_undecided() {
    let operation = |line: usize, end, step| Operation { line, begin: 1, end, step };
    let create = |at: usize| model::Step::Alter { parts: [None, None, None, Some(format!("u{at}"))], done: false };
    let mut operations: Vec<Operation> = (0..20).map(|at| operation(at, None, create(at))).collect();
    operations.push(operation(20, Some(9), Step::Is(model::Shape::Nothing)));
    let initial = State::Alias(remote("c1"));
    assert_eq!(search::search("films", &initial, &operations, 30), Verdict::Undecided { failed: 20 });
}
