//! What clippy is told: the rules for pure code hold in each pure crate and those for code that is simulated in each crate that
//! is, in one wording each, and no code that is built for use panics without saying why. A lint of the workspace would forbid that in tests as well, so each crate says it.

use std::fs;
use std::path::Path;

use crate::layers::{PURE, SIMULATED};
use crate::workspace::Source;

/// How the line begins that stands in the first file of every library and program.
const OUTSIDE_OF_TESTS: &str = "#![cfg_attr(not(test), warn(";

/// What it names, besides what only some of them are told.
const PANICS: [&str; 2] = ["clippy::panic", "clippy::unreachable"];

/// Libraries and programs, by their first file, in which clippy lets code panic.
pub(crate) fn that_may_panic(roots: &[String], sources: &[Source]) -> Vec<String> {
    let forbids = |line: &str| {
        let lints = line.strip_prefix(OUTSIDE_OF_TESTS).and_then(|lints| lints.strip_suffix("))]")).unwrap_or_default();
        PANICS.iter().all(|panic| lints.split(", ").any(|lint| lint == *panic))
    };
    let strict = |root: &str| sources.iter().any(|source| source.path == root && source.text.lines().any(forbids));
    let lax = roots.iter().filter(|root| !strict(root));
    lax.map(|root| format!("{root} lacks {OUTSIDE_OF_TESTS}{}))]", PANICS.join(", "))).collect()
}

/// The crates whose clippy.toml is one, the first of which has it, and what it must hold.
const SHARED: &[(&[&str], &[&str])] = &[
    (PURE, &["disallowed-types = [", "disallowed-methods = [", "disallowed-macros = ["]),
    (SIMULATED, &["disallowed-types = [", "disallowed-methods = ["]),
];

/// What is wrong with the clippy.toml of the crates that have rules of their own, below the root of a workspace.
pub(crate) fn violations(root: &Path) -> Vec<String> {
    let read = |file: &str| fs::read_to_string(root.join(file)).unwrap_or_default();
    let general = read("clippy.toml");
    let mut out = Vec::new();
    for (crates, kinds) in SHARED {
        let file = |name: &str| format!("crates/{}/clippy.toml", name.trim_start_matches("aliasd-"));
        let first = file(crates.first().copied().unwrap_or_default());
        let rules = read(&first);
        out.extend(kinds.iter().filter(|kind| !rules.contains(*kind)).map(|kind| format!("{first} has no {kind}…]")));
        // Clippy reads the nearest file only, so that one has to say what the workspace's says.
        for line in general.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if !rules.lines().any(|rule| rule == line) && !line.starts_with("large-error-threshold") {
                out.push(format!("{first} does not repeat {line}"));
            }
        }
        for file in crates.iter().map(|name| file(name)).filter(|file| read(file) != rules) {
            out.push(format!("{file} is not {first}: a symbolic link that came out as a file?"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_PANIC: &str = "#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable, clippy::print_stdout))]";

    #[test]
    fn a_program_that_may_panic_is_found() {
        let (strict, lax) = ("crates/one/src/lib.rs", "crates/two/src/main.rs");
        let roots = [strict.to_owned(), lax.to_owned()];
        let with = |text: String| [Source::example(strict, NO_PANIC), Source::example(lax, &text)];
        assert!(that_may_panic(&roots, &with(format!("//! Two.\n\n{NO_PANIC}\nfn main() {{}}"))).is_empty());
        assert_eq!(that_may_panic(&roots, &with("fn main() {}".to_owned())).len(), 1);
        assert_eq!(that_may_panic(&roots, &with(format!("// {NO_PANIC}"))).len(), 1);
        assert_eq!(that_may_panic(&roots, &with(NO_PANIC.replace("clippy::panic, ", ""))).len(), 1);
        assert_eq!(that_may_panic(&roots, &[]).len(), 2);
    }

    #[test]
    fn a_link_that_is_a_file_and_a_missing_rule_are_found() {
        let root = tempfile::tempdir().expect("a directory");
        let write = |file: &str, text: &str| {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().expect("a file is in a directory")).expect("a directory");
            fs::write(path, text).expect("a file");
        };
        let rules = "a = 1\ndisallowed-types = []\ndisallowed-methods = []\ndisallowed-macros = []\n";
        let rules = rules.replace("[]", "[\n]");
        write("clippy.toml", "# Why.\na = 1\n");
        for name in PURE.iter().chain(SIMULATED) {
            write(&format!("crates/{}/clippy.toml", name.trim_start_matches("aliasd-")), &rules);
        }
        assert!(violations(root.path()).is_empty(), "{:?}", violations(root.path()));
        for linked in [PURE, SIMULATED].iter().flat_map(|crates| crates.iter().skip(1)) {
            let file = format!("crates/{}/clippy.toml", linked.trim_start_matches("aliasd-"));
            write(&file, "../another/clippy.toml");
            assert_eq!(violations(root.path()).len(), 1);
            write(&file, &rules);
        }
        write("clippy.toml", "a = 2\n");
        assert_eq!(violations(root.path()).len(), 2, "neither repeats it");
        write("clippy.toml", "# Why.\na = 1\n");
        write("crates/catalog/clippy.toml", "");
        // The three kinds of rule, the line that is not repeated, and the other pure crates, which are not alike any more.
        assert_eq!(violations(root.path()).len(), 3 + PURE.len());
        write("crates/catalog/clippy.toml", &rules);
        write("crates/replica/clippy.toml", "");
        assert_eq!(violations(root.path()).len(), 2 + SIMULATED.len());
    }
}
