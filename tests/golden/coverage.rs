//! What the scripts cover: every command of the language's table of commands, done and refused, and every code that
//! its page names. In return no script is refused with a code that the page does not name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use aliasd_cypher::{command_of, commands};
use aliasd_tests::golden::{Step, parse};
use anyhow::{Result, ensure};

use crate::scripts;

/// Commands and codes that no script can bring about: the key is the node's, neither the password of who says it
/// nor an alias can change between a statement and itself, and who has none has no password to log in with.
const BEYOND_SCRIPTS: &[(&str, &str)] = &[
    ("CREATE ALIAS", "KEY_NOT_ACTIVE"),
    ("ALTER ALIAS", "KEY_NOT_ACTIVE"),
    ("ALTER ALIAS", "ALIAS_CHANGED"),
    ("ALTER CURRENT USER", "CREDENTIALS_CHANGED"),
    ("ALTER CURRENT USER", "USER_WITHOUT_PASSWORD"),
];

fn steps() -> Result<Vec<(String, Step)>> {
    let mut found = Vec::new();
    for script in scripts()? {
        let name = script.display().to_string();
        let steps = parse(&fs::read_to_string(&script)?).map_err(anyhow::Error::msg)?;
        found.extend(steps.into_iter().map(|step| (format!("{name}:{}", step.line), step)));
    }
    Ok(found)
}

/// The code that the step expects; none if it expects to be done.
fn code(step: &Step) -> Option<&str> {
    step.expected.strip_prefix("refused ")?.split(' ').next()
}

#[test]
fn every_command_is_done_and_refused_by_some_script_in_every_way_that_its_page_names() -> Result<()> {
    let mut seen: BTreeMap<&str, BTreeSet<Option<String>>> = BTreeMap::new();
    for (_, step) in steps()? {
        if let Some(page) = command_of(&step.statement) {
            seen.entry(page.name).or_default().insert(code(&step).map(str::to_owned));
        }
    }
    let mut missing = Vec::new();
    for page in commands() {
        let seen = seen.get(page.name).cloned().unwrap_or_default();
        if !seen.contains(&None) {
            missing.push(format!("{}: never done", page.name));
        }
        let possible = page.refusals.iter().filter(|code| !BEYOND_SCRIPTS.contains(&(page.name, code)));
        for code in possible.filter(|code| !seen.contains(&Some((**code).to_owned()))) {
            missing.push(format!("{}: {code}", page.name));
        }
    }
    ensure!(missing.is_empty(), "no script has:\n{}", missing.join("\n"));
    Ok(())
}

#[test]
fn every_refusal_is_one_that_the_page_of_its_command_names() -> Result<()> {
    let unnamed: BTreeSet<String> = steps()?
        .iter()
        .filter_map(|(place, step)| {
            let (code, page) = (code(step)?, command_of(&step.statement)?);
            (!page.may_refuse(code)).then(|| format!("{}: {code}, {place}", page.name))
        })
        .collect();
    ensure!(
        unnamed.is_empty(),
        "the pages in crates/cypher/src/commands.rs do not name:\n{}",
        Vec::from_iter(unnamed).join("\n")
    );
    Ok(())
}
