//! Tables. On a terminal they fit its width; elsewhere a row is a line, whatever its length.

use std::io::{self, IsTerminal};

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, ContentArrangement, Table};

use super::printable;

/// A table with a line of column names.
pub(crate) fn rows<S: AsRef<str>>(columns: &[S], rows: &[Vec<String>]) -> String {
    render(columns, rows, terminal_width())
}

/// Names and values below each other.
pub(crate) fn fields(fields: &[(&str, String)]) -> String {
    let width = fields.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    fields.iter().map(|(name, value)| format!("{name:width$}  {}\n", printable(value))).collect()
}

fn render<S: AsRef<str>>(columns: &[S], rows: &[Vec<String>], width: Option<u16>) -> String {
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
    }

    #[test]
    fn fields_stand_below_each_other() {
        let text = fields(&[("name", "x".to_owned()), ("version", "7".to_owned())]);
        assert_eq!(text, "name     x\nversion  7\n");
    }
}
