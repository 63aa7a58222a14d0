//! `SHOW PRIVILEGES`, as rows or as commands.

use std::collections::BTreeSet;

use aliasd_catalog::{Catalog, Grant, Principal, PrivilegeRow, SUPPORTED_PRIVILEGES, UserName, Value};
use aliasd_cypher::ast::AsCommands;
use aliasd_cypher::{PrivilegesOf, grant_command_as};

use super::rows::Rows;

/// The privileges of one who may ask for them.
pub(super) fn privilege_rows<'a>(
    catalog: &'a Catalog,
    who: &'a Principal,
    of: &'a PrivilegesOf,
    as_commands: Option<AsCommands>,
) -> Rows<'a> {
    match of {
        PrivilegesOf::Everyone => present(catalog.grants().map(|(grant, _)| grant), as_commands),
        PrivilegesOf::Roles(roles) => {
            let grants = roles.iter().flat_map(|role| catalog.grants_of(role)).map(|(grant, _)| grant);
            present(grants, as_commands)
        }
        // There is no auth rule.
        PrivilegesOf::AuthRules => Box::new(std::iter::empty()),
        PrivilegesOf::Users(named) => Box::new(user_rows(catalog, who, named, as_commands).into_iter().map(Ok)),
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
            let command = grant_command_as(grant, form, Some(&grant.role));
            Ok(vec![Value::from(command), Value::Boolean(grant.immutable)])
        })),
    }
}

fn user_rows(
    catalog: &Catalog,
    who: &Principal,
    named: &BTreeSet<UserName>,
    as_commands: Option<AsCommands>,
) -> Vec<Vec<Value>> {
    let visible = catalog.visible_to(who);
    let users = visible.meant_by(named).filter(|user| catalog.user(user.as_str()).is_some());
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
        grants.map(|(_, grant)| (grant_command_as(&grant, form, None), grant.immutable)).collect();
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
