//! What the disk under the log needs to make one write durable.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::load::Figures;

/// A block: what a disk writes at least.
const WRITE_BYTES: usize = 4096;
const ROUNDS: u32 = 200;

/// Appends and syncs in `directory`, some times in a row. Only the sync is timed.
pub(super) fn sync_time(directory: &Path) -> Result<Figures> {
    let path = directory.join("sync-time");
    let mut file = File::create(&path)?;
    let mut figures = Figures::default();
    let mut syncing = Duration::ZERO;
    for _ in 0..ROUNDS {
        file.write_all(&[0xa5; WRITE_BYTES])?;
        let start = Instant::now();
        file.sync_data()?;
        let took = start.elapsed();
        figures.record(took);
        syncing += took;
    }
    figures.set_duration(syncing);
    std::fs::remove_file(&path)?;
    Ok(figures)
}
