//! The way of clients to members: requests of the SDK, and of clients without one, to the interface of a node.
//!
//! A call and each piece of its answer are carried like messages between members. The member's part runs on the member's
//! machine and ends with it; whoever gives a call up does not end it there.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use aliasd_api::Access;
use aliasd_client::transport::{Address, Channel, ChannelError, ConnectionState, Connector};
use aliasd_replica::NodeId;
use aliasd_runtime::Runtime;
use aliasd_service::identity::{ClientCertificate, ClientConnection};
use futures::StreamExt;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tokio::sync::oneshot;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::service::Routes;
use tonic::{ConnectError, Status};
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;

use super::stream::carry;
use super::{CONNECTION_MAX, Lane, Network, Way};
use aliasd_runtime::simulation::Machine;

/// Whom clients are, to the network.
pub const CLIENTS: NodeId = 0;

/// What a node serves clients with.
pub type Served = Access<Routes>;

/// Who opens a connection.
#[derive(Clone)]
pub struct ClientWay {
    pub(crate) network: Network,
    pub(crate) machine: Arc<Machine>,
    /// The identity in its certificate, if it has one.
    pub(crate) identity: Option<&'static str>,
}

impl fmt::Debug for ClientWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientWay").field("identity", &self.identity).finish_non_exhaustive()
    }
}

/// Where clients reach a member.
pub fn address_of(node: NodeId) -> String {
    format!("node{node}.example:7680")
}

fn node_at(address: &str) -> Option<NodeId> {
    address.strip_prefix("node")?.split('.').next()?.parse().ok()
}

impl Connector for ClientWay {
    fn channel(&self, address: &Address, state: &ConnectionState) -> Channel {
        let node = node_at(&address.to_string()).unwrap_or_default();
        // Which member is near decides whom reads go to: each client finds another one near.
        let distance = Duration::from_micros(500 + self.machine.random() % 1000);
        state.connecting().succeeded(distance);
        self.channel_to(node)
    }
}

impl ClientWay {
    /// A channel to one member, for a client without the SDK.
    pub fn channel_to(&self, node: NodeId) -> Channel {
        let way = self.clone();
        BoxCloneSyncService::new(tower::service_fn(move |request| way.clone().call(node, request)))
    }

    async fn call(self, node: NodeId, mut request: http::Request<Body>) -> Result<http::Response<Body>, ChannelError> {
        let way = Way { from: CLIENTS, to: node, lane: Lane::Client };
        let Some((served, machine)) = self.network.served(node) else {
            let limit = if self.network.draws(|_| 500) { Duration::from_millis(1) } else { CONNECTION_MAX };
            let _ = self.network.silence(self.network.0.simulation.now(), limit).await;
            let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
            return Err(ChannelError::new(ConnectError(refused.into())));
        };
        let path = request.uri().path().to_owned();
        let remote = ([192, 0, 2, 1], 5000).into();
        let expires_at = machine.time_of_day() + Duration::from_secs(86_400);
        let certificate = self.identity.map(|identity| ClientCertificate { identity: identity.into(), expires_at });
        request.extensions_mut().insert(ClientConnection { remote, certificate });
        let (done, answer) = oneshot::channel();
        let network = self.network.clone();
        machine.spawn(Box::pin(async move {
            let answer = match network.carry(way).await {
                Ok(()) => {
                    network.0.trace.line(|| format!("client>{node} {path}"));
                    served.oneshot(request).await.map_err(|never| match never {})
                }
                Err(broken) => Err(broken),
            };
            // Who gave up does not need the answer.
            let _ = done.send(answer);
        }));
        let lost = || ChannelError::new(io::Error::from(io::ErrorKind::ConnectionReset));
        let Ok(Ok(answer)) = answer.await else { return Err(lost()) };
        self.network.carry(way.back()).await.map_err(|_| lost())?;
        if let Some(refused) = answer.headers().get("grpc-message") {
            self.network.0.trace.line(|| format!("{node}>client refuses: {refused:?}"));
        }
        let (parts, body) = answer.into_parts();
        Ok(http::Response::from_parts(parts, self.pieces(way, &machine, body)))
    }

    /// The pieces of an answer, as they are made and as they arrive.
    fn pieces(&self, way: Way, machine: &Arc<Machine>, body: Body) -> Body {
        let pieces = futures::stream::unfold(body, |mut body| async move {
            let piece: Result<Frame<Bytes>, Status> = body.frame().await?;
            Some((piece, body))
        });
        let back = way.back();
        let pieces = carry(&self.network, move |_: &Result<Frame<Bytes>, Status>| back, machine, pieces.boxed());
        let pieces = pieces.map(|piece| match piece {
            Ok(piece) => piece,
            Err(broken) => {
                let broken: Box<dyn std::error::Error + Send + Sync> = broken.into();
                Err(Status::from_error(broken))
            }
        });
        Body::new(StreamBody::new(pieces))
    }
}
