//! Expressions made ready to run: names are bound to columns, functions to code, parameters to values.
//!
//! Whatever can be found wrong without a row is found while binding, so that a listing either fails
//! before its first row or, on arithmetic and types, at the row that has no value.

mod aggregation;
mod bound;
mod call;
mod compare;
mod duration;
mod evaluate;
mod function;
mod iterate;
mod node;
mod number;
mod operator;
mod pattern;
mod row;
mod scope;
mod text;

pub use aggregation::Aggregation;
pub use bound::BoundExpression;
pub use compare::order;
pub use operator::{arithmetic, float};
pub use scope::{Aggregate, Scope};

/// The names of the functions that expressions may call, each with whether it aggregates rows.
pub fn functions() -> impl Iterator<Item = (&'static str, bool)> {
    function::Function::names().map(|name| (name, false)).chain(Aggregation::names().map(|name| (name, true)))
}
