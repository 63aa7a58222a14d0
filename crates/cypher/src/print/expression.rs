//! Printing of expressions, with parentheses only where the tree needs them.

use std::fmt;

use super::{Out, identifier, parameter, separated, string};
use crate::ast::{BinaryOperator, Expression, MapEntries, Precedence, UnaryOperator};
use crate::span::Located;

/// The text of an expression, also used as the name of a result column.
impl fmt::Display for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        expression(formatter, self)
    }
}

pub(super) fn expression(out: Out<'_, '_>, node: &Expression) -> fmt::Result {
    match node {
        Expression::Null => out.write_str("NULL"),
        Expression::Boolean(truth) => write!(out, "{truth}"),
        Expression::Integer(number) => write!(out, "{number}"),
        Expression::Float(number) => write!(out, "{number:?}"),
        Expression::String(text) => string(out, text),
        Expression::Parameter(name) => parameter(out, name),
        Expression::Variable(name) => identifier(out, name),
        Expression::List(members) => {
            out.write_str("[")?;
            match members.as_slice() {
                // `[x IN list]` is a comprehension.
                [only] if begins_with_membership(&only.value) => operand(out, &only.value, None)?,
                _ => separated(out, members, ", ", |out, member| expression(out, &member.value))?,
            }
            out.write_str("]")
        }
        Expression::Map(entries) => map(out, entries),
        Expression::Property { base, keys } => {
            // `a.b.c` is one node.
            let property = matches!(base.value, Expression::Property { .. });
            operand(out, &base.value, least_of_base(base).filter(|_| !property))?;
            separated(out, keys, "", |out, key| {
                out.write_str(".")?;
                identifier(out, &key.value)
            })
        }
        Expression::Index { base, index } => {
            operand(out, &base.value, least_of_base(base))?;
            write!(out, "[{}]", index.value)
        }
        Expression::Slice { base, from, to } => {
            operand(out, &base.value, least_of_base(base))?;
            let bound = |bound: &Option<Box<Located<Expression>>>| bound.as_ref().map(|bound| bound.value.to_string());
            write!(out, "[{}..{}]", bound(from).unwrap_or_default(), bound(to).unwrap_or_default())
        }
        Expression::Case { .. } => case(out, node),
        Expression::Unary(UnaryOperator::Not, inner) => {
            out.write_str("NOT ")?;
            operand(out, &inner.value, Some(Precedence::Not))
        }
        Expression::Unary(UnaryOperator::Negate, inner) => {
            out.write_str("-")?;
            // A minus and a number would read as one literal.
            let positive = matches!(inner.value, Expression::Integer(0..))
                || matches!(inner.value, Expression::Float(number) if number.is_sign_positive());
            operand(out, &inner.value, if positive { None } else { Some(Precedence::Sign) })
        }
        Expression::Chain { first, rest } => {
            let tighter = rest.first().map_or(Precedence::Atom, |(operator, _)| operand_precedence(*operator));
            operand(out, &first.value, Some(tighter))?;
            rest.iter().try_for_each(|(operator, right)| {
                write!(out, " {} ", operator.symbol())?;
                operand(out, &right.value, Some(tighter))
            })
        }
        Expression::IsNull { operand: inner, negated } => {
            operand(out, &inner.value, Some(Precedence::Sum))?;
            out.write_str(if *negated { " IS NOT NULL" } else { " IS NULL" })
        }
        Expression::Call { function, distinct, arguments } => {
            write!(out, "{}({}", function.value, if *distinct { "DISTINCT " } else { "" })?;
            separated(out, arguments, ", ", |out, argument| expression(out, &argument.value))?;
            out.write_str(")")
        }
        Expression::CountRows => out.write_str("count(*)"),
        Expression::Comprehension { .. } | Expression::Quantified { .. } | Expression::Reduce { .. } => {
            iteration(out, node)
        }
    }
}

fn case(out: Out<'_, '_>, node: &Expression) -> fmt::Result {
    let Expression::Case { subject, branches, otherwise } = node else { return Ok(()) };
    out.write_str("CASE")?;
    subject.as_ref().map_or(Ok(()), |subject| write!(out, " {}", subject.value))?;
    branches.iter().try_for_each(|(tested, value)| write!(out, " WHEN {} THEN {}", tested.value, value.value))?;
    otherwise.as_ref().map_or(Ok(()), |value| write!(out, " ELSE {}", value.value))?;
    out.write_str(" END")
}

/// What goes through the members of a list.
fn iteration(out: Out<'_, '_>, node: &Expression) -> fmt::Result {
    let clause = |out: Out<'_, '_>, words: &str, part: Option<&Located<Expression>>| {
        part.map_or(Ok(()), |part| write!(out, "{words}{}", part.value))
    };
    match node {
        Expression::Comprehension { variable, list, filter, projection } => {
            out.write_str("[")?;
            identifier(out, &variable.value)?;
            write!(out, " IN {}", list.value)?;
            clause(out, " WHERE ", filter.as_deref())?;
            clause(out, " | ", projection.as_deref())?;
            out.write_str("]")
        }
        Expression::Quantified { quantifier, variable, list, condition } => {
            write!(out, "{}(", quantifier.word())?;
            identifier(out, &variable.value)?;
            write!(out, " IN {} WHERE {})", list.value, condition.value)
        }
        Expression::Reduce { accumulator, initial, variable, list, step } => {
            out.write_str("reduce(")?;
            identifier(out, &accumulator.value)?;
            write!(out, " = {}, ", initial.value)?;
            identifier(out, &variable.value)?;
            write!(out, " IN {} | {})", list.value, step.value)
        }
        other => expression(out, other),
    }
}

/// True if the text of an expression begins with `name IN`.
fn begins_with_membership(node: &Expression) -> bool {
    let Expression::Chain { first, rest } = node else { return false };
    match (&first.value, rest.as_slice()) {
        (Expression::Variable(_), [(BinaryOperator::In, _), ..]) => true,
        (first, _) => begins_with_membership(first),
    }
}

/// What `.key` and `[…]` are written behind: `5.x` would read as a number, and so would `-5[0]`.
fn least_of_base(base: &Located<Expression>) -> Option<Precedence> {
    let number = matches!(base.value, Expression::Integer(_) | Expression::Float(_));
    if number { None } else { Some(Precedence::Property) }
}

pub(super) fn map(out: Out<'_, '_>, entries: &MapEntries) -> fmt::Result {
    out.write_str("{")?;
    separated(out, entries, ", ", |out, (key, value)| {
        identifier(out, &key.value)?;
        out.write_str(": ")?;
        expression(out, &value.value)
    })?;
    out.write_str("}")
}

/// An operand, in parentheses if it holds together less tightly than `least` asks, or always.
fn operand(out: Out<'_, '_>, node: &Expression, least: Option<Precedence>) -> fmt::Result {
    if least.is_some_and(|least| node.precedence() >= least) {
        return expression(out, node);
    }
    out.write_str("(")?;
    expression(out, node)?;
    out.write_str(")")
}

/// How tightly the operands of an operator must hold together: one step more than the operator.
fn operand_precedence(operator: BinaryOperator) -> Precedence {
    match operator.precedence() {
        Precedence::Or => Precedence::Xor,
        Precedence::Xor => Precedence::And,
        Precedence::And => Precedence::Not,
        Precedence::Not | Precedence::Comparison => Precedence::Predicate,
        Precedence::Predicate => Precedence::Sum,
        Precedence::Sum => Precedence::Product,
        Precedence::Product => Precedence::Power,
        Precedence::Power => Precedence::Sign,
        Precedence::Sign => Precedence::Property,
        Precedence::Property | Precedence::Atom => Precedence::Atom,
    }
}
