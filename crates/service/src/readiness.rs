//! Whether this node serves, and why not.

use std::sync::Arc;

use aliasd_catalog::{Catalog, KeyId};
use tokio_util::sync::CancellationToken;

use crate::failure::NodeFailure;
use crate::read::Reader;
use crate::vault::Vault;

/// Knows whether this node serves. Cheap to clone; clones share the order to stop.
#[derive(Clone)]
pub(crate) struct Readiness {
    reader: Reader,
    vault: Arc<Vault>,
    /// Cancelled when the node begins to stop.
    stopping: CancellationToken,
}

impl Readiness {
    pub(crate) fn new(reader: Reader, vault: Arc<Vault>) -> Self {
        Self { reader, vault, stopping: CancellationToken::new() }
    }

    /// From now on nothing is served but questions about the node itself.
    pub(crate) fn stop(&self) {
        self.stopping.cancel();
    }

    /// Resolves when the node begins to stop.
    pub(crate) async fn stopping(&self) {
        self.stopping.cancelled().await;
    }

    /// Why this node does not serve every call; nothing if it does.
    pub(crate) fn not_ready(&self) -> Vec<NodeFailure> {
        let mut reasons: Vec<NodeFailure> = self.not_serving().into_iter().collect();
        if reasons.is_empty() {
            let stale = self.reader.fresh_enough().err();
            reasons.extend(stale.or_else(|| self.reader.confirmed_in_time().err()));
        }
        reasons
    }

    /// Why this node serves nothing but questions about itself. How fresh its answers are is each call's own matter.
    pub(crate) fn not_serving(&self) -> Option<NodeFailure> {
        if self.stopping.is_cancelled() {
            return Some(NodeFailure::Stopping {});
        }
        self.stopped().or_else(|| self.catalog_or_key_missing(&self.reader.present().catalog))
    }

    /// Why the replica serves nothing any more.
    pub(crate) fn stopped(&self) -> Option<NodeFailure> {
        self.reader.replica().serving().err().map(|reason| NodeFailure::from(&reason))
    }

    /// Why this node cannot tell who calls: it has no catalog, or its own is not that of the others any more.
    pub(crate) fn knows_no_users(&self) -> Option<NodeFailure> {
        self.stopped().or_else(|| self.catalog_missing(&self.reader.present().catalog))
    }

    fn catalog_or_key_missing(&self, catalog: &Catalog) -> Option<NodeFailure> {
        let Some(meta) = catalog.meta() else { return self.catalog_missing(catalog) };
        (!self.vault.holds(meta.active_key)).then(|| key_missing(&self.vault, meta.active_key))
    }

    fn catalog_missing(&self, catalog: &Catalog) -> Option<NodeFailure> {
        if catalog.meta().is_some() {
            return None;
        }
        if let Some(cluster) = self.reader.replica().joins() {
            return Some(NodeFailure::Joining { cluster: cluster.to_string() });
        }
        let belongs_to_cluster = self.reader.replica().is_initialized();
        Some(if belongs_to_cluster { NodeFailure::CatchingUp {} } else { NodeFailure::NotFormed {} })
    }
}

/// Says which key is missing, and what is held instead.
pub(crate) fn key_missing(vault: &Vault, key: KeyId) -> NodeFailure {
    let held: Vec<String> = vault.held().iter().map(|(id, name)| format!("{id} ('{name}')")).collect();
    NodeFailure::KeyMissing { key: key.to_string(), held: held.join(", ") }
}
