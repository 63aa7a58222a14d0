//! Answers that are put together here, because what may be told of them depends on who asks: effective privileges and
//! explanations.

use super::{Question, Visibility};
use crate::{
    Attempt, CatalogName, Explanation, Grant, Principal, Rejection, RoleName, Rule, User, UserName, UserStatus,
};

/// Everything that a DBMS needs in order to enforce what a user may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectivePrivileges {
    /// Whose they are.
    pub user: UserName,
    /// The roles that count, in the order of their names, `PUBLIC` included.
    pub roles: Vec<RoleName>,
    /// Whether the user may act at all.
    pub status: UserStatus,
    /// Whether the password must be changed before anything else.
    pub password_change_required: bool,
    /// Where the user is at home; none before the cluster has a catalog.
    pub home: Option<EffectiveHome>,
    /// Every grant and denial that counts for the user, by role.
    pub grants: Vec<Grant>,
}

/// Where a user is at home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveHome {
    /// The name; nothing need have it.
    pub name: CatalogName,
    /// Whether none is set for the user, so that it is the default database.
    pub by_default: bool,
    /// What privileges on the home attach to; none if nothing has the name, or the one who asks may not know what has.
    pub stands_for: Option<CatalogName>,
}

impl Visibility<'_> {
    /// What a user may do.
    ///
    /// # Errors
    /// The principal may not ask that, or there is no such user.
    pub fn privileges_of(&self, name: &UserName) -> Result<EffectivePrivileges, Rejection> {
        let question = self.about_privileges_of([name]);
        self.ask(question)?;
        let Some(user) = self.catalog.user(name.as_str()) else {
            let action = Attempt::ListPrivileges.into();
            return Err(Rejection::UserNotFound { action, name: name.into() });
        };
        let mut roles = self.catalog.effective_roles(name);
        roles.sort_unstable();
        Ok(EffectivePrivileges {
            roles,
            status: user.status,
            password_change_required: user.password_change_required,
            home: self.home_of(user, question == Question::PrivilegesOfUsers),
            grants: self.catalog.effective_grants(name),
            user: name.clone(),
        })
    }

    fn home_of(&self, user: &User, everything: bool) -> Option<EffectiveHome> {
        let name = self.catalog.home_of(user)?;
        let stands_for = self.catalog.privilege_target(&name).filter(|target| everything || self.sees(target));
        Some(EffectiveHome { by_default: user.home.is_none(), stands_for, name })
    }

    /// Why a user can or cannot use a name. One who may ask it of anybody is told everything; of oneself one may always
    /// ask, and learns nothing that resolving the name would not tell.
    ///
    /// # Errors
    /// The principal may not ask about that user.
    pub fn explain(&self, user: &UserName, name: &CatalogName) -> Result<Explanation, Rejection> {
        let of_anybody = self.ask(Question::AccessOfAnybody);
        let own = matches!(self.who, Principal::User(own) if own == user);
        match of_anybody {
            Ok(()) => Ok(self.explain_anybody(user, name)),
            Err(_) if own => {
                self.ask(Question::OwnAccess)?;
                Ok(self.explain_own(user, name))
            }
            Err(rejection) => Err(rejection),
        }
    }

    fn explain_anybody(&self, user: &UserName, name: &CatalogName) -> Explanation {
        let mut explanation = self.catalog.explain_access(user, name);
        // That the user does not exist is told to somebody else, who need not log in as another one because of it.
        if let Err(Rejection::UnknownActor { .. }) = explanation.verdict {
            let action = Attempt::ExplainAccess.into();
            explanation.verdict = Err(Rejection::UserNotFound { action, name: user.into() });
        }
        explanation
    }

    fn explain_own(&self, user: &UserName, name: &CatalogName) -> Explanation {
        let mut explanation = self.catalog.explain_access(user, name);
        if !self.may_use(name) {
            explanation.rules.truncate(2);
        }
        for rule in &mut explanation.rules {
            match rule {
                Rule::Name { found, .. } if !self.may_use(name) => *found = None,
                Rule::Home { stands_for, .. } => {
                    *stands_for = stands_for.take().filter(|target| self.sees(target));
                }
                _ => {}
            }
        }
        explanation
    }
}
