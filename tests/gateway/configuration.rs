//! What the program says of its configuration, without a peer and without a cluster.

use std::fs;
use std::process::Command;

use aliasd_tests::programs::program;
use anyhow::{Result, ensure};

fn said(arguments: &[&str]) -> Result<(Option<i32>, String)> {
    let output = Command::new(program("aliasd-gateway")).args(arguments).env_clear().output()?;
    let both = [output.stdout, output.stderr].concat();
    Ok((output.status.code(), String::from_utf8(both)?))
}

#[test]
fn the_default_configuration_lacks_only_what_nobody_can_know() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("gateway.toml");
    let (code, default) = said(&["config", "default"])?;
    ensure!(code == Some(0), "{default}");
    fs::write(&file, &default)?;
    let path = file.display().to_string();
    let (code, text) = said(&["config", "check", "--offline", &path])?;
    ensure!(code == Some(2), "{text}");
    for setting in ["aliasd.endpoints: is required", "aliasd.certificate: is required"] {
        ensure!(text.contains(setting), "{text}");
    }
    Ok(())
}

#[test]
fn a_file_that_is_not_there_is_named_with_its_setting_and_the_exit_code_says_so() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("gateway.toml");
    let text = "[aliasd]\nendpoints = \"127.0.0.1:1\"\nca = \"/nowhere/ca.pem\"\nuser = \"g\"\npassword_file = \"/nowhere/p\"\n";
    fs::write(&file, text)?;
    let path = file.display().to_string();
    let (code, offline) = said(&["config", "check", "--offline", &path])?;
    ensure!(code == Some(0) && offline.ends_with("good\n"), "{offline}");
    for arguments in [&["config", "check", &path][..], &["start", "--config", &path]] {
        let (code, text) = said(arguments)?;
        ensure!(code == Some(2) && text.contains("aliasd.ca: /nowhere/ca.pem cannot be read"), "{text}");
        ensure!(text.contains("hint: "), "{text}");
    }
    Ok(())
}
