//! The benchmark: how fast names are resolved and aliases written, beside what this machine can do at
//! best, measured in the same run.
//!
//! Three nodes and the load share the machine, so the ratios mean more than the figures. A resolve is
//! compared with a call that does nothing on the same server stack, a write with the time that the log's
//! disk needs for one `fdatasync`.

mod disk;
mod load;
mod report;
mod workload;

use std::time::Duration;

use anyhow::Result;

use crate::cluster::Cluster;
pub use report::Report;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// For how long each figure is taken.
    pub window: Duration,
    /// How many aliases there are when memory is measured.
    pub aliases: u64,
}

impl Extent {
    /// About two minutes.
    pub fn quick() -> Self {
        Self { window: Duration::from_secs(5), aliases: 100_000 }
    }

    /// Longer windows and a million aliases.
    pub fn full() -> Self {
        Self { window: Duration::from_secs(20), aliases: 1_000_000 }
    }
}

/// Starts a cluster of three, measures, and stops it again.
///
/// # Errors
/// A node does not start, or a call fails: a figure over failed calls would mean nothing.
pub async fn run(extent: Extent) -> Result<Report> {
    let cluster = Cluster::running("bench", 3)?;
    let mut report = Report { sync: disk::sync_time(&cluster.layout().root)?, ..Report::default() };
    let workload = workload::Workload::prepare(&cluster)?;
    for clients in [1, 64] {
        report.reads.push(workload.reads(clients, extent.window).await?);
    }
    for clients in [1, 256] {
        report.writes.push(workload.writes(clients, extent.window).await?);
    }
    report.memory = Some(workload.memory(extent.aliases).await?);
    Ok(report)
}
