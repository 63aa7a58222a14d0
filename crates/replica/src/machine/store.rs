//! Where the machine keeps the records between restarts: on disk, or in memory for simulation.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aliasd_catalog::{Catalog, Digest, Revision};
use aliasd_faults::{Mistake, is_planted};

#[cfg(test)]
use super::disk::DiskCatalog;
use super::disk::{DiskRecords, DiskStage};
use super::memory::{MemoryCatalog, MemoryStage};
use super::state::{AppliedState, Writes};
#[cfg(test)]
use crate::closable::TakenDirectory;
use crate::fault::StorageFault;
use crate::frame::{self, FrameError};
use crate::log::durability::Durability;

/// The catalog's records outside of memory.
///
/// They are never ahead of the log. An entry may be applied before this member's own log is durable up to it, or up to
/// the truncation that made room for it: a quorum of others is enough. What it changed is then held back until the log
/// has caught up, so that no crash leaves records of an entry that the log does not have.
pub(crate) struct CatalogStore {
    records: Records,
    log: Durability,
    held_back: Mutex<VecDeque<(Writes, AppliedState)>>,
}

/// Where the records lie.
pub(crate) enum Records {
    /// In a directory.
    Disk(DiskRecords),
    /// In memory, surviving the replica but not the process.
    Memory(MemoryCatalog),
}

impl Records {
    fn write(&self, writes: Writes, state: &AppliedState) -> Result<(), StorageFault> {
        match self {
            Self::Disk(disk) => disk.write(&writes, state),
            Self::Memory(memory) => memory.write(writes, state),
        }
    }

    /// Puts a finished catalog in the place of the current one.
    #[allow(clippy::unreachable, reason = "only this store's `stage` makes what is handed in, and of its own kind")]
    fn install(&self, backing: Backing, state: &AppliedState) -> Result<(), StorageFault> {
        match (self, backing) {
            (Self::Disk(disk), Backing::Disk(stage)) => disk.install(stage, state),
            (Self::Memory(memory), Backing::Memory(stage)) => memory.install(&stage, state),
            (Self::Disk(_), Backing::Memory(_)) | (Self::Memory(_), Backing::Disk(_)) => {
                unreachable!("a staged catalog is installed in the store that made it")
            }
        }
    }
}

impl CatalogStore {
    /// The records beside a log.
    pub(crate) fn new(records: Records, log: Durability) -> Self {
        Self { records, log, held_back: Mutex::default() }
    }

    /// The records on disk, without a log.
    #[cfg(test)]
    pub(crate) fn on_disk(disk: DiskCatalog) -> Self {
        let taken = TakenDirectory::take(disk.root()).unwrap();
        Self::new(Records::Disk(DiskRecords::new(disk, taken.into())), Durability::of_no_log())
    }

    /// The records in memory, without a log.
    #[cfg(test)]
    pub(crate) fn in_memory(memory: MemoryCatalog) -> Self {
        Self::new(Records::Memory(memory), Durability::of_no_log())
    }

    /// The log that the records must not be ahead of.
    pub(crate) fn log(&self) -> &Durability {
        &self.log
    }

    /// Reads every record and how far they reach. Blocks.
    pub(crate) fn load(&self) -> Result<(Catalog, AppliedState), StorageFault> {
        let loaded = match &self.records {
            Records::Disk(disk) => disk.load(),
            Records::Memory(memory) => memory.load(),
        };
        loaded.inspect(|(_, state)| self.log.applied(state.last_applied))
    }

    /// The steps after a revision, oldest first, in their stored form; those before it are forgotten. Blocks.
    pub(crate) fn steps_after(&self, after: Revision) -> Result<Vec<(Revision, Vec<u8>)>, StorageFault> {
        match &self.records {
            Records::Disk(disk) => disk.steps_after(after),
            Records::Memory(memory) => memory.steps_after(after),
        }
    }

    /// The directory, for messages.
    pub(super) fn place(&self) -> &Path {
        match &self.records {
            Records::Disk(disk) => disk.root(),
            Records::Memory(_) => Path::new("memory"),
        }
    }

    /// Writes records, steps and state at once, as soon as the log is durable so far. Not durable before
    /// [`CatalogStore::flush`]. Blocks.
    pub(crate) fn write(&self, writes: Writes, state: &AppliedState) -> Result<(), StorageFault> {
        self.log.applied(state.last_applied);
        let mut held_back = self.held_back();
        held_back.push_back((writes, state.clone()));
        self.let_through(&mut held_back)
    }

    /// Makes everything durable that the log allows: all that was written before a [`Durability::barrier`] that has
    /// passed. Blocks.
    pub(crate) fn flush(&self) -> Result<(), StorageFault> {
        self.let_through(&mut self.held_back())?;
        match &self.records {
            Records::Disk(disk) => disk.flush(),
            Records::Memory(memory) => memory.flush(),
        }
    }

    /// Closes the records on disk; nothing is read or written any more. Blocks.
    pub(crate) fn close(&self) {
        if let Records::Disk(disk) = &self.records {
            disk.close();
        }
    }

    /// Begins a catalog beside the current one, to receive a snapshot. Blocks.
    pub(crate) fn stage(&self) -> Result<StagedCatalog, StorageFault> {
        let backing = match &self.records {
            Records::Disk(disk) => Backing::Disk(disk.stage()?),
            Records::Memory(memory) => Backing::Memory(memory.stage()?),
        };
        Ok(StagedCatalog { backing, catalog: Catalog::default(), record_count: 0, unfinished: None })
    }

    /// Puts a finished catalog in the place of the current one, at once and durably. Whatever the log did to make room
    /// for it has passed a [`Durability::barrier`]. Blocks.
    pub(crate) fn install(&self, staged: StagedCatalog, state: &AppliedState) -> Result<Catalog, StorageFault> {
        // Held, so that nothing that was held back gets into the new catalog, which contains it.
        let mut held_back = self.held_back();
        self.records.install(staged.backing, state)?;
        self.log.applied(state.last_applied);
        held_back.clear();
        Ok(staged.catalog)
    }

    fn held_back(&self) -> MutexGuard<'_, VecDeque<(Writes, AppliedState)>> {
        self.held_back.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn let_through(&self, held_back: &mut VecDeque<(Writes, AppliedState)>) -> Result<(), StorageFault> {
        let durable = self.log.end().last;
        while let Some((writes, state)) =
            held_back.pop_front_if(|(_, state)| state.last_applied <= durable || is_planted(Mistake::CatalogAheadOfLog))
        {
            self.records.write(writes, &state)?;
        }
        Ok(())
    }
}

/// A record in its stored form: key and value.
type EncodedRecord = (Vec<u8>, Vec<u8>);

/// A catalog on its way in. Dropping it removes what was received.
pub(crate) struct StagedCatalog {
    backing: Backing,
    catalog: Catalog,
    record_count: u64,
    /// A record of which not all pieces have come: its key, and what there is of its value.
    unfinished: Option<EncodedRecord>,
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
    /// The record of which this is the last piece, or the whole; nothing while more follows.
    pub(crate) fn whole(
        &mut self,
        key: Vec<u8>,
        piece: Vec<u8>,
        continued: bool,
    ) -> Result<Option<EncodedRecord>, StageError> {
        let record = match self.unfinished.take() {
            None => (key, piece),
            Some((begun, mut value)) if begun == key => {
                value.extend(piece);
                (begun, value)
            }
            Some(_) => return Err(StageError::finding("a record ends before its last piece")),
        };
        if continued {
            self.unfinished = Some(record);
            return Ok(None);
        }
        Ok(Some(record))
    }

    /// Adds encoded records. Blocks.
    pub(crate) fn add(&mut self, records: Vec<EncodedRecord>) -> Result<(), StageError> {
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
        if self.unfinished.is_some() {
            return Err(StageError::finding("it ends before the last piece of a record"));
        }
        if self.record_count != record_count {
            let incomplete = SnapshotError::Incomplete { arrived: self.record_count, sent: record_count };
            return Err(StageError::Damaged(incomplete));
        }
        if self.catalog.digest() != digest && !is_planted(Mistake::InstallSkipsDigest) {
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
