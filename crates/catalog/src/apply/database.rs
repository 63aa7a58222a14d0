//! CREATE, ALTER, START, STOP and DROP DATABASE, composite ones included, and the default database.

use std::sync::Arc;

use crate::{
    Action, AliasName, CatalogName, CreateMode, CypherVersion, Database, DatabaseAccess, DatabaseAction, DatabaseKind,
    DatabaseName, DatabaseStatus, DbmsAction, Meta, Named, Outcome, Principal, Quoted, Record, RecordKey, Rejection,
    Verb,
};

use super::draft::{Draft, updated};

impl Draft {
    pub(super) fn create_database(
        &mut self,
        name: &DatabaseName,
        mode: CreateMode,
        kind: DatabaseKind,
        default_language: Option<CypherVersion>,
    ) -> Outcome {
        let mut updates = 1;
        match (self.catalog.find(&name.into()), mode) {
            (None, _) => {}
            (Some(_), CreateMode::IfNotExists) => return updated(0),
            (Some(Named::Database(_, existing)), CreateMode::OrReplace)
                if (existing.kind == DatabaseKind::Composite) == (kind == DatabaseKind::Composite) =>
            {
                self.remove_database(Verb::Replace, name, false)?;
                updates = 2;
            }
            (Some(_), _) => return Err(Rejection::DatabaseExists { name: name.into() }),
        }
        self.require_unambiguous(name, kind)?;
        self.register_database(name.clone(), kind, default_language);
        updated(updates)
    }

    pub(super) fn alter_database(
        &mut self,
        actor: &Principal,
        name: &CatalogName,
        if_exists: bool,
        access: Option<DatabaseAccess>,
        default_language: Option<CypherVersion>,
    ) -> Outcome {
        let needed = Action::Database(DatabaseAction::AlterCompositeDatabase, name.clone());
        let found = self.find_database(name).filter(|_| self.catalog.may_if_composite(actor, &needed, name));
        let Some((name, before)) = found else { return missing(if_exists, Verb::Alter, name) };
        require_not_system(Verb::Alter, &name)?;
        if access.is_some() && before.kind == DatabaseKind::Composite {
            return Err(Rejection::CompositeAccess { name: (&name).into() });
        }
        let mut database = (*before).clone();
        database.access = access.unwrap_or(database.access);
        database.default_language = default_language.unwrap_or(database.default_language);
        self.set_database(name, database);
        updated(1)
    }

    pub(super) fn set_database_status(&mut self, name: &CatalogName, status: DatabaseStatus) -> Outcome {
        let verb = match status {
            DatabaseStatus::Online => Verb::Start,
            DatabaseStatus::Offline => Verb::Stop,
        };
        let Some((name, before)) = self.find_database(name) else { return missing(false, verb, name) };
        require_not_system(verb, &name)?;
        if before.status == status {
            return updated(0);
        }
        self.set_database(name, Database { status, ..(*before).clone() });
        updated(1)
    }

    pub(super) fn set_default_database(&mut self, name: &CatalogName) -> Outcome {
        const VERB: Verb = Verb::SetAsDefault;
        match self.catalog.find(name) {
            Some(Named::Database(database, _)) => require_not_system(VERB, database)?,
            // A constituent is only reached through its composite database.
            Some(Named::Alias(_, alias)) if alias.composite.is_none() => {}
            Some(Named::Alias(..)) | None => return missing(false, VERB, name),
        }
        let before = self.catalog.meta().expect("a command other than the first one has a formed catalog");
        if before.default_database == *name {
            return updated(0);
        }
        let meta = Meta { default_database: name.clone(), ..before.clone() };
        self.set(RecordKey::Meta, Some(Record::Meta(Arc::new(meta))));
        updated(1)
    }

    pub(super) fn drop_database(
        &mut self,
        actor: &Principal,
        name: &CatalogName,
        if_exists: bool,
        composite: bool,
        cascade: bool,
    ) -> Outcome {
        let needed = Action::Dbms(DbmsAction::DropCompositeDatabase);
        let found = self.find_database(name).filter(|_| self.catalog.may_if_composite(actor, &needed, name));
        let found = found.filter(|(_, database)| !composite || database.kind == DatabaseKind::Composite);
        let Some((name, _)) = found else {
            if composite && !if_exists {
                return Err(Rejection::CompositeNotFound { action: Verb::Delete.into(), name: name.into() });
            }
            return missing(if_exists, Verb::Delete, name);
        };
        self.remove_database(Verb::Delete, &name, cascade)?;
        updated(1)
    }

    pub(super) fn register_database(
        &mut self,
        name: DatabaseName,
        kind: DatabaseKind,
        default_language: Option<CypherVersion>,
    ) {
        let database = Database {
            kind,
            status: DatabaseStatus::Online,
            access: DatabaseAccess::ReadWrite,
            default_language: default_language.unwrap_or_else(|| self.default_language()),
            created: self.stamp,
            modified: self.stamp,
        };
        self.set_database(name, database);
    }

    /// The language of what names none.
    pub(super) fn default_language(&self) -> CypherVersion {
        self.catalog.meta().map(|meta| meta.policy).unwrap_or_default().default_language
    }

    fn set_database(&mut self, name: DatabaseName, mut database: Database) {
        database.modified = self.stamp;
        self.set(RecordKey::Database(name), Some(Record::Database(Arc::new(database))));
    }

    /// The database of this very name: an alias is none.
    fn find_database(&self, name: &CatalogName) -> Option<(DatabaseName, Arc<Database>)> {
        match self.catalog.find(name)? {
            Named::Database(name, database) => Some((name.clone(), database.clone())),
            Named::Alias(..) => None,
        }
    }

    /// Everything below the name of a composite database is a constituent of it, so nothing else may be named so.
    fn require_unambiguous(&self, name: &DatabaseName, kind: DatabaseKind) -> Result<(), Rejection> {
        let above = self.catalog.composite_above(name.as_str()).map(CatalogName::from);
        let below = || match kind {
            DatabaseKind::Composite => self.catalog.first_below(name),
            DatabaseKind::System | DatabaseKind::Standard => None,
        };
        match above.or_else(below) {
            Some(other) => Err(Rejection::AmbiguousName { name: name.into(), other: (&other).into() }),
            None => Ok(()),
        }
    }

    /// Removes a database and the privileges that name it; its local aliases or constituents too, or it refuses.
    fn remove_database(&mut self, verb: Verb, name: &DatabaseName, cascade: bool) -> Result<(), Rejection> {
        require_not_system(verb, name)?;
        let mut aliases = self.catalog.aliases_of(name).chain(self.catalog.constituents_of(name)).peekable();
        if !cascade && aliases.peek().is_some() {
            return Err(Rejection::DatabaseHasAliases { name: name.into(), aliases: Quoted::of(aliases).into() });
        }
        let aliases: Vec<AliasName> = aliases.cloned().collect();
        for alias in &aliases {
            self.remove_alias(alias);
        }
        self.forget_grants_naming(&name.into());
        self.set(RecordKey::Database(name.clone()), None);
        Ok(())
    }
}

fn require_not_system(verb: Verb, name: &DatabaseName) -> Result<(), Rejection> {
    if *name == DatabaseName::system() {
        return Err(Rejection::DatabaseProtected { action: verb.into(), name: name.into() });
    }
    Ok(())
}

fn missing(if_exists: bool, verb: Verb, name: &CatalogName) -> Outcome {
    if if_exists {
        return updated(0);
    }
    Err(Rejection::NoSuchDatabase { action: verb.into(), name: name.into() })
}
