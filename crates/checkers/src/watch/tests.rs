use super::*;
use crate::history::{ChangeKind, Event, GrantKind, Privilege};
use crate::samples::*;

fn lines(events: impl IntoIterator<Item = Event>) -> Vec<Vec<usize>> {
    found(Checker::Watch, events)
}

fn step(at: u64, step: WatchStep) -> Event {
    Event::Watch(Watch { client: 9, stream: 1, member: None, at, step })
}

/// Opened by alice, who may know of everything.
fn open(after: Option<u64>) -> Event {
    step(1, WatchStep::Open { after, user: name("alice"), names: None, unrestricted: true })
}

fn open_as(user: &str, names: Option<&[&str]>) -> Event {
    let names = names.map(|names| names.iter().map(|one| name(one)).collect());
    step(1, WatchStep::Open { after: Some(10), user: name(user), names, unrestricted: false })
}

fn change(subject: Subject, called: &str) -> Change {
    Change { subject, name: name(called), kind: ChangeKind::Altered }
}

fn films(revision: u64) -> Event {
    batch(revision, &[(Subject::Alias, "films")], false)
}

fn batch(revision: u64, changes: &[(Subject, &str)], continued: bool) -> Event {
    let changes = changes.iter().map(|(subject, called)| change(*subject, called)).collect();
    step(50, WatchStep::Batch { revision, changes, continued })
}

fn progress(revision: u64) -> Event {
    step(60, WatchStep::Progress { revision })
}

/// Films is altered at revisions 11 and 13.
fn twice() -> Vec<Event> {
    vec![done(alter("c2"), 10, 20, 11), done(alter("c3"), 30, 40, 13)]
}

fn after_twice(events: impl IntoIterator<Item = Event>) -> Vec<Vec<usize>> {
    lines(twice().into_iter().chain(events))
}

#[test]
fn everything_is_told_once_and_in_order() {
    assert!(after_twice([open(Some(10)), films(11), films(13), progress(13), progress(15)]).is_empty());
    assert_eq!(after_twice([open(Some(10)), films(11), progress(13)]), [[3, 6]]);
    assert_eq!(after_twice([open(Some(10)), films(13)]), [[2, 5]]);
    assert_eq!(after_twice([open(Some(10)), films(11), films(11), films(13)]), [[6]]);
    assert_eq!(after_twice([open(Some(10)), films(11), films(13), films(11)]), [[7]]);
    assert!(after_twice([open(Some(11)), films(13)]).is_empty());
    assert!(after_twice([open(Some(11)), progress(12)]).is_empty());
}

#[test]
fn a_stream_that_begins_now_begins_with_its_first_message() {
    assert!(after_twice([open(None), progress(11), films(13)]).is_empty());
    assert_eq!(after_twice([open(None), progress(11), progress(14)]), [[3, 6]]);
}

#[test]
fn what_nobody_knows_of_may_be_told_or_not() {
    let lost = || unknown(alter("c2"), 10, 20);
    assert!(lines([lost(), open(Some(10)), progress(20)]).is_empty());
    assert!(lines([lost(), open(Some(10)), films(14), progress(20)]).is_empty());
}

#[test]
fn a_mark_never_goes_back_and_passes_nothing() {
    assert_eq!(lines([open(Some(10)), progress(15), progress(14)]), [[4]]);
    assert!(lines([open(Some(10)), progress(15), progress(15)]).is_empty());
    // A member that has fallen behind says so at first.
    assert!(lines([open(Some(10)), progress(8), progress(10)]).is_empty());
    assert_eq!(lines([open(Some(10)), progress(10), progress(8)]), [[4]]);
    assert_eq!(lines([open(Some(10)), progress(15), films(15)]), [[4]]);
}

#[test]
fn it_goes_on_where_it_was_and_loses_nothing() {
    let resumed = |after| {
        after_twice([
            open(Some(10)),
            films(11),
            step(55, WatchStep::Closed { code: None }),
            open(Some(after)),
            films(13),
        ])
    };
    assert!(resumed(11).is_empty());
    assert!(resumed(12).is_empty());
    assert_eq!(after_twice([open(Some(10)), films(11), open(Some(11)), films(11)]), [[7]]);
    assert_eq!(after_twice([open(Some(10)), films(11), open(Some(11)), progress(14)]), [[3, 7]]);
    let resynchronised =
        |revision| after_twice([open(Some(10)), step(55, WatchStep::Resync { revision }), progress(14)]);
    assert!(resynchronised(13).is_empty());
    assert_eq!(resynchronised(12), [[3, 6]]);
}

#[test]
fn a_revision_is_told_as_a_whole() {
    let part = |continued| batch(11, &[(Subject::Alias, "films")], continued);
    let other = |continued| batch(11, &[(Subject::Role, "analyst")], continued);
    assert!(lines([twice().remove(0), open(Some(10)), part(true), other(false), progress(12)]).is_empty());
    assert_eq!(lines([open(Some(10)), part(true), progress(12)]), [[4]]);
    assert_eq!(lines([open(Some(10)), part(true), films(12)]), [[4]]);
    assert_eq!(lines([open(Some(10)), part(false), other(false)]), [[4]]);
    assert_eq!(lines([open(Some(10)), part(true), part(false)]), [[4]]);
    // A stream that ends before the last part is resumed before the revision.
    let again = [open(Some(10)), part(true), step(55, WatchStep::Closed { code: None }), open(Some(10)), part(false)];
    assert!(lines(again).is_empty());
    // What a revision changed has to be in it.
    assert_eq!(lines([twice().remove(0), open(Some(10)), other(false)]), [[2, 4]]);
}

#[test]
fn nobody_is_told_of_what_it_may_not_know() {
    assert!(lines([open_as("carol", None), films(11), batch(12, &[(Subject::User, "carol")], false)]).is_empty());
    assert!(
        lines([open_as("carol", None), batch(12, &[(Subject::Role, "analyst"), (Subject::Settings, "")], false)])
            .is_empty()
    );
    for (subject, called) in
        [(Subject::Alias, "secret"), (Subject::Database, "garden"), (Subject::User, "alice"), (Subject::Role, "admin")]
    {
        assert_eq!(lines([open_as("carol", None), batch(12, &[(subject, called)], false)]), [[3]], "{called}");
        assert!(lines([open_as("carol", None), batch(12, &[(subject, "")], false)]).is_empty(), "{called}");
        // The service may ask for everybody, and so finds out.
        assert!(lines([open_as("service", None), batch(12, &[(subject, called)], false)]).is_empty(), "{called}");
    }
}

#[test]
fn what_is_taken_away_is_told_once_more() {
    let taken = || done(revoke(), 10, 20, 11);
    let role = || batch(11, &[(Subject::Role, "analyst")], false);
    let altered = || done(alter("c2"), 30, 40, 12);
    assert!(lines([taken(), altered(), open_as("carol", None), role(), progress(12)]).is_empty());
    assert_eq!(lines([taken(), altered(), open_as("carol", None), role(), films(12)]), [[6]]);
    assert_eq!(lines([taken(), altered(), open_as("carol", None), progress(12)]), [[2, 5]]);
    let dropped = done(drop_films(), 10, 20, 11);
    assert_eq!(lines([dropped, open_as("carol", None), progress(12)]), [[2, 4]]);
}

#[test]
fn what_is_given_is_told_from_then_on() {
    let created = |called: &str| {
        let destination = remote("c1");
        done(Command::CreateAlias { name: name(called), destination, mode: Default::default() }, 10, 20, 11)
    };
    let given = Command::Assign {
        kind: GrantKind::Granted,
        privilege: Privilege::Access { on: name("plays") },
        role: name("analyst"),
    };
    assert!(lines([created("plays"), open_as("carol", None), progress(12)]).is_empty());
    let altered = Command::AlterAlias {
        name: name("plays"),
        database: None,
        url: None,
        user: None,
        credential: Some(name("c2")),
    };
    let all = |last| {
        [
            created("plays"),
            done(given.clone(), 21, 25, 12),
            done(altered.clone(), 30, 35, 13),
            open_as("carol", None),
            batch(12, &[(Subject::Role, "analyst")], false),
            last,
        ]
    };
    assert!(lines(all(batch(13, &[(Subject::Alias, "plays")], false))).is_empty());
    assert_eq!(lines(all(progress(13))), [[4, 7]]);
}

#[test]
fn only_what_was_asked_for_is_told() {
    let named = |names: &[&str]| open_as("service", Some(names));
    assert!(after_twice([named(&["films"]), films(11), films(13)]).is_empty());
    assert!(after_twice([named(&["plays"]), progress(13)]).is_empty());
    assert_eq!(after_twice([named(&["plays"]), films(11)]), [[5]]);
    assert!(lines([named(&["plays"]), batch(11, &[(Subject::Role, "analyst")], false)]).is_empty());
}
