//! Listings: what a `SHOW` reads from a catalog, for whom, and as which columns and rows.
//!
//! A listing is bound once, against the columns of its subject, and can then be run on any catalog. Rows are made one by
//! one while they are asked for, and no more of them than are asked for. `ORDER BY` holds as many as may be
//! returned, and none where the subject's own order is asked for; aggregation holds its groups. A principal sees what the
//! reference allows and nothing else: rows and values are hidden here.

mod aggregate;
pub(crate) mod columns;
mod databases;
pub(crate) mod privileges;
mod projection;
mod source;
#[cfg(test)]
mod tests;
mod time;
mod users;

use aliasd_catalog::{Catalog, CypherVersion, Principal, Value};

use crate::ast::ShowStatement;
use crate::lower::Refusal;
use crate::parameters::Parameters;

pub use columns::{Column, Only};
use projection::Pipeline;
use source::Source;

/// Rows, one by one. A row may fail on its own, for example by a division by zero.
pub(crate) type Rows<'a> = Box<dyn Iterator<Item = Result<Vec<Value>, Refusal>> + Send + 'a>;

/// A listing that is ready to run.
#[derive(Clone, Debug)]
pub struct Listing {
    source: Source,
    pipeline: Pipeline,
}

/// The result of a listing.
pub struct Table<'a> {
    /// The names of the columns, in order.
    pub columns: Vec<String>,
    rows: Rows<'a>,
}

/// Runs a listing on a catalog, for a principal.
///
/// # Errors
/// The principal may not list this, or a row that had to be looked at before the first one could be
/// given has no value. Rows that come later report their own errors.
pub fn run_listing<'a>(catalog: &'a Catalog, who: &'a Principal, listing: &'a Listing) -> Result<Table<'a>, Refusal> {
    let rows = listing.source.rows(catalog, who)?;
    let rows = listing.pipeline.run(rows)?;
    Ok(Table { columns: listing.columns(), rows })
}

// === impl Listing ===

impl Listing {
    /// Binds what follows a `SHOW` to the columns of its subject.
    pub(crate) fn new(show: &ShowStatement, version: CypherVersion, parameters: &Parameters) -> Result<Self, Refusal> {
        let source = Source::new(&show.subject.value, parameters)?;
        // Where a column cannot be asked for, it still has its place in the row.
        let hidden = |column: &Column| column.only == Only::Cypher25 && version == CypherVersion::Cypher5;
        let offered: Vec<_> = source.columns().enumerate().filter(|(_, column)| !hidden(column)).collect();
        let pipeline = Pipeline::bind(&offered, source.sorted_by(), &show.projection, parameters)?;
        Ok(Self { source, pipeline })
    }

    /// The names of the columns that the result will have, in order.
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        self.pipeline.columns()
    }
}

// === impl Table ===

impl Iterator for Table<'_> {
    type Item = Result<Vec<Value>, Refusal>;

    fn next(&mut self) -> Option<Self::Item> {
        self.rows.next()
    }
}
