//! Finding the programs of this workspace that stand beside the running one.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Where the built program of this name is.
///
/// Under `cargo test` the programs are built first, once: a test on real processes must never meet a
/// program that is older than the sources. Elsewhere they were built together with the caller.
/// `ALIASD_PROGRAMS` names a directory to take them from instead, such as that of an installed package.
///
/// # Panics
/// If they do not build, or the program is not there.
pub fn program(name: &str) -> PathBuf {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    let directory = DIRECTORY.get_or_init(|| {
        if let Some(given) = env::var_os("ALIASD_PROGRAMS") {
            return PathBuf::from(given);
        }
        directory()
    });
    let program = directory.join(name);
    assert!(program.exists(), "{} is missing: `cargo xtask test` builds it", program.display());
    program
}

/// A directory with the programs as they are built for tests, which die where `ALIASD_FAILPOINT` says and make the mistake that
/// `ALIASD_PLANT` names. [`program`] gives those of a build for use, which do neither.
///
/// # Errors
/// They do not build, or cannot be copied from where cargo leaves one or the other.
pub fn with_faults() -> Result<PathBuf> {
    let directory = self::directory().join("with-faults");
    let cargo = env::var_os("CARGO").context("these programs are built by cargo: run it with `cargo test`")?;
    let mut command = Command::new(cargo);
    // The features of a build for tests are those of all dependencies, those of tests included.
    command.args(["build", "--workspace", "--bins", "--tests", "--locked", "--message-format", "json"]);
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    forget_this_package(&mut command);
    let output = command.stderr(Stdio::inherit()).output().context("cannot start cargo")?;
    ensure!(output.status.success(), "the programs under test do not build");
    fs::create_dir_all(&directory)?;
    for line in std::str::from_utf8(&output.stdout)?.lines() {
        let message: Value = serde_json::from_str(line)?;
        let is_program = message["target"]["kind"][0] == "bin" && message["profile"]["test"] == false;
        let Some(built) = message["executable"].as_str().map(Path::new).filter(|_| is_program) else { continue };
        let name = built.file_name().context("a program has a name")?;
        // Replaced as a whole: another one may be running.
        let next = directory.join(format!("{}.{}", name.display(), std::process::id()));
        fs::copy(built, &next)?;
        fs::rename(next, directory.join(name))?;
    }
    Ok(directory)
}

/// `target/debug` for both `target/debug/aliasd-story` and `target/debug/deps/cluster-0123`. Only the latter builds: also
/// below `cargo xtask` there is a `CARGO`.
fn directory() -> PathBuf {
    let this = env::current_exe().expect("a running program has a path");
    let parent = this.parent().expect("a program is in a directory");
    if !parent.ends_with("deps") {
        return parent.to_path_buf();
    }
    let above = parent.parent().expect("`deps` is in the directory of a profile");
    if let Some(cargo) = env::var_os("CARGO") {
        build(Path::new(&cargo), above);
    }
    above.to_path_buf()
}

fn build(cargo: &Path, directory: &Path) {
    let target = directory.parent().expect("a profile is in the target directory");
    let mut command = Command::new(cargo);
    command
        // The same selection as everywhere else, so that nothing is built a second time.
        .args(["build", "--quiet", "--workspace", "--bins", "--locked", "--target-dir"])
        .arg(target)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    if directory.ends_with("release") {
        command.arg("--release");
    }
    forget_this_package(&mut command);
    let status = command.status().expect("cargo runs this test, so cargo can be run");
    assert!(status.success(), "the programs under test do not build");
}

/// cargo describes the package under test in the environment; build scripts that look would run again.
pub fn forget_this_package(command: &mut Command) {
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
}
