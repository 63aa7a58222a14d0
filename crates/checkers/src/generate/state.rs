//! A tiny catalog: what the generator takes for the service.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::{Change, ChangeKind, Command, CreateMode, Destination, GrantKind, Privilege, Setup, Subject};

/// Everything that is agreed on, at one revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    pub(super) names: BTreeMap<String, Named>,
    pub(super) users: BTreeMap<String, User>,
    pub(super) grants: BTreeSet<(String, GrantKind, Privilege)>,
    pub(super) ended: BTreeSet<String>,
}

/// What has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// None for a database.
    pub(super) alias: Option<Destination>,
    pub(super) version: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    pub(super) password: String,
    /// Changes with the password, so that tokens end even if the same one comes back.
    pub(super) since: u64,
    pub(super) suspended: bool,
    pub(super) roles: BTreeSet<String>,
}

/// What a command did: the number of updates and what is told of them; or the code of a refusal.
pub(super) type Done = Result<(u64, Vec<Change>), &'static str>;

impl State {
    pub(super) fn of(setup: &Setup) -> Self {
        let mut state = Self::default();
        for name in &setup.databases {
            state.names.insert(name.clone(), Named { alias: None, version: setup.revision });
        }
        for alias in &setup.aliases {
            let named = Named { alias: Some(alias.destination.clone()), version: alias.version };
            state.names.insert(alias.name.clone(), named);
        }
        for user in &setup.users {
            let (password, roles) = (user.password.clone().unwrap_or_default(), user.roles.iter().cloned().collect());
            state.users.insert(user.name.clone(), User { password, since: 0, suspended: user.suspended, roles });
        }
        state.grants =
            setup.grants.iter().map(|grant| (grant.role.clone(), grant.kind, grant.privilege.clone())).collect();
        state
    }

    /// Where the name leads, and since when.
    pub(super) fn destination(&self, name: &str) -> Option<(Destination, u64)> {
        let named = self.names.get(name)?;
        let database = || Destination::Local { database: name.to_owned() };
        Some((named.alias.clone().unwrap_or_else(database), named.version))
    }

    pub(super) fn active(&self, user: &str) -> bool {
        self.users.get(user).is_some_and(|user| !user.suspended)
    }

    pub(super) fn holds(&self, user: &str, privilege: impl Fn(String) -> Privilege, on: &str) -> bool {
        let Some(User { roles, .. }) = self.users.get(user) else {
            return false;
        };
        let has = |kind| {
            [on, "*"].into_iter().any(|on| {
                roles.iter().any(|role| self.grants.contains(&(role.clone(), kind, privilege(on.to_owned()))))
            })
        };
        has(GrantKind::Granted) && !has(GrantKind::Denied)
    }

    pub(super) fn may_use(&self, user: &str, name: &str) -> bool {
        let on = match self.destination(name) {
            Some((Destination::Local { database }, _)) => database,
            Some((Destination::Remote { .. }, _)) => name.to_owned(),
            None => return false,
        };
        self.active(user) && self.holds(user, |on| Privilege::Access { on }, &on)
    }

    pub(super) fn acts_for(&self, user: &str, other: &str) -> bool {
        user == other || self.holds(user, |user| Privilege::Impersonate { user }, other)
    }

    /// What becomes of a command at a revision.
    pub(super) fn apply(&mut self, actor: &str, command: &Command, revision: u64) -> Done {
        if !self.active(actor) {
            return Err("USER_SUSPENDED");
        }
        match command {
            Command::CreateAlias { name, destination, mode } => self.create(name, Some(destination), *mode, revision),
            Command::CreateDatabase { name, mode } => self.create(name, None, *mode, revision),
            Command::AlterAlias { name, database, url, user, credential } => {
                let Some(Named { alias: Some(alias), version }) = self.names.get_mut(name) else {
                    return Err("ALIAS_NOT_FOUND");
                };
                alter(alias, [database, url, user, credential])?;
                *version = revision;
                told(Subject::Alias, name, ChangeKind::Altered)
            }
            Command::DropAlias { name } => self.drop_name(name, true),
            Command::DropDatabase { name } => self.drop_name(name, false),
            _ => self.apply_to_users(command, revision),
        }
    }

    fn create(&mut self, name: &str, alias: Option<&Destination>, mode: CreateMode, revision: u64) -> Done {
        let present = self.names.get(name).map(|named| named.alias.is_some());
        let updates = match (present, mode) {
            (None, _) => 1,
            (Some(_), CreateMode::IfNotExists) => return Ok((0, Vec::new())),
            (Some(true), CreateMode::OrReplace) if alias.is_some() => 2,
            (Some(_), _) => {
                return Err(if alias.is_some() { "ALIAS_EXISTS" } else { "DATABASE_EXISTS" });
            }
        };
        if let Some(Destination::Local { database }) = alias
            && self.names.get(database).is_none_or(|named| named.alias.is_some())
        {
            return Err("ALIAS_TARGET_NOT_FOUND");
        }
        if updates == 2 {
            self.forget(name);
        }
        self.names.insert(name.to_owned(), Named { alias: alias.cloned(), version: revision });
        let subject = if alias.is_some() { Subject::Alias } else { Subject::Database };
        let kind = if updates == 2 { ChangeKind::Altered } else { ChangeKind::Created };
        Ok((updates, vec![Change { subject, name: name.to_owned(), kind }]))
    }

    fn drop_name(&mut self, name: &str, alias: bool) -> Done {
        if self.names.get(name).is_none_or(|named| named.alias.is_some() != alias) {
            return Err(if alias { "ALIAS_NOT_FOUND" } else { "NO_SUCH_DATABASE" });
        }
        let target = Some(Destination::Local { database: name.to_owned() });
        if self.names.values().any(|named| named.alias == target) {
            return Err("DATABASE_HAS_ALIASES");
        }
        self.names.remove(name);
        self.forget(name);
        told(if alias { Subject::Alias } else { Subject::Database }, name, ChangeKind::Dropped)
    }

    /// The privileges that name something are lost with it.
    fn forget(&mut self, name: &str) {
        self.grants.retain(|(_, _, privilege)| match privilege {
            Privilege::Access { on } => on != name,
            Privilege::ResolveAlias { alias } => alias != name,
            Privilege::Impersonate { .. } | Privilege::AliasManagement => true,
        });
    }

    fn apply_to_users(&mut self, command: &Command, revision: u64) -> Done {
        match command {
            Command::CreateUser { name, password, suspended, .. } => {
                if self.users.contains_key(name) {
                    return Err("USER_EXISTS");
                }
                let (password, suspended) = (password.clone().unwrap_or_default(), *suspended);
                self.users.insert(name.clone(), User { password, since: revision, suspended, roles: BTreeSet::new() });
                told(Subject::User, name, ChangeKind::Created)
            }
            Command::AlterUser { name, suspended, password } => {
                let user = self.users.get_mut(name).ok_or("USER_NOT_FOUND")?;
                user.suspended = suspended.unwrap_or(user.suspended);
                if let Some(password) = password {
                    (user.password, user.since) = (password.clone(), revision);
                }
                told(Subject::User, name, ChangeKind::Altered)
            }
            Command::DropUser { name } => {
                self.users.remove(name).ok_or("USER_NOT_FOUND")?;
                told(Subject::User, name, ChangeKind::Dropped)
            }
            Command::RenameUser { from, to } => {
                if self.users.contains_key(to) {
                    return Err("RENAMED_USER_EXISTS");
                }
                let user = self.users.remove(from).ok_or("RENAMED_USER_NOT_FOUND")?;
                self.users.insert(to.clone(), user);
                let change = |name: &String, kind| Change { subject: Subject::User, name: name.clone(), kind };
                Ok((1, vec![change(from, ChangeKind::Dropped), change(to, ChangeKind::Created)]))
            }
            Command::GrantRole { role, user } => {
                let added = self.users.get_mut(user).ok_or("USER_NOT_FOUND")?.roles.insert(role.clone());
                changed(added, Subject::User, user)
            }
            Command::RevokeRole { role, user } => {
                let removed = self.users.get_mut(user).ok_or("USER_NOT_FOUND")?.roles.remove(role);
                changed(removed, Subject::User, user)
            }
            Command::CreateRole { name, .. } => told(Subject::Role, name, ChangeKind::Created),
            Command::DropRole { name } => {
                self.grants.retain(|(role, ..)| role != name);
                self.users.values_mut().for_each(|user| {
                    user.roles.remove(name);
                });
                told(Subject::Role, name, ChangeKind::Dropped)
            }
            Command::Assign { kind, privilege, role } => {
                let added = self.grants.insert((role.clone(), *kind, privilege.clone()));
                changed(added, Subject::Role, role)
            }
            Command::Revoke { kind, privilege, role } => {
                let before = self.grants.len();
                let names = |other: &GrantKind| kind.is_none_or(|kind| kind == *other);
                self.grants.retain(|(of, other, what)| !(of == role && names(other) && what == privilege));
                changed(self.grants.len() < before, Subject::Role, role)
            }
            Command::EndToken { token } => {
                self.ended.insert(token.clone());
                Ok((1, Vec::new()))
            }
            _ => Ok((1, Vec::new())),
        }
    }
}

fn told(subject: Subject, name: &str, kind: ChangeKind) -> Done {
    Ok((1, vec![Change { subject, name: name.to_owned(), kind }]))
}

fn changed(changed: bool, subject: Subject, name: &str) -> Done {
    if changed { told(subject, name, ChangeKind::AccessChanged) } else { Ok((0, Vec::new())) }
}

fn alter(alias: &mut Destination, parts: [&Option<String>; 4]) -> Result<(), &'static str> {
    let [new_database, new_url, new_user, new_credential] = parts;
    match alias {
        Destination::Local { database } => {
            if new_url.is_some() || new_user.is_some() || new_credential.is_some() {
                return Err("ALIAS_LOCAL_TO_REMOTE");
            }
            replace(database, new_database);
        }
        Destination::Remote { database, url, user, credential } => {
            if new_database.is_some() != new_url.is_some() {
                return Err("ALIAS_REMOTE_TO_LOCAL");
            }
            replace(database, new_database);
            replace(url, new_url);
            replace(user, new_user);
            *credential = new_credential.clone().or(credential.take());
        }
    }
    Ok(())
}

fn replace(old: &mut String, new: &Option<String>) {
    if let Some(new) = new {
        old.clone_from(new);
    }
}
