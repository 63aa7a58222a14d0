//! Statements from text to effect, on the pure core.

mod expressions;
mod listings;
mod messages;
mod needs;
mod page;
mod privileges;
mod session;
mod users;
