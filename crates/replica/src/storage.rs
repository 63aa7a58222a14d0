//! Where a replica keeps its log and its catalog.

#[cfg(feature = "disk")]
use std::path::PathBuf;

use crate::identity::MemoryIdentity;
use crate::log::memory::MemoryLog;
use crate::machine::faults::InstallStep;
use crate::machine::memory::MemoryCatalog;

/// Where a replica keeps its log and its catalog.
#[derive(Clone)]
pub enum Storage {
    /// In `log/`, `watermark`, `catalog/` and `identity` below this directory.
    #[cfg(feature = "disk")]
    Directory(PathBuf),
    /// In memory; a clone given to the next replica of the same node is the same "disk".
    Memory(MemoryStorage),
}

/// A "disk" in memory, for simulation and fast tests.
///
/// What is appended to the log and what is flushed are two states, and the same goes for the catalog. Whoever holds a
/// clone decides what happens between the two.
#[derive(Clone, Default)]
pub struct MemoryStorage {
    pub(crate) log: MemoryLog,
    pub(crate) catalog: MemoryCatalog,
    pub(crate) identity: MemoryIdentity,
}

impl MemoryStorage {
    /// From now on until a crash, what is appended to the log becomes durable only by [`MemoryStorage::flush_log`] or
    /// [`MemoryStorage::flush_log_steps`].
    pub fn hold_flushes(&self) {
        self.log.hold_flushes();
    }

    /// Makes durable what was appended to the log, and from now on whatever is appended.
    pub fn release_flushes(&self) {
        self.log.release_flushes();
    }

    /// How many steps the log is ahead of what is durable: an entry, a vote, a truncation each count one.
    pub fn unflushed_log_steps(&self) -> usize {
        self.log.unflushed()
    }

    /// Makes durable what was appended to the log, and answers who waits for it.
    pub fn flush_log(&self) {
        self.log.flush(usize::MAX);
    }

    /// Makes the oldest of the steps durable, and answers who waits for no more than them.
    pub fn flush_log_steps(&self, steps: usize) {
        self.log.flush(steps);
    }

    /// From now on until a crash, the log cannot be made durable, as on a broken disk.
    pub fn break_log(&self) {
        self.log.break_flushes();
    }

    /// The next snapshot is installed up to this step, and the catalog refuses everything from there until a crash.
    pub fn die_installing(&self, step: InstallStep) {
        self.catalog.die_at(step);
    }

    /// Loses what is not durable, as a power failure does. The replica that used it must be gone.
    pub fn crash(&self) {
        self.crash_keeping(0);
    }

    /// The same, but the oldest of the log's steps had reached the disk although nobody was told.
    pub fn crash_keeping(&self, steps: usize) {
        self.log.crash(steps);
        self.catalog.crash();
    }
}
