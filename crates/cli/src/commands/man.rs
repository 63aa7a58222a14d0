//! `aliasctl man`: manual pages, made of the help.

use std::path::Path;

use aliasd_console::printable;
use clap::CommandFactory;

use super::print;
use crate::arguments::Arguments;
use crate::command_error::CommandError;

pub(crate) fn run(directory: &Path) -> Result<(), CommandError> {
    let written = std::fs::create_dir_all(directory)
        .and_then(|()| clap_mangen::generate_to(Arguments::command().disable_help_subcommand(true), directory));
    written.map_err(|error| {
        CommandError::about(format!("the manual pages cannot be written to {}", directory.display()), error, "")
    })?;
    print(&format!("{}/aliasctl.1\n", printable(&directory.display().to_string())))
}
