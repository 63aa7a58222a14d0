//! Tables. On a terminal they fit its width: long texts are wrapped, and when not even the column names fit, each row
//! becomes a list of its fields. Elsewhere a row is a line, whatever its length.

use std::io::{self, IsTerminal};

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, ContentArrangement, Table};
use unicode_width::UnicodeWidthStr;

use super::printable;

/// A table with a line of column names.
pub(crate) fn rows<S: AsRef<str>>(columns: &[S], rows: &[Vec<String>]) -> String {
    render(columns, rows, terminal_width())
}

/// Names and values below each other.
pub(crate) fn fields(fields: &[(&str, String)]) -> String {
    let width = fields.iter().map(|(name, _)| name.width()).max().unwrap_or_default();
    let field =
        |(name, value): &(&str, String)| format!("{name}{}  {}\n", " ".repeat(width - name.width()), printable(value));
    fields.iter().map(field).collect()
}

fn render<S: AsRef<str>>(columns: &[S], rows: &[Vec<String>], width: Option<u16>) -> String {
    // Each column takes its name, a space on both sides and a border; one more border closes the line.
    let narrowest: usize = columns.iter().map(|name| name.as_ref().width() + 3).sum();
    if width.is_some_and(|width| narrowest + 1 > usize::from(width)) {
        return records(columns, rows);
    }
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header(columns.iter().map(|name| Cell::new(printable(name.as_ref()))));
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    for row in rows {
        table.add_row(row.iter().map(|cell| Cell::new(printable(cell))));
    }
    format!("{table}\n")
}

/// The fields of each row below each other, with an empty line between rows.
fn records<S: AsRef<str>>(columns: &[S], rows: &[Vec<String>]) -> String {
    let record = |row: &Vec<String>| {
        let named: Vec<_> = columns.iter().map(AsRef::as_ref).zip(row.iter().cloned()).collect();
        fields(&named)
    };
    rows.iter().map(record).collect::<Vec<_>>().join("\n")
}

fn terminal_width() -> Option<u16> {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    terminal_size::terminal_size_of(stdout).map(|(terminal_size::Width(width), _)| width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_fits_the_terminal() {
        let wide = vec![vec!["x".to_owned(), "a long text of many words ".repeat(10)]];
        let longest = |text: &str| text.lines().map(|line| line.chars().count()).max();
        assert_eq!(longest(&render(&["name", "text"], &wide, Some(60))), Some(60));
        assert!(longest(&render(&["name", "text"], &wide, None)) > Some(200));
        // A wide letter takes two columns.
        let wide = vec![vec!["x".to_owned(), "漢字".repeat(40)]];
        let table = render(&["name", "text"], &wide, Some(40));
        assert!(table.lines().all(|line| line.width() == 40), "{table}");
    }

    #[test]
    fn a_row_that_is_too_wide_becomes_a_list() {
        let rows = [vec!["x".to_owned(), "1".to_owned()], vec!["y".to_owned(), "2".to_owned()]];
        let text = render(&["name", "requestedStatus"], &rows, Some(20));
        assert_eq!(text, "name             x\nrequestedStatus  1\n\nname             y\nrequestedStatus  2\n");
        assert!(render(&["name", "requestedStatus"], &rows, Some(26)).starts_with('┌'));
    }

    #[test]
    fn fields_stand_below_each_other() {
        let text = fields(&[("name", "x".to_owned()), ("version", "7".to_owned())]);
        assert_eq!(text, "name     x\nversion  7\n");
    }
}
