//! A program goes by what it does, whether anybody reads what it prints or not, and whatever else is in its environment.

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

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

/// Where what was asked for cannot be written the end is a failure, whether it was printed already or not.
#[test]
fn what_is_asked_for_and_cannot_be_written_is_a_failure() -> Result<()> {
    let configuration = configuration();
    let configuration = configuration.as_os_str();
    let check = [OsStr::new("config"), OsStr::new("check"), OsStr::new("--offline"), configuration];
    for arguments in [
        check.as_slice(),
        &["config", "default"].map(OsStr::new),
        &["completion", "bash"].map(OsStr::new),
        &["--help"].map(OsStr::new),
        &["--version"].map(OsStr::new),
        &["dev", "--port", "0"].map(OsStr::new),
    ] {
        let full = OpenOptions::new().write(true).open("/dev/full")?;
        let full = Command::new(program("aliasd")).args(arguments).env_clear().stdout(full).output()?;
        let mut closed = Command::new("sh");
        closed.args(["-c", r#"exec "$0" "$@" >&-"#]).arg(program("aliasd")).args(arguments);
        let closed = closed.env_clear().output()?;
        for (output, why) in [(full, "No space left on device"), (closed, "Bad file descriptor")] {
            let said = String::from_utf8_lossy(&output.stderr);
            ensure!(output.status.code() == Some(1), "{arguments:?}: {}: {said}", output.status);
            ensure!(said.contains(&format!("aliasd: the output cannot be written: {why}")), "{arguments:?}: {said}");
        }
    }
    Ok(())
}

/// What it would print is the only way in.
#[test]
fn a_node_to_try_ends_where_nobody_reads_its_password() -> Result<()> {
    let mut dev = Command::new(program("aliasd"));
    let output = dev.args(["dev", "--port", "0"]).env_clear().stdout(closed()?).stderr(Stdio::piped()).spawn()?;
    let output = output.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(1), "{}: {said}", output.status);
    ensure!(said.contains("aliasd: the output cannot be written: Broken pipe"), "{said}");
    Ok(())
}

/// Arguments and file names of the caller's own, as they are shown to it.
#[test]
fn an_argument_can_do_nothing_to_a_terminal() -> Result<()> {
    let trick = "x\u{1b}[31m\u{9b}2J\u{202e}y";
    for name in ["aliasd", "aliasctl"] {
        for arguments in [[trick, ""], ["completion", trick], ["help", trick]] {
            let output = Command::new(program(name)).args(arguments).env_clear().output()?;
            says_harmlessly(&output, &format!("{name} {arguments:?}"))?;
        }
    }
    for arguments in [["config", "check", trick], ["start", "--config", trick]] {
        let output = Command::new(program("aliasd")).args(arguments).env_clear().output()?;
        says_harmlessly(&output, &format!("aliasd {arguments:?}"))?;
    }
    // Nor can one that is repeated where all is well.
    let directory = tempfile::tempdir()?;
    let good = directory.path().join(trick);
    std::fs::copy(configuration(), &good)?;
    let run = |name: &str, arguments: &[&OsStr]| Command::new(program(name)).args(arguments).env_clear().output();
    let check = ["config", "check", "--offline"].map(OsStr::new);
    let manual = [OsStr::new("man"), directory.path().join(format!("{trick}-man")).as_os_str()].map(OsStr::to_owned);
    let manual = [manual[0].as_os_str(), &manual[1]];
    for output in [
        run("aliasd", &[&check[..], &[good.as_os_str()]].concat())?,
        run("aliasd", &manual)?,
        run("aliasctl", &manual)?,
    ] {
        let said = String::from_utf8(output.stdout)?;
        ensure!(output.status.success() && said.contains(r"x\u{1b}[31m"), "{}: {said:?}", output.status);
        ensure!(!said.contains('\u{1b}') && !said.contains('\u{202e}'), "{said:?}");
    }
    Ok(())
}

fn says_harmlessly(output: &Output, of: &str) -> Result<()> {
    let said = String::from_utf8(output.stderr.clone())?;
    ensure!(output.status.code() == Some(2), "{of}: {}: {said}", output.status);
    ensure!(said.contains(r"x\u{1b}[31m\u{9b}2J\u{202e}y"), "{of}: {said:?}");
    ensure!(
        !said.contains(|letter: char| letter != '\n' && letter.is_control() || letter == '\u{202e}'),
        "{of}: {said:?}"
    );
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
