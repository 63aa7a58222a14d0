//! Login tokens: signed by any member, verified by every member, stored by none. The catalog keeps a trace of those that were
//! ended before their time.
//!
//! A token names a user and the revision of the user's credentials, so that a changed password, a suspension or a changed
//! certificate mapping ends it at once, without a list of tokens anywhere. It is signed with HMAC-SHA-256 under a key
//! derived from the cluster's active key and the cluster id.
//!
//! Format: `at1.` and, in base64url without padding, format 1 (1 byte), issued and expiry (8 bytes each, milliseconds since
//! 1970, big-endian), credential revision (8 bytes), the user's name in UTF-8, and the signature (32 bytes) of all before.

use aliasd_catalog::{ClusterId, KeyId, Revision, Timestamp, TokenTrace, UserName};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::error::TokenError;
use crate::vault::Vault;

const PREFIX: &str = "at1.";
const FORMAT: u8 = 1;
const SIGNATURE_LENGTH: usize = 32;
const HEADER_LENGTH: usize = 25;
/// A name may be long, a header may not.
const TOKEN_LENGTH_MAX: usize = 8 << 10;
/// How far ahead of the clock of this node a token may have been made, in milliseconds: for as long as it is good, so that it is
/// good for twice that time at most, whatever the clock showed; and this much, for clocks that are a little off.
const AHEAD_MIN: u64 = 60_000;
const KEY_CONTEXT: &[u8] = b"aliasd login token v1";

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claims {
    pub(super) user: UserName,
    pub(super) issued_at: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) credential_revision: Revision,
}

/// Signs and verifies. Made for each use, since the cluster's key may change.
pub(super) struct Signer {
    key: Zeroizing<[u8; 32]>,
}

impl Signer {
    /// `None` if this node does not hold that key.
    pub(super) fn new(vault: &Vault, cluster: ClusterId, key: KeyId) -> Option<Self> {
        let context = [KEY_CONTEXT, &cluster.0].concat();
        vault.derive(key, &context).map(|key| Self { key })
    }

    pub(super) fn sign(&self, claims: &Claims) -> Zeroizing<String> {
        let mut bytes = vec![FORMAT];
        bytes.extend_from_slice(&claims.issued_at.0.to_be_bytes());
        bytes.extend_from_slice(&claims.expires_at.0.to_be_bytes());
        bytes.extend_from_slice(&claims.credential_revision.0.to_be_bytes());
        bytes.extend_from_slice(claims.user.as_str().as_bytes());
        let signature = self.mac(&bytes).finalize().into_bytes();
        bytes.extend_from_slice(&signature);
        let bytes = Zeroizing::new(bytes);
        Zeroizing::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(&*bytes)))
    }

    /// What the token says and what tells it from others, if this cluster signed it and its time has come and is not up.
    pub(super) fn verify(&self, token: &str, now: Timestamp) -> Result<(Claims, TokenTrace), TokenError> {
        let encoded = token.strip_prefix(PREFIX).ok_or(TokenError::Foreign)?;
        if encoded.len() > TOKEN_LENGTH_MAX {
            return Err(TokenError::Foreign);
        }
        let bytes = URL_SAFE_NO_PAD.decode(encoded).map(Zeroizing::new).map_err(|_| TokenError::Foreign)?;
        let signed_length = bytes.len().checked_sub(SIGNATURE_LENGTH).ok_or(TokenError::Foreign)?;
        let (signed, signature) = bytes.split_at(signed_length);
        // Compares in constant time, and before anything of the token is looked at.
        self.mac(signed).verify_slice(signature).map_err(|_| TokenError::Foreign)?;
        let claims = read(signed).ok_or(TokenError::Foreign)?;
        let lifetime = claims.expires_at.0.saturating_sub(claims.issued_at.0);
        if claims.issued_at.0.saturating_sub(now.0) > lifetime.max(AHEAD_MIN) {
            return Err(TokenError::Early);
        }
        if now >= claims.expires_at { Err(TokenError::Expired) } else { Ok((claims, trace(&bytes))) }
    }

    fn mac(&self, bytes: &[u8]) -> Hmac<Sha256> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&*self.key).expect("HMAC takes a key of any length");
        mac.update(bytes);
        mac
    }
}

/// What the catalog keeps of a token that was ended.
fn trace(bytes: &[u8]) -> TokenTrace {
    let hash: [u8; 32] = Sha256::digest(bytes).into();
    let mut trace = [0; 16];
    trace.copy_from_slice(&hash[..16]);
    TokenTrace(trace)
}

fn read(signed: &[u8]) -> Option<Claims> {
    let (header, user) = signed.split_at_checked(HEADER_LENGTH)?;
    let number = |at: usize| Some(u64::from_be_bytes(header.get(at..at + 8)?.try_into().ok()?));
    if header.first() != Some(&FORMAT) {
        return None;
    }
    Some(Claims {
        issued_at: Timestamp(number(1)?),
        expires_at: Timestamp(number(9)?),
        credential_revision: Revision(number(17)?),
        user: UserName::new(std::str::from_utf8(user).ok()?).ok()?,
    })
}
