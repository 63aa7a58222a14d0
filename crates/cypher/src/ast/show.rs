//! `SHOW …` and what may follow it: `YIELD`, `WHERE`, `ORDER BY`, `SKIP`, `LIMIT`, `RETURN`.

use std::sync::Arc;

use super::{Expression, NameOperand, Operand};
use crate::span::Located;

/// A listing.
#[derive(Clone, Debug, PartialEq)]
pub struct ShowStatement {
    /// Whose rows they are: aliases, users, and so on.
    pub subject: Located<ShowSubject>,
    /// Which rows and columns of it. The listing that is made of the statement shares it.
    pub projection: Arc<Projection>,
}

/// The words between SHOW and YIELD or WHERE.
#[derive(Clone, Debug, PartialEq)]
pub enum ShowSubject {
    /// `SHOW ALIASES [name] FOR DATABASE`.
    Aliases(Option<NameOperand>),
    /// `SHOW DATABASES`, `SHOW DATABASE name`.
    Databases(Option<NameOperand>),
    /// `SHOW DEFAULT DATABASE`.
    DefaultDatabase,
    /// `SHOW HOME DATABASE`.
    HomeDatabase,
    /// `SHOW USERS [WITH AUTH]`.
    Users {
        /// `WITH AUTH`.
        with_auth: bool,
    },
    /// `SHOW CURRENT USER`.
    CurrentUser,
    /// `SHOW [ALL | POPULATED] ROLES [WITH USERS | WITH AUTH RULES]`.
    Roles {
        /// `POPULATED`.
        populated: bool,
        /// Who has them.
        with: Option<RolesWith>,
    },
    /// `SHOW AUTH RULES [AS COMMANDS]`.
    AuthRules {
        /// `AS COMMANDS`.
        as_commands: bool,
    },
    /// `SHOW … PRIVILEGES [AS [REVOKE] COMMANDS]`.
    Privileges {
        /// `ROLE …`, `USER …` or neither.
        of: PrivilegesOf,
        /// As rows or as commands.
        as_commands: Option<AsCommands>,
    },
    /// `SHOW CLUSTER POLICY`.
    ClusterPolicy,
    /// `SHOW SUPPORTED PRIVILEGES`.
    SupportedPrivileges,
    /// `SHOW SERVERS`.
    Servers,
    /// `SHOW TRANSACTIONS ['id', …]`.
    Transactions(Vec<Located<Operand<String>>>),
    /// `SHOW SETTINGS ['name', …]`.
    Settings(Vec<Located<Operand<String>>>),
    /// `SHOW PROCEDURES [EXECUTABLE …]`.
    Procedures {
        /// `EXECUTABLE …`.
        executable_by: Option<Executor>,
    },
    /// `SHOW [ALL | BUILT IN | USER DEFINED] FUNCTIONS [EXECUTABLE …]`.
    Functions {
        /// `USER DEFINED`.
        user_defined: bool,
        /// `EXECUTABLE …`.
        executable_by: Option<Executor>,
    },
    /// `CALL dbms.components()`, which lists as a `SHOW` does.
    Components,
}

/// Who it is that may call what is listed.
#[derive(Clone, Debug, PartialEq)]
pub enum Executor {
    /// `EXECUTABLE [BY CURRENT USER]`.
    CurrentUser,
    /// `EXECUTABLE BY u`.
    User(NameOperand),
}

/// Whom roles are listed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolesWith {
    /// `WITH USERS`.
    Users,
    /// `WITH AUTH RULES`.
    AuthRules,
}

/// Whose privileges are listed.
#[derive(Clone, Debug, PartialEq)]
pub enum PrivilegesOf {
    /// `SHOW [ALL] PRIVILEGES`.
    Everyone,
    /// `SHOW ROLE r, … PRIVILEGES`.
    Roles(Vec<NameOperand>),
    /// `SHOW USER u, … PRIVILEGES`; nobody means the caller.
    Users(Vec<NameOperand>),
    /// `SHOW AUTH RULE r, … PRIVILEGES`.
    AuthRules(Vec<NameOperand>),
}

/// `AS COMMANDS`, `AS REVOKE COMMANDS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsCommands {
    /// The commands that would assign the privileges.
    Assign,
    /// The commands that would revoke them.
    Revoke,
}

/// What follows the subject of a listing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Projection {
    /// `YIELD`; absent means the brief columns.
    pub yields: Option<Yield>,
    /// `WHERE`.
    pub filter: Option<Located<Expression>>,
    /// `RETURN`; only with `YIELD`.
    pub returns: Option<Return>,
}

/// `YIELD items [ORDER BY …] [SKIP n] [LIMIT n]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Yield {
    /// `*`, or the columns that are kept, some under another name.
    pub items: YieldItems,
    /// In which order.
    pub order_by: Vec<OrderItem>,
    /// How many rows to leave out.
    pub skip: Option<Located<u64>>,
    /// How many rows at most.
    pub limit: Option<Located<u64>>,
}

/// The columns of a `YIELD`.
#[derive(Clone, Debug, PartialEq)]
pub enum YieldItems {
    /// `*`.
    All,
    /// By name; never empty.
    Columns(Vec<YieldItem>),
}

/// `column [AS name]`.
#[derive(Clone, Debug, PartialEq)]
pub struct YieldItem {
    /// A column of the listing.
    pub column: Located<String>,
    /// What it is called from here on.
    pub renamed: Option<Located<String>>,
}

/// `expression [ASC | DESC]`.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderItem {
    /// What to order by.
    pub expression: Located<Expression>,
    /// `DESC`.
    pub descending: bool,
}

/// `RETURN [DISTINCT] items [ORDER BY …] [SKIP n] [LIMIT n]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Return {
    /// `DISTINCT`.
    pub distinct: bool,
    /// `*`, or expressions over what was yielded.
    pub items: ReturnItems,
    /// In which order.
    pub order_by: Vec<OrderItem>,
    /// How many rows to leave out; a constant expression.
    pub skip: Option<Located<Expression>>,
    /// How many rows at most; a constant expression.
    pub limit: Option<Located<Expression>>,
}

/// The columns of a `RETURN`.
#[derive(Clone, Debug, PartialEq)]
pub enum ReturnItems {
    /// `*`, and expressions after it.
    All(Vec<ReturnItem>),
    /// Expressions; never empty.
    Columns(Vec<ReturnItem>),
}

/// `expression [AS name]`.
#[derive(Clone, Debug, PartialEq)]
pub struct ReturnItem {
    /// What is computed.
    pub expression: Located<Expression>,
    /// What it is called; absent means the expression's own text.
    pub renamed: Option<Located<String>>,
}

// === impl ReturnItem ===

impl ReturnItem {
    /// The name of its column: what it is given, or the expression as it reads.
    #[must_use]
    pub fn name(&self) -> String {
        match (&self.renamed, &self.expression.value) {
            (Some(name), _) => name.value.clone(),
            (None, Expression::Variable(name)) => name.clone(),
            (None, other) => other.to_string(),
        }
    }
}
