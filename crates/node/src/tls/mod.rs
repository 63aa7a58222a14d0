//! TLS 1.3: who may connect, and who it is that does.
//!
//! Clients may show a certificate, the other nodes must, and both ends of a connection between nodes prove which node
//! they are. Certificates are read again on [`Tls::reload`]; connections that are open stay open. Nothing here decides what
//! a caller may do, and nothing listens without TLS except [`clients_in_clear`], on a loopback address.

mod accept;
mod connect;
mod error;
mod material;
mod parting;
mod proof;
mod settings;
#[cfg(test)]
mod tests;
mod verify;

use std::fmt;
use std::sync::Arc;

use aliasd_service::operate::CertificateEnd;
use arc_swap::ArcSwap;
use rustls::{ClientConfig, ServerConfig};

pub use self::accept::{
    Accepted, AcceptedConnections, NotLoopbackError, PeerConnection, clients, clients_in_clear, peers,
};
pub use self::connect::peer_channel;
pub use self::error::{TlsError, TlsErrorKind};
use self::material::Material;
pub use self::proof::AcceptedClient;
pub use self::settings::{CertificatePaths, TlsSettings};
use self::verify::Chain;

/// The certificates of this node, ready for use.
pub struct Tls {
    paths: TlsSettings,
    node_id: u64,
    material: ArcSwap<Material>,
}

impl Tls {
    /// Reads all certificates and keys.
    ///
    /// # Errors
    /// A file is unreadable or of no use, the peer certificate belongs to another node, or others would never take a
    /// certificate. The error names the setting.
    pub fn load(paths: &TlsSettings, node_id: u64) -> Result<Self, TlsError> {
        let material = ArcSwap::from_pointee(Material::load(paths, node_id)?);
        Ok(Self { paths: paths.clone(), node_id, material })
    }

    /// Reads the same files again. Connections from now on use what they hold; on an error nothing changes.
    ///
    /// # Errors
    /// As [`Tls::load`].
    pub fn reload(&self) -> Result<(), TlsError> {
        self.material.store(Arc::new(Material::load(&self.paths, self.node_id)?));
        Ok(())
    }

    /// When each of the certificates ends.
    pub fn ends(&self) -> Vec<CertificateEnd> {
        self.material.load().ends.clone()
    }

    /// Tells of each certificate that others would have refused when it was read, though not at another time.
    pub fn each_out_of_time(&self, tell: impl FnMut(&TlsError)) {
        self.material.load().out_of_time.iter().for_each(tell);
    }

    /// Whether the certificate that clients see is for that host.
    pub fn covers(&self, host: &str) -> bool {
        Chain(&self.material.load().server).covers(host)
    }

    fn clients(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.material.load().clients)
    }

    fn peers(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.material.load().peers)
    }

    fn dial(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.material.load().dial)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("paths", &self.paths).field("node_id", &self.node_id).finish_non_exhaustive()
    }
}
