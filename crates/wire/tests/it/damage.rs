//! Bytes that are not what was written never panic and are never taken for something else, and bytes of a
//! newer version are told apart from damaged ones.

use aliasd_catalog::RecordKey;
use aliasd_wire::store::{
    DecodeError, FORMAT_VERSION, decode_entry, decode_record, decode_record_key, encode_entry, encode_record,
    encode_record_key,
};
use proptest::prelude::*;

use crate::{generate, samples};

/// Version byte and checksum.
const HEADER_LENGTH: usize = 5;

fn framed(version: u8, payload: &[u8]) -> Vec<u8> {
    let mut checked = vec![version];
    checked.extend_from_slice(payload);
    let mut bytes = vec![version];
    bytes.extend_from_slice(&crc32c::crc32c(&checked).to_le_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

fn is_damaged<T>(result: &Result<T, DecodeError>) -> bool {
    matches!(result, Err(DecodeError::Damaged { .. }))
}

fn is_newer<T>(result: &Result<T, DecodeError>) -> bool {
    matches!(result, Err(DecodeError::Newer { .. }))
}

#[test]
fn every_truncation_is_detected() {
    for (name, entry) in samples::entries() {
        let bytes = encode_entry(&entry);
        for length in 0..bytes.len() {
            assert!(is_damaged(&decode_entry(&bytes[..length])), "{name} cut to {length} bytes");
        }
    }
    for (name, key, record) in samples::records() {
        let (key, value) = (encode_record_key(&key), encode_record(&record));
        for length in 0..value.len() {
            assert!(is_damaged(&decode_record(&key, &value[..length])), "{name} cut to {length} bytes");
        }
        for length in 0..key.len() {
            assert!(is_damaged(&decode_record_key(&key[..length])), "key of {name} cut to {length} bytes");
        }
    }
}

#[test]
fn every_flipped_bit_is_detected() {
    let flipped = |bytes: &[u8], bit: usize| {
        let mut bytes = bytes.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    };
    for (name, entry) in samples::entries() {
        let bytes = encode_entry(&entry);
        for bit in 0..bytes.len() * 8 {
            assert!(is_damaged(&decode_entry(&flipped(&bytes, bit))), "{name} with bit {bit} flipped");
        }
    }
    for (name, key, record) in samples::records() {
        let (key_bytes, value) = (encode_record_key(&key), encode_record(&record));
        for bit in 0..value.len() * 8 {
            assert!(is_damaged(&decode_record(&key_bytes, &flipped(&value, bit))), "{name} with bit {bit} flipped");
        }
        // A key has no checksum of its own: it is refused, or it is another key.
        for bit in 0..key_bytes.len() * 8 {
            assert_ne!(decode_record_key(&flipped(&key_bytes, bit)).ok().as_ref(), Some(&key));
        }
    }
}

#[test]
fn a_record_under_a_key_of_another_kind_is_damaged() {
    let records = samples::records();
    for (_, key, _) in &records {
        for (_, owner, record) in &records {
            let fits = std::mem::discriminant(key) == std::mem::discriminant(owner);
            let result = decode_record(&encode_record_key(key), &encode_record(record));
            assert_eq!(is_damaged(&result), !fits, "{key:?} with the record of {owner:?}");
        }
    }
}

#[test]
fn another_format_version_is_newer() {
    for (_, entry) in samples::entries() {
        let bytes = encode_entry(&entry);
        assert!(is_newer(&decode_entry(&framed(FORMAT_VERSION + 1, &bytes[HEADER_LENGTH..]))));
    }
}

#[test]
fn a_field_that_is_not_known_is_newer() {
    // Field 1000, varint 1: unknown at every level, so also inside the command and the record.
    let unknown = [0xc0, 0x3e, 0x01];
    for (name, entry) in samples::entries() {
        let mut payload = encode_entry(&entry)[HEADER_LENGTH..].to_vec();
        payload.extend_from_slice(&unknown);
        assert!(is_newer(&decode_entry(&framed(FORMAT_VERSION, &payload))), "{name}");
    }
}

#[test]
fn a_command_that_is_not_known_is_newer() {
    // Entry { request_id, command { 999: {} } }
    let request_id = [&[0x0a, 16][..], &[1; 16]].concat();
    let payload = [&request_id[..], &[0x22, 3, 0xba, 0x3e, 0]].concat();
    let error = decode_entry(&framed(FORMAT_VERSION, &payload)).unwrap_err();
    assert!(error.to_string().contains("written by a newer version"), "{error}");
    assert_eq!(error.hint(), Some("upgrade this node"));
}

#[test]
fn a_choice_that_is_not_known_is_newer() {
    // Entry { request_id, command { create_database { name: "movies", mode: 99 } } }
    let request_id = [&[0x0a, 16][..], &[1; 16]].concat();
    let create = [&[0x0a, 6][..], b"movies", &[0x10, 99]].concat();
    let payload = [&request_id[..], &[0x22, 12, 0x2a, 10], &create].concat();
    let error = decode_entry(&framed(FORMAT_VERSION, &payload)).unwrap_err();
    assert!(matches!(error, DecodeError::Newer { .. }), "{error}");
    assert!(error.to_string().contains("99"), "{error}");
}

#[test]
fn a_record_kind_that_is_not_known_is_newer() {
    assert!(is_newer(&decode_record_key(&[200, b'a', 0, 1])));
    assert!(is_damaged(&decode_record_key(&[0])));
    assert!(is_damaged(&decode_record_key(&[])));
}

#[test]
fn names_that_no_constructor_would_make_are_damaged() {
    // Entry { request_id, command { drop_alias { name: "Upper" } } }
    let request_id = [&[0x0a, 16][..], &[1; 16]].concat();
    let payload = [&request_id[..], &[0x22, 9, 0x22, 7, 0x0a, 5], b"Upper"].concat();
    assert!(is_damaged(&decode_entry(&framed(FORMAT_VERSION, &payload))));

    let mut key = encode_record_key(&RecordKey::Alias(samples::alias_name("upper")));
    key[1] = b'U';
    assert!(is_damaged(&decode_record_key(&key)));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode_entry(&bytes);
        let _ = decode_entry(&framed(FORMAT_VERSION, &bytes));
        let _ = decode_record_key(&bytes);
        let key = encode_record_key(&RecordKey::Meta);
        let _ = decode_record(&key, &framed(FORMAT_VERSION, &bytes));
    }

    /// Sound checksums around changed content: every byte of the message takes another value.
    #[test]
    fn changed_content_never_panics(entry in generate::entry(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut payload = encode_entry(&entry)[HEADER_LENGTH..].to_vec();
        let at = at.index(payload.len());
        payload[at] = byte;
        let _ = decode_entry(&framed(FORMAT_VERSION, &payload));
    }

    #[test]
    fn changed_keys_never_panic((key, _) in generate::record(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = encode_record_key(&key);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(read) = decode_record_key(&bytes) {
            prop_assert_eq!(encode_record_key(&read), bytes);
        }
    }
}
