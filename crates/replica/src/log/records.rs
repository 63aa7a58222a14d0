//! How the log lies in RocksDB: one key per entry, in index order, and a few single values.

use std::path::Path;

use aliasd_wire::store::log::{LogId as StoredLogId, LogOwner};

use crate::codec;
use crate::fault::StorageFault;
use crate::frame::{self, FrameError};
use crate::types::{LogEntry, LogId, NodeId, Vote};

/// Which node made this log: a [`LogOwner`], which holds the number twice. A vote of term 0 would hold it too, but as a trick.
pub(super) const NODE_ID: &[u8] = b"m:node";
/// That a watermark lies beside this log: the same number again.
pub(super) const HAS_WATERMARK: &[u8] = b"m:watermark";
pub(super) const VOTE: &[u8] = b"m:vote";
pub(super) const COMMITTED: &[u8] = b"m:committed";
pub(super) const PURGED: &[u8] = b"m:purged";

const ENTRY_PREFIX: u8 = b'e';
const ENTRY_KEY_BYTES: usize = 9;

/// Key of the entry at `index`; keys sort like indexes.
pub(super) fn entry_key(index: u64) -> [u8; ENTRY_KEY_BYTES] {
    let mut key = [ENTRY_PREFIX; ENTRY_KEY_BYTES];
    key[1..].copy_from_slice(&index.to_be_bytes());
    key
}

/// Index of an entry's key; `None` for any other key.
pub(super) fn entry_index(key: &[u8]) -> Option<u64> {
    let (prefix, index) = key.split_first()?;
    let index = index.try_into().ok()?;
    (*prefix == ENTRY_PREFIX).then(|| u64::from_be_bytes(index))
}

pub(super) fn encode_entry(entry: &LogEntry) -> Vec<u8> {
    frame::frame(&codec::log_entry_to_wire(entry))
}

/// Decodes an entry and checks that it is the one that belongs at `index`.
pub(super) fn decode_entry(path: &Path, index: u64, value: &[u8]) -> Result<LogEntry, StorageFault> {
    let entry = frame::unframe("log entry", value)
        .and_then(codec::log_entry_from_wire)
        .map_err(|error| StorageFault::undecodable(path, &format!("log entry {index}"), error))?;
    if entry.log_id.index == index {
        Ok(entry)
    } else {
        let found = entry.log_id.index;
        Err(StorageFault::damaged(path, format!("log entry {found} lies in the place of entry {index}")))
    }
}

/// Checks that an entry follows its predecessor: the next index, a leader that is not older.
pub(super) fn check_order(path: &Path, previous: Option<&LogId>, entry: &LogEntry) -> Result<(), StorageFault> {
    let Some(previous) = previous else { return Ok(()) };
    let found = &entry.log_id;
    if found.index != previous.index + 1 {
        let missing = previous.index + 1;
        return Err(StorageFault::damaged(path, format!("log entry {missing} is missing, {found} follows instead")));
    }
    if found.leader_id < previous.leader_id {
        return Err(StorageFault::damaged(path, format!("log entry {found} follows the later {previous}")));
    }
    Ok(())
}

pub(super) fn encode_log_id(id: &LogId) -> Vec<u8> {
    frame::frame(&codec::log_id_to_wire(id))
}

pub(super) fn decode_log_id(bytes: &[u8]) -> Result<LogId, FrameError> {
    frame::unframe::<StoredLogId>("log position", bytes).map(codec::log_id_from_wire)
}

pub(super) fn encode_vote(vote: &Vote) -> Vec<u8> {
    frame::frame(&codec::vote_to_wire(vote))
}

pub(super) fn decode_vote(bytes: &[u8]) -> Result<Vote, FrameError> {
    frame::unframe("vote", bytes).and_then(|vote| codec::vote_from_wire(Some(vote)))
}

pub(super) fn encode_node_id(id: NodeId) -> Vec<u8> {
    frame::frame(&LogOwner { node_id: id, repeated_node_id: id })
}

pub(super) fn decode_node_id(bytes: &[u8]) -> Result<NodeId, FrameError> {
    frame::unframe("node id", bytes).map(|owner: LogOwner| owner.node_id)
}
