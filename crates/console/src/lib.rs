//! What the programs say to whoever runs them, by the same rules: what is printed is never lost in silence, and no text that
//! somebody chose can do anything to a terminal.
//!
//! Only programs that print results use it. It never decides what is said.

#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable, clippy::print_stdout, clippy::print_stderr))]

mod arguments;
mod output;
mod program;
mod text;

pub use arguments::refuse_arguments;
pub use output::{print, writable};
pub use program::{FAILED, MISCONFIGURED, Program, say};
pub use text::{is_unseen, printable, printable_lines};
