//! `aliasd`, the daemon. Everything it does is in the library.

#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable))]

use std::process::ExitCode;

fn main() -> ExitCode {
    aliasd_node::commands::run()
}
