//! What goes wrong with a directory on disk, told so that an operator knows the way out.

use std::error::Error;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::frame::FrameError;

/// Why a log or a catalog directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StorageFault {
    /// The content is not what was written, or part of it is gone.
    #[error(
        "{path} is damaged: {detail}; it is not used, so that nothing false is served; restore this member from the \
         others: remove it from the cluster and start it with an empty data directory under a new node id, never \
         under the old one"
    )]
    Damaged {
        /// The directory or file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The directory was made by another member.
    #[error(
        "{path} belongs to node {found}, but this node has id {expected}; set `node.id` to {found} or choose another \
         data directory"
    )]
    Foreign {
        /// The data directory of the log or of the catalog.
        path: PathBuf,
        /// The node that made it.
        found: u64,
        /// The node that wants it.
        expected: u64,
    },
    /// Another process works in it.
    #[error("{path} is in use by another process; stop that process or choose another data directory")]
    InUse {
        /// The directory whose lock the other process holds.
        path: PathBuf,
    },
    /// No room is left.
    #[error(
        "the disk that holds {path} is full ({detail}); free space and start the node again; every acknowledged \
         write is safe"
    )]
    Full {
        /// The directory that was being written.
        path: PathBuf,
        /// What RocksDB or the operating system said; for people, never parsed.
        detail: String,
    },
    /// The system refused an operation.
    #[error("cannot {action} {path}: {detail}")]
    Failed {
        /// A verb phrase that fits behind "cannot", such as "create" or "start the log writer for".
        action: &'static str,
        /// The directory or file.
        path: PathBuf,
        /// What RocksDB or the operating system said; for people, never parsed.
        detail: String,
    },
}

impl StorageFault {
    pub(crate) fn damaged(path: &Path, detail: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), detail: detail.into() }
    }

    pub(crate) fn undecodable(path: &Path, item: &str, reason: &FrameError) -> Self {
        Self::damaged(path, format!("{item} cannot be read: {reason}"))
    }

    pub(crate) fn from_io(path: &Path, action: &'static str, error: &io::Error) -> Self {
        let (path, detail) = (path.to_owned(), error.to_string());
        match error.kind() {
            io::ErrorKind::StorageFull => Self::Full { path, detail },
            _ => Self::Failed { action, path, detail },
        }
    }

    /// RocksDB's codes tell damage from everything else. They do not tell why the system refused something; that the
    /// disk is full, the system is asked itself.
    pub(crate) fn from_rocksdb(path: &Path, action: &'static str, error: &rocksdb::Error) -> Self {
        use rocksdb::ErrorKind;
        let (path, detail) = (path.to_owned(), error.to_string());
        match error.kind() {
            // An argument that is not valid is a directory without a database in it: all others are fixed here.
            ErrorKind::Corruption | ErrorKind::NotFound | ErrorKind::InvalidArgument => Self::Damaged { path, detail },
            ErrorKind::IOError if is_full(&path) => Self::Full { path, detail },
            _ => Self::Failed { action, path, detail },
        }
    }
}

/// What a store may have to write at once: a full memory table. A disk with less room than that counts as full.
const ROOM_BYTES: u64 = 64 * 1024 * 1024;

/// Whether there is too little room left where `directory` is.
fn is_full(directory: &Path) -> bool {
    // Where the system does not tell, the error that is being told says more.
    let Ok(found) = nix::sys::statvfs::statvfs(directory) else { return false };
    found.blocks_available().saturating_mul(found.fragment_size()) < ROOM_BYTES
}

/// Takes a directory for this process; it is free again when the file is closed, however the process ends.
pub(crate) fn take_directory(directory: &Path) -> Result<File, StorageFault> {
    let taken = std::fs::create_dir_all(directory).and_then(|()| File::create(directory.join("aliasd.lock")));
    let file = taken.map_err(|error| StorageFault::from_io(directory, "create", &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StorageFault::InUse { path: directory.to_owned() }),
        Err(TryLockError::Error(error)) => Err(StorageFault::from_io(directory, "lock", &error)),
    }
}

impl From<StorageFault> for io::Error {
    fn from(fault: StorageFault) -> Self {
        let kind = match fault {
            StorageFault::Damaged { .. } => io::ErrorKind::InvalidData,
            StorageFault::Full { .. } => io::ErrorKind::StorageFull,
            StorageFault::InUse { .. } => io::ErrorKind::ResourceBusy,
            StorageFault::Foreign { .. } | StorageFault::Failed { .. } => io::ErrorKind::Other,
        };
        io::Error::new(kind, fault)
    }
}

/// What an error says, and what each of its sources adds.
pub(crate) fn error_chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
