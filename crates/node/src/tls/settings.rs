//! Which files TLS is made of. Paths only: what they hold is read by `material`.

use std::path::PathBuf;

/// The files of `[tls]`. All paths are absolute.
#[derive(Clone, Debug)]
pub struct TlsSettings {
    /// What this node shows to the other nodes.
    pub peer: CertificatePaths,
    /// Who issues the nodes' certificates.
    pub peer_ca: PathBuf,
    /// What clients see; `None` means the same as the other nodes.
    pub server: Option<CertificatePaths>,
    /// Who issues clients' certificates; `None` means that clients cannot use certificates.
    pub client_ca: Option<PathBuf>,
}

/// A certificate (chain) and its private key, both in PEM form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificatePaths {
    /// The certificate, followed by its chain if it has one.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

// === impl TlsSettings ===

impl TlsSettings {
    /// The certificate that clients see.
    pub fn server(&self) -> &CertificatePaths {
        self.server.as_ref().unwrap_or(&self.peer)
    }
}
