//! Rules over properties: the condition of `FOR (n:Label) WHERE …`, checked and with its parameters replaced.

use aliasd_catalog::Value;

use crate::ast::{BinaryOperator, Expression, PatternTerm, Precedence, UnaryOperator};
use crate::error::{ErrorCode, SpannedError};
use crate::parameters::{Parameters, kind_of};
use crate::span::{Located, Span};

/// What follows `FOR`, as the catalog keeps it: without parameters, for they are gone once the rule is stored.
pub(super) fn lower(pattern: &PatternTerm, parameters: &Parameters) -> Result<String, SpannedError> {
    let mut pattern = pattern.clone();
    condition(&mut pattern.condition, &pattern.variable.value, parameters)?;
    Ok(pattern.to_string())
}

/// `n.key = value`, `n.key IN [values]`, `n.key IS NULL` and their negations. The sides of a comparison may be swapped;
/// the catalog keeps the property on the left.
fn condition(node: &mut Located<Expression>, variable: &str, parameters: &Parameters) -> Result<(), SpannedError> {
    let span = node.span;
    swap_sides(node, variable);
    match &mut node.value {
        Expression::Unary(UnaryOperator::Not, inner) => condition(inner, variable, parameters),
        Expression::IsNull { operand, .. } if is_property(&operand.value, variable) => Ok(()),
        Expression::Chain { first, rest } if is_property(&first.value, variable) => match rest.as_mut_slice() {
            [(BinaryOperator::In, members)] => {
                replace(members, parameters)?;
                match &members.value {
                    Expression::List(members) if members.iter().all(|member| is_constant(&member.value)) => Ok(()),
                    _ => Err(refused(members.span, "IN needs a list of literals.")),
                }
            }
            [(operator, value)] if operator.precedence() == Precedence::Comparison => {
                replace(value, parameters)?;
                match value.value {
                    Expression::Null => Err(refused(span, "Nothing compares to NULL; write IS NULL or IS NOT NULL.")),
                    ref value if is_constant(value) => Ok(()),
                    _ => Err(refused(value.span, "A property is compared with a literal or a parameter.")),
                }
            }
            _ => Err(refused(span, "A rule is one comparison of one property.")),
        },
        _ => Err(refused(span, "A rule is one comparison of one property.")),
    }
}

/// `value < n.key` says `n.key > value`.
fn swap_sides(node: &mut Located<Expression>, variable: &str) {
    let Expression::Chain { first, rest } = &mut node.value else { return };
    let [(operator, right)] = rest.as_mut_slice() else { return };
    let mirrored = match operator {
        BinaryOperator::Equal | BinaryOperator::NotEqual => *operator,
        BinaryOperator::Less => BinaryOperator::Greater,
        BinaryOperator::LessOrEqual => BinaryOperator::GreaterOrEqual,
        BinaryOperator::Greater => BinaryOperator::Less,
        BinaryOperator::GreaterOrEqual => BinaryOperator::LessOrEqual,
        _ => return,
    };
    if !is_property(&first.value, variable) && is_property(&right.value, variable) {
        std::mem::swap(&mut **first, right);
        *operator = mirrored;
    }
}

fn refused(span: Span, reason: &str) -> SpannedError {
    let message = format!("Failed to administer property rule. {reason}");
    SpannedError::new(ErrorCode::InvalidExpression, span, message)
        .with_hint("For example FOR (n:Person) WHERE n.classification = 'public'.")
}

/// True for `variable.key`.
fn is_property(expression: &Expression, variable: &str) -> bool {
    matches!(expression, Expression::Property { base, keys }
        if keys.len() == 1 && matches!(&base.value, Expression::Variable(name) if name == variable))
}

fn is_constant(expression: &Expression) -> bool {
    matches!(expression, Expression::Boolean(_) | Expression::Integer(_) | Expression::Float(_) | Expression::String(_))
}

/// Replaces a parameter by its value.
fn replace(node: &mut Located<Expression>, parameters: &Parameters) -> Result<(), SpannedError> {
    if let Expression::List(members) = &mut node.value {
        return members.iter_mut().try_for_each(|member| replace(member, parameters));
    }
    let Expression::Parameter(name) = &node.value else { return Ok(()) };
    node.value = literal(parameters.get(name, node.span)?, name, node.span)?;
    Ok(())
}

fn literal(value: &Value, name: &str, span: Span) -> Result<Expression, SpannedError> {
    Ok(match value {
        Value::Null => Expression::Null,
        Value::Boolean(truth) => Expression::Boolean(*truth),
        Value::Integer(number) => Expression::Integer(*number),
        Value::Float(number) if number.0.is_finite() => Expression::Float(number.0),
        Value::String(text) => Expression::String(text.clone()),
        Value::List(members) => {
            let members = members.iter().map(|member| Ok(Located::new(literal(member, name, span)?, span)));
            Expression::List(members.collect::<Result<_, SpannedError>>()?)
        }
        Value::Float(_) | Value::Map(_) | Value::Duration(_) => {
            let message = format!("Expected parameter ${name} to be a literal, found {}.", kind_of(value));
            return Err(SpannedError::new(ErrorCode::WrongType, span, message));
        }
    })
}
