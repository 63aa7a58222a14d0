//! Where a member's identity is kept: in a file of the data directory, or in memory.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use aliasd_faults::{Failpoint, reach};

use super::Kept;
use crate::durable;
use crate::fault::StorageFault;

const FILE: &str = "identity";
const FILE_NEXT: &str = "identity.next";

/// The identity of a member without a disk; clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct MemoryIdentity(Arc<Mutex<Option<Kept>>>);

impl MemoryIdentity {
    /// The same, kept in a place of its own.
    pub(crate) fn copied(&self) -> Self {
        let kept = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Self(Arc::new(Mutex::new(kept)))
    }
}

/// See the module. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) enum IdentityStore {
    /// In this file.
    File(PathBuf),
    /// In memory; written is durable.
    Memory(MemoryIdentity),
}

impl IdentityStore {
    /// The one of a data directory.
    pub(crate) fn in_directory(directory: &Path) -> Self {
        Self::File(directory.join(FILE))
    }

    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Memory(_) => Path::new("memory"),
        }
    }

    /// Whether there is one.
    pub(crate) fn exists(&self) -> Result<bool, StorageFault> {
        match self {
            Self::File(path) => path.try_exists().map_err(|error| StorageFault::from_io(path, "read", error)),
            Self::Memory(memory) => Ok(memory.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()),
        }
    }

    pub(super) fn read(&self) -> Result<Option<Kept>, StorageFault> {
        match self {
            Self::Memory(memory) => Ok(*memory.0.lock().unwrap_or_else(PoisonError::into_inner)),
            Self::File(path) => match fs::read(path) {
                Ok(bytes) => {
                    let kept = Kept::decode(&bytes);
                    kept.map(Some).map_err(|reason| StorageFault::undecodable(path, "the member's identity", reason))
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(StorageFault::from_io(path, "read", error)),
            },
        }
    }

    /// Writes it whole and makes it durable. Blocks.
    pub(super) fn write(&self, kept: &Kept) -> Result<(), StorageFault> {
        match self {
            Self::Memory(memory) => {
                *memory.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(*kept);
                Ok(())
            }
            Self::File(path) => {
                let written = replace(path, &kept.encode());
                written.map_err(|error| StorageFault::from_io(path, "write", error))
            }
        }
    }
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let next = directory.join(FILE_NEXT);
    durable::write(&next, bytes)?;
    fs::rename(&next, path)?;
    reach(Failpoint::FileRenamed);
    durable::sync_directory(directory)
}
