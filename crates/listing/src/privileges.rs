//! `SHOW PRIVILEGES`, as rows or as commands.

use std::collections::BTreeSet;

use aliasd_catalog::{
    Action, Catalog, DatabaseScope, DbmsAction, Grant, GrantEffect, GraphAction, LoadScope, Principal, Privilege,
    PrivilegeRow, Resource, RoleName, SUPPORTED_PRIVILEGES, Segment, UserName, UserScope, Value,
};

use super::Rows;
use crate::ast::{AsCommands, Expression};
use crate::lower::Refusal;
use crate::print::{glob, quoted_identifier};

/// Whose privileges are listed.
#[derive(Clone, Debug)]
pub(super) enum Owners {
    Everyone,
    Roles(BTreeSet<RoleName>),
    /// Nobody means the caller.
    Users(BTreeSet<UserName>),
}

pub(super) fn privilege_rows<'a>(
    catalog: &'a Catalog,
    who: &'a Principal,
    of: &'a Owners,
    as_commands: Option<AsCommands>,
) -> Result<Rows<'a>, Refusal> {
    let require = |action: DbmsAction| catalog.authorise(who, &Action::Dbms(action));
    match of {
        Owners::Everyone => {
            require(DbmsAction::ShowPrivilege)?;
            Ok(present(catalog.grants().map(|(grant, _)| grant), as_commands))
        }
        Owners::Roles(roles) => {
            require(DbmsAction::ShowPrivilege)?;
            let grants = roles.iter().flat_map(|role| catalog.grants_of(role)).map(|(grant, _)| grant);
            Ok(present(grants, as_commands))
        }
        Owners::Users(named) => {
            let own = match who {
                Principal::User(name) => named.is_empty() || (named.len() == 1 && named.contains(name)),
                Principal::System => false,
            };
            // Everyone may see the own privileges.
            if own {
                catalog.authorise_caller(who)?;
            } else {
                require(DbmsAction::ShowPrivilege)?;
                require(DbmsAction::ShowUser)?;
            }
            Ok(Box::new(user_rows(catalog, who, named, as_commands).into_iter().map(Ok)))
        }
    }
}

/// What could be granted: the same for everyone.
pub(super) fn supported_rows<'a>() -> Rows<'a> {
    Box::new(SUPPORTED_PRIVILEGES.iter().map(|supported| {
        Ok(vec![
            Value::from(supported.action),
            Value::from(supported.qualifier),
            Value::from(supported.target),
            Value::List(supported.scope.iter().map(|scope| Value::from(*scope)).collect()),
            Value::from(supported.description),
        ])
    }))
}

fn present<'a>(grants: impl Iterator<Item = &'a Grant> + Send + 'a, as_commands: Option<AsCommands>) -> Rows<'a> {
    match as_commands {
        None => Box::new(grants.flat_map(grant_rows).map(Ok)),
        Some(form) => Box::new(grants.map(move |grant| {
            let role = quoted([grant.role.as_str()]);
            Ok(vec![Value::from(command(grant, form, &role)), Value::Boolean(grant.immutable)])
        })),
    }
}

fn user_rows(
    catalog: &Catalog,
    who: &Principal,
    named: &BTreeSet<UserName>,
    as_commands: Option<AsCommands>,
) -> Vec<Vec<Value>> {
    let caller = match who {
        Principal::User(name) if named.is_empty() => Some(name),
        _ => None,
    };
    let users = named.iter().chain(caller).filter(|user| catalog.user(user.as_str()).is_some());
    let grants = users.flat_map(|user| catalog.effective_grants(user).into_iter().map(move |grant| (user, grant)));
    let Some(form) = as_commands else {
        let rows = grants.flat_map(|(user, grant)| {
            let with_user = |mut row: Vec<Value>| {
                row.push(Value::from(user.as_str()));
                row
            };
            grant_rows(&grant).into_iter().map(with_user).collect::<Vec<_>>()
        });
        return rows.collect();
    };
    // The role is left open, so two roles with one privilege give one command.
    let commands: BTreeSet<(String, bool)> =
        grants.map(|(_, grant)| (command(&grant, form, "$role"), grant.immutable)).collect();
    commands.into_iter().map(|(command, immutable)| vec![Value::from(command), Value::Boolean(immutable)]).collect()
}

// === rows ===

/// `access, action, resource, graph, segment, role, immutable`: one row for each resource and segment.
fn grant_rows(grant: &Grant) -> Vec<Vec<Value>> {
    let cells = |row: PrivilegeRow| {
        let graph = Value::from(row.graph());
        vec![
            Value::from(row.access.as_str()),
            Value::from(row.action),
            Value::from(row.resource.to_string()),
            graph,
            Value::from(row.segment.to_string()),
            Value::from(row.role.as_str()),
            Value::Boolean(row.immutable),
        ]
    };
    grant.rows().into_iter().map(cells).collect()
}

// === commands ===

/// The command that grants or denies what this grant says, as an administrator would type it.
#[must_use]
pub fn grant_command(grant: &Grant) -> String {
    command(grant, AsCommands::Assign, &quoted([grant.role.as_str()]))
}

/// The command that assigns or revokes a privilege. Names are always in backticks.
fn command(grant: &Grant, form: AsCommands, role: &str) -> String {
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
