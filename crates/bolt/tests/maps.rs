//! Encoded maps: what is found, taken out and replaced is what would be in the decoded map, and the rest stays byte by byte.

use aliasd_bolt::{Dialect, Edit, Limits, Map, MapReader, PackStreamErrorKind, Value, Version, decode, encode};
use proptest::prelude::*;

use crate::generate::{LIMITS, dialect, map, value};
use crate::hex;

fn case() -> impl Strategy<Value = (Dialect, Map, Value, proptest::sample::Index)> {
    dialect().prop_flat_map(|dialect| (Just(dialect), map(dialect), value(dialect), any::<proptest::sample::Index>()))
}

proptest! {
    #[test]
    fn edits_do_what_they_do_to_the_decoded_map((dialect, map, value, which) in case()) {
        let written = encode(&map.clone().into(), dialect).unwrap();
        let reader = MapReader::new(&written, dialect, LIMITS()).unwrap();
        let names: Vec<String> = map.iter().map(|(key, _)| key.to_owned()).chain(["db".to_owned()]).collect();
        let name = &names[which.index(names.len())];
        let put = encode(&value, dialect).unwrap();

        let found = reader.get(name).map(|found| decode(found, dialect, LIMITS()).unwrap());
        prop_assert_eq!(found.as_ref(), map.get(name));
        let mut expected = map.clone();
        expected.remove(name);
        let edited = reader.edited(&[Edit::Remove(name)]).unwrap();
        prop_assert_eq!(&edited, &encode(&expected.into(), dialect).unwrap());
        let mut expected = map;
        expected.insert(name.as_str(), value);
        let edited = reader.edited(&[Edit::Put(name, &put)]).unwrap();
        prop_assert_eq!(&edited, &encode(&expected.into(), dialect).unwrap());
        prop_assert_eq!(reader.edited(&[]).unwrap(), written);
    }
}

fn edited(map: &str, edits: &[Edit<'_>]) -> String {
    let bytes = hex::bytes(map);
    let dialect = Dialect::new(Version::V5_8);
    let reader = MapReader::new(&bytes, dialect, LIMITS()).expect("a map");
    hex::text(&reader.edited(edits).expect("room for it"))
}

#[test]
fn a_key_that_is_there_twice_hides_no_second_value() {
    let twice = "A3 82 64 62 81 61 81 78 01 82 64 62 81 62";
    assert_eq!(edited(twice, &[Edit::Put("db", &[0x81, 0x63])]), "A2 82 64 62 81 63 81 78 01");
    assert_eq!(edited(twice, &[Edit::Remove("db")]), "A1 81 78 01");
    assert_eq!(edited(twice, &[]), twice);
}

#[test]
fn of_several_edits_of_one_key_the_last_counts() {
    let put = [Edit::Put("a", &[1]), Edit::Put("a", &[2])];
    assert_eq!(edited("A1 81 61 00", &put), "A1 81 61 02");
    assert_eq!(edited("A0", &put), "A1 81 61 02");
    assert_eq!(edited("A1 81 61 00", &[Edit::Put("a", &[1]), Edit::Remove("a")]), "A0");
}

#[test]
fn the_header_grows_and_shrinks_with_the_entries() {
    let fifteen: Map = (0..15_i64).map(|at| (format!("{at:02}"), at)).collect();
    let written = hex::text(&encode(&fifteen.into(), Version::V5_8.into()).unwrap());
    let sixteen = edited(&written, &[Edit::Put("db", &[0xC0])]);
    assert!(sixteen.starts_with("D8 10 82 30 30 00"), "{sixteen}");
    assert_eq!(edited(&sixteen, &[Edit::Remove("db")]), written);
}

#[test]
fn values_inside_are_not_decoded_but_are_whole() {
    // The text under "a" is not UTF-8, and goes on as it is.
    assert_eq!(edited("A2 81 61 81 FF 81 62 01", &[Edit::Remove("b")]), "A1 81 61 81 FF");
    let refused = |map: &str, depth: usize| {
        let bytes = hex::bytes(map);
        let error = MapReader::new(&bytes, Version::V5_8.into(), Limits::new(100, depth)).unwrap_err();
        (error.at, error.kind)
    };
    assert_eq!(refused("A1 81 61 82 62", 9), (3, PackStreamErrorKind::Truncated { missing: 1 }));
    assert_eq!(refused("A1 81 FF 01", 9), (1, PackStreamErrorKind::NotUtf8));
    assert_eq!(refused("A1 81 61 01 00", 9), (4, PackStreamErrorKind::Trailing { bytes: 1 }));
    assert_eq!(refused("A1 81 61 91 90", 2), (4, PackStreamErrorKind::TooDeep { depth_max: 1 }));
    assert_eq!(refused("A0", 0), (0, PackStreamErrorKind::TooDeep { depth_max: 0 }));
    let (_, kind) = refused("A1 01 01", 9);
    assert_eq!(kind, PackStreamErrorKind::Unexpected { expected: "a string", found: "an integer" });
}
