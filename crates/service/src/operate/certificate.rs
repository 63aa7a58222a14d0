//! When the certificates of this node end. Which files they are and what is in them is the node's matter.

use std::time::{Duration, SystemTime};

use crate::failure::NodeFailure;

/// A certificate that ends sooner than this deserves a warning.
pub const EXPIRY_NOTICE: Duration = Duration::from_secs(30 * 86_400);

/// When a certificate ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateEnd {
    /// The setting that names the file, such as `tls.peer_certificate`.
    pub setting: &'static str,
    /// The moment from which it is no longer valid.
    pub ends_at: SystemTime,
}

/// The warning about those that have ended by `now` or end soon after, if there are any.
pub(super) fn ending(certificates: &[CertificateEnd], now: SystemTime) -> Option<NodeFailure> {
    let soon =
        certificates.iter().filter_map(|CertificateEnd { setting, ends_at }| match ends_at.duration_since(now) {
            Err(_) => Some(format!("{setting} has ended")),
            Ok(left) if left < EXPIRY_NOTICE => Some(format!("{setting} ends in {}", in_words(left))),
            Ok(_) => None,
        });
    let certificates = soon.collect::<Vec<_>>().join(", ");
    (!certificates.is_empty()).then_some(NodeFailure::CertificatesEnd { certificates })
}

fn in_words(left: Duration) -> String {
    match left.as_secs() / 3_600 {
        hours @ 0..48 => format!("{hours} hours"),
        hours => format!("{} days", hours / 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_ends_soon_is_named() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let ending_at = |setting, ends_at| CertificateEnd { setting, ends_at };
        assert_eq!(ending(&[ending_at("tls.peer_ca", now + EXPIRY_NOTICE)], now), None);
        let day = Duration::from_secs(86_400);
        let three = [
            ending_at("tls.peer_ca", now + EXPIRY_NOTICE),
            ending_at("tls.peer_certificate", now + 12 * day),
            ending_at("tls.server_certificate", now + day),
            ending_at("tls.client_ca", now - day),
        ];
        let message = ending(&three, now).unwrap().message();
        let expected =
            "tls.peer_certificate ends in 12 days, tls.server_certificate ends in 24 hours, tls.client_ca has ended";
        assert!(message.contains(expected), "{message}");
    }
}
