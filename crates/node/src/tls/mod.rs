//! TLS 1.3: who may connect, and who it is that does.
//!
//! Clients may show a certificate, the other nodes must, and both ends of a connection between nodes prove which node
//! they are. Certificates are read again on [`Tls::reload`]; connections that are open stay open. Nothing here decides what
//! a caller may do, and nothing listens without TLS except [`clients_in_clear`], on a loopback address.

mod accept;
mod connect;
mod error;
mod material;
mod settings;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::{ClientConfig, ServerConfig};

pub use self::accept::{
    Accepted, AcceptedConnections, NotLoopbackError, PeerConnection, clients, clients_in_clear, peers,
};
pub use self::connect::peer_channel;
pub use self::error::{TlsError, TlsErrorKind};
use self::material::Material;
pub use self::settings::{CertificatePaths, TlsSettings};

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
    /// A file is unreadable or of no use, or the peer certificate belongs to another node. The error names the setting.
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
