//! Statements from text to effect, on the pure core.

mod expressions;
mod listings;
mod messages;
mod page;
mod privileges;
mod session;
mod users;
