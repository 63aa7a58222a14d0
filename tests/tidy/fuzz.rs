//! The lock file of `fuzz/`, which is outside of the workspace, so that no build of the workspace complains when it is behind:
//! `cargo xtask fuzz` builds with `--locked`, and a fuzz target should run the libraries that a release has.

use std::collections::{BTreeMap, BTreeSet};

use crate::workspace::{Asked, Crate};

/// A package of a lock file.
#[derive(Default)]
struct Locked {
    versions: BTreeSet<String>,
    dependencies: BTreeSet<String>,
}

/// What of ours is not in the lock file of the fuzz targets as its manifest says, and which libraries are there in a version that
/// the workspace's lock file does not have.
pub(crate) fn violations(fuzz: &str, workspace: &str, crates: &[Crate]) -> Vec<String> {
    let (fuzz, workspace) = (packages(fuzz), packages(workspace));
    let mut out = Vec::new();
    for (name, locked) in &fuzz {
        if let Some(ours) = crates.iter().find(|ours| ours.name == *name) {
            for asked in &ours.asked_for {
                if let Asked::Always(dependency) = asked
                    && !locked.dependencies.contains(dependency)
                {
                    out.push(format!("{name} depends on {dependency}, which fuzz/Cargo.lock does not say"));
                }
            }
        }
        let Some(known) = workspace.get(name) else { continue };
        for version in locked.versions.difference(&known.versions) {
            out.push(format!("fuzz/Cargo.lock has {name} {version}, which Cargo.lock has not"));
        }
    }
    out
}

fn packages(lock: &str) -> BTreeMap<String, Locked> {
    let mut out: BTreeMap<String, Locked> = BTreeMap::new();
    for package in lock.split("[[package]]").skip(1) {
        let value = |key: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
            line.map(|value| value.trim_matches('"').to_owned())
        };
        let (Some(name), Some(version)) = (value("name"), value("version")) else { continue };
        let locked = out.entry(name).or_default();
        locked.versions.insert(version);
        let listed = package.lines().filter_map(|line| line.strip_prefix(" \"")?.split(['"', ' ']).next());
        locked.dependencies.extend(listed.map(str::to_owned));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_file_that_is_behind_is_found() {
        let package = |name: &str, version: &str, dependencies: &str| {
            format!("\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\ndependencies = [\n{dependencies}]\n")
        };
        let ours = Crate {
            name: "aliasd-wire".to_owned(),
            direct: BTreeSet::new(),
            for_tests: BTreeSet::new(),
            transitive: BTreeSet::new(),
            asked_for: [Asked::Always("prost".to_owned()), Asked::Optional("tonic".to_owned())].into(),
            features: BTreeSet::new(),
        };
        let workspace = package("prost", "1.0.0", "") + &package("aliasd-wire", "0.1.0", " \"prost\",\n");
        let found = |fuzz: &str| violations(fuzz, &workspace, std::slice::from_ref(&ours));
        assert_eq!(found(&workspace), [""; 0]);
        assert_eq!(found(&package("aliasd-wire", "0.1.0", " \"prost 1.0.0\",\n \"other\",\n")), [""; 0]);
        let behind = package("aliasd-wire", "0.1.0", "") + &package("prost", "0.9.0", "");
        let expected = [
            "aliasd-wire depends on prost, which fuzz/Cargo.lock does not say",
            "fuzz/Cargo.lock has prost 0.9.0, which Cargo.lock has not",
        ];
        assert_eq!(found(&behind), expected);
    }
}
