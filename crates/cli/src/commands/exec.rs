//! `aliasctl exec`: statements, one or a file of them.

use std::borrow::Cow;

use aliasd_client::messages::NotificationSeverity;
use aliasd_client::{Client, Execution, Statement, Summary, Value};
use aliasd_cypher::split_statements;
use serde_json::{Map, json};

use super::{print, tell};
use crate::arguments::{Exec, RowFormat};
use crate::failure::Failure;
use crate::output::{csv_line, from_value, plain, printable, rows};
use crate::parameter;
use crate::password::read_text;

pub(crate) async fn run(command: Box<Exec>) -> Result<(), Failure> {
    let parameters = parameter::collect(&command.parameters)?;
    let script = match (&command.file, &command.statement) {
        (Some(path), _) => Some(read_text("script", path)?),
        _ => None,
    };
    let pieces: Vec<(&str, usize)> = match (&script, &command.statement) {
        (Some(script), _) => split_statements(script).map(|(text, position)| (text, position.line)).collect(),
        (None, Some(statement)) => vec![(statement, 1)],
        (None, None) => Vec::new(),
    };
    let client = command.connection.client()?;
    let mut has_printed_rows = false;
    for (text, line) in pieces {
        let statement = Statement::new(text).parameters(parameters.clone()).freshness(command.freshness);
        let result = one(&client, statement, command.format, &mut has_printed_rows).await;
        result.map_err(|failure| match &command.file {
            Some(path) => failure.at(format!("{}:{line}", path.display())),
            None => failure,
        })?;
    }
    Ok(())
}

/// Runs a statement and prints its result. An empty line stands between two results with rows.
async fn one(
    client: &Client,
    statement: Statement,
    format: RowFormat,
    has_printed_rows: &mut bool,
) -> Result<(), Failure> {
    let execution = client.execute(statement).await?;
    let columns = execution.columns().to_vec();
    if !columns.is_empty() && format != RowFormat::Json && std::mem::replace(has_printed_rows, true) {
        print("\n")?;
    }
    let (rows, summary) = match format {
        RowFormat::Csv => (Vec::new(), stream_csv(execution).await?),
        _ => execution.collect().await?,
    };
    match format {
        RowFormat::Table => print_table(&columns, &rows)?,
        RowFormat::Json => print_json(&columns, &rows, &summary)?,
        RowFormat::Csv => {}
    }
    notify(&summary);
    if format == RowFormat::Table {
        tell(&told(columns.is_empty(), rows.len(), &summary));
    }
    Ok(())
}

/// Prints rows as they come, so that a large result needs no memory.
async fn stream_csv(mut execution: Execution) -> Result<Summary, Failure> {
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

fn print_table(columns: &[String], values: &[Vec<Value>]) -> Result<(), Failure> {
    if columns.is_empty() {
        return Ok(());
    }
    let cell = |value: &Value| if *value == Value::Null { "NULL".to_owned() } else { plain(value) };
    let cells: Vec<Vec<String>> = values.iter().map(|row| row.iter().map(cell).collect()).collect();
    Ok(print(&rows(columns, &cells))?)
}

fn print_json(columns: &[String], rows: &[Vec<Value>], summary: &Summary) -> Result<(), Failure> {
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
    Ok(print(&format!("{result}\n"))?)
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
fn told(is_write: bool, rows: usize, summary: &Summary) -> String {
    let count = |number: u64, one: &str| format!("{number} {one}{}", if number == 1 { "" } else { "s" });
    let what = match (is_write, summary.system_updates) {
        (true, 0) => "Nothing changed".to_owned(),
        (true, updates) => format!("Done, {}", count(updates, "system update")),
        (false, _) => count(rows as u64, "row"),
    };
    format!("{what}, revision {}.", summary.revision)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_said_in_a_sentence() {
        let mut summary = Summary::default();
        summary.revision = 7;
        assert_eq!(told(true, 0, &summary), "Nothing changed, revision 7.");
        summary.system_updates = 2;
        assert_eq!(told(true, 0, &summary), "Done, 2 system updates, revision 7.");
        assert_eq!(told(false, 1, &summary), "1 row, revision 7.");
    }
}
