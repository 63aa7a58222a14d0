//! Standard output, and whether there is one.
//!
//! Where a standard stream is closed when a program begins, the standard library opens the null device in its place, and a
//! stream that is open for reading only is taken for one that wants nothing: all that is printed is gone, and nobody is told.
//! So how standard output was is noted before that.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};

/// Set once, before the program begins.
static IS_CLOSED: AtomicBool = AtomicBool::new(false);

/// The C library runs what stands in this section before it enters the program, and so before the standard library does.
#[used]
#[expect(unsafe_code, reason = "no safe attribute names a section; the function is safe, and needs nothing set up")]
#[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array"))]
#[cfg_attr(target_os = "macos", unsafe(link_section = "__DATA,__mod_init_func"))]
static NOTE_OUTPUT: extern "C" fn() = note_output;

extern "C" fn note_output() {
    let is_writable = fcntl(io::stdout(), FcntlArg::F_GETFL)
        .is_ok_and(|flags| OFlag::from_bits_truncate(flags) & OFlag::O_ACCMODE != OFlag::O_RDONLY);
    IS_CLOSED.store(!is_writable, Ordering::Relaxed);
}

/// Fails if standard output was closed when the program began, or not open for writing. A program that has something to print
/// asks before it does anything.
pub fn writable() -> io::Result<()> {
    if IS_CLOSED.load(Ordering::Relaxed) { Err(Errno::EBADF.into()) } else { Ok(()) }
}

/// Writes to standard output at once, so that a reader of the pipe sees it.
pub fn print(text: &str) -> io::Result<()> {
    writable()?;
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
}
