//! Values of the administration language as values of Bolt, and back.
//!
//! Pure.

use aliasd_bolt::{Map, Structure, StructureKind, Value};
use aliasd_client::{Duration, Float, Value as Listed, ValueMap};

/// A type that the administration language does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UnknownTypeError {
    /// As errors call it.
    pub(super) type_name: &'static str,
}

/// A value of a listing.
pub(super) fn to_bolt(value: Listed) -> Value {
    match value {
        Listed::Null => Value::Null,
        Listed::Boolean(value) => Value::Boolean(value),
        Listed::Integer(value) => Value::Integer(value),
        Listed::Float(Float(value)) => Value::Float(value),
        Listed::String(text) => Value::String(text),
        Listed::List(items) => Value::List(items.into_iter().map(to_bolt).collect()),
        Listed::Map(map) => Value::Map(map.into_iter().map(|(name, value)| (name, to_bolt(value))).collect::<Map>()),
        Listed::Duration(Duration { months, days, seconds, nanoseconds }) => {
            let fields = [months, days, seconds, i64::from(nanoseconds)].map(Value::Integer).to_vec();
            Value::Structure(Structure { tag: StructureKind::Duration.tag(), fields })
        }
    }
}

/// A parameter.
pub(super) fn of_bolt(value: Value) -> Result<Listed, UnknownTypeError> {
    let type_name = value.type_name();
    Ok(match value {
        Value::Null => Listed::Null,
        Value::Boolean(value) => Listed::Boolean(value),
        Value::Integer(value) => Listed::Integer(value),
        Value::Float(value) => Listed::Float(Float(value)),
        Value::String(text) => Listed::String(text),
        Value::List(items) => Listed::List(items.into_iter().map(of_bolt).collect::<Result<_, _>>()?),
        Value::Map(map) => Listed::Map(map_of_bolt(map)?),
        Value::Structure(structure) => duration(&structure).ok_or(UnknownTypeError { type_name })?,
        Value::Bytes(_) | Value::Uuid(_) => return Err(UnknownTypeError { type_name }),
    })
}

/// Parameters.
pub(super) fn map_of_bolt(map: Map) -> Result<ValueMap, UnknownTypeError> {
    map.into_iter().map(|(name, value)| Ok((name, of_bolt(value)?))).collect()
}

fn duration(structure: &Structure) -> Option<Listed> {
    if structure.tag != StructureKind::Duration.tag() {
        return None;
    }
    let [months, days, seconds, nanoseconds] = &structure.fields[..] else { return None };
    let nanoseconds = u32::try_from(nanoseconds.as_integer()?).ok().filter(|rest| *rest < 1_000_000_000)?;
    let (months, days, seconds) = (months.as_integer()?, days.as_integer()?, seconds.as_integer()?);
    Some(Listed::Duration(Duration { months, days, seconds, nanoseconds }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_listing_holds_comes_back_as_it_was() {
        let duration = Duration { months: 1, days: 2, seconds: 3, nanoseconds: 4 };
        let inner = ValueMap::from([("timeout".to_owned(), Listed::Duration(duration))]);
        for value in [
            Listed::Null,
            Listed::Boolean(true),
            Listed::Integer(-7),
            Listed::Float(Float(1.5)),
            Listed::String("é".to_owned()),
            Listed::List(vec![Listed::Integer(1), Listed::Null]),
            Listed::Map(inner),
        ] {
            assert_eq!(of_bolt(to_bolt(value.clone())), Ok(value));
        }
    }

    #[test]
    fn what_the_language_does_not_have_is_refused() {
        let date = Structure { tag: StructureKind::Date.tag(), fields: vec![Value::Integer(1)] };
        let duration = Structure { tag: StructureKind::Duration.tag(), fields: vec![Value::Integer(1)] };
        for value in [Value::Bytes(vec![1]), Value::Uuid([0; 16]), Value::Structure(date), Value::Structure(duration)] {
            assert!(of_bolt(Value::List(vec![value])).is_err());
        }
    }
}
