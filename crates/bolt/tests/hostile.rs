//! Bytes that were made to do harm: cut off, nested deeply, or promising what never comes.

use aliasd_bolt::{Dialect, Limits, Map, PackStreamErrorKind, Reader, Structure, Value, Version, decode, encode};
use proptest::prelude::*;

use crate::generate::{LIMITS, dialect_and_value};

const NEWEST: fn() -> Dialect = || Dialect::new(Version::V6_1);

/// What the error says is missing, for both ways to go through a value.
fn refusals(bytes: &[u8], limits: Limits) -> [PackStreamErrorKind; 2] {
    let read = Reader::new(bytes, NEWEST(), limits).value().expect_err("no value");
    let skipped = Reader::new(bytes, NEWEST(), limits).skip().expect_err("no value");
    [read.kind, skipped.kind]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_truncation_is_refused_as_one((dialect, value) in dialect_and_value()) {
        let written = encode(&value, dialect).unwrap();
        // Long values are cut at their beginning and their end.
        for end in (0..written.len()).filter(|end| *end < 300 || *end > written.len() - 300) {
            let part = &written[..end];
            for error in [Reader::new(part, dialect, LIMITS()).value().err(), Reader::new(part, dialect, LIMITS()).skip().err()] {
                let error = error.expect("a part of a value is none");
                let is_truncated = matches!(error.kind, PackStreamErrorKind::Truncated { missing } if missing > 0);
                prop_assert!(is_truncated, "{error}");
            }
        }
    }
}

#[test]
fn nesting_is_refused_where_the_limit_is_passed_and_uses_no_stack() {
    let deep = |open: &[u8], levels: usize| {
        let mut bytes = open.repeat(levels);
        bytes.push(0x01);
        bytes
    };
    for open in [&[0x91][..], &[0xA1, 0x81, 0x61], &[0xB1, 0x01], &[0xD6, 0, 0, 0, 1]] {
        for depth_max in [0, 1, 7, Limits::DEPTH_CEILING] {
            let limits = Limits::new(1 << 24, depth_max);
            assert!(decode(&deep(open, depth_max), NEWEST(), limits).is_ok());
            let error = decode(&deep(open, depth_max + 1), NEWEST(), limits).unwrap_err();
            assert_eq!(error.kind, PackStreamErrorKind::TooDeep { depth_max });
            assert_eq!(error.at, open.len() * depth_max);
            let limited =
                [const { PackStreamErrorKind::NotUtf8 }; 2].map(|_| PackStreamErrorKind::TooDeep { depth_max });
            assert_eq!(refusals(&deep(open, 1_000_000), limits), limited);
        }
    }
    let ceiling = Limits::new(1 << 24, usize::MAX);
    let depth_max = Limits::DEPTH_CEILING;
    assert_eq!(ceiling.depth_max(), depth_max);
    assert_eq!(refusals(&deep(&[0x91], 1_000_000), ceiling)[0], PackStreamErrorKind::TooDeep { depth_max });
}

#[test]
fn a_value_of_the_greatest_depth_is_written_and_dropped() {
    let mut value = Value::Null;
    for _ in 0..Limits::DEPTH_CEILING / 2 {
        value = Value::List(vec![Map::new().with("a", value).into()]);
    }
    let written = encode(&value, NEWEST()).unwrap();
    assert_eq!(decode(&written, NEWEST(), Limits::new(usize::MAX, usize::MAX)), Ok(value));
}

#[test]
fn a_length_without_its_bytes_makes_no_room() {
    // With room made for what they promise, each of these would take gigabytes.
    let promises: [&[u8]; 9] = [
        &[0xCE, 0x7F, 0xFF, 0xFF, 0xFF, 1, 2, 3],
        &[0xD2, 0x7F, 0xFF, 0xFF, 0xFF, b'a'],
        &[0xD6, 0x7F, 0xFF, 0xFF, 0xFF, 1, 2, 3],
        &[0xDA, 0x7F, 0xFF, 0xFF, 0xFF, 0x81, b'a', 1],
        &[0xD5, 0xFF, 0xFF],
        &[0xD9, 0xFF, 0xFF],
        &[0xCD, 0xFF, 0xFF],
        &[0xBF, 0x44],
        &[0xE0, 1, 2],
    ];
    for bytes in promises {
        for kind in refusals(bytes, LIMITS()) {
            assert!(matches!(kind, PackStreamErrorKind::Truncated { .. }), "{bytes:02X?}: {kind:?}");
        }
    }
    // A list of lists, each of which promises as much as there are bytes: room is made for a bounded part of it.
    let mut nested = Vec::new();
    for left in (0..200_u16).rev() {
        nested.extend([0xD5]);
        nested.extend((left * 3).to_be_bytes());
    }
    assert!(decode(&nested, NEWEST(), Limits::new(1 << 20, 1000)).is_err());
}

#[test]
fn lengths_beyond_31_bits_and_unknown_markers_are_refused() {
    for first in [0xCE, 0xD2, 0xD6, 0xDA] {
        let kinds = refusals(&[first, 0x80, 0, 0, 0], LIMITS());
        assert!(kinds.iter().all(|kind| matches!(kind, PackStreamErrorKind::TooLong { length: 0x8000_0000, .. })));
    }
    let unknown = (0..=255_u8).filter(|first| {
        let error = Reader::new(&[*first; 40], NEWEST(), LIMITS()).skip().err();
        error.is_some_and(|error| error.kind == PackStreamErrorKind::UnknownMarker(*first))
    });
    let reserved = [0xC4..=0xC7, 0xCF..=0xCF, 0xD3..=0xD3, 0xD7..=0xD7, 0xDB..=0xDF, 0xE1..=0xEF];
    assert_eq!(unknown.collect::<Vec<u8>>(), reserved.into_iter().flatten().collect::<Vec<u8>>());
}

#[test]
fn what_is_too_long_to_be_said_is_refused() {
    let structure = Structure { tag: 1, fields: vec![Value::Null; 16] };
    let error = encode(&structure.into(), NEWEST()).unwrap_err();
    assert_eq!(error.kind, PackStreamErrorKind::TooLong { length: 16, length_max: 15 });
}

#[test]
fn keys_are_texts() {
    for kind in refusals(&[0xA1, 0x01, 0x02], LIMITS()) {
        assert_eq!(
            kind,
            PackStreamErrorKind::Unexpected { expected: "a string as the key of a map", found: "an integer" }
        );
    }
    for kind in refusals(&[0xA2, 0x81, b'a', 0x90, 0x90, 0x02], LIMITS()) {
        assert!(matches!(kind, PackStreamErrorKind::Unexpected { found: "a list", .. }));
    }
}
