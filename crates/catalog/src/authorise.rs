//! Who may do what. The same function answers before an entry is proposed, as a courtesy, and inside
//! `apply`, where it counts: a REVOKE that was committed earlier always wins.

use crate::standing::RoleStanding;
use crate::visibility::{AccessNeeded, sufficient_to_impersonate, sufficient_to_resolve};
use crate::{
    Action, AliasTarget, AlterUser, Catalog, CatalogName, Command, CreateMode, DatabaseAction, DatabaseKind,
    DatabaseScope, DatabaseStatus, DbmsAction, Grant, OpenCommand, Principal, Privilege, Rejection, RetiredCommand,
    RoleName, Stage, User, UserName, UserScope, UserStatus,
};

impl Catalog {
    /// Whether `who` may do `action` now.
    ///
    /// # Errors
    /// The user is unknown or suspended, must change the password first, or lacks the privilege. For
    /// [`Action::Access`] a missing name and a missing privilege give the same answer.
    pub fn authorise(&self, who: &Principal, action: &Action) -> Result<(), Rejection> {
        let Principal::User(name) = who else { return Ok(()) };
        self.require_active(name)?;
        let denied = || Rejection::PermissionDenied { user: name.into(), privilege: action.clone().into() };
        match action {
            Action::Dbms(action) if self.holds_on_dbms(name, *action) => Ok(()),
            Action::Impersonate(user) if self.may_impersonate(name, user) => Ok(()),
            Action::ResolveAlias(alias) if self.holds(name, &sufficient_to_resolve(alias)) => Ok(()),
            Action::Access(target) if self.may_access(name, target) => Ok(()),
            Action::Database(action, target) if self.may_on(name, *action, target) => Ok(()),
            Action::Access(target) => Err(Rejection::DatabaseNotFound { name: target.into() }),
            Action::Dbms(_) | Action::Impersonate(_) | Action::ResolveAlias(_) | Action::Database(..) => Err(denied()),
        }
    }

    /// Whether `who` may do anything at all: what is open to everyone needs no privilege beyond this.
    ///
    /// # Errors
    /// The user is unknown or suspended, or must change the password first.
    pub fn authorise_caller(&self, who: &Principal) -> Result<(), Rejection> {
        match who {
            Principal::User(name) => self.require_active(name),
            Principal::System => Ok(()),
        }
    }

    /// Whether `who` may run `command` now: every privilege the command needs, in the order they are
    /// checked.
    ///
    /// # Errors
    /// As [`Catalog::authorise`]; also when the cluster has no catalog yet.
    pub fn authorise_command<S: Stage>(&self, who: &Principal, command: &Command<S>) -> Result<(), Rejection> {
        let bootstrap = matches!(command, Command::Bootstrap(_));
        match (self.meta().is_some(), bootstrap) {
            (false, false) => return Err(Rejection::NotFormed {}),
            (true, true) => return Err(Rejection::AlreadyFormed {}),
            (false, true) => {}
            (true, false) => {
                self.require_caller_of(who, command)?;
                for action in self.required(command) {
                    let instead = self.instead_on_composite(command, &action);
                    if instead.is_none_or(|composite| self.authorise(who, &composite).is_err()) {
                        self.authorise(who, &action)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// A password that must be changed can be, and a token ended: everything else waits for that.
    fn require_caller_of<S: Stage>(&self, who: &Principal, command: &Command<S>) -> Result<(), Rejection> {
        match self.authorise_caller(who) {
            Err(Rejection::PasswordChangeRequired { .. })
                if matches!(
                    command,
                    Command::ChangeOwnPassword { .. } | Command::Open(OpenCommand::EndToken { .. })
                ) =>
            {
                Ok(())
            }
            answer => answer,
        }
    }

    /// The roles whose privileges count for a user: the assigned ones and `PUBLIC`.
    pub fn effective_roles(&self, user: &UserName) -> Vec<RoleName> {
        self.roles_of(user).cloned().chain([RoleName::public()]).collect()
    }

    /// Every grant and denial that counts for a user, by role.
    pub fn effective_grants(&self, user: &UserName) -> Vec<Grant> {
        let roles = self.effective_roles(user);
        roles.iter().flat_map(|role| self.grants_of(role)).map(|(grant, _)| grant.clone()).collect()
    }

    /// Where "home" leads for a user.
    pub fn home_of(&self, user: &User) -> Option<CatalogName> {
        user.home.clone().or_else(|| self.meta().map(|meta| meta.default_database.clone()))
    }

    fn require_active(&self, name: &UserName) -> Result<(), Rejection> {
        match self.user(name.as_str()) {
            None => Err(Rejection::UnknownActor { user: name.into() }),
            Some(found) if found.status == UserStatus::Suspended => {
                Err(Rejection::SuspendedActor { user: name.into() })
            }
            Some(found) if found.password_change_required => {
                Err(Rejection::PasswordChangeRequired { user: name.into() })
            }
            Some(_) => Ok(()),
        }
    }

    /// Whether a user holds a privilege on the DBMS, whatever else keeps it from acting.
    pub(crate) fn holds_on_dbms(&self, user: &UserName, action: DbmsAction) -> bool {
        self.decide(user, self.sufficient_on_dbms(action))
    }

    fn sufficient_on_dbms(&self, action: DbmsAction) -> impl Iterator<Item = Privilege> + use<> {
        let policy = self.meta().map(|meta| meta.policy).unwrap_or_default();
        let sufficient = action.satisfied_by(policy.database_management_implies_alias_management);
        sufficient.into_iter().map(Privilege::Dbms)
    }

    fn may_impersonate(&self, actor: &UserName, user: &UserName) -> bool {
        actor == user || self.holds(actor, &sufficient_to_impersonate(&UserScope::Named(user.clone())))
    }

    fn may_access(&self, name: &UserName, asked: &CatalogName) -> bool {
        match self.access_needed(asked) {
            None => false,
            Some(AccessNeeded::Nothing) => true,
            Some(AccessNeeded::On(names)) => names.iter().all(|on| self.may_on(name, DatabaseAction::Access, on)),
        }
    }

    /// Whether a user holds a database privilege on the name that privileges attach to, whether or not anything has it.
    fn may_on(&self, name: &UserName, action: DatabaseAction, target: &CatalogName) -> bool {
        let Some(user) = self.user(name.as_str()) else { return false };
        let on_dbms = action.on_dbms().into_iter().flat_map(|action| self.sufficient_on_dbms(action));
        self.decide(name, self.sufficient_on(user, action, target).into_iter().chain(on_dbms))
    }

    /// The privileges that each suffice for an action on a database.
    pub(crate) fn sufficient_on(&self, user: &User, action: DatabaseAction, target: &CatalogName) -> Vec<Privilege> {
        let home = self.home_of(user).and_then(|home| self.privilege_target(&home));
        let is_home = home.is_some_and(|home| home == *target);
        let named = DatabaseScope::Named(target.clone());
        let scopes = [Some(named), Some(DatabaseScope::All), is_home.then_some(DatabaseScope::Home)];
        let on = |scope: DatabaseScope| {
            action.satisfied_by().into_iter().map(move |action| Privilege::Database(action, scope.clone()))
        };
        scopes.into_iter().flatten().flat_map(on).collect()
    }

    /// Whether a user holds one of these privileges and is denied none of them.
    pub(crate) fn holds(&self, user: &UserName, sufficient: &[Privilege]) -> bool {
        self.decide(user, sufficient.iter().cloned())
    }

    /// Whether some role is granted, and no role denied, one of the sufficient privileges.
    fn decide(&self, user: &UserName, sufficient: impl Iterator<Item = Privilege>) -> bool {
        let assigned = self.roles_of(user).filter_map(|role| self.standing_of(role.as_str()));
        let roles: Vec<&RoleStanding> = assigned.chain(self.standing_of(RoleName::PUBLIC)).collect();
        let mut granted = false;
        for privilege in sufficient {
            for standing in roles.iter().filter_map(|role| role.get(&privilege)) {
                if standing.is_denied() {
                    return false;
                }
                granted = granted || standing.is_granted();
            }
        }
        granted
    }
}

impl Catalog {
    /// What the command needs, in the order it is checked. It follows from what is written alone: whichever privilege a
    /// refusal names, it tells nothing of what there is.
    fn required<S: Stage>(&self, command: &Command<S>) -> Vec<Action> {
        let dbms = |actions: &[DbmsAction]| actions.iter().copied().map(Action::Dbms).collect();
        let creating = |mode: CreateMode, create: DbmsAction, drop: DbmsAction| match mode {
            CreateMode::OrReplace => dbms(&[create, drop]),
            CreateMode::Fail | CreateMode::IfNotExists => dbms(&[create]),
        };
        match command {
            Command::Bootstrap(_) | Command::ChangeOwnPassword { .. } | Command::Open(OpenCommand::EndToken { .. }) => {
                Vec::new()
            }
            Command::CreateAlias(create) => creating(create.mode, DbmsAction::CreateAlias, DbmsAction::DropAlias),
            Command::AlterAlias(_) => dbms(&[DbmsAction::AlterAlias]),
            Command::Open(OpenCommand::DropAlias { .. }) => dbms(&[DbmsAction::DropAlias]),
            Command::Open(OpenCommand::CreateDatabase { mode, composite: true, .. }) => {
                creating(*mode, DbmsAction::CreateCompositeDatabase, DbmsAction::DropCompositeDatabase)
            }
            Command::Open(OpenCommand::CreateDatabase { mode, .. }) => {
                creating(*mode, DbmsAction::CreateDatabase, DbmsAction::DropDatabase)
            }
            Command::Open(OpenCommand::AlterDatabase { name, access, default_language, .. }) => {
                let actions = required_to_alter(access.is_some(), default_language.is_some());
                actions.map(|action| Action::Database(action, name.clone())).collect()
            }
            Command::Open(OpenCommand::SetDatabaseStatus { name, status: DatabaseStatus::Online }) => {
                vec![Action::Database(DatabaseAction::Start, name.clone())]
            }
            Command::Open(OpenCommand::SetDatabaseStatus { name, status: DatabaseStatus::Offline }) => {
                vec![Action::Database(DatabaseAction::Stop, name.clone())]
            }
            Command::Open(OpenCommand::SetDefaultDatabase { .. }) => dbms(&[DbmsAction::ExecuteAdminProcedures]),
            Command::Open(OpenCommand::SetPolicy(_)) => dbms(&[DbmsAction::AlterClusterPolicy]),
            Command::Open(OpenCommand::ChangeMembers(_)) => dbms(&[DbmsAction::ServerManagement]),
            Command::Open(OpenCommand::DropDatabase { composite, cascade_aliases, .. }) => {
                let drop = if *composite { DbmsAction::DropCompositeDatabase } else { DbmsAction::DropDatabase };
                if *cascade_aliases { dbms(&[drop, DbmsAction::DropAlias]) } else { dbms(&[drop]) }
            }
            Command::CreateUser(create) => {
                let mut needed = creating(create.mode, DbmsAction::CreateUser, DbmsAction::DropUser);
                needed.extend((!create.tags.is_empty()).then_some(Action::Dbms(DbmsAction::SetUserMetadata)));
                needed
            }
            Command::Open(OpenCommand::AlterUserTags { .. }) => {
                dbms(&[DbmsAction::AlterUser, DbmsAction::SetUserMetadata])
            }
            Command::AlterUser(alter) => dbms(&alter.required()),
            Command::Open(OpenCommand::RenameUser { .. }) => dbms(&[DbmsAction::RenameUser]),
            Command::Open(OpenCommand::DropUser { .. }) => dbms(&[DbmsAction::DropUser]),
            Command::Open(OpenCommand::CreateRole { mode, .. }) => {
                creating(*mode, DbmsAction::CreateRole, DbmsAction::DropRole)
            }
            Command::Open(OpenCommand::RenameRole { .. }) => dbms(&[DbmsAction::RenameRole]),
            Command::Open(OpenCommand::DropRole { .. }) => dbms(&[DbmsAction::DropRole]),
            Command::Open(OpenCommand::GrantRoles { .. }) => dbms(&[DbmsAction::AssignRole]),
            Command::Open(OpenCommand::RevokeRoles { .. }) => dbms(&[DbmsAction::RemoveRole]),
            Command::Open(OpenCommand::Retired(rule)) => dbms(&[match rule {
                RetiredCommand::Alter { .. } => DbmsAction::AlterAuthRule,
                RetiredCommand::Rename { .. } => DbmsAction::RenameAuthRule,
                RetiredCommand::Drop { .. } => DbmsAction::DropAuthRule,
                RetiredCommand::GrantRoles { .. } => DbmsAction::AssignRole,
                RetiredCommand::RevokeRoles { .. } => DbmsAction::RemoveRole,
            }]),
            Command::Open(OpenCommand::AssignPrivileges { .. }) => dbms(&[DbmsAction::AssignPrivilege]),
            Command::Open(OpenCommand::RevokePrivileges { .. }) => dbms(&[DbmsAction::RemovePrivilege]),
        }
    }

    /// What suffices instead of `required` for a command on a database that is composite, although it is not written so.
    fn instead_on_composite<S: Stage>(&self, command: &Command<S>, required: &Action) -> Option<Action> {
        let composite = match (command, required) {
            (
                Command::Open(OpenCommand::DropDatabase { name, composite: false, .. }),
                Action::Dbms(DbmsAction::DropDatabase),
            ) => (name, Action::Dbms(DbmsAction::DropCompositeDatabase)),
            (Command::Open(OpenCommand::AlterDatabase { name, .. }), _) => {
                (name, Action::Database(DatabaseAction::AlterCompositeDatabase, name.clone()))
            }
            _ => return None,
        };
        self.is_composite(composite.0).then_some(composite.1)
    }

    /// Whether the composite databases that `who` may drop, or alter, include this one if it is one. To whoever may not,
    /// a command that is for databases of either kind finds none.
    pub(crate) fn may_if_composite(&self, who: &Principal, action: &Action, name: &CatalogName) -> bool {
        !self.is_composite(name) || self.authorise(who, action).is_ok()
    }

    fn is_composite(&self, name: &CatalogName) -> bool {
        self.database(name.as_str()).is_some_and(|database| database.kind == DatabaseKind::Composite)
    }
}

/// Each of them on the database, or on the DBMS.
fn required_to_alter(access: bool, language: bool) -> impl Iterator<Item = DatabaseAction> {
    let parts = [
        (access, DatabaseAction::SetDatabaseAccess),
        (language, DatabaseAction::SetDatabaseDefaultLanguage),
        // Nothing to change needs the widest one rather than none.
        (!access && !language, DatabaseAction::AlterDatabase),
    ];
    parts.into_iter().filter(|(present, _)| *present).map(|(_, action)| action)
}

impl<S: Stage> Command<S> {
    /// Whether the command stores an encrypted credential, so that a member without the active key cannot
    /// propose it.
    pub fn stores_credential(&self) -> bool {
        match self {
            Self::CreateAlias(create) => match &create.target {
                AliasTarget::Remote(target) => target.login.credential().is_some(),
                AliasTarget::Local(_) => false,
            },
            Self::AlterAlias(alter) => alter.credential.is_some(),
            _ => false,
        }
    }
}

impl<S: Stage> AlterUser<S> {
    fn required(&self) -> Vec<DbmsAction> {
        let parts = [
            (self.password.is_some(), DbmsAction::SetPasswords),
            (self.status.is_some(), DbmsAction::SetUserStatus),
            (self.home.is_some(), DbmsAction::SetUserHomeDatabase),
            (!self.remove_auth.is_empty() || !self.set_auth.is_empty(), DbmsAction::SetAuth),
        ];
        let needed: Vec<DbmsAction> =
            parts.into_iter().filter(|(present, _)| *present).map(|(_, action)| action).collect();
        // Nothing to change needs the widest one rather than none, and so do tags, besides their own.
        let needed = if needed.is_empty() { vec![DbmsAction::AlterUser] } else { needed };
        let tags = (!self.tags.is_empty()).then_some(DbmsAction::SetUserMetadata);
        needed.into_iter().chain(tags).collect()
    }
}
