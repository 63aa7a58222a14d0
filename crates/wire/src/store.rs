//! Bytes of the log, the catalog store and the snapshots, to and from catalog types.
//!
//! A value is one byte format version, four bytes CRC-32C, and a protobuf message of
//! `aliasd.store.v1`. Keys are ordered bytes of their own, see [`encode_record_key`].
//!
//! Reading is total: damaged bytes give [`DecodeError::Damaged`], and anything that this version does
//! not understand, be it one field, gives [`DecodeError::Newer`]. Nothing is skipped, since members
//! that skip different things come to differ. Everything read passes the catalog's constructors.

mod choice;
mod command;
mod entry;
mod error;
mod key;
pub mod log;
mod members;
mod outcome;
mod parts;
mod privilege;
mod record;
mod retired;
mod user;
mod value;

use aliasd_catalog::{Entry, Record, RecordKey};
use prost::Message;

use crate::generated::aliasd::store::v1 as proto;
use error::FieldError;
pub use error::{DamageError, DecodeError};

/// The format that this version writes, and the only one that it reads.
pub const FORMAT_VERSION: u8 = 1;

/// Format version and checksum, before the message.
const HEADER_LENGTH: usize = 5;

/// Encodes a log entry.
pub fn encode_entry(entry: &Entry) -> Vec<u8> {
    frame(&entry::to_proto(entry))
}

/// Decodes a log entry.
///
/// # Errors
/// The bytes are damaged, or were written by a newer version.
pub fn decode_entry(bytes: &[u8]) -> Result<Entry, DecodeError> {
    let entry = unframe::<proto::Entry>(bytes).and_then(entry::from_proto);
    entry.map_err(|error| error.of("log entry"))
}

/// Encodes a log entry and makes sure that it reads back as it is. A proposer uses this: an entry that
/// does not read back would stop every member that has it in its log.
///
/// # Errors
/// The entry cannot be stored, for example because a property is nested too deeply.
pub fn encode_new_entry(entry: &Entry) -> Result<Vec<u8>, DecodeError> {
    let bytes = encode_entry(entry);
    if decode_entry(&bytes)? == *entry {
        Ok(bytes)
    } else {
        Err(FieldError::damaged("it reads back differently").of("new log entry"))
    }
}

/// Encodes a record key. Byte order is the order of [`RecordKey`], so records of one kind are together;
/// no key is a prefix of another.
pub fn encode_record_key(key: &RecordKey) -> Vec<u8> {
    key::encode(key)
}

/// Decodes a record key.
///
/// # Errors
/// The bytes are damaged, or were written by a newer version.
pub fn decode_record_key(bytes: &[u8]) -> Result<RecordKey, DecodeError> {
    key::decode(bytes).map_err(|error| error.of("record key"))
}

/// Encodes the value under a record key.
pub fn encode_record(record: &Record) -> Vec<u8> {
    frame(&record::to_proto(record))
}

/// Decodes a record from its key and value.
///
/// # Errors
/// The bytes are damaged, do not belong together, or were written by a newer version.
pub fn decode_record(key: &[u8], value: &[u8]) -> Result<(RecordKey, Record), DecodeError> {
    let key = decode_record_key(key)?;
    let record = unframe::<proto::Record>(value).and_then(record::from_proto);
    let record = record.map_err(|error| error.of("record"))?;
    if key.kind() == record.kind() {
        Ok((key, record))
    } else {
        Err(FieldError::damaged("its key is of another kind").of("record"))
    }
}

/// The message with its format version and checksum.
fn frame(message: &impl Message) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_LENGTH + message.encoded_len());
    bytes.extend_from_slice(&[FORMAT_VERSION, 0, 0, 0, 0]);
    message.encode(&mut bytes).expect("a vector grows as needed");
    let checksum = checksum(FORMAT_VERSION, &bytes[HEADER_LENGTH..]);
    bytes[1..HEADER_LENGTH].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// The message out of bytes that [`frame`] made.
fn unframe<M: Message + Default>(bytes: &[u8]) -> Result<M, FieldError> {
    let Some((header, payload)) = bytes.split_first_chunk::<HEADER_LENGTH>() else {
        return Err(FieldError::damaged(format!("{} bytes are too few", bytes.len())));
    };
    let [version, stored @ ..] = *header;
    if checksum(version, payload) != u32::from_le_bytes(stored) {
        return Err(FieldError::damaged("its checksum does not match"));
    }
    if version != FORMAT_VERSION {
        return Err(FieldError::newer(format!("format version {version}; this version reads {FORMAT_VERSION}")));
    }
    let message = M::decode(payload)?;
    // Decoding drops what it does not know; then less comes out than went in.
    if message.encoded_len() == payload.len() {
        Ok(message)
    } else {
        Err(FieldError::newer("a field that this version does not know"))
    }
}

fn checksum(version: u8, payload: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&[version]), payload)
}
