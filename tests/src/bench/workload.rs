//! The cluster that is measured, the connections to it, and the statement that is written.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aliasd_wire::v1;
use anyhow::{Context, Result, ensure};
use rustls::ClientConfig;
use tonic::transport::Channel;

use crate::cluster::{Cluster, Node};
use crate::grpc;

/// The remote alias that is resolved.
pub(super) const ALIAS: &str = "measured";
const IDENTITY: &str = "benchmark";
/// Clients share connections as the users of an SDK do: many calls at a time on each of a few.
pub(super) const CONNECTIONS_MAX: usize = 4;

/// A cluster with aliases in it, and the clients that use them.
pub(super) struct Workload<'a> {
    pub(super) cluster: &'a Cluster,
    tls: Arc<ClientConfig>,
    /// How many aliases have been begun; gives each its name.
    created: Arc<AtomicU64>,
}

/// A client that only creates aliases.
#[derive(Clone)]
pub(super) struct Creator {
    channels: Arc<Vec<Channel>>,
    created: Arc<AtomicU64>,
}

// === impl Workload ===

impl<'a> Workload<'a> {
    /// Creates the alias that is resolved, and a user that may do everything that is measured and nothing else.
    pub(super) async fn prepare(cluster: &'a Cluster) -> Result<Self> {
        let (certificate, key) = cluster.layout().issue_client(IDENTITY)?;
        let administrator = cluster.admin().sdk(cluster, &cluster.endpoints())?;
        for statement in [
            statement(ALIAS),
            format!("CREATE USER benchmark SET AUTH 'mtls' {{SET ID '{IDENTITY}'}}"),
            "CREATE ROLE benchmark".to_owned(),
            "GRANT RESOLVE ALIAS ON DBMS TO benchmark".to_owned(),
            "GRANT ALIAS MANAGEMENT ON DBMS TO benchmark".to_owned(),
            format!("GRANT ACCESS ON DATABASE {ALIAS} TO benchmark"),
            "GRANT ROLE benchmark TO benchmark".to_owned(),
        ] {
            administrator.execute(statement).await?.collect().await?;
        }
        cluster.wait_equal_digests()?;
        let tls = grpc::tls(&cluster.layout().ca(), &certificate, &key)?;
        Ok(Self { cluster, tls, created: Arc::default() })
    }

    /// The connections that `clients` clients share, all to one node.
    pub(super) async fn connections(&self, node: &Node, clients: usize) -> Result<Arc<Vec<Channel>>> {
        let mut channels = Vec::new();
        for _ in 0..clients.min(CONNECTIONS_MAX) {
            channels.push(grpc::connect(&node.client_address, &self.tls).await?);
        }
        Ok(Arc::new(channels))
    }

    /// What `clients` clients create aliases with.
    pub(super) async fn creator(&self, clients: usize) -> Result<Creator> {
        let channels = self.connections(self.leader()?, clients).await?;
        Ok(Creator { channels, created: Arc::clone(&self.created) })
    }

    /// How many aliases there are, if every creation that was begun has succeeded.
    pub(super) fn aliases(&self) -> u64 {
        self.created.load(Ordering::Relaxed) + 1
    }

    pub(super) fn created(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.created)
    }

    pub(super) fn leader(&self) -> Result<&Node> {
        let id = self.cluster.status(&self.cluster.nodes[0])?.leader_id.context("the cluster has no leader")?;
        self.cluster.nodes.iter().find(|node| node.id == id).context("the leader is a node")
    }
}

// === impl Creator ===

impl Creator {
    /// Creates one alias with a name that nobody has.
    pub(super) async fn create(self, client: usize) -> Result<()> {
        let mut admin = v1::admin_client::AdminClient::new(self.channels[client % self.channels.len()].clone());
        let name = format!("alias-{:08}", self.created.fetch_add(1, Ordering::Relaxed));
        let mut request = v1::ExecuteRequest::default();
        request.statement = statement(&name);
        let mut answers = admin.execute(request).await?.into_inner();
        let mut done = false;
        while let Some(answer) = answers.message().await? {
            done |= matches!(answer.part, Some(v1::execute_response::Part::Summary(_)));
        }
        ensure!(done, "a statement that ended without a summary");
        Ok(())
    }
}

/// An alias as people make them: with a credential and a driver setting.
fn statement(name: &str) -> String {
    format!(
        "CREATE ALIAS `{name}` FOR DATABASE neo4j AT 'neo4j+s://location.example.com:7687' USER alice PASSWORD \
         'a password of the benchmark' DRIVER {{connection_timeout: duration('PT5S')}}"
    )
}
