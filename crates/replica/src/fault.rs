//! What goes wrong with a directory on disk, and the way out.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aliasd_catalog::{Revision, error_chain};

use crate::error::StopReason;
use crate::frame::FrameError;

/// The source of a fault: an error of the system, of RocksDB, or of whoever reads the bytes.
type BoxError = Box<dyn Error + Send + Sync>;

/// Why a log or a catalog directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StorageFault {
    /// The content is not what was written, or part of it is gone.
    #[error("{path} is damaged: {finding}")]
    Damaged {
        /// The directory or file.
        path: PathBuf,
        /// What was found there, as half a sentence: "it ends in the middle of a record".
        finding: String,
        /// What caused the finding, where it was not found by looking.
        source: Option<BoxError>,
    },
    /// The directory was made by another member.
    #[error("{path} belongs to node {found}, but this node has id {expected}")]
    Foreign {
        /// The data directory of the log or of the catalog.
        path: PathBuf,
        /// The node that made it.
        found: u64,
        /// The node that wants it.
        expected: u64,
    },
    /// Another process works in it.
    #[error("{path} is in use by another process")]
    InUse {
        /// The directory whose lock the other process holds.
        path: PathBuf,
    },
    /// No room is left.
    #[error("the disk that holds {path} is full")]
    Full {
        /// The directory that was being written.
        path: PathBuf,
        /// The error that showed it.
        source: BoxError,
    },
    /// Opening it came to no end.
    #[error("{path} could not be opened within {limit:?}")]
    Unresponsive {
        /// The data directory.
        path: PathBuf,
        /// How long was waited.
        limit: Duration,
    },
    /// Entries would be replaced that were agreed on: the others have lost them.
    #[error(
        "the leader would replace the entries of {path} from {from} on, and the catalog has applied those up to {applied}"
    )]
    Contradicted {
        /// The log's directory.
        path: PathBuf,
        /// The first entry that would be replaced.
        from: Revision,
        /// The last one that is applied.
        applied: Revision,
    },
    /// The system refused an operation.
    #[error("cannot {action} {path}")]
    Failed {
        /// A verb phrase that fits behind "cannot", such as "create" or "start the log writer for".
        action: &'static str,
        /// The directory or file.
        path: PathBuf,
        /// Why it was refused.
        source: BoxError,
    },
}

impl StorageFault {
    pub(crate) fn damaged(path: &Path, finding: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), finding: finding.into(), source: None }
    }

    pub(crate) fn undecodable(path: &Path, item: &str, error: FrameError) -> Self {
        let finding = format!("{item} cannot be read");
        Self::Damaged { path: path.to_owned(), finding, source: Some(error.into()) }
    }

    /// Somebody asked a store that is closed.
    pub(crate) fn closed(path: &Path, action: &'static str) -> Self {
        Self::Failed { action, path: path.to_owned(), source: "it is closed".into() }
    }

    pub(crate) fn from_io(path: &Path, action: &'static str, error: io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::StorageFull => Self::Full { path, source: error.into() },
            _ => Self::Failed { action, path, source: error.into() },
        }
    }

    /// RocksDB's codes tell damage from everything else. They do not tell why the system refused something; that the
    /// disk is full, the system is asked itself.
    #[cfg(feature = "disk")]
    pub(crate) fn from_rocksdb(path: &Path, action: &'static str, error: rocksdb::Error) -> Self {
        use rocksdb::ErrorKind;
        // It takes a file that it may not read for one that is damaged.
        if let Some((file, refusal)) = unreadable_in(path) {
            return Self::from_io(&file, "read", refusal);
        }
        let (path, kind, source) = (path.to_owned(), error.kind(), error.into());
        match kind {
            ErrorKind::IOError if is_full(&path) => Self::Full { path, source },
            ErrorKind::Corruption | ErrorKind::NotFound | ErrorKind::InvalidArgument | ErrorKind::IOError
                if lacks_list(&path) =>
            {
                let finding = format!("cannot {action} it, because CURRENT, or the file that it names, is gone");
                Self::Damaged { path, finding, source: Some(source) }
            }
            // An argument that is not valid is a directory without a database in it: all others are fixed here.
            ErrorKind::Corruption | ErrorKind::NotFound | ErrorKind::InvalidArgument => {
                Self::Damaged { path, finding: format!("cannot {action} it"), source: Some(source) }
            }
            _ => Self::Failed { action, path, source: io::Error::other(source).into() },
        }
    }

    /// The way out, where there is one to name.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Damaged { source, .. } => {
                let read = source.as_deref().and_then(|source| source.downcast_ref::<FrameError>());
                read.and_then(FrameError::hint).unwrap_or(RESTORE).to_owned()
            }
            Self::Foreign { found, .. } => {
                format!("choose another data directory; if this node is node {found}, set node.id to {found}")
            }
            Self::InUse { .. } => "stop that process, or choose another data directory".to_owned(),
            Self::Full { .. } => "free space and start the node again; every acknowledged write is safe".to_owned(),
            Self::Unresponsive { .. } => format!(
                "the disk hangs, or the files are damaged so that reading them comes to no end: look at the disk; if it is \
                 sound, {RESTORE}; a large catalog on a slow disk needs a longer node.open_timeout"
            ),
            Self::Contradicted { .. } => "keep this data directory, which has what the other members have lost, and leave the node \
                                         stopped; look with 'aliasctl cluster status --all' at what the others have, and replace \
                                         whichever of them ran on an older directory"
                .to_owned(),
            Self::Failed { source, .. } => refused(source.downcast_ref::<io::Error>()?.kind()).to_owned(),
        })
    }
}

/// The way out where the system refused something.
fn refused(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::PermissionDenied => OWN,
        io::ErrorKind::ReadOnlyFilesystem => {
            "mount the file system for writing; if it was, it has been taken out of use because of a fault of the disk, \
             of which the log of the system tells"
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => {
            "move away what stands in its place, or choose another data directory"
        }
        _ => SEE_SYSTEM,
    }
}

const OWN: &str = "give the data directory, with all that is in it, to the user that aliasd runs as";

const SEE_SYSTEM: &str = "see that the user that aliasd runs as may read and write everything in the data directory, and what the log \
                          of the system says of the disk; then start the node again";

/// The way out of damage.
const RESTORE: &str = "put the data directory back as the node left it; if that is lost, leave this node stopped and replace it \
                       by a node with another id ('aliasctl cluster replace OLD NEW'); what is damaged is not used, so that \
                       nothing false is served";

/// What is kept of an error that ends a store's work, and told to whoever asks from then on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct Ending {
    /// The error's chain, made into text once.
    pub(crate) reason: String,
    /// The way out, which the text would lose.
    pub(crate) hint: Option<String>,
}

impl Ending {
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Self {
        let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let fault = error.downcast_ref().or_else(|| inside.and_then(|inside| inside.downcast_ref()));
        let kept = error.downcast_ref().or_else(|| inside.and_then(|inside| inside.downcast_ref::<Self>()));
        let hint = fault.and_then(StorageFault::hint).or_else(|| kept.and_then(|kept| kept.hint.clone()));
        Self { reason: error_chain(error), hint }
    }
}

impl From<Ending> for StopReason {
    fn from(Ending { reason, hint }: Ending) -> Self {
        Self::Failed { reason, hint }
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

impl From<StorageFault> for io::Error {
    fn from(fault: StorageFault) -> Self {
        let kind = match fault {
            StorageFault::Damaged { .. } => io::ErrorKind::InvalidData,
            StorageFault::Full { .. } => io::ErrorKind::StorageFull,
            StorageFault::InUse { .. } => io::ErrorKind::ResourceBusy,
            StorageFault::Unresponsive { .. } => io::ErrorKind::TimedOut,
            StorageFault::Foreign { .. } | StorageFault::Contradicted { .. } | StorageFault::Failed { .. } => {
                io::ErrorKind::Other
            }
        };
        io::Error::new(kind, fault)
    }
}

/// Whether the database in `directory` has lost the list of its files, or the name of that.
#[cfg(feature = "disk")]
fn lacks_list(directory: &Path) -> bool {
    match std::fs::read_to_string(directory.join("CURRENT")) {
        Ok(name) => matches!(directory.join(name.trim_end()).try_exists(), Ok(false)),
        Err(error) => error.kind() == io::ErrorKind::NotFound && files_in(directory).any(|(path, _)| is_list(&path)),
    }
}

#[cfg(feature = "disk")]
fn is_list(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("MANIFEST-"))
}

/// A file in `directory` that this user may not read.
#[cfg(feature = "disk")]
fn unreadable_in(directory: &Path) -> Option<(PathBuf, io::Error)> {
    let refused = |path: &Path| {
        let refusal = std::fs::File::open(path).err()?;
        (refusal.kind() == io::ErrorKind::PermissionDenied).then_some(refusal)
    };
    // Opening a pipe would wait.
    let files = files_in(directory).filter(|(_, metadata)| metadata.is_file());
    files.map(|(path, _)| path).find_map(|path| refused(&path).map(|refusal| (path, refusal)))
}

#[cfg(feature = "disk")]
fn files_in(directory: &Path) -> impl Iterator<Item = (PathBuf, std::fs::Metadata)> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| Some((entry.path(), entry.metadata().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_refuses_has_a_way_out() {
        let hint = |kind: io::ErrorKind| {
            let fault = StorageFault::from_io(Path::new("/data/log"), "open", kind.into());
            Ending::of(&io::Error::from(fault)).hint.expect("there is a way out")
        };
        assert_eq!(hint(io::ErrorKind::PermissionDenied), OWN);
        assert!(hint(io::ErrorKind::ReadOnlyFilesystem).starts_with("mount the file system for writing"));
        assert!(hint(io::ErrorKind::NotADirectory).starts_with("move away"));
        assert_eq!(hint(io::ErrorKind::Other), SEE_SYSTEM);
    }

    #[test]
    fn a_fault_says_its_cause_once_and_the_way_out_apart() {
        let fault = StorageFault::from_io(Path::new("/data/log"), "sync", io::ErrorKind::StorageFull.into());
        assert_eq!(fault.to_string(), "the disk that holds /data/log is full");
        let (cause, hint) = ("no storage space", fault.hint().expect("there is a way out"));
        assert_eq!(error_chain(&fault), format!("{fault}: {cause}"));
        let expected = Ending { reason: format!("{fault}: {cause}"), hint: Some(hint) };
        assert_eq!(Ending::of(&fault), expected);
        // As it comes back from openraft and from the log's thread, and is kept once more.
        assert_eq!(Ending::of(&io::Error::from(fault)), expected);
        assert_eq!(Ending::of(&io::Error::other(expected.clone())), expected);
        let unknown = Ending::of(&io::Error::other("no device"));
        assert_eq!(unknown, Ending { reason: "no device".to_owned(), hint: None });
    }
}
