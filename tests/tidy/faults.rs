//! The switches of `aliasd-faults`: nothing that is built for use asks for them, no optimised build has them, and each is
//! used somewhere.

use std::path::Path;
use std::process::Command;

use crate::rust;
use crate::shape::is_test_file;
use crate::workspace::{Asked, Crate, Source};

/// The feature that has the switches.
const PLANTED: &str = "aliasd-faults/planted";

/// Crates that pass the feature on as one of their own, `planted`, because they run what is under test inside themselves.
/// They are no part of what is installed, and are built by themselves where it is on.
const PASS_ON: &[&str] = &["aliasd-sim"];

/// What only the switches need: the environment's words for them.
const WORDS: &[&str] = &["ALIASD_PLANT", "ALIASD_FAILPOINT"];

/// Crates that have the switches when they are built for use.
pub(crate) fn asked_for(crates: &[Crate]) -> Vec<String> {
    let mut out = Vec::new();
    for one in crates {
        if one.asked_for.contains(&Asked::Feature(PLANTED.to_owned())) {
            out.push(format!("{} asks for {PLANTED} outside of its tests", one.name));
        }
        for (feature, enabled) in &one.features {
            let passes_on = enabled == PLANTED || enabled == "aliasd-faults?/planted";
            let may = feature == "planted" && PASS_ON.contains(&one.name.as_str());
            // A feature that switches on that one would do it by the back door.
            if passes_on && !may || enabled == "planted" {
                out.push(format!("{} has a feature '{feature}' that enables '{enabled}'", one.name));
            }
        }
    }
    out
}

/// Mistakes and points that no code asks about.
pub(crate) fn unused(names: &str, sources: &[Source]) -> Vec<String> {
    let of_use = |source: &&Source| !source.path.starts_with("crates/faults/") && !is_test_file(&source.path);
    let code: Vec<String> = sources.iter().filter(of_use).map(|source| rust::code(&source.text)).collect();
    let mut out = Vec::new();
    let mut kind = "";
    for line in names.lines().map(str::trim) {
        kind = match line {
            "Mistake {" => "Mistake",
            "Failpoint {" => "Failpoint",
            _ => kind,
        };
        let Some((variant, _)) = line.split_once(" = \"").filter(|_| !kind.is_empty()) else { continue };
        let path = format!("{kind}::{variant}");
        let is_it = |code: &String| code.match_indices(&path).any(|(at, _)| ends_there(&code[at + path.len()..]));
        if !code.iter().any(is_it) {
            out.push(format!("nothing asks about {path}"));
        }
    }
    out
}

fn ends_there(rest: &str) -> bool {
    !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_')
}

/// Words of the switches that are in the machine code built from these sources with the feature, with debug assertions or without.
pub(crate) fn words_built(root: &Path, debug_assertions: bool) -> Vec<&'static str> {
    let directory = tempfile::tempdir().expect("a directory");
    let object = directory.path().join("faults.o");
    let mut rustc = Command::new("rustc");
    rustc.arg(root.join("crates/faults/src/lib.rs")).arg("-o").arg(&object).args([
        "--crate-type",
        "lib",
        "--emit",
        "obj",
    ]);
    rustc.args(["--edition", "2024", "--cfg", "feature=\"planted\"", "-Copt-level=3", "-Ccodegen-units=1"]);
    rustc.arg(format!("-Cdebug-assertions={}", if debug_assertions { "yes" } else { "no" }));
    assert!(rustc.status().expect("rustc can be run").success(), "the switches compile");
    let built = std::fs::read(&object).expect("it was made");
    let is_in = |word: &&&str| built.windows(word.len()).any(|part| part == word.as_bytes());
    WORDS.iter().filter(is_in).copied().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn example(name: &str, asked_for: &[Asked], features: &[(&str, &str)]) -> Crate {
        Crate {
            name: name.to_owned(),
            direct: BTreeSet::new(),
            for_tests: BTreeSet::new(),
            transitive: BTreeSet::new(),
            asked_for: asked_for.iter().cloned().collect(),
            features: features.iter().map(|(feature, enabled)| ((*feature).into(), (*enabled).into())).collect(),
        }
    }

    #[test]
    fn switches_in_what_is_built_for_use_are_found() {
        let asks = |asked: Asked| asked_for(&[example("aliasd-node", &[asked], &[])]).len();
        assert_eq!(asks(Asked::Feature(PLANTED.to_owned())), 1);
        assert_eq!(asks(Asked::Always("aliasd-faults".to_owned())), 0);
        let has =
            |name: &str, feature: &str, enabled: &str| asked_for(&[example(name, &[], &[(feature, enabled)])]).len();
        assert_eq!(has("aliasd-node", "planted", PLANTED), 1);
        assert_eq!(has("aliasd-node", "planted", "aliasd-faults?/planted"), 1);
        assert_eq!(has("aliasd-sim", "default", PLANTED), 1);
        assert_eq!(has("aliasd-sim", "default", "planted"), 1);
        assert_eq!(has("aliasd-sim", "planted", PLANTED), 0);
    }

    #[test]
    fn a_mistake_that_nobody_makes_is_found() {
        let names =
            "named! {\n Mistake {\n Early = \"early\",\n }\n}\nnamed! {\n Failpoint {\n EarlyOn = \"early-on\",\n }\n}";
        let found = |path: &str, text: &str| unused(names, &[Source::example(path, text)]);
        let both = "fn f() { if is_planted(Mistake::Early) {} reach(Failpoint::EarlyOn) }";
        assert!(found("crates/replica/src/a.rs", both).is_empty());
        assert_eq!(found("crates/faults/src/a.rs", both).len(), 2);
        assert_eq!(found("crates/replica/src/tests/a.rs", both).len(), 2);
        assert_eq!(
            found("crates/replica/src/a.rs", "fn f() { x(Mistake::EarlyOn); reach(Failpoint::EarlyOn) }").len(),
            1
        );
        assert_eq!(
            found("crates/replica/src/a.rs", "// Mistake::Early\nfn f() { reach(Failpoint::EarlyOn) }").len(),
            1
        );
    }
}
