//! `CREATE ALIAS` at the leader of three nodes, and how often each node made its log durable meanwhile.

use std::time::Duration;

use anyhow::{Context, Result};

use super::load::run;
use super::report::Writes;
use super::workload::{Creator, Workload};
use crate::cluster::Node;

pub(super) async fn measure(workload: &Workload<'_>, clients: usize, window: Duration) -> Result<Writes> {
    let leader = workload.leader()?.id;
    let creator = workload.creator(clients).await?;
    // Not counted: connections and caches get warm.
    run(clients, window / 8, creator.clone(), Creator::create).await?;
    let before = log_syncs(workload)?;
    let create = run(clients, window, creator, Creator::create).await?;
    let after = log_syncs(workload)?;
    let syncs = before.into_iter().zip(after).map(|((id, before), (_, after))| (id, after - before)).collect();
    Ok(Writes { clients, create, leader, syncs })
}

fn log_syncs(workload: &Workload<'_>) -> Result<Vec<(u64, u64)>> {
    workload.cluster.nodes.iter().map(|node| Ok((node.id, metric(node, "aliasd_log_syncs")?))).collect()
}

fn metric(node: &Node, name: &str) -> Result<u64> {
    let (_, metrics) = node.http("/metrics")?;
    let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let value = value.with_context(|| format!("node {} has no metric {name}", node.id))?;
    Ok(value.parse()?)
}
