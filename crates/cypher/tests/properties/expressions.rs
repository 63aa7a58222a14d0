//! Expressions of every form, drawn at random as syntax trees.

use aliasd_cypher::Located;
use aliasd_cypher::ast::*;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use crate::generate::{at, identifier, located_identifier, parameter};

pub(crate) fn expression() -> BoxedStrategy<Located<Expression>> {
    let leaf = prop_oneof![
        Just(Expression::Null),
        any::<bool>().prop_map(Expression::Boolean),
        any::<i64>().prop_map(Expression::Integer),
        any::<f64>().prop_filter("literals are finite", |number| number.is_finite()).prop_map(Expression::Float),
        any::<String>().prop_map(Expression::String),
        parameter().prop_map(Expression::Parameter),
        identifier().prop_map(Expression::Variable),
        Just(Expression::CountRows),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        let inner = inner.prop_map(at).boxed();
        let one = inner.clone().prop_map(Box::new).boxed();
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Expression::List),
            entries(inner.clone()).prop_map(Expression::Map),
            (one.clone(), vec(located_identifier(), 1..3)).prop_map(|(base, keys)| Expression::Property { base, keys }),
            (select(vec![UnaryOperator::Not, UnaryOperator::Negate]), one.clone())
                .prop_map(|(operator, operand)| Expression::Unary(operator, operand)),
            chain(inner.clone()),
            (one.clone(), one.clone()).prop_map(|(base, index)| Expression::Index { base, index }),
            (one.clone(), of(one.clone()), of(one.clone())).prop_map(|(base, from, to)| Expression::Slice {
                base,
                from,
                to
            }),
            (of(one.clone()), vec((inner.clone(), inner.clone()), 1..3), of(one.clone()))
                .prop_map(|(subject, branches, otherwise)| Expression::Case { subject, branches, otherwise }),
            (one.clone(), any::<bool>()).prop_map(|(operand, negated)| Expression::IsNull { operand, negated }),
            (located_identifier(), one.clone(), of(one.clone()), of(one.clone())).prop_map(
                |(variable, list, filter, projection)| Expression::Comprehension { variable, list, filter, projection }
            ),
            (select(Quantifier::ALL.to_vec()), located_identifier(), one.clone(), one.clone()).prop_map(
                |(quantifier, variable, list, condition)| Expression::Quantified {
                    quantifier,
                    variable,
                    list,
                    condition
                }
            ),
            (located_identifier(), one.clone(), located_identifier(), one.clone(), one).prop_map(
                |(accumulator, initial, variable, list, step)| Expression::Reduce {
                    accumulator,
                    initial,
                    variable,
                    list,
                    step
                }
            ),
            ("f[a-z]{0,7}", any::<bool>(), vec(inner, 0..3)).prop_map(|(function, distinct, arguments)| {
                let distinct = distinct && !arguments.is_empty();
                Expression::Call { function: at(function), distinct, arguments }
            }),
        ]
    })
    .prop_map(at)
    .boxed()
}

pub(crate) fn entries(value: BoxedStrategy<Located<Expression>>) -> BoxedStrategy<MapEntries> {
    vec((located_identifier(), value), 0..4).boxed()
}

/// Operators of one precedence; a predicate stands alone.
fn chain(operand: BoxedStrategy<Located<Expression>>) -> BoxedStrategy<Expression> {
    let levels = vec![
        Precedence::Or,
        Precedence::Xor,
        Precedence::And,
        Precedence::Comparison,
        Precedence::Predicate,
        Precedence::Sum,
        Precedence::Product,
        Precedence::Power,
    ];
    select(levels)
        .prop_flat_map(move |level| {
            let operators: Vec<BinaryOperator> =
                BinaryOperator::ALL.iter().copied().filter(|operator| operator.precedence() == level).collect();
            let most = if level == Precedence::Predicate { 2 } else { 4 };
            let rest = vec((select(operators), operand.clone()), 1..most);
            (operand.clone(), rest).prop_map(|(first, rest)| Expression::Chain { first: Box::new(first), rest })
        })
        .boxed()
}
