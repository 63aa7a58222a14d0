//! `CREATE ALIAS` at the leader of three nodes, beside the time that the disk of the logs needs for one
//! `fdatasync`, and how often each node made its log durable meanwhile.

use anyhow::{Context, Result};

use super::Extent;
use super::disk;
use super::load::{Slices, run};
use super::report::Writes;
use super::workload::{Creator, Workload};
use crate::cluster::Node;

pub(super) async fn measure(workload: &Workload<'_>, clients: usize, extent: &Extent) -> Result<Writes> {
    let leader = workload.leader()?.id;
    let creator = workload.creator(clients).await?;
    // Not counted: connections and caches get warm.
    run(clients, extent.slice, creator.clone(), Creator::create).await?;
    let (mut sync, mut create) = (Slices::default(), Slices::default());
    let mut syncs: Vec<(u64, u64)> = workload.cluster.nodes.iter().map(|node| (node.id, 0)).collect();
    for _ in 0..extent.slices {
        sync.add(&disk::sync_time(&workload.cluster.layout().root)?);
        let before = log_syncs(workload)?;
        create.add(&run(clients, extent.slice, creator.clone(), Creator::create).await?);
        for ((_, sum), (before, after)) in syncs.iter_mut().zip(before.into_iter().zip(log_syncs(workload)?)) {
            *sum += after - before;
        }
    }
    Ok(Writes { clients, sync, create, leader, syncs })
}

/// In the order of the nodes.
fn log_syncs(workload: &Workload<'_>) -> Result<Vec<u64>> {
    workload.cluster.nodes.iter().map(|node| metric(node, "aliasd_log_syncs_total")).collect()
}

fn metric(node: &Node, name: &str) -> Result<u64> {
    let (_, metrics) = node.http("/metrics")?;
    let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let value = value.with_context(|| format!("node {} has no metric {name}", node.id))?;
    Ok(value.parse()?)
}
