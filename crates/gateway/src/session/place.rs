//! Where a session is: at no database, in a transaction that has not asked for anything yet, on a connection to a remote DBMS, or
//! on `system`. And where a query has to go.

use aliasd_bolt::{Failure, TransactionExtra};
use aliasd_client::Guard;
use aliasd_cypher::Span;

use super::system::SystemTransaction;
use crate::failure;
use crate::query::{Beginning, Used};
use crate::remote::Leased;
use crate::translate::Hidden;

/// The database of administration.
pub(super) const SYSTEM: &str = "system";

/// Where a session is.
#[derive(Default)]
pub(super) enum Place {
    /// In no transaction.
    #[default]
    Nowhere,
    /// BEGIN was answered, and nobody was asked for anything: its first query may lead elsewhere.
    Begun(Box<Begun>),
    /// A remote DBMS.
    Remote(Box<RemoteTransaction>),
    /// The catalog itself.
    System(Box<SystemTransaction>),
    /// The transaction was ended from here, and the client is told at its next request.
    Ended(Box<Failure>),
}

/// A transaction without queries.
pub(super) struct Begun {
    /// What BEGIN said.
    pub(super) extra: TransactionExtra,
    /// The session's database; or why there is none, which matters if a query is to go there.
    pub(super) pinned: Result<Pinned, Failure>,
}

/// A name that was resolved for a transaction.
pub(super) enum Pinned {
    /// `system`.
    System,
    /// Whatever else, as long as it stays what it is.
    Guarded(Guard),
}

/// A transaction on a remote DBMS, explicit or of one query.
pub(super) struct RemoteTransaction {
    pub(super) guard: Guard,
    pub(super) leased: Leased,
    /// The alias, as the catalog writes it.
    pub(super) alias: String,
    /// Its name as the client said it, if it did.
    pub(super) asked_for: Option<String>,
    pub(super) version: u64,
    pub(super) hidden: Hidden,
    /// Whether BEGIN began it.
    pub(super) is_explicit: bool,
    /// When it was found that the alias leads there: after so many receipts of the front.
    pub(super) validated_at: u64,
}

/// Where a query has to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// To `system`; a clause that says so is to be taken out.
    System(Option<Span>),
    /// To the session's database.
    Session,
    /// Where `USE` says, without the clause.
    Used(String, Span),
    /// To `system`, if the session's database is one of this DBMS; nowhere, if it is elsewhere.
    Administration,
}

/// Where a query has to go that is the first of its transaction, by the database that the client named and by how it begins.
pub(super) fn goal(database: Option<&str>, beginning: &Beginning) -> Result<Goal, Failure> {
    let is_administration = beginning.is_administration();
    match &beginning.used {
        Some(Used::Function) => Err(failure::dynamic_use()),
        Some(Used::Name { name, span }) if is_system(name) => Ok(Goal::System(Some(*span))),
        Some(Used::Name { name, .. }) if is_administration => Err(failure::administration(name)),
        Some(Used::Name { name, span }) => Ok(Goal::Used(name.clone(), *span)),
        None => match database {
            Some(name) if is_system(name) => Ok(Goal::System(None)),
            // A DBMS sends them there by itself.
            None if is_administration => Ok(Goal::System(None)),
            Some(_) if is_administration => Ok(Goal::Administration),
            Some(_) | None => Ok(Goal::Session),
        },
    }
}

pub(super) fn is_system(name: &str) -> bool {
    name.eq_ignore_ascii_case(SYSTEM)
}

// === impl Place ===

impl Place {
    /// What watches over the alias of the transaction.
    pub(super) fn guard(&self) -> Option<&Guard> {
        match self {
            Self::Begun(begun) => match &begun.pinned {
                Ok(Pinned::Guarded(guard)) => Some(guard),
                Ok(Pinned::System) | Err(_) => None,
            },
            Self::Remote(transaction) => Some(&transaction.guard),
            Self::Nowhere | Self::System(_) | Self::Ended(_) => None,
        }
    }

    /// Gives up whatever is under way. A connection to a remote DBMS is kept, once it has given up, too.
    pub(super) fn reset(self) {
        if let Self::Remote(transaction) = self {
            transaction.leased.reset_and_give_back();
        }
    }
}

// === impl RemoteTransaction ===

impl RemoteTransaction {
    /// Whether a name that a client says is that of the alias.
    pub(super) fn is_for(&self, name: &str) -> bool {
        let names = [Some(&self.alias), self.asked_for.as_ref()];
        names.into_iter().flatten().any(|known| known.eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::beginning;

    fn goes(database: Option<&str>, query: &str) -> Result<String, String> {
        let goal = goal(database, &beginning(query));
        let shown = |goal| match goal {
            Goal::System(_) => "system".to_owned(),
            Goal::Session => "session".to_owned(),
            Goal::Used(name, _) => name,
            Goal::Administration => "system, if films is here".to_owned(),
        };
        goal.map(shown).map_err(|failure| failure.code)
    }

    #[test]
    fn a_query_goes_where_use_says_then_where_the_session_is() {
        assert_eq!(goes(Some("films"), "RETURN 1").as_deref(), Ok("session"));
        assert_eq!(goes(None, "RETURN 1").as_deref(), Ok("session"));
        assert_eq!(goes(Some("films"), "USE books RETURN 1").as_deref(), Ok("books"));
        assert_eq!(goes(None, "USE a.b RETURN 1").as_deref(), Ok("a.b"));
        assert_eq!(goes(Some("System"), "SHOW USERS").as_deref(), Ok("system"));
        assert_eq!(goes(Some("system"), "RETURN 1").as_deref(), Ok("system"));
        assert_eq!(goes(Some("films"), "USE system SHOW USERS").as_deref(), Ok("system"));
    }

    #[test]
    fn administration_goes_to_system_unless_a_database_elsewhere_is_named() {
        assert_eq!(goes(None, "SHOW USERS").as_deref(), Ok("system"));
        assert_eq!(goes(Some("films"), "CREATE USER u SET PASSWORD 'x'").as_deref(), Ok("system, if films is here"));
        assert_eq!(goes(None, "USE films DROP USER u"), Err(failure::administration("films").code));
        assert_eq!(goes(None, "USE graph.byName('a') RETURN 1"), Err(failure::dynamic_use().code));
    }
}
