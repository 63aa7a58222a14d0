//! Why a user can or cannot use a name, rule by rule. Says the same as [`Catalog::authorise`] and
//! [`Catalog::resolve`], and what their answer rests on.

use super::{AccessNeeded, sufficient_to_resolve};
use crate::{
    Alias, AliasKind, Catalog, CatalogName, DatabaseAction, DatabaseKind, Destination, Grant, Named, Principal,
    Privilege, Rejection, ResolveRequest, ResolveTarget, Revision, RoleName, User, UserName, UserStatus,
};

/// Why a user can or cannot use a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Where the name leads for the user, or why it leads nowhere: what resolving it answers.
    pub verdict: Result<Destination, Rejection>,
    /// The rules that were looked at, in order.
    pub rules: Vec<Rule>,
}

/// One rule and what it came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The user exists or not, and may act or not.
    User {
        /// Whom it is about.
        user: UserName,
        /// The user; none if there is none.
        standing: Option<UserStanding>,
    },
    /// The name leads somewhere or not.
    Name {
        /// The name that was asked about.
        name: CatalogName,
        /// What has the name; none if nothing has.
        found: Option<Found>,
    },
    /// The user's roles, `PUBLIC` included.
    Roles(Vec<RoleName>),
    /// What "home" stands for, since privileges may be about it.
    Home {
        /// The database or alias; it may not exist.
        home: CatalogName,
        /// Whether it is the default database, since the user has none.
        by_default: bool,
        /// What privileges on the home attach to; none if nothing has the name.
        stands_for: Option<CatalogName>,
    },
    /// Everyone may use the system database.
    System,
    /// ACCESS on this is needed, and these grants and denials of the user's roles are about it.
    Access {
        /// What privileges attach to: a database, a remote alias or a composite database.
        on: CatalogName,
        /// The grants and denials, by role. One denial outweighs every grant.
        grants: Vec<(Grant, Revision)>,
        /// Whether the user has ACCESS on it.
        allowed: bool,
    },
    /// The remote alias has stored credentials, and these grants and denials are about RESOLVE ALIAS on it. The verdict does
    /// not depend on it.
    Release {
        /// Whose credentials they are; remote.
        alias: CatalogName,
        /// The grants and denials, by role. One denial outweighs every grant.
        grants: Vec<(Grant, Revision)>,
        /// Whether the user may be given the credentials.
        allowed: bool,
    },
}

/// Whether a user may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserStanding {
    /// Active or suspended.
    pub status: UserStatus,
    /// Whether the password must be changed first.
    pub password_change_required: bool,
}

/// What has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The name is that of a database itself, of this kind.
    Database(DatabaseKind),
    /// A local alias, which stands for this database.
    LocalAlias(CatalogName),
    /// A remote alias, which stands for itself.
    RemoteAlias,
}

impl Catalog {
    /// Why `user` can or cannot use `name`. What of it somebody may know is for [`crate::Visibility::explain`] to say.
    pub fn explain_access(&self, user: &UserName, name: &CatalogName) -> Explanation {
        let question = ResolveRequest {
            actor: Principal::User(user.clone()),
            on_behalf_of: None,
            target: ResolveTarget::Name(name.clone()),
            // A constituent is used from its composite database.
            connected_to: self.alias(name.as_str()).and_then(|alias| alias.composite.as_ref().map(CatalogName::from)),
            with_credentials: false,
        };
        let verdict = self.resolve(&question).map(|route| route.destination);
        let known = self.user(user.as_str()).map(|user| &**user);
        let standing = known.map(|known| UserStanding {
            status: known.status,
            password_change_required: known.password_change_required,
        });
        let mut rules = vec![Rule::User { user: user.clone(), standing }];
        let found = self.find(name);
        rules.push(Rule::Name { name: name.clone(), found: found.map(described) });
        if let (Some(known), true) = (known, found.is_some()) {
            rules.push(Rule::Roles(self.effective_roles(user)));
            if let Some(home) = self.home_of(known) {
                let stands_for = self.privilege_target(&home);
                rules.push(Rule::Home { home, by_default: known.home.is_none(), stands_for });
            }
            rules.extend(self.explain_privileges(user, known, name));
            rules.extend(self.explain_release(user, name));
        }
        Explanation { verdict, rules }
    }

    fn explain_privileges(&self, user: &UserName, known: &User, name: &CatalogName) -> Vec<Rule> {
        match self.access_needed(name) {
            None => Vec::new(),
            Some(AccessNeeded::Nothing) => vec![Rule::System],
            Some(AccessNeeded::On(names)) => {
                names.into_iter().map(|on| self.explain_access_on(user, known, on)).collect()
            }
        }
    }

    fn explain_access_on(&self, user: &UserName, known: &User, on: CatalogName) -> Rule {
        let sufficient = self.sufficient_on(known, DatabaseAction::Access, &on);
        let (grants, allowed) = self.explain_sufficient(user, &sufficient);
        Rule::Access { on, grants, allowed }
    }

    fn explain_release(&self, user: &UserName, name: &CatalogName) -> Option<Rule> {
        let Some(Named::Alias(_, alias)) = self.find(name) else { return None };
        alias.credential()?;
        let (grants, allowed) = self.explain_sufficient(user, &sufficient_to_resolve(name));
        Some(Rule::Release { alias: name.clone(), grants, allowed })
    }

    /// The grants and denials of these privileges that count for the user, and what they come to.
    fn explain_sufficient(&self, user: &UserName, sufficient: &[Privilege]) -> (Vec<(Grant, Revision)>, bool) {
        let roles = self.effective_roles(user);
        let grants = roles.iter().flat_map(|role| self.grants_of(role));
        let about = grants.filter(|(grant, _)| sufficient.contains(&grant.privilege));
        // Not through `authorise`: who may not act at all may still have been granted something.
        let allowed = self.holds(user, sufficient);
        (about.map(|(grant, created)| (grant.clone(), created.revision)).collect(), allowed)
    }
}

fn described(found: Named<'_>) -> Found {
    match found {
        Named::Database(_, database) => Found::Database(database.kind),
        Named::Alias(_, alias) => described_alias(alias),
    }
}

fn described_alias(alias: &Alias) -> Found {
    match &alias.kind {
        AliasKind::Local(database) => Found::LocalAlias(database.into()),
        AliasKind::Remote(_) => Found::RemoteAlias,
    }
}
