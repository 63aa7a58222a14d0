//! Secrets as type states. A [`Plain`] command carries secrets in clear and can neither be printed nor
//! logged; a [`Sealed`] one carries ciphertexts and password hashes, and is the only one that an entry
//! accepts. Neither prints anything of value.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::{AliasId, KeyId, Rejection, Revision, SeenAlias};

/// The shortest password of a user, in characters.
const PASSWORD_LENGTH_MIN: usize = 8;

/// How far the secrets inside a command have come.
pub trait Stage: Clone + fmt::Debug + PartialEq + Eq {
    /// The password of a remote alias.
    type Credential: Clone + fmt::Debug + PartialEq + Eq;
    /// The password of a user of this catalog.
    type Password: Clone + fmt::Debug + PartialEq + Eq;
    /// That the caller knows its present password: the password itself, or what it was verified against.
    type PresentPassword: Clone + fmt::Debug + PartialEq + Eq;
    /// Whether a new password is the one that the user has already: nobody knows, or since when.
    type Unchanged: Clone + fmt::Debug + PartialEq + Eq;
    /// What the member that proposes saw of the alias that an ALTER is about, since a credential is sealed for that.
    type Seen: Clone + fmt::Debug + PartialEq + Eq;
}

/// Secrets are in clear, in buffers that are wiped when dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plain;

/// Credentials are encrypted and passwords are hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed;

impl Stage for Plain {
    type Credential = PlainSecret;
    type Password = PlainSecret;
    type PresentPassword = PlainSecret;
    type Unchanged = ();
    /// None if there was no alias with stored credentials.
    type Seen = Option<SeenAlias>;
}

impl Stage for Sealed {
    type Credential = SealedSecret;
    type Password = PasswordHash;
    /// The [`crate::User::credential_revision`] that the old password was verified at.
    type PresentPassword = Revision;
    /// The [`crate::User::credential_revision`] at which the new password was found to be the old one; none if it was not.
    type Unchanged = Option<Revision>;
    /// The revision at which the alias last changed; zero if there was none with stored credentials. Absent in an entry of
    /// the first form, which is applied as it ever was.
    type Seen = Option<Revision>;
}

/// A password or token in clear. Wiped when the last clone is dropped; `Debug` prints `'******'`; there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct PlainSecret(Arc<Zeroizing<String>>);

impl PlainSecret {
    /// Takes over a secret. The caller's buffer is moved, not copied.
    pub fn new(secret: String) -> Self {
        Self(Arc::new(Zeroizing::new(secret)))
    }

    /// The secret itself, for hashing, sealing or sending. Keep it out of anything that prints.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether a user of this catalog may have this password. Only whoever knows it in clear can tell, so that this is
    /// asked before it is hashed and never inside `apply`.
    ///
    /// # Errors
    /// It is too short.
    pub fn require_password(&self) -> Result<(), Rejection> {
        if self.expose().chars().count() < PASSWORD_LENGTH_MIN { Err(Rejection::PasswordTooShort {}) } else { Ok(()) }
    }
}

impl From<String> for PlainSecret {
    fn from(secret: String) -> Self {
        Self::new(secret)
    }
}

impl From<&str> for PlainSecret {
    fn from(secret: &str) -> Self {
        Self::new(secret.to_owned())
    }
}

impl fmt::Debug for PlainSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("'******'")
    }
}

/// An encrypted credential: AES-256-GCM, with associated data that bind it to its place. In the first format those are cluster,
/// alias name and field; in the second also the URL and user that it is for, and the id of the alias.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SealedSecret {
    /// The key that seals it.
    pub key_id: KeyId,
    /// The random nonce drawn for this ciphertext alone.
    pub nonce: [u8; 12],
    /// Ciphertext followed by the 16-byte tag.
    pub ciphertext: Arc<[u8]>,
    /// The id of the alias that it is bound to; none in the first format.
    pub alias_id: Option<AliasId>,
}

impl fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedSecret({})", self.key_id)
    }
}

/// An argon2id hash in the PHC string format. `Debug` prints nothing of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PasswordHash(Arc<str>);

impl PasswordHash {
    /// Wraps a PHC string that the vault made.
    pub fn new(phc: impl Into<Arc<str>>) -> Self {
        Self(phc.into())
    }

    /// The PHC string, for verification and storage.
    pub fn as_phc(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(******)")
    }
}

#[cfg(test)]
mod tests;
