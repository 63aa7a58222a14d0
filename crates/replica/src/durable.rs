//! Files that are durable once they are written.
//!
//! What a file says together with others is for whoever keeps it. Everything here blocks.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use aliasd_faults::{Failpoint, reach};

/// Writes a file anew, durably. It is found after a crash once its directory was synced, too.
pub(crate) fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(content)?;
    reach(Failpoint::FileWritten);
    file.sync_all()?;
    reach(Failpoint::FileSynced);
    Ok(())
}

/// Makes durable which files there are in a directory, and how they are called.
pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()?;
    reach(Failpoint::DirectorySynced);
    Ok(())
}
