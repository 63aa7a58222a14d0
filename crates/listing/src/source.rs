//! What can be listed: its columns, who may list it, and its rows before any projection.

use std::collections::BTreeSet;

use aliasd_catalog::{
    Action, Alias, AliasKind, AliasName, Catalog, CatalogName, CypherVersion, DatabaseKind, DatabaseName, DbmsAction,
    Principal, RoleName, UserName, Value,
};

use super::Rows;
use super::columns::{self, Column, Only};
use super::databases::{Which, database_rows};
use super::privileges::{Owners, privilege_rows, supported_rows};
use super::users::{current_user_rows, role_rows, user_rows};
use crate::ast::{AsCommands, NameOperand, PrivilegesOf, RolesWith, ShowSubject};
use crate::lower::{Refusal, catalog_name, name};
use crate::parameters::Parameters;

/// The subject of a listing, names and parameters resolved.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Aliases(Option<CatalogName>),
    Databases(Which),
    Users { with_auth: bool },
    CurrentUser,
    SupportedPrivileges,
    Roles { populated: bool, with: Option<RolesWith> },
    AuthRules { as_commands: bool },
    Privileges { of: Owners, as_commands: Option<AsCommands> },
}

// === impl Source ===

impl Source {
    pub(super) fn new(subject: &ShowSubject, parameters: &Parameters) -> Result<Self, Refusal> {
        let optional = |operand: &Option<NameOperand>| {
            operand.as_ref().map(|operand| catalog_name(operand, parameters)).transpose()
        };
        Ok(match subject {
            ShowSubject::Aliases(alias) => Self::Aliases(optional(alias)?),
            ShowSubject::Databases(None) => Self::Databases(Which::Every),
            ShowSubject::Databases(Some(database)) => {
                Self::Databases(Which::Named(catalog_name(database, parameters)?))
            }
            ShowSubject::DefaultDatabase => Self::Databases(Which::Default),
            ShowSubject::HomeDatabase => Self::Databases(Which::Home),
            ShowSubject::Users { with_auth } => Self::Users { with_auth: *with_auth },
            ShowSubject::CurrentUser => Self::CurrentUser,
            ShowSubject::SupportedPrivileges => Self::SupportedPrivileges,
            ShowSubject::Roles { populated, with } => Self::Roles { populated: *populated, with: *with },
            ShowSubject::AuthRules { as_commands } => Self::AuthRules { as_commands: *as_commands },
            ShowSubject::Privileges { of, as_commands } => {
                Self::Privileges { of: owners(of, parameters)?, as_commands: *as_commands }
            }
        })
    }

    /// The column that the rows come ascending by, if there is one.
    pub(super) fn sorted_by(&self) -> Option<usize> {
        match self {
            Self::Aliases(_) | Self::Databases(_) | Self::Users { .. } | Self::CurrentUser | Self::Roles { .. } => {
                Some(0)
            }
            Self::SupportedPrivileges | Self::AuthRules { .. } | Self::Privileges { .. } => None,
        }
    }

    /// The columns of a row, in order.
    pub(super) fn columns(&self) -> impl Iterator<Item = &'static Column> {
        let (table, form) = match self {
            Self::Aliases(_) => (columns::ALIASES, None),
            Self::Databases(Which::Default | Which::Home) => (columns::DATABASES, None),
            Self::Databases(_) => (columns::DATABASES, Some(Only::OfDatabases)),
            Self::Users { with_auth } => (columns::USERS, with_auth.then_some(Only::WithAuth)),
            Self::CurrentUser => (columns::USERS, None),
            Self::SupportedPrivileges => (columns::SUPPORTED_PRIVILEGES, None),
            Self::Roles { with, .. } => {
                let form = with.map(|with| match with {
                    RolesWith::Users => Only::WithUsers,
                    RolesWith::AuthRules => Only::WithAuthRules,
                });
                (columns::ROLES, form)
            }
            Self::AuthRules { as_commands: false } => (columns::AUTH_RULES, None),
            Self::AuthRules { as_commands: true } => (columns::COMMANDS_OF_AUTH_RULES, None),
            Self::Privileges { as_commands: Some(_), .. } => (columns::COMMANDS, None),
            Self::Privileges { of: Owners::Users(_), .. } => (columns::PRIVILEGES, Some(Only::OfUsers)),
            Self::Privileges { .. } => (columns::PRIVILEGES, None),
        };
        let there = move |only| matches!(only, Only::Always | Only::Cypher25) || Some(only) == form;
        table.iter().filter(move |column| there(column.only))
    }

    /// The rows that the principal may see, each as long as the list of columns.
    pub(super) fn rows<'a>(&'a self, catalog: &'a Catalog, who: &'a Principal) -> Result<Rows<'a>, Refusal> {
        let require = |action: DbmsAction| catalog.authorise(who, &Action::Dbms(action));
        match self {
            Self::Aliases(name) => {
                require(DbmsAction::ShowAlias)?;
                Ok(alias_rows(catalog, who, name.as_ref()))
            }
            Self::Databases(which) => {
                catalog.authorise_caller(who)?;
                Ok(database_rows(catalog, who, which))
            }
            Self::Users { with_auth } => {
                require(DbmsAction::ShowUser)?;
                Ok(user_rows(catalog, *with_auth, require(DbmsAction::ShowUserMetadata).is_ok()))
            }
            Self::CurrentUser => {
                catalog.authorise_caller(who)?;
                Ok(current_user_rows(catalog, who, require(DbmsAction::ShowUserMetadata).is_ok()))
            }
            Self::SupportedPrivileges => {
                catalog.authorise_caller(who)?;
                Ok(supported_rows())
            }
            Self::Roles { populated, with } => {
                require(DbmsAction::ShowRole)?;
                match with {
                    Some(RolesWith::Users) => require(DbmsAction::ShowUser)?,
                    Some(RolesWith::AuthRules) => require(DbmsAction::ShowAuthRule)?,
                    None => {}
                }
                Ok(role_rows(catalog, *populated, *with))
            }
            Self::AuthRules { .. } => {
                require(DbmsAction::ShowAuthRule)?;
                Ok(Box::new(std::iter::empty()))
            }
            Self::Privileges { of, as_commands } => privilege_rows(catalog, who, of, *as_commands),
        }
    }
}

fn owners(of: &PrivilegesOf, parameters: &Parameters) -> Result<Owners, Refusal> {
    Ok(match of {
        PrivilegesOf::Everyone => Owners::Everyone,
        PrivilegesOf::Roles(roles) => {
            let roles = roles.iter().map(|role| Ok(RoleName::new(&name(role, parameters)?)?));
            Owners::Roles(roles.collect::<Result<BTreeSet<_>, Refusal>>()?)
        }
        PrivilegesOf::Users(users) => {
            let users = users.iter().map(|user| Ok(UserName::new(&name(user, parameters)?)?));
            Owners::Users(users.collect::<Result<BTreeSet<_>, Refusal>>()?)
        }
    })
}

/// Which databases a principal may know the names of.
pub(super) struct Visibility<'a> {
    catalog: &'a Catalog,
    who: &'a Principal,
    standard: bool,
    composite: bool,
}

impl<'a> Visibility<'a> {
    /// Whoever may manage databases sees them all.
    pub(super) fn new(catalog: &'a Catalog, who: &'a Principal) -> Self {
        let may_any = |actions: &[DbmsAction]| {
            actions.iter().any(|action| catalog.authorise(who, &Action::Dbms(*action)).is_ok())
        };
        let standard = may_any(&[
            DbmsAction::CreateDatabase,
            DbmsAction::DropDatabase,
            DbmsAction::AlterDatabase,
            DbmsAction::SetDatabaseAccess,
        ]);
        let composite = may_any(&[DbmsAction::CreateCompositeDatabase, DbmsAction::DropCompositeDatabase]);
        Self { catalog, who, standard, composite }
    }

    pub(super) fn sees(&self, database: &DatabaseName) -> bool {
        let record = self.catalog.database(database.as_str());
        let managed = match record.is_some_and(|record| record.kind == DatabaseKind::Composite) {
            true => self.composite,
            false => self.standard,
        };
        managed || self.catalog.authorise(self.who, &Action::Access(database.into())).is_ok()
    }
}

/// Every alias, or the named one: rows are not filtered by ACCESS, only the name of a local target is.
fn alias_rows<'a>(catalog: &'a Catalog, who: &'a Principal, name: Option<&'a CatalogName>) -> Rows<'a> {
    let visibility = Visibility::new(catalog, who);
    let row = move |(name, alias): (&AliasName, &Alias)| Ok(alias_row(&visibility, name, alias));
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

fn alias_row(visibility: &Visibility<'_>, name: &AliasName, alias: &Alias) -> Vec<Value> {
    let composite = Value::from(alias.composite.as_ref().map(|composite| composite.as_str()));
    let name = Value::from(name.as_str());
    let properties = Value::Map(alias.properties.clone());
    match &alias.kind {
        AliasKind::Local(database) => {
            let database = visibility.sees(database).then(|| database.as_str());
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
