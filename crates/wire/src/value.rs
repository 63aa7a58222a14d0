//! Values of the administration language, to and from a protobuf form.
//!
//! The public interface and the store each have messages of their own for values, of the same shape. What that shape is
//! stands here once, in `conversions`; this file knows neither of the two.

use std::fmt;

use aliasd_catalog::{Value, ValueMap};

mod public;

pub use public::{map_from_proto, map_to_proto};

/// How deep lists and maps may nest. Protobuf decoding gives up at 100 messages inside each other; a list
/// takes two, a map three.
pub const NESTING_MAX: usize = 30;

/// Why a protobuf value is none of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueError {
    /// No kind is set.
    NoKind,
    /// Lists and maps nest deeper than [`NESTING_MAX`].
    TooDeep,
    /// The nanoseconds of a duration are a second or more.
    Nanoseconds,
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKind => f.write_str("a value has no kind"),
            Self::TooDeep => write!(f, "a value nests deeper than {NESTING_MAX} lists and maps"),
            Self::Nanoseconds => f.write_str("the nanoseconds of a duration are a second or more"),
        }
    }
}

impl std::error::Error for ValueError {}

/// Whether every value of the map nests no deeper than [`NESTING_MAX`], so that it can be sent and stored.
pub fn fits_nesting(map: &ValueMap) -> bool {
    map.values().all(|value| nests_within(value, NESTING_MAX))
}

fn nests_within(value: &Value, depth: usize) -> bool {
    match value {
        Value::List(values) => depth > 0 && values.iter().all(|value| nests_within(value, depth - 1)),
        Value::Map(map) => depth > 0 && map.values().all(|value| nests_within(value, depth - 1)),
        _ => true,
    }
}

/// Between [`Value`] and the messages `Value`, `ListValue`, `MapValue` and `DurationValue` of a generated module.
macro_rules! conversions {
    ($proto:ident, $visibility:vis) => {
        impl From<&Value> for $proto::Value {
            fn from(value: &Value) -> Self {
                let kind = match value {
                    Value::Null => Kind::NullValue(()),
                    Value::Boolean(truth) => Kind::BoolValue(*truth),
                    Value::Integer(number) => Kind::IntegerValue(*number),
                    Value::Float(Float(number)) => Kind::FloatValue(*number),
                    Value::String(text) => Kind::StringValue(text.clone()),
                    Value::List(values) => {
                        Kind::ListValue($proto::ListValue { values: values.iter().map(Into::into).collect() })
                    }
                    Value::Map(map) => Kind::MapValue($proto::MapValue { entries: map_to_proto(map) }),
                    Value::Duration(duration) => Kind::DurationValue((*duration).into()),
                };
                Self { kind: Some(kind) }
            }
        }

        impl TryFrom<$proto::Value> for Value {
            type Error = ValueError;

            fn try_from(value: $proto::Value) -> Result<Self, ValueError> {
                from_proto(value, NESTING_MAX)
            }
        }

        /// A map of values in protobuf form.
        $visibility fn map_to_proto(map: &ValueMap) -> BTreeMap<String, $proto::Value> {
            map.iter().map(|(key, value)| (key.clone(), value.into())).collect()
        }

        /// A map of values out of its protobuf form.
        ///
        /// # Errors
        /// One of the values is none of the language.
        $visibility fn map_from_proto(map: BTreeMap<String, $proto::Value>) -> Result<ValueMap, ValueError> {
            map.into_iter().map(|(key, value)| Ok((key, value.try_into()?))).collect()
        }

        /// `depth` is how many more lists and maps may be entered.
        fn from_proto(value: $proto::Value, depth: usize) -> Result<Value, ValueError> {
            let inside = || depth.checked_sub(1).ok_or(ValueError::TooDeep);
            Ok(match value.kind.ok_or(ValueError::NoKind)? {
                Kind::NullValue(()) => Value::Null,
                Kind::BoolValue(truth) => Value::Boolean(truth),
                Kind::IntegerValue(number) => Value::Integer(number),
                Kind::FloatValue(number) => Value::Float(Float(number)),
                Kind::StringValue(text) => Value::String(text),
                Kind::ListValue(list) => {
                    let depth = inside()?;
                    Value::List(
                        list.values.into_iter().map(|value| from_proto(value, depth)).collect::<Result<_, _>>()?,
                    )
                }
                Kind::MapValue(map) => {
                    let depth = inside()?;
                    let entries = map.entries.into_iter().map(|(key, value)| Ok((key, from_proto(value, depth)?)));
                    Value::Map(entries.collect::<Result<_, _>>()?)
                }
                Kind::DurationValue(duration) => Value::Duration(duration.try_into()?),
            })
        }

        impl From<Duration> for $proto::DurationValue {
            fn from(Duration { months, days, seconds, nanoseconds }: Duration) -> Self {
                Self { months, days, seconds, nanoseconds }
            }
        }

        impl TryFrom<$proto::DurationValue> for Duration {
            type Error = ValueError;

            fn try_from(duration: $proto::DurationValue) -> Result<Self, ValueError> {
                let $proto::DurationValue { months, days, seconds, nanoseconds } = duration;
                if nanoseconds >= 1_000_000_000 {
                    return Err(ValueError::Nanoseconds);
                }
                Ok(Self { months, days, seconds, nanoseconds })
            }
        }
    };
}
pub(crate) use conversions;
