//! The files and directories that the pages name are there: CONTRIBUTING.md's recipes, the tables of ARCHITECTURE.md, links.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};

/// Pages about what is. Not CHANGELOG.md and docs/decisions, which also tell what was.
const PAGES: &[&str] = &[
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "tests/README.md",
    "docs/operations.md",
    "docs/semantics.md",
    "docs/threat-model.md",
    "docs/gateway.md",
    "docs/config.md",
    "docs/cli.md",
    "docs/errors.md",
    "docs/language.md",
];

/// Where paths begin that are whole.
const TOP: &[&str] = &["crates/", "tests/", "proto/", "docs/", "deploy/", "fuzz/", ".github/", ".ci/", ".cargo/"];

/// What stands between backquotes in these lines.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn is_whole(name: &str) -> bool {
    let is_path = name.chars().all(|next| next.is_alphanumeric() || "/._-".contains(next));
    is_path && TOP.iter().any(|top| name.starts_with(top)) && !name.contains("NNNN")
}

/// Whole paths and the targets of links that are not there.
fn missing(page: &str, text: &str, root: &Path) -> Vec<String> {
    let outside_code = text.split("```").step_by(2);
    let mut wrong = Vec::new();
    for part in outside_code {
        let links = part.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        let links = links.filter(|link| !link.is_empty() && !link.contains("://"));
        let folder = root.join(page).parent().unwrap_or(root).to_path_buf();
        wrong.extend(links.filter(|link| !folder.join(link).exists()).map(|link| format!("{page}: {link}")));
        let paths = quoted(part).filter(|name| is_whole(name));
        wrong.extend(paths.filter(|name| !root.join(name).exists()).map(|name| format!("{page}: {name}")));
    }
    wrong
}

/// The steps of the recipes: a numbered item or a paragraph each.
fn steps(page: &str) -> Vec<String> {
    let recipes = page.split_once("\n## Recipes\n").map_or("", |(_, rest)| rest);
    let recipes = recipes.split("\n## ").next().unwrap_or_default();
    let mut steps: Vec<String> = vec![String::new()];
    for line in recipes.lines() {
        let begins = line.is_empty() || line.starts_with(|first: char| first.is_ascii_digit());
        if begins {
            steps.push(String::new());
        }
        if let Some(step) = steps.last_mut() {
            step.push_str(line);
            step.push('\n');
        }
    }
    steps
}

/// The files and folders that a step names, and those of them that are not there. A short name is below a folder of a
/// whole one that stands before it in the step, or below one above that.
fn named(step: &str, root: &Path) -> (usize, Vec<String>) {
    let mut below: BTreeSet<&Path> = BTreeSet::new();
    let (mut count, mut wrong) = (0, Vec::new());
    for name in quoted(step) {
        let is_file = [".rs", ".proto", ".toml", ".md", ".golden"].iter().any(|ending| name.ends_with(ending));
        if name.contains([' ', '<', '(']) || !(is_file || name.ends_with('/')) {
            continue;
        }
        count += 1;
        let path = Path::new(name);
        if is_whole(name) {
            below.extend(path.ancestors().filter(|folder| folder.components().count() >= 2));
        }
        let there = root.join(path).exists() || below.iter().any(|folder| root.join(folder).join(path).exists());
        if !there {
            wrong.push(name.to_owned());
        }
    }
    (count, wrong)
}

#[test]
fn files_that_the_pages_name_exist() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut wrong = Vec::new();
    for page in PAGES {
        wrong.extend(missing(page, &fs::read_to_string(root.join(page))?, &root));
    }
    ensure!(wrong.is_empty(), "pages name what is not there:\n  {}", wrong.join("\n  "));
    Ok(())
}

#[test]
fn files_that_the_recipes_name_exist() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(root.join("CONTRIBUTING.md"))?;
    let recipes = ["Add a statement", "Add a setting", "Add a call", "Add a metric"];
    ensure!(recipes.iter().all(|recipe| page.contains(&format!("\n### {recipe}\n"))), "one of {recipes:?} is missing");
    let (mut count, mut wrong) = (0, Vec::new());
    for step in steps(&page) {
        let (named, missing) = named(&step, &root);
        count += named;
        wrong.extend(missing);
    }
    ensure!(wrong.is_empty(), "CONTRIBUTING.md, Recipes: there is no {wrong:?}");
    ensure!(count > 40, "the search for files finds only {count}");
    Ok(())
}

#[test]
fn a_file_that_is_not_there_is_found() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let wrong = |step: &str| named(step, &root).1;
    assert!(wrong("1. `crates/wire/tests/it/main.rs`, then `keys.rs` and `src/route.rs`; see `Command`").is_empty());
    assert_eq!(wrong("1. `tests/docs/main.rs`, then `gone.rs`"), ["gone.rs"]);
    assert_eq!(wrong("1. `tests/gone/`"), ["tests/gone/"]);
    assert_eq!(
        missing("README.md", "[page](docs/gone.md), `docs/gone.md`, `docs/`\n```\n`docs/no.md`\n```", &root).len(),
        2
    );
    assert_eq!(steps("# Page\n\n## Recipes\n\n1. one\n   more\n2. two\n\n## Next\n\n3. three").len(), 4);
}
