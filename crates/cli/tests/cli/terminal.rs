//! A terminal with a program in it: a real pseudo-terminal, and a screen that shows what the program writes.

use std::io::{Read, Write};
use std::process::Child;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::termios::{LocalFlags, tcgetattr};
use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};

/// So high that nothing scrolls away: the screen is the transcript.
const ROWS: u16 = 400;
const COLUMNS: u16 = 100;

/// How long a program may take to show something.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// The question where the cursor is (ECMA-48, device status report), which a terminal answers.
const CURSOR_QUESTION: &[u8] = b"\x1b[6n";

pub(crate) struct Terminal {
    pty: Arc<Pty>,
    child: Child,
    shown: Arc<(Mutex<Shown>, Condvar)>,
    /// Ends with the program.
    reader: Option<JoinHandle<()>>,
}

struct Shown {
    screen: vt100::Parser,
    /// Everything that the program wrote.
    bytes: Vec<u8>,
}

impl Terminal {
    /// Starts a program that is given as if it were for a shell without a terminal.
    pub(crate) fn start(command: std::process::Command) -> Self {
        let (pty, inside) = open().unwrap();
        pty.resize(Size::new(ROWS, COLUMNS)).unwrap();
        let child = Command::from(command).spawn(inside).unwrap();
        let screen = vt100::Parser::new(ROWS.try_into().unwrap(), COLUMNS.try_into().unwrap(), 0);
        let shown = Arc::new((Mutex::new(Shown { screen, bytes: Vec::new() }), Condvar::new()));
        let pty = Arc::new(pty);
        let (reader, seen) = (Arc::clone(&pty), Arc::clone(&shown));
        let reader = Some(thread::spawn(move || show(&reader, &seen)));
        Self { pty, child, shown, reader }
    }

    pub(crate) fn press(&self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).unwrap();
    }

    /// The text on the screen, without blanks at the ends of lines.
    pub(crate) fn text(&self) -> String {
        let shown = self.shown.0.lock().unwrap();
        let text = shown.screen.screen().contents();
        text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim_end().to_owned() + "\n"
    }

    /// Everything that was written, escape sequences included.
    pub(crate) fn written(&self) -> String {
        String::from_utf8_lossy(&self.shown.0.lock().unwrap().bytes).into_owned()
    }

    /// Waits for this at the end of the screen.
    pub(crate) fn wait_for(&self, end: &str) {
        self.wait(&format!("{end:?} at the end"), |terminal| terminal.text().trim_end().ends_with(end.trim_end()));
    }

    pub(crate) fn wait(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + WAIT_MAX;
        while !is_so(self) {
            assert!(Instant::now() < deadline, "no {what}:\n{}\n{:?}", self.text(), self.written());
            let shown = self.shown.0.lock().unwrap();
            // Whatever is written wakes this up. What was written since the look is seen a moment later.
            let _ = self.shown.1.wait_timeout(shown, Duration::from_millis(50)).unwrap();
        }
    }

    /// Waits until the terminal echoes nothing, as while a password is typed.
    pub(crate) fn wait_for_silence(&self) {
        let echoes = || tcgetattr(&*self.pty).unwrap().local_flags.contains(LocalFlags::ECHO);
        self.wait("silence", |_| !echoes());
    }

    /// Waits until the terminal makes a signal of Ctrl-C, as while a statement runs.
    pub(crate) fn wait_for_signals(&self) {
        let makes_signals = || tcgetattr(&*self.pty).unwrap().local_flags.contains(LocalFlags::ISIG);
        self.wait("signals", |_| makes_signals());
    }

    /// Waits for the program to end, and gives its exit code. After this the screen is complete.
    pub(crate) fn ended(&mut self) -> i32 {
        let status = self.child.wait().unwrap();
        self.reader.take().unwrap().join().unwrap();
        status.code().unwrap()
    }
}

/// Takes in what the program writes, and answers as a terminal does, until the program is gone.
fn show(pty: &Pty, shown: &(Mutex<Shown>, Condvar)) {
    let mut pending = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = (&mut &*pty).read(&mut buffer) {
        pending.extend_from_slice(&buffer[..length]);
        let mut shown_now = shown.0.lock().unwrap();
        shown_now.bytes.extend_from_slice(&buffer[..length]);
        while let Some(at) = pending.windows(CURSOR_QUESTION.len()).position(|window| window == CURSOR_QUESTION) {
            shown_now.screen.process(&pending[..at]);
            pending.drain(..at + CURSOR_QUESTION.len());
            let (row, column) = shown_now.screen.screen().cursor_position();
            let answer = format!("\x1b[{};{}R", row + 1, column + 1);
            (&mut &*pty).write_all(answer.as_bytes()).unwrap();
        }
        // The beginning of a question may be all that has come of it.
        let kept = (1..CURSOR_QUESTION.len()).rev().find(|length| pending.ends_with(&CURSOR_QUESTION[..*length]));
        let whole = pending.len() - kept.unwrap_or(0);
        shown_now.screen.process(&pending[..whole]);
        pending.drain(..whole);
        shown.1.notify_all();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It has ended, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
