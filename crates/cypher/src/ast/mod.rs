//! What a statement says, independent of how it was written: names are unquoted, keywords are enums,
//! passwords are in buffers that wipe themselves. Every node knows where it was written.
//!
//! Nothing here refers to a catalog's content, and a parameter is only a name: values come in when the
//! statement is lowered.

mod alias;
mod auth_rule;
mod cluster;
mod database;
mod deprecation;
mod expression;
mod naming;
mod privilege;
mod role;
mod show;
mod user;

pub use aliasd_catalog::{
    CreateMode, CypherVersion, DatabaseAccess, DatabaseAction, DbmsAction, GrantEffect, GraphAction, QualifiedAction,
    TransactionAction, UserStatus,
};

pub use alias::{AliasStatement, AlterAlias, CreateAlias, DropAlias, LoginClause, RemoteClauses};
pub use auth_rule::{AlterAuthRule, AuthRuleStatement, DropAuthRule, RenameAuthRule, RuleAssignment};
pub use cluster::ClusterStatement;
pub use database::{AlterDatabase, CreateDatabase, DatabaseStatement, DropDatabase, Wait};
pub use deprecation::Deprecation;
pub use expression::{BinaryOperator, Expression, MapEntries, Precedence, Quantifier, UnaryOperator};
pub use naming::PARAMETER_STATUS;
pub use privilege::{
    ElementKind, LoadTerm, NameScope, PatternTerm, PrivilegeStatement, PrivilegeTerm, PrivilegeVerb, ResourceTerm,
    SegmentTerm,
};
pub use role::{CreateRole, DropRole, RenameRole, RoleStatement, RolesAndUsers};
pub use show::{
    AsCommands, Executor, OrderItem, PrivilegesOf, Projection, Return, ReturnItem, ReturnItems, RolesWith,
    ShowStatement, ShowSubject, Yield, YieldItem, YieldItems,
};
pub use user::{
    AlterUser, AlterUsers, AuthRemoval, AuthSettings, ChangePassword, CreateUser, DropUser, PasswordClause, RenameUser,
    TagEdits, TagList, TagRemoval, UserSettings, UserStatement,
};

use crate::span::Located;

/// One statement of the administration language.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The `CYPHER 5` or `CYPHER 25` prefix, if there is one.
    pub version: Option<CypherVersion>,
    /// What the statement does.
    pub body: Located<Body>,
    /// What in it is deprecated, in the order written.
    pub deprecations: Vec<Located<Deprecation>>,
}

/// What a statement does, by family.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Creates, alters or drops an alias.
    Alias(AliasStatement),
    /// Creates, alters, drops, starts or stops a database, or makes it the default one.
    Database(DatabaseStatement),
    /// Creates, alters, renames or drops a user.
    User(UserStatement),
    /// Creates, renames or drops a role, gives it to users or takes it from them.
    Role(RoleStatement),
    /// Alters, renames or drops an auth rule, gives roles to it or takes them from it.
    AuthRule(AuthRuleStatement),
    /// Changes what the cluster as a whole goes by.
    Cluster(ClusterStatement),
    /// Grants, denies or revokes privileges.
    Privilege(PrivilegeStatement),
    /// Lists something.
    Show(Box<ShowStatement>),
}

/// Something that is either written out or given as a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand<T> {
    /// Written out.
    Literal(T),
    /// The name of a parameter, without the `$`.
    Parameter(String),
}

/// A possibly qualified name: one part, or several that were joined by dots outside of quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The parts, without quotes. Never empty.
    pub parts: Vec<String>,
}

impl Name {
    /// A name of one part.
    pub fn simple(name: impl Into<String>) -> Self {
        Self { parts: vec![name.into()] }
    }

    /// The full display name: the parts joined by dots.
    #[must_use]
    pub fn display(&self) -> String {
        self.parts.join(".")
    }
}

/// A name or a parameter that stands for one.
pub type NameOperand = Located<Operand<Name>>;
