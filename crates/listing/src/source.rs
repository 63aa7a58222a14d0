//! What can be listed: who may list it, and its rows before any projection.

use aliasd_catalog::{
    Action, Alias, AliasKind, AliasName, Catalog, CatalogName, CypherVersion, DatabaseKind, DatabaseName, DbmsAction,
    Principal, Value,
};
use aliasd_cypher::ast::RolesWith;
use aliasd_cypher::{Refusal, Subject};

use super::Rows;
use super::databases::database_rows;
use super::privileges::{privilege_rows, supported_rows};
use super::users::{current_user_rows, role_rows, user_rows};

/// The column that the rows come ascending by, if there is one.
pub(super) fn sorted_by(subject: &Subject) -> Option<usize> {
    match subject {
        Subject::Aliases(_)
        | Subject::Databases(_)
        | Subject::Users { .. }
        | Subject::CurrentUser
        | Subject::Roles { .. } => Some(0),
        Subject::SupportedPrivileges | Subject::AuthRules { .. } | Subject::Privileges { .. } => None,
    }
}

/// The rows that the principal may see, each as long as the list of columns.
pub(super) fn rows<'a>(subject: &'a Subject, catalog: &'a Catalog, who: &'a Principal) -> Result<Rows<'a>, Refusal> {
    let require = |action: DbmsAction| catalog.authorise(who, &Action::Dbms(action));
    match subject {
        Subject::Aliases(name) => {
            require(DbmsAction::ShowAlias)?;
            Ok(alias_rows(catalog, who, name.as_ref()))
        }
        Subject::Databases(which) => {
            catalog.authorise_caller(who)?;
            Ok(database_rows(catalog, who, which))
        }
        Subject::Users { with_auth } => {
            require(DbmsAction::ShowUser)?;
            Ok(user_rows(catalog, *with_auth, require(DbmsAction::ShowUserMetadata).is_ok()))
        }
        Subject::CurrentUser => {
            catalog.authorise_caller(who)?;
            Ok(current_user_rows(catalog, who, require(DbmsAction::ShowUserMetadata).is_ok()))
        }
        Subject::SupportedPrivileges => {
            catalog.authorise_caller(who)?;
            Ok(supported_rows())
        }
        Subject::Roles { populated, with } => {
            require(DbmsAction::ShowRole)?;
            match with {
                Some(RolesWith::Users) => require(DbmsAction::ShowUser)?,
                Some(RolesWith::AuthRules) => require(DbmsAction::ShowAuthRule)?,
                None => {}
            }
            Ok(role_rows(catalog, *populated, *with))
        }
        Subject::AuthRules { .. } => {
            require(DbmsAction::ShowAuthRule)?;
            Ok(Box::new(std::iter::empty()))
        }
        Subject::Privileges { of, as_commands } => privilege_rows(catalog, who, of, *as_commands),
    }
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
