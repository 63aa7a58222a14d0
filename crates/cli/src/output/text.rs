//! Values as text, for people and for CSV.

use std::borrow::Cow;

use aliasd_client::{Float, Value};

use super::json;

/// A value as people read it: text without quotes, nothing for null.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Float(Float(number)) => format!("{number:?}"),
        Value::String(text) => text.clone(),
        Value::Duration(duration) => duration.to_string(),
        Value::List(_) | Value::Map(_) => json::from_value(value).to_string(),
    }
}

/// One line of CSV (RFC 4180), with a line feed at its end. An empty text is quoted, so that null can be told from it.
pub(crate) fn csv_line<'a>(cells: impl IntoIterator<Item = Option<Cow<'a, str>>>) -> String {
    let cells: Vec<String> = cells
        .into_iter()
        .map(|cell| match cell {
            None => String::new(),
            Some(text) if text.is_empty() || text.contains([',', '"', '\r', '\n']) || text.trim() != text => {
                format!("\"{}\"", text.replace('"', "\"\""))
            }
            Some(text) => text.into_owned(),
        })
        .collect();
    // A line of one null would be an empty line, which readers skip.
    let line = if cells == [""] { "\"\"".to_owned() } else { cells.join(",") };
    line + "\n"
}

#[cfg(test)]
mod tests {
    use aliasd_client::Duration;

    use super::*;

    #[test]
    fn values_read_well() {
        assert_eq!(plain(&Value::Float(Float(1.0))), "1.0");
        assert_eq!(plain(&Value::Duration(Duration::from_seconds(60))), "PT1M");
        assert_eq!(plain(&Value::List(vec!["a".into(), Value::Null])), r#"["a",null]"#);
        assert_eq!(plain(&Value::Null), "");
    }

    #[test]
    fn csv_is_quoted_where_it_has_to_be() {
        let line = |cells: &[Option<&'static str>]| csv_line(cells.iter().map(|cell| cell.map(Cow::Borrowed)));
        assert_eq!(line(&[Some("a"), Some("b c"), None]), "a,b c,\n");
        assert_eq!(
            line(&[Some("a,b"), Some("say \"x\""), Some("two\nlines"), Some("")]),
            "\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",\"\"\n"
        );
        assert_eq!(line(&[Some(" x")]), "\" x\"\n");
        assert_eq!(line(&[None]), "\"\"\n");
    }
}
