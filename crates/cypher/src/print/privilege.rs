//! Printing of `GRANT`, `DENY` and `REVOKE` of privileges.

use std::fmt;

use super::{Out, identifier, name, names, separated};
use crate::ast::{
    ElementKind, GrantEffect, GraphAction, NameScope, PrivilegeStatement, PrivilegeTerm, PrivilegeVerb, ResourceTerm,
    SegmentTerm,
};

pub(super) fn statement(out: Out<'_, '_>, statement: &PrivilegeStatement) -> fmt::Result {
    let (verb, preposition) = match statement.verb {
        PrivilegeVerb::Assign(GrantEffect::Granted) => ("GRANT", "TO"),
        PrivilegeVerb::Assign(GrantEffect::Denied) => ("DENY", "TO"),
        PrivilegeVerb::Revoke(None) => ("REVOKE", "FROM"),
        PrivilegeVerb::Revoke(Some(GrantEffect::Granted)) => ("REVOKE GRANT", "FROM"),
        PrivilegeVerb::Revoke(Some(GrantEffect::Denied)) => ("REVOKE DENY", "FROM"),
    };
    write!(out, "{verb} {}", if statement.immutable { "IMMUTABLE " } else { "" })?;
    term(out, &statement.privilege.value)?;
    write!(out, " {preposition} ")?;
    names(out, &statement.roles)
}

fn term(out: Out<'_, '_>, term: &PrivilegeTerm) -> fmt::Result {
    match term {
        PrivilegeTerm::Dbms(action) => write!(out, "{} ON DBMS", action.keywords()),
        PrivilegeTerm::Impersonate(users) => {
            out.write_str("IMPERSONATE (")?;
            match users {
                None => out.write_str("*")?,
                Some(users) => names(out, users)?,
            }
            out.write_str(") ON DBMS")
        }
        PrivilegeTerm::Database { action, scope } => {
            write!(out, "{} ON ", action.keywords())?;
            name_scope(out, "DATABASE", scope)
        }
        PrivilegeTerm::Graph { action, resource, scope, segment } => {
            out.write_str(action.keywords())?;
            if let Some(resource) = resource {
                resource_term(out, *action, resource)?;
            }
            out.write_str(" ON ")?;
            name_scope(out, "GRAPH", scope)?;
            segment.as_ref().map_or(Ok(()), |segment| segment_term(out, segment))
        }
    }
}

fn name_scope(out: Out<'_, '_>, word: &str, scope: &NameScope) -> fmt::Result {
    match scope {
        NameScope::Home => write!(out, "HOME {word}"),
        NameScope::All => write!(out, "{word} *"),
        NameScope::Named(scopes) => {
            write!(out, "{word} ")?;
            separated(out, scopes, ", ", name)
        }
    }
}

fn resource_term(out: Out<'_, '_>, action: GraphAction, resource: &ResourceTerm) -> fmt::Result {
    let labels = matches!(action, GraphAction::SetLabel | GraphAction::RemoveLabel);
    out.write_str(if labels { " " } else { " {" })?;
    match resource {
        ResourceTerm::All => out.write_str("*")?,
        ResourceTerm::Named(names) => separated(out, names, ", ", |out, name| identifier(out, &name.value))?,
    }
    out.write_str(if labels { "" } else { "}" })
}

fn segment_term(out: Out<'_, '_>, segment: &SegmentTerm) -> fmt::Result {
    out.write_str(match segment.kind {
        ElementKind::Elements => " ELEMENTS ",
        ElementKind::Nodes => " NODES ",
        ElementKind::Relationships => " RELATIONSHIPS ",
    })?;
    match &segment.names {
        None => out.write_str("*"),
        Some(names) => separated(out, names, ", ", |out, name| identifier(out, &name.value)),
    }
}
