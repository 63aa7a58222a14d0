//! Values and bytes: one is the other, and what is skipped is what would be read.

use aliasd_bolt::{Dialect, Limits, Map, PackStreamErrorKind, Reader, Value, Version, decode, encode};
use proptest::prelude::*;

use crate::generate::{LIMITS, bytes, dialect, dialect_and_value};
use crate::hex;

const NEWEST: fn() -> Dialect = || Dialect::new(Version::V6_1);

proptest! {
    #[test]
    fn what_is_written_is_read((dialect, value) in dialect_and_value()) {
        let written = encode(&value, dialect).unwrap();
        prop_assert_eq!(decode(&written, dialect, LIMITS()).unwrap(), value);
    }

    #[test]
    fn what_is_read_is_skipped((dialect, value) in dialect_and_value(), behind in bytes()) {
        let mut written = encode(&value, dialect).unwrap();
        let length = written.len();
        written.extend(behind);
        let mut reader = Reader::new(&written, dialect, LIMITS());
        prop_assert_eq!(reader.skip().unwrap(), &written[..length]);
        prop_assert_eq!(reader.position(), length);
    }

    #[test]
    fn reading_and_skipping_judge_alike(bytes in bytes(), dialect in dialect(), depth in 0_usize..4) {
        let limits = Limits::new(1 << 20, depth);
        let (mut reading, mut skipping) = (Reader::new(&bytes, dialect, limits), Reader::new(&bytes, dialect, limits));
        match (reading.value(), skipping.skip()) {
            (Ok(_), skipped) => {
                prop_assert!(skipped.is_ok());
                prop_assert_eq!(reading.position(), skipping.position());
            }
            (Err(read), Err(skipped)) if read.kind != PackStreamErrorKind::NotUtf8 => prop_assert_eq!(read, skipped),
            (Err(read), _) => prop_assert_eq!(read.kind, PackStreamErrorKind::NotUtf8),
        }
    }

    #[test]
    fn what_was_read_is_written_in_its_shortest_form(bytes in bytes(), dialect in dialect()) {
        let mut reader = Reader::new(&bytes, dialect, LIMITS());
        let Ok(value) = reader.value() else { return Ok(()) };
        let written = encode(&value, dialect).unwrap();
        prop_assert!(written.len() <= reader.position());
        let again = decode(&written, dialect, LIMITS()).unwrap();
        prop_assert_eq!(encode(&again, dialect).unwrap(), written);
    }
}

/// The examples of the Bolt documentation, "PackStream".
#[test]
fn the_examples_of_the_documentation_hold() {
    let alphabet = "41 42 43 44 45 46 47 48 49 4A 4B 4C 4D 4E 4F 50 51 52 53 54 55 56 57 58 59 5A";
    let letters = ('A'..='Z').zip(1_i64..).map(|(letter, number)| (letter.to_string(), Value::from(number)));
    let examples: [(Value, String); 16] = [
        (Value::Null, "C0".to_owned()),
        (true.into(), "C3".to_owned()),
        (42_i64.into(), "2A".to_owned()),
        (i64::MIN.into(), "CB 80 00 00 00 00 00 00 00".to_owned()),
        (i64::MAX.into(), "CB 7F FF FF FF FF FF FF FF".to_owned()),
        (1.23.into(), "C1 3F F3 AE 14 7A E1 47 AE".to_owned()),
        (Value::Bytes(vec![]), "CC 00".to_owned()),
        (Value::Bytes(vec![1, 2, 3]), "CC 03 01 02 03".to_owned()),
        ("A".into(), "81 41".to_owned()),
        ("ABCDEFGHIJKLMNOPQRSTUVWXYZ".into(), format!("D0 1A {alphabet}")),
        ("Größenmaßstäbe".into(), "D0 12 47 72 C3 B6 C3 9F 65 6E 6D 61 C3 9F 73 74 C3 A4 62 65".to_owned()),
        (
            Value::Uuid(0x550E_8400_E29B_41D4_A716_4466_5544_0000_u128.to_be_bytes()),
            "E0 55 0E 84 00 E2 9B 41 D4 A7 16 44 66 55 44 00 00".to_owned(),
        ),
        (
            Value::List(vec![1_i64.into(), 2.0.into(), "three".into()]),
            "93 01 C1 40 00 00 00 00 00 00 00 85 74 68 72 65 65".to_owned(),
        ),
        (Value::Map(Map::new()), "A0".to_owned()),
        (Map::new().with("one", "eins").into(), "A1 83 6F 6E 65 84 65 69 6E 73".to_owned()),
        (
            Value::Map(letters.collect()),
            (1..=26).fold("D8 1A".to_owned(), |all, at| format!("{all} 81 {:02X} {at:02X}", 0x40 + at)),
        ),
    ];
    for (value, written) in examples {
        assert_eq!(hex::text(&encode(&value, NEWEST()).unwrap()), written);
        assert_eq!(decode(&hex::bytes(&written), NEWEST(), LIMITS()), Ok(value));
    }
}

#[test]
fn the_last_of_several_values_under_a_key_counts() {
    let twice = hex::bytes("A3 81 61 01 81 62 02 81 61 03");
    let read = decode(&twice, NEWEST(), LIMITS()).unwrap();
    assert_eq!(read, Map::new().with("a", 3_i64).with("b", 2_i64).into());
}

#[test]
fn values_read_as_on_a_protocol_page() {
    let structure = hex::bytes("B1 44 01");
    let value = Value::from(
        Map::new()
            .with("text", "a \"b\"\n\u{1}")
            .with("list", Value::List(vec![1_i64.into(), 1.0.into(), Value::Null, true.into()]))
            .with("bytes", Value::Bytes(vec![0, 255]))
            .with("date", decode(&structure, NEWEST(), LIMITS()).unwrap())
            .with("id", Value::Uuid([0xAB; 16])),
    );
    assert_eq!(
        value.to_string(),
        "{\"text\": \"a \\\"b\\\"\\n\\u0001\", \"list\": [1, 1.0, null, true], \"bytes\": b[00 FF], \"date\": Date(1), \
         \"id\": UUID(abababab-abab-abab-abab-abababababab)}"
    );
}
