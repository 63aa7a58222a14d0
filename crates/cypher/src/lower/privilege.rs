//! Statements about roles and privileges to commands.

use std::collections::BTreeSet;

use aliasd_catalog::{
    CatalogName, Command, DatabaseScope, GraphAction, Plain, Privilege, Resource, RoleName, Segment, UserName,
    UserScope,
};

use super::{Refusal, catalog_name, name};
use crate::ast::{
    ElementKind, NameOperand, NameScope, Operand, PrivilegeStatement, PrivilegeTerm, PrivilegeVerb, ResourceTerm,
    RoleStatement, SegmentTerm,
};
use crate::error::{ErrorCode, LanguageError};
use crate::parameters::Parameters;
use crate::span::Located;

pub(super) fn lower_role(statement: &RoleStatement, parameters: &Parameters) -> Result<Command<Plain>, Refusal> {
    Ok(match statement {
        RoleStatement::Create(create) => Command::CreateRole {
            name: role(&create.name, parameters)?,
            mode: create.mode,
            copy_of: create.copy_of.as_ref().map(|other| role(other, parameters)).transpose()?,
        },
        RoleStatement::Drop(drop) => {
            Command::DropRole { name: role(&drop.name, parameters)?, if_exists: drop.if_exists }
        }
        RoleStatement::Grant(assignment) => Command::GrantRoles {
            roles: roles(&assignment.roles, parameters)?,
            users: users(&assignment.users, parameters)?,
        },
        RoleStatement::Revoke(assignment) => Command::RevokeRoles {
            roles: roles(&assignment.roles, parameters)?,
            users: users(&assignment.users, parameters)?,
        },
    })
}

pub(super) fn lower(statement: &PrivilegeStatement, parameters: &Parameters) -> Result<Command<Plain>, Refusal> {
    let privileges = privileges(&statement.privilege.value, parameters)?;
    let roles = roles(&statement.roles, parameters)?;
    let immutable = statement.immutable;
    Ok(match statement.verb {
        PrivilegeVerb::Assign(effect) => Command::AssignPrivileges { effect, immutable, privileges, roles },
        PrivilegeVerb::Revoke(effect) => Command::RevokePrivileges { effect, immutable, privileges, roles },
    })
}

/// One privilege for each scope or user that is named.
fn privileges(term: &PrivilegeTerm, parameters: &Parameters) -> Result<BTreeSet<Privilege>, Refusal> {
    match term {
        PrivilegeTerm::Dbms(action) => Ok(BTreeSet::from([Privilege::Dbms(*action)])),
        PrivilegeTerm::Impersonate(None) => Ok(BTreeSet::from([Privilege::Impersonate(UserScope::All)])),
        PrivilegeTerm::Impersonate(Some(names)) => {
            let users = users(names, parameters)?;
            Ok(users.into_iter().map(|user| Privilege::Impersonate(UserScope::Named(user))).collect())
        }
        PrivilegeTerm::Database { action, scope } => {
            let scopes = scopes(scope, parameters)?;
            Ok(scopes.into_iter().map(|scope| Privilege::Database(*action, scope)).collect())
        }
        PrivilegeTerm::Graph { action, resource, scope, segment } => {
            let resource = resource.as_ref().map_or(Resource::None, |resource| match resource {
                ResourceTerm::All => Resource::All,
                ResourceTerm::Named(names) => Resource::Named(texts(names)),
            });
            let segment = segment_of(*action, segment.as_ref());
            let graph = |scope| Privilege::Graph {
                action: *action,
                resource: resource.clone(),
                scope,
                segment: segment.clone(),
            };
            Ok(scopes(scope, parameters)?.into_iter().map(graph).collect())
        }
    }
}

/// Leaving out the segment says `ELEMENTS *`, for the actions that have one.
fn segment_of(action: GraphAction, segment: Option<&SegmentTerm>) -> Segment {
    let Some(segment) = segment else {
        return match action {
            GraphAction::SetLabel | GraphAction::RemoveLabel | GraphAction::Write | GraphAction::All => Segment::None,
            _ => Segment::Elements(BTreeSet::new()),
        };
    };
    let names = segment.names.as_ref().map(|names| texts(names)).unwrap_or_default();
    match segment.kind {
        ElementKind::Elements => Segment::Elements(names),
        ElementKind::Nodes => Segment::Nodes(names),
        ElementKind::Relationships => Segment::Relationships(names),
    }
}

fn texts(names: &[Located<String>]) -> BTreeSet<String> {
    names.iter().map(|name| name.value.clone()).collect()
}

fn scopes(scope: &NameScope, parameters: &Parameters) -> Result<BTreeSet<DatabaseScope>, Refusal> {
    match scope {
        NameScope::Home => Ok(BTreeSet::from([DatabaseScope::Home])),
        NameScope::All => Ok(BTreeSet::from([DatabaseScope::All])),
        NameScope::Named(names) => {
            names.iter().map(|name| Ok(DatabaseScope::Named(scope_name(name, parameters)?))).collect()
        }
    }
}

/// A parameter may stand for a name and not for `*`: that would widen a privilege unseen.
fn scope_name(operand: &NameOperand, parameters: &Parameters) -> Result<CatalogName, Refusal> {
    let name = catalog_name(operand, parameters)?;
    if name.as_str() == "*" && matches!(operand.value, Operand::Parameter(_)) {
        let message = "Parameterized database and graph names do not support wildcards.";
        return Err(LanguageError::new("", ErrorCode::ParameterIsWildcard, operand.span, message).into());
    }
    Ok(name)
}

fn role(operand: &NameOperand, parameters: &Parameters) -> Result<RoleName, Refusal> {
    Ok(RoleName::new(&name(operand, parameters)?)?)
}

fn roles(operands: &[NameOperand], parameters: &Parameters) -> Result<BTreeSet<RoleName>, Refusal> {
    operands.iter().map(|operand| role(operand, parameters)).collect()
}

fn users(operands: &[NameOperand], parameters: &Parameters) -> Result<BTreeSet<UserName>, Refusal> {
    operands.iter().map(|operand| Ok(UserName::new(&name(operand, parameters)?)?)).collect()
}
