//! Forming the catalog; users, roles and privileges, as semantics §4.1, §4.2, §4.3, §4.4 and §4.5 say.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aliasd_catalog::{
    AuthRuleName, Bootstrap, CatalogName, CreateMode, DatabaseAction, DatabaseScope, DbmsAction, Effect, Glob, Grant,
    GrantEffect, GraphAction, LoadScope, Meta, Notification, Outcome, Principal, Privilege, QualifiedAction, Record,
    RecordKey, Rejection, Resource, RetiredCommand, Role, RoleAssignment, RoleName, Sealed, Segment, Stamp,
    TransactionAction, User, UserName, UserScope, UserStatus,
};

use super::{Model, done};

// === Forming ===

impl Model {
    pub(super) fn form(&mut self, stamp: Stamp, actor: &Principal, bootstrap: &Bootstrap<Sealed>) -> Outcome {
        if self.meta().is_some() {
            return Err(Rejection::AlreadyFormed {});
        }
        if let Principal::User(user) = actor {
            return Err(Rejection::UnknownActor { user: user.to_string().into() });
        }
        let meta = Meta {
            cluster_id: bootstrap.cluster_id,
            active_key: bootstrap.active_key,
            default_database: CatalogName::new("neo4j").expect("a name"),
            policy: bootstrap.policy,
            created: stamp,
        };
        self.put(RecordKey::Meta, Record::Meta(Arc::new(meta)));
        self.add_database(stamp, "system", false, None);
        self.add_database(stamp, "neo4j", false, None);
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
            tags: BTreeSet::new(),
            ended_tokens: BTreeMap::new(),
            credential_revision: stamp.revision,
            created: stamp,
            modified: stamp,
        };
        self.put(RecordKey::User(bootstrap.admin.clone()), Record::User(Arc::new(user)));
        let admin = RoleName::new("admin").expect("a role name");
        self.put(
            RecordKey::RoleAssignment(bootstrap.admin.clone(), admin),
            Record::RoleAssignment(RoleAssignment { created: stamp }),
        );
        done(1)
    }

    /// The table of built-in roles, read column by column: which roles have the privilege.
    fn grant_built_in(&mut self, stamp: Stamp) {
        let all = DatabaseScope::All;
        let readers = ["reader", "editor", "publisher", "architect", "admin"].as_slice();
        let on_all = |action| Privilege::Database(action, DatabaseScope::All);
        let on_graph = |action, resource, segment| Privilege::Graph { action, resource, scope: all.clone(), segment };
        let star = Glob::new("*").expect("a pattern");
        let every_transaction = Privilege::Transaction(TransactionAction::Management, all.clone(), UserScope::All);
        let table = [
            (["PUBLIC"].as_slice(), Privilege::Database(DatabaseAction::Access, DatabaseScope::Home)),
            (&["PUBLIC"], Privilege::Qualified(QualifiedAction::ExecuteProcedure, star.clone())),
            (&["PUBLIC"], Privilege::Qualified(QualifiedAction::ExecuteFunction, star)),
            (&["PUBLIC", "admin"], Privilege::Load(LoadScope::All)),
            (readers, on_all(DatabaseAction::Access)),
            (readers, on_graph(GraphAction::Match, Resource::All, Segment::Nodes(BTreeSet::new()))),
            (readers, on_graph(GraphAction::Match, Resource::All, Segment::Relationships(BTreeSet::new()))),
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
            (&readers[4..], every_transaction),
        ];
        for (roles, privilege) in table {
            for role in roles {
                let role = RoleName::new(role).expect("a role name");
                self.add_grant(stamp, &role, GrantEffect::Granted, &privilege);
            }
        }
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
            return Err(Rejection::RoleExists { name: name.to_string().into() });
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

    pub(super) fn rename_role(&mut self, from: &RoleName, to: &RoleName, if_exists: bool) -> Outcome {
        if from.as_str() == "PUBLIC" || to.as_str() == "PUBLIC" {
            return Err(Rejection::ReservedRole { action: "rename the specified role".into(), role: "PUBLIC".into() });
        }
        let (old, new) = (from.to_string(), to.to_string());
        if !self.has_role(&old) {
            let missing = Rejection::RenamedRoleNotFound { from: old.into(), to: new.into() };
            return if if_exists { done(0) } else { Err(missing) };
        }
        if self.has_role(&new) {
            return Err(Rejection::RenamedRoleExists { from: old.into(), to: new.into() });
        }
        for (key, _) in &mut self.records {
            match key {
                RecordKey::Role(role) | RecordKey::RoleAssignment(_, role) if role == from => *role = to.clone(),
                RecordKey::Grant(grant) if grant.role == *from => grant.role = to.clone(),
                _ => {}
            }
        }
        done(1)
    }

    pub(super) fn auth_rule(&self, command: &RetiredCommand) -> Outcome {
        let missing = |action: String, name: &AuthRuleName| {
            Err(Rejection::AuthRuleNotFound { action: action.into(), name: name.to_string().into() })
        };
        let (roles, rules, verb, preposition) = match command {
            RetiredCommand::Alter { if_exists: true, .. }
            | RetiredCommand::Drop { if_exists: true, .. }
            | RetiredCommand::Rename { if_exists: true, .. } => return done(0),
            RetiredCommand::Alter { name, .. } => return missing("alter the specified".into(), name),
            RetiredCommand::Drop { name, .. } => return missing("drop the specified".into(), name),
            RetiredCommand::Rename { from, to, .. } => {
                let (from, to) = (from.to_string(), to.to_string());
                return Err(Rejection::RenamedAuthRuleNotFound { from: from.into(), to: to.into() });
            }
            RetiredCommand::GrantRoles { roles, rules } => (roles, rules, "grant", "to"),
            RetiredCommand::RevokeRoles { roles, rules } => (roles, rules, "revoke", "from"),
        };
        if roles.iter().any(|role| role.as_str() == "PUBLIC") {
            let action = format!("{verb} the specified role");
            return Err(Rejection::ReservedRole { action: action.into(), role: "PUBLIC".into() });
        }
        for role in roles {
            self.check_role(verb, role)?;
        }
        let rule = rules.first().expect("a statement names one at least");
        missing(format!("{verb} role {} {preposition}", listed(roles)), rule)
    }

    pub(super) fn grant_roles(
        &mut self,
        stamp: Stamp,
        roles: &BTreeSet<RoleName>,
        users: &BTreeSet<UserName>,
    ) -> Outcome {
        if roles.iter().any(|role| role.as_str() == "PUBLIC") {
            let action = "grant the specified role";
            return Err(Rejection::ReservedRole { action: action.into(), role: "PUBLIC".into() });
        }
        for role in roles {
            self.check_role("grant", role)?;
        }
        for user in users {
            self.check_user(&format!("grant role {} to", listed(roles)), user)?;
        }
        let mut effect = Effect::default();
        for (role, user) in pairs(roles, users) {
            let key = RecordKey::RoleAssignment(user, role.clone());
            if self.holds(&key) {
                effect.notifications.push(Notification::AlreadyAssigned { role });
            } else {
                self.put(key, Record::RoleAssignment(RoleAssignment { created: stamp }));
                effect.system_updates += 1;
            }
        }
        Ok(effect)
    }

    pub(super) fn revoke_roles(
        &mut self,
        roles: &BTreeSet<RoleName>,
        users: &BTreeSet<UserName>,
        lenient: bool,
    ) -> Outcome {
        if roles.iter().any(|role| role.as_str() == "PUBLIC") {
            let action = "revoke the specified role";
            return Err(Rejection::ReservedRole { action: action.into(), role: "PUBLIC".into() });
        }
        let mut effect = Effect::default();
        let mut roles = roles.clone();
        for role in roles.clone() {
            if let Err(missing) = self.check_role("revoke", &role) {
                if !lenient {
                    return Err(missing);
                }
                effect.notifications.push(impossible("Role", role.as_str()));
                roles.remove(&role);
            }
        }
        let mut kept = users.clone();
        for user in users {
            if let Err(missing) = self.check_user(&format!("revoke role {} from", listed(&roles)), user) {
                if !lenient {
                    return Err(missing);
                }
                effect.notifications.push(impossible("User", user.as_str()));
                kept.remove(user);
            }
        }
        for (role, user) in pairs(&roles, &kept) {
            if self.remove(&RecordKey::RoleAssignment(user, role.clone())) {
                effect.system_updates += 1;
            } else {
                effect.notifications.push(Notification::NotAssigned { role });
            }
        }
        Ok(effect)
    }

    fn check_user(&self, action: &str, name: &UserName) -> Result<(), Rejection> {
        if self.user(name.as_str()).is_some() {
            return Ok(());
        }
        Err(Rejection::UserNotFound { action: action.into(), name: name.to_string().into() })
    }

    fn add_role(&mut self, stamp: Stamp, name: &RoleName) {
        let role = Role { immutable: false, created: stamp };
        self.put(RecordKey::Role(name.clone()), Record::Role(Arc::new(role)));
    }

    fn forget_role(&mut self, name: &RoleName) {
        self.records.retain(|(key, _)| match key {
            RecordKey::Role(role) | RecordKey::RoleAssignment(_, role) => role != name,
            RecordKey::Grant(grant) => grant.role != *name,
            _ => true,
        });
    }

    fn check_role(&self, action: &str, name: &RoleName) -> Result<(), Rejection> {
        if self.has_role(name.as_str()) {
            return Ok(());
        }
        Err(Rejection::RoleNotFound { action: action.into(), name: name.to_string().into() })
    }
}

fn listed(roles: &BTreeSet<RoleName>) -> String {
    let quoted: Vec<String> = roles.iter().map(|role| format!("'{role}'")).collect();
    quoted.join(", ")
}

fn impossible(entity: &str, name: &str) -> Notification {
    Notification::ImpossibleRevoke { entity: entity.into(), name: name.into() }
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
        if immutable {
            return Err(Rejection::ImmutableDenied {});
        }
        for role in roles {
            self.check_role(verb, role)?;
        }
        let mut attached = BTreeSet::new();
        for privilege in privileges {
            attached.insert(self.attached(privilege)?);
        }
        let mut answer = Effect::default();
        for role in roles {
            for privilege in &attached {
                let grant = Grant { role: role.clone(), effect, privilege: privilege.clone(), immutable: false };
                if self.holds(&RecordKey::Grant(Box::new(grant))) {
                    answer.notifications.push(Notification::AlreadyAssigned { role: role.clone() });
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
        lenient: bool,
    ) -> Outcome {
        if immutable {
            return Err(Rejection::ImmutableDenied {});
        }
        let mut answer = Effect::default();
        let mut present = Vec::new();
        for role in roles {
            match self.check_role("revoke a privilege from", role) {
                Ok(()) => present.push(role),
                Err(_) if lenient => answer.notifications.push(impossible("Role", role.as_str())),
                Err(missing) => return Err(missing),
            }
        }
        let mut attached = BTreeSet::new();
        for privilege in privileges {
            match self.attached(privilege) {
                Ok(privilege) => {
                    attached.insert(privilege);
                }
                Err(Rejection::PrivilegeDatabaseNotFound { name }) if lenient => {
                    answer.notifications.push(impossible("Database", &name.to_string()));
                }
                Err(missing) => return Err(missing),
            }
        }
        let effects = only.map_or(vec![GrantEffect::Granted, GrantEffect::Denied], |only| vec![only]);
        for role in present {
            for privilege in &attached {
                let mut removed = 0;
                for effect in &effects {
                    let (role, privilege) = (role.clone(), privilege.clone());
                    let grant = Grant { role, effect: *effect, privilege, immutable: false };
                    removed += u64::from(self.remove(&RecordKey::Grant(Box::new(grant))));
                }
                if removed == 0 {
                    answer.notifications.push(Notification::NotAssigned { role: role.clone() });
                }
                answer.system_updates += removed;
            }
        }
        Ok(answer)
    }

    /// The privilege on what it attaches to.
    fn attached(&self, privilege: &Privilege) -> Result<Privilege, Rejection> {
        let mut privilege = privilege.clone();
        if let Privilege::Database(_, scope) | Privilege::Transaction(_, scope, _) | Privilege::Graph { scope, .. } =
            &mut privilege
            && let DatabaseScope::Named(name) = scope
        {
            let Some(target) = self.privilege_name(name.as_str()) else {
                return Err(Rejection::PrivilegeDatabaseNotFound { name: name.to_string().into() });
            };
            *name = CatalogName::new(&target).expect("it is the name of something");
        }
        Ok(privilege)
    }

    fn add_grant(&mut self, stamp: Stamp, role: &RoleName, effect: GrantEffect, privilege: &Privilege) {
        let grant = Grant { role: role.clone(), effect, privilege: privilege.clone(), immutable: false };
        self.put(RecordKey::Grant(Box::new(grant)), Record::Grant(stamp));
    }
}
