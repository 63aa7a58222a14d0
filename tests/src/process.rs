//! Child processes that never outlive their owner, and what they print.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;

use crate::wait;

/// The ids of the processes that this one has to end: when a signal ends it, nothing is dropped.
static OWNED: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Kills every process that was started here and not left, and lets none be started any more. For a program that is
/// about to end without dropping what it has.
pub fn kill_all() {
    let owned = OWNED.lock().unwrap_or_else(PoisonError::into_inner);
    for id in owned.iter().filter_map(|id| i32::try_from(*id).ok()).map(Pid::from_raw) {
        // Errors mean that it has ended already, which is what is wanted. Once it is waited for, it writes no more.
        let _ = kill(id, Signal::SIGKILL);
        let _ = waitpid(id, None);
    }
    // Never unlocked again, so that a thread that is about to start another one waits for the end.
    std::mem::forget(owned);
}

/// A running program whose output goes to a file. Dropping it kills the program.
pub struct Process {
    name: String,
    child: Child,
    output: PathBuf,
    leave: bool,
}

// === impl Process ===

impl Process {
    /// Starts the program with standard output and error appended to the file `output`.
    pub fn start(name: &str, command: &mut Command, output: &Path) -> Result<Self> {
        let file = append(output)?;
        let mut owned = OWNED.lock().unwrap_or_else(PoisonError::into_inner);
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("cannot start {:?}", command.get_program()))?;
        owned.insert(child.id());
        Ok(Self { name: name.to_owned(), child, output: output.to_path_buf(), leave: false })
    }

    /// The id of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How the program ended, if it has.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        let status = self.child.try_wait().ok().flatten();
        if status.is_some() {
            self.disown();
        }
        status
    }

    /// Everything the program has printed so far, over all its starts with the same output file.
    pub fn output(&self) -> String {
        let bytes = fs::read(&self.output).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// SIGKILL: the program gets no chance to do anything more. Returns once it is gone.
    pub fn kill(&mut self) {
        // An error means that it has ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.disown();
    }

    /// Its id may be another process's from now on, or it is to go on alone.
    fn disown(&self) {
        OWNED.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.child.id());
    }

    /// Sends a signal; fails if the program has ended.
    pub fn signal(&mut self, signal: Signal) -> Result<()> {
        if let Some(status) = self.exited() {
            bail!("{} has already ended with {status}:\n{}", self.name, self.output());
        }
        let id = i32::try_from(self.child.id()).context("process ids are positive")?;
        kill(Pid::from_raw(id), signal).with_context(|| format!("{signal} to {}", self.name))
    }

    /// SIGTERM, then waits for the program to end by itself.
    pub fn terminate(&mut self, limit: Duration) -> Result<ExitStatus> {
        self.signal(Signal::SIGTERM)?;
        self.wait(limit)
    }

    /// Waits for the program to end by itself.
    pub fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let what = format!("{} to end", self.name);
        let (status, _) = wait::until(&what, limit, || self.exited().ok_or("it still runs"))?;
        Ok(status)
    }

    /// Lets the program go on running when this is dropped.
    pub fn leave(&mut self) {
        self.disown();
        self.leave = true;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.leave {
            self.kill();
        }
    }
}

/// What a program that was run to its end printed, and how it ended.
pub struct Finished {
    /// What it printed to standard output.
    pub stdout: String,
    /// What it printed to standard error.
    pub stderr: String,
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
}

/// Runs a program to its end. Both outputs are also appended to the file `record`, so that a later
/// search sees everything that anybody was shown.
pub fn run(command: &mut Command, record: &Path) -> Result<Finished> {
    use std::io::Write as _;

    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    let mut file = append(record)?;
    file.write_all(&output.stdout)?;
    file.write_all(&output.stderr)?;
    Ok(Finished {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code(),
    })
}

fn append(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    let file = options.create(true).append(true).open(path);
    file.with_context(|| format!("cannot write {}", path.display()))
}
