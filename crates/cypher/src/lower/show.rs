//! `SHOW` to the description of a listing: names checked, parameters joined.

use std::collections::BTreeSet;
use std::sync::Arc;

use aliasd_catalog::{AuthRuleName, CypherVersion, RoleName, UserName};

use super::{catalog_name, name, string};
use crate::ast::{self, NameOperand, Operand, ShowStatement, ShowSubject};
use crate::parameters::Parameters;
use crate::refusal::SpannedRefusal;
use crate::span::Located;
use crate::subject::{DatabaseChoice, Executor, ListingRequest, PrivilegesOf, Subject};

pub(super) fn lower(
    show: &ShowStatement,
    version: CypherVersion,
    parameters: &Parameters,
) -> Result<ListingRequest, SpannedRefusal> {
    Ok(ListingRequest {
        subject: subject(&show.subject.value, parameters)?,
        projection: Arc::clone(&show.projection),
        version,
        parameters: parameters.clone(),
    })
}

fn subject(subject: &ShowSubject, parameters: &Parameters) -> Result<Subject, SpannedRefusal> {
    let optional =
        |operand: &Option<NameOperand>| operand.as_ref().map(|operand| catalog_name(operand, parameters)).transpose();
    Ok(match subject {
        ShowSubject::Aliases(alias) => Subject::Aliases(optional(alias)?),
        ShowSubject::Databases(database) => {
            Subject::Databases(optional(database)?.map_or(DatabaseChoice::Every, DatabaseChoice::Named))
        }
        ShowSubject::DefaultDatabase => Subject::Databases(DatabaseChoice::Default),
        ShowSubject::HomeDatabase => Subject::Databases(DatabaseChoice::Home),
        ShowSubject::Users { with_auth } => Subject::Users { with_auth: *with_auth },
        ShowSubject::CurrentUser => Subject::CurrentUser,
        ShowSubject::ClusterPolicy => Subject::ClusterPolicy,
        ShowSubject::SupportedPrivileges => Subject::SupportedPrivileges,
        ShowSubject::Servers => Subject::Servers,
        // None has any of these names, but a parameter that is none is refused as ever.
        ShowSubject::Transactions(ids) => {
            strings(ids, parameters)?;
            Subject::Transactions
        }
        ShowSubject::Settings(names) => {
            strings(names, parameters)?;
            Subject::Settings
        }
        ShowSubject::Procedures { executable_by } => {
            Subject::Procedures { executable_by: executor(executable_by.as_ref(), parameters)? }
        }
        ShowSubject::Functions { user_defined, executable_by } => {
            let executable_by = executor(executable_by.as_ref(), parameters)?;
            Subject::Functions { user_defined: *user_defined, executable_by }
        }
        ShowSubject::Components => Subject::Components,
        ShowSubject::Roles { populated, with } => Subject::Roles { populated: *populated, with: *with },
        ShowSubject::AuthRules { as_commands } => Subject::AuthRules { as_commands: *as_commands },
        ShowSubject::Privileges { of, as_commands } => {
            Subject::Privileges { of: owners(of, parameters)?, as_commands: *as_commands }
        }
    })
}

fn executor(by: Option<&ast::Executor>, parameters: &Parameters) -> Result<Option<Executor>, SpannedRefusal> {
    Ok(match by {
        None => None,
        Some(ast::Executor::CurrentUser) => Some(Executor::Caller),
        Some(ast::Executor::User(user)) => Some(Executor::User(UserName::new(&name(user, parameters)?)?)),
    })
}

fn strings(operands: &[Located<Operand<String>>], parameters: &Parameters) -> Result<(), SpannedRefusal> {
    Ok(operands.iter().try_for_each(|operand| string(operand, parameters).map(drop))?)
}

fn owners(of: &ast::PrivilegesOf, parameters: &Parameters) -> Result<PrivilegesOf, SpannedRefusal> {
    Ok(match of {
        ast::PrivilegesOf::Everyone => PrivilegesOf::Everyone,
        ast::PrivilegesOf::Roles(roles) => {
            let roles = roles.iter().map(|role| Ok(RoleName::new(&name(role, parameters)?)?));
            PrivilegesOf::Roles(roles.collect::<Result<BTreeSet<_>, SpannedRefusal>>()?)
        }
        ast::PrivilegesOf::Users(users) => {
            let users = users.iter().map(|user| Ok(UserName::new(&name(user, parameters)?)?));
            PrivilegesOf::Users(users.collect::<Result<BTreeSet<_>, SpannedRefusal>>()?)
        }
        ast::PrivilegesOf::AuthRules(rules) => {
            for rule in rules {
                AuthRuleName::new(&name(rule, parameters)?)?;
            }
            PrivilegesOf::AuthRules
        }
    })
}
