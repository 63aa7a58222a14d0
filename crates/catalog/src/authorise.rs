//! Who may do what. The same function answers before an entry is proposed, as a courtesy, and inside
//! `apply`, where it counts: a REVOKE that was committed earlier always wins.

use crate::standing::RoleStanding;
use crate::{
    AliasTarget, AlterUser, Catalog, CatalogName, Command, CreateMode, DatabaseAction, DatabaseKind, DatabaseScope,
    DbmsAction, Grant, Principal, Privilege, Rejection, RoleName, Stage, User, UserName, UserScope, UserStatus,
};

/// What a principal wants to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Something on the DBMS.
    Dbms(DbmsAction),
    /// Ask on behalf of this user.
    Impersonate(UserName),
    /// Use the database or alias of this name.
    Access(CatalogName),
    /// Something on the database of this name.
    Database(DatabaseAction, CatalogName),
}

impl Catalog {
    /// Whether `who` may do `action` now.
    ///
    /// # Errors
    /// The user is unknown or suspended, must change the password first, or lacks the privilege. For
    /// [`Action::Access`] a missing name and a missing privilege give the same answer.
    pub fn authorise(&self, who: &Principal, action: &Action) -> Result<(), Rejection> {
        let Principal::User(name) = who else { return Ok(()) };
        self.require_active(name)?;
        let denied = |privilege| Rejection::PermissionDenied { user: name.to_string(), privilege };
        match action {
            Action::Dbms(action) if self.may(name, *action) => Ok(()),
            Action::Impersonate(user) if self.may_impersonate(name, user) => Ok(()),
            Action::Access(target) if self.may_access(name, target) => Ok(()),
            Action::Dbms(action) => Err(denied(format!("{} ON DBMS", action.keywords()))),
            Action::Impersonate(user) => Err(denied(format!("IMPERSONATE ({user}) ON DBMS"))),
            Action::Access(target) => Err(Rejection::DatabaseNotFound { name: target.to_string() }),
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
                for action in command.required() {
                    self.authorise(who, &Action::Dbms(action))?;
                }
            }
        }
        Ok(())
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
        let user = name.to_string();
        match self.user(name.as_str()) {
            None => Err(Rejection::UnknownActor { user }),
            Some(found) if found.status == UserStatus::Suspended => Err(Rejection::SuspendedActor { user }),
            Some(found) if found.password_change_required => Err(Rejection::PasswordChangeRequired { user }),
            Some(_) => Ok(()),
        }
    }

    fn may(&self, user: &UserName, action: DbmsAction) -> bool {
        let policy = self.meta().map(|meta| meta.policy).unwrap_or_default();
        let sufficient = action.satisfied_by(policy.database_management_implies_alias_management);
        self.decide(user, sufficient.into_iter().map(Privilege::Dbms))
    }

    fn may_impersonate(&self, actor: &UserName, user: &UserName) -> bool {
        if actor == user {
            return true;
        }
        let named = Privilege::Impersonate(UserScope::Named(user.clone()));
        let all = Privilege::Impersonate(UserScope::All);
        self.decide(actor, [named, all, Privilege::Dbms(DbmsAction::All)].into_iter())
    }

    fn may_access(&self, name: &UserName, asked: &CatalogName) -> bool {
        let (Some(target), Some(user)) = (self.privilege_target(asked), self.user(name.as_str())) else {
            return false;
        };
        if self.database(target.as_str()).is_some_and(|database| database.kind == DatabaseKind::System) {
            return true;
        }
        let home = self.home_of(user).and_then(|home| self.privilege_target(&home));
        let is_home = home.is_some_and(|home| home == target);
        let scopes =
            [Some(DatabaseScope::Named(target)), Some(DatabaseScope::All), is_home.then_some(DatabaseScope::Home)];
        let sufficient = scopes.into_iter().flatten().flat_map(|scope| {
            [DatabaseAction::Access, DatabaseAction::All].map(|action| Privilege::Database(action, scope.clone()))
        });
        self.decide(name, sufficient)
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

impl<S: Stage> Command<S> {
    /// The DBMS privileges that the command needs, in the order they are checked.
    pub fn required(&self) -> Vec<DbmsAction> {
        let creating = |mode: CreateMode, create: DbmsAction, drop: DbmsAction| match mode {
            CreateMode::OrReplace => vec![create, drop],
            CreateMode::Fail | CreateMode::IfNotExists => vec![create],
        };
        match self {
            Self::Bootstrap(_) => Vec::new(),
            Self::CreateAlias(create) => creating(create.mode, DbmsAction::CreateAlias, DbmsAction::DropAlias),
            Self::AlterAlias(_) => vec![DbmsAction::AlterAlias],
            Self::DropAlias { .. } => vec![DbmsAction::DropAlias],
            Self::CreateDatabase { mode, .. } => creating(*mode, DbmsAction::CreateDatabase, DbmsAction::DropDatabase),
            Self::DropDatabase { cascade_aliases: true, .. } => vec![DbmsAction::DropDatabase, DbmsAction::DropAlias],
            Self::DropDatabase { .. } => vec![DbmsAction::DropDatabase],
            Self::CreateUser(create) => creating(create.mode, DbmsAction::CreateUser, DbmsAction::DropUser),
            Self::AlterUser(alter) => alter.required(),
            Self::DropUser { .. } => vec![DbmsAction::DropUser],
            Self::CreateRole { mode, .. } => creating(*mode, DbmsAction::CreateRole, DbmsAction::DropRole),
            Self::DropRole { .. } => vec![DbmsAction::DropRole],
            Self::GrantRoles { .. } => vec![DbmsAction::AssignRole],
            Self::RevokeRoles { .. } => vec![DbmsAction::RemoveRole],
            Self::AssignPrivileges { .. } => vec![DbmsAction::AssignPrivilege],
            Self::RevokePrivileges { .. } => vec![DbmsAction::RemovePrivilege],
        }
    }

    /// Whether the command stores an encrypted credential, so that a member without the active key cannot
    /// propose it.
    pub fn stores_credential(&self) -> bool {
        match self {
            Self::CreateAlias(create) => matches!(create.target, AliasTarget::Remote(_)),
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
        // Nothing to change needs the widest one rather than none.
        if needed.is_empty() { vec![DbmsAction::AlterUser] } else { needed }
    }
}
