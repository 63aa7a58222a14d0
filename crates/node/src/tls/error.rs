//! What is wrong with the certificates of this node, and which setting is at fault.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use aliasd_keyring::pki::PkiError;

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
    /// The TLS library does not accept it.
    #[error("is not usable")]
    Unusable(#[source] rustls::Error),
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
    /// The way out, where there is one that the message does not say.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoNodeId(error) => error.hint(),
            _ => None,
        }
    }
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
