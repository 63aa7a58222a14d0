//! Dialling another node: whatever the address was, the node proves by certificate which one it is.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use aliasd_keyring::pki;
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint, Uri};
use tower::service_fn;

use super::Tls;

/// How long the way to another node may take, handshake included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How often a silent connection is tested. A node that vanished without a word is noticed after this and the next.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(5);
/// How long the answer to such a test may take.
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(3);
/// Bytes that may be under way in one stream and in one connection: log entries and snapshots come in bulk.
const WINDOW: u32 = 4 << 20;

/// A channel of its own to a node at an address, `host:port`. It connects when first used, and again whenever it has to,
/// each time with the certificates of that moment.
///
/// The channel fails if whoever answers at the address does not prove to be that node. It sets no deadline
/// of its own for calls: every caller does.
pub fn peer_channel(tls: &Arc<Tls>, node_id: u64, address: &str) -> Channel {
    let name = pki::peer_name(node_id);
    let uri = Uri::try_from(format!("https://{name}")).expect("a peer name is a host name");
    let name = ServerName::try_from(name).expect("a peer name is a DNS name");
    let tls = Arc::clone(tls);
    let address: Arc<str> = address.into();
    Endpoint::from(uri)
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .connect_with_connector_lazy(service_fn(move |_: Uri| {
            let (tls, address, name) = (Arc::clone(&tls), Arc::clone(&address), name.clone());
            async move { dial(&tls, &address, name).await.map(TokioIo::new) }
        }))
}

async fn dial(
    tls: &Tls,
    address: &str,
    name: ServerName<'static>,
) -> io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    TlsConnector::from(tls.dial()).connect(name, stream).await
}
