//! CREATE and DROP DATABASE.

use std::sync::Arc;

use crate::{
    AliasName, CatalogName, CreateMode, Database, DatabaseKind, DatabaseName, DatabaseStatus, Named, Outcome, Record,
    RecordKey, Rejection,
};

use super::draft::{Draft, updated};

impl Draft {
    pub(super) fn create_database(&mut self, name: &DatabaseName, mode: CreateMode) -> Outcome {
        let mut updates = 1;
        match (self.catalog.find(&name.into()), mode) {
            (None, _) => {}
            (Some(_), CreateMode::IfNotExists) => return updated(0),
            (Some(Named::Database(..)), CreateMode::OrReplace) => {
                self.remove_database("replace", name, false)?;
                updates = 2;
            }
            (Some(_), _) => return Err(Rejection::DatabaseExists { name: name.to_string() }),
        }
        self.register_database(name.clone(), DatabaseKind::Standard);
        updated(updates)
    }

    pub(super) fn drop_database(&mut self, name: &CatalogName, if_exists: bool, cascade: bool) -> Outcome {
        let name = match self.catalog.find(name) {
            Some(Named::Database(name, _)) => name.clone(),
            Some(Named::Alias(..)) | None if if_exists => return updated(0),
            Some(Named::Alias(..)) | None => {
                return Err(Rejection::NoSuchDatabase { action: "delete".into(), name: name.to_string() });
            }
        };
        self.remove_database("delete", &name, cascade)?;
        updated(1)
    }

    pub(super) fn register_database(&mut self, name: DatabaseName, kind: DatabaseKind) {
        let database = Database { kind, status: DatabaseStatus::Online, created: self.stamp, modified: self.stamp };
        self.set(RecordKey::Database(name), Some(Record::Database(Arc::new(database))));
    }

    /// Removes a database and the privileges that name it; its local aliases too, or it refuses.
    fn remove_database(&mut self, action: &str, name: &DatabaseName, cascade: bool) -> Result<(), Rejection> {
        if *name == DatabaseName::system() {
            return Err(Rejection::DatabaseProtected { action: action.into(), name: name.to_string() });
        }
        let aliases: Vec<AliasName> = self.catalog.aliases_of(name).cloned().collect();
        if !aliases.is_empty() && !cascade {
            let aliases = aliases.iter().map(|alias| format!("'{alias}'")).collect::<Vec<_>>().join(", ");
            return Err(Rejection::DatabaseHasAliases { name: name.to_string(), aliases });
        }
        for alias in &aliases {
            self.remove_alias(alias);
        }
        self.forget_grants_naming(&name.into());
        self.set(RecordKey::Database(name.clone()), None);
        Ok(())
    }
}
