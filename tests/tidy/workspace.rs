//! What the rules read: the crates and targets that `cargo metadata` reports, and the
//! text of every Rust source of the workspace.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

/// One crate of this workspace with the crates it needs when it is built for use (not for tests).
pub(crate) struct Crate {
    pub(crate) name: String,
    /// Direct dependencies, by package name.
    pub(crate) direct: BTreeSet<String>,
    /// Direct dependencies of its tests only.
    pub(crate) for_tests: BTreeSet<String>,
    /// Everything reached through direct dependencies, itself excluded.
    pub(crate) transitive: BTreeSet<String>,
    /// What its manifest asks for, outside of tests, whatever the rest of the workspace has switched on.
    pub(crate) asked_for: BTreeSet<Asked>,
    /// Its own features, each beside one of the things that it enables.
    pub(crate) features: BTreeSet<(String, String)>,
}

/// A dependency as a manifest names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Asked {
    /// Linked always.
    Always(String),
    /// Linked when a feature of the crate asks for it.
    Optional(String),
    /// A feature of a dependency, as `crate/feature`.
    Feature(String),
}

/// A Rust file, its path relative to the root of the workspace with `/` between the parts.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    #[cfg(test)]
    pub(crate) fn example(path: &str, text: &str) -> Self {
        let (path, text) = (path.to_owned(), text.to_owned());
        Self { path, text }
    }
}

/// Everything that the rules are asked about.
pub(crate) struct Workspace {
    pub(crate) crates: Vec<Crate>,
    pub(crate) sources: Vec<Source>,
    /// The first file of every library, program and test.
    pub(crate) targets: Vec<String>,
    /// The first file of every library and program: what is built for use.
    pub(crate) roots: Vec<String>,
}

// === impl Workspace ===

impl Workspace {
    /// Read once for all rules.
    pub(crate) fn load() -> &'static Self {
        static LOADED: LazyLock<Workspace> = LazyLock::new(Workspace::read);
        &LOADED
    }

    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let root = root.canonicalize().expect("this package is below the root");
        let metadata = metadata(&root);
        let packages = array(&metadata["packages"]);
        let members: BTreeSet<&str> = strings(&metadata["workspace_members"]).collect();
        let ours: Vec<&Value> = packages.iter().filter(|package| members.contains(text(&package["id"]))).collect();

        let (mut targets, mut roots) = (Vec::new(), Vec::new());
        let mut sources = Vec::new();
        for package in &ours {
            for target in array(&package["targets"]) {
                let file = relative(&root, Path::new(text(&target["src_path"])));
                if strings(&target["kind"]).any(|kind| ["lib", "bin", "proc-macro"].contains(&kind)) {
                    roots.push(file.clone());
                }
                targets.push(file);
            }
            let manifest = Path::new(text(&package["manifest_path"]));
            let directory = manifest.parent().expect("a manifest is in a directory");
            collect(&root, directory, &mut sources);
        }
        Self { crates: crates(&metadata, &ours), sources, targets, roots }
    }
}

fn metadata(root: &Path) -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root)
        .output()
        .expect("cargo runs this test, so cargo can be run");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON")
}

fn crates(metadata: &Value, ours: &[&Value]) -> Vec<Crate> {
    let names: BTreeMap<&str, &str> =
        array(&metadata["packages"]).iter().map(|package| (text(&package["id"]), text(&package["name"]))).collect();
    let mut edges: BTreeMap<&str, Vec<(&str, bool)>> = BTreeMap::new();
    for node in array(&metadata["resolve"]["nodes"]) {
        let dependencies = array(&node["deps"]).iter().map(|dependency| {
            // The kind is null for a dependency of the code itself, else "dev" or "build".
            let mut kinds = array(&dependency["dep_kinds"]).iter();
            let normal = kinds.any(|kind| kind["kind"].is_null());
            (text(&dependency["pkg"]), normal)
        });
        edges.insert(text(&node["id"]), dependencies.collect());
    }
    let one = |package: &&Value| {
        let id = text(&package["id"]);
        let named = |wanted: bool| {
            let chosen = edges[id].iter().filter(|(_, normal)| *normal == wanted);
            chosen.map(|(to, _)| names[to].to_owned()).collect()
        };
        Crate {
            name: text(&package["name"]).to_owned(),
            direct: named(true),
            for_tests: named(false),
            transitive: reachable(id, &edges).into_iter().map(|to| names[to].to_owned()).collect(),
            asked_for: asked_for(package),
            features: features(package),
        }
    };
    ours.iter().map(one).collect()
}

fn asked_for(package: &Value) -> BTreeSet<Asked> {
    let mut out = BTreeSet::new();
    for dependency in array(&package["dependencies"]).iter().filter(|one| one["kind"].is_null()) {
        let name = text(&dependency["name"]);
        let optional = dependency["optional"] == true;
        out.insert(if optional { Asked::Optional(name.to_owned()) } else { Asked::Always(name.to_owned()) });
        out.extend(strings(&dependency["features"]).map(|feature| Asked::Feature(format!("{name}/{feature}"))));
    }
    out
}

fn features(package: &Value) -> BTreeSet<(String, String)> {
    let all = package["features"].as_object().into_iter().flatten();
    all.flat_map(|(name, enabled)| strings(enabled).map(|it| (name.clone(), it.to_owned()))).collect()
}

fn reachable<'a>(from: &'a str, edges: &BTreeMap<&'a str, Vec<(&'a str, bool)>>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        for (to, normal) in &edges[id] {
            if *normal && found.insert(*to) {
                open.push(to);
            }
        }
    }
    found
}

fn collect(root: &Path, directory: &Path, sources: &mut Vec<Source>) {
    let entries = fs::read_dir(directory).expect("a directory of the workspace can be read");
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() && !path.ends_with("target") {
            collect(root, &path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source is UTF-8 text");
            let path = relative(root, &path);
            sources.push(Source { path, text });
        }
    }
}

fn relative(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).unwrap_or(path);
    path.to_string_lossy().replace('\\', "/")
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().expect("cargo metadata has a string here")
}

fn strings(value: &Value) -> impl Iterator<Item = &str> {
    array(value).iter().map(text)
}
