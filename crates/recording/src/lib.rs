//! What clients ask and are answered, between the SDK's own types, or the wire's, and those of histories.
//!
//! The simulator and the chaos runs record with it, so that a history of the one means what a history of the other does. It
//! judges nothing: that is for `aliasd-checkers`, which knows nothing of the SDK.

#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable))]

use aliasd_checkers::history::{Change, ChangeKind, Destination, Freshness, Outcome, Route, Subject};
use aliasd_client::messages as v1;
use aliasd_client::{Class, Failure, Lookup};

/// What a call came to; `ok` makes of its answer what is recorded. A call that was answered with a bug may have done
/// anything: `bug` is told, since that is a finding whatever is broken around it.
pub fn outcome<A, T>(result: Result<A, Failure>, bug: impl FnOnce(&Failure), ok: impl FnOnce(A) -> T) -> Outcome<T> {
    let failure = match result {
        Ok(answer) => return Outcome::Ok(ok(answer)),
        Err(failure) => failure,
    };
    if failure.class == Class::Bug {
        bug(&failure);
    }
    let code = failure.code;
    match failure.class {
        Class::Rejected => Outcome::Rejected { code, revision: None },
        Class::RetryHere | Class::GoToLeader => Outcome::Failed { code },
        Class::OutcomeUnknown | Class::Bug => Outcome::Unknown { code },
    }
}

/// What the SDK is asked, for a question as histories have it. A session's and a cached question leave the freshness to the SDK.
pub fn lookup(name: &str, user: Option<&str>, freshness: Freshness, with_credentials: bool) -> Lookup {
    use aliasd_client::Freshness as Sdk;

    let mut lookup = Lookup::name(name);
    if let Some(user) = user {
        lookup = lookup.on_behalf_of(user);
    }
    if with_credentials {
        lookup = lookup.with_credentials();
    }
    match freshness {
        Freshness::Local => lookup.freshness(Sdk::Local),
        Freshness::AtLeast(revision) => lookup.freshness(Sdk::AtLeast(revision)),
        Freshness::Linearizable => lookup.freshness(Sdk::Linearizable),
        Freshness::Session | Freshness::Cached => lookup,
    }
}

/// What one member is asked for. A session and a cache are the SDK's own: who asks without it gets what the member has.
pub fn freshness(freshness: Freshness) -> v1::Freshness {
    use v1::freshness::Level;

    let level = match freshness {
        Freshness::Local | Freshness::Session | Freshness::Cached => Level::Local(()),
        Freshness::AtLeast(revision) => Level::AtLeast(revision),
        Freshness::Linearizable => Level::Linearizable(()),
    };
    v1::Freshness { level: Some(level) }
}

/// A route of the SDK. `tag` gives what stands for a password in the history.
pub fn route(route: &aliasd_client::Route, tag: impl FnOnce(&str) -> String) -> Route {
    let destination = match &route.destination {
        aliasd_client::Destination::Local { database } => Destination::Local { database: database.clone() },
        aliasd_client::Destination::Remote(remote) => Destination::Remote {
            database: remote.database.clone(),
            url: remote.url.clone(),
            user: remote.user.clone(),
            credential: remote.password.as_ref().map(|password| tag(password.expose())),
        },
    };
    let (name, version, served_at) = (route.name.clone(), route.version, route.served_at);
    Route { name, destination, version, served_at, validated_at: None }
}

/// A route as a member answers it. `tag` gives what stands for a password in the history. Absent: the answer leads nowhere,
/// which none may.
pub fn route_on_the_wire(answer: &v1::ResolveResponse, tag: impl FnOnce(&str) -> String) -> Option<Route> {
    use v1::route::Destination as Wire;

    let route = answer.route.as_ref()?;
    let destination = match route.destination.as_ref()? {
        Wire::LocalDatabase(local) => Destination::Local { database: local.database.clone() },
        Wire::RemoteDatabase(remote) => Destination::Remote {
            database: remote.database.clone(),
            url: remote.url.clone(),
            user: remote.user.clone(),
            credential: remote.password.as_deref().map(tag),
        },
    };
    let (name, version, served_at) = (route.name.clone(), route.version, answer.served_at_revision);
    Some(Route { name, destination, version, served_at, validated_at: None })
}

/// A change that a watch tells.
pub fn change(change: &v1::Change) -> Change {
    let subject = match change.subject() {
        v1::ChangeSubject::Alias => Subject::Alias,
        v1::ChangeSubject::Database => Subject::Database,
        v1::ChangeSubject::User => Subject::User,
        v1::ChangeSubject::Role => Subject::Role,
        v1::ChangeSubject::Settings | v1::ChangeSubject::Unspecified => Subject::Settings,
    };
    let kind = match change.kind() {
        v1::ChangeKind::Created => ChangeKind::Created,
        v1::ChangeKind::Altered | v1::ChangeKind::Unspecified => ChangeKind::Altered,
        v1::ChangeKind::Dropped => ChangeKind::Dropped,
        v1::ChangeKind::AccessChanged => ChangeKind::AccessChanged,
    };
    Change { subject, name: change.name.clone(), kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(class: Class) -> Failure {
        Failure { class, ..Failure::outcome_unknown("CODE", "words") }
    }

    #[test]
    fn only_a_bug_is_told_and_what_may_have_happened_stays_open() {
        let code = || "CODE".to_owned();
        for (class, expected, is_bug) in [
            (Class::Rejected, Outcome::Rejected { code: code(), revision: None }, false),
            (Class::RetryHere, Outcome::Failed { code: code() }, false),
            (Class::GoToLeader, Outcome::Failed { code: code() }, false),
            (Class::OutcomeUnknown, Outcome::Unknown { code: code() }, false),
            (Class::Bug, Outcome::Unknown { code: code() }, true),
        ] {
            let mut told = false;
            let recorded = outcome(Err::<(), _>(failure(class)), |_| told = true, |()| 1);
            assert_eq!((recorded, told), (expected, is_bug), "{class:?}");
        }
        assert_eq!(outcome(Ok(2), |_| panic!("no bug"), |answer| answer + 1), Outcome::Ok(3));
    }

    #[test]
    fn a_password_is_recorded_as_what_stands_for_it_and_an_answer_without_a_place_is_none() {
        let mut remote = v1::RemoteDatabase::default();
        remote.password = Some("secret".to_owned());
        let route = v1::Route {
            name: "alias".to_owned(),
            version: 5,
            destination: Some(v1::route::Destination::RemoteDatabase(remote)),
            ..v1::Route::default()
        };
        let answer =
            v1::ResolveResponse { route: Some(route), served_at_revision: 7, ..v1::ResolveResponse::default() };
        let recorded = route_on_the_wire(&answer, |password| format!("{} letters", password.len()));
        let Some(Route { destination: Destination::Remote { credential, .. }, version: 5, served_at: 7, .. }) =
            recorded
        else {
            panic!("{recorded:?}");
        };
        assert_eq!(credential.as_deref(), Some("6 letters"));
        assert_eq!(route_on_the_wire(&v1::ResolveResponse::default(), str::to_owned), None);
    }
}
