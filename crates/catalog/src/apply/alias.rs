//! CREATE, ALTER and DROP ALIAS.

use std::sync::Arc;

use aliasd_faults::{Mistake, is_planted};

use crate::{
    Action, Alias, AliasKind, AliasName, AliasTarget, AlterAlias, CatalogName, CreateAlias, CreateMode, DatabaseKind,
    DatabaseName, DriverSettings, Field, NameForm, Named, Notification, Outcome, Principal, Record, RecordKey,
    Rejection, RemoteAlias, RemoteLogin, RemoteTarget, RemoteUrl, Scheme, Sealed, SealedSecret, Verb,
};

use super::draft::{Draft, updated, updated_with};

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
            (Some(_), _) => return Err(Rejection::AliasExists { name: (&create.name).into() }),
        }
        let composite = self.composite_for(&create.name, &create.form)?;
        let mut notifications = Vec::new();
        let kind = match &create.target {
            AliasTarget::Local(target) => AliasKind::Local(self.local_target(Verb::Create, &create.name, target)?),
            AliasTarget::Remote(target) => {
                let allowed = self.catalog.meta().is_some_and(|meta| meta.policy.oidc_credential_forwarding);
                if matches!(target.login, RemoteLogin::OidcForwarding) && !allowed {
                    notifications.push(Notification::OidcForwardingDisabled);
                }
                AliasKind::Remote(self.remote_alias(&create.name, composite.is_some(), target)?)
            }
        };
        let (properties, stamp) = (create.properties.clone(), self.stamp);
        self.set_alias(&create.name, Alias { kind, composite, properties, created: stamp, modified: stamp });
        updated_with(updates, notifications)
    }

    pub(super) fn alter_alias(&mut self, actor: &Principal, alter: &AlterAlias<Sealed>) -> Outcome {
        let Some((name, before)) = self.find_alias(&alter.name, &alter.form) else {
            return missing(alter.if_exists, Verb::Alter, &alter.name);
        };
        let kind = match &before.kind {
            AliasKind::Local(database) => self.altered_local(&name, database, alter)?,
            AliasKind::Remote(remote) => self.altered_remote(actor, &name, &before, remote, alter)?,
        };
        let properties = alter.properties.clone().unwrap_or_else(|| before.properties.clone());
        self.set_alias(&name, Alias { kind, properties, modified: self.stamp, ..(*before).clone() });
        updated(1)
    }

    pub(super) fn drop_alias(&mut self, name: &CatalogName, form: &NameForm, if_exists: bool) -> Outcome {
        let Some((name, _)) = self.find_alias(name, form) else {
            return missing(if_exists, Verb::Drop, name);
        };
        self.remove_alias(&name);
        updated(1)
    }

    /// Removes an alias and the privileges that it takes along.
    pub(super) fn remove_alias(&mut self, name: &AliasName) {
        self.forget_grants_naming(&name.into());
        self.set(RecordKey::Alias(name.clone()), None);
    }

    fn set_alias(&mut self, name: &AliasName, alias: Alias) {
        self.set(RecordKey::Alias(name.clone()), Some(Record::Alias(Arc::new(alias))));
    }

    /// The alias that a name refers to, as it was written. Cypher 25 looks for the whole name; Cypher 5 for a constituent
    /// exactly if the name was written as one.
    fn find_alias(&self, name: &CatalogName, form: &NameForm) -> Option<(AliasName, Arc<Alias>)> {
        let Some(Named::Alias(found, alias)) = self.catalog.find(name) else { return None };
        let meant =
            *form == NameForm::AnyDot || self.written_composite(name.as_str(), form) == alias.composite.as_ref();
        meant.then(|| (found.clone(), alias.clone()))
    }

    /// The composite database that a name lies in, as it was written.
    fn written_composite(&self, name: &str, form: &NameForm) -> Option<&DatabaseName> {
        let above = self.catalog.composite_above(name)?;
        let written = match form {
            NameForm::AnyDot => true,
            NameForm::FirstDot => name.split('.').next() == Some(above.as_str()),
            NameForm::Plain => false,
            NameForm::Within(namespace) => namespace.as_str() == above.as_str(),
        };
        written.then_some(above)
    }

    /// The composite database that a new alias is a constituent of.
    fn composite_for(&self, name: &AliasName, form: &NameForm) -> Result<Option<DatabaseName>, Rejection> {
        let above = self.catalog.composite_above(name.as_str());
        let written = self.written_composite(name.as_str(), form);
        match above {
            Some(other) if written.is_none() => {
                Err(Rejection::AmbiguousName { name: name.into(), other: other.into() })
            }
            _ => Ok(written.cloned()),
        }
    }

    /// The database that a local alias may lead to.
    fn local_target(&self, verb: Verb, name: &AliasName, target: &CatalogName) -> Result<DatabaseName, Rejection> {
        let (action, name) = (Field::from(verb), Field::from(name));
        match self.catalog.find(target) {
            None => Err(Rejection::TargetNotFound { action, name, target: target.into() }),
            Some(Named::Database(database, _)) if *database == DatabaseName::system() => {
                Err(Rejection::TargetIsSystem { action, name })
            }
            Some(Named::Database(_, database)) if database.kind == DatabaseKind::Composite => {
                Err(Rejection::TargetIsComposite { action, name, target: target.into() })
            }
            Some(Named::Database(database, _)) => Ok(database.clone()),
            Some(Named::Alias(..)) => Err(Rejection::AliasChain { action, name, target: target.into() }),
        }
    }

    fn remote_alias(
        &self,
        name: &AliasName,
        constituent: bool,
        target: &RemoteTarget<Sealed>,
    ) -> Result<RemoteAlias, Rejection> {
        if constituent && target.default_language.is_some() {
            return Err(Rejection::ConstituentLanguage { action: Verb::Create.into(), name: name.into() });
        }
        if let Some(credential) = target.login.credential() {
            self.require_active_key(credential)?;
        }
        require_secure(&target.url, &target.driver)?;
        let language = target.default_language.unwrap_or_else(|| self.default_language());
        Ok(RemoteAlias {
            database: target.database.clone(),
            url: target.url.clone(),
            login: target.login.clone(),
            driver: target.driver.clone(),
            default_language: (!constituent).then_some(language),
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
            return Err(Rejection::LocalToRemote { name: name.into() });
        }
        let database = match &alter.target {
            Some((target, _)) => self.local_target(Verb::Alter, name, target)?,
            None => database.clone(),
        };
        Ok(AliasKind::Local(database))
    }

    fn altered_remote(
        &self,
        actor: &Principal,
        name: &AliasName,
        alias: &Alias,
        remote: &RemoteAlias,
        alter: &AlterAlias<Sealed>,
    ) -> Result<AliasKind, Rejection> {
        if alias.composite.is_some() && alter.default_language.is_some() {
            return Err(Rejection::ConstituentLanguage { action: Verb::Alter.into(), name: name.into() });
        }
        let mut altered = remote.clone();
        match &alter.target {
            Some((_, None)) => return Err(Rejection::RemoteToLocal { name: name.into() }),
            Some((database, Some(url))) => {
                altered.database = database.clone();
                altered.url = url.clone();
            }
            None => {}
        }
        altered.login = self.altered_login(actor, name, alias, alter)?;
        if let Some(driver) = &alter.driver {
            altered.driver = driver.clone();
        }
        altered.default_language = alter.default_language.or(altered.default_language);
        if alter.target.is_some() || alter.driver.is_some() {
            require_secure(&altered.url, &altered.driver)?;
        }
        Ok(AliasKind::Remote(altered))
    }

    /// A stored password goes where the alias leads. So whoever changes that, and may not have the password, has to give one.
    fn altered_login(
        &self,
        actor: &Principal,
        name: &AliasName,
        alias: &Alias,
        alter: &AlterAlias<Sealed>,
    ) -> Result<RemoteLogin<SealedSecret>, Rejection> {
        let Some((place, stored)) = alias.stored(&name.into()) else {
            if alter.user.is_some() || alter.credential.is_some() {
                return Err(Rejection::CredentialKind { name: name.into() });
            }
            return Ok(RemoteLogin::OidcForwarding);
        };
        let moves = alter.moves(&place);
        let credential = match (&alter.credential, &alter.carried) {
            (Some(given), _) => given,
            (None, _) if moves && alter.seen.is_some() && !self.may_release(actor, name) => {
                return Err(Rejection::AliasPasswordRequired { name: name.into() });
            }
            (None, Some(carried)) if moves => carried,
            // The first format is bound to neither address nor user.
            (None, None) if moves && stored.alias_id.is_some() => {
                return Err(Rejection::AliasChanged { name: name.into() });
            }
            (None, _) => stored,
        };
        if credential != stored {
            let is_seen = alter.seen == Some(alias.modified.revision) || is_planted(Mistake::AlterWithoutCompare);
            if credential.alias_id.is_some() && !is_seen {
                return Err(Rejection::AliasChanged { name: name.into() });
            }
            self.require_active_key(credential)?;
        }
        let user = alter.user.clone().or(place.user).expect("a stored credential is some user's");
        Ok(RemoteLogin::Stored { user, credential: credential.clone() })
    }

    fn may_release(&self, actor: &Principal, name: &AliasName) -> bool {
        self.catalog.authorise(actor, &Action::ResolveAlias(name.into())).is_ok()
    }

    /// A credential that was sealed before the active key changed would keep the old key in use.
    fn require_active_key(&self, credential: &SealedSecret) -> Result<(), Rejection> {
        match self.catalog.meta() {
            Some(meta) if meta.active_key != credential.key_id => {
                Err(Rejection::StaleKey { given: credential.key_id.into(), active: meta.active_key.into() })
            }
            _ => Ok(()),
        }
    }
}

fn require_secure(url: &RemoteUrl, driver: &DriverSettings) -> Result<(), Rejection> {
    if driver.ssl_enforced() && !url.scheme().is_secure() {
        return Err(Rejection::InsecureUrl { url: url.to_string(), schemes: Scheme::offered(true).into() });
    }
    Ok(())
}

fn missing(if_exists: bool, verb: Verb, name: &CatalogName) -> Outcome {
    if if_exists {
        return updated(0);
    }
    Err(Rejection::AliasNotFound { action: verb.into(), name: name.into() })
}
