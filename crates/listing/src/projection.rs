//! `YIELD … ORDER BY … SKIP … LIMIT … WHERE … RETURN …`, in the order in which Cypher runs them.

use std::collections::BTreeSet;

use aliasd_catalog::Value;
use aliasd_cypher::ast::{Expression, Projection, Return, ReturnItems, Yield, YieldItems};
use aliasd_cypher::formula::{Aggregation, BoundExpression, Scope};
use aliasd_cypher::{Column, ErrorCode, Located, Parameters, Span, SpannedError, SpannedRefusal, nearest};

use super::aggregate::{Item, Returns};
use super::order::{Order, Page};
use super::rows::Rows;

/// A projection, bound to the columns of a subject.
#[derive(Clone, Debug)]
pub(super) struct Pipeline {
    /// The columns in scope after `YIELD`: name and place in the subject's row.
    columns: Vec<(String, usize)>,
    pub(super) order: Order,
    pub(super) page: Page,
    filter: Option<BoundExpression>,
    returns: Option<Returns>,
}

/// A column of the subject and its place in the row.
type Offered = (usize, &'static Column);

// === impl Pipeline ===

impl Pipeline {
    pub(super) fn bind(
        subject: &[Offered],
        sorted_by: Option<usize>,
        projection: &Projection,
        parameters: &Parameters,
    ) -> Result<Self, SpannedError> {
        let columns = yielded(subject, projection.yields.as_ref())?;
        // With YIELD, ORDER BY and WHERE see what it names and, beside it, every column.
        let all = subject.iter().filter(|_| projection.yields.is_some()).map(|(place, column)| (column.name, *place));
        let mut scope = Scope::of_columns(parameters, all.chain(named(&columns)));
        let order = match &projection.yields {
            Some(yields) => Order::bind(&yields.order_by, &mut scope)?.unless(|place| sorted_by == Some(place)),
            None => Order::default(),
        };
        // What is returned is still in the subject's order, unless another one was asked for.
        let sorted_by = sorted_by.filter(|_| order.is_empty());
        let filter = projection.filter.as_ref().map(|filter| scope.bind(filter)).transpose()?;
        let page = projection.yields.as_ref().map_or(Page::default(), |yields| Page {
            skip: yields.skip.as_ref().map_or(0, |skip| rows_of(skip.value)),
            limit: yields.limit.as_ref().map(|limit| rows_of(limit.value)),
        });
        let returns = projection.returns.as_ref().map(|returns| bind_return(returns, &columns, sorted_by, parameters));
        Ok(Self { order, page, filter, returns: returns.transpose()?, columns })
    }

    /// The names of the result's columns.
    pub(super) fn columns(&self) -> Vec<String> {
        match &self.returns {
            Some(returns) => returns.items.iter().map(|(name, _)| name.clone()).collect(),
            None => self.columns.iter().map(|(name, _)| name.clone()).collect(),
        }
    }

    /// Runs the projection on the subject's rows.
    pub(super) fn run<'a>(&'a self, rows: Rows<'a>) -> Result<Rows<'a>, SpannedRefusal> {
        let rows = self.page.cut(self.order.sort(rows, self.page)?);
        let rows: Rows<'a> = match &self.filter {
            None => rows,
            Some(filter) => Box::new(rows.filter_map(move |row| match row {
                Ok(row) => match filter.truth(&row) {
                    Ok(Some(true)) => Some(Ok(row)),
                    Ok(_) => None,
                    Err(error) => Some(Err(error.into())),
                },
                failed => Some(failed),
            })),
        };
        match &self.returns {
            Some(returns) => returns.run(rows),
            None => Ok(Box::new(rows.map(move |row| row.map(|row| self.pick(&row))))),
        }
    }

    fn pick(&self, row: &[Value]) -> Vec<Value> {
        self.columns.iter().map(|(_, place)| row.get(*place).cloned().unwrap_or(Value::Null)).collect()
    }
}

fn named(columns: &[(String, usize)]) -> impl Iterator<Item = (&str, usize)> {
    columns.iter().map(|(name, place)| (name.as_str(), *place))
}

/// The columns that `YIELD` names; without it, the brief ones.
fn yielded(subject: &[Offered], yields: Option<&Yield>) -> Result<Vec<(String, usize)>, SpannedError> {
    let offered = || subject.iter().copied();
    let Some(yields) = yields else {
        let brief = offered().filter(|(_, column)| column.brief);
        return Ok(brief.map(|(place, column)| (column.name.to_owned(), place)).collect());
    };
    let YieldItems::Columns(items) = &yields.items else {
        return Ok(offered().map(|(place, column)| (column.name.to_owned(), place)).collect());
    };
    let mut columns = Vec::new();
    let mut names = BTreeSet::new();
    for item in items {
        let wanted = item.column.value.as_str();
        let Some((place, _)) = offered().find(|(_, column)| column.name == wanted) else {
            return Err(unknown_column(wanted, item.column.span, offered().map(|(_, column)| column.name)));
        };
        let name = item.renamed.as_ref().unwrap_or(&item.column);
        once(&mut names, &name.value, name.span)?;
        columns.push((name.value.clone(), place));
    }
    Ok(columns)
}

fn unknown_column(wanted: &str, span: Span, known: impl Iterator<Item = &'static str> + Clone) -> SpannedError {
    let message = format!("Trying to YIELD non-existing column: `{wanted}`");
    SpannedError::new(ErrorCode::UnknownVariable, span, message).with_hint(match nearest(wanted, known.clone()) {
        Some(near) => format!("Did you mean '{near}'?"),
        None => format!("The columns are: {}.", known.collect::<Vec<_>>().join(", ")),
    })
}

fn once(names: &mut BTreeSet<String>, name: &str, span: Span) -> Result<(), SpannedError> {
    if names.insert(name.to_owned()) {
        return Ok(());
    }
    let message = format!("Multiple result columns with the same name are not supported: `{name}`");
    Err(SpannedError::new(ErrorCode::DuplicateColumn, span, message).with_hint("Rename one of them with AS."))
}

fn bind_return(
    returns: &Return,
    columns: &[(String, usize)],
    sorted_by: Option<usize>,
    parameters: &Parameters,
) -> Result<Returns, SpannedError> {
    let mut items = match &returns.items {
        ReturnItems::All(_) => columns.iter().map(|(name, place)| (name.clone(), Item::column(*place))).collect(),
        ReturnItems::Columns(_) => Vec::new(),
    };
    let before = items.len();
    let (ReturnItems::All(list) | ReturnItems::Columns(list)) = &returns.items;
    let width = before + list.len();
    let mut names: BTreeSet<String> = items.iter().map(|(name, _)| name.clone()).collect();
    // What rows are grouped by is at hand where aggregates are.
    let everything = list.iter().enumerate().map(|(place, item)| (&item.expression.value, before + place));
    let keys = everything.clone().filter(|(expression, _)| !Aggregation::stands_in(expression)).collect();
    let mut scope = Scope::of_columns(parameters, named(columns));
    // `*` groups by every column, in the order of the columns.
    let by_columns = columns.iter().take(before).enumerate().map(|(place, (name, _))| (name.as_str(), place));
    let mut group_scope = Scope::of_columns(parameters, named(columns)).with_computed(keys).grouped_by(by_columns);
    let mut aggregates = Vec::new();
    for item in list {
        let name = item.name();
        once(&mut names, &name, item.expression.span)?;
        items.push((
            name,
            match Aggregation::stands_in(&item.expression.value) {
                true => Item::OfGroup(group_scope.bind_grouped(&item.expression, width, &mut aggregates)?),
                false => Item::Value(scope.bind(&item.expression)?),
            },
        ));
    }
    let aggregated = !aggregates.is_empty();
    // A row to sort by is what is returned, followed by the subject's row if that still exists.
    let returned = items.iter().enumerate().map(|(place, (name, _))| (name.as_str(), place));
    let still_there = named(columns).filter(|_| !aggregated && !returns.distinct);
    let earlier = still_there.map(|(name, place)| (name, width + place));
    let mut order_scope = Scope::of_columns(parameters, earlier.chain(returned))
        .with_computed(everything.filter(|_| aggregated || returns.distinct).collect());
    let order = Order::bind(&returns.order_by, &mut order_scope)?;
    let order = order.unless(|place| {
        let earlier = match items.get(place) {
            Some((_, item)) => item.as_column(),
            None => place.checked_sub(width),
        };
        !aggregated && earlier.is_some() && earlier == sorted_by
    });
    let page = Page {
        skip: constant_rows(returns.skip.as_ref(), parameters)?.unwrap_or(0),
        limit: constant_rows(returns.limit.as_ref(), parameters)?,
    };
    Ok(Returns { items, aggregates, distinct: returns.distinct, order, page })
}

/// The value of a constant expression in `SKIP` or `LIMIT`.
fn constant_rows(
    expression: Option<&Located<Expression>>,
    parameters: &Parameters,
) -> Result<Option<usize>, SpannedError> {
    let Some(expression) = expression else { return Ok(None) };
    let refusal = "It is not allowed to refer to variables in SKIP and LIMIT.";
    let mut scope = Scope::of_constants(parameters, (ErrorCode::InvalidExpression, refusal));
    let formula = scope.bind(expression)?;
    match &*formula.evaluate(&[])? {
        Value::Integer(count) if *count >= 0 => Ok(Some(rows_of(count.unsigned_abs()))),
        _ => {
            let message = "SKIP and LIMIT need a whole number that is not negative.";
            Err(SpannedError::new(ErrorCode::WrongType, expression.span, message))
        }
    }
}

fn rows_of(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
