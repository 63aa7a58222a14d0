//! Printing of `GRANT`, `DENY` and `REVOKE` of privileges.

use std::fmt::{self, Write};

use super::{Out, identifier, name, names, quoted_identifier, separated, string_operand};
use crate::ast::{
    DbmsAction, ElementKind, GrantEffect, GraphAction, LoadTerm, NameOperand, NameScope, PatternTerm,
    PrivilegeStatement, PrivilegeTerm, PrivilegeVerb, ResourceTerm, SegmentTerm,
};
use crate::characters::{is_name_continue, is_name_start};

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
            out.write_str("IMPERSONATE ")?;
            names_in_brackets(out, users.as_deref())?;
            out.write_str(" ON DBMS")
        }
        PrivilegeTerm::ResolveAlias(aliases) => {
            write!(out, "{} ", DbmsAction::ResolveAlias.keywords())?;
            names_in_brackets(out, aliases.as_deref())?;
            out.write_str(" ON DBMS")
        }
        PrivilegeTerm::Transaction { action, users, scope } => {
            write!(out, "{} ", action.keywords())?;
            names_in_brackets(out, users.as_deref())?;
            out.write_str(" ON ")?;
            name_scope(out, "DATABASE", scope)
        }
        PrivilegeTerm::Qualified { action, globs } => {
            write!(out, "{} ", action.keywords())?;
            separated(out, globs, ", ", |out, pattern| glob(out, &pattern.value))?;
            out.write_str(" ON DBMS")
        }
        PrivilegeTerm::Load(LoadTerm::AllData) => out.write_str("LOAD ON ALL DATA"),
        PrivilegeTerm::Load(LoadTerm::Url(url)) => {
            out.write_str("LOAD ON URL ")?;
            string_operand(out, url)
        }
        PrivilegeTerm::Load(LoadTerm::Cidr(range)) => {
            out.write_str("LOAD ON CIDR ")?;
            string_operand(out, range)
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

/// `(*)` or `(name, …)`.
fn names_in_brackets(out: Out<'_, '_>, listed: Option<&[NameOperand]>) -> fmt::Result {
    out.write_str("(")?;
    match listed {
        None => out.write_str("*")?,
        Some(listed) => names(out, listed)?,
    }
    out.write_str(")")
}

/// A pattern: bare if its parts can be read back, in backticks if not.
pub(crate) fn glob(out: &mut impl Write, pattern: &str) -> fmt::Result {
    // Only a letter can begin a word, and nothing but dots and wildcards stands between words.
    let mut words = pattern.split(['.', '*', '?']).filter(|word| !word.is_empty());
    let bare = words.all(|word| word.starts_with(is_name_start) && word.chars().all(is_name_continue));
    if bare { out.write_str(pattern) } else { quoted_identifier(out, pattern) }
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
    match segment {
        SegmentTerm::Elements { kind, names } => {
            out.write_str(match kind {
                ElementKind::Elements => " ELEMENTS ",
                ElementKind::Nodes => " NODES ",
                ElementKind::Relationships => " RELATIONSHIPS ",
            })?;
            match names {
                None => out.write_str("*"),
                Some(names) => separated(out, names, ", ", |out, name| identifier(out, &name.value)),
            }
        }
        SegmentTerm::Pattern(pattern) => write!(out, " FOR {pattern}"),
    }
}

/// What follows `FOR`; also how the catalog keeps it.
impl fmt::Display for PatternTerm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (open, close) = if self.of_relationships { ("()-[", "]-()") } else { ("(", ")") };
        formatter.write_str(open)?;
        identifier(formatter, &self.variable.value)?;
        for (index, label) in self.labels.iter().enumerate() {
            formatter.write_str(if index == 0 { ":" } else { "|" })?;
            identifier(formatter, &label.value)?;
        }
        write!(formatter, "{close} WHERE {}", self.condition.value)
    }
}
