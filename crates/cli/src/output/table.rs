//! Tables. On a terminal they fit its width: long texts are wrapped, and when not even the column names fit, each row
//! becomes a list of its fields. Elsewhere a row is a line, whatever its length.

use std::io::{self, IsTerminal};

use aliasd_console::printable;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, ContentArrangement, Table};
use unicode_width::UnicodeWidthStr;

/// A table with a line of column names.
pub(crate) fn rows<S: AsRef<str>>(columns: &[S], rows: &[Vec<String>]) -> String {
    render(columns, &of_lines(rows), terminal_width())
}

/// The same with cells of several lines. Elsewhere a cell is a line, whatever it holds.
pub(crate) fn rows_of_lines<S: AsRef<str>>(columns: &[S], rows: &[Vec<Vec<String>>]) -> String {
    render(columns, rows, terminal_width())
}

fn of_lines(rows: &[Vec<String>]) -> Vec<Vec<Vec<String>>> {
    rows.iter().map(|row| row.iter().map(|cell| vec![cell.clone()]).collect()).collect()
}

/// Names and values below each other.
pub(crate) fn fields(fields: &[(&str, String)]) -> String {
    let width = fields.iter().map(|(name, _)| name.width()).max().unwrap_or_default();
    let field =
        |(name, value): &(&str, String)| format!("{name}{}  {}\n", " ".repeat(width - name.width()), printable(value));
    fields.iter().map(field).collect()
}

fn render<S: AsRef<str>>(columns: &[S], rows: &[Vec<Vec<String>>], width: Option<u16>) -> String {
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
        let cell = |lines: &Vec<String>| lines.iter().map(|line| printable(line)).collect::<Vec<_>>().join("\n");
        table.add_row(row.iter().map(|lines| Cell::new(cell(lines))));
    }
    format!("{table}\n")
}

/// The fields of each row below each other, with an empty line between rows.
fn records<S: AsRef<str>>(columns: &[S], rows: &[Vec<Vec<String>>]) -> String {
    let record = |row: &Vec<Vec<String>>| {
        let cells = columns.iter().map(AsRef::as_ref).zip(row);
        let named = cells.flat_map(|(name, lines)| {
            let names = [name].into_iter().chain(std::iter::repeat(""));
            names.zip(if lines.is_empty() { vec![String::new()] } else { lines.clone() })
        });
        fields(&named.collect::<Vec<_>>())
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
        assert_eq!(longest(&render(&["name", "text"], &of_lines(&wide), Some(60))), Some(60));
        assert!(longest(&render(&["name", "text"], &of_lines(&wide), None)) > Some(200));
        // A wide letter takes two columns.
        let wide = vec![vec!["x".to_owned(), "漢字".repeat(40)]];
        let table = render(&["name", "text"], &of_lines(&wide), Some(40));
        assert!(table.lines().all(|line| line.width() == 40), "{table}");
    }

    #[test]
    fn a_row_that_is_too_wide_becomes_a_list() {
        let rows = [vec!["x".to_owned(), "1".to_owned()], vec!["y".to_owned(), "2".to_owned()]];
        let rows = of_lines(&rows);
        let text = render(&["name", "requestedStatus"], &rows, Some(20));
        assert_eq!(text, "name             x\nrequestedStatus  1\n\nname             y\nrequestedStatus  2\n");
        assert!(render(&["name", "requestedStatus"], &rows, Some(26)).starts_with('┌'));
    }

    /// A name with a line break is no second row, and no second field.
    #[test]
    fn a_line_break_in_a_cell_makes_no_line() {
        let row = [vec!["x\n│ y".to_owned(), "\u{202e}1".to_owned()]];
        for width in [None, Some(60), Some(12)] {
            let text = render(&["name", "text"], &of_lines(&row), width);
            assert!(text.contains("x\\n│ y") && text.contains("\\u{202e}1"), "{text}");
        }
        assert_eq!(fields(&[("name", "x\nrole  admin".to_owned())]), "name  x\\nrole  admin\n");
        let several = [vec![vec!["x".to_owned()], vec!["1".to_owned(), "2\n".to_owned()]]];
        assert_eq!(render(&["name", "text"], &several, Some(12)), "name  x\ntext  1\n      2\\n\n");
    }

    #[test]
    fn fields_stand_below_each_other() {
        let text = fields(&[("name", "x".to_owned()), ("version", "7".to_owned())]);
        assert_eq!(text, "name     x\nversion  7\n");
    }
}
