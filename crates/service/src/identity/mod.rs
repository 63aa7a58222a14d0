//! Who is calling. A caller is a user of the catalog, proven by a client certificate, by user and password, or by a token that
//! was given for them.
//!
//! Everything is judged against a view of the catalog at the time of the call: no sessions, and nothing to revoke. What the user
//! may do is not asked here. Failed logins look alike: an unknown user, a wrong password and a suspended user cost the same
//! argon2id and get the same answer.

mod connection;
mod error;
pub(crate) mod header;
#[cfg(test)]
mod tests;
mod throttle;
mod token;
mod verified;

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aliasd_catalog::{
    AuthId, AuthProvider, Catalog, PasswordHash, PlainSecret, Principal, Revision, Timestamp, TokenTrace, User,
    UserName, UserStatus,
};
use aliasd_faults::{Mistake, is_planted};
use aliasd_runtime::{Moment, SharedRuntime};
use zeroize::Zeroizing;

pub use self::connection::{ClientCertificate, ClientConnection};
pub use self::error::{AuthError, TokenError};
use self::header::AuthorizationHeader;
use self::throttle::{Attempt, Throttle};
pub use self::throttle::{LoginLimits, network_of};
use self::token::{Claims, Signer};
use self::verified::{Trace, Verified};
use crate::clock::{self, timestamp};
use crate::vault::{Purpose, Vault, VaultError};

/// How a caller proved who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// User and password with the call.
    Basic,
    /// A token of [`Identity::issue`].
    Token,
    /// A client certificate.
    Certificate,
}

/// An authenticated caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticated {
    /// The name of the user that the proof belongs to.
    pub user: UserName,
    /// How it was proven.
    pub method: Method,
    /// When this ends by itself: with the token or the certificate. A password does not end.
    pub expires_at: Option<Timestamp>,
    /// The user's credentials that were shown.
    pub credential_revision: Revision,
    /// Where the call comes from.
    pub remote: SocketAddr,
    /// The token that was shown.
    pub token: Option<TokenTrace>,
    /// The password was verified for this very call: it is a login, and not one that is remembered.
    pub logs_in: bool,
    /// When an answer has to be on its way, to arrive before the caller gives up; `None` if it does not say.
    pub answer_by: Option<Moment>,
}

/// What a login gives, to be shown with later calls in place of the password.
#[derive(Clone)]
pub struct LoginToken {
    text: Zeroizing<String>,
    /// When it ends at the latest, by the clock of this node.
    pub expires_at: Timestamp,
}

/// Authenticates callers.
#[derive(Debug)]
pub struct Identity {
    runtime: SharedRuntime,
    vault: Arc<Vault>,
    /// Stands in for the hash of a user that does not exist or has no password.
    decoy: PasswordHash,
    verified: Arc<Verified>,
    throttle: Mutex<Throttle>,
}

/// Who shows a password.
#[derive(Clone, Copy, Debug)]
pub enum Asker<'a> {
    /// Whoever wants to be let in with it.
    Unproven(&'a ClientConnection),
    /// A caller who has been let in and asks whether it is somebody else's.
    Proven(&'a Authenticated),
}

// === impl Authenticated ===

impl Authenticated {
    /// The user as the catalog's functions want it.
    pub fn principal(&self) -> Principal {
        Principal::User(self.user.clone())
    }

    /// Whether this is still so at that time: the user is there, active and has the credentials it had, and the time is not
    /// up. For calls that last, such as a watch.
    pub fn holds(&self, catalog: &Catalog, now: Timestamp) -> bool {
        let unexpired = self.expires_at.is_none_or(|end| now < end);
        let unchanged = catalog.user(self.user.as_str()).is_some_and(|user| {
            user.status == UserStatus::Active
                && user.credential_revision == self.credential_revision
                && self.token.is_none_or(|token| !user.ended_tokens.contains_key(&token))
        });
        unexpired && unchanged
    }
}

// === impl Asker ===

impl Asker<'_> {
    /// The address that the password came from.
    pub fn remote(self) -> SocketAddr {
        match self {
            Self::Unproven(connection) => connection.remote,
            Self::Proven(caller) => caller.remote,
        }
    }
}

// === impl LoginToken ===

impl LoginToken {
    /// The token itself, for the caller who logged in and for nobody else.
    pub fn expose(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for LoginToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginToken(******)")
    }
}

// === impl Identity ===

impl Identity {
    /// Uses that vault for passwords and tokens, and takes so many wrong passwords. How long a token is good for says the policy
    /// of the cluster.
    ///
    /// # Errors
    /// A password could not be hashed.
    pub async fn new(vault: Arc<Vault>, runtime: SharedRuntime, limits: LoginLimits) -> Result<Self, VaultError> {
        let verified = Arc::new(Verified::new(&*runtime));
        let unknowable = runtime.random_text::<32>();
        let decoy = vault.passwords().hash(PlainSecret::new(unknowable)).await?;
        let throttle = Mutex::new(Throttle::new(limits));
        Ok(Self { runtime, vault, decoy, verified, throttle })
    }

    /// Says who is calling. `authorization` is what the call brings as such (RFC 7617, RFC 6750), and counts before
    /// the certificate of the connection.
    ///
    /// # Errors
    /// Nothing proves it, or not in this view of the catalog.
    pub async fn authenticate(
        &self,
        authorization: Option<&[u8]>,
        connection: &ClientConnection,
        catalog: &Catalog,
    ) -> Result<Authenticated, AuthError> {
        let from = connection.remote;
        match (authorization.map(header::parse).transpose()?, &connection.certificate) {
            (Some(AuthorizationHeader::Basic { user, password }), _) => {
                self.verify_password(&user, password, Asker::Unproven(connection), catalog).await
            }
            (Some(AuthorizationHeader::Bearer(token)), _) => self.verify_token(token, from, catalog),
            (None, Some(certificate)) => verify_certificate(certificate, from, catalog, self.time()),
            (None, None) => Err(AuthError::Missing),
        }
    }

    /// Whom a call claims to come from and how it would prove it, if that can be told without judging the proof. What stands
    /// for the name may be a password in the wrong place.
    pub fn claim(authorization: Option<&[u8]>, connection: &ClientConnection) -> Option<(String, Method)> {
        match (authorization.map(header::parse), &connection.certificate) {
            (Some(Ok(AuthorizationHeader::Basic { user, .. })), _) => Some((user, Method::Basic)),
            (None, Some(certificate)) => Some((certificate.identity.to_string(), Method::Certificate)),
            _ => None,
        }
    }

    /// Checks a user's password. It costs a try until it proves to be right; one that was verified of late is remembered, and
    /// proves to be at once. Without a try not even that is looked up: what is remembered could be guessed at.
    ///
    /// # Errors
    /// [`AuthError::Wrong`] whatever is wrong, [`AuthError::Throttled`] after too many of these, or [`AuthError::Busy`].
    pub async fn verify_password(
        &self,
        user: &str,
        password: PlainSecret,
        asker: Asker<'_>,
        catalog: &Catalog,
    ) -> Result<Authenticated, AuthError> {
        let found = catalog.user(user).filter(|user| user.status == UserStatus::Active);
        let hash = found.and_then(|user| user.password.clone());
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.decoy.clone());
        let trace = self.verified.trace(user, &hash, &password);
        let (attempt, purpose) = self.admit(user, asker)?;
        let remembered = self.verified.contains(&trace);
        if !remembered {
            let verified = Arc::clone(&self.verified);
            let already = move || verified.contains(&trace);
            let right = self.vault.passwords().verify(purpose, password, hash, already).await;
            let right = right.map_err(|_| {
                self.throttle().not_tried(&attempt);
                AuthError::Busy
            })?;
            if !(right && known) {
                return Err(AuthError::Wrong);
            }
            self.verified.insert(trace);
        }
        self.throttle().succeeded(attempt, self.runtime.now());
        let found = found.ok_or(AuthError::Wrong)?;
        let proven = authenticated(user, found, Method::Basic, None, asker.remote())?;
        Ok(Authenticated { logs_in: !remembered, ..proven })
    }

    /// Takes a try, and says where its turn is waited for.
    fn admit(&self, user: &str, asker: Asker<'_>) -> Result<(Attempt, Purpose), AuthError> {
        let user = self.trace_of(user);
        let (from, known) = match asker {
            Asker::Unproven(connection) => (Some(network_of(connection.remote.ip())), connection.certificate.is_some()),
            Asker::Proven(_) => (None, true),
        };
        let attempt = Attempt { user, from };
        let mut throttle = self.throttle();
        let known = known || throttle.is_familiar(&attempt);
        throttle.admit(attempt, self.runtime.now()).map_err(|retry_after| AuthError::Throttled { retry_after })?;
        Ok((attempt, if known { Purpose::Known } else { Purpose::Stranger }))
    }

    /// The decoy stands for any hash: this trace is of the name alone.
    fn trace_of(&self, user: &str) -> Trace {
        self.verified.trace(user, &self.decoy, &PlainSecret::new(String::new()))
    }

    /// Lets a user who has been let in say its present password, in order to change it. It costs a try if it is wrong.
    ///
    /// # Errors
    /// [`AuthError::Throttled`] after too many that were; or, inside, what came of it.
    pub(crate) async fn change_password<T>(
        &self,
        user: &UserName,
        change: impl Future<Output = Result<T, VaultError>>,
    ) -> Result<Result<T, VaultError>, AuthError> {
        let user = self.trace_of(user.as_str());
        let admitted = self.throttle().admit_change(user, self.runtime.now());
        admitted.map_err(|retry_after| AuthError::Throttled { retry_after })?;
        let changed = change.await;
        if !matches!(changed, Err(VaultError::WrongPassword)) {
            self.throttle().give_back_change(&user);
        }
        Ok(changed)
    }

    fn time(&self) -> Timestamp {
        clock::now(&*self.runtime)
    }

    fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a token for a caller that has just proven to be this user.
    ///
    /// # Errors
    /// This node lacks the cluster's active key.
    pub fn issue(&self, caller: &Authenticated, catalog: &Catalog) -> Result<LoginToken, AuthError> {
        let issued_at = self.time();
        let policy = catalog.meta().ok_or(AuthError::NoKey)?.policy;
        let lifetime = u64::from(policy.token_lifetime.seconds()) * 1_000;
        let expires_at = Timestamp(issued_at.0.saturating_add(lifetime));
        let claims = Claims {
            user: caller.user.clone(),
            issued_at,
            expires_at,
            credential_revision: caller.credential_revision,
        };
        Ok(LoginToken { text: self.signer(catalog)?.sign(&claims), expires_at })
    }

    fn verify_token(&self, token: &str, from: SocketAddr, catalog: &Catalog) -> Result<Authenticated, AuthError> {
        let (claims, trace) = self.signer(catalog)?.verify(token, self.time()).map_err(AuthError::Token)?;
        let user = catalog
            .user(claims.user.as_str())
            .filter(|user| user.status == UserStatus::Active)
            .filter(|user| {
                user.credential_revision == claims.credential_revision || is_planted(Mistake::TokenSurvivesChange)
            })
            .ok_or(AuthError::Token(TokenError::Outdated))?;
        if user.ended_tokens.contains_key(&trace) {
            return Err(AuthError::Token(TokenError::Ended));
        }
        let proven = authenticated(claims.user.as_str(), user, Method::Token, Some(claims.expires_at), from)?;
        Ok(Authenticated { token: Some(trace), ..proven })
    }

    fn signer(&self, catalog: &Catalog) -> Result<Signer, AuthError> {
        let meta = catalog.meta().ok_or(AuthError::NoKey)?;
        Signer::new(&self.vault, meta.cluster_id, meta.active_key).ok_or(AuthError::NoKey)
    }
}

fn verify_certificate(
    certificate: &ClientCertificate,
    from: SocketAddr,
    catalog: &Catalog,
    now: Timestamp,
) -> Result<Authenticated, AuthError> {
    let expires_at = timestamp(certificate.expires_at);
    // TLS checked it when the connection was made, which may be long ago.
    if now >= expires_at {
        return Err(AuthError::CertificateExpired);
    }
    let unmapped = || AuthError::UnmappedCertificate { identity: certificate.identity.to_string() };
    let id = AuthId::new(&certificate.identity).map_err(|_| unmapped())?;
    let name = catalog.user_by_auth(&AuthProvider::mtls(), &id).ok_or_else(unmapped)?;
    let user = catalog.user(name.as_str()).ok_or_else(unmapped)?;
    if user.status != UserStatus::Active {
        return Err(AuthError::Wrong);
    }
    authenticated(name.as_str(), user, Method::Certificate, Some(expires_at), from)
}

fn authenticated(
    name: &str,
    user: &User,
    method: Method,
    expires_at: Option<Timestamp>,
    remote: SocketAddr,
) -> Result<Authenticated, AuthError> {
    let name = UserName::new(name).map_err(|_| AuthError::Wrong)?;
    let credential_revision = user.credential_revision;
    Ok(Authenticated {
        user: name,
        method,
        expires_at,
        credential_revision,
        remote,
        token: None,
        logs_in: false,
        answer_by: None,
    })
}
