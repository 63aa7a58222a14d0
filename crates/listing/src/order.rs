//! `ORDER BY`, `SKIP` and `LIMIT`: which rows are kept, in which order, and how many are held to find out.

use std::cmp::Ordering;

use aliasd_catalog::Value;
use aliasd_cypher::ast::OrderItem;
use aliasd_cypher::formula::{BoundExpression, Scope, order};
use aliasd_cypher::{SpannedError, SpannedRefusal};

use super::rows::Rows;

/// What to sort by: expressions, each ascending or descending.
#[derive(Clone, Debug, Default)]
pub(super) struct Order(Vec<(BoundExpression, bool)>);

/// Rows held until their order is known, and no more of them than may be wanted.
pub(super) struct Ranking<'a> {
    order: &'a Order,
    /// How many are wanted at most.
    wanted: usize,
    /// What decides a row's place, and the row. The wanted ones among those seen, and some that are not.
    held: Vec<(Vec<Value>, Vec<Value>)>,
}

/// Rows that a ranking holds before it begins to drop what is not wanted.
pub(super) const HELD_MIN: usize = 512;

/// Which of the rows to keep.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Page {
    pub(super) skip: usize,
    pub(super) limit: Option<usize>,
}

// === impl Order ===

impl Order {
    pub(super) fn bind<'a>(items: &'a [OrderItem], scope: &mut Scope<'a>) -> Result<Self, SpannedError> {
        let items = items.iter().map(|item| Ok((scope.bind(&item.expression)?, item.descending)));
        Ok(Self(items.collect::<Result<_, SpannedError>>()?))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// No order at all if this one asks for nothing but a column that the rows come ascending by anyway.
    pub(super) fn unless(self, comes_sorted_by: impl Fn(usize) -> bool) -> Self {
        match self.0.as_slice() {
            [(expression, false)] if expression.as_column().is_some_and(comes_sorted_by) => Self::default(),
            _ => self,
        }
    }

    /// The values of a row that decide its place.
    pub(super) fn key(&self, row: &[Value]) -> Result<Vec<Value>, SpannedError> {
        self.0.iter().map(|(formula, _)| Ok(formula.evaluate(row)?.into_owned())).collect()
    }

    fn compare(&self, left: &[Value], right: &[Value]) -> Ordering {
        let pairs = self.0.iter().zip(left.iter().zip(right));
        pairs.fold(Ordering::Equal, |so_far, ((_, descending), (left, right))| {
            so_far.then_with(|| if *descending { order(right, left) } else { order(left, right) })
        })
    }

    /// Sorts; rows that compare equal keep their order. Without items, nothing is held back.
    pub(super) fn sort<'a>(&'a self, rows: Rows<'a>, page: Page) -> Result<Rows<'a>, SpannedRefusal> {
        if self.is_empty() {
            return Ok(rows);
        }
        let mut ranking = Ranking::new(self, page);
        for row in rows {
            let row = row?;
            ranking.add(self.key(&row)?, row);
        }
        Ok(ranking.rows())
    }
}

// === impl Ranking ===

impl<'a> Ranking<'a> {
    pub(super) fn new(order: &'a Order, page: Page) -> Self {
        Self { order, wanted: page.end(), held: Vec::new() }
    }

    pub(super) fn add(&mut self, key: Vec<Value>, row: Vec<Value>) {
        self.held.push((key, row));
        // Half of what is held goes at once, so that a row costs no more than in a sort of them all.
        if self.held.len() >= self.wanted.saturating_mul(2).max(HELD_MIN) {
            self.settle();
        }
    }

    /// Drops what comes after the wanted rows. Of equal rows the earlier stay, since sorting keeps their order.
    fn settle(&mut self) {
        self.held.sort_by(|(left, _), (right, _)| self.order.compare(left, right));
        self.held.truncate(self.wanted);
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.held.len()
    }

    /// The wanted rows, in order.
    pub(super) fn rows(mut self) -> Rows<'a> {
        self.settle();
        Box::new(self.held.into_iter().map(|(_, row)| Ok(row)))
    }
}

// === impl Page ===

impl Page {
    /// How many rows can be looked at before the last that is kept.
    fn end(self) -> usize {
        self.limit.map_or(usize::MAX, |limit| self.skip.saturating_add(limit))
    }

    pub(super) fn cut<'a>(self, rows: Rows<'a>) -> Rows<'a> {
        match self {
            Self { skip: 0, limit: None } => rows,
            Self { skip, limit } => Box::new(rows.skip(skip).take(limit.unwrap_or(usize::MAX))),
        }
    }
}
