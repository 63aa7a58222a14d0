//! Resolves with credentials beside calls that do nothing: the same node, connections, TLS and clients, in turns.
//!
//! The call that does nothing is the standard health check. It needs no proof of identity and its messages are
//! smaller; `WhoAmI` stands between the two: it is authenticated as a resolve is, and opens no credential.

use std::sync::Arc;
use std::time::Duration;

use aliasd_wire::v1;
use anyhow::{Context, Result, ensure};
use prost::Message as _;
use tonic::transport::Channel;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use super::Extent;
use super::load::{Figures, Slices, run};
use super::report::{Reads, Sizes};
use super::workload::{ALIAS, Workload};

/// Measures at a follower, which most members are.
pub(super) async fn measure(workload: &Workload<'_>, clients: usize, extent: &Extent) -> Result<Reads> {
    let leader = workload.leader()?.id;
    let node = workload.cluster.nodes.iter().find(|node| node.id != leader).context("some node follows")?;
    let channels = workload.connections(node, clients).await?;
    let calls = Calls { channels };
    let sizes = calls.sizes().await?;
    let (mut nothing, mut identity, mut resolve) = (Slices::default(), Slices::default(), Slices::default());
    // The first round warms connections and caches, and is not counted.
    for round in 0..=extent.slices {
        let window = if round == 0 { extent.slice / 2 } else { extent.slice };
        let slice = calls.slice(clients, window).await?;
        if round > 0 {
            nothing.add(&slice.nothing);
            identity.add(&slice.identity);
            resolve.add(&slice.resolve);
        }
    }
    Ok(Reads { clients, nothing, identity, resolve, sizes })
}

/// The calls that are compared.
#[derive(Clone)]
struct Calls {
    channels: Arc<Vec<Channel>>,
}

/// What was measured of each kind of call in one slice of time.
struct Slice {
    nothing: Figures,
    identity: Figures,
    resolve: Figures,
}

// === impl Calls ===

impl Calls {
    async fn slice(&self, clients: usize, window: Duration) -> Result<Slice> {
        let nothing = run(clients, window, self.clone(), Self::nothing).await?;
        let resolve = run(clients, window, self.clone(), Self::resolve).await?;
        let identity = run(clients, window, self.clone(), Self::identity).await?;
        Ok(Slice { nothing, identity, resolve })
    }

    fn channel(&self, client: usize) -> Channel {
        self.channels[client % self.channels.len()].clone()
    }

    async fn nothing(self, client: usize) -> Result<()> {
        HealthClient::new(self.channel(client)).check(HealthCheckRequest::default()).await?;
        Ok(())
    }

    async fn identity(self, client: usize) -> Result<()> {
        v1::auth_client::AuthClient::new(self.channel(client)).who_am_i(v1::WhoAmIRequest {}).await?;
        Ok(())
    }

    async fn resolve(self, client: usize) -> Result<()> {
        let answer = v1::router_client::RouterClient::new(self.channel(client)).resolve(question()).await?;
        let destination = answer.into_inner().route.and_then(|route| route.destination);
        let opened = matches!(
            destination,
            Some(v1::route::Destination::RemoteDatabase(v1::RemoteDatabase { password: Some(_), .. }))
        );
        ensure!(opened, "the answer has no credential");
        Ok(())
    }

    /// Bytes of the messages, without what gRPC and HTTP/2 add.
    async fn sizes(&self) -> Result<Sizes> {
        let checked: HealthCheckResponse =
            HealthClient::new(self.channel(0)).check(HealthCheckRequest::default()).await?.into_inner();
        let route = v1::router_client::RouterClient::new(self.channel(0)).resolve(question()).await?.into_inner();
        Ok(Sizes {
            nothing: (HealthCheckRequest::default().encoded_len(), checked.encoded_len()),
            resolve: (question().encoded_len(), route.encoded_len()),
        })
    }
}

fn question() -> v1::ResolveRequest {
    v1::ResolveRequest {
        target: Some(v1::resolve_request::Target::Name(ALIAS.to_owned())),
        freshness: Some(v1::Freshness { level: Some(v1::freshness::Level::Local(())) }),
        with_credentials: true,
        ..Default::default()
    }
}
