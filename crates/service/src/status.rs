//! Whether this node serves, why not, and what it tells about itself and the cluster.

use aliasd_catalog::Catalog;

use super::{Fault, Session};
use crate::metrics::Reading;
use aliasd_replica::{NotServing, ReplicaRole};

impl Session {
    /// Why this node does not serve every call; nothing if it does.
    pub fn not_ready(&self) -> Vec<Fault> {
        let mut reasons: Vec<Fault> = self.not_serving().into_iter().collect();
        if reasons.is_empty() {
            reasons.extend(self.fresh_enough().err());
        }
        reasons
    }

    /// Why this node serves nothing but questions about itself. How fresh its answers are is each call's own matter.
    pub fn not_serving(&self) -> Option<Fault> {
        if self.stopping.is_cancelled() {
            return Some(Fault::Stopping {});
        }
        self.stopped().or_else(|| self.lacks(&self.replica.view().catalog))
    }

    /// Why the replica serves nothing any more.
    pub fn stopped(&self) -> Option<Fault> {
        self.replica.serving().err().map(|reason: NotServing| super::freshness::not_serving(&reason))
    }

    fn lacks(&self, catalog: &Catalog) -> Option<Fault> {
        let Some(meta) = catalog.meta() else {
            return Some(if self.replica.is_initialized() { Fault::CatchingUp {} } else { Fault::NotFormed {} });
        };
        if self.vault.holds(meta.active_key) {
            return None;
        }
        let held = self.vault.held();
        let held: Vec<String> = held.iter().map(|(id, name)| format!("{id} ('{name}')")).collect();
        Some(Fault::KeyMissing { key: meta.active_key.to_string(), held: held.join(", ") })
    }

    /// The figures for metrics.
    pub fn reading(&self) -> Reading {
        let status = self.replica.status();
        let view = self.replica.view();
        Reading {
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
