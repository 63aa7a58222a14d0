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

/// The types that are errors to another crate and are not called so.
fn unnamed_errors(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut is_error = false;
    for line in text.lines().map(str::trim) {
        is_error |= line.starts_with("#[derive(") && line.contains("thiserror::Error");
        let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        let name = match words[..] {
            ["pub", "struct" | "enum", name, ..] if is_error => Some(name),
            _ if line.starts_with("impl") => {
                line.split_once("Error for ").map(|(_, rest)| rest.trim_end_matches(" {}"))
            }
            _ => None,
        };
        is_error &= line.starts_with("#[") || line.starts_with("///") || !line.ends_with(['{', ';']);
        let is_shown = |name: &&str| ["struct", "enum"].iter().any(|kind| text.contains(&format!("pub {kind} {name}")));
        let name = name.and_then(|name| name.split([' ', '<']).next()).filter(is_shown);
        out.extend(name.filter(|name| !name.trim_end_matches("Kind").ends_with("Error")).map(str::to_owned));
    }
    out
}

#[test]
fn a_failure_is_called_an_error_or_has_a_row() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(root.join("ARCHITECTURE.md"))?;
    let failures = page.split_once("\nFailures, ").map_or("", |(_, failures)| failures);
    let is_listed = |name: &String| failures.contains(&format!("`{name}`"));
    let sources = texts(&root).context("the sources")?;
    let sources = sources.iter().filter(|(path, _)| path.starts_with("crates/") && path.contains("/src/"));
    let found: Vec<String> = sources.flat_map(|(_, text)| unnamed_errors(text)).collect();
    ensure!(found.len() > 5, "the search finds hardly any: {found:?}");
    let missing: Vec<&String> = found.iter().filter(|name| !is_listed(name)).collect();
    ensure!(missing.is_empty(), "ARCHITECTURE.md, Words: the table of failures lacks {missing:?}");
    Ok(())
}

#[test]
fn an_error_of_another_name_is_found() {
    let found = |text: &str| unnamed_errors(text);
    assert_eq!(found("#[derive(Debug, thiserror::Error)]\n#[error(\"no\")]\npub struct Gone(pub u8);"), ["Gone"]);
    assert_eq!(found("pub struct Gone;\nimpl std::error::Error for Gone {}"), ["Gone"]);
    assert_eq!(found("#[derive(thiserror::Error)]\npub enum GoneError {\n}\npub struct Gone;"), [""; 0]);
    assert_eq!(found("#[derive(thiserror::Error)]\npub(crate) enum Gone {\n}\npub struct Other;"), [""; 0]);
}

#[test]
fn a_name_that_is_not_there_is_found() {
    let page = "# Page\n\n`Before`\n\n## Words\n\n| word | means |\n|---|---|\n| entry, `Entry` | see `Command<Sealed>`, `x.y`, `SHOW` |\n\n## Next\n\n`After`\n";
    assert_eq!(names(page).into_iter().collect::<Vec<_>>(), ["Command", "Entry"]);
    let sources = [("crates/a.rs".to_owned(), "pub struct Entry {\npub enum Commander {\n".to_owned())];
    assert!(is_defined("Entry", &sources) && !is_defined("Command", &sources));
}
