use super::*;
use crate::Event;
use crate::history::{Command, GrantKind, Proof, Resolve};
use crate::samples::*;

fn lines(events: impl IntoIterator<Item = Event>) -> Vec<Vec<usize>> {
    found(Checker::Freshness, events)
}

fn altered() -> Event {
    done(alter("c2"), 10, 20, 11)
}

#[test]
fn an_answer_is_of_the_revision_that_was_asked_for() {
    let at = |served_at| read(Freshness::AtLeast(12), 30, 40, route(5, served_at, ""));
    assert!(lines([at(12)]).is_empty());
    assert_eq!(lines([at(11)]), [[2]]);
}

#[test]
fn whatever_is_older_than_the_bound_shows() {
    for freshness in [Freshness::Local, Freshness::AtLeast(3), Freshness::Session] {
        let at = |begin| read(freshness, begin, begin + 5, route(5, 10, ""));
        assert!(lines([altered(), at(119)]).is_empty(), "{freshness:?}");
        assert_eq!(lines([altered(), at(120)]), [[2, 3]], "{freshness:?}");
    }
    let at = |begin| read(Freshness::Linearizable, begin, begin + 5, route(5, 10, ""));
    assert!(lines([altered(), at(19)]).is_empty());
    assert_eq!(lines([altered(), at(20)]), [[2, 3]]);
    assert!(said(Checker::Freshness, [altered(), at(20)]).contains("11 had been acknowledged"));
}

#[test]
fn a_client_never_goes_back() {
    let at = |client, begin: u64, served_at| {
        let resolve = resolve(Freshness::Session, begin, begin + 5, Outcome::Ok(route(5, served_at, "")));
        Event::Resolve(Resolve { client, ..resolve })
    };
    assert!(lines([at(2, 30, 15), at(2, 40, 15), at(3, 40, 12)]).is_empty());
    assert_eq!(lines([at(2, 30, 15), at(2, 40, 14)]), [[2, 3]]);
    // It knows its own writes as well.
    assert_eq!(lines([altered(), at(1, 30, 10)]), [[2, 3]]);
    assert!(lines([altered(), at(1, 20, 10)]).is_empty());
}

#[test]
fn an_answer_is_what_its_revision_held() {
    let at = |version, served_at, name: &str| {
        let mut answer = route(version, served_at, "");
        if let Destination::Remote { user, .. } = &mut answer.destination {
            *user = name.to_owned();
        }
        read(Freshness::Local, 15, 40, answer)
    };
    let Command::AlterAlias { name: alias, .. } = alter("") else { unreachable!() };
    let altered = || {
        let user = Some(name("eve"));
        done(Command::AlterAlias { name: alias.clone(), database: None, url: None, user, credential: None }, 10, 20, 11)
    };
    assert!(lines([altered(), at(5, 10, "bob"), at(11, 11, "eve"), at(11, 12, "eve")]).is_empty());
    assert_eq!(lines([altered(), at(11, 11, "bob")]), [[2, 3]]);
    assert_eq!(lines([altered(), at(5, 10, "eve")]), [[3]]);
    assert_eq!(lines([altered(), at(5, 12, "eve")]), [[2, 3]]);
    assert_eq!(lines([at(4, 10, "bob")]), [[2]]);
    // What may have been done may show.
    assert!(lines([unknown(alter("c2"), 10, 20), at(12, 12, "bob"), at(5, 12, "bob")]).is_empty());
    assert_eq!(lines([at(12, 12, "bob"), unknown(alter("c2"), 41, 50)]), [[2]]);
    assert_eq!(lines([done(drop_films(), 10, 20, 11), at(5, 11, "bob")]), [[2, 3]]);
}

#[test]
fn a_local_alias_and_a_database_lead_to_the_database() {
    let at = |name: &str, database: &str| {
        let destination = Destination::Local { database: database.to_owned() };
        let route = Route { destination, ..route(11, 11, "") };
        Event::Resolve(Resolve { name: name.to_owned(), ..resolve(Freshness::Local, 15, 40, Outcome::Ok(route)) })
    };
    let destination = Destination::Local { database: name("garden") };
    let created = || {
        done(
            Command::CreateAlias { name: name("g"), destination: destination.clone(), mode: Default::default() },
            10,
            20,
            11,
        )
    };
    assert!(lines([created(), at("g", "garden"), at("garden", "garden")]).is_empty());
    assert_eq!(lines([created(), at("g", "neo4j"), at("garden", "neo4j"), at("films", "garden")]).len(), 3);
}

#[test]
fn a_cached_route_holds_within_its_bound() {
    let cached = |begin, version| read(Freshness::Cached, begin, begin + 5, route(version, 10.max(version), ""));
    assert!(lines([altered(), cached(119, 5), cached(120, 11)]).is_empty());
    assert_eq!(lines([altered(), cached(120, 5)]), [[2, 3]]);
    // After its own write a client has no older route.
    let own = |begin| {
        let resolve = resolve(Freshness::Cached, begin, begin + 5, Outcome::Ok(route(5, 10, "")));
        Event::Resolve(Resolve { client: 1, ..resolve })
    };
    assert_eq!(lines([altered(), own(30)]), [[2, 3]]);
    assert!(lines([altered(), own(20)]).is_empty());
    // Nor one that it took for true when it was not any more.
    let validated = |at| read(Freshness::Cached, 30, 35, Route { validated_at: Some(at), ..route(5, 10, "") });
    assert!(lines([altered(), validated(10)]).is_empty());
    assert_eq!(lines([altered(), validated(11)]), [[2, 3]]);
}

#[test]
fn what_is_there_and_permitted_is_not_refused() {
    let local = |begin| not_found(Freshness::Local, begin, begin + 5);
    assert_eq!(lines([local(200)]), [[2]]);
    assert!(lines([done(drop_films(), 10, 20, 11), local(200)]).is_empty());
    assert!(lines([unknown(drop_films(), 10, 20), local(200)]).is_empty());
    let back = || {
        [done(drop_films(), 10, 20, 11), done(create("c2"), 30, 40, 12), done(assign(GrantKind::Granted), 50, 60, 13)]
    };
    assert!(lines(back().into_iter().chain([local(159)])).is_empty());
    assert_eq!(lines(back().into_iter().chain([local(160)])), [[3, 5]]);
    assert_eq!(lines(back().into_iter().chain([not_found(Freshness::Linearizable, 60, 65)])), [[3, 5]]);
    for taken in [revoke(), suspend("carol", true), suspend("service", true)] {
        assert!(lines([done(taken, 10, 20, 11), local(200)]).is_empty());
    }
    // Whoever has the wrong password is refused.
    let Event::Resolve(wrong) = local(200) else { unreachable!() };
    let wrong = Resolve { proof: Proof::Password(name("p2")), ..wrong };
    assert!(lines([Event::Resolve(wrong.clone())]).is_empty());
    assert_eq!(lines([Event::Resolve(Resolve { proof: Proof::Password(name("p1")), ..wrong })]), [[2]]);
}
