//! `aliasd config`: the default configuration, and judging one.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aliasd_console::{FAILED, MISCONFIGURED, printable, say};

use super::{ALIASD, explain, with_hint};
use crate::config::{Commands, Config, DEFAULT_FILE, Diagnostic, Severity};

pub(super) fn print_default() -> ExitCode {
    ALIASD.print(DEFAULT_FILE)
}

pub(super) fn check(files: &[PathBuf], offline: bool, expand_commands: bool) -> ExitCode {
    let commands = match (offline, expand_commands) {
        (true, _) => Commands::Assume,
        (false, true) => Commands::Run,
        (false, false) => Commands::Refuse,
    };
    let (mut good, mut printed) = (true, ExitCode::SUCCESS);
    for file in files {
        if !is_good(file, commands, offline) {
            good = false;
        } else if ALIASD.print(&format!("{}: good\n", printable(&file.display().to_string()))) != ExitCode::SUCCESS {
            printed = ExitCode::from(FAILED);
        }
    }
    if good { printed } else { ExitCode::from(MISCONFIGURED) }
}

/// Says what is wrong with a file; true if a node would start with it.
fn is_good(file: &Path, commands: Commands, offline: bool) -> bool {
    let config = match Config::load(file, commands, std::env::vars_os()) {
        Ok(config) => config,
        Err(error) => {
            say(&format_args!("{}:\n{}", file.display(), explain(&error)));
            return false;
        }
    };
    let found = if offline { Vec::new() } else { config.check() };
    for Diagnostic { severity, error } in &found {
        let severity = match severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        say(&format_args!("{}: {severity}: {}", file.display(), with_hint(error)));
    }
    found.iter().all(|diagnostic| diagnostic.severity < Severity::Error)
}
