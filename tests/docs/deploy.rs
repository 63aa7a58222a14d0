//! Every configuration in deploy/ is one that `aliasd` accepts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use aliasd_tests::programs::program;
use anyhow::{Result, anyhow, ensure};

fn configurations(directory: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            configurations(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            found.push(path);
        }
    }
    Ok(())
}

#[test]
fn every_configuration_is_accepted() -> Result<()> {
    let mut found = Vec::new();
    configurations(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy"), &mut found)?;
    ensure!(found.len() >= 3, "deploy/ describes a cluster of three nodes, but has {} configurations", found.len());
    for file in found {
        // Their paths are those of the machines that they are meant for.
        let mut command = Command::new(program("aliasd"));
        let output = command.args(["config", "check", "--offline"]).arg(&file).env_clear().output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{}: {said}{}", file.display(), String::from_utf8_lossy(&output.stdout));
    }
    Ok(())
}

/// What the page tells to put on a node is what the unit and the configurations there read. That it works is seen in the
/// tests on real processes, which do what the page says.
#[test]
fn the_operations_page_names_the_files_that_the_unit_and_the_configurations_read() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(root.join("docs/operations.md"))?;
    let unit = fs::read_to_string(root.join("deploy/systemd/aliasd.service"))?;
    let started = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/bin/"));
    let started = started.ok_or_else(|| anyhow!("the unit starts nothing"))?;
    ensure!(page.contains(started), "the page does not start a node as the unit does: {started}");
    ensure!(page.contains(&started.replace("start --config", "config check")), "the page checks another file");
    let installed = page.lines().find(|line| line.starts_with("install") && line.contains("ca.pem"));
    let installed = installed.ok_or_else(|| anyhow!("the page installs no certificates"))?;
    for number in 1..=3 {
        let file = format!("node{number}.toml");
        let text = fs::read_to_string(root.join("deploy/three-node").join(&file))?;
        let read = text.split(['"', ' ', ')']).filter_map(|word| word.strip_prefix("/etc/aliasd/"));
        for name in read.filter(|name| *name != "aliasd.toml") {
            let on_page = name.replace(&format!("node-{number}"), "node-1");
            let is_installed = installed.split(' ').any(|word| word == on_page);
            ensure!(is_installed, "{file} reads {name}, which the page does not tell to put there");
        }
    }
    Ok(())
}

#[test]
fn a_configuration_with_an_unknown_key_is_refused() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("wrong.toml");
    fs::write(&file, "[node]\nid = 1\ncolour = 'blue'\n")?;
    let output = Command::new(program("aliasd")).args(["config", "check", "--offline"]).arg(&file).output()?;
    let said = [output.stdout, output.stderr].concat();
    ensure!(!output.status.success() && String::from_utf8_lossy(&said).contains("node.colour"), "it was accepted");
    Ok(())
}
