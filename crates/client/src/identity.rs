//! What proves the caller: nothing but the certificate, Basic, or a token that is fetched once and
//! renewed before it ends.
//!
//! Makes no call: whoever does is told when a login is due.

use std::time::{Duration, SystemTime};

use aliasd_runtime::{Moment, Runtime};
use aliasd_wire::v1;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::{Mutex, MutexGuard};
use tonic::metadata::AsciiMetadataValue;
use zeroize::Zeroizing;

use crate::attempt_error::invalid_answer;
use crate::{Failure, GrpcCode, Secret};

/// How the caller proves who it is.
#[derive(Clone, Debug)]
pub(crate) enum Credentials {
    /// Not at all, or with a client certificate.
    None,
    /// With a token that is fetched for the password.
    Password { user: String, password: Secret },
    /// With the password on each call.
    Basic { user: String, password: Secret },
    /// With a token from elsewhere.
    Token(Secret),
}

/// The credentials and the token fetched for them.
pub(crate) struct Authenticator {
    credentials: Credentials,
    /// Held while a token is fetched, so that a thousand calls log in once.
    token: Mutex<Option<CachedToken>>,
}

struct CachedToken {
    header: AsciiMetadataValue,
    /// When to fetch another; `None`: when this one is refused.
    renew_at: Option<Moment>,
}

/// Codes about a user, the caller or one that it asks for: another proof of the caller changes nothing.
const ABOUT_A_USER: [&str; 2] = ["USER_UNKNOWN", "USER_SUSPENDED"];

/// Whether what proved the caller is refused, so that another login may help.
pub(crate) fn refuses_proof(failure: &Failure) -> bool {
    failure.grpc_code == GrpcCode::Unauthenticated && !ABOUT_A_USER.contains(&failure.code.as_str())
}

/// What a call sends to prove its caller.
pub(crate) enum Authorization<'a> {
    /// The value of the `authorization` metadata, if there is one.
    Ready(Option<AsciiMetadataValue>),
    /// A token has to be fetched first.
    LoginDue(LoginDue<'a>),
}

/// A login to be made. While this is held, other calls wait for its token.
pub(crate) struct LoginDue<'a> {
    pub(crate) user: &'a str,
    pub(crate) password: &'a Secret,
    token: MutexGuard<'a, Option<CachedToken>>,
}

/// What a login gives.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Login {
    /// The token, for [`ClientBuilder::token`](crate::ClientBuilder::token).
    pub token: Secret,
    /// When it ends at the latest, by the clock of the member that made it.
    pub expires_at: SystemTime,
    /// The user has to change the password before anything else is allowed.
    pub password_change_required: bool,
}

// === impl Authenticator ===

impl Authenticator {
    pub(crate) fn new(credentials: Credentials) -> Self {
        Self { credentials, token: Mutex::new(None) }
    }

    /// What a call sends that is made now.
    pub(crate) async fn authorization(&self, now: Moment) -> Result<Authorization<'_>, Failure> {
        let (user, password) = match &self.credentials {
            Credentials::None => return Ok(Authorization::Ready(None)),
            Credentials::Token(token) => return bearer(token).map(Authorization::ready),
            Credentials::Basic { user, password } => return basic(user, password).map(Authorization::ready),
            Credentials::Password { user, password } => (user, password),
        };
        let token = self.token.lock().await;
        if let Some(current) = &*token
            && current.renew_at.is_none_or(|renew_at| now < renew_at)
        {
            return Ok(Authorization::ready(current.header.clone()));
        }
        Ok(Authorization::LoginDue(LoginDue { user, password, token }))
    }

    /// The token that calls are made with at the moment, if they are made with one.
    pub(crate) async fn held_token(&self) -> Result<Option<AsciiMetadataValue>, Failure> {
        match &self.credentials {
            Credentials::Token(token) => bearer(token).map(Some),
            Credentials::Password { .. } => Ok(self.token.lock().await.as_ref().map(|token| token.header.clone())),
            Credentials::None | Credentials::Basic { .. } => Ok(None),
        }
    }

    /// Forgets a token that was refused. True if another can be fetched.
    pub(crate) async fn forget(&self, refused: Option<&AsciiMetadataValue>) -> bool {
        if !matches!(self.credentials, Credentials::Password { .. }) {
            return false;
        }
        let mut token = self.token.lock().await;
        // Somebody else may have fetched a new one since.
        if token.as_ref().map(|token| &token.header) == refused {
            *token = None;
        }
        true
    }
}

// === impl Authorization ===

impl Authorization<'_> {
    fn ready(header: AsciiMetadataValue) -> Self {
        Self::Ready(Some(header))
    }
}

// === impl LoginDue ===

impl LoginDue<'_> {
    /// Keeps the token of the login, and returns the value of the `authorization` metadata.
    pub(crate) fn complete(mut self, login: &Login, runtime: &dyn Runtime) -> Result<AsciiMetadataValue, Failure> {
        let lifetime = login.expires_at.duration_since(runtime.time_of_day()).ok();
        let header = bearer(&login.token)?;
        // Renewed after four fifths of its life. If the clocks disagree, it is renewed when it is refused.
        let renew_at = lifetime.map(|lifetime| runtime.now() + lifetime.mul_f64(0.8));
        *self.token = Some(CachedToken { header: header.clone(), renew_at });
        Ok(header)
    }
}

// === impl Login ===

impl Login {
    pub(crate) fn from_wire(mut answer: v1::LoginResponse) -> Result<Self, Failure> {
        let expires_at = answer.expires_at.take().and_then(|at| {
            let seconds = u64::try_from(at.seconds).ok()?;
            SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, u32::try_from(at.nanos).ok()?))
        });
        Ok(Self {
            token: Secret::new(std::mem::take(&mut answer.token)),
            expires_at: expires_at.ok_or_else(|| invalid_answer("a token without an end"))?,
            password_change_required: answer.password_change_required,
        })
    }
}

fn basic(user: &str, password: &Secret) -> Result<AsciiMetadataValue, Failure> {
    let pair = Zeroizing::new(format!("{user}:{}", password.expose()));
    header(&Zeroizing::new(format!("Basic {}", &*Zeroizing::new(STANDARD.encode(pair.as_bytes())))))
}

/// The value of the `authorization` metadata for a token.
pub(crate) fn bearer(token: &Secret) -> Result<AsciiMetadataValue, Failure> {
    header(&Zeroizing::new(format!("Bearer {}", token.expose())))
}

/// A header that is never printed and never kept in the compression table of HTTP/2.
fn header(text: &str) -> Result<AsciiMetadataValue, Failure> {
    let mut value = AsciiMetadataValue::try_from(text).map_err(|_| {
        let message = "The token is malformed: it holds a character that cannot be sent.";
        Failure::rejected(GrpcCode::Unauthenticated, "TOKEN_INVALID", message)
    })?;
    value.set_sensitive(true);
    Ok(value)
}
