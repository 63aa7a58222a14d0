//! How files look: their length, their first line, and that something compiles them. The length of functions
//! is clippy's (`clippy.toml`), and so is what they do with a missing value.

use std::collections::BTreeSet;

use crate::rust;
use crate::workspace::Source;

const LINES_MAX: usize = 500;

/// Files longer than a reader should have to scroll.
pub(crate) fn too_long(sources: &[Source]) -> Vec<String> {
    let long = sources.iter().filter_map(|source| {
        let lines = source.text.lines().count();
        (lines > LINES_MAX).then(|| format!("{}: {lines} lines", source.path))
    });
    long.collect()
}

/// Files that do not begin by saying what they are for. A `tests.rs` is for testing the module it is in.
pub(crate) fn without_header(sources: &[Source]) -> Vec<String> {
    let silent = sources.iter().filter(|source| !source.path.ends_with("/tests.rs") && !has_header(&source.text));
    silent.map(|source| source.path.clone()).collect()
}

fn has_header(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    let words = first.strip_prefix("//!").unwrap_or_default();
    !words.trim().is_empty() && !words.to_ascii_lowercase().contains("placeholder")
}

/// Files that only a test build compiles: the tests package, `tests.rs` and what is below `tests/`.
pub(crate) fn is_test_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    path.starts_with("tests/") || path.contains("/tests/") || name == "tests.rs"
}

/// Source files that no target of any package reaches through `mod`.
pub(crate) fn orphans(sources: &[Source], targets: &[String]) -> Vec<String> {
    let mut reached: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<String> = targets.to_vec();
    while let Some(path) = open.pop() {
        let Some(source) = sources.iter().find(|source| source.path == path) else {
            continue;
        };
        if reached.insert(&source.path) {
            let is_root = targets.contains(&source.path);
            open.extend(modules(source, is_root));
        }
    }
    let lost = sources.iter().filter(|source| !reached.contains(source.path.as_str()));
    lost.map(|source| source.path.clone()).collect()
}

/// Where the modules that a file declares may be.
fn modules(source: &Source, is_root: bool) -> Vec<String> {
    let (directory, file) = source.path.rsplit_once('/').unwrap_or(("", &source.path));
    let stem = file.trim_end_matches(".rs");
    let below = if is_root || stem == "mod" { directory.to_owned() } else { format!("{directory}/{stem}") };
    let tokens = rust::tokens(&source.text);
    let declared = tokens.windows(3).filter(|window| window[0] == "mod" && window[2] == ";");
    declared
        .flat_map(|window| {
            let name = &window[1];
            [format!("{below}/{name}.rs"), format!("{below}/{name}/mod.rs")]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_found() {
        let example = |lines: usize| [Source::example("a.rs", &"\n".repeat(lines))];
        assert!(too_long(&example(LINES_MAX)).is_empty());
        assert_eq!(too_long(&example(LINES_MAX + 1)), ["a.rs: 501 lines"]);
    }

    #[test]
    fn a_silent_file_is_found() {
        let silent = |text: &str| without_header(&[Source::example("a.rs", text)]).len();
        assert_eq!(silent("//! Parses names.\n"), 0);
        assert_eq!(silent("//!\nfn f() {}"), 1);
        assert_eq!(silent("//! Placeholder.\n"), 1);
        assert_eq!(silent("use std::fmt;\n//! Late."), 1);
    }

    #[test]
    fn a_file_that_nothing_compiles_is_found() {
        let sources = [
            Source::example("a/src/lib.rs", "mod one; mod two;"),
            Source::example("a/src/one.rs", "#[cfg(test)] mod tests;"),
            Source::example("a/src/one/tests.rs", ""),
            Source::example("a/src/two/mod.rs", "mod three;"),
            Source::example("a/src/two/three.rs", ""),
            Source::example("a/src/four.rs", ""),
            Source::example("a/src/two/tests.rs", ""),
        ];
        let lost = orphans(&sources, &["a/src/lib.rs".to_owned()]);
        assert_eq!(lost, ["a/src/four.rs", "a/src/two/tests.rs"]);
    }
}
