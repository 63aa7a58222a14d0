//! What is wrong with the certificates of this node, and which setting is at fault.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use aliasd_keyring::pki::{DECRYPT_KEY, PkiError};
use aliasd_keyring::text::TextError;
use aliasd_tls::WordedTlsError;
use rustls::CertificateError;

/// Why certificates could not be used. Never carries a private key.
#[derive(Debug)]
pub struct TlsError {
    /// The setting at fault, such as `tls.peer_key`.
    pub setting: &'static str,
    /// The file it names.
    pub path: PathBuf,
    /// What is wrong with it.
    pub kind: TlsErrorKind,
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum TlsErrorKind {
    /// The system does not let us read it.
    #[error("cannot be read")]
    Unreadable(#[source] io::Error),
    /// It holds something else.
    #[error("holds no {0} in PEM form")]
    Empty(&'static str),
    /// It is no plain text.
    #[error("cannot be used")]
    NotText(#[source] TextError),
    /// The private key takes a password, and none is asked for.
    #[error("holds an encrypted private key")]
    EncryptedKey,
    /// It is a key, and that of another certificate.
    #[error("is not the private key of the certificate")]
    ForeignKey,
    /// The TLS library does not accept it.
    #[error("is not usable")]
    Unusable(#[source] WordedTlsError),
    /// Those who are shown the certificate would not take it.
    #[error("would be refused by {by}; it is issued by '{issuer}'")]
    Refused {
        /// Who would refuse it.
        by: &'static str,
        /// The authority that issued it, by the name in the certificate.
        issuer: String,
        /// What the TLS library says against it.
        source: WordedTlsError,
    },
    /// The file of authorities holds a certificate that may not issue others.
    #[error("holds a certificate that is none of an authority: it is issued by '{issuer}' and may issue none")]
    NoAuthority {
        /// The authority that issued it.
        issuer: String,
    },
    /// The clients' or peers' authority does not work as one.
    #[error("does not hold a usable certificate authority")]
    UnusableAuthority(#[source] Box<dyn Error + Send + Sync>),
    /// The peer certificate does not prove a node id.
    #[error("does not prove which node it belongs to")]
    NoNodeId(#[source] PkiError),
    /// The peer certificate belongs to another node.
    #[error("belongs to node {found}, and node.id is {expected}")]
    OtherNode {
        /// What the certificate proves.
        found: u64,
        /// What the configuration says.
        expected: u64,
    },
}

impl TlsErrorKind {
    /// Whether the time is all that is wrong, so that another time or another clock puts it right.
    pub(super) fn is_about_time(&self) -> bool {
        use CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
        let Self::Refused { source: WordedTlsError(rustls::Error::InvalidCertificate(error)), .. } = self else {
            return false;
        };
        matches!(error, Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. })
    }

    /// The way out, where there is one that the message does not say.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoNodeId(error) => error.hint(),
            Self::Refused { source: WordedTlsError(rustls::Error::InvalidCertificate(error)), .. } => {
                refusal_hint(error)
            }
            Self::NoAuthority { .. } => Some("put the certificate of the authority there, such as ca.pem"),
            Self::NotText(error) => Some(error.hint()),
            Self::EncryptedKey => Some(DECRYPT_KEY),
            Self::ForeignKey => Some("put the key there that was made with the certificate"),
            Self::Unreadable(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                Some("let the user of aliasd read it, for example by its group: chmod 640")
            }
            _ => None,
        }
    }
}

fn refusal_hint(error: &CertificateError) -> Option<&'static str> {
    use CertificateError::{
        BadSignature, Expired, ExpiredContext, InvalidPurpose, InvalidPurposeContext, NotValidYet, NotValidYetContext,
        UnknownIssuer,
    };
    Some(match error {
        UnknownIssuer | BadSignature => {
            "if an intermediate authority issued it, put the intermediate's certificate behind it in the same file; \
             otherwise issue it with an authority of tls.peer_ca"
        }
        InvalidPurpose | InvalidPurposeContext { .. } => {
            "issue one for both server and client use, as `aliasctl pki issue node` does"
        }
        Expired | ExpiredContext { .. } => "issue a new one; if it should be valid, look at the clock of this machine",
        NotValidYet | NotValidYetContext { .. } => {
            "look at the clock of this machine and at that of the authority's; the certificate may be for later"
        }
        _ => return None,
    })
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.setting, self.path.display(), self.kind)
    }
}

/// The kind is said with the message, so the chain goes on with what caused the kind.
impl Error for TlsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.kind.source()
    }
}
