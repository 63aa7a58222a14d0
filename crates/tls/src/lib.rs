//! What nodes, clients and gateways say when TLS refuses, in the same words everywhere.
//!
//! The library prints most of what it finds wrong with a certificate as the name of a value in its source. Here each gets a
//! sentence. It must never decide anything: what may be tried again, and the way out, say those who know which end they are.

#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable))]

use std::error::Error;
use std::{fmt, io};

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError};

/// An error of TLS that says in these words what happened, for whoever keeps it as the cause of another error.
#[derive(Clone, Debug)]
pub struct WordedTlsError(pub rustls::Error);

impl fmt::Display for WordedTlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&tls_error_text(&self.0))
    }
}

impl Error for WordedTlsError {}

/// An error of a connection; where it is TLS that refused, with our words in place of the library's.
pub fn worded(error: io::Error) -> io::Error {
    match tls_cause(&error) {
        Some(tls) => io::Error::new(error.kind(), WordedTlsError(tls.clone())),
        None => error,
    }
}

/// What TLS refused, without a full stop.
pub fn tls_error_text(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(error) => certificate_text(error),
        rustls::Error::AlertReceived(alert) => alert_text(*alert),
        rustls::Error::NoCertificatesPresented => "no certificate was shown".to_owned(),
        rustls::Error::InvalidMessage(_) => "what came is no TLS".to_owned(),
        rustls::Error::PeerIncompatible(_) => NOTHING_IN_COMMON.to_owned(),
        error => error.to_string(),
    }
}

/// The error of TLS that an error stems from, however deep: connections hand theirs on inside errors of I/O.
pub fn tls_cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref() {
            return Some(tls);
        }
        // An I/O error shows its own cause only when asked for it.
        let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match inside {
            Some(inside) => Some(inside),
            None => error.source(),
        };
    }
    None
}

const CRITICAL_EXTENSION: &str = "the certificate demands something that is not understood (a critical extension)";
const NOTHING_IN_COMMON: &str = "both sides have no version or cipher of TLS in common";

fn certificate_text(error: &CertificateError) -> String {
    use CertificateError::{
        ApplicationVerificationFailure, BadEncoding, BadSignature, Expired, ExpiredContext, InvalidPurpose,
        InvalidPurposeContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext, Other,
        Revoked, UnhandledCriticalExtension, UnknownIssuer, UnsupportedSignatureAlgorithmContext,
        UnsupportedSignatureAlgorithmForPublicKeyContext,
    };
    let text = match error {
        BadEncoding => "the certificate is damaged, or is none",
        Expired => "the certificate has expired",
        NotValidYet => "the certificate is not valid yet",
        Revoked => "the certificate was revoked",
        UnhandledCriticalExtension => CRITICAL_EXTENSION,
        UnknownIssuer => "the certificate is of an authority that is not known",
        BadSignature => "the certificate was not signed by the authority that it names",
        NotValidForName => "the certificate is for other names",
        UnsupportedSignatureAlgorithmContext { .. } | UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "the certificate is signed by an algorithm that is not accepted, such as SHA-1"
        }
        ExpiredContext { time, not_after } => {
            return format!("the certificate expired {} ago", period(*not_after, *time));
        }
        NotValidYetContext { time, not_before } => {
            return format!("the certificate is not valid yet: it will be in {}", period(*time, *not_before));
        }
        NotValidForNameContext { expected, .. } => {
            return format!("the certificate is for other names than {}", expected.to_str());
        }
        InvalidPurpose | InvalidPurposeContext { .. } => "the certificate is not good for this use",
        ApplicationVerificationFailure => "the certificate is not accepted",
        Other(other) => return other_text(other),
        error => return error.to_string(),
    };
    text.to_owned()
}

/// How long it is from one moment to another, in days, or hours where it is less than one.
fn period(from: UnixTime, to: UnixTime) -> String {
    let hours = to.as_secs().saturating_sub(from.as_secs()) / 3600;
    match hours / 24 {
        0 => format!("less than {} h", hours + 1),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

fn other_text(other: &rustls::OtherError) -> String {
    use webpki::Error::{
        CaUsedAsEndEntity, EndEntityUsedAsCa, InvalidCertValidity, NameConstraintViolation, PathLenConstraintViolated,
        UnsupportedCertVersion, UnsupportedCriticalExtension,
    };
    match other.0.downcast_ref() {
        Some(UnsupportedCertVersion) => {
            "the certificate is of an old version of X.509, and only version 3 is accepted".to_owned()
        }
        Some(CaUsedAsEndEntity) => "the certificate is that of an authority, and may not stand for anybody".to_owned(),
        Some(EndEntityUsedAsCa) => "the certificate was issued by one that is not an authority's".to_owned(),
        Some(UnsupportedCriticalExtension) => CRITICAL_EXTENSION.to_owned(),
        Some(InvalidCertValidity) => "the certificate ends before it begins".to_owned(),
        Some(NameConstraintViolation) => "its authority may not issue certificates for the names in it".to_owned(),
        Some(PathLenConstraintViolated) => "the chain has more authorities than one of them allows".to_owned(),
        _ => format!("the certificate is not accepted ({other})"),
    }
}

fn alert_text(alert: AlertDescription) -> String {
    use AlertDescription::{
        AccessDenied, BadCertificate, CertificateExpired, CertificateRequired, CertificateRevoked, CertificateUnknown,
        DecryptError, HandshakeFailure, NoCertificate, ProtocolVersion, UnknownCA, UnrecognisedName,
        UnsupportedCertificate,
    };
    let text = match alert {
        CertificateRequired | NoCertificate => "the other side wants a certificate",
        CertificateExpired => "the other side finds the certificate expired, or not valid yet",
        DecryptError => "the other side finds that the certificate was not signed by the authority that it names",
        CertificateRevoked => "the other side finds the certificate revoked",
        UnknownCA => "the other side does not know the certificate's authority",
        BadCertificate | CertificateUnknown | UnsupportedCertificate => {
            "the other side does not accept the certificate"
        }
        AccessDenied => "the other side does not let the certificate's owner in",
        UnrecognisedName => "the other side has another name",
        HandshakeFailure | ProtocolVersion => NOTHING_IN_COMMON,
        alert => return format!("the other side ended TLS ({alert:?})"),
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;

    fn other(error: webpki::Error) -> rustls::Error {
        CertificateError::Other(rustls::OtherError(Arc::new(error))).into()
    }

    fn expired(seconds: u64) -> CertificateError {
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        CertificateError::ExpiredContext { time: at(1_000_000 + seconds), not_after: at(1_000_000) }
    }

    #[test]
    fn what_is_wrong_with_a_certificate_is_a_sentence() {
        for (error, part) in [
            (CertificateError::UnknownIssuer.into(), "authority that is not known"),
            (CertificateError::BadEncoding.into(), "damaged"),
            (expired(3 * 24 * 3600 + 5).into(), "expired 3 days ago"),
            (expired(100).into(), "expired less than 1 h ago"),
            (rustls::Error::AlertReceived(AlertDescription::DecryptError), "not signed by the authority that it names"),
            (other(webpki::Error::UnsupportedCertVersion), "only version 3"),
            (rustls::Error::AlertReceived(AlertDescription::UnknownCA), "does not know the certificate's authority"),
        ] {
            let text = tls_error_text(&error);
            assert!(text.contains(part) && !text.contains("Other"), "{error:?}: {text}");
        }
    }

    #[test]
    fn an_error_of_tls_is_found_inside_others() {
        let inside = io::Error::new(io::ErrorKind::InvalidData, rustls::Error::NoCertificatesPresented);
        let found = tls_cause(&inside).map(tls_error_text);
        assert_eq!(found.as_deref(), Some("no certificate was shown"));
        assert!(tls_cause(&io::Error::other("no")).is_none());
        assert_eq!(worded(inside).to_string(), "no certificate was shown");
        assert_eq!(worded(io::Error::other("no")).to_string(), "no");
    }
}
