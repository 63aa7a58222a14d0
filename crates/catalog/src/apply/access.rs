//! Users, roles and privileges.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::{
    AlterUser, AuthId, AuthProvider, CatalogName, CreateMode, CreateUser, DatabaseScope, Grant, GrantEffect,
    HomeChange, Membership, Notification, Outcome, Principal, Privilege, Record, RecordKey, Rejection, Role, RoleName,
    Sealed, User, UserName, UserStatus,
};

use super::draft::{Draft, updated, updated_with};

// === Users ===

impl Draft {
    pub(super) fn create_user(&mut self, actor: &Principal, create: &CreateUser<Sealed>) -> Outcome {
        let name = create.name.to_string();
        if create.mode == CreateMode::OrReplace && is_own(actor, &create.name) {
            return Err(Rejection::OwnUserDeletion { action: "replace".into(), user: name });
        }
        let exists = self.catalog.user(create.name.as_str()).is_some();
        match create.mode {
            CreateMode::IfNotExists if exists => return updated(0),
            CreateMode::Fail if exists => return Err(Rejection::UserExists { name }),
            _ if exists => self.remove_user(&create.name),
            _ => {}
        }
        let auth = self.with_auth(&create.name, BTreeMap::new(), &create.auth)?;
        let password = match &create.password {
            Some(change) => Some(change.password.clone().ok_or(Rejection::NoPassword { name: name.clone() })?),
            None => None,
        };
        if password.is_none() && auth.is_empty() {
            return Err(Rejection::NoAuth { name });
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
            return Err(Rejection::OwnUser { action: "alter".into(), user: alter.name.to_string() });
        }
        let Some(before) = self.catalog.user(alter.name.as_str()).cloned() else {
            return missing_user(alter.if_exists, "alter", &alter.name);
        };
        let mut user = (*before).clone();
        if alter.remove_auth.all || alter.remove_auth.native {
            user.password = None;
            user.password_change_required = false;
        }
        user.auth.retain(|provider, _| !alter.remove_auth.all && !alter.remove_auth.providers.contains(provider));
        user.auth = self.with_auth(&alter.name, user.auth, &alter.set_auth)?;
        if let Some(change) = &alter.password {
            // A first password is as good as one that came with the user: it is to be changed by default.
            let change_required = if user.password.is_some() { user.password_change_required } else { true };
            user.password = change.password.clone().or(user.password);
            if user.password.is_none() {
                return Err(Rejection::NoPassword { name: alter.name.to_string() });
            }
            user.password_change_required = change.change_required.unwrap_or(change_required);
        }
        if user.password.is_none() && user.auth.is_empty() {
            return Err(Rejection::NoAuth { name: alter.name.to_string() });
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
        user.modified = self.stamp;
        let notifications = match &alter.home {
            Some(HomeChange::Set(home)) => self.home_notification(home).into_iter().collect(),
            _ => Vec::new(),
        };
        self.set_user(&alter.name, user);
        updated_with(1, notifications)
    }

    pub(super) fn drop_user(&mut self, actor: &Principal, name: &UserName, if_exists: bool) -> Outcome {
        if is_own(actor, name) {
            return Err(Rejection::OwnUserDeletion { action: "delete".into(), user: name.to_string() });
        }
        if self.catalog.user(name.as_str()).is_none() {
            return missing_user(if_exists, "delete", name);
        }
        self.remove_user(name);
        updated(1)
    }

    fn set_user(&mut self, name: &UserName, user: User) {
        self.set(RecordKey::User(name.clone()), Some(Record::User(Arc::new(user))));
    }

    fn remove_user(&mut self, name: &UserName) {
        let roles: Vec<RoleName> = self.catalog.roles_of(name).cloned().collect();
        for role in roles {
            self.set(RecordKey::Membership(name.clone(), role), None);
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
                return Err(Rejection::AuthIdTaken { provider: provider.to_string(), id: id.to_string() });
            }
            auth.insert(provider.clone(), id.clone());
        }
        Ok(auth)
    }

    fn home_notification(&self, home: &CatalogName) -> Option<Notification> {
        self.catalog.find(home).is_none().then(|| Notification::HomeDatabaseNotFound(home.clone()))
    }

    fn require_user(&self, action: &str, name: &UserName) -> Result<(), Rejection> {
        match self.catalog.user(name.as_str()) {
            Some(_) => Ok(()),
            None => Err(Rejection::UserNotFound { action: action.into(), name: name.to_string() }),
        }
    }
}

fn is_own(actor: &Principal, name: &UserName) -> bool {
    matches!(actor, Principal::User(user) if user == name)
}

fn missing_user(if_exists: bool, action: &str, name: &UserName) -> Outcome {
    if if_exists {
        return updated(0);
    }
    Err(Rejection::UserNotFound { action: format!("{action} the specified"), name: name.to_string() })
}

// === Roles ===

impl Draft {
    pub(super) fn create_role(&mut self, name: &RoleName, mode: CreateMode, copy_of: Option<&RoleName>) -> Outcome {
        require_not_public(name, "create the specified role")?;
        let exists = self.catalog.role(name.as_str()).is_some();
        match mode {
            CreateMode::IfNotExists if exists => return updated(0),
            CreateMode::OrReplace if exists => self.remove_role(name)?,
            _ => {}
        }
        let mut copied = Vec::new();
        if let Some(source) = copy_of {
            self.require_role("create a role as copy of", source)?;
            copied = self.catalog.grants_of(source).map(|(grant, _)| grant.clone()).collect();
        }
        if exists && mode == CreateMode::Fail {
            return Err(Rejection::RoleExists { name: name.to_string() });
        }
        let role = Role { immutable: false, created: self.stamp };
        self.set(RecordKey::Role(name.clone()), Some(Record::Role(Arc::new(role))));
        for grant in copied {
            let grant = Grant { role: name.clone(), immutable: false, ..grant };
            self.set(RecordKey::Grant(Box::new(grant)), Some(Record::Grant(self.stamp)));
        }
        updated(1 + u64::from(exists))
    }

    pub(super) fn drop_role(&mut self, name: &RoleName, if_exists: bool) -> Outcome {
        require_not_public(name, "delete the specified role")?;
        if self.catalog.role(name.as_str()).is_none() && if_exists {
            return updated(0);
        }
        self.require_role("delete the specified", name)?;
        self.remove_role(name)?;
        updated(1)
    }

    pub(super) fn grant_roles(&mut self, roles: &BTreeSet<RoleName>, users: &BTreeSet<UserName>) -> Outcome {
        let membership = Record::Membership(Membership { created: self.stamp });
        self.change_memberships("grant", "to", roles, users, Some(&membership))
    }

    pub(super) fn revoke_roles(&mut self, roles: &BTreeSet<RoleName>, users: &BTreeSet<UserName>) -> Outcome {
        self.change_memberships("revoke", "from", roles, users, None)
    }

    fn change_memberships(
        &mut self,
        verb: &str,
        preposition: &str,
        roles: &BTreeSet<RoleName>,
        users: &BTreeSet<UserName>,
        membership: Option<&Record>,
    ) -> Outcome {
        for role in roles {
            require_not_public(role, &format!("{verb} the specified role"))?;
        }
        for role in roles {
            self.require_role(verb, role)?;
        }
        let listed = roles.iter().map(|role| format!("'{role}'")).collect::<Vec<_>>().join(", ");
        for user in users {
            self.require_user(&format!("{verb} role {listed} {preposition}"), user)?;
        }
        let (mut updates, mut notifications) = (0, Vec::new());
        for role in roles {
            for user in users {
                if self.catalog.is_member(user, role) == membership.is_some() {
                    notifications.push(Notification::NoEffect { role: role.clone() });
                    continue;
                }
                self.set(RecordKey::Membership(user.clone(), role.clone()), membership.cloned());
                updates += 1;
            }
        }
        updated_with(updates, notifications)
    }

    fn remove_role(&mut self, name: &RoleName) -> Result<(), Rejection> {
        if self.catalog.role(name.as_str()).is_some_and(|role| role.immutable) {
            return Err(Rejection::ImmutableDenied {});
        }
        let members: Vec<UserName> = self.catalog.members_of(name).cloned().collect();
        for user in members {
            self.set(RecordKey::Membership(user, name.clone()), None);
        }
        let grants: Vec<Grant> = self.catalog.grants_of(name).map(|(grant, _)| grant.clone()).collect();
        for grant in grants {
            self.set(RecordKey::Grant(Box::new(grant)), None);
        }
        self.set(RecordKey::Role(name.clone()), None);
        Ok(())
    }

    fn require_role(&self, action: &str, name: &RoleName) -> Result<(), Rejection> {
        match self.catalog.role(name.as_str()) {
            Some(_) => Ok(()),
            None => Err(Rejection::RoleNotFound { action: action.into(), name: name.to_string() }),
        }
    }
}

fn require_not_public(name: &RoleName, action: &str) -> Result<(), Rejection> {
    if name.is_public() {
        return Err(Rejection::ReservedRole { action: action.into(), role: name.to_string() });
    }
    Ok(())
}

// === Privileges ===

impl Draft {
    pub(super) fn assign_privileges(
        &mut self,
        effect: GrantEffect,
        immutable: bool,
        privileges: &BTreeSet<Privilege>,
        roles: &BTreeSet<RoleName>,
    ) -> Outcome {
        let action = match effect {
            GrantEffect::Granted => "grant a privilege to",
            GrantEffect::Denied => "deny a privilege to",
        };
        self.change_privileges(action, immutable, privileges, roles, |draft, role, privilege| {
            let grant = Grant { role: role.clone(), effect, privilege: privilege.clone(), immutable };
            if draft.catalog.holds_exactly(&grant) {
                return 0;
            }
            draft.set(RecordKey::Grant(Box::new(grant)), Some(Record::Grant(draft.stamp)));
            1
        })
    }

    pub(super) fn revoke_privileges(
        &mut self,
        effect: Option<GrantEffect>,
        immutable: bool,
        privileges: &BTreeSet<Privilege>,
        roles: &BTreeSet<RoleName>,
    ) -> Outcome {
        let both = [GrantEffect::Granted, GrantEffect::Denied];
        self.change_privileges("revoke a privilege from", immutable, privileges, roles, |draft, role, privilege| {
            let mut updates = 0;
            for effect in both.into_iter().filter(|candidate| effect.is_none_or(|only| only == *candidate)) {
                let grant = Grant { role: role.clone(), effect, privilege: privilege.clone(), immutable };
                if draft.catalog.holds_exactly(&grant) {
                    draft.set(RecordKey::Grant(Box::new(grant)), None);
                    updates += 1;
                }
            }
            updates
        })
    }

    /// Checks roles and names, then makes one change per role and privilege and counts the updates.
    fn change_privileges(
        &mut self,
        action: &str,
        immutable: bool,
        privileges: &BTreeSet<Privilege>,
        roles: &BTreeSet<RoleName>,
        mut change: impl FnMut(&mut Self, &RoleName, &Privilege) -> u64,
    ) -> Outcome {
        if immutable {
            return Err(Rejection::ImmutableDenied {});
        }
        for role in roles {
            self.require_role(action, role)?;
        }
        let attached =
            privileges.iter().map(|privilege| self.attached(privilege)).collect::<Result<BTreeSet<_>, _>>()?;
        let (mut updates, mut notifications) = (0, Vec::new());
        for role in roles {
            for privilege in &attached {
                match change(self, role, privilege) {
                    0 => notifications.push(Notification::NoEffect { role: role.clone() }),
                    changed => updates += changed,
                }
            }
        }
        updated_with(updates, notifications)
    }

    /// The privilege on the name that it attaches to: a local alias stands for its database.
    fn attached(&self, privilege: &Privilege) -> Result<Privilege, Rejection> {
        let Some(name) = privilege.names() else { return Ok(privilege.clone()) };
        let missing = || Rejection::PrivilegeDatabaseNotFound { name: name.to_string() };
        let target = DatabaseScope::Named(self.catalog.privilege_target(name).ok_or_else(missing)?);
        let mut attached = privilege.clone();
        if let Privilege::Database(_, scope) | Privilege::Graph { scope, .. } = &mut attached {
            *scope = target;
        }
        Ok(attached)
    }
}
