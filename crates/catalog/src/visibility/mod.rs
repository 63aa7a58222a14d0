//! What a principal may see, use and be told of: the only place that decides it. Listings, resolving, watches,
//! explanations and effective privileges all ask here; none of them combines privileges of its own.
//!
//! It decides from the catalog and the privileges alone. It never says *why* something is hidden: what may not be known and
//! what does not exist give one and the same answer. It never judges a command; that is `authorise`, inside `apply`.
//!
//! Everything takes an active user, whose password need not be changed first, but for what a watch tells a user of itself.
//! "Privilege" means granted to some role of the user and denied to none.
//!
//! | question | who may | source of the rule |
//! |---|---|---|
//! | **ask** | | [`Question::needs`] |
//! | list aliases | SHOW ALIAS; DATABASE MANAGEMENT suffices where the policy says so | semantics §1.2, §0.1 |
//! | list databases | everybody; rows are hidden one by one | semantics §1.8 |
//! | list users | SHOW USER | semantics §4.1 |
//! | list the user that one is | everybody | semantics §4.1 |
//! | list roles; with their users; with auth rules | SHOW ROLE; also SHOW USER; also SHOW AUTH RULE | semantics §4.2 |
//! | list auth rules | SHOW AUTH RULE | semantics §4.2 |
//! | list privileges, of everybody or of roles | SHOW PRIVILEGE | semantics §4.6 |
//! | list privileges of users, effective ones too | SHOW PRIVILEGE and SHOW USER | semantics §4.6 |
//! | list privileges of auth rules | SHOW PRIVILEGE and SHOW AUTH RULE | semantics §4.6 |
//! | list one's own privileges, effective ones too | everybody | semantics §4.6 |
//! | list what could be granted | everybody | semantics §4.6 |
//! | list what every member decides by | ALTER CLUSTER POLICY | decision 0007 |
//! | list the members of the cluster | SHOW SERVERS | semantics §4.8 |
//! | list what tools ask of any DBMS | everybody | semantics §4.8 |
//! | have anybody's access to any name explained | SHOW USER, SHOW PRIVILEGE and SHOW ALIAS: it tells of all three | here |
//! | have one's own access explained | everybody; a name that one may not use is explained as one that nothing has | semantics §0.13 |
//! | **use** | | |
//! | a database | ACCESS on it; `system` is everybody's | semantics §1.8, §4.3 |
//! | an alias | ACCESS on what it stands for, and on its composite database | semantics §4.5 |
//! | a name that nothing has | nobody, with the answer that a hidden one gives | semantics §0.13 |
//! | act for another user | IMPERSONATE of that user; for oneself one always may | semantics §0.4 |
//! | receive stored credentials | RESOLVE ALIAS of the alias or of every one, which nothing else implies | semantics §0.4 |
//! | **see in a listing** | | |
//! | a database, also as the target of a local alias | who may use it, or administers databases of its kind | semantics §1.2, §1.8 |
//! | … administers standard ones | CREATE, DROP or ALTER DATABASE, or SET DATABASE ACCESS | semantics §1.8 |
//! | … administers composite ones | CREATE or DROP COMPOSITE DATABASE | semantics §1.8 |
//! | where a remote alias leads | who lists aliases | semantics §0.9 |
//! | that an alias leads to a database or is in one | who may use the alias or lists aliases | semantics §0.13 |
//! | what users are tagged with, oneself included | SHOW USER METADATA | semantics §4.1 |
//! | what stands for one's own home | who sees what stands for it | semantics §0.13 |
//! | **be told of in a watch** ([`Watcher`]) | just before or just after the change: | semantics §0.8, §0.13 |
//! | a database or alias | who sees it in a listing, may use it, or may act for one who may | here |
//! | … who may act for everybody | every one: somebody may be given ACCESS to it | here |
//! | a user and its roles | the user itself, active or not; who may act for it; SHOW USER | here |
//! | a role and its privileges | whom it counts for; who may act for such a user; SHOW ROLE or SHOW PRIVILEGE | here |
//! | … who may act for everybody | every one: somebody may be given it | here |
//! | the settings that routes depend on | everybody: they name nothing | here |
//!
//! Who may act for everybody but is denied IMPERSONATE of single users may not act for those, here as in resolving.

mod answers;
mod explain;
mod reach;
mod resolve;
mod rules;
mod watch;

#[cfg(test)]
mod tests;

use std::cell::OnceCell;

use self::reach::Reach;
use crate::{
    Action, AliasName, Catalog, CatalogName, DatabaseKind, DatabaseName, DbmsAction, Named, Principal, Rejection,
    RoleName, UserName,
};

pub use self::answers::{EffectiveHome, EffectivePrivileges};
pub use self::explain::{Explanation, Found, Rule, UserStanding};
pub use self::resolve::{Destination, ResolveRequest, ResolveTarget, Route};
pub(crate) use self::rules::{AccessNeeded, sufficient_to_impersonate, sufficient_to_resolve};
pub use self::watch::{WatchEvent, WatchKind, WatchSubject, Watcher};

/// A question that takes privileges to ask, whatever it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// Which aliases there are, and where they lead.
    Aliases,
    /// Which databases there are.
    Databases,
    /// Which users there are, with their roles.
    Users,
    /// What users are tagged with, oneself included.
    UserTags,
    /// Who one is.
    CurrentUser,
    /// Which roles there are.
    Roles,
    /// Which users have which roles.
    RolesWithUsers,
    /// Which roles are given by which rules.
    RolesWithAuthRules,
    /// Which auth rules there are.
    AuthRules,
    /// What roles are granted and denied.
    Privileges,
    /// What counts for other users.
    PrivilegesOfUsers,
    /// What auth rules give.
    PrivilegesOfAuthRules,
    /// What counts for oneself.
    OwnPrivileges,
    /// What every member decides by.
    ClusterPolicy,
    /// What could be granted.
    SupportedPrivileges,
    /// Which members the cluster has.
    Servers,
    /// What is the same for everybody: procedures, functions, the program itself.
    Program,
    /// Why anybody can or cannot use any name.
    AccessOfAnybody,
    /// Why one can or cannot use a name oneself.
    OwnAccess,
}

impl Question {
    /// Every question, in declaration order.
    pub const ALL: &'static [Self] = &[
        Self::Aliases,
        Self::Databases,
        Self::Users,
        Self::UserTags,
        Self::CurrentUser,
        Self::Roles,
        Self::RolesWithUsers,
        Self::RolesWithAuthRules,
        Self::AuthRules,
        Self::Privileges,
        Self::PrivilegesOfUsers,
        Self::PrivilegesOfAuthRules,
        Self::OwnPrivileges,
        Self::ClusterPolicy,
        Self::SupportedPrivileges,
        Self::Servers,
        Self::Program,
        Self::AccessOfAnybody,
        Self::OwnAccess,
    ];

    /// The privileges that it takes, all of them, in the order in which they are asked for. None: any active user may ask.
    pub fn needs(self) -> &'static [DbmsAction] {
        use DbmsAction as A;
        match self {
            Self::Databases
            | Self::CurrentUser
            | Self::OwnPrivileges
            | Self::SupportedPrivileges
            | Self::Program
            | Self::OwnAccess => &[],
            Self::Servers => &[A::ShowServers],
            Self::Aliases => &[A::ShowAlias],
            Self::Users => &[A::ShowUser],
            Self::UserTags => &[A::ShowUserMetadata],
            Self::Roles => &[A::ShowRole],
            Self::RolesWithUsers => &[A::ShowRole, A::ShowUser],
            Self::RolesWithAuthRules => &[A::ShowRole, A::ShowAuthRule],
            Self::AuthRules => &[A::ShowAuthRule],
            Self::ClusterPolicy => &[A::AlterClusterPolicy],
            Self::Privileges => &[A::ShowPrivilege],
            Self::PrivilegesOfUsers => &[A::ShowPrivilege, A::ShowUser],
            Self::PrivilegesOfAuthRules => &[A::ShowPrivilege, A::ShowAuthRule],
            Self::AccessOfAnybody => &[A::ShowUser, A::ShowPrivilege, A::ShowAlias],
        }
    }
}

/// Whoever may do one of these sees every standard database.
const ADMINISTERS_STANDARD: &[DbmsAction] =
    &[DbmsAction::CreateDatabase, DbmsAction::DropDatabase, DbmsAction::AlterDatabase, DbmsAction::SetDatabaseAccess];
/// Whoever may do one of these sees every composite database.
const ADMINISTERS_COMPOSITE: &[DbmsAction] = &[DbmsAction::CreateCompositeDatabase, DbmsAction::DropCompositeDatabase];

/// What one principal may see, use and be told of, in one state of the catalog. What takes work to find out is found out
/// when it is first needed.
#[derive(Debug)]
pub struct Visibility<'a> {
    catalog: &'a Catalog,
    who: &'a Principal,
    standard: OnceCell<bool>,
    composite: OnceCell<bool>,
    lists_aliases: OnceCell<bool>,
    reach: OnceCell<Reach>,
}

impl Catalog {
    /// What `who` may see, use and be told of.
    pub fn visible_to<'a>(&'a self, who: &'a Principal) -> Visibility<'a> {
        Visibility {
            catalog: self,
            who,
            standard: OnceCell::new(),
            composite: OnceCell::new(),
            lists_aliases: OnceCell::new(),
            reach: OnceCell::new(),
        }
    }
}

// === Asking ===

impl<'a> Visibility<'a> {
    /// Whether the question may be asked.
    ///
    /// # Errors
    /// The user is unknown, suspended, must change the password first, or lacks a privilege.
    pub fn ask(&self, question: Question) -> Result<(), Rejection> {
        self.catalog.authorise_caller(self.who)?;
        question.needs().iter().try_for_each(|action| self.require(*action))
    }

    /// As [`Self::ask`], for what is left out rather than refused.
    pub fn may_ask(&self, question: Question) -> bool {
        self.ask(question).is_ok()
    }

    /// Whose privileges are meant by one who asks for those of these users, in the order of their names; nobody means
    /// oneself.
    pub fn meant_by<'u>(&self, users: impl IntoIterator<Item = &'u UserName>) -> impl Iterator<Item = &'u UserName>
    where
        'a: 'u,
    {
        rules::meant(self.who, users)
    }

    /// What is asked by one who asks for the privileges of these users.
    pub fn about_privileges_of<'u>(&self, users: impl IntoIterator<Item = &'u UserName>) -> Question
    where
        'a: 'u,
    {
        let own = match self.who {
            Principal::User(own) => self.meant_by(users).all(|user| user == own),
            Principal::System => false,
        };
        if own { Question::OwnPrivileges } else { Question::PrivilegesOfUsers }
    }

    /// Whether a call or statement may be made that takes this privilege, whatever it says.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub fn call(&self, needs: DbmsAction) -> Result<(), Rejection> {
        self.require(needs)
    }

    fn require(&self, action: DbmsAction) -> Result<(), Rejection> {
        self.catalog.authorise(self.who, &Action::Dbms(action))
    }

    fn may(&self, action: DbmsAction) -> bool {
        self.require(action).is_ok()
    }
}

// === Using ===

impl Visibility<'_> {
    /// Whether the principal may use the database or alias of this name.
    ///
    /// # Errors
    /// The user may not act at all; or there is nothing of that name that it may use, which is one and the same answer.
    pub fn use_name(&self, name: &CatalogName) -> Result<(), Rejection> {
        self.catalog.authorise(self.who, &Action::Access(name.clone()))
    }

    /// As [`Self::use_name`], for what is left out rather than refused.
    pub fn may_use(&self, name: &CatalogName) -> bool {
        self.use_name(name).is_ok()
    }

    /// Whether the principal may ask and act on behalf of this user.
    ///
    /// # Errors
    /// The principal may not act at all, or lacks IMPERSONATE.
    pub fn act_for(&self, user: &UserName) -> Result<(), Rejection> {
        self.catalog.authorise(self.who, &Action::Impersonate(user.clone()))
    }

    /// Whether the principal may be given the stored credentials of this alias. Says nothing of whether there is one.
    ///
    /// # Errors
    /// The principal may not act at all, or lacks RESOLVE ALIAS.
    pub fn receive_credentials(&self, alias: &CatalogName) -> Result<(), Rejection> {
        self.catalog.authorise(self.who, &Action::ResolveAlias(alias.clone()))
    }
}

// === Seeing ===

impl Visibility<'_> {
    /// Whether a listing tells that there is this database, also as what a local alias leads to.
    pub fn sees_database(&self, name: &DatabaseName) -> bool {
        let Some(record) = self.catalog.database(name.as_str()) else { return false };
        self.administers(record.kind) || self.may_use(&name.into())
    }

    /// Whether a listing tells that there is this alias.
    pub fn sees_alias(&self, name: &AliasName) -> bool {
        self.catalog.alias(name.as_str()).is_some() && (self.lists_aliases() || self.may_use(&name.into()))
    }

    /// Whether a listing tells that something has this name.
    pub fn sees(&self, name: &CatalogName) -> bool {
        match self.catalog.find(name) {
            None => false,
            Some(Named::Database(name, _)) => self.sees_database(name),
            Some(Named::Alias(name, _)) => self.sees_alias(name),
        }
    }

    fn administers(&self, kind: DatabaseKind) -> bool {
        let any = |actions: &[DbmsAction]| actions.iter().any(|action| self.may(*action));
        match kind {
            DatabaseKind::Composite => *self.composite.get_or_init(|| any(ADMINISTERS_COMPOSITE)),
            DatabaseKind::Standard | DatabaseKind::System => *self.standard.get_or_init(|| any(ADMINISTERS_STANDARD)),
        }
    }

    fn lists_aliases(&self) -> bool {
        *self.lists_aliases.get_or_init(|| self.may_ask(Question::Aliases))
    }
}

// === Knowing: what a watch may tell of ===

impl Visibility<'_> {
    /// Whether the principal could find out, by a listing or by resolving for somebody, that something has this name.
    pub fn knows(&self, name: &CatalogName) -> bool {
        let may_use = |user: &UserName| self.catalog.visible_to(&Principal::User(user.clone())).may_use(name);
        self.catalog.find(name).is_some()
            && (self.reach().includes_any(self.catalog.users().map(|(user, _)| user), may_use) || self.sees(name))
    }

    /// Whether the principal may know what becomes of this user and its roles.
    pub fn knows_user(&self, user: &UserName) -> bool {
        self.reach().includes(user) || self.may_ask(Question::Users)
    }

    /// Whether the principal may know what becomes of this role and its privileges.
    pub fn knows_role(&self, role: &RoleName) -> bool {
        let counts = |user: &UserName| role.is_public() || self.catalog.is_member(user, role);
        self.reach().includes_any(self.catalog.members_of(role), counts)
            || self.may_ask(Question::Roles)
            || self.may_ask(Question::Privileges)
    }

    fn reach(&self) -> &Reach {
        self.reach.get_or_init(|| Reach::of(self.catalog, self.who))
    }
}
