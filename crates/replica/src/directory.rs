//! How log, catalog and identity are opened that lie in a directory.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aliasd_runtime::SharedRuntime;

use crate::closable::{Freed, TakenDirectory};
use crate::error::StartError;
use crate::fault::StorageFault;
use crate::identity::{Identity, IdentityStore};
use crate::log::recover::LogPlace;
use crate::log::store::LogStore;
use crate::machine::disk::{DiskCatalog, DiskRecords};
use crate::machine::store::{CatalogStore, Records, SharedStore};
use crate::types::NodeId;

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
    let (kept, place, catalog) = places(directory)?;
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

/// Where the identity, the log and the catalog are below a directory. An identity without a log is what is left of a member.
pub(crate) fn places(directory: &Path) -> Result<(IdentityStore, LogPlace, PathBuf), StorageFault> {
    let kept = IdentityStore::in_directory(directory);
    let (log, catalog) = (directory.join("log"), directory.join("catalog"));
    // RocksDB makes this file with the log, and the identity is written after both.
    let opens = log.join("CURRENT").try_exists().map_err(|error| StorageFault::from_io(&log, "read", error))?;
    if kept.exists()? && !opens {
        let finding = "it is missing, while the identity beside it shows that there was one";
        return Err(StorageFault::damaged(&log, finding));
    }
    let place = LogPlace { directory: log, watermark: directory.join("watermark"), witness: catalog.join("CURRENT") };
    Ok((kept, place, catalog))
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
