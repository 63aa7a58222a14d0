//! Whatever is written reads back as it was.

use aliasd_catalog::{AliasName, AliasTarget, Command, RecordKey, Value, ValueMap};
use aliasd_wire::store::{
    DecodeError, decode_entry, decode_record, decode_record_key, encode_entry, encode_new_entry, encode_record,
    encode_record_key,
};
use aliasd_wire::v1;
use aliasd_wire::value::{NESTING_MAX, ValueError, fits_nesting};
use proptest::prelude::*;
use prost::Message;

use crate::{generate, samples};

#[test]
fn every_kind_of_entry() {
    for (name, entry) in samples::entries() {
        assert_eq!(decode_entry(&encode_new_entry(&entry).unwrap()).as_ref(), Ok(&entry), "{name}");
    }
}

#[test]
fn every_kind_of_record() {
    for (name, key, record) in samples::records() {
        let (key_bytes, value_bytes) = (encode_record_key(&key), encode_record(&record));
        assert_eq!(decode_record(&key_bytes, &value_bytes), Ok((key, record)), "{name}");
    }
}

proptest! {
    #[test]
    fn any_entry(entry in generate::entry()) {
        prop_assert_eq!(decode_entry(&encode_entry(&entry)), Ok(entry));
    }

    #[test]
    fn any_record((key, record) in generate::record()) {
        let (key_bytes, value_bytes) = (encode_record_key(&key), encode_record(&record));
        prop_assert_eq!(decode_record(&key_bytes, &value_bytes), Ok((key, record)));
    }

    #[test]
    fn any_value(value in generate::value()) {
        let bytes = v1::Value::from(&value).encode_to_vec();
        prop_assert_eq!(Value::try_from(v1::Value::decode(&*bytes).unwrap()), Ok(value));
    }
}

/// Lists and maps inside each other.
fn nested(depth: usize, wrap: impl Fn(Value) -> Value) -> Value {
    (0..depth).fold(Value::Null, |value, _| wrap(value))
}

fn in_list(value: Value) -> Value {
    Value::List(vec![value])
}

fn in_map(value: Value) -> Value {
    Value::Map(ValueMap::from([("key".to_owned(), value)]))
}

#[test]
fn values_nest_as_deeply_as_promised() {
    for wrap in [in_list, in_map] {
        for (_, mut entry) in samples::entries() {
            let Command::CreateAlias(create) = &mut entry.command else { continue };
            create.properties = ValueMap::from([("deep".to_owned(), nested(NESTING_MAX, wrap))]);
            assert!(fits_nesting(&create.properties));
            if let AliasTarget::Local(_) = create.target {
                assert_eq!(decode_entry(&encode_new_entry(&entry).unwrap()), Ok(entry));
            }
        }
        let request = v1::ExecuteRequest {
            statement: String::new(),
            parameters: [("deep".to_owned(), (&nested(NESTING_MAX, wrap)).into())].into(),
            request_id: Vec::new(),
            freshness: None,
            first_sent_after_revision: None,
        };
        assert_eq!(v1::ExecuteRequest::decode(&*request.encode_to_vec()), Ok(request));
    }
}

#[test]
fn values_that_nest_too_deeply_are_refused_before_they_reach_the_log() {
    for wrap in [in_list, in_map] {
        for depth in [NESTING_MAX + 1, 200] {
            let deep = nested(depth, wrap);
            assert_eq!(Value::try_from(v1::Value::from(&deep)), Err(ValueError::TooDeep));
            let properties = ValueMap::from([("deep".to_owned(), deep)]);
            assert!(!fits_nesting(&properties));
            for (_, mut entry) in samples::entries() {
                let Command::CreateAlias(create) = &mut entry.command else { continue };
                create.properties = properties.clone();
                assert!(matches!(encode_new_entry(&entry), Err(DecodeError::Damaged { .. })));
            }
        }
    }
}

#[test]
fn values_of_no_kind_are_refused() {
    assert_eq!(Value::try_from(v1::Value::default()), Err(ValueError::NoKind));
    let duration = v1::DurationValue { nanoseconds: 1_000_000_000, ..v1::DurationValue::default() };
    let value = v1::Value { kind: Some(v1::value::Kind::DurationValue(duration)) };
    assert_eq!(Value::try_from(value), Err(ValueError::Nanoseconds));
}

#[test]
fn names_that_grow_in_lower_case_still_read_back() {
    // Two characters in lower case; whichever length is checked, it has to be the same one both times.
    for length in [32_767, 32_768, 65_534] {
        let Ok(name) = AliasName::new(&"İ".repeat(length)) else { continue };
        let key = RecordKey::Alias(name);
        let bytes = encode_record_key(&key);
        assert_eq!(decode_record_key(&bytes), Ok(key));
    }
}
