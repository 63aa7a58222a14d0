//! What structures mean, in each dialect.

use aliasd_bolt::{
    Dialect, Ends, Map, Node, PackStreamErrorKind, Path, Reader, Relationship, Structure, StructureKind, Typed,
    UnsupportedType, Value, Vector, VectorElement, Version, Zone, decode, encode,
};

use crate::generate::LIMITS;
use crate::hex;

fn node(id: i64) -> Node {
    Node { id, labels: vec!["A".to_owned()], properties: Map::new().with("n", id), element_id: id.to_string() }
}

fn relationship(id: i64) -> Relationship {
    let (name, properties, element_id) = ("KNOWS".to_owned(), Map::new(), id.to_string());
    Relationship { id, name, properties, element_id, ends: None }
}

/// One of every kind, as far as a dialect has it.
fn examples(dialect: Dialect) -> Vec<Typed> {
    let ends = Ends { start: (1, "1".to_owned()), end: (2, "2".to_owned()) };
    let zone = if dialect.is_utc() { Zone::Named } else { Zone::OwnClock };
    let date_time = |zone| Typed::DateTime { seconds: 4_500, nanoseconds: 42, zone };
    let path = Path {
        nodes: vec![node(42), node(69), node(1)],
        relationships: vec![relationship(1000), relationship(1001)],
        indices: vec![1, 1, 1, 0, -2, 2],
    };
    let mut all = vec![
        Typed::Node(node(3)),
        Typed::Relationship(relationship(7)),
        Typed::Relationship(Relationship { ends: Some(ends), ..relationship(7) }),
        Typed::Path(path),
        Typed::Date(-1),
        Typed::Time { nanoseconds: 1, offset_seconds: Some(-3_600) },
        Typed::Time { nanoseconds: 1, offset_seconds: None },
        date_time(Zone::Local),
        date_time(Zone::Offset(3_600)),
        date_time(zone("Europe/Paris".to_owned())),
        Typed::Duration { months: 1, days: -2, seconds: 3, nanoseconds: 4 },
        Typed::Point { srid: 7203, coordinates: vec![1.0, 2.0] },
        Typed::Point { srid: 9157, coordinates: vec![1.0, 2.0, 3.0] },
        Typed::Unknown(Structure { tag: 0x7A, fields: vec![Value::Null] }),
    ];
    if dialect.version().has_vectors() {
        let data = vec![0, 1, 0, 2];
        all.push(Typed::Vector(Vector { element: VectorElement::Int16, data }));
        let extra = Map::new().with("message", "newer");
        all.push(Typed::Unsupported(UnsupportedType { name: "QUATERNION".to_owned(), since: (9, 1), extra }));
    }
    all
}

fn dialects() -> impl Iterator<Item = Dialect> {
    Version::ALL.into_iter().map(Dialect::new).chain([Dialect::new(Version::V4_4).patched()])
}

#[test]
fn every_kind_is_written_and_read_in_every_dialect() {
    for dialect in dialects() {
        let mut seen = Vec::new();
        for typed in examples(dialect) {
            let structure = typed.clone().write(dialect).unwrap();
            seen.extend(StructureKind::of_tag(structure.tag));
            let bytes = encode(&structure.into(), dialect).unwrap();
            let Ok(Value::Structure(structure)) = decode(&bytes, dialect, LIMITS()) else { panic!("{bytes:02X?}") };
            assert_eq!(Typed::read(structure, dialect), Ok(typed), "{dialect}");
        }
        let exist: Vec<StructureKind> = StructureKind::ALL.into_iter().filter(|kind| kind.is_in(dialect)).collect();
        assert!(exist.iter().all(|kind| seen.contains(kind)) && exist.len() == seen.len(), "{dialect}: {seen:?}");
    }
}

#[test]
fn what_a_dialect_lacks_is_refused_by_all_who_meet_it() {
    for dialect in dialects() {
        for kind in StructureKind::ALL.into_iter().filter(|kind| !kind.is_in(dialect)) {
            let structure = Structure { tag: kind.tag(), fields: vec![Value::Null; kind.fields(dialect)] };
            let refused = PackStreamErrorKind::NotInDialect { what: kind.name(), dialect };
            assert_eq!(encode(&structure.clone().into(), dialect).unwrap_err().kind, refused);
            let fields = u8::try_from(structure.fields.len()).expect("at most 15");
            let bytes = [&[0x91, 0xB0 | fields, kind.tag()][..], &[0xC0; 4]].concat();
            let error = Reader::new(&bytes, dialect, LIMITS()).skip().unwrap_err();
            assert_eq!((error.at, error.kind), (1, refused));
            let message = Typed::read(structure, dialect).unwrap_err().to_string();
            assert_eq!(message, format!("{} does not exist in {dialect}", kind.name()));
        }
        if !dialect.version().has_uuids() {
            let refused = PackStreamErrorKind::NotInDialect { what: "UUID", dialect };
            assert_eq!(encode(&Value::Uuid([0; 16]), dialect).unwrap_err().kind, refused);
            assert_eq!(decode(&[0xE0; 17], dialect, LIMITS()).unwrap_err().kind, refused);
        }
    }
}

/// The example of the documentation: 1970-01-01T02:15:00.000000042+01:00.
#[test]
fn seconds_count_in_utc_whatever_the_dialect_writes() {
    let moment = Typed::DateTime { seconds: 4_500, nanoseconds: 42, zone: Zone::Offset(3_600) };
    let written =
        |dialect: Dialect| hex::text(&encode(&moment.clone().write(dialect).unwrap().into(), dialect).unwrap());
    assert_eq!(written(Version::V5_0.into()), "B3 49 C9 11 94 2A C9 0E 10");
    assert_eq!(written(Dialect::new(Version::V4_4).patched()), "B3 49 C9 11 94 2A C9 0E 10");
    assert_eq!(written(Version::V4_4.into()), "B3 46 C9 1F A4 2A C9 0E 10");
    let far = Typed::DateTime { seconds: i64::MAX, nanoseconds: 0, zone: Zone::Offset(1) };
    assert!(far.write(Version::V4_4.into()).is_err());
    let named = Typed::DateTime { seconds: 0, nanoseconds: 0, zone: Zone::Named("Europe/Paris".to_owned()) };
    let error = named.write(Version::V4_4.into()).unwrap_err();
    assert_eq!(error.to_string(), "DateTimeZoneId does not exist in Bolt 4.4");
}

#[test]
fn fields_that_are_not_what_they_should_be_are_named() {
    let dialect = Dialect::new(Version::V6_0);
    let refused =
        |tag: u8, fields: Vec<Value>| Typed::read(Structure { tag, fields }, dialect).unwrap_err().to_string();
    assert_eq!(refused(b'D', vec!["1".into()]), "Date has a string as field 1, where an integer belongs");
    assert_eq!(refused(b'D', vec![]), "Date has 0 fields, and Bolt 6.0 has 1");
    let node = |labels: Value| vec![1_i64.into(), labels, Map::new().into(), "1".into()];
    assert_eq!(refused(b'N', node(Value::Null)), "Node has null as field 2, where a list belongs");
    assert_eq!(
        refused(b'N', node(vec![1_i64].into())),
        "Node has an integer as field 2, where a list of strings belongs"
    );
    assert_eq!(
        refused(b'P', vec![vec!["n"].into(), Value::List(vec![]), Value::List(vec![])]),
        "Path has a string as field 1, where a list of nodes belongs"
    );
    assert_eq!(
        refused(b'V', vec![Value::Bytes(vec![0xCA]), Value::Bytes(vec![0; 6])]),
        "Vector has 6 bytes of elements of 4 bytes"
    );
    assert_eq!(refused(b'V', vec![Value::Bytes(vec![1]), Value::Bytes(vec![])]), "Vector has elements of type [01]");
    let three = Typed::Point { srid: 1, coordinates: vec![0.0; 4] };
    assert_eq!(three.write(dialect).unwrap_err().to_string(), "Point3D cannot be written with 5 fields");
}

#[test]
fn a_path_names_only_what_it_holds() {
    let dialect = Dialect::new(Version::V5_0);
    let read = |indices: Vec<i64>, nodes: usize| {
        let nodes: Vec<Value> =
            (0..nodes).map(|at| Typed::Node(node(at as i64)).write(dialect).unwrap().into()).collect();
        let relationships = vec![Value::from(Typed::Relationship(relationship(9)).write(dialect).unwrap())];
        Typed::read(Structure { tag: b'P', fields: vec![nodes.into(), relationships.into(), indices.into()] }, dialect)
    };
    assert!(read(vec![1, 1, -1, 0], 2).is_ok() && read(vec![], 1).is_ok());
    for (indices, nodes) in [
        (vec![], 0),
        (vec![0, 1], 2),
        (vec![2, 1], 2),
        (vec![1, 2], 2),
        (vec![1, -1], 2),
        (vec![1], 2),
        (vec![i64::MIN, 0], 1),
    ] {
        let error = read(indices.clone(), nodes).unwrap_err();
        assert_eq!(error.to_string(), "Path names nodes or relationships that it lacks", "{indices:?}");
    }
}
