//! Statements from text to command, and the page that describes them.

mod lowering;
mod page;
mod versions;
