//! The aggregations by name: what they gather is computed where there are rows.

use crate::ast::Expression;

/// How the rows of a group become one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregation {
    /// How many values there are, or rows for `count(*)`.
    Count,
    /// The values as a list.
    Collect,
    /// The first in the order of `ORDER BY`.
    Min,
    /// The last in the order of `ORDER BY`.
    Max,
    /// The sum of numbers.
    Sum,
    /// The mean of numbers.
    Avg,
}

// === impl Aggregation ===

impl Aggregation {
    const ALL: [(&'static str, Self); 6] = [
        ("count", Self::Count),
        ("collect", Self::Collect),
        ("min", Self::Min),
        ("max", Self::Max),
        ("sum", Self::Sum),
        ("avg", Self::Avg),
    ];

    /// The names of all of them, which no function of values has.
    pub(super) fn names() -> impl Iterator<Item = &'static str> + Clone {
        Self::ALL.into_iter().map(|(name, _)| name)
    }

    pub(super) fn of(function: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(function)).map(|(_, aggregation)| aggregation)
    }

    /// True if an expression is or holds an aggregation.
    #[must_use]
    pub fn stands_in(expression: &Expression) -> bool {
        expression.any(&mut |part| match part {
            Expression::CountRows => true,
            Expression::Call { function, .. } => Self::of(&function.value).is_some(),
            _ => false,
        })
    }
}
