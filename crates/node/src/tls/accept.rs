//! Accepting connections: a stream of them for a gRPC server.
//!
//! Connections have places, which `crate::admission` gives out, and those that find none are closed. Handshakes run beside one
//! another, have a deadline and give way to newer ones when there are too many, so that a slow or hostile caller holds up
//! nobody. A client that proves nothing is not held for ever either, nor is a node that is no member any more. Whoever is turned
//! away is told to the log, of each kind one at a time. The loop ends when the stream is dropped.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use aliasd_api::Proof;
use aliasd_catalog::error_chain;
use aliasd_keyring::pki;
use aliasd_service::identity::{ClientCertificate, ClientConnection};
use aliasd_tls::worded;
use futures::future::BoxFuture;
use rustls::ServerConfig;
use rustls_pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;

use super::Tls;
use super::parting::Parting;
use super::proof::{AcceptedClient, Awaited};
use crate::admission::{Admission, ConnectionLimits, Handshakes, NoRoomError, Place, REFUSALS_SAID_EVERY, Refusals};

/// How long a caller may take for its handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections that wait to be taken over by the server.
const WAITING_MAX: usize = 64;
/// How long to wait before accepting again after the system refused, most likely for want of file descriptors.
const REFUSED_PAUSE: Duration = Duration::from_millis(100);

/// What is known of another node's connection. A request carries it among its extensions.
#[derive(Clone, Copy, Debug)]
pub struct PeerConnection {
    /// Where it comes from.
    pub remote: SocketAddr,
    /// The node that its certificate proves it to be.
    pub node_id: u64,
}

/// An accepted connection and what is known of it.
#[derive(Debug)]
pub struct Accepted<C> {
    stream: Stream,
    connection: C,
    /// The connection ends if somebody is still to prove who they are when the time is over.
    awaited: Option<Awaited>,
    /// The connection ends with it, if it comes.
    parting: Option<Parting>,
    /// Held as long as the connection is.
    _place: Place,
}

/// The stream of accepted connections, for `serve_with_incoming`.
pub type AcceptedConnections<C> = ReceiverStream<io::Result<Accepted<C>>>;

/// `insecure_plaintext` is set and the listener is not on a loopback address.
#[derive(Debug, thiserror::Error)]
#[error("node.insecure_plaintext: {0} is no loopback address, and passwords would travel in clear")]
pub struct NotLoopbackError(pub SocketAddr);

/// Accepts clients over TLS 1.3, with or without a certificate. One without is let go when no call has proved within
/// `patience` who makes it.
pub fn clients(
    listener: TcpListener,
    limits: ConnectionLimits,
    patience: Duration,
    tls: Arc<Tls>,
) -> AcceptedConnections<AcceptedClient> {
    accept(listener, limits, move |stream, remote, place, log| {
        let config = tls.clients();
        async move {
            let stream = handshake(config, stream).await?;
            let certificate = peer_certificate(&stream).map(understand).transpose()?;
            place.confirm(certificate.is_some()).map_err(io::Error::other)?;
            let known = certificate.is_some();
            let connection =
                AcceptedClient { connection: ClientConnection { remote, certificate }, proof: Proof::default() };
            let awaited = (!known).then(|| awaited(&connection, patience, log));
            Ok(Accepted { stream: Stream::Tls(Box::new(stream)), connection, awaited, parting: None, _place: place })
        }
    })
}

/// Accepts other nodes over mutual TLS 1.3. One whose certificate proves no node id is turned away, and one for which `removed`
/// resolves is let go a little later.
pub fn peers(
    listener: TcpListener,
    limits: ConnectionLimits,
    tls: Arc<Tls>,
    removed: impl Fn(u64) -> BoxFuture<'static, ()> + Send + Sync + 'static,
) -> AcceptedConnections<PeerConnection> {
    let removed = Arc::new(removed);
    accept(listener, limits, move |stream, remote, place, _log| {
        let (config, removed) = (tls.peers(), Arc::clone(&removed));
        async move {
            let stream = handshake(config, stream).await?;
            let certificate = peer_certificate(&stream).ok_or(io::ErrorKind::PermissionDenied)?;
            let node_id = pki::peer_node_id(certificate).map_err(io::Error::other)?;
            let connection = PeerConnection { remote, node_id };
            let parting = Some(Parting::after(removed(node_id), connection));
            Ok(Accepted { stream: Stream::Tls(Box::new(stream)), connection, awaited: None, parting, _place: place })
        }
    })
}

fn awaited(client: &AcceptedClient, patience: Duration, log: Arc<RefusalLog>) -> Awaited {
    let remote = client.connection.remote;
    Awaited::new(client.proof.clone(), patience, move || log.turned_away(remote, &NoRoomError::NobodyKnown))
}

/// Accepts clients without TLS, and lets them go as [`clients`] does.
///
/// # Errors
/// The listener is not on a loopback address.
pub fn clients_in_clear(
    listener: TcpListener,
    limits: ConnectionLimits,
    patience: Duration,
) -> Result<AcceptedConnections<AcceptedClient>, NotLoopbackError> {
    // A listener without an address is as good as one that everybody reaches.
    let address = listener.local_addr().unwrap_or(SocketAddr::from(([0, 0, 0, 0], 0)));
    if !address.ip().is_loopback() {
        return Err(NotLoopbackError(address));
    }
    Ok(accept(listener, limits, move |stream, remote, place, log| async move {
        place.confirm(false).map_err(io::Error::other)?;
        let connection = ClientConnection { remote, certificate: None };
        let connection = AcceptedClient { connection, proof: Proof::default() };
        let awaited = Some(awaited(&connection, patience, log));
        Ok(Accepted { stream: Stream::Plain(stream), connection, awaited, parting: None, _place: place })
    }))
}

fn accept<C, F, W>(listener: TcpListener, limits: ConnectionLimits, welcome: W) -> AcceptedConnections<C>
where
    C: Send + 'static,
    F: Future<Output = io::Result<Accepted<C>>> + Send + 'static,
    W: Fn(TcpStream, SocketAddr, Place, Arc<RefusalLog>) -> F + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    tokio::spawn(async move {
        let (admission, mut handshakes) = (Admission::new(limits), Handshakes::new(limits));
        let log = Arc::new(RefusalLog::default());
        let mut counts = tokio::time::interval(REFUSALS_SAID_EVERY);
        loop {
            let accepted = tokio::select! {
                () = sender.closed() => return,
                _ = counts.tick() => {
                    log.counts();
                    continue;
                }
                accepted = listener.accept() => accepted,
            };
            let (stream, remote) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    log.not_accepted(&error);
                    tokio::time::sleep(REFUSED_PAUSE).await;
                    continue;
                }
            };
            let place = match admission.admit(remote.ip()) {
                Ok(place) => place,
                Err(no_room) => {
                    log.turned_away(remote, &no_room);
                    continue;
                }
            };
            let welcomed = welcome(stream, remote, place, Arc::clone(&log));
            let (sender, refusals) = (sender.clone(), Arc::clone(&log));
            let handshake = tokio::spawn(async move {
                match tokio::time::timeout(HANDSHAKE_TIMEOUT, welcomed).await {
                    // The server may be stopping; then the connection closes with the message.
                    Ok(Ok(accepted)) => drop(sender.send(Ok(accepted)).await),
                    Ok(Err(error)) => refusals.turned_away(remote, &error),
                    Err(_) => refusals.turned_away(remote, &NoRoomError::HandshakeTooSlow),
                }
            });
            if let Some(gave_way) = handshakes.begin(remote.ip(), handshake.abort_handle()) {
                // Whichever it was, this one came on top.
                log.turned_away(remote, &gave_way);
            }
        }
    });
    ReceiverStream::new(receiver)
}

/// What the log says of those who are turned away.
#[derive(Default)]
struct RefusalLog(Refusals);

impl RefusalLog {
    fn turned_away(&self, remote: SocketAddr, error: &(dyn Error + 'static)) {
        let error = error_chain(error);
        if self.0.say(&error, Instant::now()) {
            tracing::info!(%remote, error, "a connection was turned away");
        }
    }

    fn not_accepted(&self, error: &io::Error) {
        let error = error_chain(error);
        if self.0.say(&error, Instant::now()) {
            tracing::warn!(error, "a connection could not be accepted");
        }
    }

    fn counts(&self) {
        for (error, count) in self.0.due(Instant::now()) {
            tracing::info!(error, count, "more connections were turned away");
        }
    }
}

async fn handshake(config: Arc<ServerConfig>, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
    // Calls are small and their answers are awaited.
    stream.set_nodelay(true)?;
    TlsAcceptor::from(config).accept(stream).await.map_err(worded)
}

fn understand(certificate: &CertificateDer<'static>) -> io::Result<ClientCertificate> {
    let identity = pki::client_identity(certificate).map_err(io::Error::other)?.into();
    let expires_at = pki::expires_at(certificate).map_err(io::Error::other)?;
    Ok(ClientCertificate { identity, expires_at })
}

fn peer_certificate(stream: &TlsStream<TcpStream>) -> Option<&CertificateDer<'static>> {
    stream.get_ref().1.peer_certificates()?.first()
}

// === impl Accepted ===

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl<C: Clone + Send + Sync + 'static> Connected for Accepted<C> {
    type ConnectInfo = C;

    fn connect_info(&self) -> C {
        self.connection.clone()
    }
}

impl<C: Unpin> AsyncRead for Accepted<C> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { stream, awaited, parting, .. } = self.get_mut();
        // Whoever serves the connection reads as long as it is open.
        if let Some(waiting) = awaited
            && let Poll::Ready(given) = waiting.poll(context)
        {
            *awaited = None;
            if !given {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
        if let Some(coming) = parting
            && coming.poll(context).is_ready()
        {
            *parting = None;
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        match stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl<C: Unpin> AsyncWrite for Accepted<C> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(context, buffer),
            Stream::Tls(stream) => Pin::new(stream).poll_write(context, buffer),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(context),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
