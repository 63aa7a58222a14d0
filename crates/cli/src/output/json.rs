//! Values as JSON. Durations become their ISO 8601 text; a number that JSON does not have becomes text.

use aliasd_client::{Float, Value, ValueMap};
use serde_json::{Map, Number, Value as Json};

/// A value of the administration language as JSON.
pub(crate) fn from_value(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(truth) => Json::Bool(*truth),
        Value::Integer(number) => Json::from(*number),
        Value::Float(Float(number)) => {
            Number::from_f64(*number).map_or_else(|| Json::String(number.to_string()), Json::Number)
        }
        Value::String(text) => Json::String(text.clone()),
        Value::List(values) => Json::Array(values.iter().map(from_value).collect()),
        Value::Map(map) => from_map(map),
        Value::Duration(duration) => Json::String(duration.to_string()),
    }
}

/// A map of such values as a JSON object.
pub(crate) fn from_map(map: &ValueMap) -> Json {
    Json::Object(map.iter().map(|(key, value)| (key.clone(), from_value(value))).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use aliasd_client::Duration;

    use super::*;

    #[test]
    fn every_kind_has_its_form() {
        let list = Value::List(vec![
            Value::Null,
            true.into(),
            Value::Integer(i64::MAX),
            Value::Float(Float(0.5)),
            Value::Float(Float(f64::INFINITY)),
            Value::Duration(Duration::from_seconds(5)),
            Value::Map([("k".to_owned(), "v".into())].into()),
        ]);
        let expected = r#"[null,true,9223372036854775807,0.5,"inf","PT5S",{"k":"v"}]"#;
        assert_eq!(from_value(&list).to_string(), expected);
    }
}
