//! The gRPC interface of a node for its clients: services, and protobuf to the types of the use cases and back.
//!
//! Nothing is decided here but two things: a call reaches its service only through the access layer, which lets in what
//! the table of calls lists; and which status code goes with a failure. There is no socket and no listener: a node puts an
//! [`Interface`] behind its own, and a simulation calls it as it is. Each request has to carry the
//! [`ClientConnection`] that it came over among its extensions, and a [`Proof`] if the connection is given up without one.

#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable))]
#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests run on the machine"))]

mod access;
mod admin;
mod auth;
mod cluster;
mod convert;
mod deadline;
mod failure;
mod health;
mod paths;
mod proof;
mod router;
mod taken;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aliasd_runtime::{Moment, SharedRuntime};
use aliasd_service::identity::{Authenticated, ClientConnection};
use aliasd_service::{Failure, UseCases};
use aliasd_wire::FILE_DESCRIPTOR_SET;
use aliasd_wire::v1::admin_server::AdminServer;
use aliasd_wire::v1::auth_server::AuthServer;
use aliasd_wire::v1::cluster_server::ClusterServer;
use aliasd_wire::v1::router_server::RouterServer;
use tokio_util::sync::CancellationToken;
use tonic::Request;
use tonic::service::Routes;
use tonic_reflection::server::Builder;
use tower::Layer;

pub use self::access::{Access, AccessLayer};
use self::deadline::AnswerBy;
pub use self::failure::{class_on_the_wire, grpc_code};
pub use self::paths::calls;
use self::paths::services_for_clients;
pub use self::proof::Proof;

/// The largest request: a statement of 1 MiB with its parameters.
const REQUEST_BYTES_MAX: usize = 4 << 20;
/// The largest request about users, their privileges and passwords: two names of the longest kind. A login is one of them, so
/// this is what somebody may send before it has proved anything.
const USER_REQUEST_BYTES_MAX: usize = 512 << 10;
/// The largest question about the node and its protocol, which anybody may ask; and about the cluster.
const NODE_REQUEST_BYTES_MAX: usize = 64 << 10;

/// Told what becomes of calls. Every method is called on the path of a call, so none may wait.
pub trait Observer: fmt::Debug + Send + Sync {
    /// A call was answered, or the answer began, with this numeric gRPC status, after this time. The call is a path of
    /// [`calls`], or `unknown`.
    fn answered(&self, call: &'static str, grpc_status: &str, took: Duration);

    /// Another member leads than was seen before.
    fn leader_changed(&self);
}

/// What a node answers its clients with.
pub struct Interface {
    /// Lets calls in. Nothing of `routes` may be reached but through it.
    pub access: AccessLayer,
    /// The services, by their paths.
    pub routes: Routes,
}

impl Interface {
    /// Serves these use cases. The health service follows the readiness of the node until `stop`.
    pub fn new(
        use_cases: UseCases,
        runtime: &SharedRuntime,
        observer: Arc<dyn Observer>,
        stop: CancellationToken,
    ) -> Self {
        let reflection = Builder::configure()
            .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET);
        let reflection = services_for_clients().into_iter().fold(reflection, Builder::with_service_name);
        let reflection = reflection.build_v1().expect("the descriptors were made by the build");
        let reflection = reflection.max_decoding_message_size(NODE_REQUEST_BYTES_MAX);
        let (reporter, health) = tonic_health::server::health_reporter();
        let health = health.max_decoding_message_size(NODE_REQUEST_BYTES_MAX);
        let UseCases { authenticate, execute, resolve, watch, account, operate } = use_cases;
        let auth = AuthServer::new(auth::AuthService { authenticate: authenticate.clone(), account });
        let clock = Arc::clone(runtime);
        let readiness = health::follow_readiness(operate.clone(), clock, Arc::clone(&observer), reporter, stop);
        runtime.spawn(Box::pin(readiness));
        let cluster = ClusterServer::new(cluster::ClusterService(operate));
        let routes =
            Routes::new(RouterServer::new(router::RouterService { runtime: Arc::clone(runtime), resolve, watch }))
                .add_service(
                    AdminServer::new(admin::AdminService(execute)).max_decoding_message_size(REQUEST_BYTES_MAX),
                )
                .add_service(auth.max_decoding_message_size(USER_REQUEST_BYTES_MAX))
                .add_service(cluster.max_decoding_message_size(NODE_REQUEST_BYTES_MAX))
                .add_service(health)
                .add_service(reflection);
        Self { access: AccessLayer::new(Arc::clone(runtime), authenticate, observer), routes }
    }

    /// The services behind the layer, to be called without a connection.
    pub fn into_service(self) -> Access<Routes> {
        self.access.layer(self.routes)
    }
}

impl fmt::Debug for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interface").finish_non_exhaustive()
    }
}

/// Who calls, as the access layer found out. A call without has not come through it.
fn caller<T>(request: &Request<T>) -> Result<&Authenticated, Failure> {
    request.extensions().get().ok_or_else(|| Failure::bug("a call came past the access layer"))
}

/// When the answer to a request has to be on its way.
fn answer_by<T>(request: &Request<T>) -> Option<Moment> {
    request.extensions().get().and_then(|AnswerBy(moment)| *moment)
}

/// Where a request comes from.
fn connection<T>(request: &Request<T>) -> Result<&ClientConnection, Failure> {
    request.extensions().get().ok_or_else(|| Failure::bug("a call came without its connection"))
}
