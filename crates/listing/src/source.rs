//! What can be listed, and its rows before any projection.

use aliasd_catalog::{
    Alias, AliasKind, AliasName, Catalog, CatalogName, CypherVersion, Principal, Question, Value, Visibility,
};
use aliasd_cypher::ast::RolesWith;
use aliasd_cypher::{Executor, PrivilegesOf, SpannedRefusal, Subject};

use super::databases::database_rows;
use super::policy::policy_rows;
use super::privileges::{privilege_rows, supported_rows};
use super::program::{component_rows, function_rows, procedure_rows};
use super::rows::Rows;
use super::servers::{Server, server_rows};
use super::users::{current_user_rows, role_rows, user_rows};

/// The column that the rows come ascending by, if there is one.
pub(super) fn sorted_by(subject: &Subject) -> Option<usize> {
    match subject {
        Subject::Aliases(_)
        | Subject::Databases(_)
        | Subject::Users { .. }
        | Subject::CurrentUser
        | Subject::ClusterPolicy
        | Subject::Roles { .. } => Some(0),
        Subject::SupportedPrivileges
        | Subject::AuthRules { .. }
        | Subject::Privileges { .. }
        | Subject::Servers
        | Subject::Transactions
        | Subject::Settings
        | Subject::Procedures { .. }
        | Subject::Functions { .. }
        | Subject::Components => None,
    }
}

/// The rows that the principal may see, each as long as the list of columns. Who may see what, the catalog decides.
pub(super) fn rows<'a>(
    subject: &'a Subject,
    servers: &'a [Server],
    catalog: &'a Catalog,
    who: &'a Principal,
) -> Result<Rows<'a>, SpannedRefusal> {
    let visible = catalog.visible_to(who);
    visible.ask(question(subject, who, &visible))?;
    Ok(match subject {
        Subject::Aliases(name) => alias_rows(catalog, visible, name.as_ref()),
        Subject::Databases(which) => database_rows(catalog, who, which),
        Subject::Users { with_auth } => user_rows(catalog, *with_auth, visible.may_ask(Question::UserTags)),
        Subject::CurrentUser => current_user_rows(catalog, who, visible.may_ask(Question::UserTags)),
        Subject::ClusterPolicy => policy_rows(catalog),
        Subject::SupportedPrivileges => supported_rows(),
        Subject::Servers => server_rows(servers),
        Subject::Transactions | Subject::Settings => Box::new(std::iter::empty()),
        Subject::Procedures { executable_by } => procedure_rows(catalog, who, executable_by.as_ref()),
        Subject::Functions { user_defined: true, .. } => Box::new(std::iter::empty()),
        Subject::Functions { user_defined: false, executable_by } => {
            function_rows(catalog, who, executable_by.as_ref())
        }
        Subject::Components => component_rows(),
        Subject::Roles { populated, with } => role_rows(catalog, *populated, *with),
        Subject::AuthRules { .. } => Box::new(std::iter::empty()),
        Subject::Privileges { of, as_commands } => privilege_rows(catalog, who, of, *as_commands),
    })
}

/// What is asked of the catalog by listing the subject.
fn question(subject: &Subject, who: &Principal, visible: &Visibility<'_>) -> Question {
    match subject {
        Subject::Aliases(_) => Question::Aliases,
        Subject::Databases(_) => Question::Databases,
        Subject::Users { .. } => Question::Users,
        Subject::CurrentUser => Question::CurrentUser,
        Subject::ClusterPolicy => Question::ClusterPolicy,
        Subject::SupportedPrivileges => Question::SupportedPrivileges,
        Subject::Servers => Question::Servers,
        Subject::Transactions | Subject::Settings | Subject::Components => Question::Program,
        Subject::Procedures { executable_by } | Subject::Functions { executable_by, .. } => match executable_by {
            Some(Executor::User(user)) if *who != Principal::User(user.clone()) => Question::Users,
            _ => Question::Program,
        },
        Subject::Roles { with: None, .. } => Question::Roles,
        Subject::Roles { with: Some(RolesWith::Users), .. } => Question::RolesWithUsers,
        Subject::Roles { with: Some(RolesWith::AuthRules), .. } => Question::RolesWithAuthRules,
        Subject::AuthRules { .. } => Question::AuthRules,
        Subject::Privileges { of: PrivilegesOf::Everyone | PrivilegesOf::Roles(_), .. } => Question::Privileges,
        Subject::Privileges { of: PrivilegesOf::AuthRules, .. } => Question::PrivilegesOfAuthRules,
        Subject::Privileges { of: PrivilegesOf::Users(users), .. } => visible.about_privileges_of(users),
    }
}

/// Every alias, or the named one: rows are not filtered by ACCESS, only the name of a local target is.
fn alias_rows<'a>(catalog: &'a Catalog, visible: Visibility<'a>, name: Option<&'a CatalogName>) -> Rows<'a> {
    let row = move |(name, alias): (&AliasName, &Alias)| Ok(alias_row(&visible, name, alias));
    match name {
        None => Box::new(catalog.aliases().map(|(name, alias)| (name, &**alias)).map(row)),
        Some(wanted) => {
            let found = catalog.find(wanted).and_then(|named| match named {
                aliasd_catalog::Named::Alias(name, alias) => Some((name, &**alias)),
                aliasd_catalog::Named::Database(..) => None,
            });
            Box::new(found.into_iter().map(row))
        }
    }
}

fn alias_row(visible: &Visibility<'_>, name: &AliasName, alias: &Alias) -> Vec<Value> {
    let composite = Value::from(alias.composite.as_ref().map(|composite| composite.as_str()));
    let name = Value::from(name.as_str());
    let properties = Value::Map(alias.properties.clone());
    match &alias.kind {
        AliasKind::Local(database) => {
            let database = visible.sees_database(database).then(|| database.as_str());
            let (local, null) = (Value::from("local"), Value::Null);
            vec![
                name,
                composite,
                Value::from(database),
                local,
                null.clone(),
                null.clone(),
                null.clone(),
                null.clone(),
                null,
                properties,
            ]
        }
        AliasKind::Remote(remote) => vec![
            name,
            composite,
            Value::from(remote.database.as_str()),
            Value::from("remote"),
            Value::from(remote.url.as_str()),
            Value::from(remote.login.as_str()),
            Value::from(remote.login.user().map(|user| user.as_str())),
            Value::Map(remote.driver.to_values()),
            Value::from(remote.default_language.map(CypherVersion::as_str)),
            properties,
        ],
    }
}
