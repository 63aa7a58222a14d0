//! `CREATE ALIAS`, `ALTER ALIAS`, `DROP ALIAS`.

use aliasd_catalog::PlainSecret;

use super::{CreateMode, CypherVersion, MapEntries, NameOperand, Operand};
use crate::span::Located;

/// A statement about one alias.
#[derive(Clone, Debug, PartialEq)]
pub enum AliasStatement {
    /// `CREATE ALIAS`.
    Create(CreateAlias),
    /// `ALTER ALIAS`.
    Alter(AlterAlias),
    /// `DROP ALIAS`.
    Drop(DropAlias),
}

/// `CREATE [OR REPLACE] ALIAS name [IF NOT EXISTS] FOR DATABASE target [AT …] [PROPERTIES …]`.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateAlias {
    /// The new alias.
    pub name: NameOperand,
    /// What to do if the name is taken.
    pub mode: CreateMode,
    /// The database it leads to, here or there.
    pub target: NameOperand,
    /// Present for a remote alias.
    pub remote: Option<RemoteClauses>,
    /// `PROPERTIES`.
    pub properties: Option<Located<Operand<MapEntries>>>,
}

/// `AT url login [DRIVER …] [DEFAULT LANGUAGE …]`.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoteClauses {
    /// The address of the remote DBMS.
    pub url: Located<Operand<String>>,
    /// `USER … PASSWORD …` or `OIDC CREDENTIAL FORWARDING`.
    pub login: LoginClause,
    /// `DRIVER`.
    pub driver: Option<Located<Operand<MapEntries>>>,
    /// `DEFAULT LANGUAGE`.
    pub default_language: Option<Located<CypherVersion>>,
}

/// As whom a DBMS logs in at the remote one.
#[derive(Clone, Debug, PartialEq)]
pub enum LoginClause {
    /// `USER name PASSWORD secret`.
    Stored {
        /// The user there.
        user: NameOperand,
        /// That user's password.
        password: Located<Operand<PlainSecret>>,
    },
    /// `OIDC CREDENTIAL FORWARDING`; only in Cypher 25.
    OidcForwarding,
}

/// `ALTER ALIAS name [IF EXISTS] SET DATABASE …`, with at least one clause.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterAlias {
    /// The alias to alter.
    pub name: NameOperand,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// `TARGET name`.
    pub target: Option<NameOperand>,
    /// `AT url`; only with `TARGET`.
    pub url: Option<Located<Operand<String>>>,
    /// `USER`.
    pub user: Option<NameOperand>,
    /// `PASSWORD`.
    pub password: Option<Located<Operand<PlainSecret>>>,
    /// `DRIVER`.
    pub driver: Option<Located<Operand<MapEntries>>>,
    /// `DEFAULT LANGUAGE`.
    pub default_language: Option<Located<CypherVersion>>,
    /// `PROPERTIES`.
    pub properties: Option<Located<Operand<MapEntries>>>,
}

// === impl AlterAlias ===

impl AlterAlias {
    /// True if a clause is there that only a remote alias has.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        self.url.is_some()
            || self.user.is_some()
            || self.password.is_some()
            || self.driver.is_some()
            || self.default_language.is_some()
    }
}

/// `DROP ALIAS name [IF EXISTS] FOR DATABASE`.
#[derive(Clone, Debug, PartialEq)]
pub struct DropAlias {
    /// The alias to drop.
    pub name: NameOperand,
    /// `IF EXISTS`.
    pub if_exists: bool,
}
