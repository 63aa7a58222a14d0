//! What a principal wants to do, as a value: what is asked of `authorise`, and what a rejection names.

use std::fmt;

use crate::{CatalogName, DatabaseAction, DbmsAction, UserName};

/// What a principal wants to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Something on the DBMS.
    Dbms(DbmsAction),
    /// Ask on behalf of this user.
    Impersonate(UserName),
    /// Receive the stored credentials of the alias of this name.
    ResolveAlias(CatalogName),
    /// Use the database or alias of this name.
    Access(CatalogName),
    /// Something on the database of this name.
    Database(DatabaseAction, CatalogName),
}

/// The privilege that allows it, as a GRANT spells it.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dbms(action) => write!(f, "{} ON DBMS", action.keywords()),
            Self::Impersonate(user) => write!(f, "IMPERSONATE ({user}) ON DBMS"),
            Self::ResolveAlias(alias) => write!(f, "RESOLVE ALIAS ({alias}) ON DBMS"),
            Self::Access(name) => write!(f, "ACCESS ON DATABASE {name}"),
            // Both versions of the language know it on the DBMS.
            Self::Database(action, _) if action.on_dbms().is_some() => write!(f, "{} ON DBMS", action.keywords()),
            Self::Database(action, name) => write!(f, "{} ON DATABASE {name}", action.keywords()),
        }
    }
}
