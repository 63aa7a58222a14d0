//! What the programs tell of themselves: completions, manual pages, and the benchmark that still measures.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::process::{Command, Stdio};

use aliasd_tests::programs::program;
use anyhow::{Context, Result, ensure};
use serde_json::Value;

fn run(name: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program(name)).args(arguments).env_clear().output()?;
    let (printed, said) = (String::from_utf8(output.stdout)?, String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.code() == Some(0), "{name} {arguments:?}: {}: {said}", output.status);
    ensure!(said.is_empty(), "{name} {arguments:?}: {said}");
    Ok(printed)
}

/// Every command of a program, with those of its commands: the words after its name.
fn commands(name: &str, above: &[String]) -> Result<BTreeSet<Vec<String>>> {
    let mut arguments: Vec<&str> = above.iter().map(String::as_str).collect();
    arguments.push("--help");
    let help = run(name, &arguments)?;
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // What belongs to the line before is further to the right.
    let words = listed.filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).filter(|word| !word.is_empty());
    let mut found = BTreeSet::new();
    for word in words.filter(|word| *word != "help") {
        let path: Vec<String> = above.iter().cloned().chain([word.to_owned()]).collect();
        found.extend(commands(name, &path)?);
        found.insert(path);
    }
    Ok(found)
}

/// What cannot be printed is a failure, and a reader that has seen enough is none.
#[test]
fn a_page_that_is_not_printed_is_a_failure() -> Result<()> {
    for (name, code) in [("aliasd", 1), ("aliasctl", 5)] {
        for arguments in [["--help"].as_slice(), &["--version"], &["completion", "bash"], &["help"]] {
            let end = |output: Stdio| -> Result<(Option<i32>, String)> {
                let output = Command::new(program(name)).args(arguments).env_clear().stdout(output).output()?;
                Ok((output.status.code(), String::from_utf8(output.stderr)?))
            };
            let full = OpenOptions::new().write(true).open("/dev/full")?;
            let (ended, said) = end(full.into())?;
            ensure!(
                ended == Some(code) && said.contains("the output cannot be written"),
                "{name} {arguments:?}: {said}"
            );
            let (reader, writer) = std::io::pipe()?;
            drop(reader);
            ensure!(end(writer.into())? == (Some(0), String::new()), "{name} {arguments:?}");
        }
    }
    Ok(())
}

#[test]
fn every_command_is_completed_and_has_a_manual_page() -> Result<()> {
    for (name, known) in [("aliasd", "config check"), ("aliasctl", "cluster transfer")] {
        let commands = commands(name, &[])?;
        let known: Vec<String> = known.split(' ').map(str::to_owned).collect();
        ensure!(commands.contains(&known), "the help of {name} is not understood: {commands:?}");
        for shell in ["bash", "zsh", "fish"] {
            let script = run(name, &["completion", shell])?;
            let words: BTreeSet<&str> =
                script.split(|letter: char| !letter.is_alphanumeric() && letter != '-').collect();
            for command in commands.iter().flatten() {
                ensure!(words.contains(command.as_str()), "{shell} does not complete {command} of {name}");
            }
        }
        let directory = tempfile::tempdir()?;
        let pages = directory.path().join("pages");
        run(name, &["man", pages.to_str().context("a path of this test")?])?;
        for command in commands.iter().chain([&Vec::new()]) {
            let page = format!("{}.1", [&[name.to_owned()], command.as_slice()].concat().join("-"));
            let text = fs::read_to_string(pages.join(&page)).with_context(|| page.clone())?;
            ensure!(text.contains(".TH") && text.contains("SYNOPSIS"), "{page}: {text}");
        }
    }
    Ok(())
}

/// What `cargo xtask bench` runs, for a few seconds: no figure counts here, only that there is one of each.
#[test]
fn everything_can_still_be_measured() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("figures.json");
    let mut command = Command::new(program("aliasd-bench"));
    let output = command.args(["--smoke", "--json"]).arg(&file).output()?;
    let (printed, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.code() == Some(0), "{}: {said}", output.status);
    ensure!(printed.lines().count() > 10, "{printed}");
    let figures: Value = serde_json::from_slice(&fs::read(&file)?)?;
    for part in ["language", "reads", "writes", "memory", "listings"] {
        let there = match &figures[part] {
            Value::Array(figures) => !figures.is_empty(),
            Value::Object(figures) => !figures.is_empty(),
            _ => false,
        };
        ensure!(there, "{part} was not measured: {figures}");
    }
    Ok(())
}
