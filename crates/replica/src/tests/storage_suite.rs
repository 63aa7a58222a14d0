//! openraft's conformance suite on both kinds of storage.

use std::sync::Arc;

use openraft::StorageError;
use openraft::testing::log::{StoreBuilder, Suite};
use tempfile::TempDir;

use crate::log::memory::MemoryLog;
use crate::log::recover::LogPlace;
use crate::log::store::LogStore;
use crate::machine::Machine;
use crate::machine::disk::DiskCatalog;
use crate::machine::memory::MemoryCatalog;
use crate::machine::store::CatalogStore;
use crate::runtime::within;
use crate::tests::LIMITS;
use crate::types::TypeConfig;

use super::runtime;

struct OnDisk;

impl StoreBuilder<TypeConfig, LogStore, Machine, TempDir> for OnDisk {
    async fn build(&self) -> Result<(TempDir, LogStore, Machine), StorageError<TypeConfig>> {
        let directory = tempfile::tempdir().unwrap();
        let place = LogPlace {
            directory: directory.path().join("log"),
            watermark: directory.path().join("watermark"),
            witness: directory.path().join("catalog"),
        };
        let log = LogStore::open(&place, 0, runtime()).unwrap();
        let catalog = DiskCatalog::open(&directory.path().join("catalog"), false).unwrap();
        let (machine, _, _) = Machine::load(runtime(), Arc::new(CatalogStore::on_disk(catalog)), LIMITS).unwrap();
        Ok((directory, log, machine))
    }
}

struct InMemory;

impl StoreBuilder<TypeConfig, MemoryLog, Machine> for InMemory {
    async fn build(&self) -> Result<((), MemoryLog, Machine), StorageError<TypeConfig>> {
        let store = Arc::new(CatalogStore::in_memory(MemoryCatalog::default()));
        let (machine, _, _) = Machine::load(runtime(), store, LIMITS).unwrap();
        Ok(((), MemoryLog::default(), machine))
    }
}

#[tokio::test]
async fn rocksdb_passes_openrafts_suite() {
    within(&runtime(), Suite::test_all(OnDisk)).await.unwrap();
}

#[tokio::test]
async fn memory_passes_openrafts_suite() {
    within(&runtime(), Suite::test_all(InMemory)).await.unwrap();
}
