//! The official Python driver packs the same bytes as we do, and understands in them what we do: `fixtures/python-driver.txt`,
//! which says how it was made.

use aliasd_bolt::{
    Dialect, Ends, Node, Reader, Relationship, Typed, Value, VectorElement, Version, Zone, decode, encode,
};

use crate::generate::LIMITS;
use crate::hex;

const FIXTURE: &str = include_str!("fixtures/python-driver.txt");

struct Line {
    dialect: Dialect,
    what: &'static str,
    words: String,
    bytes: Vec<u8>,
}

fn lines() -> impl Iterator<Item = Line> {
    FIXTURE.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (rest, bytes) = line.rsplit_once(" | ").expect("bytes");
        let mut parts = rest.splitn(3, " | ");
        let (dialect, what) = (parts.next().expect("a dialect"), parts.next().expect("a kind"));
        let dialect = match dialect.strip_suffix(" utc") {
            Some(_) => Dialect::new(Version::V4_4).patched(),
            None => Version::ALL.into_iter().find(|version| version.to_string() == dialect).expect("a version").into(),
        };
        Line { dialect, what, words: parts.next().expect("words").to_owned(), bytes: hex::bytes(bytes) }
    })
}

#[test]
fn values_are_the_same_bytes_and_the_same_words() {
    let mut seen = 0;
    for Line { dialect, words, bytes, .. } in lines().filter(|line| line.what == "value") {
        let value = decode(&bytes, dialect, LIMITS()).unwrap();
        assert_eq!(value.to_string(), words);
        assert_eq!(hex::text(&encode(&value, dialect).unwrap()), hex::text(&bytes), "{words}");
        assert_eq!(Reader::new(&bytes, dialect, LIMITS()).skip(), Ok(&bytes[..]));
        seen += 1;
    }
    assert!(seen > 150, "{seen}");
}

#[test]
fn long_values_begin_alike() {
    for Line { dialect, words, bytes, .. } in lines().filter(|line| line.what == "begin") {
        let (what, length) = words.split_once(' ').expect("a length");
        let length: usize = length.parse().unwrap();
        let value = match what {
            "string" => Value::String("x".repeat(length)),
            "bytes" => Value::Bytes(vec![b'x'; length]),
            "list" => Value::List(vec![Value::Null; length]),
            _ => Value::Map((0..length).map(|at| (format!("{at:08}"), Value::Null)).collect()),
        };
        assert_eq!(encode(&value, dialect).unwrap()[..6], bytes, "{words}");
    }
}

#[test]
fn structures_mean_the_same() {
    let mut seen = 0;
    for Line { dialect, what, words, bytes } in lines().filter(|line| !["value", "begin"].contains(&line.what)) {
        let Ok(Value::Structure(structure)) = decode(&bytes, dialect, LIMITS()) else { panic!("{words}") };
        let typed = Typed::read(structure, dialect).unwrap();
        assert_eq!(said(&typed, what, &words), words, "{what} in {dialect}");
        let again = typed.write(dialect).unwrap();
        assert_eq!(hex::text(&encode(&again.into(), dialect).unwrap()), hex::text(&bytes), "{what} in {dialect}");
        seen += 1;
    }
    assert!(seen > 100, "{seen}");
}

/// In the words of the script.
fn said(typed: &Typed, what: &str, words: &str) -> String {
    match typed {
        Typed::Date(days) => format!("{days}"),
        Typed::Time { nanoseconds, offset_seconds: None } => format!("{nanoseconds}"),
        Typed::Time { nanoseconds, offset_seconds: Some(offset) } => format!("{nanoseconds} {offset}"),
        Typed::DateTime { seconds, nanoseconds, zone } => match zone {
            Zone::Local => format!("{seconds} {nanoseconds}"),
            Zone::Offset(offset) => format!("{seconds} {nanoseconds} {offset}"),
            // The script names both clocks, and a dialect has one of them.
            Zone::Named(_) | Zone::OwnClock(_) => {
                let [utc, own, _, _] = words.split(' ').collect::<Vec<_>>()[..] else { panic!("{words}") };
                let (Zone::Named(name) | Zone::OwnClock(name)) = zone else { panic!("{what}") };
                let on_clock = if matches!(zone, Zone::Named(_)) { utc } else { own };
                assert_eq!(seconds.to_string(), on_clock);
                format!("{utc} {own} {nanoseconds} {name}")
            }
        },
        Typed::Duration { months, days, seconds, nanoseconds } => format!("{months} {days} {seconds} {nanoseconds}"),
        Typed::Point { srid, coordinates } => {
            coordinates.iter().fold(srid.to_string(), |all, coordinate| format!("{all} {coordinate:?}"))
        }
        Typed::Vector(vector) => {
            let element = match vector.element {
                VectorElement::Int8 => "i8",
                VectorElement::Int16 => "i16",
                VectorElement::Int32 => "i32",
                VectorElement::Int64 => "i64",
                VectorElement::Float32 => "f32",
                VectorElement::Float64 => "f64",
            };
            format!("{element} {}", hex::text(&vector.data))
        }
        Typed::Unsupported(it) => {
            let message = it.extra.get("message").and_then(Value::as_str).unwrap_or("None");
            format!("{} {:?} {message}", it.name, it.since)
        }
        Typed::Node(node) => of_node(node),
        Typed::Relationship(relationship) => of_relationship(relationship),
        Typed::Path(path) => {
            let mut here = &path.nodes[0];
            let mut out = vec![of_node(here)];
            for step in path.indices.chunks(2) {
                let [relationship, node] = [0, 1].map(|at| usize::try_from(step[at].unsigned_abs()).expect("small"));
                let next = &path.nodes[node];
                let mut along = path.relationships[relationship - 1].clone();
                let [from, to] = if step[0] > 0 { [here, next] } else { [next, here] };
                let end = |node: &Node| (node.id, node.element_id.clone());
                along.ends = Some(Ends { start: end(from), end: end(to) });
                out.extend([of_relationship(&along), of_node(next)]);
                here = next;
            }
            out.join(" ")
        }
        Typed::Unknown(_) => panic!("{what}"),
    }
}

fn of_node(node: &Node) -> String {
    let labels = Value::from(node.labels.clone());
    format!("({} {} {labels} {})", node.id, node.element_id, node.properties)
}

fn of_relationship(it: &Relationship) -> String {
    let ends = it.ends.as_ref().expect("a bound one");
    format!(
        "[{} {} {} {} {} {} {} {}]",
        it.id, it.element_id, it.name, it.properties, ends.start.0, ends.start.1, ends.end.0, ends.end.1
    )
}
