//! What the documentation says about the programs is what they do: the command line page, the configurations in
//! deploy/, the codes of the SDK; and what is cited of it, or named in it, is there.

mod command_line;
mod deploy;
mod errors;
mod files;
mod paths;
mod semantics;
mod words;
