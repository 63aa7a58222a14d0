//! The replica of a node, as its configuration has it.

use std::sync::Arc;

use aliasd_replica::{RaftSettings, Replica, ReplicaOptions, Storage};
use aliasd_runtime::SharedRuntime;

use crate::config::Config;
use crate::node::NodeStartError;
use crate::peers::GrpcLinks;
use crate::tls::{self, Tls};

/// Starts it. One that belongs to no cluster joins the one that its join token is for.
///
/// # Errors
/// Log, catalog or join token cannot be used.
pub(crate) async fn start(config: &Config, tls: &Arc<Tls>, runtime: SharedRuntime) -> Result<Replica, NodeStartError> {
    let join = config.join_token().map_err(NodeStartError::Setting)?;
    let is_invited = join.is_some();
    let replica = Replica::start(ReplicaOptions { join, ..options(config, tls, runtime) }).await?;
    if let Some(missing) = config.join_token_missing().filter(|_| !is_invited && replica.cluster().is_none()) {
        // It has done nothing yet that could be lost.
        let _ = replica.shutdown().await;
        return Err(NodeStartError::Setting(missing));
    }
    Ok(replica)
}

fn options(config: &Config, tls: &Arc<Tls>, runtime: SharedRuntime) -> ReplicaOptions {
    let tls = Arc::clone(tls);
    let links = GrpcLinks(move |node: u64, address: &str| tls::peer_channel(&tls, node, address));
    let (cluster, node) = (&config.cluster, &config.node);
    let raft = RaftSettings {
        heartbeat_interval: cluster.heartbeat_interval,
        election_timeout_min: cluster.election_timeout_min,
        election_timeout_max: cluster.election_timeout_max,
        snapshot_entries: node.snapshot_after.get(),
        log_entries_kept: node.log_kept,
    };
    let storage = Storage::Directory(node.data_dir.clone());
    let options = ReplicaOptions::new(node.id.get(), storage, Arc::new(links), runtime, raft);
    ReplicaOptions { open_timeout: node.open_timeout, ..options }
}
