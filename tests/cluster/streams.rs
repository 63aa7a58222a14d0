//! A program goes by what it does, whether anybody reads what it prints or not, and whatever else is in its environment.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use aliasd_tests::programs::program;
use anyhow::{Result, ensure};

/// A pipe that nobody reads any more.
fn closed() -> Result<Stdio> {
    let (reader, writer) = io::pipe()?;
    drop(reader);
    Ok(writer.into())
}

fn configuration() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/three-node/node1.toml")
}

fn check() -> Command {
    let mut command = Command::new(program("aliasd"));
    command.args(["config", "check", "--offline"]).arg(configuration()).env_clear();
    command
}

#[test]
fn a_verdict_that_nobody_reads_is_the_exit_code() -> Result<()> {
    let output = check().stdout(closed()?).stderr(Stdio::piped()).spawn()?.wait_with_output()?;
    ensure!(output.status.code() == Some(0), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    let wrong = Command::new(program("aliasd"))
        .args(["start", "--config", "/nowhere/aliasd.toml"])
        .stderr(closed()?)
        .status()?;
    ensure!(wrong.code() == Some(2), "{wrong}");
    Ok(())
}

#[test]
fn a_variable_that_is_no_text_concerns_nobody_but_its_own_program() -> Result<()> {
    let status = check().env("LESSOPEN", OsStr::from_bytes(b"\xff")).stdout(Stdio::null()).status()?;
    ensure!(status.code() == Some(0), "{status}");
    let output = check().env("ALIASD_NODE_ID", OsStr::from_bytes(b"\xff")).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(2) && said.contains("ALIASD_NODE_ID"), "{}: {said}", output.status);
    let output = Command::new(program("aliasctl"))
        .args(["exec", "--user", "admin", "--endpoints", "127.0.0.1:1", "SHOW DATABASES"])
        .env_clear()
        .env("ALIASD_PASSWORD", OsStr::from_bytes(b"\xff"))
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(2) && said.contains("ALIASD_PASSWORD"), "{}: {said}", output.status);
    Ok(())
}
