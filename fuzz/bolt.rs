//! What must hold for any bytes that come over a Bolt connection: they are understood or refused, without a panic; what was
//! understood is the same after it was written and read again; and what is skipped is what would have been read.
//!
//! The first byte says what the rest is taken for, the second in which dialect. The fuzz target and the test that replays the
//! corpus both include this file.

use aliasd_bolt::{
    Dechunker, Dialect, Edit, Limits, MapReader, PackStreamErrorKind, Reader, Typed, Value, Version, decode, encode,
};

/// Checks one input.
///
/// # Panics
/// If something does not hold.
pub(crate) fn check(bytes: &[u8]) {
    let [kind, variant, rest @ ..] = bytes else { return };
    match kind {
        b'v' => value(rest, dialect(*variant)),
        b'm' => map(rest, dialect(*variant)),
        _ => chunks(rest, usize::from(*variant)),
    }
}

/// One for every byte.
pub(crate) fn dialect(byte: u8) -> Dialect {
    let at = usize::from(byte) % (Version::ALL.len() + 1);
    Version::ALL.get(at).map_or(Dialect::new(Version::V4_4).patched(), |version| Dialect::new(*version))
}

/// More than any input has, and less depth than some have.
pub(crate) fn limits() -> Limits {
    Limits::new(1 << 20, 20)
}

fn value(bytes: &[u8], dialect: Dialect) {
    let (mut reading, mut skipping) = (Reader::new(bytes, dialect, limits()), Reader::new(bytes, dialect, limits()));
    match (reading.value(), skipping.skip()) {
        (Ok(value), Ok(skipped)) => {
            assert_eq!(skipped.len(), reading.position());
            understood(&value, dialect);
        }
        (Err(error), skipped) => {
            let _shown = format!("{error} {error:?}");
            assert!(error.at <= bytes.len());
            assert!(error.kind == PackStreamErrorKind::NotUtf8 || skipped == Err(error));
        }
        (Ok(_), Err(error)) => panic!("{error}"),
    }
}

fn understood(value: &Value, dialect: Dialect) {
    let written = encode(value, dialect).expect("what was read can be written");
    let again = decode(&written, dialect, limits()).expect("what was written can be read");
    // Not the values: a number that is none is not equal to itself.
    assert_eq!(encode(&again, dialect).as_deref(), Ok(&written[..]));
    let _shown = format!("{value} {value:?}");
    if let Value::Structure(structure) = value
        && let Ok(typed) = Typed::read(structure.clone(), dialect)
    {
        let back = typed.write(dialect).expect("what was understood can be said");
        assert_eq!(encode(&back.into(), dialect), Ok(written));
    }
}

/// Takes out the first key of a map, and puts something in its place.
fn map(bytes: &[u8], dialect: Dialect) {
    let Ok(map) = MapReader::new(bytes, dialect, limits()) else { return };
    let Some((key, _)) = map.entries().next() else { return };
    let without = map.edited(&[Edit::Remove(key)]).expect("it gets shorter");
    let with = map.edited(&[Edit::Put(key, &[0xC0]), Edit::Put("added", &[0x01])]).expect("there is room");
    let reader = |bytes| MapReader::new(bytes, dialect, limits()).expect("an edited map is one");
    assert_eq!(reader(&without).get(key), None);
    assert!(reader(&without).entries().all(|(other, value)| map.entries().any(|it| it == (other, value))));
    assert!(key == "added" || reader(&with).get(key) == Some(&[0xC0]));
    assert_eq!(reader(&with).get("added"), Some(&[0x01][..]));
    assert_eq!(reader(&with).entries().filter(|(other, _)| *other == key).count(), 1);
}

/// The input in parts of some length, and at once.
fn chunks(bytes: &[u8], part: usize) {
    let limits = Limits::new(usize::from(u16::MAX) * 2, 20);
    let receive = |parts: &mut dyn Iterator<Item = &[u8]>| {
        let mut dechunker = Dechunker::new(limits);
        let mut received: Vec<Option<Vec<u8>>> = Vec::new();
        for part in parts {
            dechunker.push(part);
            loop {
                match dechunker.next_frame() {
                    Ok(Some(frame)) => received.push(Some(frame.message().into_owned())),
                    Ok(None) => break,
                    Err(_) => {
                        received.push(None);
                        return received;
                    }
                }
            }
        }
        received
    };
    let at_once = receive(&mut std::iter::once(bytes));
    assert_eq!(receive(&mut bytes.chunks(part.max(1))), at_once);
}
