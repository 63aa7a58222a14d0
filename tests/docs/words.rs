//! The glossary of ARCHITECTURE.md names things that there are.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::files::texts;

/// The code names in the first column of the tables below `## Words`, and those that begin with a capital letter beside them.
fn names(page: &str) -> BTreeSet<&str> {
    let words = page.split_once("\n## Words\n").map_or("", |(_, words)| words);
    let words = words.split("\n## ").next().unwrap_or_default();
    let rows = words.lines().filter(|line| line.starts_with('|'));
    let quoted = rows.flat_map(|row| row.split('`').skip(1).step_by(2));
    let names = quoted.map(|name| name.split('<').next().unwrap_or_default());
    names.filter(|name| is_type(name)).collect()
}

/// Whether that is written as types are: a capital letter and at least one small one, nothing else.
fn is_type(name: &str) -> bool {
    let alone = name.chars().all(char::is_alphanumeric);
    alone && name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase)
}

fn is_defined(name: &str, sources: &[(String, String)]) -> bool {
    let kinds = ["struct", "enum", "type", "trait"].map(|kind| format!("{kind} {name}"));
    let defines = |line: &str| {
        kinds.iter().any(|kind| {
            line.split_once(kind.as_str())
                .is_some_and(|(_, rest)| !rest.starts_with(|next: char| next.is_alphanumeric()))
        })
    };
    sources.iter().any(|(_, text)| text.lines().any(defines))
}

#[test]
fn every_name_of_the_glossary_is_in_the_sources() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(root.join("ARCHITECTURE.md"))?;
    let names = names(&page);
    ensure!(names.len() > 20, "the glossary has hardly any names: {names:?}");
    let sources: Vec<_> =
        texts(&root).context("the sources")?.into_iter().filter(|(path, _)| path.starts_with("crates/")).collect();
    let missing: Vec<_> = names.iter().filter(|name| !is_defined(name, &sources)).collect();
    ensure!(missing.is_empty(), "ARCHITECTURE.md, Words: nothing is called {missing:?}");
    Ok(())
}

#[test]
fn a_name_that_is_not_there_is_found() {
    let page = "# Page\n\n`Before`\n\n## Words\n\n| word | means |\n|---|---|\n| entry, `Entry` | see `Command<Sealed>`, `x.y`, `SHOW` |\n\n## Next\n\n`After`\n";
    assert_eq!(names(page).into_iter().collect::<Vec<_>>(), ["Command", "Entry"]);
    let sources = [("crates/a.rs".to_owned(), "pub struct Entry {\npub enum Commander {\n".to_owned())];
    assert!(is_defined("Entry", &sources) && !is_defined("Command", &sources));
}
