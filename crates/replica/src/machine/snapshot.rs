//! A snapshot: one frozen view of the catalog, and the parts in which it travels.

use aliasd_catalog::Catalog;
use aliasd_wire::peer::v1 as wire;
use aliasd_wire::peer::v1::snapshot_part::Part;
use aliasd_wire::store::{encode_record, encode_record_key};

use super::store::{StageError, StagedCatalog, decode_digest};
use crate::types::SnapshotMeta;

/// A part holds records up to about this many bytes.
const PART_BYTES: usize = 256 * 1024;

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
    Received(Box<StagedCatalog>),
}

/// CRC-32C over key and value of a record.
fn record_checksum(key: &[u8], value: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(key), value)
}

/// Cuts a catalog into parts of bounded size, records in key order, then the trailer. `send` gets one part at a time
/// and answers whether to go on, so that no more than one part is in memory here.
pub(crate) fn send_parts(catalog: &Catalog, mut send: impl FnMut(wire::SnapshotPart) -> bool) {
    let mut records = Vec::new();
    let (mut bytes, mut record_count) = (0, 0);
    for (key, record) in catalog.records() {
        let (key, value) = (encode_record_key(&key), encode_record(&record));
        let checksum = record_checksum(&key, &value);
        bytes += key.len() + value.len();
        record_count += 1;
        records.push(wire::SnapshotRecord { key, value, checksum });
        if bytes >= PART_BYTES {
            bytes = 0;
            if !send(records_part(std::mem::take(&mut records))) {
                return;
            }
        }
    }
    if !records.is_empty() && !send(records_part(records)) {
        return;
    }
    let digest = catalog.digest().to_bytes().to_vec();
    send(wire::SnapshotPart { part: Some(Part::Trailer(wire::SnapshotTrailer { record_count, digest })) });
}

fn records_part(records: Vec<wire::SnapshotRecord>) -> wire::SnapshotPart {
    wire::SnapshotPart { part: Some(Part::Records(wire::SnapshotRecords { records })) }
}

/// Takes one part after the header. True after the trailer: everything arrived and is what was sent.
pub(crate) fn receive_part(staged: &mut StagedCatalog, part: wire::SnapshotPart) -> Result<bool, StageError> {
    match part.part {
        Some(Part::Records(wire::SnapshotRecords { records })) => {
            let damaged = records.iter().any(|it| record_checksum(&it.key, &it.value) != it.checksum);
            if damaged {
                return Err(StageError::Damaged("a record's checksum does not match its content".to_owned()));
            }
            staged.add(records.into_iter().map(|it| (it.key, it.value)).collect())?;
            Ok(false)
        }
        Some(Part::Trailer(wire::SnapshotTrailer { record_count, digest })) => {
            let digest = decode_digest(&digest).map_err(|error| StageError::Damaged(error.to_string()))?;
            staged.verify(record_count, digest)?;
            Ok(true)
        }
        Some(Part::Header(_)) | None => Err(StageError::Damaged("a part is neither records nor trailer".to_owned())),
    }
}
