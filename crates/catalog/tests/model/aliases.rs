//! CREATE, ALTER and DROP ALIAS, as semantics §1.3, §1.4, §1.5, §1.6, §1.7 and the decisions of §0 say.

use std::sync::Arc;

use aliasd_catalog::{
    Action, Alias, AliasKind, AliasName, AliasTarget, AlterAlias, CreateAlias, CreateMode, DatabaseName, Effect, KeyId,
    NameForm, Notification, Outcome, Principal, Record, RecordKey, Rejection, RemoteAlias, RemoteLogin, Sealed,
    SealedSecret, Stamp,
};

use super::{Model, done};

impl Model {
    pub(super) fn create_alias(&mut self, stamp: Stamp, create: &CreateAlias<Sealed>) -> Outcome {
        let name = create.name.as_str();
        let mut updates = 1;
        let (is_database, is_alias) = (self.database(name).is_some(), self.alias(name).is_some());
        if is_database || is_alias {
            match create.mode {
                CreateMode::IfNotExists => return done(0),
                CreateMode::OrReplace if is_alias => {
                    self.forget_name(name);
                    updates = 2;
                }
                _ => return Err(Rejection::AliasExists { name: name.into() }),
            }
        }
        let composite = self.namespace(name, &create.form);
        if composite.is_none()
            && let Some(other) = self.namespace(name, &NameForm::AnyDot)
        {
            return Err(Rejection::AmbiguousName { name: name.into(), other: other.into() });
        }
        let mut notifications = Vec::new();
        let kind = match &create.target {
            AliasTarget::Local(target) => AliasKind::Local(self.local_target("create", name, target.as_str())?),
            AliasTarget::Remote(target) => {
                let policy = self.meta().expect("formed").policy;
                if composite.is_some() && target.default_language.is_some() {
                    return Err(Rejection::ConstituentLanguage { action: "create".into(), name: name.into() });
                }
                match &target.login {
                    RemoteLogin::Stored { credential, .. } => self.check_key(credential.key_id)?,
                    RemoteLogin::OidcForwarding if policy.oidc_credential_forwarding => {}
                    RemoteLogin::OidcForwarding => notifications.push(Notification::OidcForwardingDisabled),
                }
                check_scheme(target.url.as_str(), target.driver.ssl_enforced)?;
                let language = target.default_language.unwrap_or(policy.default_language);
                AliasKind::Remote(RemoteAlias {
                    database: target.database.clone(),
                    url: target.url.clone(),
                    login: target.login.clone(),
                    driver: target.driver.clone(),
                    default_language: if composite.is_some() { None } else { Some(language) },
                })
            }
        };
        let composite = composite.map(|composite| DatabaseName::new(&composite).expect("a database has this name"));
        let alias = Alias { kind, composite, properties: create.properties.clone(), created: stamp, modified: stamp };
        self.put(RecordKey::Alias(create.name.clone()), Record::Alias(Arc::new(alias)));
        Ok(Effect { system_updates: updates, notifications })
    }

    pub(super) fn alter_alias(&mut self, stamp: Stamp, actor: &Principal, alter: &AlterAlias<Sealed>) -> Outcome {
        let name = alter.name.as_str();
        let may_have_the_password = self.authorise(actor, &Action::ResolveAlias(alter.name.clone())).is_ok();
        let Some(alias) = self.meant(name, &alter.form) else {
            let missing = Rejection::AliasNotFound { action: "alter".into(), name: name.into() };
            return if alter.if_exists { done(0) } else { Err(missing) };
        };
        let mut alias = alias.clone();
        match &mut alias.kind {
            AliasKind::Local(database) => {
                let has_address = alter.target.as_ref().is_some_and(|(_, url)| url.is_some());
                let of_remote = [
                    has_address,
                    alter.user.is_some(),
                    alter.credential.is_some(),
                    alter.driver.is_some(),
                    alter.default_language.is_some(),
                ];
                if of_remote.contains(&true) {
                    return Err(Rejection::LocalToRemote { name: name.into() });
                }
                if let Some((target, _)) = &alter.target {
                    *database = self.local_target("alter", name, target.as_str())?;
                }
            }
            AliasKind::Remote(_) if alias.composite.is_some() && alter.default_language.is_some() => {
                return Err(Rejection::ConstituentLanguage { action: "alter".into(), name: name.into() });
            }
            AliasKind::Remote(remote) => {
                let before = remote.url.clone();
                let mut check_again = false;
                if let Some((target, url)) = &alter.target {
                    let Some(url) = url else { return Err(Rejection::RemoteToLocal { name: name.into() }) };
                    remote.database = target.clone();
                    remote.url = url.clone();
                    check_again = true;
                }
                let sent_elsewhere = before.as_str() != remote.url.as_str();
                self.alter_login(name, &mut remote.login, alter, sent_elsewhere, may_have_the_password)?;
                if let Some(driver) = &alter.driver {
                    remote.driver = driver.clone();
                    check_again = true;
                }
                if let Some(language) = &alter.default_language {
                    remote.default_language = Some(*language);
                }
                if check_again {
                    check_scheme(remote.url.as_str(), remote.driver.ssl_enforced)?;
                }
            }
        }
        if let Some(properties) = &alter.properties {
            alias.properties = properties.clone();
        }
        alias.modified = stamp;
        let name = AliasName::new(name).expect("an alias has this name");
        self.put(RecordKey::Alias(name), Record::Alias(Arc::new(alias)));
        done(1)
    }

    fn alter_login(
        &self,
        name: &str,
        login: &mut RemoteLogin<SealedSecret>,
        alter: &AlterAlias<Sealed>,
        sent_elsewhere: bool,
        may_have_the_password: bool,
    ) -> Result<(), Rejection> {
        match login {
            RemoteLogin::OidcForwarding if alter.user.is_none() && alter.credential.is_none() => Ok(()),
            RemoteLogin::OidcForwarding => Err(Rejection::CredentialKind { name: name.into() }),
            RemoteLogin::Stored { user, credential } => {
                let other_user = alter.user.as_ref().is_some_and(|given| given != user);
                let judged = alter.seen.is_some() && alter.credential.is_none();
                if judged && (other_user || sent_elsewhere) && !may_have_the_password {
                    return Err(Rejection::AliasPasswordRequired { name: name.into() });
                }
                if let Some(given) = &alter.user {
                    *user = given.clone();
                }
                if let Some(given) = &alter.credential {
                    self.check_key(given.key_id)?;
                    *credential = given.clone();
                }
                Ok(())
            }
        }
    }

    pub(super) fn drop_alias(&mut self, name: &str, form: &NameForm, if_exists: bool) -> Outcome {
        if self.meant(name, form).is_none() {
            let missing = Rejection::AliasNotFound { action: "drop".into(), name: name.into() };
            return if if_exists { done(0) } else { Err(missing) };
        }
        self.forget_name(name);
        done(1)
    }

    /// The composite database that a name written so lies in: each way to cut it is tried, from the left.
    fn namespace(&self, name: &str, form: &NameForm) -> Option<String> {
        let parts: Vec<&str> = name.split('.').collect();
        let cuts: Vec<String> = (1..parts.len()).map(|count| parts[..count].join(".")).collect();
        let allowed: Vec<String> = match form {
            NameForm::AnyDot => cuts,
            NameForm::FirstDot => cuts.into_iter().take(1).collect(),
            NameForm::Plain => vec![],
            NameForm::Within(namespace) => cuts.into_iter().filter(|cut| cut == namespace.as_str()).collect(),
        };
        allowed.into_iter().find(|cut| self.is_composite(cut))
    }

    /// The alias of this name, if it lies where the name was written to lie.
    fn meant(&self, name: &str, form: &NameForm) -> Option<&Alias> {
        let alias = self.alias(name)?;
        let lies_in = alias.composite.as_ref().map(ToString::to_string);
        (*form == NameForm::AnyDot || lies_in == self.namespace(name, form)).then_some(alias)
    }

    fn local_target(&self, action: &str, name: &str, target: &str) -> Result<DatabaseName, Rejection> {
        let (action, name) = (action.into(), name.to_string());
        if self.alias(target).is_some() {
            return Err(Rejection::AliasChain { action, name: name.into(), target: target.into() });
        }
        if target == "system" {
            return Err(Rejection::TargetIsSystem { action, name: name.into() });
        }
        if self.database(target).is_none() {
            return Err(Rejection::TargetNotFound { action, name: name.into(), target: target.into() });
        }
        if self.is_composite(target) {
            return Err(Rejection::TargetIsComposite { action, name: name.into(), target: target.into() });
        }
        Ok(DatabaseName::new(target).expect("a database has this name"))
    }

    fn check_key(&self, given: KeyId) -> Result<(), Rejection> {
        let active = self.meta().expect("the catalog is formed").active_key;
        if given == active {
            return Ok(());
        }
        Err(Rejection::StaleKey { given: given.to_string().into(), active: active.to_string().into() })
    }
}

/// Secure unless the setting says that this need not be.
fn check_scheme(url: &str, ssl_enforced: Option<bool>) -> Result<(), Rejection> {
    let scheme = &url[..url.find("://").expect("a url has a scheme")];
    if ssl_enforced == Some(false) || ["+s", "+ssc"].iter().any(|suffix| scheme.to_lowercase().ends_with(suffix)) {
        return Ok(());
    }
    Err(Rejection::InsecureUrl { url: url.into(), schemes: "neo4j+s, neo4j+ssc, bolt+s, bolt+ssc".into() })
}
