use super::*;
use crate::history::Outcome;
use crate::history::{Freshness, Login, Session, Setup};
use crate::samples::*;

fn lines(events: impl IntoIterator<Item = Event>) -> Vec<Vec<usize>> {
    let setup = Setup { audited: true, ..setup() };
    let history = History { events: std::iter::once(Event::Setup(setup)).chain(events).collect() };
    crate::check_by(Checker::Audit, &history).into_iter().map(|finding| finding.lines).collect()
}

fn line(action: &str, actor: &str, outcome: &str, revision: Option<u64>) -> AuditLine {
    let (action, actor, outcome) = (name(action), Some(name(actor)), name(outcome));
    AuditLine { member: 1, action, actor, on_behalf_of: None, what: None, outcome, revision }
}

#[test]
fn a_write_has_a_line() {
    let altered = || done(alter("c2"), 10, 20, 11);
    let trail = |actor, outcome, revision| Event::Audit(line("statement", actor, outcome, Some(revision)));
    assert!(lines([altered(), trail("alice", "OK", 11)]).is_empty());
    assert!(lines([trail("alice", "OK", 11), altered(), trail("alice", "OK", 12)]).is_empty());
    for other in [trail("carol", "OK", 11), trail("alice", "ABANDONED", 11), trail("alice", "OK", 12)] {
        assert_eq!(lines([altered(), other]), [[2]]);
    }
    // Sent twice, it has two.
    assert_eq!(lines([altered(), altered(), trail("alice", "OK", 11)]), [[3]]);
    assert!(lines([unknown(alter("c2"), 10, 20), refused(alter("c2"), 10, 20, "PERMISSION_DENIED")]).is_empty());
}

#[test]
fn a_release_has_a_line_and_a_route_has_none() {
    let released = |credential: &str| read(Freshness::Local, 10, 20, route(5, 10, credential));
    let trail = |user: &str| {
        let line = line("credential release", "service", "OK", Some(10));
        Event::Audit(AuditLine { on_behalf_of: Some(name(user)), ..line })
    };
    assert!(lines([released("c1"), trail("carol")]).is_empty());
    assert!(lines([released("")]).is_empty());
    assert_eq!(lines([released("c1")]), [[2]]);
    assert_eq!(lines([released("c1"), trail("alice")]), [[2]]);
    // From the cache, nobody was asked.
    assert!(lines([read(Freshness::Cached, 10, 20, route(5, 10, "c1"))]).is_empty());
}

#[test]
fn logins_and_logouts_have_lines() {
    let login = |outcome| {
        Event::Login(Login {
            client: 2,
            member: None,
            begin: 1,
            end: 2,
            user: name("carol"),
            password: name("p1"),
            outcome,
        })
    };
    let logged_in = || login(Outcome::Ok(Session { token: name("t1") }));
    assert!(lines([logged_in(), Event::Audit(line("login", "carol", "OK", None))]).is_empty());
    assert_eq!(lines([logged_in()]), [[2]]);
    assert!(lines([login(rejected("UNAUTHENTICATED"))]).is_empty());
    let ended = || done(Command::EndToken { token: name("t1") }, 10, 20, 11);
    assert!(lines([ended(), Event::Audit(line("logout", "alice", "OK", Some(17)))]).is_empty());
    assert_eq!(lines([ended()]), [[2]]);
}

#[test]
fn without_the_trails_nothing_is_expected() {
    assert!(found(Checker::Audit, [done(alter("c2"), 10, 20, 11)]).is_empty());
}
