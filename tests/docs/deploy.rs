//! Every configuration in deploy/ is one that `aliasd` accepts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use aliasd_tests::programs::program;
use anyhow::{Result, ensure};

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
