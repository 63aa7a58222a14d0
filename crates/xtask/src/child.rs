//! Running cargo, and the programs it built, as child processes.
//!
//! Every build but the simulator's selects the whole workspace: a narrower selection can unify the features of
//! dependencies differently, and a different feature anywhere below RocksDB's build script would
//! compile RocksDB a second time.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::compiler;

/// What to expect where nothing is built yet: measured with clang 14 on two cores that did nothing else.
const FIRST_BUILD: &str = "\
first build: some 300 libraries and RocksDB's C++, then our own programs.
About 17 minutes of work for a processor, so some 9 minutes on two cores. Later builds take seconds.";

/// The optimisation profile of a build; each one compiles RocksDB once.
#[derive(Clone, Copy)]
pub(crate) enum BuildProfile {
    /// For tests and the demo.
    Dev,
    /// For measurements.
    Release,
    /// For the simulator, and for nothing else.
    Sim,
}

/// Starts cargo in the root of the workspace with the shared target directory.
pub(crate) struct Cargo {
    program: OsString,
    root: PathBuf,
    target: PathBuf,
    /// Where cargo and the compilers that it starts look for programs.
    path: OsString,
}

// === impl BuildProfile ===

impl BuildProfile {
    /// As cargo's `--profile` takes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Release => "release",
            Self::Sim => "sim",
        }
    }

    /// Where cargo puts what it builds, below the target directory.
    fn directory(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release | Self::Sim => self.name(),
        }
    }
}

// === impl Cargo ===

impl Cargo {
    /// Fails when neither `CARGO_TARGET_DIR`, `XDG_CACHE_HOME` nor `HOME` says where to build.
    pub(crate) fn new() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .nth(2)
            .context("crates/xtask is two levels below the root of the workspace")?
            .to_path_buf();
        let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        // A relative CARGO_TARGET_DIR is meant from where the person stands.
        let target = env::current_dir()?.join(target_directory(|name| env::var_os(name))?);
        let path = compiler::path_with_script(&target)?;
        Ok(Self { program, root, target, path })
    }

    /// Runs `cargo` with these arguments; an error if it does not exit with 0.
    pub(crate) fn run(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<()> {
        let mut command = self.cargo();
        command.args(arguments);
        announce(&command);
        with_signs_of_life(|| succeed(&mut command))
    }

    /// What `cargo` prints with these arguments; an error if it does not exit with 0.
    pub(crate) fn output(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<String> {
        let output = self.cargo().args(arguments).output().context("cannot start cargo")?;
        if !output.status.success() {
            bail!("cargo: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Runs another program on the workspace; an error if it does not exit with 0.
    pub(crate) fn run_tool(&self, mut tool: Command, arguments: &[&str]) -> Result<()> {
        tool.current_dir(&self.root).args(arguments);
        announce(&tool);
        succeed(&mut tool)
    }

    /// As [`Cargo::run`], with one environment variable added.
    pub(crate) fn run_with(
        &self,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        (name, value): (&str, &str),
    ) -> Result<()> {
        let mut command = self.cargo();
        command.args(arguments).env(name, value);
        announce(&command);
        with_signs_of_life(|| succeed(&mut command))
    }

    /// Builds every program of the workspace.
    pub(crate) fn build_programs(&self, profile: BuildProfile) -> Result<()> {
        self.say_what_a_first_build_takes(profile);
        self.run(["build", "--workspace", "--bins", "--locked", "--profile", profile.name()])
    }

    /// Prints what to expect if RocksDB has not been compiled yet.
    pub(crate) fn say_what_a_first_build_takes(&self, profile: BuildProfile) {
        let libraries = fs::read_dir(self.target.join(profile.directory()).join("deps"));
        let mut names = libraries.into_iter().flatten().flatten().map(|entry| entry.file_name());
        if !names.any(|name| name.to_string_lossy().starts_with("liblibrocksdb_sys")) {
            eprintln!("{FIRST_BUILD}");
        }
    }

    /// The root of the workspace.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The directory that everything is built in.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Runs a program that [`Cargo::build_programs`] built; an error if it does not exit with 0.
    pub(crate) fn run_program(
        &self,
        profile: BuildProfile,
        name: &str,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Result<()> {
        succeed(self.program(profile, name).args(arguments))
    }

    /// A program that [`Cargo::build_programs`] built, to be started.
    pub(crate) fn program(&self, profile: BuildProfile, name: &str) -> Command {
        Command::new(self.target.join(profile.directory()).join(name))
    }

    fn cargo(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target).env("PATH", &self.path);
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(describes_this_package) {
                command.env_remove(name);
            }
        }
        command
    }
}

/// `cargo run` describes the package it runs in the environment. Build scripts that look at these
/// variables would run again, with all that depends on them, whenever cargo is called the other way.
fn describes_this_package(name: &str) -> bool {
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
}

fn target_directory(variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    if let Some(target) = set("CARGO_TARGET_DIR") {
        return Ok(target.into());
    }
    let cache = match (set("XDG_CACHE_HOME"), set("HOME")) {
        (Some(cache), _) => PathBuf::from(cache),
        (None, Some(home)) => Path::new(&home).join(".cache"),
        (None, None) => bail!("set CARGO_TARGET_DIR (or HOME) to say where to build"),
    };
    Ok(cache.join("aliasd/target"))
}

/// Says what is run, so that a reader of the output knows what takes the time.
fn announce(command: &Command) {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args()).map(OsStr::to_string_lossy);
    eprintln!("$ {}", words.collect::<Vec<_>>().join(" "));
}

/// Does it, and says once a minute that it goes on where cargo shows no bar: one step of a first build is silent for ten.
fn with_signs_of_life<T>(work: impl FnOnce() -> T) -> T {
    if io::stderr().is_terminal() {
        return work();
    }
    // Dropped when the work is done, which ends the wait below.
    let (_working, done) = mpsc::channel::<()>();
    thread::spawn(move || {
        let mut minutes = 0;
        while done.recv_timeout(Duration::from_secs(60)) == Err(mpsc::RecvTimeoutError::Timeout) {
            minutes += 1;
            eprintln!("  … {minutes} min");
        }
    });
    work()
}

/// Runs it; an error if it does not exit with 0.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let name =
        Path::new(command.get_program()).file_name().unwrap_or(command.get_program()).to_string_lossy().into_owned();
    let first = command.get_args().next().unwrap_or_default();
    let shown = format!("{name} {}", first.to_string_lossy());
    let status = command.status().with_context(|| format!("cannot start `{}`", shown.trim_end()))?;
    if !status.success() {
        bail!("`{}` ended with {status}", shown.trim_end());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(pairs: &[(&str, &str)]) -> Result<PathBuf> {
        target_directory(|name| {
            let found = pairs.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn the_target_directory_is_the_one_asked_for_or_one_in_the_cache() {
        let all = [("CARGO_TARGET_DIR", "/t"), ("XDG_CACHE_HOME", "/x"), ("HOME", "/h")];
        assert_eq!(chosen(&all).unwrap(), Path::new("/t"));
        assert_eq!(chosen(&all[1..]).unwrap(), Path::new("/x/aliasd/target"));
        let home_only = Path::new("/h/.cache/aliasd/target");
        assert_eq!(chosen(&all[2..]).unwrap(), home_only);
        assert_eq!(chosen(&[("CARGO_TARGET_DIR", ""), all[2]]).unwrap(), home_only);
        assert!(chosen(&[]).is_err());
    }
}
