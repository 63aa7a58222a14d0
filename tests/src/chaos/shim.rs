//! The library that is loaded into each node (`shim.c`), and its control file.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::disk::{self, Loss};
use super::proxy;
use crate::cluster::Node;
use crate::dice::Dice;

const SOURCE: &str = include_str!("shim.c");

/// The numbers of errors that disks give, the same on every Linux.
pub(super) const EIO: i64 = 5;
pub(super) const ENOSPC: i64 = 28;

/// What the control file holds, by its place there.
#[derive(Clone, Copy, Debug)]
pub(super) enum Control {
    ClockShiftMs = 0,
    SyncDelayMs = 8,
    WriteErrno = 16,
    SyncErrno = 24,
}

/// The library, compiled with the C compiler that the build needed already.
///
/// # Errors
/// There is none, or this is not Linux.
pub(super) fn compile(directory: &Path) -> Result<PathBuf> {
    let (source, library) = (directory.join("shim.c"), directory.join("shim.so"));
    fs::write(&source, SOURCE)?;
    let compiler = env::var_os("CC").filter(|value| !value.to_string_lossy().contains(' '));
    let output = Command::new(compiler.unwrap_or_else(|| "cc".into()))
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&library, &source])
        .output()
        .context("chaos needs a C compiler, `cc` or $CC")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(library)
}

/// What stands between one node and its machine.
#[derive(Debug)]
pub(super) struct Shim {
    library: PathBuf,
    member: u64,
    data: PathBuf,
    control_path: PathBuf,
    control: File,
    journal: PathBuf,
    graves: PathBuf,
}

// === impl Shim ===

impl Shim {
    /// Makes the files of a node's shim. They lie beside its data directory: files are kept by hard links.
    pub(super) fn new(library: &Path, directory: &Path, node: &Node) -> Result<Self> {
        let file = |name: &str| directory.join(format!("{name}-{}", node.id));
        let control_path = file("control");
        fs::write(&control_path, [0; 32])?;
        let control = OpenOptions::new().write(true).open(&control_path)?;
        let graves = file("graves");
        fs::create_dir_all(&graves)?;
        Ok(Self {
            library: library.to_path_buf(),
            member: node.id,
            data: node.data.clone(),
            control_path,
            control,
            journal: file("journal"),
            graves,
        })
    }

    /// Lets a command load it.
    pub(super) fn load(&self, command: &mut Command) {
        command
            .env("LD_PRELOAD", &self.library)
            .env("ALIASD_TEST_SHIM_CONTROL", &self.control_path)
            .env("ALIASD_TEST_SHIM_JOURNAL", &self.journal)
            .env("ALIASD_TEST_SHIM_DATA", &self.data)
            .env("ALIASD_TEST_SHIM_GRAVES", &self.graves)
            .env("ALIASD_TEST_SHIM_SOURCE", proxy::source_of(self.member).to_string());
    }

    /// Changes what the machine does, at once.
    pub(super) fn set(&self, control: Control, value: i64) -> Result<()> {
        Ok(self.control.write_all_at(&value.to_ne_bytes(), control as u64)?)
    }

    /// Takes from a node that has been killed what a power cut may take.
    pub(super) fn cut_power(&self, dice: &mut Dice) -> Result<Loss> {
        disk::cut_power(&self.data, &self.journal, &self.graves, dice)
    }

    /// How often the node was told that its disk failed, since the last power cut.
    pub(super) fn failures(&self) -> Result<usize> {
        disk::failures(&self.journal)
    }

    /// Takes what a node that does not run has for synced, after its directory was put back.
    pub(super) fn forget(&self) -> Result<()> {
        disk::forget(&self.journal, &self.graves)
    }
}
