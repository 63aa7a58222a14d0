//! `RETURN`: computed columns, aggregation by groups, `DISTINCT`, order and paging.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use aliasd_catalog::{Float, Value};
use aliasd_cypher::ast::BinaryOperator;
use aliasd_cypher::formula::{Aggregate, Aggregation, BoundExpression, arithmetic, float, order};
use aliasd_cypher::{Span, SpannedError, SpannedRefusal};

use super::order::{Order, Page, Ranking};
use super::rows::Rows;

/// A bound `RETURN`.
#[derive(Clone, Debug)]
pub(super) struct Returns {
    /// The result's columns: name and what is in them.
    pub(super) items: Vec<(String, Item)>,
    /// What is computed of each group, for the items that aggregate.
    pub(super) aggregates: Vec<Aggregate>,
    pub(super) distinct: bool,
    pub(super) order: Order,
    pub(super) page: Page,
}

/// One item of a `RETURN`.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// Computed from one row; also what rows are grouped by.
    Value(BoundExpression),
    /// Computed from a row for a group: the values of the items, where those that aggregate are still NULL, then the
    /// aggregates.
    OfGroup(BoundExpression),
}

// === impl Item ===

impl Item {
    pub(super) fn column(place: usize) -> Self {
        Self::Value(BoundExpression::of_column(place))
    }

    pub(super) fn aggregates(&self) -> bool {
        matches!(self, Self::OfGroup(_))
    }

    /// The column of the row that it returns unchanged, if it does.
    pub(super) fn as_column(&self) -> Option<usize> {
        match self {
            Self::Value(expression) => expression.as_column(),
            Self::OfGroup(_) => None,
        }
    }
}

// === impl Returns ===

impl Returns {
    pub(super) fn run<'a>(&'a self, rows: Rows<'a>) -> Result<Rows<'a>, SpannedRefusal> {
        let aggregates = self.items.iter().any(|(_, item)| item.aggregates());
        // Pairs of what is returned and the row that it came from, which ORDER BY may still refer to.
        let pairs: Pairs<'a> = if aggregates {
            Box::new(self.groups(rows)?.into_iter().map(|row| Ok((row, Vec::new()))))
        } else {
            Box::new(rows.map(move |row| {
                let row = row?;
                Ok((self.values(&row)?, row))
            }))
        };
        let pairs = if self.distinct { distinct(pairs) } else { pairs };
        Ok(self.page.cut(self.sort(pairs)?))
    }

    fn values(&self, row: &[Value]) -> Result<Vec<Value>, SpannedError> {
        let values = self.items.iter().map(|(_, item)| match item {
            Item::Value(formula) => Ok(formula.evaluate(row)?.into_owned()),
            Item::OfGroup(_) => Ok(Value::Null),
        });
        values.collect()
    }

    /// One row for each group, in the order in which the groups first appear.
    fn groups(&self, rows: Rows<'_>) -> Result<Vec<Vec<Value>>, SpannedRefusal> {
        let mut places: BTreeMap<Vec<Value>, usize> = BTreeMap::new();
        let mut groups: Vec<(Vec<Value>, Vec<Accumulator>)> = Vec::new();
        let accumulators = || self.aggregates.iter().map(|_| Accumulator::default()).collect();
        for row in rows {
            let row = row?;
            let key = self.values(&row)?;
            let place = *places.entry(key).or_insert_with_key(|key| {
                groups.push((key.clone(), accumulators()));
                groups.len() - 1
            });
            for (aggregate, accumulator) in self.aggregates.iter().zip(&mut groups[place].1) {
                let argument = aggregate.argument.as_ref();
                let value = argument.map(|argument| argument.evaluate(&row)).transpose()?;
                let span = argument.map_or(Span::default(), BoundExpression::span);
                accumulator.add(aggregate, value.map(Cow::into_owned), span)?;
            }
        }
        // Aggregating no rows without a key gives one row: `count(*)` is then 0.
        let has_key = self.items.iter().any(|(_, item)| !item.aggregates());
        if groups.is_empty() && !has_key {
            groups.push((vec![Value::Null; self.items.len()], accumulators()));
        }
        groups.into_iter().map(|(key, accumulators)| self.finish(key, accumulators)).collect()
    }

    /// The row that is returned for a group.
    fn finish(&self, key: Vec<Value>, accumulators: Vec<Accumulator>) -> Result<Vec<Value>, SpannedRefusal> {
        let mut group = key;
        let aggregated = self.aggregates.iter().zip(accumulators);
        group.extend(aggregated.map(|(aggregate, accumulator)| accumulator.finish(aggregate.aggregation)));
        let returned = self.items.iter().enumerate().map(|(place, (_, item))| match item {
            Item::Value(_) => Ok(group[place].clone()),
            Item::OfGroup(formula) => Ok(formula.evaluate(&group)?.into_owned()),
        });
        returned.collect()
    }

    fn sort<'a>(&'a self, pairs: Pairs<'a>) -> Result<Rows<'a>, SpannedRefusal> {
        if self.order.is_empty() {
            return Ok(Box::new(pairs.map(|pair| pair.map(|(returned, _)| returned))));
        }
        let mut ranking = Ranking::new(&self.order, self.page);
        for pair in pairs {
            let (returned, row) = pair?;
            let width = returned.len();
            let mut both = returned;
            both.extend(row);
            let key = self.order.key(&both)?;
            both.truncate(width);
            ranking.add(key, both);
        }
        Ok(ranking.rows())
    }
}

type Pairs<'a> = Box<dyn Iterator<Item = Result<(Vec<Value>, Vec<Value>), SpannedRefusal>> + Send + 'a>;

/// The first of equal rows.
fn distinct(pairs: Pairs<'_>) -> Pairs<'_> {
    let mut seen = BTreeSet::new();
    Box::new(pairs.filter(move |pair| match pair {
        Ok((returned, _)) => seen.insert(returned.clone()),
        Err(_) => true,
    }))
}

/// What an aggregation remembers of a group. NULL is never counted or collected.
#[derive(Default)]
struct Accumulator {
    count: i64,
    values: Vec<Value>,
    seen: BTreeSet<Value>,
    best: Option<Value>,
    sum: Option<Value>,
}

impl Accumulator {
    /// Takes the value of one row; none for `count(*)`.
    ///
    /// # Errors
    /// A sum of what is no number, or one that does not fit.
    fn add(&mut self, aggregate: &Aggregate, value: Option<Value>, span: Span) -> Result<(), SpannedError> {
        let Some(value) = value else {
            self.count += 1;
            return Ok(());
        };
        if value == Value::Null || (aggregate.distinct && !self.seen.insert(value.clone())) {
            return Ok(());
        }
        match aggregate.aggregation {
            Aggregation::Count => self.count += 1,
            Aggregation::Collect => self.values.push(value),
            Aggregation::Min if self.best.as_ref().is_none_or(|best| order(&value, best).is_lt()) => {
                self.best = Some(value);
            }
            Aggregation::Max if self.best.as_ref().is_none_or(|best| order(&value, best).is_gt()) => {
                self.best = Some(value);
            }
            Aggregation::Min | Aggregation::Max => {}
            Aggregation::Sum | Aggregation::Avg => {
                self.count += 1;
                let so_far = self.sum.take().unwrap_or(Value::Integer(0));
                self.sum = Some(arithmetic(BinaryOperator::Add, Cow::Owned(so_far), &value, span)?);
            }
        }
        Ok(())
    }

    fn finish(self, aggregation: Aggregation) -> Value {
        match aggregation {
            Aggregation::Count => Value::Integer(self.count),
            Aggregation::Collect => Value::List(self.values),
            Aggregation::Min | Aggregation::Max => self.best.unwrap_or(Value::Null),
            Aggregation::Sum => self.sum.unwrap_or(Value::Integer(0)),
            Aggregation::Avg => self.sum.as_ref().and_then(float).map_or(Value::Null, |sum| {
                #[expect(clippy::cast_precision_loss, reason = "nobody lists 2^53 rows")]
                let count = self.count as f64;
                Value::Float(Float(sum / count))
            }),
        }
    }
}
