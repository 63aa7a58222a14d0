//! What this node tells about itself and the cluster.

use std::time::SystemTime;

use aliasd_catalog::{ClusterId, KeyId};
use aliasd_replica::{NotServing, ReplicaRole, ReplicaStatus};

use super::Operate;
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
    /// Who leads.
    pub leader: Option<Leader>,
    /// Why this node does not serve every call; empty if it does.
    pub not_ready: Vec<NodeFailure>,
    /// Why this node serves nothing any more.
    pub stopped: Option<NodeFailure>,
    /// The keys in its keystore, in the order of ids.
    pub keys: Vec<HeldKey>,
    /// When it started, by its clock.
    pub started_at: SystemTime,
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
#[derive(Clone, Copy, Debug, Default)]
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
}

impl Operate {
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
            leader: self.reader.leader(),
            not_ready: self.readiness.not_ready(),
            stopped: self.readiness.stopped(),
            keys: self.vault.held().into_iter().map(key).collect(),
            started_at: self.started_at,
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
        }
    }
}
