//! The cluster under test with everything that stands around it: proxies before its ports, shims in its processes.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use aliasd_wire::v1;
use aliasd_wire::v1::cluster_client::ClusterClient;
use anyhow::{Context, Result, ensure};
use rustls::ClientConfig;
use tokio::sync::OwnedMutexGuard;
use tokio::task::{JoinSet, block_in_place};
use tokio::time::timeout;

use super::links::Links;
use super::machine::Machine;
use super::proxy::{Proxies, Proxy};
use super::record::Recorder;
use super::roster::{self, Addresses, Roster};
use super::shim;
use crate::cluster::{Actor, Advertised, Cluster, Node, PATIENCE};
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
    pub(super) roster: Roster,
    /// Without its nodes, which are the machines'.
    pub(super) cluster: Arc<Cluster>,
    observer: Arc<ClientConfig>,
    surroundings: Arc<Surroundings>,
}

/// What is put around each node.
struct Surroundings {
    shim: PathBuf,
    proxies: Proxies,
    listeners: std::sync::Mutex<Vec<Proxy>>,
}

/// The members, as the one says that has read furthest.
#[derive(Clone, Debug, Default)]
pub(super) struct Membership {
    pub(super) revision: u64,
    /// True: with a vote.
    pub(super) members: BTreeMap<u64, bool>,
    /// The node that a change is under way about.
    pub(super) changing: Option<u64>,
}

// === impl Rig ===

impl Rig {
    /// Starts a cluster of so many members in a directory. The dice are those of the network.
    pub(super) async fn start(root: &Path, members: u64, recorder: &Recorder, dice: Dice) -> Result<Self> {
        let mut cluster = Cluster::prepare_in(root, "chaos", members)?;
        cluster.administrator.password = recorder.secret_of(ADMINISTRATOR_PASSWORD);
        let links = Links::new();
        let captures = cluster.layout().captured().join("packets");
        std::fs::create_dir_all(&captures)?;
        let surroundings = Surroundings {
            shim: shim::compile(root)?,
            proxies: Proxies::new(links.clone(), dice, &captures),
            listeners: std::sync::Mutex::default(),
        };
        let mut machines = Vec::new();
        for node in std::mem::take(&mut cluster.nodes) {
            let (_, mut machine) = surroundings.equip(&cluster, node).await?;
            machine.start()?;
            machines.push(machine);
        }
        for machine in &mut machines {
            machine.node.wait_listening(PATIENCE)?;
        }
        cluster.layout().form(machines.iter().map(|machine| &machine.node), &cluster.administrator)?;
        let roster = Roster::default();
        for mut machine in machines {
            machine.is_ready_within(PATIENCE).await?;
            let node = machine.node.id;
            roster.know(node, addresses_of(&machine.node), machine);
            roster.comes(node);
            roster.joined(node, true);
        }
        let (certificate, key) = cluster.layout().issue_client(OBSERVER)?;
        let observer = grpc::tls(&cluster.layout().ca(), &certificate, &key)?;
        Ok(Self { links, roster, cluster: Arc::new(cluster), observer, surroundings: Arc::new(surroundings) })
    }

    /// Prepares another node on a machine of its own, and starts nothing.
    pub(super) async fn newcomer(&self) -> Result<u64> {
        let id = self.roster.next();
        let node = block_in_place(|| Node::prepare(self.cluster.layout(), id))?;
        let (addresses, machine) = self.surroundings.equip(&self.cluster, node).await?;
        self.roster.know(id, addresses, machine);
        Ok(id)
    }

    /// The statements that let the observer in.
    pub(super) fn observer_statements() -> [String; 2] {
        [
            format!("CREATE USER {OBSERVER} SET AUTH 'mtls' {{SET ID '{OBSERVER}'}}"),
            format!("GRANT ROLE admin TO {OBSERVER}"),
        ]
    }

    /// Who has a place now.
    pub(super) fn at(&self, place: u64) -> u64 {
        roster::at(&self.roster.present(), place)
    }

    /// The machine of a node, once nobody else has it.
    pub(super) async fn machine(&self, node: u64) -> OwnedMutexGuard<Machine> {
        self.roster.machine(node).lock_owned().await
    }

    /// The machine of a node; `None` if somebody else has it for longer than this.
    pub(super) async fn machine_within(&self, node: u64, limit: Duration) -> Option<OwnedMutexGuard<Machine>> {
        timeout(limit, self.machine(node)).await.ok()
    }

    /// The administrator that formed the cluster.
    pub(super) fn admin(&self) -> Actor {
        self.cluster.admin()
    }

    /// Where clients find the nodes that there are: through the proxies.
    pub(super) fn endpoints(&self) -> Vec<String> {
        self.roster.present().into_iter().map(|node| self.endpoint(node)).collect()
    }

    /// Where clients find a node.
    pub(super) fn endpoint(&self, node: u64) -> String {
        self.roster.addresses(node).client
    }

    /// What a node says about itself, past the proxies.
    pub(super) async fn status(&self, node: u64) -> Result<v1::StatusResponse> {
        let address = self.roster.addresses(node).direct;
        let ask = async {
            let channel = grpc::connect(&address, &self.observer).await?;
            Ok::<_, anyhow::Error>(ClusterClient::new(channel).status(v1::StatusRequest {}).await?.into_inner())
        };
        timeout(STATUS_WITHIN, ask).await.with_context(|| format!("node {node} does not say its status"))?
    }

    /// What those say that answer.
    pub(super) async fn statuses(&self) -> BTreeMap<u64, v1::StatusResponse> {
        let mut asked = JoinSet::new();
        for node in self.roster.present() {
            let rig = self.clone();
            asked.spawn(async move { rig.status(node).await.ok().map(|status| (node, status)) });
        }
        asked.join_all().await.into_iter().flatten().collect()
    }

    /// Who leads, as the members say that answer: the one of the highest term. Anybody if nobody does.
    pub(super) async fn leader(&self) -> u64 {
        let said = self.statuses().await.into_values();
        let leader = said.filter_map(|status| Some((status.term, status.leader?.node_id))).max();
        leader.map_or_else(|| self.at(1), |(_, node)| node)
    }

    /// The members; `None` if nobody says who they are.
    pub(super) async fn membership(&self) -> Option<Membership> {
        let said = self.statuses().await.into_values().map(|status| Membership {
            revision: status.node.map(|node| node.applied_revision).unwrap_or_default(),
            members: status.members.iter().map(|member| (member.node_id, member.voter)).collect(),
            changing: status.member_change.map(|change| change.node_id),
        });
        said.max_by_key(|membership| membership.revision)
    }

    /// What all members have in common when they have come to rest: the revision and the digest of each. Each knows the
    /// same members, and no change of them.
    pub(super) async fn at_rest(&self, nodes: &[u64], limit: Duration) -> Result<Vec<(u64, u64, String)>> {
        let (seen, _) = crate::wait::until_async("all members to have applied the same revision", limit, async || {
            let expected = self.roster.members();
            let mut seen = Vec::new();
            for node in nodes {
                let status = self.status(*node).await?;
                let members: BTreeMap<u64, bool> =
                    status.members.iter().map(|member| (member.node_id, member.voter)).collect();
                ensure!(members == expected, "the members are {members:?} to node {node}, and not {expected:?}");
                let change = status.member_change.map(|change| change.description);
                ensure!(change.is_none(), "node {node} has a change under way: {change:?}");
                let said = status.node.context("a status without a node")?;
                ensure!(said.alarms.is_empty(), "node {node} has alarms: {:?}", said.alarms);
                seen.push((*node, said.applied_revision, said.digest));
            }
            ensure!(seen.windows(2).all(|pair| pair[0].1 == pair[1].1), "{seen:?}");
            Ok::<_, anyhow::Error>(seen)
        })
        .await?;
        Ok(seen)
    }
}

// === impl Surroundings ===

impl Surroundings {
    /// Puts proxies before the ports of a node and a shim beside it, and writes its configuration.
    async fn equip(&self, cluster: &Cluster, mut node: Node) -> Result<(Addresses, Machine)> {
        let here = || format!("127.0.0.1:{}", free_port());
        let advertised = Advertised { client: here(), peer: here() };
        let target = |address: &str| address.parse::<SocketAddr>().context("an address of a test is a number");
        let client = self.proxies.before(node.id, &advertised.client, target(&node.client_address)?).await?;
        let peer = self.proxies.before(node.id, &advertised.peer, target(&node.peer_address)?).await?;
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).extend([client, peer]);
        node.advertised = Some(advertised);
        cluster.layout().configure(&node, SETTINGS)?;
        let addresses = addresses_of(&node);
        Ok((addresses, Machine::new(node, &self.shim, cluster.layout())?))
    }
}

fn addresses_of(node: &Node) -> Addresses {
    Addresses {
        direct: node.client_address.clone(),
        client: node.reached_by_clients_at().to_owned(),
        peer: node.reached_by_peers_at().to_owned(),
    }
}
