//! What must hold for any bytes that come from a disk or a connection: they are decoded to something or refused, without a
//! panic, and what was understood is the same after it was encoded and decoded again.
//!
//! The first byte says what the rest is taken for, so that one corpus serves for all of it. Stored values have a checksum in
//! front, which is put there, since next to nothing would come past it otherwise.
//!
//! The fuzz target and the test that replays the corpus both include this file.

use std::fmt::Debug;

use aliasd_catalog::{Catalog, RecordKey};
use aliasd_wire::store::log;
use aliasd_wire::{peer::v1 as peer, store, v1};
use prost::Message;

/// Checks one input.
///
/// # Panics
/// If something does not hold.
pub(crate) fn check(bytes: &[u8]) {
    let Some((kind, rest)) = bytes.split_first() else { return };
    match kind {
        b'e' => entry(rest),
        b'k' => drop(record_key(rest)),
        b'r' => record(rest),
        b'l' => {
            message::<log::LogEntry>(rest);
            message::<log::AppliedState>(rest);
            message::<log::SyncWatermark>(rest);
            message::<log::MemberIdentity>(rest);
        }
        b'p' => {
            message::<peer::AppendRequest>(rest);
            message::<peer::AppendReply>(rest);
            message::<peer::VoteRequest>(rest);
            message::<peer::VoteReply>(rest);
            message::<peer::SnapshotPart>(rest);
            message::<peer::TransferLeaderRequest>(rest);
            message::<peer::TransferLeaderReply>(rest);
            message::<peer::ReadIndexReply>(rest);
            message::<peer::ProposeRequest>(rest);
            message::<peer::ProposeReply>(rest);
            message::<peer::IdentifyReply>(rest);
        }
        _ => {
            message::<v1::ExecuteRequest>(rest);
            message::<v1::ExecuteResponse>(rest);
            message::<v1::ResolveRequest>(rest);
            message::<v1::ResolveResponse>(rest);
            message::<v1::WatchRequest>(rest);
            message::<v1::WatchResponse>(rest);
            message::<v1::LoginRequest>(rest);
            message::<v1::EffectivePrivilegesResponse>(rest);
            message::<v1::ExplainAccessResponse>(rest);
            message::<v1::InitRequest>(rest);
            message::<v1::StatusResponse>(rest);
        }
    }
}

/// The bytes with format and checksum in front, as they lie in a store.
pub(crate) fn framed(message: &[u8]) -> Vec<u8> {
    let mut bytes = vec![store::FORMAT_VERSION];
    bytes.extend_from_slice(message);
    let checksum = crc32c::crc32c(&bytes);
    bytes.splice(1..1, checksum.to_le_bytes());
    bytes
}

fn entry(bytes: &[u8]) {
    drop(store::decode_entry(bytes).map_err(|error| shown(&error)));
    let Ok(entry) = store::decode_entry(&framed(bytes)).map_err(|error| shown(&error)) else { return };
    let again = store::decode_entry(&store::encode_entry(&entry));
    assert_eq!(again.as_ref(), Ok(&entry));
    // Whoever proposes it makes sure that every member can read it: what was read once can be.
    assert!(store::encode_new_entry(&entry).is_ok());
}

fn record_key(bytes: &[u8]) -> Option<RecordKey> {
    let key = store::decode_record_key(bytes).map_err(|error| shown(&error)).ok()?;
    assert_eq!(store::encode_record_key(&key), bytes, "a key has one spelling, or one record lies under two");
    Some(key)
}

/// The length of the key, the key, and the value.
fn record(bytes: &[u8]) {
    let Some((length, rest)) = bytes.split_first() else { return };
    let (key, value) = rest.split_at(usize::from(*length).min(rest.len()));
    let Ok((key, record)) = store::decode_record(key, &framed(value)).map_err(|error| shown(&error)) else { return };
    let again = store::decode_record(&store::encode_record_key(&key), &store::encode_record(&record));
    assert_eq!(again, Ok((key.clone(), record.clone())));
    let mut catalog = Catalog::default();
    if catalog.restore(key.clone(), record.clone()) {
        assert_eq!(catalog.record(&key), Some(record));
        assert_eq!(catalog.records().count(), 1);
    }
}

fn message<M: Message + Default + PartialEq + Debug>(bytes: &[u8]) {
    let Ok(message) = M::decode(bytes) else { return };
    let encoded = message.encode_to_vec();
    let again = M::decode(&*encoded).expect("what was encoded can be decoded");
    // Not the messages: a number that is none is not equal to itself.
    assert_eq!(again.encode_to_vec(), encoded);
    let _shown = format!("{message:?}");
}

fn shown(error: &store::DecodeError) {
    let _shown = format!("{error} {error:?} {:?}", error.hint());
}
