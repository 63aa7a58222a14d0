//! The benchmark: how fast names are resolved, aliases written and listed, beside what this machine can do at best,
//! measured in the same run.
//!
//! Three nodes and the load share the machine, so the ratios mean more than the figures. A resolve is compared
//! with a call that does nothing on the same server stack, a write with one `fdatasync` on the disk of the logs,
//! both in alternating slices of time, so that whatever else the machine does hits both alike. Nothing is judged
//! here: no figure makes the program fail.

mod disk;
mod language;
mod listing;
mod load;
mod memory;
mod reads;
mod report;
mod workload;
mod writes;

use std::time::Duration;

use anyhow::Result;

use crate::cluster::Cluster;
pub use report::Report;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// How long one slice of calls of one kind is.
    pub slice: Duration,
    /// How many slices of each kind there are.
    pub slices: usize,
    /// How many aliases there are when memory is measured.
    pub aliases: u64,
    /// How long may be spent on writing that many.
    pub fill_max: Duration,
    /// How long one slice of repetitions of one statement is.
    pub language_slice: Duration,
    /// How many of these there are; the median counts.
    pub language_slices: usize,
}

impl Extent {
    /// About two minutes.
    pub fn quick() -> Self {
        let (slice, fill_max) = (Duration::from_secs(1), Duration::from_secs(50));
        Self { slice, slices: 6, aliases: 100_000, fill_max, ..Self::full() }
    }

    /// A few seconds. It shows that everything is measured, and its figures say nothing.
    pub fn smoke() -> Self {
        Self {
            slice: Duration::from_millis(100),
            slices: 1,
            aliases: 500,
            fill_max: Duration::from_secs(10),
            language_slice: Duration::from_millis(1),
            language_slices: 1,
        }
    }

    /// Longer, and with a million aliases.
    pub fn full() -> Self {
        Self {
            slice: Duration::from_secs(2),
            slices: 15,
            aliases: 1_000_000,
            fill_max: Duration::from_secs(900),
            language_slice: Duration::from_millis(150),
            language_slices: 5,
        }
    }
}

/// Measures the language alone, which needs no cluster.
#[must_use]
pub fn language(extent: &Extent) -> Report {
    let machine = report::Machine::now();
    eprintln!("understanding statements");
    Report { machine, language: language::measure(extent), ..Report::default() }
}

/// Starts a cluster of three, measures, and stops it again. Says on standard error what it is at.
///
/// # Errors
/// A node does not start, or a call fails: a figure over failed calls would mean nothing.
pub async fn run(extent: Extent) -> Result<Report> {
    let mut report = language(&extent);
    eprintln!("starting three nodes");
    let cluster = Cluster::running("bench", 3)?;
    let workload = workload::Workload::prepare(&cluster).await?;
    let empty = memory::Filling::of(&cluster)?;
    for clients in [1, 64] {
        eprintln!("resolving and doing nothing, {clients} client(s)");
        report.reads.push(reads::measure(&workload, clients, &extent).await?);
    }
    for clients in [1, 256] {
        eprintln!("syncing and writing, {clients} client(s)");
        report.writes.push(writes::measure(&workload, clients, &extent).await?);
    }
    eprintln!("filling up to {} aliases", extent.aliases);
    report.memory = Some(memory::measure(&workload, empty, &extent).await?);
    eprintln!("listing them");
    report.listings = Some(listing::measure(&workload).await?);
    Ok(report)
}
