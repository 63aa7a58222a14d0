//! What the privileges of a user have to amount to: each rule once, for whoever decides by it (`authorise`, inside `apply`
//! too), explains it or goes by it in a listing or watch.
//!
//! It says what is needed, and never who has it.

use std::collections::BTreeSet;

use crate::{Catalog, CatalogName, DatabaseKind, DbmsAction, Named, Principal, Privilege, UserName, UserScope};

/// What it takes to use a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AccessNeeded {
    /// Nothing: the system database is everybody's.
    Nothing,
    /// ACCESS on each of these: for a constituent its composite database, then what the name stands for.
    On(Vec<CatalogName>),
}

impl Catalog {
    /// What it takes to use the database or alias of this name; none if nothing has it.
    pub(crate) fn access_needed(&self, name: &CatalogName) -> Option<AccessNeeded> {
        let composite = match self.find(name)? {
            Named::Database(_, database) if database.kind == DatabaseKind::System => {
                return Some(AccessNeeded::Nothing);
            }
            Named::Database(..) => None,
            Named::Alias(_, alias) => alias.composite.as_ref().map(CatalogName::from),
        };
        Some(AccessNeeded::On(composite.into_iter().chain(self.privilege_target(name)).collect()))
    }
}

/// The privileges that each suffice to act for these users. For oneself one needs none.
pub(crate) fn sufficient_to_impersonate(whom: &UserScope) -> Vec<Privilege> {
    let named = matches!(whom, UserScope::Named(_)).then(|| Privilege::Impersonate(whom.clone()));
    let everybody = [Privilege::Impersonate(UserScope::All), Privilege::Dbms(DbmsAction::All)];
    named.into_iter().chain(everybody).collect()
}

/// The privileges that each suffice to receive the stored credentials of an alias.
pub(crate) fn sufficient_to_resolve(alias: &CatalogName) -> [Privilege; 2] {
    [Privilege::ResolveAlias(alias.clone()), Privilege::Dbms(DbmsAction::ResolveAlias)]
}

/// Whose privileges are meant by one who asks for those of these users: one's own if nobody is named. The system has none.
pub(super) fn meant<'u>(
    who: &'u Principal,
    named: impl IntoIterator<Item = &'u UserName>,
) -> impl Iterator<Item = &'u UserName> {
    let named: BTreeSet<_> = named.into_iter().collect();
    let own = match who {
        Principal::User(own) if named.is_empty() => Some(own),
        _ => None,
    };
    named.into_iter().chain(own)
}
