//! `aliasctl` as its users meet it: the real program, what it prints where, and how it ends. The node that answers
//! is one in this process that says what each test wants, but for the shell, which meets a real one. The real cluster is
//! met in the tests package.
#![expect(clippy::unwrap_used, reason = "a test that fails with a panic at the line is a good test")]

mod cluster;
mod daemon;
mod ends;
mod exec;
mod explain;
mod files;
mod identity;
mod node;
mod program;
mod shell;
mod terminal;
