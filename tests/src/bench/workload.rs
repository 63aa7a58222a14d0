//! What is measured: resolves with credentials beside calls that do nothing, writes, and memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aliasd_wire::v1;
use anyhow::{Context, Result, ensure};
use rustls::ClientConfig;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::load::{self, Figures};
use super::report::{Memory, Reads, Writes};
use crate::cluster::Cluster;
use crate::grpc;

const ALIAS: &str = "measured";
const IDENTITY: &str = "benchmark";
/// As many writers as it takes to fill the log's batches.
const WRITERS: usize = 256;

/// A cluster with one remote alias and a user that may do everything that is measured.
pub(super) struct Workload<'a> {
    cluster: &'a Cluster,
    tls: Arc<ClientConfig>,
    names: Arc<AtomicU64>,
}

// === impl Workload ===

impl<'a> Workload<'a> {
    pub(super) fn prepare(cluster: &'a Cluster) -> Result<Self> {
        let (certificate, key) = cluster.layout().issue_client(IDENTITY)?;
        for statement in [
            format!("CREATE USER benchmark SET AUTH 'mtls' {{SET ID '{IDENTITY}'}}"),
            "CREATE ROLE benchmark".to_owned(),
            "GRANT RESOLVE ALIAS ON DBMS TO benchmark".to_owned(),
            "GRANT ALIAS MANAGEMENT ON DBMS TO benchmark".to_owned(),
            "GRANT ACCESS ON DATABASES * TO benchmark".to_owned(),
            "GRANT ROLE benchmark TO benchmark".to_owned(),
            statement(ALIAS),
        ] {
            cluster.exec(&statement)?;
        }
        cluster.wait_equal_digests()?;
        let tls = grpc::tls(&cluster.layout().ca(), &certificate, &key)?;
        Ok(Self { cluster, tls, names: Arc::new(AtomicU64::new(0)) })
    }

    /// One connection for each of `count` clients, all to the node at `address`.
    async fn connections(&self, address: &str, count: usize) -> Result<Arc<Vec<Channel>>> {
        let mut channels = Vec::with_capacity(count);
        for _ in 0..count {
            channels.push(grpc::connect(address, &self.tls).await?);
        }
        Ok(Arc::new(channels))
    }

    /// Resolves with credentials and calls that do nothing, in turns, at one node.
    pub(super) async fn reads(&self, clients: usize, window: Duration) -> Result<Reads> {
        let node = self.cluster.nodes.first().context("the cluster has nodes")?;
        let channels = self.connections(&node.client_address, clients).await?;
        let nothing = {
            let channels = Arc::clone(&channels);
            move |client: usize, _| {
                let mut health = HealthClient::new(channels[client].clone());
                async move {
                    health.check(HealthCheckRequest::default()).await?;
                    Ok(())
                }
            }
        };
        let resolve = move |client: usize, _| {
            let mut router = v1::router_client::RouterClient::new(channels[client].clone());
            async move {
                let route = router.resolve(request()).await?.into_inner().route;
                let destination = route.and_then(|route| route.destination);
                let Some(v1::route::Destination::RemoteDatabase(remote)) = destination else {
                    anyhow::bail!("the measured alias is remote")
                };
                ensure!(remote.password.is_some(), "the credential is missing");
                Ok(())
            }
        };
        // Once for warm connections and caches.
        load::run(clients, window / 5, nothing.clone()).await?;
        load::run(clients, window / 5, resolve.clone()).await?;
        let nothing = load::run(clients, window, nothing).await?;
        let resolve = load::run(clients, window, resolve).await?;
        Ok(Reads { clients, nothing, resolve })
    }

    /// `CREATE ALIAS` at the leader, with the number of syncs that its log needed.
    pub(super) async fn writes(&self, clients: usize, window: Duration) -> Result<Writes> {
        let (leader, id) = self.leader()?;
        let creates = self.create(&leader, clients).await?;
        load::run(clients, window / 5, creates.clone()).await?;
        let before = self.log_syncs(id)?;
        let create = load::run(clients, window, creates).await?;
        let syncs = self.log_syncs(id)? - before;
        Ok(Writes { clients, create, syncs })
    }

    /// Memory of the fullest node, before and after there are `aliases` aliases.
    pub(super) async fn memory(&self, aliases: u64) -> Result<Memory> {
        let before = self.resident_bytes()?;
        let existing = self.names.load(Ordering::Relaxed) + 1;
        let (leader, _) = self.leader()?;
        let fill: Figures = {
            let create = self.create(&leader, WRITERS).await?;
            let names = Arc::clone(&self.names);
            load::run_until(WRITERS, move || names.load(Ordering::Relaxed) >= aliases, create).await?
        };
        self.cluster.wait_equal_digests()?;
        let after = self.resident_bytes()?;
        let added = (self.names.load(Ordering::Relaxed) + 1).saturating_sub(existing);
        Ok(Memory { aliases_before: existing, aliases_added: added, bytes_before: before, bytes_after: after, fill })
    }

    async fn create(
        &self,
        leader: &str,
        clients: usize,
    ) -> Result<
        impl Fn(usize, u64) -> std::pin::Pin<Box<dyn Future<Output = Result<()>> + Send>> + Clone + Send + 'static,
    > {
        let channels = self.connections(leader, clients).await?;
        let names = Arc::clone(&self.names);
        Ok(move |client: usize, _: u64| {
            let mut admin = v1::admin_client::AdminClient::new(channels[client].clone());
            let name = format!("alias-{:08}", names.fetch_add(1, Ordering::Relaxed));
            let create = async move {
                let mut request = v1::ExecuteRequest::default();
                request.statement = statement(&name);
                let mut answers = admin.execute(request).await?.into_inner();
                let mut done = false;
                while let Some(answer) = answers.message().await? {
                    done |= matches!(answer.part, Some(v1::execute_response::Part::Summary(_)));
                }
                ensure!(done, "a statement that ended without a summary");
                Ok(())
            };
            Box::pin(create) as std::pin::Pin<Box<dyn Future<Output = Result<()>> + Send>>
        })
    }

    fn leader(&self) -> Result<(String, u64)> {
        let status = self.cluster.status(&self.cluster.nodes[0])?;
        let id = status.leader_id.context("the cluster has no leader")?;
        let leader = self.cluster.nodes.iter().find(|node| node.id == id).context("the leader is a node")?;
        Ok((leader.client_address.clone(), id))
    }

    fn log_syncs(&self, id: u64) -> Result<u64> {
        let node = self.cluster.nodes.iter().find(|node| node.id == id).context("the leader is a node")?;
        let (_, metrics) = node.http("/metrics")?;
        let line = metrics.lines().find(|line| line.starts_with("aliasd_log_syncs"));
        let value = line.and_then(|line| line.split(' ').nth(1)).context("no metric aliasd_log_syncs")?;
        Ok(value.parse()?)
    }

    /// The most that any of the nodes holds.
    fn resident_bytes(&self) -> Result<u64> {
        let sizes: Result<Vec<u64>> = self.cluster.nodes.iter().map(|node| node.resident_bytes()).collect();
        sizes?.into_iter().max().context("the cluster has nodes")
    }
}

fn request() -> v1::ResolveRequest {
    v1::ResolveRequest {
        target: Some(v1::resolve_request::Target::Name(ALIAS.to_owned())),
        freshness: Some(v1::Freshness { level: Some(v1::freshness::Level::Local(())) }),
        with_credentials: true,
        ..Default::default()
    }
}

fn statement(name: &str) -> String {
    format!(
        "CREATE ALIAS `{name}` FOR DATABASE neo4j AT 'neo4j+s://location.example.com:7687' USER alice PASSWORD \
         'secretpassword' DRIVER {{connection_timeout: duration('PT5S')}}"
    )
}
