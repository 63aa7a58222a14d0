//! Listings: what a `SHOW` reads from a catalog, for whom, and as which columns and rows.
//!
//! A listing is described by a statement ([`ListingRequest`]), bound once to the columns of its subject, and can then be
//! run on any catalog. Rows are made one by one while they are asked for, and no more of them than are asked for.
//! `ORDER BY` holds as many as may be returned, and none where the subject's own order is asked for; aggregation holds
//! its groups. Who may see what is the catalog's to say; it is never decided here.
//!
//! Pure: a view of the catalog, a principal and a request in, rows or a refusal out. Nothing here changes a catalog.

#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable))]

mod aggregate;
mod databases;
mod no_op;
mod order;
mod policy;
mod privileges;
mod program;
mod projection;
mod rows;
mod servers;
mod source;
#[cfg(test)]
mod tests;
mod time;
mod users;

use aliasd_catalog::{Catalog, Principal, Value};
use aliasd_cypher::{ListingRequest, SpannedRefusal, Subject};

pub use no_op::answer_no_op;
use projection::Pipeline;
use rows::Rows;
pub use servers::Server;

/// A listing that is ready to run.
#[derive(Clone, Debug)]
pub struct Listing {
    subject: Subject,
    servers: Vec<Server>,
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
pub fn run_listing<'a>(
    catalog: &'a Catalog,
    who: &'a Principal,
    listing: &'a Listing,
) -> Result<Table<'a>, SpannedRefusal> {
    let rows = source::rows(&listing.subject, &listing.servers, catalog, who)?;
    let rows = listing.pipeline.run(rows)?;
    Ok(Table { columns: listing.columns(), rows })
}

// === impl Listing ===

impl Listing {
    /// Binds what follows a `SHOW` to the columns of its subject.
    ///
    /// # Errors
    /// A name is no column, a parameter is missing, or an expression cannot have a value on any row. The error has a
    /// span, and gets its excerpt with [`SpannedRefusal::in_source`].
    pub fn bind(request: &ListingRequest) -> Result<Self, SpannedRefusal> {
        let ListingRequest { subject, projection, version, parameters } = request;
        // Where a column cannot be asked for, it still has its place in the row.
        let offered: Vec<_> = subject.columns().enumerate().filter(|(_, column)| column.is_offered(*version)).collect();
        let pipeline = Pipeline::bind(&offered, source::sorted_by(subject), projection, parameters)?;
        Ok(Self { subject: subject.clone(), servers: Vec::new(), pipeline })
    }

    /// Whether it is about the members of the cluster, which no catalog holds.
    #[must_use]
    pub fn is_about_servers(&self) -> bool {
        self.subject == Subject::Servers
    }

    /// The same listing with the members to list, in the order of the rows.
    #[must_use]
    pub fn with_servers(self, servers: Vec<Server>) -> Self {
        Self { servers, ..self }
    }

    /// The names of the columns that the result will have, in order.
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        self.pipeline.columns()
    }
}

// === impl Table ===

impl Iterator for Table<'_> {
    type Item = Result<Vec<Value>, SpannedRefusal>;

    fn next(&mut self) -> Option<Self::Item> {
        self.rows.next()
    }
}
