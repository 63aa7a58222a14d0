//! Connections: TCP, then TLS 1.3 that trusts the given authorities and nothing else.
//!
//! The connector also measures how long it takes to connect, which is how the client knows what is near.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aliasd_runtime::SharedRuntime;
use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::AsyncBufReadExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;
use tonic::transport::Endpoint;
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;

use crate::transport::{Address, Channel, ChannelError, ConnectionState, Connector};

/// How often an idle connection is asked whether it is still there, and how long the answer may take.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(4);

type Connection = TokioIo<Either<TcpStream, TlsStream<TcpStream>>>;

/// How connections are made.
#[derive(Clone)]
pub(crate) struct Dialer {
    pub(crate) runtime: SharedRuntime,
    /// `None` only if every endpoint is plaintext.
    pub(crate) tls: Option<Arc<ClientConfig>>,
    /// The longest time until TCP and TLS stand.
    pub(crate) timeout: Duration,
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialer").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl Connector for Dialer {
    fn channel(&self, address: &Address, state: &ConnectionState) -> Channel {
        let scheme = if address.tls { "https" } else { "http" };
        let endpoint = Endpoint::from(address.uri("http"))
            .origin(address.uri(scheme))
            .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
            .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
            .keep_alive_while_idle(true);
        let (dialer, address, state) = (self.clone(), address.clone(), state.clone());
        let connector = tower::service_fn(move |_: Uri| {
            let (dialer, address, connecting) = (dialer.clone(), address.clone(), state.connecting());
            async move {
                let (stage, started) = (Stage::default(), dialer.runtime.now());
                let connection = dialer.runtime.timeout(dialer.timeout, dialer.connect(&address, &stage)).await;
                let connection = connection.unwrap_or_else(|_| Err(stage.too_slow(&address, dialer.timeout)))?;
                connecting.succeeded(dialer.runtime.now() - started);
                Ok::<_, io::Error>(connection)
            }
        });
        BoxCloneSyncService::new(endpoint.connect_with_connector_lazy(connector).map_err(ChannelError::new))
    }
}

impl Dialer {
    /// Connects and waits for the first byte of the server, whose HTTP/2 begins with its settings. Only then is it
    /// sure that the server runs and, since it verifies client certificates after TLS stands for
    /// this side, that it takes this client. What fails until then has sent no request.
    async fn connect(&self, address: &Address, stage: &Stage) -> io::Result<Connection> {
        let stream = TcpStream::connect((address.host.as_str(), address.port)).await?;
        stage.is_connected.store(true, Ordering::Relaxed);
        stream.set_nodelay(true)?;
        let stream = match &self.tls {
            Some(config) if address.tls => {
                let name = ServerName::try_from(address.host.clone()).map_err(io::Error::other)?;
                let mut stream = TlsConnector::from(Arc::clone(config)).connect(name, stream).await?;
                at_least_one(stream.fill_buf().await?.len())?;
                Either::Right(stream)
            }
            None if address.tls => return Err(io::Error::other("TLS is not configured")),
            _ => {
                at_least_one(stream.peek(&mut [0]).await?)?;
                Either::Left(stream)
            }
        };
        Ok(TokioIo::new(stream))
    }
}

/// How far a connection came.
#[derive(Default)]
struct Stage {
    /// TCP stands.
    is_connected: AtomicBool,
}

impl Stage {
    /// The error of a connection that does not stand in time.
    fn too_slow(&self, address: &Address, limit: Duration) -> io::Error {
        let text = match (self.is_connected.load(Ordering::Relaxed), address.tls) {
            (false, _) => format!("no connection within {limit:?}"),
            (true, true) => format!("connected, but it did not speak TLS within {limit:?}"),
            // Who speaks TLS waits for the caller to begin, as does who speaks HTTP/1.
            (true, false) => format!(
                "connected, but it said nothing within {limit:?}; if it speaks TLS, use https://, and if it is the port of \
                 metrics or of members, use that for clients"
            ),
        };
        io::Error::new(io::ErrorKind::TimedOut, text)
    }
}

/// No byte means that the other side has closed the connection.
fn at_least_one(bytes: usize) -> io::Result<()> {
    if bytes == 0 { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
}
