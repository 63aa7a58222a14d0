//! Golden scripts: transcripts of statements and what is answered, in a form that a person reads and a
//! program compares.
//!
//! A script is a list of steps with an empty line between them. A step is a statement, a line `---`, and
//! the answer. Before the statement may stand `as USER`, who says it from here on, and `$name = 'text'`
//! for a parameter of that statement (or a value as JSON writes it, `$map = {"a": [1, null]}`). A line that begins with `#` is a remark for the reader.
//!
//! ```text
//! as carol
//! CREATE ALIAS a FOR DATABASE neo4j
//! ---
//! refused PERMISSION_DENIED (42NFF): Permission denied for user 'carol': CREATE ALIAS is required.
//! ```
//!
//! Answers hold nothing that differs from run to run, such as revisions and times, so that the same
//! script can be played to the pure core and to a live cluster.

use std::fmt;
use std::fmt::Write as _;

use aliasd_catalog::{Float, Value, ValueMap};

/// One step of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Remarks and blank lines before the step, as written.
    pub preamble: String,
    /// Who says it.
    pub user: String,
    /// The lines that set user and parameters, as written.
    pub settings: Vec<String>,
    /// Parameters by name.
    pub parameters: ValueMap,
    /// The statement, without a line break at its end.
    pub statement: String,
    /// The answer, without a line break at its end.
    pub expected: String,
    /// The line of the script on which the statement starts, from 1.
    pub line: usize,
}

/// What is answered to a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It was done.
    Done(Table),
    /// It was not.
    Refused(RefusedReply),
}

/// The result of a statement that was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Names of the columns; none if the statement returns no rows.
    pub columns: Vec<String>,
    /// The rows, each with a value per column.
    pub rows: Vec<Vec<Value>>,
    /// GQLSTATUS and message of each notification.
    pub notifications: Vec<(String, String)>,
    /// How much it changed; absent for a listing.
    pub system_updates: Option<u64>,
}

/// Why a statement was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedReply {
    /// The stable code.
    pub code: String,
    /// The status that the GQL standard gives such a failure.
    pub gqlstatus: String,
    /// The message, with the excerpt if the statement was not understood.
    pub message: String,
    /// The way out; empty if none is named.
    pub hint: String,
}

/// Cuts a script into steps.
///
/// # Errors
/// A sentence with the number of the line that is not as it should be.
pub fn parse(script: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut user = "admin".to_owned();
    let mut lines = script.lines().enumerate().peekable();
    loop {
        let mut preamble = String::new();
        while let Some((_, line)) = lines.next_if(|(_, line)| line.is_empty() || line.starts_with('#')) {
            preamble.push_str(line);
            preamble.push('\n');
        }
        let Some((first, _)) = lines.peek().copied() else {
            return Ok(steps);
        };
        let mut settings = Vec::new();
        let mut parameters = ValueMap::new();
        let is_setting = |line: &str| line.starts_with("as ") || line.starts_with('$');
        while let Some((number, line)) = lines.next_if(|(_, line)| is_setting(line)) {
            if let Some(name) = line.strip_prefix("as ") {
                name.clone_into(&mut user);
            } else {
                let (name, value) = parameter(line).ok_or_else(|| format!("line {}: not a parameter", number + 1))?;
                parameters.insert(name, value);
            }
            settings.push(line.to_owned());
        }
        let statement = block(&mut lines, |line| line == "---");
        if lines.next().is_none() {
            return Err(format!("line {}: a statement without `---` after it", first + 1));
        }
        let expected = block(&mut lines, str::is_empty);
        let line = first + 1 + settings.len();
        steps.push(Step { preamble, user: user.clone(), settings, parameters, statement, expected, line });
    }
}

/// The lines up to one that `ends`, which is left.
fn block<'a>(
    lines: &mut std::iter::Peekable<impl Iterator<Item = (usize, &'a str)>>,
    ends: impl Fn(&str) -> bool,
) -> String {
    let mut found = Vec::new();
    while let Some((_, line)) = lines.next_if(|(_, line)| !ends(line)) {
        found.push(line);
    }
    found.join("\n")
}

/// `$name = 'text'`, or a value as JSON writes it.
fn parameter(line: &str) -> Option<(String, Value)> {
    let (name, value) = line.strip_prefix('$')?.split_once(" = ")?;
    let quoted = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    let value = match quoted {
        Some(text) => Value::from(text),
        None => from_json(serde_json::from_str(value).ok()?)?,
    };
    Some((name.to_owned(), value))
}

/// The value that JSON writes so; none if a number is neither an integer nor a float.
fn from_json(json: serde_json::Value) -> Option<Value> {
    use serde_json::Value as Json;
    Some(match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::from(truth),
        Json::Number(number) => match number.as_i64() {
            Some(integer) => Value::from(integer),
            None => Value::Float(Float(number.as_f64()?)),
        },
        Json::String(text) => Value::from(text),
        Json::Array(values) => Value::List(values.into_iter().map(from_json).collect::<Option<_>>()?),
        Json::Object(entries) => {
            let entry = |(key, value)| Some((key, from_json(value)?));
            Value::Map(entries.into_iter().map(entry).collect::<Option<_>>()?)
        }
    })
}

/// Plays a script: every statement is handed to `say`, in order. Returns the script as it should read,
/// which is `script` itself if every answer was as expected.
///
/// # Errors
/// As [`parse`], and whatever `say` could not do.
pub fn play(script: &str, mut say: impl FnMut(&Step) -> anyhow::Result<Reply>) -> anyhow::Result<String> {
    let mut out = String::new();
    for step in parse(script).map_err(anyhow::Error::msg)? {
        let reply = say(&step)?;
        out.push_str(&step.preamble);
        for setting in &step.settings {
            out.push_str(setting);
            out.push('\n');
        }
        // Writing to a string cannot fail.
        let _ = write!(out, "{}\n---\n{reply}", step.statement);
    }
    Ok(out)
}

/// A text without empty lines, which would end an answer.
fn without_gaps(text: &str) -> String {
    let lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

// === impl Reply ===

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(table) => table.fmt(f),
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.columns.is_empty() {
            writeln!(f, "{}", self.columns.join(" | "))?;
        }
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(literal).collect();
            writeln!(f, "{}", cells.join(" | "))?;
        }
        for (gqlstatus, message) in &self.notifications {
            writeln!(f, "note {gqlstatus}: {message}")?;
        }
        match self.system_updates {
            Some(updates) => writeln!(f, "done, system updates: {updates}"),
            None if self.rows.is_empty() => writeln!(f, "(no rows)"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for RefusedReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "refused {} ({}): {}", self.code, self.gqlstatus, without_gaps(&self.message))?;
        if !self.hint.is_empty() {
            writeln!(f, "hint: {}", without_gaps(&self.hint))?;
        }
        Ok(())
    }
}

/// A value as the language writes it.
fn literal(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Float(float) => format!("{:?}", float.0),
        Value::String(text) => format!("{text:?}"),
        Value::Duration(duration) => duration.to_string(),
        Value::List(values) => {
            let values: Vec<String> = values.iter().map(literal).collect();
            format!("[{}]", values.join(", "))
        }
        Value::Map(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{key}: {}", literal(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "# A remark.\n\nas carol\n$name = 'a'\nDROP ALIAS $name\n  FOR DATABASE\n---\ndone, system updates: 1\n\nSHOW USERS\n---\n(no rows)\n";

    #[test]
    fn a_script_is_cut_into_steps() {
        let steps = parse(SCRIPT).unwrap();
        assert_eq!(steps.len(), 2);
        assert_eq!(steps[0].user, "carol");
        assert_eq!(steps[0].statement, "DROP ALIAS $name\n  FOR DATABASE");
        assert_eq!(steps[0].parameters["name"], Value::from("a"));
        assert_eq!((steps[0].line, steps[1].line), (5, 10));
        assert_eq!(steps[1].user, "carol");
        assert!(steps[1].parameters.is_empty());
        assert_eq!(steps[1].expected, "(no rows)");
        assert!(parse("SHOW USERS\n").is_err());
        let steps = parse("$x = {\"a\": [1, 2.5, null]}\nSHOW USERS\n---\n").unwrap();
        let list = vec![Value::Integer(1), Value::Float(Float(2.5)), Value::Null];
        assert_eq!(steps[0].parameters["x"], Value::Map([("a".to_owned(), Value::List(list))].into()));
        assert!(parse("$x = y\nSHOW USERS\n---\n").is_err());
    }

    #[test]
    fn a_script_that_holds_is_played_back_as_it_is() {
        let as_expected = |step: &Step| {
            let updates = step.statement.starts_with("DROP").then_some(1);
            Ok(Reply::Done(Table { system_updates: updates, ..Table::default() }))
        };
        assert_eq!(play(SCRIPT, as_expected).unwrap(), SCRIPT);
        let otherwise = |_: &Step| Ok(Reply::Done(Table { system_updates: Some(0), ..Table::default() }));
        assert_ne!(play(SCRIPT, otherwise).unwrap(), SCRIPT);
    }
}
