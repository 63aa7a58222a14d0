//! Where a name may be written: libraries that must not spread, and what pure code must not know.

use crate::layers::SIMULATED;
use crate::rust;
use crate::shape::is_test_file;
use crate::workspace::Source;

/// A library or an item of one, and the beginnings of the paths of the files that may name it.
const PLACES: &[(&str, &[&str])] = &[
    ("openraft", &["crates/replica/"]),
    ("rocksdb", &["crates/replica/src/log", "crates/replica/src/machine", "crates/replica/src/fault.rs"]),
    ("aes_gcm", &["crates/service/src/vault"]),
    ("p12_keystore", &["crates/keyring/src/"]),
    ("rcgen", &["crates/keyring/src/"]),
    ("x509_parser", &["crates/keyring/src/"]),
    // gRPC stays at the edges: a use case that knew it could not be served over another protocol, nor be simulated.
    (
        "tonic",
        &[
            "crates/wire/src/failure/status",
            "crates/client/",
            "crates/api/",
            "crates/node/src/serve.rs",
            "crates/node/src/peers/",
            "crates/node/src/tls/",
            "crates/sim/src/network/",
            "crates/node/tests/",
            "crates/cli/tests/",
            "tests/",
        ],
    ),
    // Of a status, everybody asks `aliasd_wire::failure::GrpcCode`: a table of numbers, which needs no library to be read.
    (
        "tonic::Code",
        &["crates/wire/src/failure/status/tests.rs", "crates/node/tests/", "tests/src/grpc.rs", "tests/cluster/"],
    ),
];

/// The directories of the pure crates.
const PURE: &[&str] =
    &["crates/catalog/src/", "crates/bolt/src/", "crates/checkers/src/", "crates/cypher/src/", "crates/listing/src/"];

/// Paths that would let the outside in. Clippy refuses the types and functions that count (`crates/catalog/clippy.toml`),
/// whatever they are called; that a module is not named at all it cannot ask. `std` alone or `std::*` would hide what is used of it.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::time",
    "std::env",
    "std::thread",
    "std::process",
    "std::io::stdin",
    "std::hash::RandomState",
    "std::collections::HashMap",
    "std::collections::HashSet",
    "std::collections::hash_map",
    "std::collections::hash_set",
    "std::self",
    "std::*",
    "tokio",
    "prost",
    "tonic",
    "rocksdb",
    "openraft",
    "rand",
    "getrandom",
];

/// Names that are impure wherever they come from.
const IMPURE_NAMES: &[&str] = &["HashMap", "HashSet", "RandomState", "SystemTime", "Instant"];

/// What the replica asks of the runtime that it is handed, and of nothing else: a simulator would not know of it.
const HANDED_IN: &[&str] = &[
    "std::time::Instant",
    "std::time::SystemTime",
    "std::time::self",
    "std::time::*",
    "std::thread",
    "std::net",
    "std::self",
    "std::*",
    "tokio::spawn",
    "tokio::time",
    "tokio::task",
    "tokio::runtime",
    "tokio::net",
    "tokio::fs",
    "tokio::io",
    "tokio::process",
    "tokio::signal",
    "tokio::self",
    "tokio::*",
    "futures::executor",
    "rand",
    "getrandom",
];

/// What may be named although it is within the above: a generator that is given its seed.
const SEEDED: &[&str] = &["rand::SeedableRng", "rand::rngs::SmallRng"];

/// The files of the replica that may name such things, and which.
const REACH_OUT: &[(&str, &[&str])] = &[
    // A clock that shows nothing, for whoever has none.
    ("crates/replica/src/runtime/outside.rs", &["std::time::SystemTime"]),
    // The thread of the log on disk, which no simulator can have.
    ("crates/replica/src/log/writer.rs", &["std::thread"]),
    // What nobody closed is closed on a thread, also when the runtime is gone.
    ("crates/replica/src/closable.rs", &["std::thread"]),
];

/// Files of the replica, its tests left out, that reach for a clock, dice, a thread, a task or a socket by themselves.
pub(crate) fn behind_the_runtime(sources: &[Source]) -> Vec<String> {
    let mut out = Vec::new();
    let replica = |source: &&Source| source.path.starts_with("crates/replica/src/") && !is_test_file(&source.path);
    for source in sources.iter().filter(replica) {
        let allowed = REACH_OUT.iter().filter(|(file, _)| *file == source.path).flat_map(|(_, allowed)| *allowed);
        let allowed: Vec<&str> = allowed.chain(SEEDED).copied().collect();
        for path in rust::paths(&source.text) {
            let whole = path == "std" || path == "tokio";
            let banned = whole || HANDED_IN.iter().any(|banned| is_within(&path, banned));
            if banned && !allowed.iter().any(|allowed| is_within(&path, allowed)) {
                out.push(format!("{} names {path}", source.path));
            }
        }
    }
    out
}

/// The folders of the crates that a simulator runs.
fn is_simulated(path: &str) -> bool {
    let folder = |name: &&str| format!("crates/{}/src/", name.trim_start_matches("aliasd-"));
    SIMULATED.iter().any(|name| path.starts_with(&folder(name))) && !is_test_file(path)
}

/// Files in which `select!` draws by itself which branch it looks at first, from dice that are nobody's.
pub(crate) fn drawn_branches(sources: &[Source]) -> Vec<String> {
    let mut out = Vec::new();
    for source in sources.iter().filter(|source| is_simulated(&source.path)) {
        let tokens = rust::tokens(&source.text);
        let drawn = tokens.windows(4).filter(|it| it[0] == "select" && it[1] == "!" && it[3] != "biased");
        out.extend(drawn.map(|_| format!("{} has a select! that is not biased", source.path)));
    }
    out
}

/// Files that name a library outside its place.
pub(crate) fn strays(sources: &[Source]) -> Vec<String> {
    let mut out = Vec::new();
    for source in sources {
        let paths = rust::paths(&source.text);
        for (library, places) in PLACES {
            let at_home = places.iter().any(|place| source.path.starts_with(place));
            if !at_home && paths.iter().any(|path| is_within(path, library) || hides(path, library)) {
                out.push(format!("{} names {library}", source.path));
            }
        }
    }
    out
}

/// Impure paths and names in the sources of the pure crates, their tests included.
pub(crate) fn impurities(sources: &[Source]) -> Vec<String> {
    let mut out = Vec::new();
    let pure = |source: &&Source| PURE.iter().any(|place| source.path.starts_with(place));
    for source in sources.iter().filter(pure) {
        for path in rust::paths(&source.text) {
            let banned_path = IMPURE.iter().any(|banned| is_within(&path, banned));
            let mut segments = path.split("::");
            let banned_name = segments.any(|segment| IMPURE_NAMES.contains(&segment));
            if banned_path || banned_name || path == "std" {
                out.push(format!("{} names {path}", source.path));
            }
        }
    }
    out
}

/// Files of the language that name the catalog's state. It may know names, values and commands; what is there, who may
/// see it and what becomes of it is no business of a parser.
pub(crate) fn state_in_the_language(sources: &[Source]) -> Vec<String> {
    let mut out = Vec::new();
    for source in sources.iter().filter(|source| source.path.starts_with("crates/cypher/src/")) {
        let paths = rust::paths(&source.text);
        // What stands for all of it hides which part is used.
        let names = ["aliasd_catalog::Catalog", "aliasd_catalog::*", "aliasd_catalog::self"];
        let state = |path: &String| names.iter().any(|name| is_within(path, name)) || path == "aliasd_catalog";
        out.extend(paths.into_iter().filter(state).map(|path| format!("{} names {path}", source.path)));
    }
    out
}

/// Whether the path brings in all of the library that the item is in, or gives it another name: who uses the item then,
/// cannot be read.
fn hides(path: &str, item: &str) -> bool {
    let (library, inside) = item.split_once("::").unwrap_or((item, ""));
    let rest = path.strip_prefix(library);
    !inside.is_empty() && rest.is_some_and(|rest| matches!(rest, "" | "::*" | "::self"))
}

fn is_within(path: &str, module: &str) -> bool {
    let rest = path.strip_prefix(module);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stray_library_is_found() {
        let stray = |path: &str, text: &str| strays(&[Source::example(path, text)]).len();
        assert_eq!(stray("crates/api/src/mod.rs", "use openraft::Raft;"), 1);
        assert_eq!(stray("crates/replica/src/lib.rs", "use openraft::Raft;"), 0);
        assert_eq!(stray("crates/replica/src/lib.rs", "fn f() { rocksdb::DB::open(); }"), 1);
        assert_eq!(stray("crates/replica/src/log/store.rs", "use rocksdb::DB;"), 0);
        assert_eq!(stray("crates/cli/src/pki.rs", "use {std::fs, rcgen as certificates};"), 1);
        assert_eq!(stray("crates/service/src/resolve.rs", "use tonic::Status;"), 1);
        assert_eq!(stray("crates/api/src/failure.rs", "use tonic::Status;"), 0);
        assert_eq!(stray("crates/api/src/failure.rs", "use tonic::{Code, Status};"), 1);
        assert_eq!(stray("crates/client/src/core.rs", "use tonic as grpc;"), 1);
        assert_eq!(stray("crates/client/src/core.rs", "use tonic::*;"), 1);
        assert_eq!(stray("crates/client/src/core.rs", "fn f() -> bool { g() == tonic::Code::Aborted }"), 1);
        assert_eq!(stray("crates/wire/src/failure.rs", "use tonic::Status;"), 1);
        assert_eq!(stray("crates/wire/src/failure/status.rs", "use tonic::Status;"), 0);
        assert_eq!(stray("crates/cli/src/pki.rs", "/// as rcgen does\nfn rcgen_like() {}"), 0);
    }

    #[test]
    fn a_replica_that_reaches_out_is_found() {
        let found = |file: &str, text| {
            behind_the_runtime(&[Source::example(&format!("crates/replica/src/{file}"), text)]).len()
        };
        assert_eq!(found("core.rs", "use std::time::{Duration, Instant};"), 1);
        assert_eq!(found("core.rs", "fn f() { tokio::spawn(g()); std::thread::sleep(d); }"), 2);
        assert_eq!(found("core.rs", "use tokio::{sync::watch, time};"), 1);
        assert_eq!(found("core.rs", "use tokio as t;"), 1);
        assert_eq!(found("core.rs", "fn f() -> u64 { rand::rng().next_u64() }"), 1);
        assert_eq!(found("core.rs", "use std::time::Duration; use tokio::sync::mpsc; // not tokio::time"), 0);
        assert_eq!(found("runtime/raft.rs", "use rand::{SeedableRng, rngs::SmallRng};"), 0);
        assert_eq!(found("runtime/raft.rs", "use rand::Rng;"), 1);
        assert_eq!(found("log/writer.rs", "use std::thread::JoinHandle;"), 0);
        assert_eq!(found("log/tests.rs", "use std::thread;"), 0);
    }

    #[test]
    fn a_branch_that_is_drawn_is_found() {
        let found = |path: &str, text| drawn_branches(&[Source::example(path, text)]).len();
        let drawn = "async fn f() { tokio::select! { () = g() => {} () = h() => {} } }";
        let biased = "async fn f() { tokio::select! { biased; () = g() => {} () = h() => {} } }";
        for name in SIMULATED {
            let file = format!("crates/{}/src/lib.rs", name.trim_start_matches("aliasd-"));
            assert_eq!((found(&file, drawn), found(&file, biased)), (1, 0), "{file}");
        }
        assert_eq!(found("crates/service/src/watch/tests.rs", drawn), 0);
        assert_eq!(found("crates/cli/src/main.rs", drawn), 0);
    }

    #[test]
    fn a_catalog_in_the_language_is_found() {
        let found = |path, text| state_in_the_language(&[Source::example(path, text)]).len();
        let lower = "crates/cypher/src/lower/mod.rs";
        assert_eq!(found(lower, "use aliasd_catalog::{Catalog, CatalogName};"), 1);
        assert_eq!(found(lower, "fn f(all: &aliasd_catalog::Catalog) {}"), 1);
        assert_eq!(found(lower, "use aliasd_catalog::*;"), 1);
        assert_eq!(found(lower, "use aliasd_catalog as records;"), 1);
        assert_eq!(found(lower, "use aliasd_catalog::{CatalogName, Command}; // a Catalog"), 0);
        assert_eq!(found("crates/listing/src/lib.rs", "use aliasd_catalog::Catalog;"), 0);
    }

    #[test]
    fn an_impurity_is_found_in_every_spelling() {
        let found = |text| impurities(&[Source::example("crates/catalog/src/apply.rs", text)]).len();
        assert_eq!(found("use std::time::SystemTime;"), 1);
        assert_eq!(found("use std::{fmt, fs};"), 1);
        assert_eq!(found("use std::{collections::{BTreeMap, HashMap}};"), 1);
        assert_eq!(found("fn f() { let _ = ::std::thread::spawn(g); }"), 1);
        assert_eq!(found("use std as s;"), 1);
        assert_eq!(found("use std::{self as s};"), 1);
        assert_eq!(found("use rpds::HashSet;"), 1);
        assert_eq!(found("use std::{collections::BTreeMap, fmt}; // not a HashMap"), 0);
        let elsewhere = Source::example("crates/node/src/lib.rs", "use std::fs;");
        assert!(impurities(&[elsewhere]).is_empty());
    }

    #[test]
    fn every_library_of_the_table_is_found_outside_its_places() {
        for (library, places) in PLACES {
            let text = format!("use {library}::Thing;");
            let elsewhere = Source::example("crates/catalog/src/lib.rs", &text);
            assert!(strays(&[elsewhere]).contains(&format!("crates/catalog/src/lib.rs names {library}")));
            for place in *places {
                assert!(strays(&[Source::example(&format!("{place}/file.rs"), &text)]).is_empty(), "{place}");
            }
        }
        let forbidden = [("crates/replica/src/links.rs", "tonic"), ("crates/service/src/resolve.rs", "openraft")];
        for (path, library) in forbidden {
            let text = format!("fn f() {{ {library}::g() }}");
            assert_eq!(strays(&[Source::example(path, &text)]), [format!("{path} names {library}")]);
        }
    }

    #[test]
    fn every_impure_path_and_name_is_found_in_every_pure_crate() {
        for folder in PURE {
            let found = |text: &str| impurities(&[Source::example(&format!("{folder}lib.rs"), text)]).len();
            for path in IMPURE {
                assert_eq!(found(&format!("use {path};")), 1, "{path}");
            }
            for name in IMPURE_NAMES {
                assert_eq!(found(&format!("use elsewhere::{name};")), 1, "{name}");
            }
        }
    }
}
