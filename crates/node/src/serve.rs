//! The listeners for clients and for members: how much of a connection each gets, and what answers it.
//!
//! What is served is decided elsewhere: to clients the interface of `aliasd-api`, to members the replica's.

use std::sync::Arc;
use std::time::Duration;

use aliasd_api::Interface;
use aliasd_replica::Replica;
use aliasd_runtime::SharedRuntime;
use aliasd_service::UseCases;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;
use tonic::{Request, Status};

use crate::observe::metrics::Metrics;
use crate::peers::{PeerIdentity, PeerService};
use crate::tls::{AcceptedClient, AcceptedConnections, PeerConnection};

/// Calls that run at once on one connection. More wait on the side of the caller.
const STREAMS_MAX: u32 = 128;
/// Bytes that a client may send ahead of being read, in one call and on one connection.
const CLIENT_WINDOWS: (u32, u32) = (64 << 10, 512 << 10);
/// How long a call may take until its answer begins, whatever it waits for. Each wait has a shorter bound of its own.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// How often a silent client is tested, and how long it may take to answer.
const KEEP_ALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(10));
/// Bytes that may be under way to one member in one stream and in one connection.
const PEER_WINDOW: u32 = 4 << 20;

/// Serves clients until `stop`, and then until running calls have ended.
///
/// # Errors
/// The listener cannot be used any more.
pub(crate) async fn serve_clients(
    use_cases: UseCases,
    runtime: SharedRuntime,
    metrics: Arc<Metrics>,
    incoming: AcceptedConnections<AcceptedClient>,
    stop: CancellationToken,
) -> Result<(), tonic::transport::Error> {
    // What follows the node's readiness ends with the listener, however that ends.
    let ended = stop.child_token();
    let _guard = ended.clone().drop_guard();
    let Interface { access, routes } = Interface::new(use_cases, &runtime, metrics, ended);
    // The interface knows connections, and neither listeners nor what they wait for.
    let taken_apart = tonic::service::InterceptorLayer::new(|mut request: Request<()>| {
        if let Some(AcceptedClient { connection, proof }) = request.extensions_mut().remove() {
            request.extensions_mut().insert(connection);
            request.extensions_mut().insert(proof);
        }
        Ok(request)
    });
    let (interval, timeout) = KEEP_ALIVE;
    let (stream_window, connection_window) = CLIENT_WINDOWS;
    Server::builder()
        .http2_keepalive_interval(Some(interval))
        .http2_keepalive_timeout(Some(timeout))
        .max_concurrent_streams(Some(STREAMS_MAX))
        .initial_stream_window_size(stream_window)
        .initial_connection_window_size(connection_window)
        .timeout(CALL_TIMEOUT)
        .layer(taken_apart)
        .layer(access)
        .add_routes(routes)
        .serve_with_incoming_shutdown(incoming, stop.cancelled_owned())
        .await
}

/// Serves the other members until `stop`.
///
/// # Errors
/// The listener cannot be used any more.
pub(crate) async fn serve_peers(
    replica: &Replica,
    incoming: AcceptedConnections<PeerConnection>,
    stop: CancellationToken,
) -> Result<(), tonic::transport::Error> {
    let proven = tonic::service::InterceptorLayer::new(|mut request: Request<()>| {
        let connection = request.extensions().get::<PeerConnection>().copied();
        let connection = connection.ok_or_else(|| Status::unauthenticated("the connection proves no node id"))?;
        request.extensions_mut().insert(PeerIdentity(connection.node_id));
        Ok(request)
    });
    Server::builder()
        .initial_stream_window_size(PEER_WINDOW)
        .initial_connection_window_size(PEER_WINDOW)
        .layer(proven)
        .add_service(PeerService::mount(replica.peer_server()))
        .serve_with_incoming_shutdown(incoming, stop.cancelled_owned())
        .await
}
