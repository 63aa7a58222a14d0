//! Every section of docs/semantics.md that a source, test, script or page cites is there.
//!
//! A citation is "semantics", the section sign and the number; more numbers may follow in the same line. Within the page
//! itself the sign and the number are enough. Of another document the sign may only stand behind "RFC".

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};

use crate::files::texts;

const SIGN: char = '\u{a7}';
const PAGE: &str = "docs/semantics.md";

/// The numbers of the page's headings: `## 1 …`, `### 1.4 …`.
fn headings(page: &str) -> BTreeSet<&str> {
    let titles =
        page.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim_start());
    let numbers = titles.filter_map(|title| title.split(' ').next());
    numbers.filter(|word| word.starts_with(|first: char| first.is_ascii_digit())).collect()
}

/// What is wrong with the citations of a text, one line each.
fn mistakes(path: &str, text: &str, headings: &BTreeSet<&str>) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let Some((before, _)) = line.split_once(SIGN) else { continue };
        if before.contains("RFC ") {
            continue;
        }
        let mut wrong = |what: String| found.push(format!("{path}:{}: {what}", number + 1));
        if path != PAGE && !before.ends_with("semantics ") {
            wrong(format!("which document's section? Write \"semantics {SIGN}1.4\""));
        }
        for cited in line.split(SIGN).skip(1) {
            let end = cited.find(|next: char| !(next.is_ascii_digit() || next == '.')).unwrap_or(cited.len());
            let section = cited[..end].trim_end_matches('.');
            if !headings.contains(section) {
                wrong(format!("{PAGE} has no section '{section}'"));
            }
        }
    }
    found
}

#[test]
fn cited_sections_exist() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(root.join(PAGE))?;
    let headings = headings(&page);
    let texts = texts(&root)?;
    let wrong: Vec<String> = texts.iter().flat_map(|(path, text)| mistakes(path, text, &headings)).collect();
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    let cites = |(path, text): &&(String, String)| path != PAGE && text.contains(&format!("semantics {SIGN}"));
    ensure!(texts.iter().filter(cites).count() > 10, "the search for citations finds hardly any");
    Ok(())
}

#[test]
fn a_section_that_is_not_there_is_found() {
    let headings = headings("# What\n\n## 1 Statements\n\n### 1.4 CREATE ALIAS\n");
    let mistakes = |path, line: &str| mistakes(path, &line.replace('$', &SIGN.to_string()), &headings).len();
    assert_eq!(mistakes("a.rs", "//! As semantics $1.4 says, and $1."), 0);
    assert_eq!(mistakes("a.rs", "//! As semantics $1.5 says."), 1);
    assert_eq!(mistakes("a.rs", "//! As semantics $1.4 and $2 say."), 1);
    assert_eq!(mistakes("a.rs", "//! $1.4 of the reference"), 1);
    assert_eq!(mistakes("a.rs", "// RFC 7292, $4.2.5"), 0);
    assert_eq!(mistakes(PAGE, "as $1.4 says"), 0);
    assert_eq!(mistakes(PAGE, "as $1.41 says"), 1);
}
