//! Roles and privileges.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::sync::Arc;

use crate::{
    Attempt, Catalog, CreateMode, DatabaseScope, Grant, GrantEffect, Notification, Outcome, Privilege, Record,
    RecordKey, Rejection, Role, RoleAssignment, RoleName, UserName, Verb,
};

use super::draft::{Draft, Notices, updated, updated_with};

// === Roles ===

impl Draft {
    pub(super) fn create_role(
        &mut self,
        name: &RoleName,
        mode: CreateMode,
        immutable: bool,
        copy_of: Option<&RoleName>,
    ) -> Outcome {
        if immutable {
            return Err(Rejection::ImmutableDenied {});
        }
        require_not_public(name, Verb::Create)?;
        let exists = self.catalog.role(name.as_str()).is_some();
        match mode {
            CreateMode::IfNotExists if exists => return updated(0),
            CreateMode::OrReplace if exists => self.remove_role(name)?,
            _ => {}
        }
        let mut copied = Vec::new();
        if let Some(source) = copy_of {
            self.require_role(&Attempt::CopyRole, source)?;
            copied = self.catalog.grants_of(source).map(|(grant, _)| grant.clone()).collect();
        }
        if exists && mode == CreateMode::Fail {
            return Err(Rejection::RoleExists { name: name.into() });
        }
        let role = Role { immutable: false, created: self.stamp };
        self.set(RecordKey::Role(name.clone()), Some(Record::Role(Arc::new(role))));
        for grant in copied {
            let grant = Grant { role: name.clone(), immutable: false, ..grant };
            self.set(RecordKey::Grant(Box::new(grant)), Some(Record::Grant(self.stamp)));
        }
        updated(1 + u64::from(exists))
    }

    pub(super) fn rename_role(&mut self, from: &RoleName, to: &RoleName, if_exists: bool) -> Outcome {
        for role in [from, to] {
            require_not_public(role, Verb::Rename)?;
        }
        self.require_mutable(from)?;
        let Some(role) = self.catalog.role(from.as_str()).cloned() else {
            let missing = Rejection::RenamedRoleNotFound { from: from.into(), to: to.into() };
            return if if_exists { updated(0) } else { Err(missing) };
        };
        if self.catalog.role(to.as_str()).is_some() {
            return Err(Rejection::RenamedRoleExists { from: from.into(), to: to.into() });
        }
        let members: Vec<UserName> = self.catalog.members_of(from).cloned().collect();
        let assignments = members.into_iter().map(|user| {
            let key = |role: &RoleName| RecordKey::RoleAssignment(user.clone(), role.clone());
            (key(to), self.catalog.record(&key(from)))
        });
        let grants = self.catalog.grants_of(from).map(|(grant, created)| {
            let grant = Grant { role: to.clone(), ..grant.clone() };
            (RecordKey::Grant(Box::new(grant)), Some(Record::Grant(created)))
        });
        let moved: Vec<_> = assignments.chain(grants).collect();
        self.remove_role(from)?;
        self.set(RecordKey::Role(to.clone()), Some(Record::Role(role)));
        for (key, record) in moved {
            self.set(key, record);
        }
        updated(1)
    }

    pub(super) fn drop_role(&mut self, name: &RoleName, if_exists: bool) -> Outcome {
        require_not_public(name, Verb::Delete)?;
        if self.catalog.role(name.as_str()).is_none() && if_exists {
            return updated(0);
        }
        self.require_role(&Attempt::OnSpecified(Verb::Delete), name)?;
        self.remove_role(name)?;
        updated(1)
    }

    pub(super) fn grant_roles(&mut self, roles: &BTreeSet<RoleName>, users: &BTreeSet<UserName>) -> Outcome {
        self.catalog.require_assignable(roles, Verb::Grant)?;
        for user in users {
            self.require_user(&Attempt::GrantRoles(roles.clone()), user)?;
        }
        let assignment = Record::RoleAssignment(RoleAssignment { created: self.stamp });
        let (mut updates, mut notifications) = (0, Notices::default());
        for (role, user) in pairs(roles, users) {
            if self.catalog.is_member(user, role) {
                notifications.push(role.as_str(), Notification::AlreadyAssigned { role: role.clone() });
            } else {
                self.set(RecordKey::RoleAssignment(user.clone(), role.clone()), Some(assignment.clone()));
                updates += 1;
            }
        }
        updated_with(updates, notifications.finish())
    }

    pub(super) fn revoke_roles(
        &mut self,
        roles: &BTreeSet<RoleName>,
        users: &BTreeSet<UserName>,
        lenient: bool,
    ) -> Outcome {
        require_none_public(roles, Verb::Revoke)?;
        let mut missing = Missing::new(lenient);
        let roles = missing.keep(roles, "Role", |role| self.require_role(&Attempt::On(Verb::Revoke), role))?;
        let action = Attempt::RevokeRoles(roles.clone());
        let users = missing.keep(users, "User", |user| self.require_user(&action, user))?;
        let (mut updates, mut notifications) = (0, missing.notifications);
        for (role, user) in pairs(&roles, &users) {
            if self.catalog.is_member(user, role) {
                self.set(RecordKey::RoleAssignment(user.clone(), role.clone()), None);
                updates += 1;
            } else {
                notifications.push(role.as_str(), Notification::NotAssigned { role: role.clone() });
            }
        }
        updated_with(updates, notifications.finish())
    }

    /// A role that does not exist is no immutable one.
    fn require_mutable(&self, name: &RoleName) -> Result<(), Rejection> {
        let immutable = self.catalog.role(name.as_str()).is_some_and(|role| role.immutable);
        if immutable { Err(Rejection::ImmutableDenied {}) } else { Ok(()) }
    }

    fn remove_role(&mut self, name: &RoleName) -> Result<(), Rejection> {
        self.require_mutable(name)?;
        let members: Vec<UserName> = self.catalog.members_of(name).cloned().collect();
        for user in members {
            self.set(RecordKey::RoleAssignment(user, name.clone()), None);
        }
        let grants: Vec<Grant> = self.catalog.grants_of(name).map(|(grant, _)| grant.clone()).collect();
        for grant in grants {
            self.set(RecordKey::Grant(Box::new(grant)), None);
        }
        self.set(RecordKey::Role(name.clone()), None);
        Ok(())
    }

    fn require_user(&self, action: &Attempt, name: &UserName) -> Result<(), Rejection> {
        match self.catalog.user(name.as_str()) {
            Some(_) => Ok(()),
            None => Err(Rejection::UserNotFound { action: action.clone().into(), name: name.into() }),
        }
    }

    fn require_role(&self, action: &Attempt, name: &RoleName) -> Result<(), Rejection> {
        self.catalog.require_role(action, name)
    }
}

impl Catalog {
    /// Whether roles can be given to somebody or taken away; `verb` is which of the two, for the message.
    ///
    /// # Errors
    /// One of them is `PUBLIC` or does not exist.
    pub fn require_assignable(&self, roles: &BTreeSet<RoleName>, verb: Verb) -> Result<(), Rejection> {
        require_none_public(roles, verb)?;
        roles.iter().try_for_each(|role| self.require_role(&Attempt::On(verb), role))
    }

    fn require_role(&self, action: &Attempt, name: &RoleName) -> Result<(), Rejection> {
        match self.role(name.as_str()) {
            Some(_) => Ok(()),
            None => Err(Rejection::RoleNotFound { action: action.clone().into(), name: name.into() }),
        }
    }
}

/// What does not exist: refused, or set aside with a notification.
struct Missing {
    lenient: bool,
    notifications: Notices,
}

impl Missing {
    fn new(lenient: bool) -> Self {
        Self { lenient, notifications: Notices::default() }
    }

    /// What exists of these.
    fn keep<T: Ord + Clone + Display>(
        &mut self,
        items: &BTreeSet<T>,
        entity: &str,
        require: impl Fn(&T) -> Result<(), Rejection>,
    ) -> Result<BTreeSet<T>, Rejection> {
        let mut kept = BTreeSet::new();
        for item in items {
            match require(item) {
                Ok(()) => drop(kept.insert(item.clone())),
                Err(_) if self.lenient => self.notify(entity, item.to_string()),
                Err(rejection) => return Err(rejection),
            }
        }
        Ok(kept)
    }

    fn notify(&mut self, entity: &str, name: String) {
        let about = name.clone();
        self.notifications.push(&about, Notification::ImpossibleRevoke { entity: entity.into(), name });
    }
}

fn pairs<'a>(
    roles: &'a BTreeSet<RoleName>,
    users: &'a BTreeSet<UserName>,
) -> impl Iterator<Item = (&'a RoleName, &'a UserName)> {
    roles.iter().flat_map(move |role| users.iter().map(move |user| (role, user)))
}

fn require_none_public(roles: &BTreeSet<RoleName>, verb: Verb) -> Result<(), Rejection> {
    roles.iter().try_for_each(|role| require_not_public(role, verb))
}

fn require_not_public(name: &RoleName, verb: Verb) -> Result<(), Rejection> {
    if name.is_public() {
        return Err(Rejection::ReservedRole { action: Attempt::OnSpecifiedRole(verb).into(), role: name.into() });
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
            GrantEffect::Granted => Attempt::GrantPrivilege,
            GrantEffect::Denied => Attempt::DenyPrivilege,
        };
        require_mutable(immutable)?;
        for role in roles {
            self.require_changeable(&action, role)?;
        }
        let attached: BTreeSet<_> =
            privileges.iter().map(|privilege| self.attached(privilege)).collect::<Result<_, _>>()?;
        let (mut updates, mut notifications) = (0, Notices::default());
        for role in roles {
            for privilege in &attached {
                let grant = Grant { role: role.clone(), effect, privilege: privilege.clone(), immutable };
                if self.catalog.holds_exactly(&grant) {
                    notifications.push(role.as_str(), Notification::AlreadyAssigned { role: role.clone() });
                } else {
                    self.set(RecordKey::Grant(Box::new(grant)), Some(Record::Grant(self.stamp)));
                    updates += 1;
                }
            }
        }
        updated_with(updates, notifications.finish())
    }

    pub(super) fn revoke_privileges(
        &mut self,
        effect: Option<GrantEffect>,
        immutable: bool,
        privileges: &BTreeSet<Privilege>,
        roles: &BTreeSet<RoleName>,
        lenient: bool,
    ) -> Outcome {
        require_mutable(immutable)?;
        let mut missing = Missing::new(lenient);
        let roles = missing.keep(roles, "Role", |role| self.require_role(&Attempt::RevokePrivilege, role))?;
        for role in &roles {
            self.require_changeable(&Attempt::RevokePrivilege, role)?;
        }
        let mut attached = BTreeSet::new();
        for privilege in privileges {
            match (self.attached(privilege), privilege.names()) {
                (Ok(privilege), _) => drop(attached.insert(privilege)),
                (Err(_), Some(name)) if lenient => missing.notify("Database", name.to_string()),
                (Err(rejection), _) => return Err(rejection),
            }
        }
        let effects = [GrantEffect::Granted, GrantEffect::Denied];
        let effects = effects.into_iter().filter(|candidate| effect.is_none_or(|only| only == *candidate));
        let (mut updates, mut notifications) = (0, missing.notifications);
        for role in &roles {
            for privilege in &attached {
                let before = updates;
                for effect in effects.clone() {
                    let grant = Grant { role: role.clone(), effect, privilege: privilege.clone(), immutable };
                    if self.catalog.holds_exactly(&grant) {
                        self.set(RecordKey::Grant(Box::new(grant)), None);
                        updates += 1;
                    }
                }
                if updates == before {
                    notifications.push(role.as_str(), Notification::NotAssigned { role: role.clone() });
                }
            }
        }
        updated_with(updates, notifications.finish())
    }

    /// An immutable role takes immutable privileges only, and those are not given or taken here.
    fn require_changeable(&self, action: &Attempt, role: &RoleName) -> Result<(), Rejection> {
        self.require_role(action, role)?;
        require_mutable(self.catalog.role(role.as_str()).is_some_and(|role| role.immutable))
    }

    /// The privilege on the name that it attaches to: a local alias stands for its database.
    fn attached(&self, privilege: &Privilege) -> Result<Privilege, Rejection> {
        let mut attached = privilege.clone();
        if let Some(scope) = attached.scope_mut()
            && let DatabaseScope::Named(name) = scope
        {
            let missing = || Rejection::PrivilegeDatabaseNotFound { name: (&*name).into() };
            *scope = DatabaseScope::Named(self.catalog.privilege_target(name).ok_or_else(missing)?);
        }
        Ok(attached)
    }
}

fn require_mutable(immutable: bool) -> Result<(), Rejection> {
    if immutable { Err(Rejection::ImmutableDenied {}) } else { Ok(()) }
}
