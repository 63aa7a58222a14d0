//! Questions about users: what they are, whether a password is theirs, what they may do.

use aliasd_catalog::{Action, DbmsAction, Grant, PlainSecret, Rejection, Revision, UserName};
use aliasd_wire::Freshness;
use aliasd_wire::error::Error;

use super::{Fault, Session};
use crate::identity::Proof;

/// A user as the catalog knows it.
pub(crate) struct Standing {
    /// Names in order, PUBLIC included.
    pub(crate) roles: Vec<String>,
    pub(crate) home_database: Option<String>,
    pub(crate) password_change_required: bool,
    pub(crate) revision: Revision,
}

impl Session {
    /// What this member knows of a user who was just proven.
    ///
    /// # Errors
    /// The user was dropped meanwhile.
    pub(crate) fn standing(&self, name: &UserName) -> Result<Standing, Error> {
        let view = self.replica.view();
        let user = view.catalog.user(name.as_str()).ok_or(Fault::CredentialsEnded {})?;
        let mut roles: Vec<String> = view.catalog.effective_roles(name).iter().map(ToString::to_string).collect();
        roles.sort_unstable();
        Ok(Standing {
            roles,
            home_database: user.home.as_ref().map(ToString::to_string),
            password_change_required: user.password_change_required,
            revision: view.revision,
        })
    }

    /// Checks a user's password for a caller that may act on behalf of that user.
    ///
    /// # Errors
    /// The caller may not, or whatever is wrong with user or password.
    pub(crate) async fn verify_user(
        &self,
        caller: &Proof,
        user: &str,
        password: PlainSecret,
        freshness: Freshness,
    ) -> Result<Standing, Error> {
        let name = UserName::new(user).map_err(|_| Fault::WrongCredentials {})?;
        self.permit(&caller.principal(), &Action::Impersonate(name)).await?;
        self.view(freshness).await?;
        let proof = self.verify_password(user, password).await?;
        self.standing(&proof.user)
    }

    /// Every grant and denial that counts for a user, or for the caller.
    ///
    /// # Errors
    /// The caller may not list the privileges of others, there is no such user, or this member is not fresh enough.
    pub(crate) async fn effective_grants(
        &self,
        caller: &Proof,
        user: Option<UserName>,
        freshness: Freshness,
    ) -> Result<(Vec<Grant>, Revision), Error> {
        let view = self.view(freshness).await?;
        let who = caller.principal();
        view.catalog.authorise_caller(&who).map_err(|rejection| Error::from(&rejection))?;
        let user = user.unwrap_or_else(|| caller.user.clone());
        if user != caller.user {
            for needed in [DbmsAction::ShowPrivilege, DbmsAction::ShowUser] {
                view.catalog.authorise(&who, &Action::Dbms(needed)).map_err(|rejection| Error::from(&rejection))?;
            }
        }
        if view.catalog.user(user.as_str()).is_none() {
            let action = "list the privileges of".to_owned();
            return Err(Error::from(&Rejection::UserNotFound { action, name: user.to_string() }));
        }
        Ok((view.catalog.effective_grants(&user), view.revision))
    }
}
