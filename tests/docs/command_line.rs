//! docs/cli.md is the help of the programs, command by command.

use std::fs;
use std::path::Path;
use std::process::Command;

use aliasd_tests::programs::program;
use anyhow::{Context, Result, ensure};

const INTRODUCTION: &str = "\
# Command line

<!-- Generated from the programs' own help. A test keeps it current. -->

";

/// The help of a command and, after it, of all commands below it.
fn pages(path: &[&str], page: &mut String) -> Result<()> {
    let name = path.first().context("a path begins with a program")?;
    // The help must not depend on who asks for it.
    let output = Command::new(program(name)).args(&path[1..]).arg("--help").env_clear().output()?;
    let said = String::from_utf8(output.stdout)?;
    ensure!(output.status.success(), "{path:?} --help: {}", String::from_utf8_lossy(&output.stderr));
    page.push_str(&format!("{} `{}`\n\n```text\n{}\n```\n\n", "#".repeat(path.len() + 1), path.join(" "), said.trim()));
    for command in commands(&said) {
        pages(&[path, &[command]].concat(), page)?;
    }
    Ok(())
}

/// The commands that a help lists, itself excluded.
fn commands(help: &str) -> Vec<&str> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // A description that goes on in a second line is indented further than a name.
    let names = listed.filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')));
    names.filter_map(|line| line.split(' ').next()).filter(|name| *name != "help").collect()
}

#[test]
fn commands_are_read_from_a_help() {
    let help = "About.\n\nCommands:\n  start  Starts\n         and stays\n  check  Checks\n  help   Prints\n\nOptions:\n  -h\n";
    assert_eq!(commands(help), ["start", "check"]);
}

#[test]
fn the_command_line_page_is_current() -> Result<()> {
    let mut page = String::from(INTRODUCTION);
    pages(&["aliasctl"], &mut page)?;
    pages(&["aliasd"], &mut page)?;
    pages(&["aliasd-gateway"], &mut page)?;
    let page = page.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim_end().to_owned() + "\n";
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cli.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, &page)?;
    }
    let current = fs::read_to_string(&file).unwrap_or_default();
    ensure!(current == page, "docs/cli.md is out of date: `cargo xtask fix` regenerates it");
    Ok(())
}
