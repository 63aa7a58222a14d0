//! Statements from text to effect, on the pure core.

mod expressions;
mod listings;
mod lowering;
mod privileges;
mod session;
