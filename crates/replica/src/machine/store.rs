//! Where the machine keeps the records between restarts: on disk, or in memory for simulation.

use std::io;
use std::sync::Arc;

use aliasd_catalog::{Catalog, Digest};

use super::disk::{DiskCatalog, DiskStage};
use super::memory::{MemoryCatalog, MemoryStage};
use super::state::{AppliedState, RecordWrites};
use crate::fault::StorageFault;
use crate::frame::{self, FrameError};

/// The catalog's records outside of memory.
pub(crate) enum CatalogStore {
    /// In a directory.
    Disk(DiskCatalog),
    /// In memory, surviving the replica but not the process.
    Memory(MemoryCatalog),
}

impl CatalogStore {
    /// Reads every record and how far they reach. Blocks.
    pub(crate) fn load(&self) -> Result<(Catalog, AppliedState), StorageFault> {
        match self {
            Self::Disk(disk) => disk.load(),
            Self::Memory(memory) => memory.load(),
        }
    }

    /// Writes records and state at once. Not durable before [`CatalogStore::flush`]. Blocks.
    pub(crate) fn write(&self, records: RecordWrites, state: &AppliedState) -> Result<(), StorageFault> {
        match self {
            Self::Disk(disk) => disk.write(&records, state),
            Self::Memory(memory) => memory.write(records, state),
        }
    }

    /// Makes everything written durable. Blocks.
    pub(crate) fn flush(&self) -> Result<(), StorageFault> {
        match self {
            Self::Disk(disk) => disk.flush(),
            Self::Memory(memory) => memory.flush(),
        }
    }

    /// Begins a catalog beside the current one, to receive a snapshot. Blocks.
    pub(crate) fn stage(&self) -> Result<StagedCatalog, StorageFault> {
        let backing = match self {
            Self::Disk(disk) => Backing::Disk(disk.stage()?),
            Self::Memory(memory) => Backing::Memory(memory.stage()?),
        };
        Ok(StagedCatalog { backing, catalog: Catalog::default(), record_count: 0 })
    }

    /// Puts a finished catalog in the place of the current one, at once and durably. Blocks.
    #[allow(clippy::unreachable, reason = "only this store's `stage` makes what is handed in, and of its own kind")]
    pub(crate) fn install(&self, staged: StagedCatalog, state: &AppliedState) -> Result<Catalog, StorageFault> {
        match (self, staged.backing) {
            (Self::Disk(disk), Backing::Disk(stage)) => disk.install(stage, state)?,
            (Self::Memory(memory), Backing::Memory(stage)) => memory.install(&stage, state)?,
            (Self::Disk(_), Backing::Memory(_)) | (Self::Memory(_), Backing::Disk(_)) => {
                unreachable!("a staged catalog is installed in the store that made it")
            }
        }
        Ok(staged.catalog)
    }
}

/// A catalog on its way in. Dropping it removes what was received.
pub(crate) struct StagedCatalog {
    backing: Backing,
    catalog: Catalog,
    record_count: u64,
}

enum Backing {
    Disk(DiskStage),
    Memory(MemoryStage),
}

/// Why a received snapshot is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StageError {
    #[error("the snapshot is damaged")]
    Damaged(#[source] SnapshotError),
    #[error(transparent)]
    Storage(#[from] StorageFault),
}

/// What is wrong with a received snapshot.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SnapshotError {
    #[error(transparent)]
    Undecodable(#[from] FrameError),
    #[error("{arrived} of {sent} records arrived")]
    Incomplete { arrived: u64, sent: u64 },
    #[error("{0}")]
    Finding(&'static str),
}

impl StageError {
    pub(crate) fn finding(finding: &'static str) -> Self {
        Self::Damaged(SnapshotError::Finding(finding))
    }
}

impl From<FrameError> for StageError {
    fn from(error: FrameError) -> Self {
        Self::Damaged(error.into())
    }
}

impl From<StageError> for io::Error {
    fn from(error: StageError) -> Self {
        match error {
            StageError::Storage(fault) => fault.into(),
            other => Self::new(io::ErrorKind::InvalidData, other),
        }
    }
}

impl StagedCatalog {
    /// Adds encoded records. Blocks.
    pub(crate) fn add(&mut self, records: Vec<(Vec<u8>, Vec<u8>)>) -> Result<(), StageError> {
        for (key, value) in &records {
            let (key, record) = frame::decode_record(key, value)?;
            if self.catalog.record(&key).is_some() {
                return Err(StageError::finding("a record came twice"));
            }
            if !self.catalog.restore(key, record) {
                return Err(StageError::finding("a record lies under a key of another kind"));
            }
        }
        self.record_count += records.len() as u64;
        match &mut self.backing {
            Backing::Disk(stage) => stage.add(&records)?,
            Backing::Memory(stage) => stage.add(records),
        }
        Ok(())
    }

    /// Compares what arrived with what was sent.
    pub(crate) fn verify(&self, record_count: u64, digest: Digest) -> Result<(), StageError> {
        if self.record_count != record_count {
            let incomplete = SnapshotError::Incomplete { arrived: self.record_count, sent: record_count };
            return Err(StageError::Damaged(incomplete));
        }
        if self.catalog.digest() != digest {
            return Err(StageError::finding("the digest of what arrived is not that of what was sent"));
        }
        Ok(())
    }

    /// The digest of what arrived.
    pub(crate) fn digest(&self) -> Digest {
        self.catalog.digest()
    }
}

/// Shared handle of the store: the machine writes it, snapshots flush it, the peer service stages into it.
pub(crate) type SharedStore = Arc<CatalogStore>;
