//! What aliases cost in memory: resident memory of the processes before and after they were created.
//!
//! That counts everything that grows with the aliases: records, views, RocksDB's buffers, the tail of the log and
//! what the allocator keeps.

use std::sync::atomic::Ordering;
use std::time::Instant;

use anyhow::Result;

use super::Extent;
use super::load::run_while;
use super::report::Memory;
use super::workload::{Creator, Workload};
use crate::cluster::Cluster;

/// As many writers as it takes to fill the log's batches.
const WRITERS: usize = 256;

/// How many bytes each node holds, in the order of the nodes.
#[derive(Clone, Debug)]
pub(super) struct Filling(Vec<u64>);

// === impl Filling ===

impl Filling {
    pub(super) fn of(cluster: &Cluster) -> Result<Self> {
        cluster.nodes.iter().map(|node| node.resident_bytes()).collect::<Result<_>>().map(Self)
    }
}

/// `empty` is what the nodes held when there was one alias.
pub(super) async fn measure(workload: &Workload<'_>, empty: Filling, extent: &Extent) -> Result<Memory> {
    let leader = workload.leader()?.id;
    let between = Filling::of(workload.cluster)?;
    let aliases_between = workload.aliases();
    let creator = workload.creator(WRITERS).await?;
    let (created, deadline) = (workload.created(), Instant::now() + extent.fill_max);
    let wanted = extent.aliases;
    let goes_on = move || created.load(Ordering::Relaxed) + 1 < wanted && Instant::now() < deadline;
    let fill = run_while(WRITERS, goes_on, creator, Creator::create).await?;
    workload.cluster.wait_equal_digests()?;
    let full = Filling::of(workload.cluster)?;
    Ok(Memory {
        aliases: workload.aliases(),
        aliases_wanted: wanted,
        aliases_between,
        leader,
        nodes: workload.cluster.nodes.iter().map(|node| node.id).collect(),
        bytes_empty: empty.0,
        bytes_between: between.0,
        bytes_full: full.0,
        fill,
    })
}
