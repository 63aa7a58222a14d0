//! What was once written is read for ever: bytes of every format version, and the numbers of every field.
//!
//! The files in `tests/frozen` are only ever added to. After adding a sample or a field, run this test with
//! `ALIASD_FREEZE=1` and look at the difference: a changed or vanished line is a broken promise.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use aliasd_wire::FILE_DESCRIPTOR_SET;
use aliasd_wire::store::{decode_entry, decode_record, encode_entry, encode_record, encode_record_key};
use prost::Message;
use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorSet};

use crate::samples;

/// Compares what is frozen with what is current; writes it instead if asked to.
fn check(name: &str, current: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frozen").join(name);
    if std::env::var_os("ALIASD_FREEZE").is_some() {
        fs::write(&path, current).unwrap();
        return;
    }
    let frozen = fs::read_to_string(&path).unwrap();
    for line in frozen.lines() {
        assert!(current.lines().any(|now| now == line), "{}: this line no longer holds: {line}", path.display());
    }
    for line in current.lines() {
        assert!(
            frozen.lines().any(|then| then == line),
            "{}: not frozen yet: {line}\nRun `ALIASD_FREEZE=1 cargo test -p aliasd-wire frozen` and look at the change.",
            path.display()
        );
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hexadecimal: &str) -> Vec<u8> {
    let digits = hexadecimal.as_bytes().chunks_exact(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// The frozen lines of a format version, by their first word.
fn frozen(name: &str) -> BTreeMap<String, Vec<Vec<u8>>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frozen").join(name);
    let text = fs::read_to_string(path).unwrap();
    let line = |line: &str| {
        let (name, rest) = line.split_once(' ').unwrap();
        (name.to_owned(), rest.split(' ').map(bytes).collect())
    };
    text.lines().map(line).collect()
}

#[test]
fn entries_of_format_1_are_written_and_read_as_ever() {
    let mut current = String::new();
    for (name, entry) in samples::entries() {
        writeln!(current, "{name} {}", hexadecimal(&encode_entry(&entry))).unwrap();
    }
    check("format-1-entries.txt", &current);
    let frozen = frozen("format-1-entries.txt");
    for (name, entry) in samples::entries() {
        assert_eq!(decode_entry(&frozen[name][0]), Ok(entry), "{name}");
    }
}

#[test]
fn records_of_format_1_are_written_and_read_as_ever() {
    let mut current = String::new();
    for (name, key, record) in samples::records() {
        let (key, record) = (hexadecimal(&encode_record_key(&key)), hexadecimal(&encode_record(&record)));
        writeln!(current, "{name} {key} {record}").unwrap();
    }
    check("format-1-records.txt", &current);
    let frozen = frozen("format-1-records.txt");
    for (name, key, record) in samples::records() {
        let [key_bytes, record_bytes] = &frozen[&name][..] else { panic!("{name} has two parts") };
        assert_eq!(decode_record(key_bytes, record_bytes), Ok((key, record)), "{name}");
    }
}

/// Without the format version and checksum in front, which the crate that keeps the log puts there.
#[test]
fn the_log_of_format_1_is_written_and_read_as_ever() {
    let mut current = String::new();
    for sample in samples::log() {
        writeln!(current, "{} {}", sample.name, hexadecimal(&sample.written)).unwrap();
    }
    check("format-1-log.txt", &current);
    let frozen = frozen("format-1-log.txt");
    for sample in samples::log() {
        let bytes = &frozen[sample.name][0];
        assert_eq!(&(sample.rewrite)(bytes), bytes, "{}", sample.name);
    }
}

#[test]
fn field_and_enum_numbers_never_change() {
    let files = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
    let mut current = String::new();
    for file in files.file.iter().filter(|file| file.package().starts_with("aliasd.")) {
        for message in &file.message_type {
            describe_message(&mut current, file.package(), message);
        }
        for enumeration in &file.enum_type {
            describe_enum(&mut current, file.package(), enumeration);
        }
    }
    check("numbers.txt", &current);
}

/// So that the public interface can change without a byte on disk changing with it.
#[test]
fn what_is_stored_is_described_without_the_public_interface() {
    let files = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
    let mut checked = 0;
    for file in files.file.iter().filter(|file| file.package().starts_with("aliasd.store.")) {
        checked += 1;
        for import in &file.dependency {
            let alone = import.starts_with("aliasd/store/") || import.starts_with("google/protobuf/");
            assert!(alone, "{} imports {import}", file.name());
        }
    }
    assert_eq!(checked, 4, "files that describe what is on disk");
}

fn describe_message(text: &mut String, scope: &str, message: &DescriptorProto) {
    let name = format!("{scope}.{}", message.name());
    for field in &message.field {
        let kind = if field.type_name().is_empty() { field.r#type().as_str_name() } else { field.type_name() };
        let label = field.label().as_str_name();
        writeln!(text, "{name} {} = {} {label} {kind}", field.name(), field.number()).unwrap();
    }
    for nested in &message.nested_type {
        describe_message(text, &name, nested);
    }
    for nested in &message.enum_type {
        describe_enum(text, &name, nested);
    }
}

fn describe_enum(text: &mut String, scope: &str, enumeration: &EnumDescriptorProto) {
    for value in &enumeration.value {
        writeln!(text, "{scope}.{} {} = {}", enumeration.name(), value.name(), value.number()).unwrap();
    }
}

/// Every `.proto` file below a directory.
pub(crate) fn proto_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(proto_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    files
}
