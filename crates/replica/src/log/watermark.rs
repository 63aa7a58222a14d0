//! The sync watermark: how far the log was synced, in a file of its own beside it.
//!
//! RocksDB cannot tell a write-ahead log that lost its end from one that never had it. This file can: the log reaches
//! at least as far as it says, or the log is damaged.
//!
//! It is written after each sync of the log and before anybody is told of that sync, so it is never ahead of the log. It
//! is synced itself only now and then ([`super::writer::SYNCS_UNSETTLED_MAX`]), since a sync of its own for each write
//! would double what a write costs. Hence it is exact when a process dies, however it dies, and a little behind when the
//! power fails. Before the log goes back, which a truncation does, the watermark goes back first, durably.
//!
//! Two slots are written in turn, each in a block of its own: a write that is torn by a power failure leaves the other.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use aliasd_faults::{Failpoint, reach};
use aliasd_wire::store::log::SyncWatermark;

use super::end::LogEnd;
use crate::codec;
use crate::durable;
use crate::fault::StorageFault;
use crate::frame::{self, FrameError};
use crate::types::{LogId, NodeId, Vote};

/// Room of a slot: a block of every usual disk and file system.
const SLOT_BYTES: usize = 4096;
const SLOTS: u64 = 2;
/// Length of a slot's content, in front of it.
const LENGTH_BYTES: usize = 4;

/// What the log had when it was synced.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Mark {
    pub(super) vote: Option<Vote>,
    pub(super) last: Option<LogId>,
}

impl From<&LogEnd> for Mark {
    fn from(end: &LogEnd) -> Self {
        Self { vote: end.vote, last: end.last }
    }
}

/// The file, open for writing.
pub(super) struct Watermark {
    path: PathBuf,
    file: File,
    node: NodeId,
    sequence: u64,
    mark: Mark,
    is_durable: bool,
}

impl Watermark {
    /// Opens the watermark of `node`; `None` if there is none. Blocks.
    pub(super) fn open(path: &Path, node: NodeId) -> Result<Option<Self>, StorageFault> {
        Self::open_with(OpenOptions::new().read(true).write(true), path, node)
    }

    /// What the log of `node` had when it was last synced, by a watermark that stays as it is; `None` if there is none. Blocks.
    pub(super) fn look(path: &Path, node: NodeId) -> Result<Option<Mark>, StorageFault> {
        Ok(Self::open_with(OpenOptions::new().read(true), path, node)?.map(|watermark| watermark.mark))
    }

    fn open_with(options: &OpenOptions, path: &Path, node: NodeId) -> Result<Option<Self>, StorageFault> {
        let file = match options.open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StorageFault::from_io(path, "open", error)),
        };
        let slots = [read_slot(path, &file, 0)?, read_slot(path, &file, 1)?];
        let newest = slots.iter().flatten().max_by_key(|slot| slot.sequence);
        let Some(newest) = newest else {
            let [first, _] = slots;
            return Err(match first {
                Err(error) => StorageFault::undecodable(path, "what its two slots hold", error),
                Ok(_) => StorageFault::damaged(path, "none of its slots counts"),
            });
        };
        if newest.node_id != node {
            return Err(StorageFault::Foreign { path: path.to_owned(), found: newest.node_id, expected: node });
        }
        let mark = decode(newest).map_err(|error| StorageFault::undecodable(path, "its content", error))?;
        let sequence = newest.sequence;
        Ok(Some(Self { path: path.to_owned(), file, node, sequence, mark, is_durable: false }))
    }

    /// Makes one, whole and durable, or none. Blocks.
    pub(super) fn create(path: &Path, node: NodeId, mark: Mark) -> Result<Self, StorageFault> {
        let next = path.with_extension("next");
        let failed = |error: io::Error| StorageFault::from_io(path, "write", error);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&next).map_err(failed)?;
        file.set_len(SLOTS * SLOT_BYTES as u64).map_err(failed)?;
        let mut watermark = Self { path: path.to_owned(), file, node, sequence: 0, mark, is_durable: false };
        watermark.write().and_then(|()| watermark.write())?;
        watermark.sync()?;
        fs::rename(&next, path).map_err(failed)?;
        reach(Failpoint::FileRenamed);
        durable::sync_directory(path.parent().unwrap_or(Path::new("."))).map_err(failed)?;
        Ok(watermark)
    }

    /// What the log had when it was last synced.
    pub(super) fn mark(&self) -> Mark {
        self.mark
    }

    /// Moves it. Durable after [`Watermark::sync`], but there for whoever opens it next while the machine has power.
    pub(super) fn set(&mut self, mark: Mark) -> Result<(), StorageFault> {
        if self.mark == mark {
            return Ok(());
        }
        self.mark = mark;
        self.write()
    }

    /// Makes it durable.
    pub(super) fn sync(&mut self) -> Result<(), StorageFault> {
        if !self.is_durable {
            self.file.sync_data().map_err(|error| StorageFault::from_io(&self.path, "sync", error))?;
            self.is_durable = true;
            reach(Failpoint::LogSettled);
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), StorageFault> {
        self.sequence += 1;
        self.is_durable = false;
        let written = self.file.write_all_at(&self.slot(), (self.sequence % SLOTS) * SLOT_BYTES as u64);
        written.map_err(|error| StorageFault::from_io(&self.path, "write", error))
    }

    fn slot(&self) -> Vec<u8> {
        let content = frame::frame(&SyncWatermark {
            node_id: self.node,
            sequence: self.sequence,
            last: self.mark.last.as_ref().map(codec::log_id_to_wire),
            vote: self.mark.vote.as_ref().map(codec::vote_to_wire),
        });
        let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
        [&length.to_le_bytes()[..], &content].concat()
    }
}

/// A slot, or what is wrong with it.
fn read_slot(path: &Path, file: &File, number: u64) -> Result<Result<SyncWatermark, FrameError>, StorageFault> {
    let mut slot = [0; SLOT_BYTES];
    match file.read_exact_at(&mut slot, number * SLOT_BYTES as u64) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            return Ok(Err(FrameError::finding("watermark", "the file ends before the slot does")));
        }
        Err(error) => return Err(StorageFault::from_io(path, "read", error)),
    }
    let (length, rest) = slot.split_at(LENGTH_BYTES);
    let length = length.iter().rev().fold(0_usize, |length, byte| (length << 8) | usize::from(*byte));
    Ok(frame::unframe("watermark", &rest[..length.min(rest.len())]))
}

fn decode(watermark: &SyncWatermark) -> Result<Mark, FrameError> {
    let vote = watermark.vote.map(|vote| codec::vote_from_wire(Some(vote))).transpose()?;
    Ok(Mark { vote, last: watermark.last.map(codec::log_id_from_wire) })
}
