//! Which crate of the workspace may depend on which, and what must never be below the pure ones.

use crate::workspace::{Asked, Crate};

/// Each crate with the crates of ours that it may depend on. A crate that is not listed is refused,
/// so that a new one gets its place here first.
const MAY_DEPEND_ON: &[(&str, &[&str])] = &[
    ("aliasd-faults", &[]),
    ("aliasd-catalog", &["aliasd-faults"]),
    ("aliasd-bolt", &[]),
    ("aliasd-checkers", &[]),
    ("aliasd-runtime", &[]),
    ("aliasd-tls", &[]),
    ("aliasd-cypher", &["aliasd-catalog"]),
    ("aliasd-wire", &["aliasd-catalog"]),
    ("aliasd-keyring", &["aliasd-catalog"]),
    ("aliasd-console", &["aliasd-cypher"]),
    ("aliasd-listing", &["aliasd-catalog", "aliasd-cypher"]),
    ("aliasd-replica", &["aliasd-faults", "aliasd-catalog", "aliasd-runtime", "aliasd-wire"]),
    (
        "aliasd-service",
        &[
            "aliasd-faults",
            "aliasd-catalog",
            "aliasd-runtime",
            "aliasd-cypher",
            "aliasd-listing",
            "aliasd-keyring",
            "aliasd-replica",
        ],
    ),
    (
        "aliasd-api",
        &["aliasd-catalog", "aliasd-runtime", "aliasd-cypher", "aliasd-wire", "aliasd-replica", "aliasd-service"],
    ),
    (
        "aliasd-node",
        &[
            "aliasd-catalog",
            "aliasd-runtime",
            "aliasd-cypher",
            "aliasd-wire",
            "aliasd-tls",
            "aliasd-console",
            "aliasd-keyring",
            "aliasd-replica",
            "aliasd-service",
            "aliasd-api",
        ],
    ),
    ("aliasd-client", &["aliasd-faults", "aliasd-catalog", "aliasd-runtime", "aliasd-wire", "aliasd-tls"]),
    ("aliasd-recording", &["aliasd-client", "aliasd-checkers"]),
    (
        "aliasd-sim",
        &[
            "aliasd-faults",
            "aliasd-catalog",
            "aliasd-checkers",
            "aliasd-runtime",
            "aliasd-cypher",
            "aliasd-wire",
            "aliasd-keyring",
            "aliasd-replica",
            "aliasd-client",
            "aliasd-recording",
            "aliasd-service",
            "aliasd-api",
        ],
    ),
    (
        "aliasd-gateway",
        &[
            "aliasd-catalog",
            "aliasd-bolt",
            "aliasd-tls",
            "aliasd-keyring",
            "aliasd-console",
            "aliasd-cypher",
            "aliasd-client",
        ],
    ),
    ("aliasctl", &["aliasd-client", "aliasd-console", "aliasd-cypher", "aliasd-keyring"]),
    // Drives the programs; links none of them, so that it starts where nothing is built.
    ("xtask", &[]),
    // Not the node: tests meet it as a process, over its published surface.
    (
        "aliasd-tests",
        &[
            "aliasd-faults",
            "aliasd-catalog",
            "aliasd-bolt",
            "aliasd-checkers",
            "aliasd-cypher",
            "aliasd-listing",
            "aliasd-wire",
            "aliasd-keyring",
            "aliasd-client",
            "aliasd-recording",
        ],
    ),
];

/// What the tests of a crate may stand on besides: what is at the other end of a connection.
const FOR_TESTS: &[(&str, &[&str])] = &[("aliasd-api", &["aliasd-client", "aliasd-keyring"])];

/// The crates whose result may depend on nothing but their arguments.
pub(crate) const PURE: &[&str] =
    &["aliasd-catalog", "aliasd-bolt", "aliasd-checkers", "aliasd-cypher", "aliasd-listing"];

/// The crates that a simulator runs: they reach for a clock, dice, a thread or a task only through the runtime handed in.
pub(crate) const SIMULATED: &[&str] = &["aliasd-replica", "aliasd-service", "aliasd-api", "aliasd-client"];

/// Libraries that bring a clock, a socket, a file or a runtime, however deep below a pure crate.
const IMPURE: &[&str] = &[
    "tokio", "prost", "tonic", "hyper", "mio", "socket2", "rocksdb", "openraft", "rustls", "ring", "nix", "tempfile",
    "chrono", "time",
];

/// Refused as direct dependencies only: `cargo metadata` unifies features over the workspace, and
/// the shell's features make the hash functions' crates offer randomness that pure code cannot name.
const IMPURE_IF_NAMED: &[&str] = &["rand", "rand_core", "getrandom", "ahash", "hashbrown"];

/// What brings gRPC, and the crates that may ask for it: the ends of a connection. `wire` may where a feature of its own does.
const GRPC: &[&str] = &["tonic", "tonic-prost", "tonic-types", "tonic-health", "tonic-reflection"];
const GRPC_IN_WIRE: &str = "aliasd-wire/grpc";
const SPEAK_GRPC: &[&str] = &["aliasd-sim", "aliasd-api", "aliasd-node", "aliasd-client", "aliasd-tests"];

/// Crates whose manifest brings gRPC to them, or to all that is built with them, although they are at no end of a connection.
/// `cargo metadata` cannot be asked what they link: it unifies features over the workspace.
pub(crate) fn grpc_inside(crates: &[Crate]) -> Vec<String> {
    let mut out = Vec::new();
    for one in crates.iter().filter(|one| !SPEAK_GRPC.contains(&one.name.as_str())) {
        for asked in &one.asked_for {
            let name = match asked {
                Asked::Always(name) => Some(name).filter(|name| GRPC.contains(&name.as_str())),
                Asked::Optional(name) => {
                    Some(name).filter(|name| GRPC.contains(&name.as_str()) && one.name != "aliasd-wire")
                }
                Asked::Feature(feature) => Some(feature).filter(|feature| *feature == GRPC_IN_WIRE),
            };
            out.extend(name.map(|name| format!("{} asks for {name}", one.name)));
        }
    }
    out
}

/// Dependencies, those of tests included, that are not downwards.
pub(crate) fn violations(crates: &[Crate]) -> Vec<String> {
    let ours = |name: &str| crates.iter().any(|one| one.name == name);
    let mut out = Vec::new();
    for one in crates {
        let Some((_, allowed)) = MAY_DEPEND_ON.iter().find(|(name, _)| *name == one.name) else {
            out.push(format!("{} has no layer in tests/tidy/layers.rs", one.name));
            continue;
        };
        let for_tests = FOR_TESTS.iter().filter(|(name, _)| *name == one.name).flat_map(|(_, allowed)| *allowed);
        let for_tests: Vec<&str> = for_tests.chain(*allowed).copied().collect();
        let direct = one.direct.iter().filter(|name| !allowed.contains(&name.as_str()));
        let of_tests = one.for_tests.difference(&one.direct).filter(|name| !for_tests.contains(&name.as_str()));
        out.extend(
            direct.chain(of_tests).filter(|name| ours(name)).map(|name| format!("{} depends on {name}", one.name)),
        );
    }
    out
}

/// Impure libraries that a pure crate would link.
pub(crate) fn impure_dependencies(crates: &[Crate]) -> Vec<String> {
    let mut out = Vec::new();
    for one in crates.iter().filter(|one| PURE.contains(&one.name.as_str())) {
        let linked = one.transitive.iter().filter(|name| IMPURE.contains(&name.as_str()));
        let named = one.direct.iter().filter(|name| IMPURE_IF_NAMED.contains(&name.as_str()));
        out.extend(linked.chain(named).map(|name| format!("{} links {name}", one.name)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(name: &str, direct: &[&str]) -> Crate {
        let direct: std::collections::BTreeSet<String> = direct.iter().map(|&to| to.to_owned()).collect();
        let (for_tests, asked_for, features) = Default::default();
        Crate { name: name.to_owned(), transitive: direct.clone(), direct, for_tests, asked_for, features }
    }

    #[test]
    fn grpc_away_from_the_ends_of_a_connection_is_found() {
        let asks = |name: &str, asked: Asked| {
            let mut one = example(name, &[]);
            one.asked_for.insert(asked);
            grpc_inside(&[one])
        };
        let linked = || Asked::Always("tonic".to_owned());
        let optional = || Asked::Optional("tonic".to_owned());
        let switched_on = || Asked::Feature(GRPC_IN_WIRE.to_owned());
        for inside in ["aliasd-replica", "aliasd-service", "aliasd-keyring", "aliasctl"] {
            assert_eq!(asks(inside, linked()), [format!("{inside} asks for tonic")]);
            assert_eq!(asks(inside, optional()), [format!("{inside} asks for tonic")]);
            assert_eq!(asks(inside, switched_on()), [format!("{inside} asks for aliasd-wire/grpc")]);
        }
        assert_eq!(asks("aliasd-wire", linked()), ["aliasd-wire asks for tonic"]);
        assert!(asks("aliasd-wire", optional()).is_empty());
        for end in SPEAK_GRPC {
            assert!(asks(end, linked()).is_empty() && asks(end, switched_on()).is_empty());
        }
        assert!(asks("aliasd-replica", Asked::Feature("tokio/full".to_owned())).is_empty());
    }

    #[test]
    fn up_and_sideways_are_found() {
        let catalog_up = [example("aliasd-catalog", &["aliasd-wire"]), example("aliasd-wire", &[])];
        assert_eq!(violations(&catalog_up), ["aliasd-catalog depends on aliasd-wire"]);
        let sideways = [example("aliasd-client", &["aliasd-node"]), example("aliasd-node", &[])];
        assert_eq!(violations(&sideways), ["aliasd-client depends on aliasd-node"]);
        let mut for_tests = example("aliasd-cypher", &[]);
        for_tests.for_tests.insert("aliasd-client".to_owned());
        assert_eq!(violations(&[for_tests, example("aliasd-client", &[])]).len(), 1);
        let mut other_end = example("aliasd-api", &[]);
        other_end.for_tests.insert("aliasd-client".to_owned());
        assert!(violations(&[other_end, example("aliasd-client", &[])]).is_empty());
        assert_eq!(violations(&[example("aliasd-api", &["aliasd-client"]), example("aliasd-client", &[])]).len(), 1);
        assert_eq!(violations(&[example("aliasd-common", &[])]).len(), 1);
        let down = [example("aliasd-wire", &["aliasd-catalog"]), example("aliasd-catalog", &[])];
        assert!(violations(&down).is_empty());
    }

    #[test]
    fn an_impure_library_below_a_pure_crate_is_found() {
        assert_eq!(impure_dependencies(&[example("aliasd-cypher", &["tokio"])]), ["aliasd-cypher links tokio"]);
        assert_eq!(impure_dependencies(&[example("aliasd-cypher", &["rand"])]).len(), 1);
        assert!(impure_dependencies(&[example("aliasd-node", &["tokio"])]).is_empty());
    }

    #[test]
    fn every_dependency_that_the_table_does_not_name_is_found() {
        for (name, allowed) in MAY_DEPEND_ON {
            for (other, _) in MAY_DEPEND_ON.iter().filter(|(other, _)| other != name) {
                let found = violations(&[example(name, &[other]), example(other, &[])]);
                let expected =
                    if allowed.contains(other) { vec![] } else { vec![format!("{name} depends on {other}")] };
                assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn the_table_itself_has_no_circle() {
        let may =
            |name: &str| MAY_DEPEND_ON.iter().find(|(one, _)| *one == name).map_or(&[][..], |(_, allowed)| *allowed);
        for (name, allowed) in MAY_DEPEND_ON {
            assert!(allowed.iter().all(|below| !may(below).contains(name)), "{name}");
            let beyond: Vec<_> = allowed.iter().flat_map(|below| may(below)).collect();
            assert!(!beyond.contains(&name), "{name}");
        }
    }

    #[test]
    fn every_impure_library_is_found_below_every_pure_crate() {
        for name in PURE {
            for library in IMPURE.iter().chain(IMPURE_IF_NAMED) {
                assert_eq!(impure_dependencies(&[example(name, &[library])]), [format!("{name} links {library}")]);
            }
        }
    }

    #[test]
    fn the_page_has_the_same_table() {
        let page =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../ARCHITECTURE.md")).expect("the page");
        let (_, rest) = page.split_once("\n## Layers\n").expect("the page has the section");
        let rows = rest.split("\n## ").next().unwrap_or_default().lines().filter(|line| line.contains("| `"));
        let mut named = 0;
        for row in rows {
            let cells: Vec<&str> = row.split(" | ").collect();
            let quoted = |cell: usize| cells[cell].split('`').skip(1).step_by(2).map(package);
            let name = quoted(1).next().expect("a row begins with its crate");
            let (_, allowed) = MAY_DEPEND_ON.iter().find(|(one, _)| *one == name).expect("the crate has a layer");
            let mut written: Vec<String> = quoted(2).collect();
            let mut allowed: Vec<String> = allowed.iter().map(|&name| name.to_owned()).collect();
            written.sort();
            allowed.sort();
            assert_eq!(written, allowed, "{name}");
            named += 1;
        }
        // xtask is not in the picture: it links none of the others.
        assert_eq!(named + 1, MAY_DEPEND_ON.len());
    }

    /// The package of a crate as the page calls it.
    fn package(name: &str) -> String {
        if name == "cli" { "aliasctl".to_owned() } else { format!("aliasd-{name}") }
    }
}
