//! The cluster under test with everything that stands around it: proxies before its ports, shims in its processes.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aliasd_wire::v1;
use aliasd_wire::v1::cluster_client::ClusterClient;
use anyhow::{Context, Result, ensure};
use rustls::ClientConfig;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;

use super::links::Links;
use super::machine::Machine;
use super::proxy::{Proxies, Proxy};
use super::record::Recorder;
use super::shim;
use crate::cluster::{Actor, Advertised, Cluster, PATIENCE};
use crate::dice::Dice;
use crate::grpc;
use crate::ports::free_port;

/// How long a question about the cluster may take.
const STATUS_WITHIN: Duration = Duration::from_secs(2);
/// The tag of the administrator's password, which stays.
pub(super) const ADMINISTRATOR_PASSWORD: &str = "administrator";
/// The user that looks at the cluster past the proxies.
pub(super) const OBSERVER: &str = "observer";

/// What `[node]` says besides: snapshots and purges all the time, and no waiting.
const SETTINGS: &str = "snapshot_after = 80\nlog_kept = 20\nfailed_logins_per_address_max = 100000\n\
                        failed_logins_per_user_max = 100000\n";

/// See the module. Cheap to clone.
#[derive(Clone)]
pub(super) struct Rig {
    pub(super) links: Links,
    pub(super) members: u64,
    /// Without its nodes, which are the machines'.
    pub(super) cluster: Arc<Cluster>,
    machines: Arc<BTreeMap<u64, Arc<Mutex<Machine>>>>,
    addresses: Arc<BTreeMap<u64, Addresses>>,
    observer: Arc<ClientConfig>,
    _proxies: Arc<Vec<Proxy>>,
}

/// Where a member is found.
#[derive(Clone, Debug)]
struct Addresses {
    /// Past the proxies.
    direct: String,
    /// Through them.
    through: String,
}

// === impl Rig ===

impl Rig {
    /// Starts a cluster of so many members in a directory. The dice are those of the network.
    pub(super) async fn start(root: &Path, members: u64, recorder: &Recorder, dice: Dice) -> Result<Self> {
        let mut cluster = Cluster::prepare_in(root, "chaos", members)?;
        cluster.administrator.password = recorder.secret_of(ADMINISTRATOR_PASSWORD);
        let library = shim::compile(root)?;
        let links = Links::new();
        let captures = cluster.layout().captured().join("packets");
        std::fs::create_dir_all(&captures)?;
        let proxies = Proxies::new(links.clone(), dice, &captures);
        let mut listeners = Vec::new();
        let mut addresses = BTreeMap::new();
        for node in &mut cluster.nodes {
            let here = || format!("127.0.0.1:{}", free_port());
            let advertised = Advertised { client: here(), peer: here() };
            let target = |address: &str| address.parse::<SocketAddr>().context("an address of a test is a number");
            listeners.push(proxies.before(node.id, &advertised.client, target(&node.client_address)?).await?);
            listeners.push(proxies.before(node.id, &advertised.peer, target(&node.peer_address)?).await?);
            let known = Addresses { direct: node.client_address.clone(), through: advertised.client.clone() };
            addresses.insert(node.id, known);
            node.advertised = Some(advertised);
        }
        cluster.configure(SETTINGS)?;
        let mut machines = Vec::new();
        for node in std::mem::take(&mut cluster.nodes) {
            let mut machine = Machine::new(node, &library, cluster.layout())?;
            machine.start()?;
            machines.push(machine);
        }
        for machine in &mut machines {
            machine.node.wait_listening(PATIENCE)?;
        }
        // `cluster init` names the nodes, so they are lent to the cluster for it.
        let lend = |machines: Vec<Machine>| machines.into_iter().map(|machine| (machine.node.id, machine)).collect();
        let by_id: BTreeMap<u64, Machine> = lend(machines);
        cluster.layout().form(by_id.values().map(|machine| &machine.node), &cluster.administrator)?;
        let mut ready = BTreeMap::new();
        for (id, mut machine) in by_id {
            machine.is_ready_within(PATIENCE).await?;
            ready.insert(id, Arc::new(Mutex::new(machine)));
        }
        let (certificate, key) = cluster.layout().issue_client(OBSERVER)?;
        let observer = grpc::tls(&cluster.layout().ca(), &certificate, &key)?;
        Ok(Self {
            links,
            members,
            cluster: Arc::new(cluster),
            machines: Arc::new(ready),
            addresses: Arc::new(addresses),
            observer,
            _proxies: Arc::new(listeners),
        })
    }

    /// The statements that let the observer in.
    pub(super) fn observer_statements() -> [String; 2] {
        [
            format!("CREATE USER {OBSERVER} SET AUTH 'mtls' {{SET ID '{OBSERVER}'}}"),
            format!("GRANT ROLE admin TO {OBSERVER}"),
        ]
    }

    /// Every member, in order.
    pub(super) fn ids(&self) -> impl Iterator<Item = u64> + use<> {
        1..=self.members
    }

    /// The machine of a member, once nobody else has it.
    pub(super) async fn machine(&self, member: u64) -> OwnedMutexGuard<Machine> {
        Arc::clone(&self.machines[&member]).lock_owned().await
    }

    /// The machine of a member; `None` if somebody else has it for longer than this.
    pub(super) async fn machine_within(&self, member: u64, limit: Duration) -> Option<OwnedMutexGuard<Machine>> {
        timeout(limit, self.machine(member)).await.ok()
    }

    /// The administrator that formed the cluster.
    pub(super) fn admin(&self) -> Actor {
        self.cluster.admin()
    }

    /// Where clients find the members: through the proxies.
    pub(super) fn endpoints(&self) -> Vec<String> {
        self.addresses.values().map(|known| known.through.clone()).collect()
    }

    /// Where clients find a member.
    pub(super) fn endpoint(&self, member: u64) -> String {
        self.addresses[&member].through.clone()
    }

    /// What a member says about itself, past the proxies.
    pub(super) async fn status(&self, member: u64) -> Result<v1::StatusResponse> {
        let ask = async {
            let channel = grpc::connect(&self.addresses[&member].direct, &self.observer).await?;
            Ok::<_, anyhow::Error>(ClusterClient::new(channel).status(v1::StatusRequest {}).await?.into_inner())
        };
        timeout(STATUS_WITHIN, ask).await.with_context(|| format!("node {member} does not say its status"))?
    }

    /// Who leads, as the members say that answer: the one of the highest term. 1 if nobody does.
    pub(super) async fn leader(&self) -> u64 {
        let mut best = (0, 1);
        for member in self.ids() {
            if let Ok(status) = self.status(member).await
                && let Some(leader) = status.leader
            {
                best = best.max((status.term, leader.node_id));
            }
        }
        best.1
    }

    /// What all members have in common when they have come to rest: the revision and the digest of each.
    pub(super) async fn at_rest(&self, members: &[u64], limit: Duration) -> Result<Vec<(u64, u64, String)>> {
        let (seen, _) = crate::wait::until_async("all members to have applied the same revision", limit, async || {
            let mut seen = Vec::new();
            for member in members {
                let node = self.status(*member).await?.node.context("a status without a node")?;
                ensure!(node.alarms.is_empty(), "node {member} has alarms: {:?}", node.alarms);
                seen.push((*member, node.applied_revision, node.digest));
            }
            ensure!(seen.windows(2).all(|pair| pair[0].1 == pair[1].1), "{seen:?}");
            Ok::<_, anyhow::Error>(seen)
        })
        .await?;
        Ok(seen)
    }
}
