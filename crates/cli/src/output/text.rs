//! Values as text, for people and for CSV.

use std::borrow::Cow;

use aliasd_client::{Float, Value};
use aliasd_cypher::is_invisible;

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

/// A text as one line that shows all of it and can do nothing to a terminal: line breaks, other control characters and
/// characters that cannot be seen or that turn the direction of others are spelled out.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unseen) {
        return Cow::Borrowed(text);
    }
    let mut spelled = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        match letter {
            '\n' | '\r' | '\t' => spelled.extend(letter.escape_default()),
            _ if is_unseen(letter) => spelled.extend(letter.escape_unicode()),
            _ => spelled.push(letter),
        }
    }
    Cow::Owned(spelled)
}

/// The same for a text of several lines that are meant as such.
pub(crate) fn printable_lines(text: &str) -> Cow<'_, str> {
    match text.contains(|letter| letter != '\n' && is_unseen(letter)) {
        false => Cow::Borrowed(text),
        true => Cow::Owned(text.split('\n').map(printable).collect::<Vec<_>>().join("\n")),
    }
}

/// Also the separators of lines and paragraphs (U+2028, U+2029), at which some terminals begin a line.
fn is_unseen(letter: char) -> bool {
    is_invisible(letter) || matches!(letter, '\u{2028}' | '\u{2029}')
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

    #[test]
    fn a_terminal_is_safe() {
        assert_eq!(printable("a\u{1b}[31mb\n\tc"), "a\\u{1b}[31mb\\n\\tc");
        // The order of letters is turned by the first, and joined without a trace by the last two; a CSI of one character, and DEL.
        assert_eq!(
            printable("\u{202e}x\u{2066}\u{200b}\u{2028}\u{9b}31m\u{7f}"),
            r"\u{202e}x\u{2066}\u{200b}\u{2028}\u{9b}31m\u{7f}"
        );
        assert_eq!(printable("schön, 漢字 😀"), "schön, 漢字 😀");
        assert_eq!(printable_lines("two\nlines\u{7}"), "two\nlines\\u{7}");
    }
}
