//! Where a replica keeps its log and its catalog, and how both are opened.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aliasd_runtime::SharedRuntime;

use crate::closable::{Freed, TakenDirectory};
use crate::error::StartError;
use crate::fault::StorageFault;
use crate::identity::{Identity, IdentityStore, MemoryIdentity};
use crate::log::memory::MemoryLog;
use crate::log::recover::LogPlace;
use crate::log::store::LogStore;
use crate::machine::disk::DiskCatalog;
use crate::machine::faults::InstallStep;
use crate::machine::memory::MemoryCatalog;
use crate::machine::store::{CatalogStore, DiskRecords, Records, SharedStore};
use crate::types::NodeId;

/// Where a replica keeps its log and its catalog.
#[derive(Clone)]
pub enum Storage {
    /// In `log/`, `watermark`, `catalog/` and `identity` below this directory.
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

/// What lies below a directory, opened.
pub(crate) struct OpenedDirectory {
    pub(crate) log: LogStore,
    pub(crate) store: SharedStore,
    pub(crate) identity: Identity,
    /// Tells when log and catalog are closed.
    pub(crate) freed: Freed,
}

/// Opens log, catalog and identity below a directory, and makes of them what is asked for. If any of that fails, what was
/// opened is closed again by the time it is said, so that the next attempt finds it free. Blocks.
pub(crate) fn open_directory<T>(
    directory: &Path,
    node: NodeId,
    runtime: SharedRuntime,
    make: impl FnOnce(OpenedDirectory) -> Result<T, StorageFault>,
) -> Result<T, StorageFault> {
    // Names, addresses and hashes of passwords are in there.
    let created = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory);
    created.map_err(|error| StorageFault::from_io(directory, "create", error))?;
    let kept = IdentityStore::in_directory(directory);
    let (path, catalog) = (directory.join("log"), directory.join("catalog"));
    // RocksDB makes this file with the log, and the identity is written after both.
    let opens = path.join("CURRENT").try_exists().map_err(|error| StorageFault::from_io(&path, "read", error))?;
    if kept.exists()? && !opens {
        let finding = "it is missing, while the identity beside it shows that there was one";
        return Err(StorageFault::damaged(&path, finding));
    }
    let place = LogPlace { directory: path, watermark: directory.join("watermark"), witness: catalog.join("CURRENT") };
    let taken = Arc::new(TakenDirectory::take(&place.directory)?);
    let freed = taken.freed();
    let opened = LogStore::open_in(&place, node, Arc::clone(&runtime), Arc::clone(&taken)).and_then(|log| {
        let catalog = DiskCatalog::open(&catalog, !log.is_pristine())?;
        let records = Records::Disk(DiskRecords::new(catalog, taken));
        let store = CatalogStore::new(records, log.durability());
        // While the directory is taken, so that no other process draws an incarnation too.
        let identity = Identity::open(kept, node, runtime)?;
        make(OpenedDirectory { log, store: Arc::new(store), identity, freed: freed.clone() })
    });
    opened.inspect_err(|_| freed.wait())
}

/// How often a slow opening is spoken of.
const SAID_EVERY: Duration = Duration::from_secs(5);

/// Awaits an opening, which blocks where it holds up no task, but not for ever: on damaged files RocksDB may never come
/// back, and neither may a disk that hangs. The thread goes on; only the end of the process ends it.
pub(crate) async fn opened_within<T: Send + 'static>(
    runtime: &SharedRuntime,
    directory: &Path,
    limit: Duration,
    open: impl FnOnce() -> Result<T, StorageFault> + Send + 'static,
) -> Result<T, StartError> {
    let began = runtime.now();
    let mut opening = Box::pin(runtime.blocking(open));
    loop {
        let so_far = runtime.now().saturating_since(began);
        if so_far >= limit {
            return Err(StorageFault::Unresponsive { path: directory.to_owned(), limit }.into());
        }
        match runtime.timeout(SAID_EVERY.min(limit - so_far), &mut opening).await {
            Ok(opened) => return Ok(opened.map_err(StartError::raft)??),
            Err(_) => tracing::warn!(path = %directory.display(), ?limit, "log and catalog are still being opened"),
        }
    }
}
