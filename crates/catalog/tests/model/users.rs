//! Users, as semantics §4.1 says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aliasd_catalog::{
    AlterUser, AuthId, AuthProvider, CatalogName, CreateMode, CreateUser, Effect, Grant, HomeChange, Notification,
    Outcome, PasswordHash, Principal, Privilege, Record, RecordKey, Rejection, Revision, Sealed, Stamp, TagChange,
    Timestamp, TokenTrace, User, UserName, UserScope, UserStatus, UserTag,
};

use super::{Model, done};

impl Model {
    pub(super) fn create_user(&mut self, stamp: Stamp, actor: &Principal, create: &CreateUser<Sealed>) -> Outcome {
        let name = create.name.to_string();
        let exists = self.user(&name).is_some();
        match create.mode {
            CreateMode::OrReplace if *actor == Principal::User(create.name.clone()) => {
                return Err(Rejection::OwnUserDeletion { action: "replace".into(), user: name.into() });
            }
            CreateMode::OrReplace => self.forget_user(&create.name),
            CreateMode::IfNotExists if exists => return done(0),
            CreateMode::Fail if exists => return Err(Rejection::UserExists { name: name.into() }),
            _ => {}
        }
        let auth = self.identities(&create.name, BTreeMap::new(), &create.auth)?;
        self.check_home(create.home.as_ref(), "create", &name)?;
        let (password, change_required) = match &create.password {
            None => (None, false),
            Some(change) if change.password.is_none() => return Err(Rejection::NoPassword { name: name.into() }),
            Some(change) => (change.password.clone(), change.change_required != Some(false)),
        };
        if password.is_none() && auth.is_empty() {
            return Err(Rejection::NoAuth { name: name.into() });
        }
        let user = User {
            password,
            password_change_required: change_required,
            status: create.status.unwrap_or(UserStatus::Active),
            home: create.home.clone(),
            auth,
            tags: create.tags.clone(),
            ended_tokens: BTreeMap::new(),
            credential_revision: stamp.revision,
            created: stamp,
            modified: stamp,
        };
        self.put(RecordKey::User(create.name.clone()), Record::User(Arc::new(user)));
        let notifications = self.home_missing(create.home.as_ref());
        Ok(Effect { system_updates: if exists { 2 } else { 1 }, notifications })
    }

    pub(super) fn end_token(&mut self, stamp: Stamp, actor: &Principal, token: TokenTrace, end: Timestamp) -> Outcome {
        let Principal::User(name) = actor else { return Err(Rejection::UnknownActor { user: actor.into() }) };
        let mut user = self.user(name.as_str()).expect("the caller was checked").clone();
        if user.ended_tokens.contains_key(&token) {
            return done(0);
        }
        let running = user.ended_tokens.into_iter().filter(|(_, end)| *end > stamp.time);
        user.ended_tokens = running.collect();
        if user.ended_tokens.len() == 64 {
            user.ended_tokens = BTreeMap::new();
            user.credential_revision = stamp.revision;
        } else {
            user.ended_tokens.insert(token, end);
        }
        self.put(RecordKey::User(name.clone()), Record::User(Arc::new(user)));
        done(1)
    }

    pub(super) fn alter_user(&mut self, stamp: Stamp, actor: &Principal, alter: &AlterUser<Sealed>) -> Outcome {
        let name = alter.name.to_string();
        if alter.status.is_some() && *actor == Principal::User(alter.name.clone()) {
            return Err(Rejection::OwnUser { action: "alter".into(), user: name.into() });
        }
        let Some(before) = self.user(&name).cloned() else {
            let missing = Rejection::UserNotFound { action: "alter the specified".into(), name: name.into() };
            return if alter.if_exists { done(0) } else { Err(missing) };
        };
        let mut user = before.clone();
        if alter.remove_auth.all {
            user.auth.clear();
        }
        if alter.remove_auth.all || alter.remove_auth.native {
            user.password = None;
            user.password_change_required = false;
        }
        for provider in &alter.remove_auth.providers {
            user.auth.remove(provider);
        }
        user.auth = self.identities(&alter.name, user.auth, &alter.set_auth)?;
        if let Some(HomeChange::Set(home)) = &alter.home {
            self.check_home(Some(home), "alter", &name)?;
        }
        if alter.unchanged_since.is_some_and(|since| since == before.credential_revision) {
            return Err(Rejection::PasswordUnchanged {});
        }
        if let Some(change) = &alter.password {
            let first = user.password.is_none();
            if change.password.is_some() {
                user.password = change.password.clone();
            }
            if user.password.is_none() {
                return Err(Rejection::NoPassword { name: name.into() });
            }
            match change.change_required {
                Some(required) => user.password_change_required = required,
                None if first => user.password_change_required = true,
                None => {}
            }
        }
        if user.password.is_none() && user.auth.is_empty() {
            return Err(Rejection::NoAuth { name: name.into() });
        }
        if let Some(status) = alter.status {
            user.status = status;
        }
        let mut notifications = Vec::new();
        match &alter.home {
            Some(HomeChange::Set(home)) => {
                user.home = Some(home.clone());
                notifications = self.home_missing(Some(home));
            }
            Some(HomeChange::Remove) => user.home = None,
            None => {}
        }
        if user.password != before.password || user.status != before.status || user.auth != before.auth {
            user.credential_revision = stamp.revision;
        }
        user.tags = retagged(&user.tags, &alter.tags);
        user.modified = stamp;
        self.put(RecordKey::User(alter.name.clone()), Record::User(Arc::new(user)));
        Ok(Effect { system_updates: 1, notifications })
    }

    pub(super) fn alter_user_tags(
        &mut self,
        stamp: Stamp,
        names: &BTreeSet<UserName>,
        if_exists: bool,
        change: &TagChange,
    ) -> Outcome {
        let missing = names.iter().find(|name| self.user(name.as_str()).is_none());
        if let (Some(name), false) = (missing, if_exists) {
            return Err(Rejection::UserNotFound {
                action: "alter the specified".into(),
                name: name.to_string().into(),
            });
        }
        let mut altered = 0;
        for name in names {
            if let Some(before) = self.user(name.as_str()).cloned() {
                let user = User { tags: retagged(&before.tags, change), modified: stamp, ..before };
                self.put(RecordKey::User(name.clone()), Record::User(Arc::new(user)));
                altered += 1;
            }
        }
        done(altered)
    }

    fn check_home(&self, home: Option<&CatalogName>, action: &str, user: &str) -> Result<(), Rejection> {
        let Some(home) = home else { return Ok(()) };
        if self.alias(home.as_str()).is_some_and(|alias| alias.composite.is_some()) {
            let (action, user) = (action.into(), user.to_string());
            return Err(Rejection::HomeIsConstituent { action, user: user.into(), name: home.to_string().into() });
        }
        Ok(())
    }

    pub(super) fn drop_user(&mut self, actor: &Principal, name: &UserName, if_exists: bool) -> Outcome {
        if *actor == Principal::User(name.clone()) {
            return Err(Rejection::OwnUserDeletion { action: "delete".into(), user: name.to_string().into() });
        }
        if self.user(name.as_str()).is_none() {
            let missing =
                Rejection::UserNotFound { action: "delete the specified".into(), name: name.to_string().into() };
            return if if_exists { done(0) } else { Err(missing) };
        }
        self.forget_user(name);
        done(1)
    }

    pub(super) fn change_password(
        &mut self,
        stamp: Stamp,
        actor: &Principal,
        verified_at: Revision,
        password: &PasswordHash,
        unchanged_since: Option<Revision>,
    ) -> Outcome {
        let Principal::User(name) = actor else {
            return Err(Rejection::UnknownActor { user: actor.to_string().into() });
        };
        let mut user = self.user(name.as_str()).expect("it was authorised").clone();
        match unchanged_since {
            _ if user.credential_revision != verified_at => {
                return Err(Rejection::CredentialsChanged { user: name.to_string().into() });
            }
            Some(since) if since == user.credential_revision => return Err(Rejection::PasswordUnchanged {}),
            _ if user.password.is_none() => return Err(Rejection::NoPassword { name: name.to_string().into() }),
            _ => {}
        }
        user.password = Some(password.clone());
        user.password_change_required = false;
        user.credential_revision = stamp.revision;
        user.modified = stamp;
        self.put(RecordKey::User(name.clone()), Record::User(Arc::new(user)));
        done(1)
    }

    pub(super) fn rename_user(&mut self, stamp: Stamp, from: &UserName, to: &UserName, if_exists: bool) -> Outcome {
        let (old, new) = (from.to_string(), to.to_string());
        if self.user(&old).is_none() {
            let missing = Rejection::RenamedUserNotFound { from: old.into(), to: new.into() };
            return if if_exists { done(0) } else { Err(missing) };
        }
        if self.user(&new).is_some() {
            return Err(Rejection::RenamedUserExists { from: old.into(), to: new.into() });
        }
        let mut renamed = Model::default();
        // What names the new one already stays as it was.
        let (already, others): (Vec<_>, Vec<_>) = self
            .records
            .drain(..)
            .partition(|(key, _)| matches!(key, RecordKey::Grant(grant) if about(grant) == Some(to)));
        for (key, record) in others {
            let key = match key {
                RecordKey::User(name) if name == *from => RecordKey::User(to.clone()),
                RecordKey::RoleAssignment(name, role) if name == *from => RecordKey::RoleAssignment(to.clone(), role),
                RecordKey::Grant(grant) if about(&grant) == Some(from) => {
                    RecordKey::Grant(Box::new(about_to(*grant, to)))
                }
                other => other,
            };
            let record = match record {
                Record::User(user) if key == RecordKey::User(to.clone()) => {
                    Record::User(Arc::new(User { modified: stamp, ..(*user).clone() }))
                }
                other => other,
            };
            renamed.put(key, record);
        }
        for (key, record) in already {
            renamed.put(key, record);
        }
        *self = renamed;
        done(1)
    }

    fn forget_user(&mut self, name: &UserName) {
        self.records.retain(|(key, _)| match key {
            RecordKey::User(user) | RecordKey::RoleAssignment(user, _) => user != name,
            _ => true,
        });
    }

    fn identities(
        &self,
        name: &UserName,
        mut auth: BTreeMap<AuthProvider, AuthId>,
        added: &[(AuthProvider, AuthId)],
    ) -> Result<BTreeMap<AuthProvider, AuthId>, Rejection> {
        for (provider, id) in added {
            for (key, record) in &self.records {
                if let (RecordKey::User(other), Record::User(user)) = (key, record)
                    && other != name
                    && user.auth.get(provider) == Some(id)
                {
                    return Err(Rejection::AuthIdTaken {
                        provider: provider.to_string().into(),
                        id: id.to_string().into(),
                    });
                }
            }
            auth.insert(provider.clone(), id.clone());
        }
        Ok(auth)
    }

    fn home_missing(&self, home: Option<&CatalogName>) -> Vec<Notification> {
        let missing = home.filter(|home| self.database(home.as_str()).is_none() && self.alias(home.as_str()).is_none());
        missing.map(|home| Notification::HomeDatabaseNotFound(home.clone())).into_iter().collect()
    }
}

/// The one user that a privilege is about.
fn about(grant: &Grant) -> Option<&UserName> {
    match &grant.privilege {
        Privilege::Impersonate(UserScope::Named(user)) | Privilege::Transaction(_, _, UserScope::Named(user)) => {
            Some(user)
        }
        _ => None,
    }
}

fn about_to(mut grant: Grant, to: &UserName) -> Grant {
    let users = UserScope::Named(to.clone());
    grant.privilege = match grant.privilege {
        Privilege::Transaction(action, scope, _) => Privilege::Transaction(action, scope, users),
        _ => Privilege::Impersonate(users),
    };
    grant
}

fn retagged(tags: &BTreeSet<UserTag>, change: &TagChange) -> BTreeSet<UserTag> {
    let mut tags = if change.clear { BTreeSet::new() } else { tags.clone() };
    for tag in &change.remove {
        tags.remove(tag);
    }
    tags.extend(change.add.iter().cloned());
    tags
}
