//! Small made-up histories for the tests of the checkers: what they have in common.
//!
//! Before the first event, at revision 10, there is the alias `films` of version 5 with credential `c1`, which `analyst`s may
//! use; carol is one, with the password `p1`. The user `service` asks for others and is given credentials; alice administers.
//! Answers may be 100 old.

use crate::history::{
    AliasBefore, Bounds, Command, CreateMode, Destination, Freshness, GrantBefore, GrantKind, Outcome, Privilege,
    Proof, Resolve, Route, Setup, UserBefore, Write, Written,
};
use crate::{Checker, Event, History, check_by};

pub(crate) fn name(name: &str) -> String {
    name.to_owned()
}

pub(crate) fn setup() -> Setup {
    let user = |user: &str, role: &str| UserBefore {
        name: name(user),
        password: Some(name("p1")),
        suspended: false,
        roles: vec![name(role)],
    };
    let grant =
        |role: &str, privilege: Privilege| GrantBefore { role: name(role), privilege, kind: GrantKind::Granted };
    let all = || name("*");
    Setup {
        bounds: Bounds { max_staleness: 100, release_staleness: None, silence_max: 100 },
        revision: 10,
        databases: vec![name("neo4j"), name("garden")],
        default_database: Some(name("neo4j")),
        aliases: vec![AliasBefore { name: name("films"), destination: remote("c1"), version: 5 }],
        users: vec![user("alice", "admin"), user("carol", "analyst"), user("service", "server")],
        grants: vec![
            grant("admin", Privilege::Access { on: all() }),
            grant("admin", Privilege::ResolveAlias { alias: all() }),
            grant("admin", Privilege::Impersonate { user: all() }),
            grant("admin", Privilege::AliasManagement),
            grant("analyst", Privilege::Access { on: name("films") }),
            grant("server", Privilege::ResolveAlias { alias: all() }),
            grant("server", Privilege::Impersonate { user: all() }),
        ],
        audited: false,
    }
}

/// A history of these events; they are lines 2 and later.
pub(crate) fn history(events: impl IntoIterator<Item = Event>) -> History {
    History { events: std::iter::once(Event::Setup(setup())).chain(events).collect() }
}

/// The lines of what a checker finds.
pub(crate) fn found(checker: Checker, events: impl IntoIterator<Item = Event>) -> Vec<Vec<usize>> {
    check_by(checker, &history(events)).into_iter().map(|finding| finding.lines).collect()
}

/// What a checker finds, in words.
pub(crate) fn said(checker: Checker, events: impl IntoIterator<Item = Event>) -> String {
    let findings = check_by(checker, &history(events));
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The remote database of `films`.
pub(crate) fn remote(credential: &str) -> Destination {
    Destination::Remote {
        database: name("movies"),
        url: name("neo4j+s://b:7687"),
        user: name("bob"),
        credential: Some(name(credential)).filter(|tag| !tag.is_empty()),
    }
}

// === Commands ===

pub(crate) fn create(credential: &str) -> Command {
    Command::CreateAlias { name: name("films"), destination: remote(credential), mode: CreateMode::Fail }
}

pub(crate) fn alter(credential: &str) -> Command {
    let credential = Some(name(credential));
    Command::AlterAlias { name: name("films"), database: None, url: None, user: None, credential }
}

pub(crate) fn drop_films() -> Command {
    Command::DropAlias { name: name("films") }
}

pub(crate) fn revoke() -> Command {
    let kind = Some(GrantKind::Granted);
    Command::Revoke { kind, privilege: Privilege::Access { on: name("films") }, role: name("analyst") }
}

pub(crate) fn assign(kind: GrantKind) -> Command {
    Command::Assign { kind, privilege: Privilege::Access { on: name("films") }, role: name("analyst") }
}

pub(crate) fn suspend(user: &str, suspended: bool) -> Command {
    Command::AlterUser { name: name(user), suspended: Some(suspended), password: None }
}

pub(crate) fn change_password(user: &str, password: &str) -> Command {
    Command::AlterUser { name: name(user), suspended: None, password: Some(name(password)) }
}

// === Events ===

/// A write of alice's.
pub(crate) fn write(command: Command, begin: u64, end: u64, outcome: Outcome<Written>) -> Write {
    Write { client: 1, member: None, begin, end, actor: name("alice"), request: None, command, outcome }
}

pub(crate) fn ok(revision: u64) -> Outcome<Written> {
    Outcome::Ok(Written { revision: Some(revision), updates: 1 })
}

pub(crate) fn rejected<T>(code: &str) -> Outcome<T> {
    Outcome::Rejected { code: name(code), revision: None }
}

pub(crate) fn done(command: Command, begin: u64, end: u64, revision: u64) -> Event {
    Event::Write(write(command, begin, end, ok(revision)))
}

pub(crate) fn unknown(command: Command, begin: u64, end: u64) -> Event {
    Event::Write(write(command, begin, end, Outcome::Unknown { code: name("OUTCOME_UNKNOWN") }))
}

pub(crate) fn refused(command: Command, begin: u64, end: u64, code: &str) -> Event {
    Event::Write(write(command, begin, end, rejected(code)))
}

/// The service asks for carol where `films` leads.
pub(crate) fn resolve(freshness: Freshness, begin: u64, end: u64, outcome: Outcome<Route>) -> Resolve {
    let released =
        outcome.ok().is_some_and(|route| matches!(&route.destination, Destination::Remote { credential: Some(_), .. }));
    Resolve {
        client: 2,
        member: None,
        begin,
        end,
        caller: name("service"),
        proof: Proof::Certificate,
        user: Some(name("carol")),
        name: name("films"),
        freshness,
        with_credentials: released,
        unrestricted: false,
        outcome,
    }
}

/// A route of `films`; without a credential where that is empty.
pub(crate) fn route(version: u64, served_at: u64, credential: &str) -> Route {
    Route { name: name("films"), destination: remote(credential), version, served_at, validated_at: None }
}

/// The service was told that.
pub(crate) fn read(freshness: Freshness, begin: u64, end: u64, route: Route) -> Event {
    Event::Resolve(resolve(freshness, begin, end, Outcome::Ok(route)))
}

/// The service was told that there is no such name.
pub(crate) fn not_found(freshness: Freshness, begin: u64, end: u64) -> Event {
    Event::Resolve(resolve(freshness, begin, end, rejected("DATABASE_NOT_FOUND")))
}
