//! `GRANT`, `DENY` and `REVOKE` of privileges.

use super::{
    DatabaseAction, DbmsAction, Expression, GrantEffect, GraphAction, NameOperand, Operand, QualifiedAction,
    TransactionAction,
};
use crate::span::Located;

/// `GRANT|DENY|REVOKE [IMMUTABLE] privilege ON scope TO|FROM roles`.
#[derive(Clone, Debug, PartialEq)]
pub struct PrivilegeStatement {
    /// What happens to the privilege.
    pub verb: PrivilegeVerb,
    /// `IMMUTABLE`.
    pub immutable: bool,
    /// Which privilege, on what.
    pub privilege: Located<PrivilegeTerm>,
    /// Whose. Never empty.
    pub roles: Vec<NameOperand>,
}

/// What happens to a privilege.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrivilegeVerb {
    /// `GRANT` or `DENY`.
    Assign(GrantEffect),
    /// `REVOKE`, `REVOKE GRANT` or `REVOKE DENY`.
    Revoke(Option<GrantEffect>),
}

/// A privilege with its scope.
#[derive(Clone, Debug, PartialEq)]
pub enum PrivilegeTerm {
    /// `… ON DBMS`; not [`DbmsAction::ResolveAlias`], which is [`PrivilegeTerm::ResolveAlias`].
    Dbms(DbmsAction),
    /// `IMPERSONATE (…) ON DBMS`; no users means every user.
    Impersonate(Option<Vec<NameOperand>>),
    /// `RESOLVE ALIAS (…) ON DBMS`; no aliases means every alias.
    ResolveAlias(Option<Vec<NameOperand>>),
    /// `… ON HOME DATABASE | DATABASE *|names`.
    Database {
        /// What may be done.
        action: DatabaseAction,
        /// On which databases.
        scope: NameScope,
    },
    /// `SHOW TRANSACTION`, `TERMINATE TRANSACTION` and `TRANSACTION MANAGEMENT` on databases.
    Transaction {
        /// What may be done.
        action: TransactionAction,
        /// Whose transactions; none means those of every user.
        users: Option<Vec<NameOperand>>,
        /// On which databases.
        scope: NameScope,
    },
    /// `EXECUTE …` and `SHOW SETTING`, on what has a name that fits a pattern.
    Qualified {
        /// What may be done.
        action: QualifiedAction,
        /// The patterns; never empty.
        globs: Vec<Located<String>>,
    },
    /// `LOAD ON …`.
    Load(LoadTerm),
    /// `… ON HOME GRAPH | GRAPH *|names`.
    Graph {
        /// What may be done.
        action: GraphAction,
        /// `{…}` or the labels, for actions that take them.
        resource: Option<ResourceTerm>,
        /// On which graphs.
        scope: NameScope,
        /// `NODES …` or `FOR …`, for actions that take it; absent means `ELEMENTS *`.
        segment: Option<SegmentTerm>,
    },
}

/// The databases or graphs that a privilege concerns.
#[derive(Clone, Debug, PartialEq)]
pub enum NameScope {
    /// `HOME DATABASE`, `HOME GRAPH`.
    Home,
    /// `*`.
    All,
    /// By name; never empty.
    Named(Vec<NameOperand>),
}

/// The properties or labels that a graph privilege concerns.
#[derive(Clone, Debug, PartialEq)]
pub enum ResourceTerm {
    /// `*`.
    All,
    /// By name; never empty.
    Named(Vec<Located<String>>),
}

/// From where data may be loaded.
#[derive(Clone, Debug, PartialEq)]
pub enum LoadTerm {
    /// `ALL DATA`.
    AllData,
    /// `URL 'pattern'`.
    Url(Located<Operand<String>>),
    /// `CIDR 'range'`.
    Cidr(Located<Operand<String>>),
}

/// The elements that a graph privilege concerns.
#[derive(Clone, Debug, PartialEq)]
pub enum SegmentTerm {
    /// By kind, and by label or type.
    Elements {
        /// Nodes, relationships or both.
        kind: ElementKind,
        /// Labels or types; none means `*`.
        names: Option<Vec<Located<String>>>,
    },
    /// `FOR (n:A|B) WHERE n.key = value`: nodes or relationships, by what is in one of their properties.
    Pattern(PatternTerm),
}

/// Which nodes or relationships a rule over their properties picks.
#[derive(Clone, Debug, PartialEq)]
pub struct PatternTerm {
    /// `FOR ()-[r:A|B]-() WHERE …`. Which way the arrow points does not matter.
    pub of_relationships: bool,
    /// What the condition calls a node or relationship.
    pub variable: Located<String>,
    /// Any of these labels or types; none means every node or relationship.
    pub labels: Vec<Located<String>>,
    /// What must hold. The form `({key: value})` says `key = value`.
    pub condition: Box<Located<Expression>>,
}

/// The kinds of graph elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementKind {
    /// `ELEMENTS`.
    Elements,
    /// `NODES`.
    Nodes,
    /// `RELATIONSHIPS`.
    Relationships,
}
