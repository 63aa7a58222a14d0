//! What a certificate proves. Nothing here verifies a signature: TLS has done that before these are asked.

use std::time::{Duration, SystemTime};

use rustls_pki_types::CertificateDer;
use x509_parser::error::X509Error;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate, X509Version};

use super::{PEER_DOMAIN, PkiError};

/// The node id that a peer's certificate proves by a DNS name such as `node-1.peer.aliasd`.
///
/// # Errors
/// The bytes are no certificate, or it names no node or more than one.
pub fn peer_node_id(certificate: &CertificateDer<'_>) -> Result<u64, PkiError> {
    let certificate = parse(certificate)?;
    let mut ids = alternative_names(&certificate).filter_map(|name| match name {
        GeneralName::DNSName(name) => node_id_of(name),
        _ => None,
    });
    match (ids.next(), ids.next()) {
        (Some(id), None) => Ok(id),
        _ => Err(PkiError::NoNodeId),
    }
}

/// The identity that a client's certificate proves: the URI among its alternative names if there is one, else
/// its common name. A certificate with several of what is asked for proves nothing, and neither does a common name that
/// reads as a URI or a URI that does not: nobody gets another's identity by having it written in the other place.
///
/// # Errors
/// The bytes are no certificate, or it names no client unambiguously.
pub fn client_identity(certificate: &CertificateDer<'_>) -> Result<String, PkiError> {
    let certificate = parse(certificate)?;
    let mut uris = alternative_names(&certificate).filter_map(|name| match name {
        GeneralName::URI(uri) => Some(*uri),
        _ => None,
    });
    match (uris.next(), uris.next()) {
        (Some(uri), None) if is_uri(uri) => return Ok(uri.to_owned()),
        (Some(_), None) => return Err(PkiError::NoIdentity),
        (Some(_), Some(_)) => return Err(PkiError::NoIdentity),
        (None, _) => {}
    }
    let mut names = certificate.subject().iter_common_name();
    match (names.next().map(|name| name.as_str()), names.next()) {
        (Some(Ok(name)), None) if !name.is_empty() && !is_uri(name) => Ok(name.to_owned()),
        _ => Err(PkiError::NoIdentity),
    }
}

/// Whether a text begins with the scheme of a URI (RFC 3986, section 3.1).
pub(super) fn is_uri(text: &str) -> bool {
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    let follows = |character: char| character.is_ascii_alphanumeric() || "+-.".contains(character);
    scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && scheme.chars().all(follows)
}

/// The moment from which a certificate is no longer valid.
///
/// # Errors
/// The bytes are no certificate.
pub fn expires_at(certificate: &CertificateDer<'_>) -> Result<SystemTime, PkiError> {
    let seconds = parse(certificate)?.validity().not_after.timestamp();
    Ok(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.try_into().unwrap_or(0)))
}

/// The moment from which a certificate is valid.
///
/// # Errors
/// The bytes are no certificate.
pub fn valid_from(certificate: &CertificateDer<'_>) -> Result<SystemTime, PkiError> {
    let seconds = parse(certificate)?.validity().not_before.timestamp();
    Ok(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.try_into().unwrap_or(0)))
}

/// Who issued a certificate, by the name that stands in it.
///
/// # Errors
/// The bytes are no certificate.
pub fn issuer(certificate: &CertificateDer<'_>) -> Result<String, PkiError> {
    Ok(parse(certificate)?.issuer().to_string())
}

/// Whether a certificate is that of an authority, which may issue others (RFC 5280, §4.2.1.9). Those of the first version of
/// X.509 do not say, and may.
///
/// # Errors
/// The bytes are no certificate.
pub fn is_authority(certificate: &CertificateDer<'_>) -> Result<bool, PkiError> {
    let certificate = parse(certificate)?;
    Ok(certificate.is_ca() || certificate.version() == X509Version::V1)
}

/// Whether that is the certificate's public key, in the raw form of its algorithm.
pub(super) fn has_public_key(certificate: &CertificateDer<'_>, key: &[u8]) -> Result<bool, PkiError> {
    Ok(*parse(certificate)?.public_key().subject_public_key.data == *key)
}

fn parse<'a>(certificate: &'a CertificateDer<'_>) -> Result<X509Certificate<'a>, PkiError> {
    match X509Certificate::from_der(certificate) {
        Ok((_, certificate)) => Ok(certificate),
        Err(error) => Err(PkiError::NotACertificate(match X509Error::from(error) {
            // It says in its own words what this one says.
            X509Error::Der(error) => error.into(),
            error => error.into(),
        })),
    }
}

fn alternative_names<'a>(certificate: &'a X509Certificate<'_>) -> impl Iterator<Item = &'a GeneralName<'a>> {
    certificate
        .subject_alternative_name()
        .ok()
        .flatten()
        .into_iter()
        .flat_map(|extension| extension.value.general_names.iter())
}

fn node_id_of(name: &str) -> Option<u64> {
    let id = name.strip_prefix("node-")?.strip_suffix(PEER_DOMAIN)?;
    // One spelling per node: no sign, no leading zero.
    let canonical = id.bytes().all(|byte| byte.is_ascii_digit()) && !id.starts_with('0');
    if canonical { id.parse().ok() } else { None }
}
