//! `CREATE DATABASE`, `DROP DATABASE`.

use super::{CreateMode, NameOperand};

/// A statement about one database.
#[derive(Clone, Debug, PartialEq)]
pub enum DatabaseStatement {
    /// `CREATE DATABASE`.
    Create(CreateDatabase),
    /// `DROP DATABASE`.
    Drop(DropDatabase),
}

/// `CREATE [OR REPLACE] DATABASE name [IF NOT EXISTS]`.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateDatabase {
    /// The new database.
    pub name: NameOperand,
    /// What to do if the name is taken.
    pub mode: CreateMode,
}

/// `DROP DATABASE name [IF EXISTS] [RESTRICT | CASCADE ALIASES]`.
#[derive(Clone, Debug, PartialEq)]
pub struct DropDatabase {
    /// The database to drop.
    pub name: NameOperand,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// `CASCADE ALIASES`.
    pub cascade_aliases: bool,
}
