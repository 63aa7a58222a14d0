//! What a listener finds out about a client's connection before the first call. It proves nothing by itself: whose the
//! certificate is says the catalog.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

/// What is known of a client's connection. A request carries it among its extensions.
#[derive(Clone, Debug)]
pub struct ClientConnection {
    /// Where it comes from.
    pub remote: SocketAddr,
    /// The certificate that it showed, if it showed one.
    pub certificate: Option<ClientCertificate>,
}

/// What a client's certificate proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The identity, to be mapped to a user.
    pub identity: Arc<str>,
    /// From when on it proves nothing any more.
    pub expires_at: SystemTime,
}
