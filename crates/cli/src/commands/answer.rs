//! The answer to a statement, printed: rows in the format that was asked for, then what a person should know.

use std::borrow::Cow;
use std::time::Instant;

use aliasd_client::messages::NotificationSeverity;
use aliasd_client::{Execution, Summary, Value};
use aliasd_console::printable;
use serde_json::{Map, json};

use super::{print, tell};
use crate::arguments::RowFormat;
use crate::command_error::CommandError;
use crate::output::{csv_line, from_value, plain, rows};

/// Prints one answer after the other.
#[derive(Debug)]
pub(crate) struct Printer {
    pub(crate) format: RowFormat,
    /// An empty line stands between two results with rows, unless a prompt does.
    needs_gap: bool,
    has_printed_rows: bool,
}

impl Printer {
    pub(crate) fn new(format: RowFormat) -> Self {
        Self { format, needs_gap: true, has_printed_rows: false }
    }

    /// For a terminal, where every result is below its statement.
    pub(crate) fn without_gaps(format: RowFormat) -> Self {
        Self { needs_gap: false, ..Self::new(format) }
    }

    /// Prints an answer, and with a table a sentence about it, which says how long it took if it is told the begin.
    pub(crate) async fn show(&mut self, execution: Execution, begin: Option<Instant>) -> Result<(), CommandError> {
        let format = self.format;
        let columns = execution.columns().to_vec();
        if !columns.is_empty()
            && self.needs_gap
            && format != RowFormat::Json
            && std::mem::replace(&mut self.has_printed_rows, true)
        {
            print("\n")?;
        }
        let (rows, summary) = match format {
            RowFormat::Csv => (Vec::new(), stream_csv(execution).await?),
            _ => execution.collect().await?,
        };
        let time = begin.map(|begin| begin.elapsed().as_millis());
        match format {
            RowFormat::Table => print_table(&columns, &rows)?,
            RowFormat::Json => print_json(&columns, &rows, &summary)?,
            RowFormat::Csv => {}
        }
        notify(&summary);
        if format == RowFormat::Table {
            let time = time.map(|time| format!(", {time} ms")).unwrap_or_default();
            tell(&format!("{}{time}.", outcome(columns.is_empty(), rows.len(), &summary)));
        }
        Ok(())
    }
}

/// Prints rows as they come, so that a large result needs no memory.
async fn stream_csv(mut execution: Execution) -> Result<Summary, CommandError> {
    if !execution.columns().is_empty() {
        print(&csv_line(execution.columns().iter().map(|name| Some(Cow::Borrowed(name.as_str())))))?;
    }
    while let Some(row) = execution.next().await? {
        let cells = row.iter().map(|value| (*value != Value::Null).then(|| Cow::Owned(plain(value))));
        print(&csv_line(cells))?;
    }
    let (_, summary) = execution.collect().await?;
    Ok(summary)
}

fn print_table(columns: &[String], values: &[Vec<Value>]) -> Result<(), CommandError> {
    if columns.is_empty() {
        return Ok(());
    }
    let cell = |value: &Value| if *value == Value::Null { "NULL".to_owned() } else { plain(value) };
    let cells: Vec<Vec<String>> = values.iter().map(|row| row.iter().map(cell).collect()).collect();
    print(&rows(columns, &cells))
}

fn print_json(columns: &[String], rows: &[Vec<Value>], summary: &Summary) -> Result<(), CommandError> {
    let row = |values: &Vec<Value>| -> Map<_, _> {
        columns.iter().zip(values).map(|(name, value)| (name.clone(), from_value(value))).collect()
    };
    let notifications: Vec<_> = summary
        .notifications
        .iter()
        .map(|notification| {
            json!({
                "code": notification.code,
                "gqlstatus": notification.gqlstatus,
                "severity": severity(notification.severity()),
                "message": notification.message,
                "hint": notification.hint,
            })
        })
        .collect();
    let result = json!({
        "columns": columns,
        "rows": rows.iter().map(row).collect::<Vec<_>>(),
        "summary": {
            "system_updates": summary.system_updates,
            "revision": summary.revision,
            "notifications": notifications,
        },
    });
    print(&format!("{result}\n"))
}

fn notify(summary: &Summary) {
    for notification in &summary.notifications {
        let severity = severity(notification.severity()).to_lowercase();
        tell(&format!("{severity}: {} ({})", printable(&notification.message), notification.gqlstatus));
        if !notification.hint.is_empty() {
            tell(&format!("  hint: {}", printable(&notification.hint)));
        }
    }
}

fn severity(severity: NotificationSeverity) -> &'static str {
    match severity {
        NotificationSeverity::Warning => "WARNING",
        NotificationSeverity::Information | NotificationSeverity::Unspecified => "INFORMATION",
    }
}

/// What was done, in a sentence.
fn outcome(is_write: bool, rows: usize, summary: &Summary) -> String {
    let count = |number: u64, one: &str| format!("{number} {one}{}", if number == 1 { "" } else { "s" });
    let what = match (is_write, summary.system_updates) {
        (true, 0) => "Nothing changed".to_owned(),
        (true, updates) => format!("Done, {}", count(updates, "system update")),
        (false, _) => count(rows as u64, "row"),
    };
    format!("{what}, revision {}", summary.revision)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_said_in_a_sentence() {
        let mut summary = Summary::default();
        summary.revision = 7;
        assert_eq!(outcome(true, 0, &summary), "Nothing changed, revision 7");
        summary.system_updates = 2;
        assert_eq!(outcome(true, 0, &summary), "Done, 2 system updates, revision 7");
        assert_eq!(outcome(false, 1, &summary), "1 row, revision 7");
    }
}
