//! The `authorization` of a call: `Basic` (RFC 7617) or `Bearer` (RFC 6750).

use aliasd_catalog::PlainSecret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::AuthError;

/// What proves the caller of a call. It has no `Debug`: both kinds are secret.
pub(crate) enum AuthorizationHeader<'a> {
    Basic { user: String, password: PlainSecret },
    Bearer(&'a str),
}

pub(crate) fn parse(value: &[u8]) -> Result<AuthorizationHeader<'_>, AuthError> {
    let text = std::str::from_utf8(value).map_err(|_| AuthError::Header("it is not text"))?;
    let (scheme, rest) = text.split_once(' ').ok_or(AuthError::Header("it has no scheme"))?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("basic") {
        basic(rest)
    } else if scheme.eq_ignore_ascii_case("bearer") {
        Ok(AuthorizationHeader::Bearer(rest))
    } else {
        Err(AuthError::Header("its scheme is neither Basic nor Bearer"))
    }
}

fn basic(encoded: &str) -> Result<AuthorizationHeader<'_>, AuthError> {
    let decoded = STANDARD
        .decode(encoded)
        .map(Zeroizing::new)
        .map_err(|_| AuthError::Header("what follows Basic is not base64"))?;
    let text = std::str::from_utf8(&decoded).map_err(|_| AuthError::Header("user and password are not UTF-8"))?;
    let (user, password) =
        text.split_once(':').ok_or(AuthError::Header("there is no colon between user and password"))?;
    Ok(AuthorizationHeader::Basic { user: user.to_owned(), password: PlainSecret::new(password.to_owned()) })
}
