//! Whether a change can concern a route. Pure; the table is that of `Change` in `router.proto`.
//!
//! Whatever this version does not understand concerns every route.

use aliasd_wire::v1::{Change, ChangeKind, ChangeSubject};

use crate::Route;

/// What a change means for one route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Relevance {
    /// The route stands.
    None,
    /// The route may lead elsewhere or nowhere now: asking again will tell.
    Possible,
    /// The alias itself was altered or dropped.
    Certain,
}

/// The users whose rights decide where a route leads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parties<'a> {
    /// The user that the route was resolved for.
    pub(crate) user: &'a str,
    /// The user that asked; its rights decide too.
    pub(crate) caller: &'a str,
}

/// What the change means for the route.
pub(crate) fn relevance_of(change: &Change, route: &Route, parties: Parties<'_>) -> Relevance {
    let possible_if =
        |is_concerned: bool| if is_concerned || change.name.is_empty() { Relevance::Possible } else { Relevance::None };
    match change.subject() {
        ChangeSubject::Alias if change.name == route.name => match change.kind() {
            ChangeKind::AccessChanged => Relevance::Possible,
            _ => Relevance::Certain,
        },
        ChangeSubject::Alias => possible_if(false),
        ChangeSubject::Database => {
            possible_if(change.name == route.name || route.local_database() == Some(change.name.as_str()))
        }
        ChangeSubject::User => possible_if(change.name == parties.user || change.name == parties.caller),
        ChangeSubject::Role | ChangeSubject::Settings | ChangeSubject::Unspecified => Relevance::Possible,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Destination;

    fn change(subject: i32, kind: ChangeKind, name: &str) -> Change {
        Change { subject, name: name.to_owned(), kind: kind.into() }
    }

    #[test]
    fn the_table_of_the_protocol_holds() {
        let destination = Destination::Local { database: "target".to_owned() };
        let route =
            Route { name: "x".to_owned(), destination, properties: Default::default(), version: 1, served_at: 1 };
        let parties = Parties { user: "carol", caller: "service" };
        let of = |subject: ChangeSubject, kind, name: &str| {
            relevance_of(&change(subject.into(), kind, name), &route, parties)
        };
        use ChangeKind::{AccessChanged, Altered, Dropped};
        use ChangeSubject::{Alias, Database, Role, Settings, User};

        assert_eq!(of(Alias, Altered, "x"), Relevance::Certain);
        assert_eq!(of(Alias, Dropped, "x"), Relevance::Certain);
        assert_eq!(of(Alias, AccessChanged, "x"), Relevance::Possible);
        assert_eq!(of(Alias, Altered, "y"), Relevance::None);
        assert_eq!(of(Alias, Altered, ""), Relevance::Possible);
        assert_eq!(of(Database, Dropped, "target"), Relevance::Possible);
        assert_eq!(of(Database, Dropped, "x"), Relevance::Possible);
        assert_eq!(of(Database, Dropped, "other"), Relevance::None);
        assert_eq!(of(User, Altered, "carol"), Relevance::Possible);
        assert_eq!(of(User, Altered, "service"), Relevance::Possible);
        assert_eq!(of(User, Altered, "bob"), Relevance::None);
        assert_eq!(of(User, Altered, ""), Relevance::Possible);
        assert_eq!(of(Role, AccessChanged, "any"), Relevance::Possible);
        assert_eq!(of(Settings, Altered, ""), Relevance::Possible);
        assert_eq!(relevance_of(&change(99, Altered, "z"), &route, parties), Relevance::Possible);
    }
}
