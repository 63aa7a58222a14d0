//! Parameters of statements, as they are given on the command line.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use aliasd_client::{Float, Value, ValueMap};

use crate::command_error::CommandError;
use crate::password::read_text;

/// One parameter. `Debug` shows its name only.
#[derive(Clone, PartialEq)]
pub(crate) struct Parameter {
    name: String,
    source: Source,
}

#[derive(Clone, PartialEq)]
enum Source {
    Value(Value),
    File(String),
}

impl FromStr for Parameter {
    type Err = String;

    /// `NAME=TEXT`, `NAME=@FILE`, `NAME=@@TEXT` or `NAME:=JSON`. The error never repeats the value.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) =
            text.split_once('=').ok_or("a parameter has the form NAME=TEXT, NAME=@FILE or NAME:=JSON")?;
        let (name, is_json) = name.strip_suffix(':').map_or((name, false), |name| (name, true));
        let name = name.trim_start_matches('$');
        if name.is_empty() {
            return Err("a parameter has a name before the '='".to_owned());
        }
        let source = if is_json {
            let json = serde_json::from_str(value).map_err(|_| format!("the value of {name} is not JSON"))?;
            Source::Value(from_json(json))
        } else if let Some(text) = value.strip_prefix("@@") {
            Source::Value(Value::String(format!("@{text}")))
        } else if let Some(path) = value.strip_prefix('@') {
            Source::File(path.to_owned())
        } else {
            Source::Value(Value::from(value))
        };
        Ok(Self { name: name.to_owned(), source })
    }
}

impl fmt::Debug for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Parameter({:?})", self.name)
    }
}

/// Every parameter with its value, files read.
pub(crate) fn collect(parameters: &[Parameter]) -> Result<ValueMap, CommandError> {
    let mut values = ValueMap::new();
    for Parameter { name, source } in parameters {
        let value = match source {
            Source::Value(value) => value.clone(),
            Source::File(path) => {
                let text = read_text("parameter file", Path::new(path))?;
                Value::from(text.as_str())
            }
        };
        if values.insert(name.clone(), value).is_some() {
            return Err(CommandError::local(format!("the parameter {name} is given twice"), ""));
        }
    }
    Ok(values)
}

fn from_json(json: serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(truth) => Value::Boolean(truth),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(integer) => Value::Integer(integer),
            None => Value::Float(Float(number.as_f64().unwrap_or(f64::NAN))),
        },
        serde_json::Value::String(text) => Value::String(text),
        serde_json::Value::Array(values) => Value::List(values.into_iter().map(from_json).collect()),
        serde_json::Value::Object(map) => {
            Value::Map(map.into_iter().map(|(key, value)| (key, from_json(value))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        let mut values = collect(&[text.parse().unwrap()]).unwrap();
        values.remove("x").unwrap()
    }

    #[test]
    fn a_text_stays_a_text() {
        assert_eq!(value("x=12345678"), Value::from("12345678"));
        assert_eq!(value("$x=a=b"), Value::from("a=b"));
        assert_eq!(value("x="), Value::from(""));
        assert_eq!(value("x=@@home"), Value::from("@home"));
    }

    #[test]
    fn json_has_types() {
        assert_eq!(value("x:=5"), Value::Integer(5));
        assert_eq!(value("x:=1.5"), Value::Float(Float(1.5)));
        assert_eq!(value("x:=null"), Value::Null);
        let map = Value::Map([("a".to_owned(), Value::List(vec![true.into(), "b".into()]))].into());
        assert_eq!(value(r#"x:={"a":[true,"b"]}"#), map);
    }

    #[test]
    fn mistakes_are_named_without_the_value() {
        assert!("geheim".parse::<Parameter>().is_err());
        assert!("=geheim".parse::<Parameter>().is_err());
        assert!(!"x:=geheim".parse::<Parameter>().unwrap_err().contains("geheim"));
        assert!(!format!("{:?}", "x=geheim".parse::<Parameter>().unwrap()).contains("geheim"));
        let twice = ["x=1".parse().unwrap(), "x=2".parse().unwrap()];
        assert!(collect(&twice).is_err());
    }
}
