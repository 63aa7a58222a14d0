//! `CREATE`, `ALTER`, `DROP`, `START` and `STOP` of databases, and the choice of the default one.

use super::{CreateMode, CypherVersion, DatabaseAccess, NameOperand, Operand};
use crate::span::Located;

/// A statement about one database.
#[derive(Clone, Debug, PartialEq)]
pub enum DatabaseStatement {
    /// `CREATE [COMPOSITE] DATABASE`.
    Create(CreateDatabase),
    /// `ALTER DATABASE`.
    Alter(AlterDatabase),
    /// `DROP [COMPOSITE] DATABASE`.
    Drop(DropDatabase),
    /// `START DATABASE name`.
    Start(NameOperand, Wait),
    /// `STOP DATABASE name`.
    Stop(NameOperand, Wait),
    /// `CALL dbms.setDefaultDatabase('name')`.
    SetDefault(Located<Operand<String>>),
}

/// `CREATE [OR REPLACE] [COMPOSITE] DATABASE name [IF NOT EXISTS] [DEFAULT LANGUAGE …] [OPTIONS {}] [WAIT]`.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateDatabase {
    /// The new database.
    pub name: NameOperand,
    /// What to do if the name is taken.
    pub mode: CreateMode,
    /// `COMPOSITE`.
    pub composite: bool,
    /// `[SET] DEFAULT LANGUAGE`.
    pub default_language: Option<Located<CypherVersion>>,
    /// How long to wait.
    pub wait: Wait,
}

/// `ALTER DATABASE name [IF EXISTS] SET …`, with at least one clause.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterDatabase {
    /// The database to alter.
    pub name: NameOperand,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// `SET ACCESS`.
    pub access: Option<Located<DatabaseAccess>>,
    /// `SET DEFAULT LANGUAGE`.
    pub default_language: Option<Located<CypherVersion>>,
    /// How long to wait.
    pub wait: Wait,
}

/// `DROP [COMPOSITE] DATABASE name [IF EXISTS] [RESTRICT | CASCADE ALIASES] [{DUMP | DESTROY} DATA] [WAIT]`.
#[derive(Clone, Debug, PartialEq)]
pub struct DropDatabase {
    /// The database to drop.
    pub name: NameOperand,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// `COMPOSITE`: refuses a database of another kind.
    pub composite: bool,
    /// `CASCADE ALIASES`.
    pub cascade_aliases: bool,
    /// How long to wait.
    pub wait: Wait,
}

/// How long a statement about a database waits until the change is in effect. The catalog holds no data, so
/// a change is in effect as soon as it is acknowledged: the choice is accepted and alters nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wait {
    /// Nothing was said.
    #[default]
    Unsaid,
    /// `NOWAIT`.
    No,
    /// `WAIT`, with so many seconds.
    Yes(Option<u64>),
}
