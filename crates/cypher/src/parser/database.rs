//! `CREATE DATABASE`, `DROP DATABASE`.

use super::{Parsed, Parser};
use crate::ast::{CreateDatabase, DatabaseStatement, DropDatabase};

impl Parser<'_> {
    /// After `CREATE [OR REPLACE] DATABASE`.
    pub(super) fn create_database(&mut self, replace: bool) -> Parsed<DatabaseStatement> {
        let name = self.catalog_name("a database name")?;
        let mode = self.create_mode(replace, "database", &name)?;
        Ok(DatabaseStatement::Create(CreateDatabase { name, mode }))
    }

    /// After `DROP DATABASE`.
    pub(super) fn drop_database(&mut self) -> Parsed<DatabaseStatement> {
        let name = self.catalog_name("a database name")?;
        let if_exists = self.if_exists()?;
        let cascade_aliases = self.accept("CASCADE");
        if cascade_aliases {
            self.expect_one_of(&["ALIASES", "ALIAS"])?;
        } else {
            // RESTRICT is the default; saying it changes nothing.
            self.accept("RESTRICT");
        }
        Ok(DatabaseStatement::Drop(DropDatabase { name, if_exists, cascade_aliases }))
    }
}
