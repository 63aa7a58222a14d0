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

/// A time that is left, in the largest unit of which there are two at least, so that nothing ends in 0 days.
pub fn in_words(left: Duration) -> String {
    let seconds = left.as_secs();
    let units = [("days", 86_400), ("hours", 3_600), ("minutes", 60)];
    let fits = units.into_iter().find(|(_, length)| seconds >= 2 * length);
    let (unit, length) = fits.unwrap_or(("seconds", 1));
    format!("{} {unit}", seconds / length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_in_no_time_at_all() {
        let words = |seconds| in_words(Duration::from_secs(seconds));
        assert_eq!([47 * 3_600, 48 * 3_600].map(words), ["47 hours", "2 days"]);
        assert_eq!([119, 120, 7_199, 7_200].map(words), ["119 seconds", "2 minutes", "119 minutes", "2 hours"]);
    }

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
