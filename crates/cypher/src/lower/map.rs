//! Maps of constants, such as `DRIVER {…}`: written out, or given as a parameter.

use aliasd_catalog::{Value, ValueMap};

use crate::ast::{MapEntries, Operand};
use crate::error::{ErrorCode, SpannedError};
use crate::formula::Scope;
use crate::parameters::{Parameters, kind_of};
use crate::span::{Located, Span};

/// Which map is being read, for its messages.
#[derive(Clone, Copy)]
pub(super) struct MapKind {
    /// How Neo4j's messages call it.
    label: &'static str,
    /// The message for an expression that is not constant.
    not_constant: &'static str,
}

pub(super) const DRIVER: MapKind =
    MapKind { label: "driver settings", not_constant: "This expression is not valid in driver settings." };
pub(super) const PROPERTIES: MapKind =
    MapKind { label: "properties", not_constant: "This expression is not valid in properties." };
pub(super) const POLICY: MapKind =
    MapKind { label: "policy", not_constant: "This expression is not valid in a policy." };

/// The values of a map, keys in lower case. No two keys may be the same then: one of the values would be lost.
pub(super) fn values(
    map: &Located<Operand<MapEntries>>,
    kind: MapKind,
    parameters: &Parameters,
) -> Result<ValueMap, SpannedError> {
    let entries = match &map.value {
        Operand::Literal(entries) => entries,
        Operand::Parameter(parameter) => {
            let value = parameters.get(parameter, map.span)?;
            let Value::Map(entries) = &**value else {
                let (label, found) = (kind.label, kind_of(value));
                // The value itself may be a secret in the wrong place, so the parameter's name stands for it.
                let message = format!("Invalid {label} '${parameter}'. Expected a map value, found {found}.");
                return Err(SpannedError::new(ErrorCode::WrongType, map.span, message).by_parameter());
            };
            let mut values = ValueMap::new();
            for (key, value) in entries {
                if values.insert(key.to_lowercase(), value.clone()).is_some() {
                    return Err(duplicate(kind, key, map.span).by_parameter());
                }
            }
            return Ok(values);
        }
    };
    let mut scope = Scope::of_constants(parameters, (ErrorCode::ExpressionNotValid, kind.not_constant));
    let mut values = ValueMap::new();
    for (key, expression) in entries {
        let formula = scope.bind(expression)?;
        let value = formula.evaluate(&[]).map_err(|error| {
            // Neo4j's sentence, and then the cause.
            let message = format!("Failed evaluating the given {}. {}", kind.label, error.message());
            SpannedError::new(ErrorCode::DriverEvaluation, error.span(), message)
        })?;
        if values.insert(key.value.to_lowercase(), value.into_owned()).is_some() {
            return Err(duplicate(kind, &key.value, key.span));
        }
    }
    Ok(values)
}

fn duplicate(kind: MapKind, key: &str, span: Span) -> SpannedError {
    let message =
        format!("The key '{key}' stands twice in the given {}: upper and lower case are the same.", kind.label);
    SpannedError::new(ErrorCode::DuplicateKey, span, message).with_hint("Leave one of them out.")
}
