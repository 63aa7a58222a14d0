//! What the documentation says about the programs is what they do: the command line page, and the
//! configurations in deploy/.

mod command_line;
mod deploy;
mod errors;
