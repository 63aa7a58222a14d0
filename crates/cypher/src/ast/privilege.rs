//! `GRANT`, `DENY` and `REVOKE` of privileges.

use super::{DatabaseAction, DbmsAction, GrantEffect, GraphAction, NameOperand};
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
    /// `… ON DBMS`.
    Dbms(DbmsAction),
    /// `IMPERSONATE (…) ON DBMS`; no users means every user.
    Impersonate(Option<Vec<NameOperand>>),
    /// `… ON HOME DATABASE | DATABASE *|names`.
    Database {
        /// What may be done.
        action: DatabaseAction,
        /// On which databases.
        scope: NameScope,
    },
    /// `… ON HOME GRAPH | GRAPH *|names`.
    Graph {
        /// What may be done.
        action: GraphAction,
        /// `{…}` or the labels, for actions that take them.
        resource: Option<ResourceTerm>,
        /// On which graphs.
        scope: NameScope,
        /// `NODES …`, for actions that take it; absent means `ELEMENTS *`.
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

/// The elements that a graph privilege concerns.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentTerm {
    /// Nodes, relationships or both.
    pub kind: ElementKind,
    /// Labels or types; none means `*`.
    pub names: Option<Vec<Located<String>>>,
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
