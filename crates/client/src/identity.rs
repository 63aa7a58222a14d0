//! What proves the caller: nothing but the certificate, Basic, or a token that is fetched once and
//! renewed before it ends.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::time::{Duration, SystemTime};

use aliasd_wire::v1;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tonic::metadata::AsciiMetadataValue;
use zeroize::Zeroizing;

use crate::core::{Core, Effect};
use crate::failure::invalid_answer;
use crate::{Error, Secret};
use aliasd_wire::v1::auth_client::AuthClient;

/// How the caller proves who it is.
#[derive(Clone, Debug)]
pub(crate) enum Proof {
    /// Not at all, or with a client certificate.
    None,
    /// With a token that is fetched for the password.
    Password { user: String, password: Secret },
    /// With the password on each call.
    Basic { user: String, password: Secret },
    /// With a token from elsewhere.
    Token(Secret),
}

/// The proof and the token fetched for it.
pub(crate) struct Identity {
    proof: Proof,
    /// Held while a token is fetched, so that a thousand calls log in once.
    fetched: Mutex<Option<Fetched>>,
}

struct Fetched {
    header: AsciiMetadataValue,
    /// When to fetch another; `None`: when this one is refused.
    renew_at: Option<Instant>,
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

impl Identity {
    pub(crate) fn new(proof: Proof) -> Self {
        Self { proof, fetched: Mutex::new(None) }
    }

    /// The value of the `authorization` metadata, if there is one.
    pub(crate) async fn authorization(
        &self,
        core: &Core,
        deadline: Instant,
    ) -> Result<Option<AsciiMetadataValue>, Error> {
        let (user, password) = match &self.proof {
            Proof::None => return Ok(None),
            Proof::Token(token) => return bearer(token).map(Some),
            Proof::Basic { user, password } => return basic(user, password).map(Some),
            Proof::Password { user, password } => (user, password),
        };
        let mut fetched = self.fetched.lock().await;
        if let Some(current) = &*fetched
            && current.renew_at.is_none_or(|renew_at| Instant::now() < renew_at)
        {
            return Ok(Some(current.header.clone()));
        }
        let login = login(core, deadline, user, password).await?;
        let lifetime = login.expires_at.duration_since(SystemTime::now()).ok();
        let header = bearer(&login.token)?;
        // Renewed after four fifths of its life. If the clocks disagree, its refusal will tell.
        let renew_at = lifetime.map(|lifetime| Instant::now() + lifetime.mul_f64(0.8));
        *fetched = Some(Fetched { header: header.clone(), renew_at });
        Ok(Some(header))
    }

    /// Forgets a token that was refused. True if another can be fetched.
    pub(crate) async fn forget(&self, refused: Option<&AsciiMetadataValue>) -> bool {
        if !matches!(self.proof, Proof::Password { .. }) {
            return false;
        }
        let mut fetched = self.fetched.lock().await;
        // Somebody else may have fetched a new one since.
        if fetched.as_ref().map(|fetched| &fetched.header) == refused {
            *fetched = None;
        }
        true
    }
}

/// Exchanges a password for a token.
pub(crate) async fn login(core: &Core, deadline: Instant, user: &str, password: &Secret) -> Result<Login, Error> {
    let mut answer = core
        .call_as_nobody(Effect::Reads, deadline, |attempt| {
            let request =
                attempt.request(v1::LoginRequest { user: user.to_owned(), password: password.expose().to_owned() });
            async move { AuthClient::new(attempt.channel()).login(request).await }
        })
        .await?
        .into_inner();
    let expires_at = answer.expires_at.take().and_then(|at| {
        let seconds = u64::try_from(at.seconds).ok()?;
        SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, u32::try_from(at.nanos).ok()?))
    });
    Ok(Login {
        token: Secret::new(std::mem::take(&mut answer.token)),
        expires_at: expires_at.ok_or_else(|| invalid_answer("a token without an end"))?,
        password_change_required: answer.password_change_required,
    })
}

fn basic(user: &str, password: &Secret) -> Result<AsciiMetadataValue, Error> {
    let pair = Zeroizing::new(format!("{user}:{}", password.expose()));
    header(&Zeroizing::new(format!("Basic {}", &*Zeroizing::new(STANDARD.encode(pair.as_bytes())))))
}

fn bearer(token: &Secret) -> Result<AsciiMetadataValue, Error> {
    header(&Zeroizing::new(format!("Bearer {}", token.expose())))
}

/// A header that is never printed and never kept in the compression table of HTTP/2.
fn header(text: &str) -> Result<AsciiMetadataValue, Error> {
    let mut value = AsciiMetadataValue::try_from(text).map_err(|_| {
        let message = "The token is not one: it holds a character that cannot be sent.";
        Error::rejected(tonic::Code::Unauthenticated, "TOKEN_INVALID", message)
    })?;
    value.set_sensitive(true);
    Ok(value)
}
