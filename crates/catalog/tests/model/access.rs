//! Forming the catalog; users, roles and privileges, as the reference tells them (§4.1 to §4.5).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aliasd_catalog::{
    AlterUser, AuthId, AuthProvider, Bootstrap, CatalogName, CreateMode, CreateUser, DatabaseAction, DatabaseScope,
    DbmsAction, Effect, Grant, GrantEffect, GraphAction, HomeChange, Membership, Meta, Notification, Outcome,
    Principal, Privilege, Record, RecordKey, Rejection, Resource, Role, RoleName, Sealed, Segment, Stamp, User,
    UserName, UserStatus,
};

use super::{Model, done};

// === Forming ===

impl Model {
    pub(super) fn form(&mut self, stamp: Stamp, actor: &Principal, bootstrap: &Bootstrap<Sealed>) -> Outcome {
        if self.meta().is_some() {
            return Err(Rejection::AlreadyFormed {});
        }
        if let Principal::User(user) = actor {
            return Err(Rejection::UnknownActor { user: user.to_string() });
        }
        let meta = Meta {
            cluster_id: bootstrap.cluster_id,
            active_key: bootstrap.active_key,
            default_database: CatalogName::new("neo4j").expect("a name"),
            policy: bootstrap.policy,
            created: stamp,
        };
        self.put(RecordKey::Meta, Record::Meta(Arc::new(meta)));
        self.add_database(stamp, "system");
        self.add_database(stamp, "neo4j");
        for role in ["PUBLIC", "reader", "editor", "publisher", "architect", "admin"] {
            self.add_role(stamp, &RoleName::new(role).expect("a role name"));
        }
        self.grant_built_in(stamp);
        let user = User {
            password: Some(bootstrap.password.clone()),
            password_change_required: false,
            status: UserStatus::Active,
            home: None,
            auth: BTreeMap::new(),
            credential_revision: stamp.revision,
            created: stamp,
            modified: stamp,
        };
        self.put(RecordKey::User(bootstrap.admin.clone()), Record::User(Arc::new(user)));
        let admin = RoleName::new("admin").expect("a role name");
        self.put(
            RecordKey::Membership(bootstrap.admin.clone(), admin),
            Record::Membership(Membership { created: stamp }),
        );
        done(1)
    }

    /// The table of built-in roles, read column by column: which roles have the privilege.
    fn grant_built_in(&mut self, stamp: Stamp) {
        let all = DatabaseScope::All;
        let readers = ["reader", "editor", "publisher", "architect", "admin"].as_slice();
        let on_all = |action| Privilege::Database(action, DatabaseScope::All);
        let on_graph = |action, resource, segment| Privilege::Graph { action, resource, scope: all.clone(), segment };
        let table = [
            (["PUBLIC"].as_slice(), Privilege::Database(DatabaseAction::Access, DatabaseScope::Home)),
            (readers, on_all(DatabaseAction::Access)),
            (readers, on_graph(GraphAction::Match, Resource::All, Segment::Elements(BTreeSet::new()))),
            (readers, on_all(DatabaseAction::ShowIndex)),
            (readers, on_all(DatabaseAction::ShowConstraint)),
            (&readers[1..], on_graph(GraphAction::Write, Resource::None, Segment::None)),
            (&readers[2..], on_all(DatabaseAction::NameManagement)),
            (&readers[3..], on_all(DatabaseAction::IndexManagement)),
            (&readers[3..], on_all(DatabaseAction::ConstraintManagement)),
            (&readers[4..], Privilege::Dbms(DbmsAction::All)),
            (&readers[4..], on_all(DatabaseAction::All)),
            (&readers[4..], on_all(DatabaseAction::Start)),
            (&readers[4..], on_all(DatabaseAction::Stop)),
            (&readers[4..], on_all(DatabaseAction::TransactionManagement)),
        ];
        for (roles, privilege) in table {
            for role in roles {
                let role = RoleName::new(role).expect("a role name");
                self.add_grant(stamp, &role, GrantEffect::Granted, &privilege);
            }
        }
    }
}

// === Users ===

impl Model {
    pub(super) fn create_user(&mut self, stamp: Stamp, actor: &Principal, create: &CreateUser<Sealed>) -> Outcome {
        let name = create.name.to_string();
        let exists = self.user(&name).is_some();
        match create.mode {
            CreateMode::OrReplace if *actor == Principal::User(create.name.clone()) => {
                return Err(Rejection::OwnUserDeletion { action: "replace".into(), user: name });
            }
            CreateMode::OrReplace => self.forget_user(&create.name),
            CreateMode::IfNotExists if exists => return done(0),
            CreateMode::Fail if exists => return Err(Rejection::UserExists { name }),
            _ => {}
        }
        let auth = self.identities(&create.name, BTreeMap::new(), &create.auth)?;
        let (password, change_required) = match &create.password {
            None => (None, false),
            Some(change) if change.password.is_none() => return Err(Rejection::NoPassword { name }),
            Some(change) => (change.password.clone(), change.change_required != Some(false)),
        };
        if password.is_none() && auth.is_empty() {
            return Err(Rejection::NoAuth { name });
        }
        let user = User {
            password,
            password_change_required: change_required,
            status: create.status.unwrap_or(UserStatus::Active),
            home: create.home.clone(),
            auth,
            credential_revision: stamp.revision,
            created: stamp,
            modified: stamp,
        };
        self.put(RecordKey::User(create.name.clone()), Record::User(Arc::new(user)));
        let notifications = self.home_missing(create.home.as_ref());
        Ok(Effect { system_updates: if exists { 2 } else { 1 }, notifications })
    }

    pub(super) fn alter_user(&mut self, stamp: Stamp, actor: &Principal, alter: &AlterUser<Sealed>) -> Outcome {
        let name = alter.name.to_string();
        if alter.status.is_some() && *actor == Principal::User(alter.name.clone()) {
            return Err(Rejection::OwnUser { action: "alter".into(), user: name });
        }
        let Some(before) = self.user(&name).cloned() else {
            let missing = Rejection::UserNotFound { action: "alter the specified".into(), name };
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
        if let Some(change) = &alter.password {
            let first = user.password.is_none();
            if change.password.is_some() {
                user.password = change.password.clone();
            }
            if user.password.is_none() {
                return Err(Rejection::NoPassword { name });
            }
            match change.change_required {
                Some(required) => user.password_change_required = required,
                None if first => user.password_change_required = true,
                None => {}
            }
        }
        if user.password.is_none() && user.auth.is_empty() {
            return Err(Rejection::NoAuth { name });
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
        user.modified = stamp;
        self.put(RecordKey::User(alter.name.clone()), Record::User(Arc::new(user)));
        Ok(Effect { system_updates: 1, notifications })
    }

    pub(super) fn drop_user(&mut self, actor: &Principal, name: &UserName, if_exists: bool) -> Outcome {
        if *actor == Principal::User(name.clone()) {
            return Err(Rejection::OwnUserDeletion { action: "delete".into(), user: name.to_string() });
        }
        if self.user(name.as_str()).is_none() {
            let missing = Rejection::UserNotFound { action: "delete the specified".into(), name: name.to_string() };
            return if if_exists { done(0) } else { Err(missing) };
        }
        self.forget_user(name);
        done(1)
    }

    fn forget_user(&mut self, name: &UserName) {
        self.records.retain(|(key, _)| match key {
            RecordKey::User(user) | RecordKey::Membership(user, _) => user != name,
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
                    return Err(Rejection::AuthIdTaken { provider: provider.to_string(), id: id.to_string() });
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

// === Roles ===

impl Model {
    pub(super) fn create_role(
        &mut self,
        stamp: Stamp,
        name: &RoleName,
        mode: CreateMode,
        copy_of: Option<&RoleName>,
    ) -> Outcome {
        if name.as_str() == "PUBLIC" {
            return Err(Rejection::ReservedRole { action: "create the specified role".into(), role: "PUBLIC".into() });
        }
        let exists = self.has_role(name.as_str());
        if exists && mode == CreateMode::IfNotExists {
            return done(0);
        }
        if exists && mode == CreateMode::OrReplace {
            self.forget_role(name);
        }
        let mut copied = Vec::new();
        if let Some(source) = copy_of {
            self.check_role("create a role as copy of", source)?;
            copied = self.grants_of(source.as_str());
        }
        if exists && mode == CreateMode::Fail {
            return Err(Rejection::RoleExists { name: name.to_string() });
        }
        self.add_role(stamp, name);
        for grant in copied {
            self.add_grant(stamp, name, grant.effect, &grant.privilege);
        }
        done(if exists { 2 } else { 1 })
    }

    pub(super) fn drop_role(&mut self, name: &RoleName, if_exists: bool) -> Outcome {
        if name.as_str() == "PUBLIC" {
            return Err(Rejection::ReservedRole { action: "delete the specified role".into(), role: "PUBLIC".into() });
        }
        if if_exists && !self.has_role(name.as_str()) {
            return done(0);
        }
        self.check_role("delete the specified", name)?;
        self.forget_role(name);
        done(1)
    }

    pub(super) fn grant_roles(
        &mut self,
        stamp: Stamp,
        roles: &BTreeSet<RoleName>,
        users: &BTreeSet<UserName>,
    ) -> Outcome {
        self.check_memberships("grant", "to", roles, users)?;
        let mut effect = Effect::default();
        for (role, user) in pairs(roles, users) {
            let key = RecordKey::Membership(user, role.clone());
            if self.holds(&key) {
                effect.notifications.push(Notification::NoEffect { role });
            } else {
                self.put(key, Record::Membership(Membership { created: stamp }));
                effect.system_updates += 1;
            }
        }
        Ok(effect)
    }

    pub(super) fn revoke_roles(&mut self, roles: &BTreeSet<RoleName>, users: &BTreeSet<UserName>) -> Outcome {
        self.check_memberships("revoke", "from", roles, users)?;
        let mut effect = Effect::default();
        for (role, user) in pairs(roles, users) {
            if self.remove(&RecordKey::Membership(user, role.clone())) {
                effect.system_updates += 1;
            } else {
                effect.notifications.push(Notification::NoEffect { role });
            }
        }
        Ok(effect)
    }

    fn check_memberships(
        &self,
        verb: &str,
        preposition: &str,
        roles: &BTreeSet<RoleName>,
        users: &BTreeSet<UserName>,
    ) -> Result<(), Rejection> {
        if roles.iter().any(|role| role.as_str() == "PUBLIC") {
            let action = format!("{verb} the specified role");
            return Err(Rejection::ReservedRole { action, role: "PUBLIC".into() });
        }
        for role in roles {
            self.check_role(verb, role)?;
        }
        let quoted: Vec<String> = roles.iter().map(|role| format!("'{role}'")).collect();
        for user in users {
            if self.user(user.as_str()).is_none() {
                let action = format!("{verb} role {} {preposition}", quoted.join(", "));
                return Err(Rejection::UserNotFound { action, name: user.to_string() });
            }
        }
        Ok(())
    }

    fn add_role(&mut self, stamp: Stamp, name: &RoleName) {
        let role = Role { immutable: false, created: stamp };
        self.put(RecordKey::Role(name.clone()), Record::Role(Arc::new(role)));
    }

    fn forget_role(&mut self, name: &RoleName) {
        self.records.retain(|(key, _)| match key {
            RecordKey::Role(role) | RecordKey::Membership(_, role) => role != name,
            RecordKey::Grant(grant) => grant.role != *name,
            _ => true,
        });
    }

    fn check_role(&self, action: &str, name: &RoleName) -> Result<(), Rejection> {
        if self.has_role(name.as_str()) {
            return Ok(());
        }
        Err(Rejection::RoleNotFound { action: action.into(), name: name.to_string() })
    }
}

fn pairs(roles: &BTreeSet<RoleName>, users: &BTreeSet<UserName>) -> Vec<(RoleName, UserName)> {
    roles.iter().flat_map(|role| users.iter().map(|user| (role.clone(), user.clone()))).collect()
}

// === Privileges ===

impl Model {
    pub(super) fn assign(
        &mut self,
        stamp: Stamp,
        effect: GrantEffect,
        immutable: bool,
        privileges: &BTreeSet<Privilege>,
        roles: &BTreeSet<RoleName>,
    ) -> Outcome {
        let verb = if effect == GrantEffect::Granted { "grant a privilege to" } else { "deny a privilege to" };
        let privileges = self.check_assignment(verb, immutable, privileges, roles)?;
        let mut answer = Effect::default();
        for role in roles {
            for privilege in &privileges {
                let grant = Grant { role: role.clone(), effect, privilege: privilege.clone(), immutable: false };
                if self.holds(&RecordKey::Grant(Box::new(grant))) {
                    answer.notifications.push(Notification::NoEffect { role: role.clone() });
                } else {
                    self.add_grant(stamp, role, effect, privilege);
                    answer.system_updates += 1;
                }
            }
        }
        Ok(answer)
    }

    pub(super) fn revoke(
        &mut self,
        only: Option<GrantEffect>,
        immutable: bool,
        privileges: &BTreeSet<Privilege>,
        roles: &BTreeSet<RoleName>,
    ) -> Outcome {
        let privileges = self.check_assignment("revoke a privilege from", immutable, privileges, roles)?;
        let effects = only.map_or(vec![GrantEffect::Granted, GrantEffect::Denied], |only| vec![only]);
        let mut answer = Effect::default();
        for role in roles {
            for privilege in &privileges {
                let mut removed = 0;
                for effect in &effects {
                    let (role, privilege) = (role.clone(), privilege.clone());
                    let grant = Grant { role, effect: *effect, privilege, immutable: false };
                    removed += u64::from(self.remove(&RecordKey::Grant(Box::new(grant))));
                }
                if removed == 0 {
                    answer.notifications.push(Notification::NoEffect { role: role.clone() });
                }
                answer.system_updates += removed;
            }
        }
        Ok(answer)
    }

    /// The privileges on what they attach to, each once and in order, if the command may be carried out.
    fn check_assignment(
        &self,
        verb: &str,
        immutable: bool,
        privileges: &BTreeSet<Privilege>,
        roles: &BTreeSet<RoleName>,
    ) -> Result<BTreeSet<Privilege>, Rejection> {
        if immutable {
            return Err(Rejection::ImmutableDenied {});
        }
        for role in roles {
            self.check_role(verb, role)?;
        }
        let mut attached = BTreeSet::new();
        for privilege in privileges {
            let mut privilege = privilege.clone();
            if let Privilege::Database(_, scope) | Privilege::Graph { scope, .. } = &mut privilege
                && let DatabaseScope::Named(name) = scope
            {
                let Some(target) = self.privilege_name(name.as_str()) else {
                    return Err(Rejection::PrivilegeDatabaseNotFound { name: name.to_string() });
                };
                *name = CatalogName::new(&target).expect("it is the name of something");
            }
            attached.insert(privilege);
        }
        Ok(attached)
    }

    fn add_grant(&mut self, stamp: Stamp, role: &RoleName, effect: GrantEffect, privilege: &Privilege) {
        let grant = Grant { role: role.clone(), effect, privilege: privilege.clone(), immutable: false };
        self.put(RecordKey::Grant(Box::new(grant)), Record::Grant(stamp));
    }
}
