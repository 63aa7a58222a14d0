//! What is wrong with the certificates of this node, and which setting is at fault.

use std::path::PathBuf;

use aliasd_keyring::pki::PkiError;

/// Why certificates could not be used. Never carries a private key.
#[derive(Debug, thiserror::Error)]
#[error("{setting}: {} {problem}", path.display())]
pub struct TlsError {
    /// The setting at fault, such as `tls.peer_key`.
    pub setting: &'static str,
    /// The file it names.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: TlsProblem,
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum TlsProblem {
    /// The system does not let us read it.
    #[error("cannot be read: {}", .0.kind())]
    Unreadable(#[source] std::io::Error),
    /// It holds something else.
    #[error("holds no {0} in PEM form")]
    Empty(&'static str),
    /// The TLS library does not accept it.
    #[error("is not usable: {0}")]
    Unusable(#[source] rustls::Error),
    /// The clients' or peers' authority does not work as one.
    #[error("does not hold a usable certificate authority: {0}")]
    UnusableAuthority(String),
    /// The peer certificate does not prove a node id.
    #[error("does not prove which node it belongs to: {0}")]
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
