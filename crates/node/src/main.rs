//! `aliasd`, the daemon. Everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    aliasd_node::commands::run()
}
