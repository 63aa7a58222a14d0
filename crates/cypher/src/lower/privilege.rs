//! Statements about roles and privileges to commands.

use std::collections::BTreeSet;

use aliasd_catalog::{
    CatalogName, Command, CypherVersion, DatabaseScope, DbmsAction, Glob, GraphAction, LoadScope, OpenCommand, Plain,
    Privilege, Resource, RoleName, Segment, UserName, UserScope,
};

use super::{catalog_name, name, rule, string};
use crate::ast::{
    ElementKind, LoadTerm, NameOperand, NameScope, Operand, PrivilegeStatement, PrivilegeTerm, PrivilegeVerb,
    ResourceTerm, RoleStatement, SegmentTerm,
};
use crate::error::{ErrorCode, SpannedError};
use crate::parameters::Parameters;
use crate::parser::LIST_MEMBERS_MAX;
use crate::refusal::SpannedRefusal;
use crate::span::{Located, Span};

/// In Cypher 5, revoking from what is missing is told and not refused.
fn is_lenient(version: CypherVersion) -> bool {
    version == CypherVersion::Cypher5
}

pub(super) fn lower_role(
    statement: &RoleStatement,
    version: CypherVersion,
    parameters: &Parameters,
) -> Result<Command<Plain>, SpannedRefusal> {
    Ok(match statement {
        RoleStatement::Create(create) => Command::Open(OpenCommand::CreateRole {
            name: role(&create.name, parameters)?,
            mode: create.mode,
            immutable: create.immutable,
            copy_of: create.copy_of.as_ref().map(|other| role(other, parameters)).transpose()?,
        }),
        RoleStatement::Rename(rename) => Command::Open(OpenCommand::RenameRole {
            from: role(&rename.from, parameters)?,
            to: role(&rename.to, parameters)?,
            if_exists: rename.if_exists,
        }),
        RoleStatement::Drop(drop) => {
            Command::Open(OpenCommand::DropRole { name: role(&drop.name, parameters)?, if_exists: drop.if_exists })
        }
        RoleStatement::Grant(assignment) => {
            let (roles, users) = roles_and_users(&assignment.roles, &assignment.users, parameters)?;
            Command::Open(OpenCommand::GrantRoles { roles, users })
        }
        RoleStatement::Revoke(assignment) => {
            let (roles, users) = roles_and_users(&assignment.roles, &assignment.users, parameters)?;
            Command::Open(OpenCommand::RevokeRoles { roles, users, lenient: is_lenient(version) })
        }
    })
}

pub(super) fn lower(
    statement: &PrivilegeStatement,
    version: CypherVersion,
    parameters: &Parameters,
) -> Result<Command<Plain>, SpannedRefusal> {
    let privileges = privileges(&statement.privilege, parameters)?;
    let roles = roles(&statement.roles, parameters)?;
    bounded(&[privileges.len(), roles.len()], statement.privilege.span)?;
    let immutable = statement.immutable;
    Ok(match statement.verb {
        PrivilegeVerb::Assign(effect) => {
            Command::Open(OpenCommand::AssignPrivileges { effect, immutable, privileges, roles })
        }
        PrivilegeVerb::Revoke(effect) => Command::Open(OpenCommand::RevokePrivileges {
            effect,
            immutable,
            privileges,
            roles,
            lenient: is_lenient(version),
        }),
    })
}

/// How many roles, users or privileges a statement may give or take, multiplied out.
const PRODUCT_MAX: usize = LIST_MEMBERS_MAX;

/// Refuses lists that are short one by one and long when every member of one meets every member of the other.
fn bounded(lists: &[usize], span: Span) -> Result<(), SpannedError> {
    let product = lists.iter().fold(1, |product: usize, members| product.saturating_mul(*members));
    if product <= PRODUCT_MAX {
        return Ok(());
    }
    let message = format!("The lists of the statement make {product} combinations; {PRODUCT_MAX} are possible.");
    let error = SpannedError::new(ErrorCode::ListTooLong, span, message);
    Err(error.with_hint("Split the statement."))
}

fn roles_and_users(
    role_names: &[NameOperand],
    user_names: &[NameOperand],
    parameters: &Parameters,
) -> Result<(BTreeSet<RoleName>, BTreeSet<UserName>), SpannedRefusal> {
    let span = role_names.first().map_or(Span::default(), |first| first.span);
    let (roles, users) = (roles(role_names, parameters)?, users(user_names, parameters)?);
    bounded(&[roles.len(), users.len()], span)?;
    Ok((roles, users))
}

/// One privilege for each scope, user, alias, property, label or type that is named, and for nodes and relationships apart,
/// as Neo4j keeps and lists them: each can be revoked by itself.
fn privileges(term: &Located<PrivilegeTerm>, parameters: &Parameters) -> Result<BTreeSet<Privilege>, SpannedRefusal> {
    match &term.value {
        PrivilegeTerm::Dbms(action) => Ok(BTreeSet::from([Privilege::Dbms(*action)])),
        PrivilegeTerm::Impersonate(names) => {
            Ok(user_scopes(names.as_deref(), parameters)?.into_iter().map(Privilege::Impersonate).collect())
        }
        PrivilegeTerm::ResolveAlias(None) => Ok(BTreeSet::from([Privilege::Dbms(DbmsAction::ResolveAlias)])),
        PrivilegeTerm::ResolveAlias(Some(names)) => {
            names.iter().map(|name| Ok(Privilege::ResolveAlias(scope_name(name, parameters)?))).collect()
        }
        PrivilegeTerm::Transaction { action, users, scope } => {
            let users = user_scopes(users.as_deref(), parameters)?;
            let scopes = scopes(scope, parameters)?;
            bounded(&[users.len(), scopes.len()], term.span)?;
            let each = |scope: DatabaseScope| {
                users.iter().map(move |user| Privilege::Transaction(*action, scope.clone(), user.clone()))
            };
            Ok(scopes.into_iter().flat_map(each).collect())
        }
        PrivilegeTerm::Qualified { action, globs } => {
            globs.iter().map(|glob| Ok(Privilege::Qualified(*action, Glob::new(&glob.value)?))).collect()
        }
        PrivilegeTerm::Load(term) => Ok(BTreeSet::from([Privilege::Load(match term {
            LoadTerm::AllData => LoadScope::All,
            LoadTerm::Url(url) => LoadScope::Url(string(url, parameters)?),
            LoadTerm::Cidr(range) => LoadScope::Cidr(string(range, parameters)?),
        })])),
        PrivilegeTerm::Database { action, scope } => {
            let scopes = scopes(scope, parameters)?;
            Ok(scopes.into_iter().map(|scope| Privilege::Database(*action, scope)).collect())
        }
        PrivilegeTerm::Graph { action, resource, scope, segment } => {
            let resources = resources_of(resource.as_ref());
            let segments = segments_of(*action, segment.as_ref(), parameters)?;
            let scopes = scopes(scope, parameters)?;
            bounded(&[scopes.len(), resources.len(), segments.len()], term.span)?;
            let mut privileges = BTreeSet::new();
            for scope in scopes {
                for resource in &resources {
                    privileges.extend(segments.iter().map(|segment| Privilege::Graph {
                        action: *action,
                        resource: resource.clone(),
                        scope: scope.clone(),
                        segment: segment.clone(),
                    }));
                }
            }
            Ok(privileges)
        }
    }
}

fn resources_of(resource: Option<&ResourceTerm>) -> Vec<Resource> {
    match resource {
        None => vec![Resource::None],
        Some(ResourceTerm::All) => vec![Resource::All],
        Some(ResourceTerm::Named(names)) => {
            names.iter().map(|name| Resource::Named(BTreeSet::from([name.value.clone()]))).collect()
        }
    }
}

/// Leaving out the segment says `ELEMENTS *`, for the actions that have one.
fn segments_of(
    action: GraphAction,
    segment: Option<&SegmentTerm>,
    parameters: &Parameters,
) -> Result<Vec<Segment>, SpannedError> {
    let every = || vec![BTreeSet::new()];
    let (kind, parts) = match segment {
        None => match action {
            GraphAction::SetLabel | GraphAction::RemoveLabel | GraphAction::Write | GraphAction::All => {
                return Ok(vec![Segment::None]);
            }
            _ => (ElementKind::Elements, every()),
        },
        Some(SegmentTerm::Pattern(pattern)) => return Ok(vec![Segment::Pattern(rule::lower(pattern, parameters)?)]),
        Some(SegmentTerm::Elements { kind, names: None }) => (*kind, every()),
        Some(SegmentTerm::Elements { kind, names: Some(names) }) => {
            (*kind, names.iter().map(|name| BTreeSet::from([name.value.clone()])).collect())
        }
    };
    let nodes = parts.iter().cloned().map(Segment::Nodes);
    let relationships = parts.iter().cloned().map(Segment::Relationships);
    Ok(match kind {
        ElementKind::Nodes => nodes.collect(),
        ElementKind::Relationships => relationships.collect(),
        ElementKind::Elements => nodes.chain(relationships).collect(),
    })
}

fn scopes(scope: &NameScope, parameters: &Parameters) -> Result<BTreeSet<DatabaseScope>, SpannedRefusal> {
    match scope {
        NameScope::Home => Ok(BTreeSet::from([DatabaseScope::Home])),
        NameScope::All => Ok(BTreeSet::from([DatabaseScope::All])),
        NameScope::Named(names) => {
            names.iter().map(|name| Ok(DatabaseScope::Named(scope_name(name, parameters)?))).collect()
        }
    }
}

/// A parameter may stand for a name and not for `*`: that would widen a privilege unseen.
fn scope_name(operand: &NameOperand, parameters: &Parameters) -> Result<CatalogName, SpannedRefusal> {
    let name = catalog_name(operand, parameters)?;
    if name.as_str() == "*" && matches!(operand.value, Operand::Parameter(_)) {
        let message = "Parameterized database and graph names do not support wildcards.";
        return Err(SpannedError::new(ErrorCode::ParameterIsWildcard, operand.span, message).into());
    }
    Ok(name)
}

/// No users means every user.
fn user_scopes(names: Option<&[NameOperand]>, parameters: &Parameters) -> Result<BTreeSet<UserScope>, SpannedRefusal> {
    let Some(names) = names else { return Ok(BTreeSet::from([UserScope::All])) };
    Ok(users(names, parameters)?.into_iter().map(UserScope::Named).collect())
}

fn role(operand: &NameOperand, parameters: &Parameters) -> Result<RoleName, SpannedRefusal> {
    Ok(RoleName::new(&name(operand, parameters)?)?)
}

pub(super) fn roles(operands: &[NameOperand], parameters: &Parameters) -> Result<BTreeSet<RoleName>, SpannedRefusal> {
    operands.iter().map(|operand| role(operand, parameters)).collect()
}

fn users(operands: &[NameOperand], parameters: &Parameters) -> Result<BTreeSet<UserName>, SpannedRefusal> {
    operands.iter().map(|operand| Ok(UserName::new(&name(operand, parameters)?)?)).collect()
}
