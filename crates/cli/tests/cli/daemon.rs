//! A real node: `aliasd dev`.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A running node with its administrator. Ends when dropped.
pub(crate) struct Daemon {
    child: Child,
    /// Kept open, so that it can go on to print.
    _said: BufReader<ChildStdout>,
    pub(crate) endpoint: String,
    pub(crate) ca: String,
    pub(crate) password: String,
}

impl Daemon {
    pub(crate) fn start() -> Self {
        let mut command = Command::new(program());
        let mut child = command.args(["dev", "--port", "0"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut text = String::new();
        // Read to the last line of what it says: what it cannot print would end it.
        while !text.contains("Everything is in") && said.read_line(&mut text).unwrap() > 0 {}
        let value = |name: &str| {
            let given = text.lines().find_map(|line| line.trim().strip_prefix("export ")?.strip_prefix(name));
            given.and_then(|given| given.strip_prefix('=')).unwrap_or_default().to_owned()
        };
        let [endpoint, ca, password] = ["ALIASD_ENDPOINTS", "ALIASD_CA", "ALIASD_PASSWORD"].map(value);
        assert!(!password.is_empty(), "the node did not start");
        Self { child, _said: said, endpoint, ca, password }
    }

    /// Stops the process as it stands: its connections stay open and nothing is answered.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
    }

    pub(crate) fn thaw(&self) {
        self.signal(Signal::SIGCONT);
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // A frozen process would never hear that it should end.
        self.thaw();
        self.signal(Signal::SIGTERM);
        let _ = self.child.wait();
    }
}

/// The daemon beside the program under test, or in the directory that `ALIASD_PROGRAMS` names.
fn program() -> PathBuf {
    let beside = PathBuf::from(env!("CARGO_BIN_EXE_aliasctl")).with_file_name("aliasd");
    let program =
        std::env::var_os("ALIASD_PROGRAMS").map_or(beside, |directory| PathBuf::from(directory).join("aliasd"));
    assert!(program.exists(), "{} is missing: `cargo build --workspace --bins` builds it", program.display());
    program
}
