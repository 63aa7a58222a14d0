//! Who may do what, and where a name leads, as semantics §4.3, §4.4, §4.5, §0.1, §0.4 and §0.13 say.

use aliasd_catalog::{
    Action, Alias, AliasKind, AlterUser, CatalogName, Command, CreateMode, DatabaseAction, DatabaseScope,
    DatabaseStatus, DbmsAction, Destination, Grant, GrantEffect, OpenCommand, Principal, Privilege, Record, RecordKey,
    Rejection, RemoteLogin, ResolveRequest, ResolveTarget, RetiredCommand, Revision, Route, Sealed, User, UserName,
    UserScope, UserStatus,
};

use super::Model;

/// What can be told apart of a route: name, local database or remote alias, alias in between, revision.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    name: String,
    database: Option<String>,
    alias: Option<aliasd_catalog::Alias>,
    revision: Revision,
    credentials: bool,
}

impl Answer {
    pub(crate) fn of(route: &Route) -> Self {
        let (database, alias) = match &route.destination {
            Destination::Local { database, alias } => (Some(database.to_string()), alias.as_deref()),
            Destination::Remote { name, alias } => {
                assert_eq!(*name.as_str(), *route.name.as_str(), "a remote alias is resolved by its own name");
                (None, Some(&**alias))
            }
        };
        Self {
            name: route.name.to_string(),
            database,
            alias: alias.cloned(),
            revision: route.revision,
            credentials: route.release_credentials,
        }
    }
}

impl Model {
    pub(crate) fn resolve(&self, request: &ResolveRequest) -> Result<Answer, Rejection> {
        let Principal::User(actor) = &request.actor else {
            return Err(Rejection::UnknownActor { user: request.actor.to_string().into() });
        };
        let Some(meta) = self.meta() else { return Err(Rejection::NotFormed {}) };
        let who = request.on_behalf_of.as_ref().unwrap_or(actor);
        if request.on_behalf_of.is_some() {
            self.authorise(&request.actor, &Action::Impersonate(who.clone()))?;
        }
        let name = match &request.target {
            ResolveTarget::Name(name) => name.clone(),
            ResolveTarget::Home => match self.user(who.as_str()) {
                Some(user) => user.home.clone().unwrap_or(meta.default_database.clone()),
                None => return Err(Rejection::UnknownActor { user: who.to_string().into() }),
            },
        };
        let release = match request.with_credentials {
            true => self.authorise(&request.actor, &Action::ResolveAlias(name.clone())),
            false => Ok(()),
        };
        let usable = self.authorise(&Principal::User(who.clone()), &Action::Access(name.clone()));
        if usable.is_err() {
            release.clone()?;
        }
        usable?;
        let stored = self.alias(name.as_str()).is_some_and(|alias| match &alias.kind {
            AliasKind::Remote(remote) => matches!(remote.login, RemoteLogin::Stored { .. }),
            AliasKind::Local(_) => false,
        });
        if stored {
            release?;
        }
        let (database, alias, revision) = match (self.database(name.as_str()), self.alias(name.as_str())) {
            (Some(database), _) => (Some(name.to_string()), None, database.modified.revision),
            (None, Some(alias)) => match &alias.kind {
                AliasKind::Local(target) => (Some(target.to_string()), Some(alias.clone()), alias.modified.revision),
                AliasKind::Remote(_) => (None, Some(alias.clone()), alias.modified.revision),
            },
            (None, None) => return Err(Rejection::DatabaseNotFound { name: name.to_string().into() }),
        };
        self.check_session(who, &name, request.connected_to.as_ref())?;
        let offline = |name: &String| self.database(name).is_some_and(|it| it.status == DatabaseStatus::Offline);
        if let Some(stopped) = database.clone().filter(offline) {
            return Err(Rejection::DatabaseStopped { name: stopped.into() });
        }
        let forwards = |alias: &Alias| matches!(&alias.kind, AliasKind::Remote(remote) if remote.login == RemoteLogin::OidcForwarding);
        if !meta.policy.oidc_credential_forwarding && alias.as_ref().is_some_and(forwards) {
            return Err(Rejection::OidcForwardingDisabled { name: name.to_string().into() });
        }
        Ok(Answer { name: name.to_string(), database, alias, revision, credentials: request.with_credentials })
    }

    /// Which names may be used from where (semantics §5.2).
    fn check_session(&self, who: &UserName, name: &CatalogName, from: Option<&CatalogName>) -> Result<(), Rejection> {
        let is_constituent = |name: &CatalogName| self.alias(name.as_str()).is_some_and(|it| it.composite.is_some());
        let around = |name: &CatalogName| match self.alias(name.as_str()) {
            Some(alias) => alias.composite.as_ref().map(ToString::to_string),
            None => self.is_composite(name.as_str()).then(|| name.to_string()),
        };
        let Some(from) = from else {
            return match is_constituent(name) {
                true => Err(Rejection::ConstituentNotConnectable { name: name.to_string().into() }),
                false => Ok(()),
            };
        };
        let access = Action::Access(from.clone());
        let hidden = self.authorise(&Principal::User(who.clone()), &access).is_err();
        if is_constituent(from) && !hidden {
            return Err(Rejection::ConstituentNotConnectable { name: from.to_string().into() });
        }
        let session = if hidden { None } else { around(from) };
        let (name, target, from) = (name.to_string(), around(name), from.to_string());
        match session {
            Some(composite) if target.as_ref() != Some(&composite) => {
                Err(Rejection::OutsideComposite { name: name.into(), session: from.into() })
            }
            None if target.is_some() => {
                Err(Rejection::CompositeFromOutside { name: name.into(), session: from.into() })
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn authorise(&self, who: &Principal, action: &Action) -> Result<(), Rejection> {
        let Principal::User(name) = who else { return Ok(()) };
        let user = self.caller(name)?;
        let (allowed, refusal) = match action {
            Action::Dbms(action) => (self.may(name, *action), denied(name, &format!("{} ON DBMS", action.keywords()))),
            Action::Impersonate(other) => {
                (self.may_impersonate(name, other), denied(name, &format!("IMPERSONATE ({other}) ON DBMS")))
            }
            Action::ResolveAlias(alias) => {
                (self.may_resolve(name, alias), denied(name, &format!("RESOLVE ALIAS ({alias}) ON DBMS")))
            }
            Action::Database(action, target) => {
                let privilege = format!("{} ON DATABASE {target}", action.keywords());
                (self.may_on(name, user, *action, target.as_str()), denied(name, &privilege))
            }
            Action::Access(target) => {
                let hidden = Rejection::DatabaseNotFound { name: target.to_string().into() };
                (self.may_access(name, user, target), hidden)
            }
        };
        if allowed { Ok(()) } else { Err(refusal) }
    }

    /// The database or alias that privileges on a name attach to.
    pub(super) fn privilege_name(&self, name: &str) -> Option<String> {
        if self.database(name).is_some() {
            return Some(name.to_string());
        }
        match &self.alias(name)?.kind {
            AliasKind::Local(database) => Some(database.to_string()),
            AliasKind::Remote(_) => Some(name.to_string()),
        }
    }

    pub(super) fn check_privileges(&self, actor: &Principal, command: &Command<Sealed>) -> Result<(), Rejection> {
        if let Principal::User(name) = actor {
            match (self.caller(name), command) {
                (
                    Err(Rejection::PasswordChangeRequired { .. }),
                    Command::ChangeOwnPassword { .. } | Command::Open(OpenCommand::EndToken { .. }),
                ) => {}
                (Err(refusal), _) => return Err(refusal),
                (Ok(_), _) => {}
            }
        }
        if let Command::Open(OpenCommand::SetDatabaseStatus { name, status }) = command {
            let online = *status == DatabaseStatus::Online;
            let action = if online { DatabaseAction::Start } else { DatabaseAction::Stop };
            return self.authorise(actor, &Action::Database(action, name.clone()));
        }
        for action in self.needed(command) {
            match (actor, command) {
                (Principal::User(user), Command::Open(OpenCommand::AlterDatabase { name, .. }))
                    if self.may_alter(user, action, name)
                        || (self.is_composite(name.as_str())
                            && self.may_alter(user, DbmsAction::AlterCompositeDatabase, name)) => {}
                (Principal::User(user), Command::Open(OpenCommand::DropDatabase { name, .. }))
                    if action == DbmsAction::DropDatabase
                        && self.is_composite(name.as_str())
                        && self.may(user, DbmsAction::DropCompositeDatabase) => {}
                (Principal::User(user), Command::Open(OpenCommand::AlterDatabase { .. })) => {
                    return Err(denied(user, &format!("{} ON DBMS", action.keywords())));
                }
                _ => self.authorise(actor, &Action::Dbms(action))?,
            }
        }
        Ok(())
    }

    fn caller(&self, name: &UserName) -> Result<&User, Rejection> {
        let Some(user) = self.user(name.as_str()) else {
            return Err(Rejection::UnknownActor { user: name.to_string().into() });
        };
        if user.status == UserStatus::Suspended {
            return Err(Rejection::SuspendedActor { user: name.to_string().into() });
        }
        if user.password_change_required {
            return Err(Rejection::PasswordChangeRequired { user: name.to_string().into() });
        }
        Ok(user)
    }

    /// An active user that can log in, surely or if there is such a certificate, give what others need, and take away what
    /// stands in their way.
    pub(super) fn somebody_administers(&self, surely: bool) -> bool {
        use DbmsAction::{AssignPrivilege, AssignRole, CreateUser, RemovePrivilege, SetPasswords};
        self.meta().is_some()
            && self.records.iter().any(|(key, record)| match (key, record) {
                (RecordKey::User(name), Record::User(user)) => {
                    let logs_in = user.password.is_some()
                        || !surely && user.auth.keys().any(|provider| provider.as_str() == "mtls");
                    let needed = [CreateUser, SetPasswords, AssignRole, AssignPrivilege, RemovePrivilege];
                    user.status == UserStatus::Active
                        && logs_in
                        && needed.into_iter().all(|action| self.may(name, action))
                }
                _ => false,
            })
    }

    fn may(&self, name: &UserName, action: DbmsAction) -> bool {
        let switch = self.meta().expect("formed").policy.database_management_implies_alias_management;
        self.allowed(name, |privilege| match privilege {
            Privilege::Dbms(held) => *held == action || covers(*held, action, switch),
            _ => false,
        })
    }

    /// On the DBMS, or on the database.
    fn may_alter(&self, name: &UserName, action: DbmsAction, target: &CatalogName) -> bool {
        let switch = self.meta().expect("formed").policy.database_management_implies_alias_management;
        let user = self.user(name.as_str()).expect("the caller is known");
        let default = &self.meta().expect("formed").default_database;
        let home = self.privilege_name(user.home.as_ref().unwrap_or(default).as_str());
        let words = action.keywords();
        let wider = if words.starts_with("SET") { "ALTER DATABASE" } else { words };
        self.allowed(name, |privilege| match privilege {
            Privilege::Dbms(held) => *held == action || covers(*held, action, switch),
            Privilege::Database(held, scope) if [words, wider].contains(&held.keywords()) => match scope {
                DatabaseScope::All => true,
                DatabaseScope::Home => home.as_deref() == Some(target.as_str()),
                DatabaseScope::Named(named) => named == target,
            },
            _ => false,
        })
    }

    /// Whether this is a composite database that the actor may not do this to, and so is not to learn of.
    pub(super) fn hides_composite(&self, actor: &Principal, name: &CatalogName, needed: DbmsAction) -> bool {
        let Principal::User(user) = actor else { return false };
        self.is_composite(name.as_str()) && !self.may_alter(user, needed, name)
    }

    fn may_resolve(&self, name: &UserName, alias: &CatalogName) -> bool {
        self.allowed(name, |privilege| match privilege {
            Privilege::Dbms(held) => *held == DbmsAction::ResolveAlias,
            Privilege::ResolveAlias(named) => named == alias,
            _ => false,
        })
    }

    fn may_impersonate(&self, name: &UserName, other: &UserName) -> bool {
        let allowed = self.allowed(name, |privilege| match privilege {
            Privilege::Impersonate(UserScope::All) | Privilege::Dbms(DbmsAction::All) => true,
            Privilege::Impersonate(UserScope::Named(user)) => user == other,
            _ => false,
        });
        allowed || name == other
    }

    fn may_access(&self, name: &UserName, user: &User, asked: &CatalogName) -> bool {
        let Some(target) = self.privilege_name(asked.as_str()) else { return false };
        let composite = self.alias(asked.as_str()).and_then(|alias| alias.composite.clone());
        let through = composite.is_none_or(|it| self.may_on(name, user, DatabaseAction::Access, it.as_str()));
        (through && self.may_on(name, user, DatabaseAction::Access, &target)) || target == "system"
    }

    fn may_on(&self, name: &UserName, user: &User, action: DatabaseAction, target: &str) -> bool {
        let default = &self.meta().expect("formed").default_database;
        let home = self.privilege_name(user.home.as_ref().unwrap_or(default).as_str());
        self.allowed(name, |privilege| match privilege {
            Privilege::Database(held, scope) if suffices(*held, action) => match scope {
                DatabaseScope::All => true,
                DatabaseScope::Home => home.as_deref() == Some(target),
                DatabaseScope::Named(named) => named.as_str() == target,
            },
            _ => false,
        })
    }

    /// Some role of the user is granted, and none denied, a privilege that counts.
    fn allowed(&self, user: &UserName, counts: impl Fn(&Privilege) -> bool) -> bool {
        let mut roles = vec!["PUBLIC".to_string()];
        for (key, _) in &self.records {
            if let RecordKey::RoleAssignment(member, role) = key
                && member == user
            {
                roles.push(role.to_string());
            }
        }
        let grants: Vec<&Grant> = self
            .records
            .iter()
            .filter_map(|(key, record)| match (key, record) {
                (RecordKey::Grant(grant), Record::Grant(_)) => Some(&**grant),
                _ => None,
            })
            .filter(|grant| roles.contains(&grant.role.to_string()) && counts(&grant.privilege))
            .collect();
        grants.iter().all(|grant| grant.effect == GrantEffect::Granted) && !grants.is_empty()
    }
}

/// Which privilege on a database allows which action on it, as far as the tests ask.
fn suffices(held: DatabaseAction, action: DatabaseAction) -> bool {
    match action {
        DatabaseAction::Start | DatabaseAction::Stop => held == action,
        DatabaseAction::Access => [DatabaseAction::Access, DatabaseAction::All].contains(&held),
        DatabaseAction::CreateIndex => {
            [DatabaseAction::CreateIndex, DatabaseAction::IndexManagement, DatabaseAction::All].contains(&held)
        }
        _ => unreachable!("nobody asks for {action:?}"),
    }
}

fn denied(user: &UserName, privilege: &str) -> Rejection {
    Rejection::PermissionDenied { user: user.to_string().into(), privilege: privilege.into() }
}

/// The implication table: what a group of privileges stands for.
fn covers(group: DbmsAction, action: DbmsAction, database_covers_alias: bool) -> bool {
    use DbmsAction as A;
    let of_aliases = [A::AliasManagement, A::CreateAlias, A::DropAlias, A::AlterAlias, A::ShowAlias];
    let of_altering_databases = [A::AlterDatabase, A::SetDatabaseAccess, A::SetDatabaseDefaultLanguage];
    let of_composites = [
        A::CompositeDatabaseManagement,
        A::CreateCompositeDatabase,
        A::DropCompositeDatabase,
        A::AlterCompositeDatabase,
    ];
    let of_altering_users = [A::AlterUser, A::SetPasswords, A::SetAuth, A::SetUserStatus, A::SetUserHomeDatabase];
    match group {
        A::All => action != A::ResolveAlias,
        A::AliasManagement => of_aliases.contains(&action),
        A::DatabaseManagement => {
            [A::CreateDatabase, A::DropDatabase].contains(&action)
                || of_altering_databases.contains(&action)
                || of_composites.contains(&action)
                || (database_covers_alias && of_aliases.contains(&action))
        }
        A::AlterDatabase => of_altering_databases.contains(&action),
        A::CompositeDatabaseManagement => of_composites.contains(&action),
        A::SetAuth => action == A::SetPasswords,
        A::AlterUser => of_altering_users.contains(&action),
        A::UserManagement => {
            [A::CreateUser, A::DropUser, A::RenameUser, A::ShowUser].contains(&action)
                || of_altering_users.contains(&action)
        }
        A::RoleManagement => {
            [A::CreateRole, A::DropRole, A::RenameRole, A::ShowRole, A::AssignRole, A::RemoveRole].contains(&action)
        }
        A::PrivilegeManagement => [A::ShowPrivilege, A::AssignPrivilege, A::RemovePrivilege].contains(&action),
        A::ServerManagement => action == A::ShowServers,
        A::UserMetadataManagement => [A::SetUserMetadata, A::ShowUserMetadata].contains(&action),
        A::AuthRuleManagement => {
            let drop_or_show = [A::DropAuthRule, A::ShowAuthRule].contains(&action);
            drop_or_show || [A::CreateAuthRule, A::AlterAuthRule, A::RenameAuthRule].contains(&action)
        }
        _ => false,
    }
}

impl Model {
    fn needed(&self, command: &Command<Sealed>) -> Vec<DbmsAction> {
        use DbmsAction as A;
        let replacing = |mode: CreateMode, drop: A| if mode == CreateMode::OrReplace { vec![drop] } else { vec![] };
        let and = |first: A, rest: Vec<A>| [vec![first], rest].concat();
        match command {
            Command::Bootstrap(_) => vec![],
            Command::CreateAlias(create) => and(A::CreateAlias, replacing(create.mode, A::DropAlias)),
            Command::AlterAlias(_) => vec![A::AlterAlias],
            Command::Open(OpenCommand::DropAlias { .. }) => vec![A::DropAlias],
            Command::Open(OpenCommand::CreateDatabase { mode, composite: false, .. }) => {
                and(A::CreateDatabase, replacing(*mode, A::DropDatabase))
            }
            Command::Open(OpenCommand::CreateDatabase { mode, composite: true, .. }) => {
                and(A::CreateCompositeDatabase, replacing(*mode, A::DropCompositeDatabase))
            }
            Command::Open(OpenCommand::DropDatabase { composite, cascade_aliases, .. }) => {
                let drop = if *composite { A::DropCompositeDatabase } else { A::DropDatabase };
                and(drop, if *cascade_aliases { vec![A::DropAlias] } else { vec![] })
            }
            Command::Open(OpenCommand::AlterDatabase { access, default_language, .. }) => {
                match (access, default_language) {
                    (Some(_), Some(_)) => vec![A::SetDatabaseAccess, A::SetDatabaseDefaultLanguage],
                    (Some(_), None) => vec![A::SetDatabaseAccess],
                    (None, Some(_)) => vec![A::SetDatabaseDefaultLanguage],
                    (None, None) => vec![A::AlterDatabase],
                }
            }
            Command::Open(OpenCommand::SetDatabaseStatus { .. } | OpenCommand::EndToken { .. })
            | Command::ChangeOwnPassword { .. } => vec![],
            Command::Open(OpenCommand::SetPolicy(_)) => vec![A::AlterClusterPolicy],
            Command::Open(OpenCommand::ChangeMembers(_)) => vec![A::ServerManagement],
            Command::Open(OpenCommand::SetDefaultDatabase { .. }) => vec![A::ExecuteAdminProcedures],
            Command::Open(OpenCommand::RenameUser { .. }) => vec![A::RenameUser],
            Command::Open(OpenCommand::RenameRole { .. }) => vec![A::RenameRole],
            Command::CreateUser(create) => {
                let tagging = if create.tags.is_empty() { vec![] } else { vec![A::SetUserMetadata] };
                [and(A::CreateUser, replacing(create.mode, A::DropUser)), tagging].concat()
            }
            Command::Open(OpenCommand::AlterUserTags { .. }) => vec![A::AlterUser, A::SetUserMetadata],
            Command::Open(OpenCommand::Retired(rule)) => vec![needed_for_rule(rule)],
            Command::AlterUser(alter) => needed_to_alter(alter),
            Command::Open(OpenCommand::DropUser { .. }) => vec![A::DropUser],
            Command::Open(OpenCommand::CreateRole { mode, .. }) => and(A::CreateRole, replacing(*mode, A::DropRole)),
            Command::Open(OpenCommand::DropRole { .. }) => vec![A::DropRole],
            Command::Open(OpenCommand::GrantRoles { .. }) => vec![A::AssignRole],
            Command::Open(OpenCommand::RevokeRoles { .. }) => vec![A::RemoveRole],
            Command::Open(OpenCommand::AssignPrivileges { .. }) => vec![A::AssignPrivilege],
            Command::Open(OpenCommand::RevokePrivileges { .. }) => vec![A::RemovePrivilege],
        }
    }
}

fn needed_to_alter(alter: &AlterUser<Sealed>) -> Vec<DbmsAction> {
    let mut actions = Vec::new();
    if alter.password.is_some() {
        actions.push(DbmsAction::SetPasswords);
    }
    if alter.status.is_some() {
        actions.push(DbmsAction::SetUserStatus);
    }
    if alter.home.is_some() {
        actions.push(DbmsAction::SetUserHomeDatabase);
    }
    let removal = &alter.remove_auth;
    if removal.all || removal.native || !removal.providers.is_empty() || !alter.set_auth.is_empty() {
        actions.push(DbmsAction::SetAuth);
    }
    if actions.is_empty() {
        actions.push(DbmsAction::AlterUser);
    }
    if alter.tags.clear || !alter.tags.remove.is_empty() || !alter.tags.add.is_empty() {
        actions.push(DbmsAction::SetUserMetadata);
    }
    actions
}

fn needed_for_rule(command: &RetiredCommand) -> DbmsAction {
    match command {
        RetiredCommand::Alter { .. } => DbmsAction::AlterAuthRule,
        RetiredCommand::Rename { .. } => DbmsAction::RenameAuthRule,
        RetiredCommand::Drop { .. } => DbmsAction::DropAuthRule,
        RetiredCommand::GrantRoles { .. } => DbmsAction::AssignRole,
        RetiredCommand::RevokeRoles { .. } => DbmsAction::RemoveRole,
    }
}
