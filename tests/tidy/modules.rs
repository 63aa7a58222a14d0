//! The modules of one library, program or test, and what a path in one of them leads to.
//!
//! Reads text, as `rust` does: names that macros make are not seen, and conditions (`cfg`) are taken as met. What a path
//! leads to is asked of the modules alone. It follows re-exports to where a thing is defined, so that a module that only
//! passes names on is not taken for their home.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::Peekable;
use std::vec::IntoIter;

use crate::rust;
use crate::workspace::Source;

/// One module, in a file of its own or written into its parent's.
#[derive(Default)]
pub(crate) struct Module {
    /// The file that holds its text.
    pub(crate) file: String,
    /// The directory that it shares with its neighbours: where the files of its children are, or its own file's.
    pub(crate) folder: String,
    /// Every path that it names.
    pub(crate) names: BTreeSet<String>,
    parent: usize,
    children: BTreeMap<String, usize>,
    imports: BTreeMap<String, String>,
    globs: Vec<String>,
    defined: BTreeSet<String>,
}

/// The modules that a root file leads to. The first is the root.
pub(crate) struct Modules {
    pub(crate) all: Vec<Module>,
}

/// Where a name was looked for and is not found, or is being looked for.
type Barren = BTreeSet<(usize, String)>;

// === impl Modules ===

impl Modules {
    /// Reads the root file and whatever it reaches through `mod`.
    pub(crate) fn of(root: &str, sources: &[Source]) -> Self {
        let (directory, _) = root.rsplit_once('/').unwrap_or(("", root));
        let mut modules = Self { all: Vec::new() };
        let root_module = Module { file: root.to_owned(), folder: directory.to_owned(), ..Module::default() };
        modules.all.push(root_module);
        modules.read(0, directory, sources);
        modules
    }

    /// The module that a path in another module leads to: itself, or where the thing is defined that it names. `None`
    /// if that is outside of this library, or nothing that a module could tell.
    pub(crate) fn home(&self, from: usize, path: &str) -> Option<usize> {
        let segments: Vec<&str> = path.split("::").collect();
        self.find(from, &segments, &mut BTreeSet::new()).map(|(module, _)| module)
    }

    /// With the module, whether the whole path led there, rather than to a thing in it.
    fn find(&self, from: usize, segments: &[&str], barren: &mut Barren) -> Option<(usize, bool)> {
        let mut rest = segments;
        let mut at = from;
        let mut anchored = false;
        while let [first @ ("crate" | "self" | "super"), further @ ..] = rest {
            match *first {
                "crate" => at = 0,
                "super" => at = self.all[at].parent,
                _ => {}
            }
            anchored = true;
            rest = further;
        }
        while let [segment, further @ ..] = rest {
            if matches!(*segment, "self" | "*") {
                return Some((at, true));
            }
            match self.step(at, segment, barren) {
                Some((next, true)) => at = next,
                Some((home, false)) => return Some((home, false)),
                None => return anchored.then_some((at, false)),
            }
            anchored = true;
            rest = further;
        }
        Some((at, true))
    }

    /// What a name leads to that is known in a module because of a `mod` or a `use` there.
    fn step(&self, at: usize, segment: &str, barren: &mut Barren) -> Option<(usize, bool)> {
        // Modules may name each other with `*`, and every such name is looked for behind every other.
        if !barren.insert((at, segment.to_owned())) {
            return None;
        }
        let found = self.look(at, segment, barren);
        if found.is_some() {
            barren.remove(&(at, segment.to_owned()));
        }
        found
    }

    fn look(&self, at: usize, segment: &str, barren: &mut Barren) -> Option<(usize, bool)> {
        let module = &self.all[at];
        if let Some(child) = module.children.get(segment) {
            return Some((*child, true));
        }
        if let Some(path) = module.imports.get(segment) {
            let segments: Vec<&str> = path.split("::").collect();
            return self.find(at, &segments, barren);
        }
        if module.defined.contains(segment) {
            return None;
        }
        module.globs.iter().find_map(|path| {
            let segments: Vec<&str> = path.split("::").collect();
            let (other, _) = self.find(at, &segments, barren)?;
            let defined = self.all[other].defined.contains(segment).then_some((other, false));
            defined.or_else(|| self.step(other, segment, barren))
        })
    }

    fn read(&mut self, at: usize, below: &str, sources: &[Source]) {
        let file = self.all[at].file.clone();
        let Some(source) = sources.iter().find(|source| source.path == file) else {
            return;
        };
        let mut tokens = rust::tokens(&source.text).into_iter().peekable();
        for (module, name) in self.read_items(at, &mut tokens) {
            let candidates = [format!("{below}/{name}.rs"), format!("{below}/{name}/mod.rs")];
            let Some(found) = candidates.iter().find(|file| sources.iter().any(|source| source.path == **file)) else {
                continue;
            };
            let directory = format!("{below}/{name}");
            let is_directory = sources.iter().any(|source| {
                let inside = source.path.strip_prefix(&directory).is_some_and(|rest| rest.starts_with('/'));
                inside && !source.path.ends_with("/tests.rs")
            });
            let folder = if is_directory { directory.clone() } else { below.to_owned() };
            let child = Module { file: found.clone(), folder, parent: module, ..Module::default() };
            let child = self.add(module, &name, child);
            self.read(child, &directory, sources);
        }
    }

    /// Notes what stands in a file, and returns the modules whose text is in another: each with its parent.
    fn read_items(&mut self, root: usize, tokens: &mut Peekable<IntoIter<String>>) -> Vec<(usize, String)> {
        let mut elsewhere = Vec::new();
        let mut depth = 0_usize;
        let mut open: Vec<(usize, usize)> = vec![(root, 0)];
        let mut previous = String::new();
        while let Some(token) = tokens.next() {
            let &(at, _) = open.last().expect("the root is never closed");
            match token.as_str() {
                "{" => depth += 1,
                "}" => {
                    depth = depth.saturating_sub(1);
                    if open.len() > 1 && open.last().is_some_and(|(_, opened)| *opened > depth) {
                        open.pop();
                    }
                }
                "use" => self.import(at, tokens),
                "mod" => {
                    let name = tokens.next().unwrap_or_default();
                    match tokens.next().as_deref() {
                        Some(";") => elsewhere.push((at, name)),
                        Some("{") => {
                            depth += 1;
                            let (file, folder) = (self.all[at].file.clone(), self.all[at].folder.clone());
                            let child = self.add(at, &name, Module { file, folder, parent: at, ..Module::default() });
                            open.push((child, depth));
                        }
                        _ => {}
                    }
                }
                "struct" | "enum" | "trait" | "fn" | "type" | "const" | "static" | "union" => {
                    if let Some(name) = tokens.peek() {
                        self.all[at].defined.insert(name.clone());
                    }
                }
                // `pub(in path)` says who may see, not what is needed.
                _ if previous == "in" && token == "crate" => {
                    rust::path(token.clone(), tokens);
                }
                word if word.starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                    let path = rust::path(token.clone(), tokens);
                    if path.contains("::") {
                        self.all[at].names.insert(path);
                    }
                }
                _ => {}
            }
            previous = token;
        }
        elsewhere
    }

    fn import(&mut self, at: usize, tokens: &mut Peekable<IntoIter<String>>) {
        let module = &mut self.all[at];
        for import in rust::imports(tokens) {
            match import.name.as_str() {
                "*" => module.globs.push(import.path.trim_end_matches("::*").to_owned()),
                // The same name may be brought in twice, as a macro and as a type, or under two conditions.
                name => drop(module.imports.entry(name.to_owned()).or_insert_with(|| import.path.clone())),
            }
            module.names.insert(import.path);
        }
    }

    fn add(&mut self, parent: usize, name: &str, child: Module) -> usize {
        let index = self.all.len();
        self.all.push(child);
        self.all[parent].children.insert(name.to_owned(), index);
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_where_the_thing_is_defined() {
        let sources = [
            Source::example(
                "a/lib.rs",
                "mod one; mod two; pub use one::Thing as Other; pub mod made { struct Inner; }",
            ),
            Source::example("a/one.rs", "pub(in crate::two) struct Thing;"),
            Source::example("a/two/mod.rs", "mod deep; pub use self::deep::*; use std::fmt;"),
            Source::example("a/two/deep.rs", "pub struct Deep; fn f() { super::super::one::g(); }"),
        ];
        let modules = Modules::of("a/lib.rs", &sources);
        let home = |path: &str| modules.home(0, path).map(|home| modules.all[home].file.as_str());
        assert_eq!(home("crate::Other"), Some("a/one.rs"));
        assert_eq!(home("one::Thing::new"), Some("a/one.rs"));
        assert_eq!(home("crate::two"), Some("a/two/mod.rs"));
        assert_eq!(home("crate::two::Deep"), Some("a/two/deep.rs"));
        assert_eq!(home("crate::two::fmt::Debug"), Some("a/two/mod.rs"));
        assert_eq!(home("crate::Missing"), Some("a/lib.rs"));
        assert_ne!(modules.home(0, "crate::made::Inner"), Some(0));
        assert_eq!(home("std::fmt"), None);
        let folders: Vec<&str> = modules.all.iter().map(|module| module.folder.as_str()).collect();
        assert_eq!(folders, ["a", "a", "a", "a/two", "a/two"]);
        assert!(modules.all[2].names.is_empty(), "who may see a thing is not what it needs");
    }
}
