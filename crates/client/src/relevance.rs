//! Whether a change can concern a route. Pure; the table is that of `Change` in `router.proto`.
//!
//! Whatever this version does not understand concerns every route.

use aliasd_wire::v1::{Change, ChangeKind, ChangeSubject};

use crate::Route;

/// What a change means for one route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Concern {
    /// Nothing.
    None,
    /// Perhaps something: asking again will tell.
    Perhaps,
    /// The alias itself was altered or dropped.
    Surely,
}

/// Whose route it is, and who asked for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whose<'a> {
    /// The user that the route was resolved for.
    pub(crate) user: &'a str,
    /// The user that asked; its rights decide too.
    pub(crate) caller: &'a str,
}

/// What the change means for the route.
pub(crate) fn concern(change: &Change, route: &Route, whose: Whose<'_>) -> Concern {
    let concerns =
        |is_concerned: bool| if is_concerned || change.name.is_empty() { Concern::Perhaps } else { Concern::None };
    match change.subject() {
        ChangeSubject::Alias if change.name == route.name => match change.kind() {
            ChangeKind::AccessChanged => Concern::Perhaps,
            _ => Concern::Surely,
        },
        ChangeSubject::Alias => concerns(false),
        ChangeSubject::Database => {
            concerns(change.name == route.name || route.local_database() == Some(change.name.as_str()))
        }
        ChangeSubject::User => concerns(change.name == whose.user || change.name == whose.caller),
        ChangeSubject::Role | ChangeSubject::Settings | ChangeSubject::Unspecified => Concern::Perhaps,
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
        let whose = Whose { user: "carol", caller: "service" };
        let of = |subject: ChangeSubject, kind, name: &str| concern(&change(subject.into(), kind, name), &route, whose);
        use ChangeKind::{AccessChanged, Altered, Dropped};
        use ChangeSubject::{Alias, Database, Role, Settings, User};

        assert_eq!(of(Alias, Altered, "x"), Concern::Surely);
        assert_eq!(of(Alias, Dropped, "x"), Concern::Surely);
        assert_eq!(of(Alias, AccessChanged, "x"), Concern::Perhaps);
        assert_eq!(of(Alias, Altered, "y"), Concern::None);
        assert_eq!(of(Alias, Altered, ""), Concern::Perhaps);
        assert_eq!(of(Database, Dropped, "target"), Concern::Perhaps);
        assert_eq!(of(Database, Dropped, "x"), Concern::Perhaps);
        assert_eq!(of(Database, Dropped, "other"), Concern::None);
        assert_eq!(of(User, Altered, "carol"), Concern::Perhaps);
        assert_eq!(of(User, Altered, "service"), Concern::Perhaps);
        assert_eq!(of(User, Altered, "bob"), Concern::None);
        assert_eq!(of(User, Altered, ""), Concern::Perhaps);
        assert_eq!(of(Role, AccessChanged, "any"), Concern::Perhaps);
        assert_eq!(of(Settings, Altered, ""), Concern::Perhaps);
        assert_eq!(concern(&change(99, Altered, "z"), &route, whose), Concern::Perhaps);
    }
}
