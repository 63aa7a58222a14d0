//! The bill of materials: every library that the programs are built from, with its version, licence and checksum, as CycloneDX
//! 1.5 JSON.
//!
//! What counts is what is linked into `aliasd`, `aliasctl` and `aliasd-gateway` on this machine: tools of the build and of the tests are left
//! out. Read from `cargo tree` and Cargo.lock, without time or chance, so that two bills of one commit are the same bytes. C and
//! C++ that a library compiles (RocksDB and lz4 in `librocksdb-sys`, and in `ring`) goes by the version of that library.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::child::Cargo;

/// What `cargo tree` is asked for: the programs, and of each library its name and version, licence and repository.
const TREE: [&str; 15] = [
    "tree",
    "--locked",
    "--package",
    "aliasd-node",
    "--package",
    "aliasctl",
    "--package",
    "aliasd-gateway",
    "--edges",
    "normal",
    "--prefix",
    "none",
    "--format",
    "{p}|{l}|{r}",
    "--quiet",
];

/// Somebody else's code that is linked into a program.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Library {
    name: String,
    version: String,
    /// An SPDX expression; empty if the library states none.
    licence: String,
    repository: String,
}

/// Writes the bill to a file, or prints it.
pub(crate) fn write(cargo: &Cargo, file: Option<&Path>) -> Result<()> {
    let lock = fs::read_to_string(cargo.root().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let bill = bill(&libraries(&cargo.output(TREE)?), &checksums(&lock));
    match file {
        Some(file) => fs::write(file, bill).with_context(|| format!("cannot write {}", file.display())),
        None => {
            print!("{bill}");
            Ok(())
        }
    }
}

/// The libraries of others in what `cargo tree` prints.
fn libraries(tree: &str) -> BTreeSet<Library> {
    let library = |line: &str| {
        let mut parts = line.split('|').map(str::trim);
        let (package, licence, repository) = (parts.next()?, parts.next()?, parts.next()?);
        let mut words = package.split_whitespace();
        let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
        // Our own stand with the directory that they are in.
        let ours = words.any(|word| word.starts_with("(/"));
        // A sign behind the last part says that the library stood there before.
        let repository = repository.trim_end_matches("(*)").trim();
        (!ours).then(|| Library {
            name: name.to_owned(),
            version: version.to_owned(),
            // What is older than SPDX expressions says "or" with a slash.
            licence: licence.replace(" / ", "/").replace('/', " OR "),
            repository: repository.to_owned(),
        })
    };
    tree.lines().filter_map(library).collect()
}

/// The SHA-256 of each package in Cargo.lock, by name and version.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let value = |block: &str, key: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""));
        line.map(|rest| rest.trim_end_matches('"').to_owned())
    };
    let block = |block: &str| Some(((value(block, "name")?, value(block, "version")?), value(block, "checksum")?));
    lock.split("[[package]]").filter_map(block).collect()
}

fn bill(libraries: &BTreeSet<Library>, checksums: &BTreeMap<(String, String), String>) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut bill = format!(
        "{{\n  \"bomFormat\": \"CycloneDX\",\n  \"specVersion\": \"1.5\",\n  \"version\": 1,\n  \"metadata\": {{\n    \
         \"component\": {{ \"type\": \"application\", \"name\": \"aliasd\", \"version\": {version:?} }}\n  }},\n  \
         \"components\": ["
    );
    for (index, library) in libraries.iter().enumerate() {
        bill.push_str(if index == 0 { "\n" } else { ",\n" });
        bill.push_str(&component(library, checksums));
    }
    bill.push_str("\n  ]\n}\n");
    bill
}

fn component(library: &Library, checksums: &BTreeMap<(String, String), String>) -> String {
    let Library { name, version, licence, repository } = library;
    // `+` stands for a blank in an address.
    let address = json(&format!("pkg:cargo/{name}@{}", version.replace('+', "%2B")));
    let mut text = format!("    {{ \"type\": \"library\", \"bom-ref\": {address}, \"purl\": {address}");
    let mut part = |key: &str, value: String| write!(text, ",\n      \"{key}\": {value}").unwrap_or_default();
    part("name", json(name));
    part("version", json(version));
    if !licence.is_empty() {
        part("licenses", format!("[{{ \"expression\": {} }}]", json(licence)));
    }
    if let Some(sum) = checksums.get(&(name.clone(), version.clone())) {
        part("hashes", format!("[{{ \"alg\": \"SHA-256\", \"content\": {} }}]", json(sum)));
    }
    if !repository.is_empty() {
        part("externalReferences", format!("[{{ \"type\": \"vcs\", \"url\": {} }}]", json(repository)));
    }
    text.push_str(" }");
    text
}

/// A text as JSON writes it.
fn json(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            _ if character.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_of_others_are_listed_once_with_licence_and_checksum() {
        let tree = "\
aliasd-node v0.1.0 (/somewhere/crates/node)|Apache-2.0|https://github.com/aliasd/aliasd
ring v0.17.1|Apache-2.0 AND ISC|https://github.com/briansmith/ring
librocksdb-sys v0.19.0+11.8.1|MIT/Apache-2.0/BSD-3-Clause|
serde_derive v1.0.2 (proc-macro)|MIT OR Apache-2.0|https://github.com/serde-rs/serde
ring v0.17.1|Apache-2.0 AND ISC|https://github.com/briansmith/ring (*)
";
        let lock = "\
version = 4

[[package]]
name = \"aliasd-node\"
version = \"0.1.0\"

[[package]]
name = \"ring\"
version = \"0.17.1\"
source = \"registry+https://github.com/rust-lang/crates.io-index\"
checksum = \"a4689e6c\"
";
        let bill = bill(&libraries(tree), &checksums(lock));
        assert_eq!(bill.matches("\"type\": \"library\"").count(), 3, "{bill}");
        for expected in [
            "\"bomFormat\": \"CycloneDX\"",
            "\"purl\": \"pkg:cargo/ring@0.17.1\"",
            "\"licenses\": [{ \"expression\": \"Apache-2.0 AND ISC\" }]",
            "\"hashes\": [{ \"alg\": \"SHA-256\", \"content\": \"a4689e6c\" }]",
            "\"externalReferences\": [{ \"type\": \"vcs\", \"url\": \"https://github.com/briansmith/ring\" }]",
            "\"purl\": \"pkg:cargo/librocksdb-sys@0.19.0%2B11.8.1\"",
            "\"expression\": \"MIT OR Apache-2.0 OR BSD-3-Clause\"",
        ] {
            assert!(bill.contains(expected), "{expected} is missing in {bill}");
        }
    }

    #[test]
    fn the_bill_of_this_workspace_is_whole() {
        let cargo = Cargo::new().unwrap();
        let lock = fs::read_to_string(cargo.root().join("Cargo.lock")).unwrap();
        let (libraries, checksums) = (libraries(&cargo.output(TREE).unwrap()), checksums(&lock));
        let named: BTreeSet<&str> = libraries.iter().map(|library| library.name.as_str()).collect();
        for linked in ["tokio", "tonic", "openraft", "librocksdb-sys", "ring", "argon2", "reedline"] {
            assert!(named.contains(linked), "{linked} is missing");
        }
        assert!(!named.contains("tempfile") && !named.iter().any(|name| name.starts_with("aliasd")), "{named:?}");
        for library in &libraries {
            let sum = checksums.get(&(library.name.clone(), library.version.clone()));
            assert!(sum.is_some_and(|sum| sum.len() == 64), "{library:?} has no checksum");
            assert!(!library.licence.is_empty() && !library.licence.contains('/'), "{library:?} has no licence");
        }
        let parsed: serde_json::Value = serde_json::from_str(&bill(&libraries, &checksums)).unwrap();
        assert_eq!(parsed["components"].as_array().map(Vec::len), Some(libraries.len()));
    }
}
