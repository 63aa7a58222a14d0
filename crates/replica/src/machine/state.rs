//! How far the stored records reach, and how they become a catalog again.

use std::path::Path;

use aliasd_catalog::{Catalog, Digest, Revision};
use aliasd_wire::store::log as wire;

use super::revision_of;
use crate::codec;
use crate::fault::StorageFault;
use crate::frame::{self, FrameError};
use crate::types::{LogId, StoredMembership};

/// Records to write (or, without a value, to delete), by encoded key.
pub(crate) type RecordWrites = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// Steps to write (or, without a value, to forget), by revision.
pub(crate) type StepWrites = Vec<(Revision, Option<Vec<u8>>)>;

/// What is written at once, beside how far it reaches.
#[derive(Clone, Debug, Default)]
pub(crate) struct Writes {
    /// What the catalog holds from then on.
    pub(crate) records: RecordWrites,
    /// What led to them.
    pub(crate) steps: StepWrites,
}

/// How far the records reach. Written together with them, so that the two can never disagree.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct AppliedState {
    pub(crate) last_applied: Option<LogId>,
    pub(crate) membership: StoredMembership,
    pub(crate) digest: Digest,
    /// The log reaches what was applied, too; it need not if a snapshot brought the records.
    pub(crate) is_in_log: bool,
    /// Steps after this revision are kept beside the records; none where an earlier version wrote this.
    pub(crate) history_after: Option<Revision>,
}

impl AppliedState {
    /// The steps after this revision are known; none are before where it is not written down.
    pub(super) fn known_after(&self) -> Revision {
        self.history_after.unwrap_or_else(|| revision_of(self.last_applied.as_ref()))
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        frame::frame(&wire::AppliedState {
            last_applied: self.last_applied.as_ref().map(codec::log_id_to_wire),
            membership: Some(codec::stored_membership_to_wire(&self.membership)),
            digest: self.digest.to_bytes().to_vec(),
            is_in_log: self.is_in_log,
            history_after: self.history_after.map(|revision| revision.0),
        })
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        let state: wire::AppliedState = frame::unframe("applied state", bytes)?;
        Ok(Self {
            last_applied: state.last_applied.map(codec::log_id_from_wire),
            membership: codec::stored_membership_from_wire(state.membership)?,
            digest: decode_digest(&state.digest)?,
            is_in_log: state.is_in_log,
            history_after: state.history_after.map(Revision),
        })
    }
}

/// A digest from its 32 bytes.
pub(crate) fn decode_digest(bytes: &[u8]) -> Result<Digest, FrameError> {
    let bytes = bytes.try_into().map_err(|_| FrameError::finding("digest", "it does not have 32 bytes"))?;
    Ok(Digest::from_bytes(bytes))
}

/// A stored record: key and value, in their stored form.
type StoredRecord<K, V> = Result<(K, V), StorageFault>;

/// Makes a catalog of stored records, and checks that its digest is the one that was stored with them.
pub(super) fn restore<K: AsRef<[u8]>, V: AsRef<[u8]>>(
    path: &Path,
    records: impl Iterator<Item = StoredRecord<K, V>>,
    state: &AppliedState,
) -> Result<Catalog, StorageFault> {
    let mut catalog = Catalog::default();
    for record in records {
        let (key, value) = record?;
        let (key, record) = frame::decode_record(key.as_ref(), value.as_ref())
            .map_err(|error| StorageFault::undecodable(path, "a catalog record", error))?;
        if !catalog.restore(key, record) {
            return Err(StorageFault::damaged(path, "a record lies under a key of another kind"));
        }
    }
    if catalog.digest() == state.digest {
        Ok(catalog)
    } else {
        Err(StorageFault::damaged(path, "its records do not have the digest that was stored with them"))
    }
}
