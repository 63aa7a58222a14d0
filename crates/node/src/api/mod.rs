//! The gRPC surface: listeners, services, and protobuf to the types of the use cases and back.
//!
//! Nothing is decided here but two things: a call reaches its service only through the access layer, which lets in what
//! the table of calls lists; and which status code goes with a failure.

mod access;
mod admin;
mod auth;
mod cluster;
mod convert;
mod failure;
mod health;
mod paths;
mod router;

use std::sync::Arc;
use std::time::Duration;

use aliasd_replica::Replica;
use aliasd_service::identity::{Authenticated, ClientConnection};
use aliasd_service::{Failure, UseCases};
use aliasd_wire::FILE_DESCRIPTOR_SET;
use aliasd_wire::v1::admin_server::AdminServer;
use aliasd_wire::v1::auth_server::AuthServer;
use aliasd_wire::v1::cluster_server::ClusterServer;
use aliasd_wire::v1::router_server::RouterServer;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;
use tonic::{Request, Status};
use tonic_reflection::server::Builder;

use self::access::AccessLayer;
pub use self::failure::{class_on_the_wire, grpc_code};
pub use self::paths::calls;
use self::paths::services_for_clients;
use crate::observe::metrics::Metrics;
use crate::peers::{PeerIdentity, PeerService};
use crate::tls::{AcceptedConnections, PeerConnection};

/// The largest request: a statement of 1 MiB with its parameters.
const REQUEST_BYTES_MAX: usize = 4 << 20;
/// The largest request about users, their privileges and passwords: two names of the longest kind. A login is one of them, so
/// this is what somebody may send before it has proved anything.
const USER_REQUEST_BYTES_MAX: usize = 512 << 10;
/// The largest question about the node and its protocol, which anybody may ask; and about the cluster.
const NODE_REQUEST_BYTES_MAX: usize = 64 << 10;
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
pub async fn serve_clients(
    use_cases: UseCases,
    metrics: Arc<Metrics>,
    incoming: AcceptedConnections<ClientConnection>,
    stop: CancellationToken,
) -> Result<(), tonic::transport::Error> {
    let reflection = Builder::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET);
    let reflection = services_for_clients().into_iter().fold(reflection, Builder::with_service_name);
    let reflection = reflection.build_v1().expect("the descriptors were made by the build");
    let reflection = reflection.max_decoding_message_size(NODE_REQUEST_BYTES_MAX);
    let (interval, timeout) = KEEP_ALIVE;
    let (reporter, health) = tonic_health::server::health_reporter();
    let health = health.max_decoding_message_size(NODE_REQUEST_BYTES_MAX);
    let (stream_window, connection_window) = CLIENT_WINDOWS;
    let UseCases { authenticate, execute, resolve, watch, account, operate } = use_cases;
    let auth = AuthServer::new(auth::AuthService { authenticate: authenticate.clone(), account });
    let auth = auth.max_decoding_message_size(USER_REQUEST_BYTES_MAX);
    let readiness = health::follow_readiness(operate.clone(), Arc::clone(&metrics), reporter, stop.clone());
    let readiness = tokio::spawn(readiness);
    let cluster = ClusterServer::new(cluster::ClusterService(operate));
    let cluster = cluster.max_decoding_message_size(NODE_REQUEST_BYTES_MAX);
    let served = Server::builder()
        .http2_keepalive_interval(Some(interval))
        .http2_keepalive_timeout(Some(timeout))
        .max_concurrent_streams(Some(STREAMS_MAX))
        .initial_stream_window_size(stream_window)
        .initial_connection_window_size(connection_window)
        .timeout(CALL_TIMEOUT)
        .layer(AccessLayer { authenticate, metrics })
        .add_service(RouterServer::new(router::RouterService { resolve, watch }))
        .add_service(AdminServer::new(admin::AdminService(execute)).max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(auth)
        .add_service(cluster)
        .add_service(health)
        .add_service(reflection)
        .serve_with_incoming_shutdown(incoming, stop.cancelled_owned())
        .await;
    readiness.abort();
    served
}

/// Serves the other members until `stop`.
///
/// # Errors
/// The listener cannot be used any more.
pub async fn serve_peers(
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

/// Who calls, as the access layer found out. A call without has not come through it.
fn caller<T>(request: &Request<T>) -> Result<&Authenticated, Failure> {
    request.extensions().get().ok_or_else(|| Failure::bug("a call came past the access layer"))
}

/// Where a request comes from.
fn connection<T>(request: &Request<T>) -> Result<&ClientConnection, Failure> {
    request.extensions().get().ok_or_else(|| Failure::bug("a call came without its connection"))
}
