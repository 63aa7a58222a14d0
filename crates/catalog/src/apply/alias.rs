//! CREATE, ALTER and DROP ALIAS.

use std::sync::Arc;

use crate::{
    Alias, AliasKind, AliasName, AliasTarget, AlterAlias, CatalogName, CreateAlias, CreateMode, CypherVersion,
    DatabaseName, DriverSettings, Named, Outcome, Record, RecordKey, Rejection, RemoteAlias, RemoteTarget, RemoteUrl,
    Scheme, Sealed, SealedSecret,
};

use super::draft::{Draft, updated};

/// The language of queries on a remote alias that names none.
const DEFAULT_LANGUAGE: CypherVersion = CypherVersion::Cypher5;

impl Draft {
    pub(super) fn create_alias(&mut self, create: &CreateAlias<Sealed>) -> Outcome {
        let mut updates = 1;
        match (self.catalog.find(&(&create.name).into()), create.mode) {
            (None, _) => {}
            (Some(_), CreateMode::IfNotExists) => return updated(0),
            (Some(Named::Alias(..)), CreateMode::OrReplace) => {
                self.remove_alias(&create.name);
                updates = 2;
            }
            (Some(_), _) => return Err(Rejection::AliasExists { name: create.name.to_string() }),
        }
        let kind = match &create.target {
            AliasTarget::Local(target) => AliasKind::Local(self.local_target("create", &create.name, target)?),
            AliasTarget::Remote(target) => AliasKind::Remote(self.remote_alias(target)?),
        };
        let stamp = self.stamp;
        self.set_alias(
            &create.name,
            Alias { kind, properties: create.properties.clone(), created: stamp, modified: stamp },
        );
        updated(updates)
    }

    pub(super) fn alter_alias(&mut self, alter: &AlterAlias<Sealed>) -> Outcome {
        let Some((name, before)) = self.find_alias(&alter.name) else {
            return missing(alter.if_exists, "alter", &alter.name);
        };
        let kind = match &before.kind {
            AliasKind::Local(database) => self.altered_local(&name, database, alter)?,
            AliasKind::Remote(remote) => self.altered_remote(&name, remote, alter)?,
        };
        let properties = alter.properties.clone().unwrap_or_else(|| before.properties.clone());
        self.set_alias(&name, Alias { kind, properties, created: before.created, modified: self.stamp });
        updated(1)
    }

    pub(super) fn drop_alias(&mut self, name: &CatalogName, if_exists: bool) -> Outcome {
        let Some((name, _)) = self.find_alias(name) else {
            return missing(if_exists, "drop", name);
        };
        self.remove_alias(&name);
        updated(1)
    }

    /// Removes an alias and the privileges that name it.
    pub(super) fn remove_alias(&mut self, name: &AliasName) {
        self.forget_grants_naming(&name.into());
        self.set(RecordKey::Alias(name.clone()), None);
    }

    fn set_alias(&mut self, name: &AliasName, alias: Alias) {
        self.set(RecordKey::Alias(name.clone()), Some(Record::Alias(Arc::new(alias))));
    }

    fn find_alias(&self, name: &CatalogName) -> Option<(AliasName, Arc<Alias>)> {
        match self.catalog.find(name)? {
            Named::Alias(name, alias) => Some((name.clone(), alias.clone())),
            Named::Database(..) => None,
        }
    }

    /// The database that a local alias may lead to.
    fn local_target(&self, action: &str, name: &AliasName, target: &CatalogName) -> Result<DatabaseName, Rejection> {
        let (action, name) = (action.to_owned(), name.to_string());
        match self.catalog.find(target) {
            None => Err(Rejection::TargetNotFound { action, name, target: target.to_string() }),
            Some(Named::Database(database, _)) if *database == DatabaseName::system() => {
                Err(Rejection::TargetIsSystem { action, name })
            }
            Some(Named::Database(database, _)) => Ok(database.clone()),
            Some(Named::Alias(..)) => Err(Rejection::AliasChain { action, name, target: target.to_string() }),
        }
    }

    fn remote_alias(&self, target: &RemoteTarget<Sealed>) -> Result<RemoteAlias, Rejection> {
        self.require_active_key(&target.credential)?;
        require_secure(&target.url, &target.driver)?;
        Ok(RemoteAlias {
            database: target.database.clone(),
            url: target.url.clone(),
            user: target.user.clone(),
            credential: target.credential.clone(),
            driver: target.driver.clone(),
            default_language: target.default_language.unwrap_or(DEFAULT_LANGUAGE),
        })
    }

    fn altered_local(
        &self,
        name: &AliasName,
        database: &DatabaseName,
        alter: &AlterAlias<Sealed>,
    ) -> Result<AliasKind, Rejection> {
        let remote_parts = alter.user.is_some()
            || alter.credential.is_some()
            || alter.driver.is_some()
            || alter.default_language.is_some()
            || matches!(alter.target, Some((_, Some(_))));
        if remote_parts {
            return Err(Rejection::LocalToRemote { name: name.to_string() });
        }
        let database = match &alter.target {
            Some((target, _)) => self.local_target("alter", name, target)?,
            None => database.clone(),
        };
        Ok(AliasKind::Local(database))
    }

    fn altered_remote(
        &self,
        name: &AliasName,
        remote: &RemoteAlias,
        alter: &AlterAlias<Sealed>,
    ) -> Result<AliasKind, Rejection> {
        let mut altered = remote.clone();
        match &alter.target {
            Some((_, None)) => return Err(Rejection::RemoteToLocal { name: name.to_string() }),
            Some((database, Some(url))) => {
                altered.database = database.clone();
                altered.url = url.clone();
            }
            None => {}
        }
        if let Some(credential) = &alter.credential {
            self.require_active_key(credential)?;
            altered.credential = credential.clone();
        }
        if let Some(user) = &alter.user {
            altered.user = user.clone();
        }
        if let Some(driver) = &alter.driver {
            altered.driver = driver.clone();
        }
        if let Some(language) = alter.default_language {
            altered.default_language = language;
        }
        if alter.target.is_some() || alter.driver.is_some() {
            require_secure(&altered.url, &altered.driver)?;
        }
        Ok(AliasKind::Remote(altered))
    }

    /// A credential that was sealed before the active key changed would keep the old key in use.
    fn require_active_key(&self, credential: &SealedSecret) -> Result<(), Rejection> {
        match self.catalog.meta() {
            Some(meta) if meta.active_key != credential.key_id => {
                Err(Rejection::StaleKey { given: credential.key_id.to_string(), active: meta.active_key.to_string() })
            }
            _ => Ok(()),
        }
    }
}

fn require_secure(url: &RemoteUrl, driver: &DriverSettings) -> Result<(), Rejection> {
    if driver.ssl_enforced() && !url.scheme().is_secure() {
        return Err(Rejection::InsecureUrl { url: url.to_string(), schemes: Scheme::list(true) });
    }
    Ok(())
}

fn missing(if_exists: bool, action: &str, name: &CatalogName) -> Outcome {
    if if_exists {
        return updated(0);
    }
    Err(Rejection::AliasNotFound { action: action.into(), name: name.to_string() })
}
