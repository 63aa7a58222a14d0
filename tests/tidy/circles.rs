//! No circle of imports between files of different folders: each folder of a crate can be read, and moved, without
//! those that stand on it.

use std::collections::BTreeSet;

use crate::modules::Modules;
use crate::workspace::Source;

/// For every target: the names that close a circle, each with the two files. Files of one folder may know each other.
pub(crate) fn violations(sources: &[Source], targets: &[String]) -> Vec<String> {
    targets.iter().flat_map(|target| in_target(&Modules::of(target, sources))).collect()
}

/// One module names something of another.
struct Edge<'a> {
    from: usize,
    to: usize,
    path: &'a str,
}

fn in_target(modules: &Modules) -> Vec<String> {
    let mut edges = Vec::new();
    for (from, module) in modules.all.iter().enumerate() {
        for path in &module.names {
            if let Some(to) = modules.home(from, path).filter(|to| *to != from) {
                edges.push(Edge { from, to, path });
            }
        }
    }
    let mut next: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); modules.all.len()];
    for edge in &edges {
        next[edge.from].insert(edge.to);
    }
    let reached: Vec<BTreeSet<usize>> = (0..next.len()).map(|from| reachable(from, &next)).collect();
    let closes = |edge: &&Edge<'_>| {
        let folders = [edge.from, edge.to].map(|end| &modules.all[end].folder);
        folders[0] != folders[1] && reached[edge.to].contains(&edge.from)
    };
    let file = |module: usize| &modules.all[module].file;
    edges
        .iter()
        .filter(closes)
        .map(|edge| format!("{} names {}, and {} comes back", file(edge.from), edge.path, file(edge.to)))
        .collect()
}

fn reachable(from: usize, next: &[BTreeSet<usize>]) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(module) = open.pop() {
        open.extend(next[module].iter().filter(|to| found.insert(**to)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> = files.iter().map(|(path, text)| Source::example(path, text)).collect();
        violations(&sources, &["a/lib.rs".to_owned()])
    }

    #[test]
    fn a_circle_between_folders_is_found() {
        let circle = [
            ("a/lib.rs", "mod one; mod two;"),
            ("a/one/mod.rs", "mod inner;"),
            ("a/one/inner.rs", "use crate::two::Two;"),
            ("a/two/mod.rs", "pub struct Two; fn f() { crate::one::inner::g(); }"),
        ];
        let complaints = found(&circle);
        assert_eq!(complaints[0], "a/one/inner.rs names crate::two::Two, and a/two/mod.rs comes back");
        assert_eq!(complaints.len(), 2);
        assert!(found(&circle[..3]).is_empty());
    }

    #[test]
    fn a_circle_through_a_third_file_and_a_re_export_is_found() {
        let circle = [
            ("a/lib.rs", "mod one; mod two; mod three; pub use two::Two as Passed;"),
            ("a/one/mod.rs", "mod deep; use crate::Passed;"),
            ("a/one/deep.rs", ""),
            ("a/two/mod.rs", "mod deep; pub struct Two(crate::three::Three);"),
            ("a/two/deep.rs", ""),
            ("a/three.rs", "pub struct Three; use crate::one::f;"),
        ];
        assert_eq!(found(&circle).len(), 3);
    }

    #[test]
    fn neighbours_tests_and_re_exports_close_no_circle() {
        let fine = [
            ("a/lib.rs", "mod one; mod two; pub use one::One; pub use two::Two;"),
            ("a/one/mod.rs", "mod left; mod right; pub struct One; #[cfg(test)] mod tests;"),
            ("a/one/left.rs", "use super::{One, right};"),
            ("a/one/right.rs", "use super::left;"),
            ("a/one/tests.rs", "use super::*; use crate::Two;"),
            ("a/two.rs", "pub struct Two(crate::One);"),
        ];
        assert!(found(&fine).is_empty(), "{:?}", found(&fine));
    }
}
