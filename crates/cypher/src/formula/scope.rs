//! What the names, parameters and calls in an expression mean where it stands.

use std::collections::BTreeMap;
use std::sync::Arc;

use aliasd_catalog::{Float, Value};

use super::aggregation::Aggregation;
use super::bound::BoundExpression;
use super::function::Function;
use super::node::{Bound, Formula, weight};
use super::pattern::Pattern;
use crate::ast::{BinaryOperator, Expression};
use crate::error::{ErrorCode, SpannedError};
use crate::parameters::Parameters;
use crate::span::{Located, Span};
use crate::suggest::nearest;

/// Bytes of parameter values that the expressions of one statement may spread out. A parameter that is
/// named often would otherwise multiply.
const PARAMETER_BYTES_MAX: usize = 16 << 20;

/// One call of an aggregation.
#[derive(Clone, Debug)]
pub struct Aggregate {
    /// What is computed.
    pub aggregation: Aggregation,
    /// Of equal values, one counts.
    pub distinct: bool,
    /// Of each row; none for `count(*)`.
    pub argument: Option<BoundExpression>,
}

/// What the names and parameters in an expression mean.
pub struct Scope<'a> {
    parameters: &'a Parameters,
    columns: BTreeMap<&'a str, usize>,
    /// What iterations around the expression call their members, innermost last.
    locals: Vec<&'a str>,
    /// Says what is wrong with a column where only constants may stand.
    constant_only: Option<(ErrorCode, &'static str)>,
    /// Expressions whose value is in a column of the row already.
    computed: Vec<(&'a Expression, usize)>,
    /// Columns that rows are grouped by, and where their values are in the row for a group.
    grouped: BTreeMap<&'a str, usize>,
    /// Where aggregations may stand: those found so far.
    aggregates: Option<Vec<Aggregate>>,
    /// The column that the first aggregate is in.
    aggregates_from: usize,
    parameter_bytes: usize,
}

// === impl Scope ===

impl<'a> Scope<'a> {
    /// Names mean columns: pairs of a name and its place in the row.
    #[must_use]
    pub fn of_columns(parameters: &'a Parameters, columns: impl IntoIterator<Item = (&'a str, usize)>) -> Self {
        Self {
            parameters,
            columns: columns.into_iter().collect(),
            locals: Vec::new(),
            constant_only: None,
            computed: Vec::new(),
            grouped: BTreeMap::new(),
            aggregates: None,
            aggregates_from: 0,
            parameter_bytes: 0,
        }
    }

    /// Names mean nothing; `refusal` is the code and message for one.
    #[must_use]
    pub fn of_constants(parameters: &'a Parameters, refusal: (ErrorCode, &'static str)) -> Self {
        Self { constant_only: Some(refusal), ..Self::of_columns(parameters, []) }
    }

    /// These expressions need not be computed: their values are in columns of the row.
    #[must_use]
    pub fn with_computed(mut self, computed: Vec<(&'a Expression, usize)>) -> Self {
        self.computed = computed;
        self
    }

    /// Rows are grouped by these columns: pairs of a name and its place in the row for a group.
    #[must_use]
    pub fn grouped_by(mut self, columns: impl IntoIterator<Item = (&'a str, usize)>) -> Self {
        self.grouped = columns.into_iter().collect();
        self
    }

    /// Binds an expression that runs on a row for a group: what it is grouped by, in the columns of the expressions
    /// that are computed already, and, from a column on, the aggregates.
    ///
    /// # Errors
    /// As [`bind`](Self::bind).
    pub fn bind_grouped(
        &mut self,
        expression: &'a Located<Expression>,
        aggregates_from: usize,
        aggregates: &mut Vec<Aggregate>,
    ) -> Result<BoundExpression, SpannedError> {
        self.aggregates_from = aggregates_from;
        self.aggregates = Some(std::mem::take(aggregates));
        let bound = self.bind_part(expression);
        *aggregates = self.aggregates.take().unwrap_or_default();
        bound.map(BoundExpression)
    }

    /// Makes an expression ready to run.
    ///
    /// # Errors
    /// A name, parameter or function is not known here, or the expression cannot have a value on any row.
    pub fn bind(&mut self, expression: &'a Located<Expression>) -> Result<BoundExpression, SpannedError> {
        self.bind_part(expression).map(BoundExpression)
    }

    fn bind_part(&mut self, expression: &'a Located<Expression>) -> Result<Bound, SpannedError> {
        let span = expression.span;
        if let Some(column) = self.computed(&expression.value) {
            return Ok(Located::new(Formula::Column(column), span));
        }
        let formula = match &expression.value {
            Expression::Null => constant(Value::Null),
            Expression::Boolean(truth) => constant(Value::Boolean(*truth)),
            Expression::Integer(number) => constant(Value::Integer(*number)),
            Expression::Float(number) => constant(Value::Float(Float(*number))),
            Expression::String(text) => constant(Value::String(text.clone())),
            Expression::Parameter(name) => self.parameter(name, span)?,
            Expression::Variable(name) => self.variable(name, span)?,
            Expression::List(members) => Formula::List(self.bind_all(members)?),
            Expression::Map(entries) => {
                let bind = |(key, value): &'a (Located<String>, Located<Expression>)| {
                    Ok((key.value.clone(), self.bind_part(value)?))
                };
                Formula::Map(entries.iter().map(bind).collect::<Result<_, SpannedError>>()?)
            }
            Expression::Property { base, keys } => {
                let keys = keys.iter().map(|key| key.value.clone()).collect();
                Formula::Property(Box::new(self.bind_part(base)?), keys)
            }
            Expression::Index { base, index } => {
                Formula::Index(Box::new(self.bind_part(base)?), Box::new(self.bind_part(index)?))
            }
            Expression::Slice { base, from, to } => {
                Formula::Slice(Box::new(self.bind_part(base)?), self.bind_optional(from)?, self.bind_optional(to)?)
            }
            Expression::Case { subject, branches, otherwise } => {
                let subject = self.bind_optional(subject)?;
                let bind = |(tested, value): &'a (Located<Expression>, Located<Expression>)| {
                    Ok((self.bind_part(tested)?, self.bind_part(value)?))
                };
                let branches = branches.iter().map(bind).collect::<Result<_, SpannedError>>()?;
                Formula::Case(subject, branches, self.bind_optional(otherwise)?)
            }
            Expression::Chain { first, rest } if rest.first().is_some_and(|(by, _)| *by == BinaryOperator::Matches) => {
                let text = Box::new(self.bind_part(first)?);
                // A predicate stands alone: the parser makes no chains of them.
                let pattern = rest.iter().map(|(_, pattern)| self.bind_part(pattern)).next_back().transpose()?;
                let constant = match pattern.as_ref().map(|pattern| &pattern.value) {
                    Some(Formula::Constant(value)) => Some(&**value),
                    _ => None,
                };
                Formula::Matches(text, Pattern::new(constant, span)?)
            }
            Expression::Unary(operator, operand) => Formula::Unary(*operator, Box::new(self.bind_part(operand)?)),
            Expression::Chain { first, rest } => {
                let first = Box::new(self.bind_part(first)?);
                let bind = |(operator, right): &'a (BinaryOperator, Located<Expression>)| {
                    Ok((*operator, self.bind_part(right)?))
                };
                Formula::Chain(first, rest.iter().map(bind).collect::<Result<_, SpannedError>>()?)
            }
            Expression::IsNull { operand, negated } => Formula::IsNull(Box::new(self.bind_part(operand)?), *negated),
            Expression::Call { function, distinct, arguments } => match Aggregation::of(&function.value) {
                Some(aggregation) => self.aggregate(aggregation, *distinct, arguments, span)?,
                None => {
                    let bound = Function::find(function, *distinct, arguments.len())?;
                    Formula::Call(bound, self.bind_all(arguments)?)
                }
            },
            Expression::CountRows => self.add_aggregate(Aggregation::Count, false, None, span)?,
            Expression::Comprehension { .. } | Expression::Quantified { .. } | Expression::Reduce { .. } => {
                self.iteration(&expression.value)?
            }
        };
        Ok(Located::new(formula, span))
    }

    /// Binds what goes through the members of a list.
    fn iteration(&mut self, expression: &'a Expression) -> Result<Formula, SpannedError> {
        match expression {
            Expression::Comprehension { variable, list, filter, projection } => {
                let list = Box::new(self.bind_part(list)?);
                self.with_local(variable, |scope| {
                    Ok(Formula::Comprehension(list, scope.bind_optional(filter)?, scope.bind_optional(projection)?))
                })
            }
            Expression::Quantified { quantifier, variable, list, condition } => {
                let list = Box::new(self.bind_part(list)?);
                self.with_local(variable, |scope| {
                    Ok(Formula::Quantified(*quantifier, list, Box::new(scope.bind_part(condition)?)))
                })
            }
            Expression::Reduce { accumulator, initial, variable, list, step } => {
                let (initial, list) = (Box::new(self.bind_part(initial)?), Box::new(self.bind_part(list)?));
                self.with_local(accumulator, |scope| {
                    scope.with_local(variable, |scope| {
                        Ok(Formula::Reduce(initial, list, Box::new(scope.bind_part(step)?)))
                    })
                })
            }
            // There is no other kind.
            _ => Ok(constant(Value::Null)),
        }
    }

    fn bind_optional(
        &mut self,
        expression: &'a Option<Box<Located<Expression>>>,
    ) -> Result<Option<Box<Bound>>, SpannedError> {
        expression.as_ref().map(|expression| Ok(Box::new(self.bind_part(expression)?))).transpose()
    }

    fn bind_all(&mut self, expressions: &'a [Located<Expression>]) -> Result<Vec<Bound>, SpannedError> {
        expressions.iter().map(|expression| self.bind_part(expression)).collect()
    }

    fn parameter(&mut self, name: &str, span: Span) -> Result<Formula, SpannedError> {
        let value = self.parameters.get(name, span)?;
        self.parameter_bytes = self.parameter_bytes.saturating_add(weight(value));
        if self.parameter_bytes > PARAMETER_BYTES_MAX {
            let message = "The statement's expressions use more than 16 MiB of parameter values.";
            return Err(SpannedError::new(ErrorCode::ListTooLong, span, message));
        }
        Ok(Formula::Constant(value.clone()))
    }

    /// The column that holds the value of the expression already, unless a name in it means something else here.
    fn computed(&self, expression: &Expression) -> Option<usize> {
        // In ORDER BY, a name that RETURN gave comes before the column that had it.
        let named = matches!(expression, Expression::Variable(name) if self.columns.contains_key(name.as_str()));
        if named && self.aggregates.is_none() {
            return None;
        }
        let (_, column) = self.computed.iter().find(|(known, _)| *known == expression)?;
        (!self.mentions_local(expression)).then_some(*column)
    }

    /// True if the expression uses a name of an iteration around it.
    fn mentions_local(&self, expression: &Expression) -> bool {
        let mut local =
            |part: &Expression| matches!(part, Expression::Variable(name) if self.locals.contains(&name.as_str()));
        !self.locals.is_empty() && expression.any(&mut local)
    }

    /// Binds what may use a name for the members of a list.
    fn with_local(
        &mut self,
        name: &'a Located<String>,
        bind: impl FnOnce(&mut Self) -> Result<Formula, SpannedError>,
    ) -> Result<Formula, SpannedError> {
        self.locals.push(&name.value);
        let bound = bind(self);
        self.locals.pop();
        bound
    }

    fn variable(&self, name: &str, span: Span) -> Result<Formula, SpannedError> {
        if let Some(level) = self.locals.iter().rev().position(|local| *local == name) {
            return Ok(Formula::Local(level));
        }
        if let (true, Some((code, message))) = (self.columns.is_empty(), self.constant_only) {
            return Err(SpannedError::new(code, span, message));
        }
        let Some(column) = self.columns.get(name) else { return Err(self.unknown(name, span)) };
        if self.aggregates.is_some() {
            if let Some(column) = self.grouped.get(name) {
                return Ok(Formula::Column(*column));
            }
            let message =
                format!("Aggregation column contains implicit grouping expressions. Illegal expression(s): {name}");
            let error = SpannedError::new(ErrorCode::ImplicitGrouping, span, message);
            return Err(error.with_hint(format!("Make {name} an item of RETURN of its own, to group by it.")));
        }
        Ok(Formula::Column(*column))
    }

    fn unknown(&self, name: &str, span: Span) -> SpannedError {
        let known = self.columns.keys().chain(&self.locals).copied();
        let error = SpannedError::new(ErrorCode::UnknownVariable, span, format!("Variable `{name}` not defined"));
        error.with_hint(match nearest(name, known.clone()) {
            Some(near) => format!("Did you mean '{near}'?"),
            None => {
                let known = known.collect::<Vec<_>>().join(", ");
                format!("These are defined here: {known}. YIELD * defines every column.")
            }
        })
    }

    // --- aggregation

    fn aggregate(
        &mut self,
        aggregation: Aggregation,
        distinct: bool,
        arguments: &'a [Located<Expression>],
        span: Span,
    ) -> Result<Formula, SpannedError> {
        let [argument] = arguments else {
            let message = "An aggregation takes one argument.";
            return Err(SpannedError::new(ErrorCode::InvalidExpression, span, message));
        };
        let Some(aggregates) = self.aggregates.take() else { return Err(self.misplaced(span)) };
        if self.mentions_local(&argument.value) {
            let message = "An aggregation is about rows, and not about the members of a list around it.";
            return Err(SpannedError::new(ErrorCode::InvalidExpression, span, message));
        }
        // The argument runs on the rows of the group, where nothing is computed yet.
        let computed = std::mem::take(&mut self.computed);
        let argument = self.bind_part(argument);
        (self.aggregates, self.computed) = (Some(aggregates), computed);
        self.add_aggregate(aggregation, distinct, Some(argument?), span)
    }

    fn add_aggregate(
        &mut self,
        aggregation: Aggregation,
        distinct: bool,
        argument: Option<Bound>,
        span: Span,
    ) -> Result<Formula, SpannedError> {
        let Some(aggregates) = &mut self.aggregates else { return Err(self.misplaced(span)) };
        let column = self.aggregates_from + aggregates.len();
        aggregates.push(Aggregate { aggregation, distinct, argument: argument.map(BoundExpression) });
        Ok(Formula::Column(column))
    }

    /// The error for an aggregation where a value of one row is due.
    fn misplaced(&self, span: Span) -> SpannedError {
        if let Some((code, message)) = self.constant_only {
            return SpannedError::new(code, span, message);
        }
        let message = "An aggregation stands in an item of RETURN, and not inside of another aggregation.";
        SpannedError::new(ErrorCode::InvalidExpression, span, message)
            .with_hint("Make it an item of RETURN; ORDER BY may repeat the item or use its name.")
    }
}

fn constant(value: Value) -> Formula {
    Formula::Constant(Arc::new(value))
}
