//! Databases, composite ones included, as semantics §1.8 and §1.10 say.

use std::sync::Arc;

use aliasd_catalog::{
    AliasKind, CatalogName, CreateMode, CypherVersion, Database, DatabaseAccess, DatabaseKind, DatabaseName,
    DatabaseStatus, Meta, Outcome, PolicyChange, Record, RecordKey, Rejection, Stamp,
};

use super::{Model, done};

impl Model {
    pub(super) fn create_database(
        &mut self,
        stamp: Stamp,
        name: &str,
        mode: CreateMode,
        composite: bool,
        language: Option<CypherVersion>,
    ) -> Outcome {
        let mut updates = 1;
        let same_kind = self.database(name).is_some() && self.is_composite(name) == composite;
        if self.database(name).is_some() || self.alias(name).is_some() {
            match mode {
                CreateMode::IfNotExists => return done(0),
                CreateMode::OrReplace if same_kind => {
                    self.remove_database("replace", name, false)?;
                    updates = 2;
                }
                _ => return Err(Rejection::DatabaseExists { name: name.into() }),
            }
        }
        let mut conflicting = Vec::new();
        for (key, _) in &self.records {
            let (is_database, other) = match key {
                RecordKey::Database(other) => (true, other.to_string()),
                RecordKey::Alias(other) => (false, other.to_string()),
                _ => continue,
            };
            let below = name.starts_with(&format!("{other}.")) && self.is_composite(&other);
            let above = composite && other.starts_with(&format!("{name}."));
            if below || above {
                conflicting.push((above, !is_database, other));
            }
        }
        // What lies above is named first, then databases, then aliases, by name.
        conflicting.sort();
        if let Some((_, _, other)) = conflicting.into_iter().next() {
            return Err(Rejection::AmbiguousName { name: name.into(), other: other.into() });
        }
        self.add_database(stamp, name, composite, language);
        done(updates)
    }

    pub(super) fn alter_database(
        &mut self,
        stamp: Stamp,
        name: &str,
        hidden: bool,
        if_exists: bool,
        access: Option<DatabaseAccess>,
        language: Option<CypherVersion>,
    ) -> Outcome {
        let Some(database) = self.database(name).filter(|_| !hidden) else {
            return if if_exists { done(0) } else { no_database("alter", name) };
        };
        if name == "system" {
            return Err(Rejection::DatabaseProtected { action: "alter".into(), name: name.into() });
        }
        let mut database = database.clone();
        if let Some(access) = access {
            if database.kind == DatabaseKind::Composite {
                return Err(Rejection::CompositeAccess { name: name.into() });
            }
            database.access = access;
        }
        if let Some(language) = language {
            database.default_language = language;
        }
        self.put_database(stamp, name, database);
        done(1)
    }

    pub(super) fn set_database_status(&mut self, stamp: Stamp, name: &str, status: DatabaseStatus) -> Outcome {
        let action = if status == DatabaseStatus::Online { "start" } else { "stop" };
        let Some(database) = self.database(name) else { return no_database(action, name) };
        if name == "system" {
            return Err(Rejection::DatabaseProtected { action: action.into(), name: name.into() });
        }
        if database.status == status {
            return done(0);
        }
        let mut database = database.clone();
        database.status = status;
        self.put_database(stamp, name, database);
        done(1)
    }

    pub(super) fn set_policy(&mut self, change: &PolicyChange) -> Outcome {
        let meta = self.meta().expect("formed").clone();
        let mut policy = meta.policy;
        if let Some(implies) = change.database_management_implies_alias_management {
            policy.database_management_implies_alias_management = implies;
        }
        if let Some(forwarding) = change.oidc_credential_forwarding {
            policy.oidc_credential_forwarding = forwarding;
        }
        if let Some(language) = change.default_language {
            policy.default_language = language;
        }
        if let Some(lifetime) = change.token_lifetime {
            policy.token_lifetime = lifetime;
        }
        if let Some(staleness) = change.release_staleness {
            policy.release_staleness = staleness;
        }
        let updates = u64::from(policy != meta.policy);
        self.put(RecordKey::Meta, Record::Meta(Arc::new(Meta { policy, ..meta })));
        done(updates)
    }

    pub(super) fn set_default_database(&mut self, name: &CatalogName) -> Outcome {
        if name.as_str() == "system" {
            return Err(Rejection::DatabaseProtected { action: "set as default".into(), name: "system".into() });
        }
        let constituent = self.alias(name.as_str()).is_some_and(|alias| alias.composite.is_some());
        let exists = self.database(name.as_str()).is_some() || self.alias(name.as_str()).is_some();
        if constituent || !exists {
            return no_database("set as default", name.as_str());
        }
        let meta = self.meta().expect("formed").clone();
        let updates = u64::from(meta.default_database != *name);
        let meta = Meta { default_database: name.clone(), ..meta };
        self.put(RecordKey::Meta, Record::Meta(Arc::new(meta)));
        done(updates)
    }

    pub(super) fn drop_database(
        &mut self,
        name: &str,
        hidden: bool,
        if_exists: bool,
        composite: bool,
        cascade: bool,
    ) -> Outcome {
        let found = if composite { self.is_composite(name) } else { self.database(name).is_some() && !hidden };
        match (found, if_exists) {
            (true, _) => {
                self.remove_database("delete", name, cascade)?;
                done(1)
            }
            (false, true) => done(0),
            (false, false) if composite => {
                Err(Rejection::CompositeNotFound { action: "delete".into(), name: name.into() })
            }
            (false, false) => no_database("delete", name),
        }
    }

    pub(super) fn add_database(&mut self, stamp: Stamp, name: &str, composite: bool, language: Option<CypherVersion>) {
        let kind = match name {
            "system" => DatabaseKind::System,
            _ if composite => DatabaseKind::Composite,
            _ => DatabaseKind::Standard,
        };
        let database = Database {
            kind,
            status: DatabaseStatus::Online,
            access: DatabaseAccess::ReadWrite,
            default_language: language.unwrap_or(self.meta().expect("formed").policy.default_language),
            created: stamp,
            modified: stamp,
        };
        self.put_database(stamp, name, database);
    }

    fn put_database(&mut self, stamp: Stamp, name: &str, mut database: Database) {
        database.modified = stamp;
        let name = DatabaseName::stored(name).expect("the command held a database name");
        self.put(RecordKey::Database(name), Record::Database(Arc::new(database)));
    }

    fn remove_database(&mut self, action: &str, name: &str, cascade: bool) -> Result<(), Rejection> {
        if name == "system" {
            return Err(Rejection::DatabaseProtected { action: action.into(), name: name.into() });
        }
        let mut aliases: Vec<String> = Vec::new();
        for (key, record) in &self.records {
            let (RecordKey::Alias(alias), Record::Alias(it)) = (key, record) else { continue };
            let leads_here = matches!(&it.kind, AliasKind::Local(target) if target.as_str() == name);
            let lies_here = it.composite.as_ref().is_some_and(|composite| composite.as_str() == name);
            if leads_here || lies_here {
                aliases.push(alias.to_string());
            }
        }
        aliases.sort();
        if !aliases.is_empty() && !cascade {
            let aliases: Vec<String> = aliases.iter().map(|alias| format!("'{alias}'")).collect();
            return Err(Rejection::DatabaseHasAliases { name: name.into(), aliases: aliases.join(", ").into() });
        }
        for alias in aliases {
            self.forget_name(&alias);
        }
        self.forget_name(name);
        Ok(())
    }

    pub(super) fn is_composite(&self, name: &str) -> bool {
        self.database(name).is_some_and(|database| database.kind == DatabaseKind::Composite)
    }
}

fn no_database(action: &str, name: &str) -> Outcome {
    Err(Rejection::NoSuchDatabase { action: action.into(), name: name.into() })
}
