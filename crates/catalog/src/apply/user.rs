//! Users: CREATE, ALTER, RENAME and DROP USER, and the password that a user changes for itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::{
    AlterUser, Attempt, AuthId, AuthProvider, CatalogName, CreateMode, CreateUser, Grant, HomeChange, Notification,
    Outcome, PasswordHash, Principal, Record, RecordKey, Rejection, Revision, RoleName, Sealed, TagChange, Timestamp,
    TokenTrace, User, UserName, UserScope, UserStatus, Verb,
};

use super::draft::{Draft, updated, updated_with};

/// Ended tokens that are remembered of one user.
const ENDED_TOKENS_MAX: usize = 64;

impl Draft {
    pub(super) fn create_user(&mut self, actor: &Principal, create: &CreateUser<Sealed>) -> Outcome {
        let name = &create.name;
        if create.mode == CreateMode::OrReplace && is_own(actor, &create.name) {
            return Err(Rejection::OwnUserDeletion { action: Verb::Replace.into(), user: name.into() });
        }
        let exists = self.catalog.user(create.name.as_str()).is_some();
        match create.mode {
            CreateMode::IfNotExists if exists => return updated(0),
            CreateMode::Fail if exists => return Err(Rejection::UserExists { name: name.into() }),
            _ if exists => self.remove_user(&create.name),
            _ => {}
        }
        let auth = self.with_auth(&create.name, BTreeMap::new(), &create.auth)?;
        self.require_home(create.home.as_ref(), Verb::Create, &create.name)?;
        let password = match &create.password {
            Some(change) => Some(change.password.clone().ok_or(Rejection::NoPassword { name: name.into() })?),
            None => None,
        };
        if password.is_none() && auth.is_empty() {
            return Err(Rejection::NoAuth { name: name.into() });
        }
        let change_required = create.password.as_ref().is_some_and(|change| change.change_required.unwrap_or(true));
        let stamp = self.stamp;
        self.set_user(
            &create.name,
            User {
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
            },
        );
        let notifications = create.home.iter().filter_map(|home| self.home_notification(home)).collect();
        updated_with(1 + u64::from(exists), notifications)
    }

    pub(super) fn alter_user(&mut self, actor: &Principal, alter: &AlterUser<Sealed>) -> Outcome {
        if alter.status.is_some() && is_own(actor, &alter.name) {
            return Err(Rejection::OwnUser { action: Verb::Alter.into(), user: (&alter.name).into() });
        }
        let Some(before) = self.catalog.user(alter.name.as_str()).cloned() else {
            return missing_user(alter.if_exists, Verb::Alter, &alter.name);
        };
        let mut user = (*before).clone();
        if alter.remove_auth.all || alter.remove_auth.native {
            user.password = None;
            user.password_change_required = false;
        }
        user.auth.retain(|provider, _| !alter.remove_auth.all && !alter.remove_auth.providers.contains(provider));
        user.auth = self.with_auth(&alter.name, user.auth, &alter.set_auth)?;
        if let Some(HomeChange::Set(home)) = &alter.home {
            self.require_home(Some(home), Verb::Alter, &alter.name)?;
        }
        if alter.unchanged_since == Some(before.credential_revision) {
            return Err(Rejection::PasswordUnchanged {});
        }
        if let Some(change) = &alter.password {
            // A first password is as good as one that came with the user: it is to be changed by default.
            let change_required = if user.password.is_some() { user.password_change_required } else { true };
            user.password = change.password.clone().or(user.password);
            if user.password.is_none() {
                return Err(Rejection::NoPassword { name: (&alter.name).into() });
            }
            user.password_change_required = change.change_required.unwrap_or(change_required);
        }
        if user.password.is_none() && user.auth.is_empty() {
            return Err(Rejection::NoAuth { name: (&alter.name).into() });
        }
        user.status = alter.status.unwrap_or(user.status);
        match &alter.home {
            Some(HomeChange::Set(home)) => user.home = Some(home.clone()),
            Some(HomeChange::Remove) => user.home = None,
            None => {}
        }
        if (&user.password, user.status, &user.auth) != (&before.password, before.status, &before.auth) {
            user.credential_revision = self.stamp.revision;
        }
        user.tags = alter.tags.applied(&user.tags);
        user.modified = self.stamp;
        let notifications = match &alter.home {
            Some(HomeChange::Set(home)) => self.home_notification(home).into_iter().collect(),
            _ => Vec::new(),
        };
        self.set_user(&alter.name, user);
        updated_with(1, notifications)
    }

    pub(super) fn alter_user_tags(
        &mut self,
        names: &BTreeSet<UserName>,
        if_exists: bool,
        change: &TagChange,
    ) -> Outcome {
        let mut updates = 0;
        for name in names {
            let Some(before) = self.catalog.user(name.as_str()).cloned() else {
                missing_user(if_exists, Verb::Alter, name)?;
                continue;
            };
            let user = User { tags: change.applied(&before.tags), modified: self.stamp, ..(*before).clone() };
            self.set_user(name, user);
            updates += 1;
        }
        updated(updates)
    }

    pub(super) fn drop_user(&mut self, actor: &Principal, name: &UserName, if_exists: bool) -> Outcome {
        if is_own(actor, name) {
            return Err(Rejection::OwnUserDeletion { action: Verb::Delete.into(), user: name.into() });
        }
        if self.catalog.user(name.as_str()).is_none() {
            return missing_user(if_exists, Verb::Delete, name);
        }
        self.remove_user(name);
        updated(1)
    }

    pub(super) fn change_own_password(
        &mut self,
        actor: &Principal,
        verified_at: Revision,
        password: &PasswordHash,
        unchanged_since: Option<Revision>,
    ) -> Outcome {
        let unknown = || Rejection::UnknownActor { user: actor.into() };
        let Principal::User(name) = actor else { return Err(unknown()) };
        let before = self.catalog.user(name.as_str()).cloned().ok_or_else(unknown)?;
        // What was verified is not what is there: the old password may not be the right one any more.
        if before.credential_revision != verified_at {
            return Err(Rejection::CredentialsChanged { user: name.into() });
        }
        if unchanged_since == Some(verified_at) {
            return Err(Rejection::PasswordUnchanged {});
        }
        if before.password.is_none() {
            return Err(Rejection::NoPassword { name: name.into() });
        }
        let (password, credential_revision) = (Some(password.clone()), self.stamp.revision);
        let user = User { password, password_change_required: false, credential_revision, ..(*before).clone() };
        self.set_user(name, User { modified: self.stamp, ..user });
        updated(1)
    }

    pub(super) fn rename_user(&mut self, from: &UserName, to: &UserName, if_exists: bool) -> Outcome {
        let Some(user) = self.catalog.user(from.as_str()).cloned() else {
            let missing = Rejection::RenamedUserNotFound { from: from.into(), to: to.into() };
            return if if_exists { updated(0) } else { Err(missing) };
        };
        if self.catalog.user(to.as_str()).is_some() {
            return Err(Rejection::RenamedUserExists { from: from.into(), to: to.into() });
        }
        let roles: Vec<RoleName> = self.catalog.roles_of(from).cloned().collect();
        for role in roles {
            let assignment = RecordKey::RoleAssignment(from.clone(), role.clone());
            let record = self.catalog.record(&assignment);
            self.set(assignment, None);
            self.set(RecordKey::RoleAssignment(to.clone(), role), record);
        }
        self.set(RecordKey::User(from.clone()), None);
        self.set_user(to, User { modified: self.stamp, ..(*user).clone() });
        self.rename_in_privileges(from, to);
        updated(1)
    }

    /// Privileges that are about a user follow its name.
    fn rename_in_privileges(&mut self, from: &UserName, to: &UserName) {
        let about = |grant: &Grant| {
            let mut grant = grant.clone();
            let users = grant.privilege.users_mut().filter(|users| **users == UserScope::Named(from.clone()))?;
            *users = UserScope::Named(to.clone());
            Some(grant)
        };
        let moved = self.catalog.grants().filter_map(|(grant, created)| Some((grant.clone(), about(grant)?, created)));
        let moved: Vec<_> = moved.collect();
        for (before, after, created) in moved {
            self.set(RecordKey::Grant(Box::new(before)), None);
            // Something could be granted about a user before there was one of that name.
            if !self.catalog.holds_exactly(&after) {
                self.set(RecordKey::Grant(Box::new(after)), Some(Record::Grant(created)));
            }
        }
    }

    fn set_user(&mut self, name: &UserName, user: User) {
        self.set(RecordKey::User(name.clone()), Some(Record::User(Arc::new(user))));
    }

    fn remove_user(&mut self, name: &UserName) {
        let roles: Vec<RoleName> = self.catalog.roles_of(name).cloned().collect();
        for role in roles {
            self.set(RecordKey::RoleAssignment(name.clone(), role), None);
        }
        self.set(RecordKey::User(name.clone()), None);
    }

    /// Adds external identities, each of which belongs to one user only.
    fn with_auth(
        &self,
        name: &UserName,
        mut auth: BTreeMap<AuthProvider, AuthId>,
        added: &[(AuthProvider, AuthId)],
    ) -> Result<BTreeMap<AuthProvider, AuthId>, Rejection> {
        for (provider, id) in added {
            if self.catalog.user_by_auth(provider, id).is_some_and(|owner| owner != name) {
                return Err(Rejection::AuthIdTaken { provider: provider.into(), id: id.into() });
            }
            auth.insert(provider.clone(), id.clone());
        }
        Ok(auth)
    }

    /// A home may be missing, but not be what cannot be connected to.
    fn require_home(&self, home: Option<&CatalogName>, verb: Verb, user: &UserName) -> Result<(), Rejection> {
        let constituent =
            |home: &&CatalogName| self.catalog.alias(home.as_str()).is_some_and(|it| it.composite.is_some());
        match home.filter(constituent) {
            Some(home) => {
                Err(Rejection::HomeIsConstituent { action: verb.into(), user: user.into(), name: home.into() })
            }
            None => Ok(()),
        }
    }

    fn home_notification(&self, home: &CatalogName) -> Option<Notification> {
        self.catalog.find(home).is_none().then(|| Notification::HomeDatabaseNotFound(home.clone()))
    }
}

impl Draft {
    /// A token that its user is done with. It is remembered until it would have ended by itself; more than are remembered end
    /// all of the user's tokens.
    pub(super) fn end_token(&mut self, actor: &Principal, token: TokenTrace, expires_at: Timestamp) -> Outcome {
        let unknown = || Rejection::UnknownActor { user: actor.into() };
        let Principal::User(name) = actor else { return Err(unknown()) };
        let before = self.catalog.user(name.as_str()).cloned().ok_or_else(unknown)?;
        if before.ended_tokens.contains_key(&token) {
            return updated(0);
        }
        let mut user = (*before).clone();
        let time = self.stamp.time;
        user.ended_tokens.retain(|_, end| *end > time);
        if user.ended_tokens.len() < ENDED_TOKENS_MAX {
            user.ended_tokens.insert(token, expires_at);
        } else {
            user.ended_tokens.clear();
            user.credential_revision = self.stamp.revision;
        }
        self.set_user(name, user);
        updated(1)
    }
}

fn is_own(actor: &Principal, name: &UserName) -> bool {
    matches!(actor, Principal::User(user) if user == name)
}

fn missing_user(if_exists: bool, verb: Verb, name: &UserName) -> Outcome {
    if if_exists {
        return updated(0);
    }
    Err(Rejection::UserNotFound { action: Attempt::OnSpecified(verb).into(), name: name.into() })
}
