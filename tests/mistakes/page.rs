//! The table in tests/README.md: who catches which mistake, and how long that took when it was last tried.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::table::Catch;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");

/// The heads of the columns, and what follows them.
const HEAD: &str = "| mistake | caught by | time |\n|---|---|---|\n";

impl Catch {
    /// Its row, without the time.
    pub(crate) fn row(&self) -> String {
        format!("| `{}` | `{}` of `{}` |", self.mistake.name(), self.test, self.program)
    }
}

/// The rows that the page shows, without the times.
pub(crate) fn read() -> Result<Vec<String>> {
    let page = fs::read_to_string(PAGE)?;
    let (_, rest) = page.split_once(HEAD).context("tests/README.md has no table of mistakes")?;
    let rows = rest.lines().take_while(|line| line.starts_with('|'));
    let without_time = |row: &str| row.rsplitn(3, '|').nth(2).map(|rest| format!("{rest}|"));
    Ok(rows.filter_map(without_time).collect())
}

/// Writes the table with these times.
pub(crate) fn write(table: &[Catch], times: &[Duration]) -> Result<()> {
    let page = fs::read_to_string(PAGE)?;
    let (before, rest) = page.split_once(HEAD).context("tests/README.md has no table of mistakes")?;
    let after = rest.find("\n\n").map_or("\n", |end| &rest[end + 1..]);
    let rows = table.iter().zip(times).map(|(catch, took)| format!("{} {} |\n", catch.row(), rounded(*took)));
    fs::write(PAGE, format!("{before}{HEAD}{}{after}", rows.collect::<String>()))?;
    Ok(())
}

/// So coarse that the page is the same after the next time.
fn rounded(took: Duration) -> String {
    let limits = [1, 2, 5, 10, 20, 60];
    let limit = limits.iter().find(|limit| took <= Duration::from_secs(**limit));
    limit.map_or_else(|| "over 60 s".to_owned(), |limit| format!("within {limit} s"))
}
