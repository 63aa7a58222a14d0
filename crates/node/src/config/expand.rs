//! Command expansion: `$(command)` in the configuration file stands for what the command prints.
//!
//! What a command prints is usually a password, so neither its output nor its error output is ever shown.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use aliasd_keyring::text::text;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use zeroize::Zeroizing;

use super::private::exposure;

/// No password is longer. More output than this is a mistake.
const OUTPUT_SIZE_MAX: u64 = 64 << 10;

/// How long a command may take.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);

/// The command inside `$(…)`, if the value has that form.
pub(super) fn command_of(value: &str) -> Option<&str> {
    value.strip_prefix("$(")?.strip_suffix(')')
}

/// Why commands of that file must not run: whoever may write the file could run anything as our user.
///
/// Returns the message and the hint. Judges the open file, so that it cannot be exchanged in between.
pub(super) fn refusal(file: &File) -> io::Result<Option<(String, String)>> {
    let exposure = exposure(&file.metadata()?);
    Ok(exposure.map(|(message, hint)| (format!("the file holds commands and {message}"), hint)))
}

/// Runs a command and returns what it prints, by the rule of [`aliasd_keyring::text`].
///
/// # Errors
/// A sentence about what went wrong, free of anything that the command printed.
pub(super) fn run(command: &str, timeout: Duration) -> Result<Zeroizing<String>, String> {
    let mut child = Command::new("/bin/sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // A group of its own, so that everything the command started can be ended with it.
        .process_group(0)
        .spawn()
        .map_err(|error| format!("its command could not be started: {error}"))?;
    let group = Pid::from_raw(i32::try_from(child.id()).expect("a process id fits pid_t"));
    let (sender, receiver) = mpsc::channel();
    // Not joined: a process that left the group could hold the pipe open, and must not hold us up.
    thread::spawn(move || {
        let mut output = Zeroizing::new(Vec::new());
        let read = child.stdout.take().map_or(Ok(0), |pipe| pipe.take(OUTPUT_SIZE_MAX + 1).read_to_end(&mut output));
        let status = read.and_then(|_| child.wait());
        // Nobody listens any more after the timeout.
        let _ = sender.send((status, output));
    });
    let finished = receiver.recv_timeout(timeout);
    if finished.is_err() {
        // The group may be gone in this very moment; then there is nothing left to end.
        let _ = killpg(group, Signal::SIGKILL);
    }
    match finished {
        Ok((status, output)) => judge(status, output),
        Err(_) => Err(format!("its command did not end within {} seconds", timeout.as_secs_f32())),
    }
}

fn judge(status: io::Result<ExitStatus>, output: Zeroizing<Vec<u8>>) -> Result<Zeroizing<String>, String> {
    match status {
        Err(error) => return Err(format!("its command could not be waited for: {error}")),
        Ok(status) if !status.success() => return Err(format!("its command failed with {status}")),
        Ok(_) => {}
    }
    if output.len() as u64 > OUTPUT_SIZE_MAX {
        return Err(format!("its command printed more than {OUTPUT_SIZE_MAX} bytes"));
    }
    match text(output) {
        Ok(text) if text.is_empty() => Err("its command printed nothing".to_owned()),
        Ok(text) => Ok(text),
        Err(error) => Err(format!("what its command printed cannot be used: {error}")),
    }
}
