//! What this node tells about itself and the cluster.

use std::time::SystemTime;

use aliasd_catalog::{ClusterId, KeyId};
use aliasd_replica::{Member, NotServing, ReplicaRole, ReplicaStatus};

use super::{CertificateEnd, MemberChangeStatus, Operate, certificate};
use crate::failure::{Leader, NodeFailure};

/// This node and its cluster, as this node sees them.
#[derive(Clone, Debug)]
pub struct Status {
    /// The cluster, once this node has its catalog.
    pub cluster: Option<ClusterId>,
    /// Whether this node belongs to a cluster.
    pub initialized: bool,
    /// Its copy of the catalog, and the members.
    pub replica: ReplicaStatus,
    /// Who leads, if it was heard of lately.
    pub leader: Option<Leader>,
    /// Why this node does not serve every call; empty if it does.
    pub not_ready: Vec<NodeFailure>,
    /// Why this node serves nothing any more.
    pub stopped: Option<NodeFailure>,
    /// What should be put right before it stops this node or misleads others, of this node and of others.
    pub alarms: Vec<NodeFailure>,
    /// The keys in its keystore, in the order of ids.
    pub keys: Vec<HeldKey>,
    /// When it started, by its clock.
    pub started_at: SystemTime,
    /// The change of the members that is under way.
    pub member_change: Option<MemberChangeStatus>,
}

/// A key that this node holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldKey {
    /// A fingerprint of the key, equal on every node that holds it.
    pub id: KeyId,
    /// Its name in the keystore.
    pub name: String,
    /// Whether new credentials are sealed with it.
    pub active: bool,
}

/// The figures of this node at one time.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// The last revision that reads show.
    pub applied_revision: u64,
    /// The end of the log.
    pub last_log_index: u64,
    /// The Raft term.
    pub term: u64,
    /// Whether this node leads.
    pub leading: bool,
    /// Whether this node serves every call.
    pub ready: bool,
    /// Aliases in the catalog.
    pub aliases: u64,
    /// How often the log was made durable since the start.
    pub log_syncs: u64,
    /// When the node's certificates end.
    pub certificates: Vec<CertificateEnd>,
}

/// Where others reach this node, as its configuration says: `host:port`, or nothing where the system chooses the port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advertised {
    /// For the other members.
    pub peer: Option<String>,
    /// For clients.
    pub client: Option<String>,
}

impl Advertised {
    /// That the membership has another address for the node.
    pub fn differs(&self, recorded: &Member) -> Option<NodeFailure> {
        let pairs = [
            ("node.peer_advertise", &self.peer, &recorded.peer_address),
            ("node.client_advertise", &self.client, &recorded.client_address),
        ];
        let differ = pairs.into_iter().filter_map(|(setting, configured, recorded)| {
            let configured = configured.as_ref().filter(|configured| *configured != recorded)?;
            Some(format!("{recorded} is recorded, and {setting} stands for {configured}"))
        });
        let differences = differ.collect::<Vec<_>>().join("; ");
        (!differences.is_empty()).then_some(NodeFailure::AddressDiffers { differences })
    }
}

impl Operate {
    /// What should be put right before it stops this node or misleads others. The node serves meanwhile.
    pub fn warnings(&self) -> Vec<NodeFailure> {
        let certificates = certificate::ending(&self.certificates.load(), self.reader.runtime().time_of_day());
        certificates.into_iter().chain(self.elsewhere()).collect()
    }

    /// That the membership has another address for this node than its configuration.
    fn elsewhere(&self) -> Option<NodeFailure> {
        let status = self.reader.replica().status();
        self.advertised.differs(&status.members.get(&status.node)?.member)
    }

    /// Everything there is to tell.
    pub fn status(&self) -> Status {
        let replica = self.reader.replica();
        let view = self.reader.present();
        let meta = view.catalog.meta();
        let key = |(id, name)| HeldKey { id, name, active: meta.is_some_and(|meta| meta.active_key == id) };
        Status {
            cluster: meta.map(|meta| meta.cluster_id),
            initialized: replica.is_initialized(),
            replica: replica.status(),
            // One that has not been heard of may be dead.
            leader: self.reader.confirmed_in_time().ok().and_then(|()| self.reader.leader()),
            not_ready: self.readiness.not_ready(),
            stopped: self.readiness.stopped(),
            alarms: self.alarms(),
            keys: self.vault.held().into_iter().map(key).collect(),
            started_at: self.started_at,
            member_change: self.member_change(),
        }
    }

    /// Why this node does not serve every call; nothing if it does.
    pub fn not_ready(&self) -> Vec<NodeFailure> {
        self.readiness.not_ready()
    }

    /// Why the replica has ended, so that starting the node again may help. It does not help one that is fenced, was
    /// removed, or is not recognised.
    pub fn ended(&self) -> Option<NodeFailure> {
        match self.reader.replica().serving() {
            Err(reason @ NotServing::Stopped(_)) => Some(NodeFailure::from(&reason)),
            _ => None,
        }
    }

    /// Who leads, as far as this node knows.
    pub fn leader(&self) -> Option<Leader> {
        self.reader.leader()
    }

    /// The figures for metrics.
    pub fn figures(&self) -> Figures {
        let status = self.reader.replica().status();
        let view = self.reader.present();
        Figures {
            applied_revision: view.revision.0,
            last_log_index: status.last_log.map_or(0, |revision| revision.0),
            term: status.term,
            leading: status.role == ReplicaRole::Leader,
            ready: self.not_ready().is_empty(),
            aliases: view.catalog.alias_count() as u64,
            log_syncs: status.log_syncs,
            certificates: self.certificates.load().to_vec(),
        }
    }
}
