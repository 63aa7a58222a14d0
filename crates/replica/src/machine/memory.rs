//! The catalog's records without a disk, for simulation and fast tests.
//!
//! As in [`crate::log::memory`], what is written and what is durable are two states.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aliasd_catalog::Catalog;

use super::store::{AppliedState, RecordWrites};
use crate::codec;
use crate::fault::StorageFault;

/// Handle of the records; clones share them. They survive the replica that uses them, as a disk would.
#[derive(Clone, Default)]
pub(crate) struct MemoryCatalog(Arc<Mutex<Disk>>);

#[derive(Default)]
struct Disk {
    written: Image,
    durable: Image,
    /// What lies between the two, oldest first.
    unflushed: Vec<(RecordWrites, AppliedState)>,
}

#[derive(Clone, Default)]
struct Image {
    records: BTreeMap<Vec<u8>, Vec<u8>>,
    state: AppliedState,
}

impl Image {
    fn make(&mut self, records: RecordWrites, state: AppliedState) {
        for (key, value) in records {
            match value {
                Some(value) => drop(self.records.insert(key, value)),
                None => drop(self.records.remove(&key)),
            }
        }
        self.state = state;
    }
}

/// Records that arrive as a snapshot.
#[derive(Default)]
pub(crate) struct MemoryStage(BTreeMap<Vec<u8>, Vec<u8>>);

impl MemoryStage {
    pub(super) fn add(&mut self, records: Vec<(Vec<u8>, Vec<u8>)>) {
        self.0.extend(records);
    }
}

impl MemoryCatalog {
    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Loses everything that is not durable.
    pub(crate) fn crash(&self) {
        let mut disk = self.disk();
        disk.unflushed.clear();
        disk.written = disk.durable.clone();
    }

    pub(super) fn load(&self) -> Result<(Catalog, AppliedState), StorageFault> {
        let disk = self.disk();
        let mut catalog = Catalog::default();
        for (key, value) in &disk.written.records {
            let path = Path::new("memory");
            let (key, record) = codec::decode_record(key, value)
                .map_err(|reason| StorageFault::malformed(path, "a catalog record", &reason))?;
            if !catalog.restore(key, record) {
                return Err(StorageFault::damaged(path, "a record lies under a key of another kind"));
            }
        }
        Ok((catalog, disk.written.state.clone()))
    }

    pub(super) fn write(&self, records: RecordWrites, state: &AppliedState) {
        let mut disk = self.disk();
        disk.written.make(records.clone(), state.clone());
        disk.unflushed.push((records, state.clone()));
    }

    pub(super) fn flush(&self) {
        let mut disk = self.disk();
        for (records, state) in std::mem::take(&mut disk.unflushed) {
            disk.durable.make(records, state);
        }
    }

    pub(super) fn install(&self, stage: MemoryStage, state: &AppliedState) {
        let mut disk = self.disk();
        disk.unflushed.clear();
        disk.durable = Image { records: stage.0, state: state.clone() };
        disk.written = disk.durable.clone();
    }
}
