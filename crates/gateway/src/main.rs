//! `aliasd-gateway`, the Bolt front door. Everything it does is in the library.

#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable))]

use std::process::ExitCode;

fn main() -> ExitCode {
    aliasd_gateway::commands::run()
}
