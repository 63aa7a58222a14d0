//! Questions about users: what they are, whether a password is theirs, what they may do.

use aliasd_catalog::{
    CatalogName, Command, EffectiveHome, Explanation, Grant, OpenCommand, PlainSecret, RequestId, RequestOrigin,
    Revision, StatementFingerprint, UserName, UserStatus,
};
use aliasd_replica::View;

use crate::audit::{Action, Line, outcome};
use crate::authenticate::Authenticate;
use crate::failure::{Failure, NodeFailure};
use crate::identity::{Asker, Authenticated, Method};
use crate::read::{Freshness, Reader};
use crate::write::{Asked, Writer, Written};

/// A user as the catalog knows it.
pub struct Profile {
    /// Names in order, PUBLIC included.
    pub roles: Vec<String>,
    /// The home that is set for the user, if one is.
    pub home_database: Option<String>,
    /// The user may do nothing but set a new password.
    pub password_change_required: bool,
    /// The revision of the state that gave the answer.
    pub revision: Revision,
}

/// Everything that a DBMS needs in order to enforce what a user may do.
#[derive(Debug)]
pub struct Effective {
    /// Whose privileges they are.
    pub user: UserName,
    /// Names in order, PUBLIC included.
    pub roles: Vec<String>,
    /// The user may not log in.
    pub suspended: bool,
    /// The user may do nothing but set a new password.
    pub password_change_required: bool,
    /// None if the user has no home and the cluster has no default.
    pub home: Option<EffectiveHome>,
    /// Every grant and denial that counts for the user, by role.
    pub grants: Vec<Grant>,
    /// The revision of the state that gave the answer.
    pub revision: Revision,
}

/// Why a user can or cannot use a name.
#[derive(Debug)]
pub struct Explained {
    /// Whose access it is.
    pub user: UserName,
    /// The rules that decide, and the verdict.
    pub explanation: Explanation,
    /// The revision of the state that gave the answer.
    pub revision: Revision,
}

/// The use case: what users are and may do. Cheap to clone.
#[derive(Clone)]
pub struct Account {
    reader: Reader,
    writer: Writer,
    authenticate: Authenticate,
}

impl Account {
    pub(crate) fn new(reader: Reader, writer: Writer, authenticate: Authenticate) -> Self {
        Self { reader, writer, authenticate }
    }

    /// Ends the token that the caller has shown, on every member. Its other tokens go on.
    ///
    /// # Errors
    /// It has shown none, or the write could not be made, or nobody knows whether it was made.
    pub async fn log_out(&self, caller: &Authenticated) -> Result<Written, Failure> {
        let line = Line::by(Action::LogOut, caller);
        let ended = self.log_out_unaudited(caller).await;
        line.end(outcome(&ended), ended.as_ref().ok().map(|written| written.revision));
        ended
    }

    async fn log_out_unaudited(&self, caller: &Authenticated) -> Result<Written, Failure> {
        let (Some(token), Some(expires_at)) = (caller.token, caller.expires_at) else {
            return Err(NodeFailure::NoToken {}.into());
        };
        // What tells the token tells the request: ending it twice is one thing.
        let mut fingerprint = [0; 32];
        fingerprint[..token.0.len()].copy_from_slice(&token.0);
        let origin = RequestOrigin {
            made_at: self.reader.present().revision,
            fingerprint: StatementFingerprint(fingerprint),
            credential_revision: Some(caller.credential_revision),
            by_certificate: caller.method == Method::Certificate,
        };
        let (actor, answer_by) = (caller.principal(), caller.answer_by);
        let asked = Asked { actor, request: RequestId(token.0), origin: Some(origin), answer_by };
        self.writer.write(asked, Command::Open(OpenCommand::EndToken { token, expires_at })).await
    }

    /// What this member knows of a user who was just proven.
    ///
    /// # Errors
    /// The user was dropped meanwhile, or this member cannot tell how old its state is: the user may have been suspended since.
    pub fn profile(&self, name: &UserName) -> Result<Profile, Failure> {
        self.reader.fresh_enough()?;
        profile_in(&self.reader.present(), name)
    }

    /// Checks a user's password for a caller that may act on behalf of that user.
    ///
    /// # Errors
    /// The caller may not, or whatever is wrong with user or password.
    pub async fn verify_user(
        &self,
        caller: &Authenticated,
        user: &str,
        password: PlainSecret,
        freshness: Freshness,
    ) -> Result<Profile, Failure> {
        let mut line = Line::by(Action::VerifyUser, caller);
        line.what(self.reader.known_user(user).unwrap_or_else(|| "<unknown>".to_owned()));
        let verified = self.verify_user_unaudited(caller, user, password, freshness).await;
        line.end(outcome(&verified), verified.as_ref().ok().map(|profile| profile.revision));
        verified
    }

    async fn verify_user_unaudited(
        &self,
        caller: &Authenticated,
        user: &str,
        password: PlainSecret,
        freshness: Freshness,
    ) -> Result<Profile, Failure> {
        let name = UserName::new(user).map_err(|_| NodeFailure::WrongCredentials {})?;
        self.reader.permit(caller, |visible| visible.act_for(&name)).await?;
        self.reader.view_for(caller, freshness).await?;
        let verified =
            self.authenticate.verify_password(user, password, Asker::Proven(caller), caller.answer_by).await?;
        // What was revoked while this member caught up counts: the answer is that of its last state.
        let view = self.reader.present();
        self.reader.still_holds(caller, &view)?;
        view.catalog.visible_to(&caller.principal()).act_for(&name).map_err(|refusal| Failure::from(&refusal))?;
        profile_in(&view, &verified.user)
    }

    /// What a user, or the caller, may do.
    ///
    /// # Errors
    /// The caller may not list the privileges of others, there is no such user, or this member is not fresh enough.
    pub async fn effective_privileges(
        &self,
        caller: &Authenticated,
        user: Option<UserName>,
        freshness: Freshness,
    ) -> Result<Effective, Failure> {
        let view = self.reader.view_for(caller, freshness).await?;
        let (who, name) = (caller.principal(), user.unwrap_or_else(|| caller.user.clone()));
        let effective =
            view.catalog.visible_to(&who).privileges_of(&name).map_err(|rejection| Failure::from(&rejection))?;
        Ok(Effective {
            user: effective.user,
            roles: effective.roles.iter().map(ToString::to_string).collect(),
            suspended: effective.status == UserStatus::Suspended,
            password_change_required: effective.password_change_required,
            home: effective.home,
            grants: effective.grants,
            revision: view.revision,
        })
    }

    /// Why a user, or the caller, can or cannot use a name.
    ///
    /// # Errors
    /// The caller may not ask about others, or this member is not fresh enough.
    pub async fn explain_access(
        &self,
        caller: &Authenticated,
        user: Option<UserName>,
        name: &CatalogName,
        freshness: Freshness,
    ) -> Result<Explained, Failure> {
        let view = self.reader.view_for(caller, freshness).await?;
        let (who, user) = (caller.principal(), user.unwrap_or_else(|| caller.user.clone()));
        let explained = view.catalog.visible_to(&who).explain(&user, name);
        let explanation = explained.map_err(|rejection| Failure::from(&rejection))?;
        Ok(Explained { user, explanation, revision: view.revision })
    }
}

fn profile_in(view: &View, name: &UserName) -> Result<Profile, Failure> {
    let user = view.catalog.user(name.as_str()).ok_or(NodeFailure::CredentialsEnded {})?;
    let mut roles: Vec<String> = view.catalog.effective_roles(name).iter().map(ToString::to_string).collect();
    roles.sort_unstable();
    Ok(Profile {
        roles,
        home_database: user.home.as_ref().map(ToString::to_string),
        password_change_required: user.password_change_required,
        revision: view.revision,
    })
}
