//! `aliasctl completion`: scripts that make a shell complete commands and options.

use clap::CommandFactory;
use clap_complete::Shell;

use super::print;
use crate::arguments::Arguments;
use crate::command_error::CommandError;

pub(crate) fn run(shell: Shell) -> Result<(), CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "aliasctl", &mut script);
    print(&String::from_utf8_lossy(&script))
}
