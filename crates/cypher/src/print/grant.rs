//! Privileges that the catalog holds to the commands that assign or revoke them. Names are always in backticks.

use aliasd_catalog::{
    DatabaseScope, DbmsAction, Grant, GrantEffect, GraphAction, LoadScope, Privilege, Resource, RoleName, Segment,
    UserScope,
};

use super::{glob, quoted_identifier};
use crate::ast::{AsCommands, Expression};

/// The command that grants or denies what this grant says, as an administrator would type it.
#[must_use]
pub fn grant_command(grant: &Grant) -> String {
    grant_command_as(grant, AsCommands::Assign, Some(&grant.role))
}

/// The command that assigns or revokes what a grant says, for a role or, without one, for `$role`.
#[must_use]
pub fn grant_command_as(grant: &Grant, form: AsCommands, role: Option<&RoleName>) -> String {
    let role = role.map_or_else(|| "$role".to_owned(), |role| quoted([role.as_str()]));
    let verb = match grant.effect {
        GrantEffect::Granted => "GRANT",
        GrantEffect::Denied => "DENY",
    };
    let (revoke, preposition) = match form {
        AsCommands::Assign => ("", "TO"),
        AsCommands::Revoke => ("REVOKE ", "FROM"),
    };
    let immutable = if grant.immutable { "IMMUTABLE " } else { "" };
    let privilege = match &grant.privilege {
        Privilege::Dbms(DbmsAction::ResolveAlias) => "RESOLVE ALIAS (*) ON DBMS".to_owned(),
        Privilege::ResolveAlias(alias) => format!("RESOLVE ALIAS ({}) ON DBMS", quoted([alias.as_str()])),
        Privilege::Dbms(action) => format!("{} ON DBMS", action.keywords()),
        Privilege::Impersonate(users) => format!("IMPERSONATE {} ON DBMS", user_words(users)),
        Privilege::Transaction(action, scope, users) => {
            format!("{} {} ON {}", action.keywords(), user_words(users), scope_words("DATABASE", scope))
        }
        Privilege::Qualified(action, pattern) => {
            let mut words = format!("{} ", action.keywords());
            // Writing to a String cannot fail.
            let _infallible = glob(&mut words, pattern.as_str());
            words + " ON DBMS"
        }
        Privilege::Load(LoadScope::All) => "LOAD ON ALL DATA".to_owned(),
        Privilege::Load(LoadScope::Url(url)) => format!("LOAD ON URL {}", Expression::String(url.clone())),
        Privilege::Load(LoadScope::Cidr(range)) => format!("LOAD ON CIDR {}", Expression::String(range.clone())),
        Privilege::Database(action, scope) => format!("{} ON {}", action.keywords(), scope_words("DATABASE", scope)),
        Privilege::Graph { action, resource, scope, segment } => format!(
            "{}{} ON {}{}",
            action.keywords(),
            resource_words(*action, resource),
            scope_words("GRAPH", scope),
            segment_words(segment)
        ),
    };
    format!("{revoke}{verb} {immutable}{privilege} {preposition} {role}")
}

fn user_words(users: &UserScope) -> String {
    match users {
        UserScope::All => "(*)".to_owned(),
        UserScope::Named(user) => format!("({})", quoted([user.as_str()])),
    }
}

fn scope_words(word: &str, scope: &DatabaseScope) -> String {
    match scope {
        DatabaseScope::Home => format!("HOME {word}"),
        DatabaseScope::All => format!("{word} *"),
        DatabaseScope::Named(name) => format!("{word} {}", quoted([name.as_str()])),
    }
}

fn resource_words(action: GraphAction, resource: &Resource) -> String {
    let names = match resource {
        Resource::None => return String::new(),
        Resource::All => "*".to_owned(),
        Resource::Named(names) => quoted(names.iter().map(String::as_str)),
    };
    match action {
        GraphAction::SetLabel | GraphAction::RemoveLabel => format!(" {names}"),
        _ => format!(" {{{names}}}"),
    }
}

fn segment_words(segment: &Segment) -> String {
    let (word, names) = match segment {
        Segment::None => return String::new(),
        Segment::Pattern(pattern) => return format!(" FOR {pattern}"),
        Segment::Elements(names) => ("ELEMENT", names),
        Segment::Nodes(names) => ("NODE", names),
        Segment::Relationships(names) => ("RELATIONSHIP", names),
    };
    match names.is_empty() {
        true => format!(" {word} *"),
        false => format!(" {word} {}", quoted(names.iter().map(String::as_str))),
    }
}

fn quoted<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for name in names {
        if !text.is_empty() {
            text.push_str(", ");
        }
        write_name(&mut text, name);
    }
    text
}

fn write_name(out: &mut String, name: &str) {
    // Writing to a String cannot fail.
    let _infallible = quoted_identifier(out, name);
}
