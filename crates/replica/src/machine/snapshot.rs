//! A snapshot: one frozen view of the catalog, and the parts in which it travels.

use std::sync::Arc;

use aliasd_catalog::{Catalog, RecordKey};
use aliasd_runtime::{SharedRuntime, WorkLost};
use aliasd_wire::peer::v1 as wire;
use aliasd_wire::peer::v1::snapshot_part::Part;
use aliasd_wire::store::{encode_record, encode_record_key};

use super::state::decode_digest;
use super::store::{SharedStore, StageError, StagedCatalog};
use crate::fault::StorageFault;
use crate::types::SnapshotMeta;

/// A part holds records up to about this many bytes.
const PART_BYTES: usize = 256 * 1024;
/// A record of more bytes travels in pieces. Nothing as large is written any more, but what was stays as it is.
const PIECE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A catalog that no longer changes, and the entries that it covers.
#[derive(Clone, Debug)]
pub(crate) struct Frozen {
    pub(crate) meta: SnapshotMeta,
    pub(crate) catalog: Catalog,
}

/// A snapshot on the sending or on the receiving side.
pub(crate) enum SnapshotData {
    /// Taken here; sharing its content with the live catalog.
    Frozen(Box<Catalog>),
    /// Received whole and verified, waiting to be installed.
    Received(Received),
}

/// A catalog that comes in, in the hands of tasks. Wherever it is dropped, because the sender falls silent, the call is given
/// up or Raft does not want it, what was received is removed on a thread that may block: that deletes files.
pub(crate) struct Received {
    runtime: SharedRuntime,
    staged: Option<Box<StagedCatalog>>,
}

impl Received {
    /// Begins to receive. It is in these hands before it is handed over, so that a call that is given up meanwhile does not
    /// remove it either.
    pub(crate) async fn stage(
        runtime: &SharedRuntime,
        store: SharedStore,
    ) -> Result<Result<Self, StorageFault>, WorkLost> {
        let shared = Arc::clone(runtime);
        runtime.blocking(move || store.stage().map(|staged| Self::new(&shared, staged))).await
    }

    fn new(runtime: &SharedRuntime, staged: StagedCatalog) -> Self {
        Self { runtime: Arc::clone(runtime), staged: Some(Box::new(staged)) }
    }

    /// Adds one part. True after the trailer.
    pub(crate) async fn add(mut self, part: wire::SnapshotPart) -> Result<Result<(Self, bool), StageError>, WorkLost> {
        let runtime = Arc::clone(&self.runtime);
        let add = move || {
            // What is not taken is removed here, by the thread that blocks anyway.
            let mut staged = self.take().ok_or(StageError::finding("it is gone"))?;
            let whole = receive_part(&mut staged, part)?;
            self.staged = Some(Box::new(staged));
            Ok((self, whole))
        };
        runtime.blocking(add).await
    }

    /// The catalog, in the hands of a thread that may block.
    pub(crate) fn take(&mut self) -> Option<StagedCatalog> {
        self.staged.take().map(|staged| *staged)
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        if let Some(staged) = self.staged.take() {
            self.runtime.spawn_blocking(Box::new(move || drop(staged)));
        }
    }
}

/// A catalog as it must never be sent, for a planted mistake: it has forgotten which requests were carried out.
pub(super) fn without_requests(catalog: &Catalog) -> Catalog {
    let mut forgetful = Catalog::default();
    for (key, record) in catalog.records().filter(|(key, _)| !matches!(key, RecordKey::Request(_))) {
        let _restored = forgetful.restore(key, record);
    }
    forgetful
}

/// CRC-32C over key and value of a record.
fn record_checksum(key: &[u8], value: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(key), value)
}

/// Cuts a catalog into parts of bounded size, records in key order, then the trailer. A part is made when it is asked
/// for, so that no more than one is in memory here.
pub(crate) fn parts(catalog: &Catalog) -> impl Iterator<Item = wire::SnapshotPart> + Send {
    let mut record_count = 0;
    let mut records =
        catalog.records().flat_map(|(key, record)| pieces(&encode_record_key(&key), &encode_record(&record)));
    let mut ended = false;
    std::iter::from_fn(move || {
        let (mut part, mut bytes) = (Vec::new(), 0);
        while bytes < PART_BYTES
            && let Some(record) = records.next()
        {
            bytes += record.key.len() + record.value.len();
            record_count += u64::from(!record.continued);
            part.push(record);
        }
        if !part.is_empty() {
            return Some(wire::SnapshotPart { part: Some(Part::Records(wire::SnapshotRecords { records: part })) });
        }
        let digest = catalog.digest().to_bytes().to_vec();
        let trailer = wire::SnapshotTrailer { record_count, digest };
        (!std::mem::replace(&mut ended, true)).then_some(wire::SnapshotPart { part: Some(Part::Trailer(trailer)) })
    })
}

/// A stored record as it travels: whole, or piece by piece.
fn pieces(key: &[u8], value: &[u8]) -> Vec<wire::SnapshotRecord> {
    let last = value.len().div_ceil(PIECE_BYTES_MAX).saturating_sub(1);
    // A record without a value is one piece, too.
    let chunks = value.chunks(PIECE_BYTES_MAX).chain(value.is_empty().then_some(value));
    let piece = |(at, value): (usize, &[u8])| {
        let (checksum, continued) = (record_checksum(key, value), at < last);
        wire::SnapshotRecord { key: key.to_vec(), value: value.to_vec(), checksum, continued }
    };
    chunks.enumerate().map(piece).collect()
}

/// Takes one part after the header. True after the trailer: everything arrived and is what was sent.
pub(crate) fn receive_part(staged: &mut StagedCatalog, part: wire::SnapshotPart) -> Result<bool, StageError> {
    match part.part {
        Some(Part::Records(wire::SnapshotRecords { records })) => {
            let damaged = records.iter().any(|it| record_checksum(&it.key, &it.value) != it.checksum);
            if damaged {
                return Err(StageError::finding("a record's checksum does not match its content"));
            }
            let mut whole = Vec::with_capacity(records.len());
            for wire::SnapshotRecord { key, value, continued, .. } in records {
                whole.extend(staged.whole(key, value, continued)?);
            }
            staged.add(whole)?;
            Ok(false)
        }
        Some(Part::Trailer(wire::SnapshotTrailer { record_count, digest })) => {
            let digest = decode_digest(&digest)?;
            staged.verify(record_count, digest)?;
            Ok(true)
        }
        Some(Part::Header(_)) | None => Err(StageError::finding("a part is neither records nor trailer")),
    }
}
