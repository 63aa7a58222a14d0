//! Questions about users: what they are, whether a password is theirs, what they may do.

use aliasd_catalog::{Action, PlainSecret, Revision, UserName, Value, ValueMap};
use aliasd_cypher::{Lowered, Parameters, compile, run_listing};
use aliasd_wire::error::Error;

use super::execute::refused;
use super::{Fault, Freshness, Session};
use crate::identity::Proof;

/// Answers "what may this user do", in the columns and the order of that listing.
const PRIVILEGES_OF: &str =
    "SHOW USER $user PRIVILEGES YIELD access, action, resource, graph, segment, role, immutable";

/// A user as the catalog knows it.
pub(crate) struct Standing {
    /// Names in order, PUBLIC included.
    pub(crate) roles: Vec<String>,
    pub(crate) home_database: Option<String>,
    pub(crate) password_change_required: bool,
    pub(crate) revision: Revision,
}

/// One privilege that counts for a user.
pub(crate) struct EffectivePrivilege {
    pub(crate) denied: bool,
    pub(crate) action: Value,
    pub(crate) resource: Value,
    pub(crate) graph: Value,
    pub(crate) segment: Value,
    pub(crate) role: Value,
    pub(crate) immutable: bool,
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

    /// Every privilege that counts for a user, or for the caller.
    ///
    /// # Errors
    /// The caller may not list the privileges of others, or this member is not fresh enough.
    pub(crate) async fn effective_privileges(
        &self,
        caller: &Proof,
        user: Option<UserName>,
        freshness: Freshness,
    ) -> Result<(Vec<EffectivePrivilege>, Revision), Error> {
        let view = self.view(freshness).await?;
        let user = user.unwrap_or_else(|| caller.user.clone());
        let parameters = Parameters::new(ValueMap::from([("user".to_owned(), Value::from(user.as_str()))]));
        let listing = match compile(PRIVILEGES_OF, &parameters) {
            Ok(Lowered::Listing(listing)) => listing,
            Ok(Lowered::Command(_)) => return Err(Error::bug("a listing was taken for a command")),
            Err(refusal) => return Err(refused(refusal, PRIVILEGES_OF)),
        };
        let who = caller.principal();
        let rows = run_listing(&view.catalog, &who, &listing).map_err(|refusal| refused(refusal, PRIVILEGES_OF))?;
        let privileges: Result<Vec<_>, Error> = rows
            .map(|row| {
                let row = row.map_err(|refusal| refused(refusal, PRIVILEGES_OF))?;
                privilege(row).ok_or_else(|| Error::bug("a listing of privileges has other columns"))
            })
            .collect();
        Ok((privileges?, view.revision))
    }
}

fn privilege(row: Vec<Value>) -> Option<EffectivePrivilege> {
    let [access, action, resource, graph, segment, role, immutable] = <[Value; 7]>::try_from(row).ok()?;
    Some(EffectivePrivilege {
        // What is not clearly granted counts as denied.
        denied: access != Value::from("GRANTED"),
        action,
        resource,
        graph,
        segment,
        role,
        immutable: immutable == Value::Boolean(true),
    })
}
