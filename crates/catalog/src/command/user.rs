//! What the commands about users hold.

use std::collections::BTreeSet;

use crate::{
    AuthId, AuthProvider, CatalogName, CreateMode, Plain, Revision, Sealed, Stage, UserName, UserStatus, UserTag,
};

/// `CREATE USER`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateUser<S: Stage> {
    /// Under which name.
    pub name: UserName,
    /// What to do if the name is taken.
    pub mode: CreateMode,
    /// `SET PASSWORD …`; absent when the user authenticates only externally.
    pub password: Option<PasswordChange<S>>,
    /// `SET STATUS`; absent means active.
    pub status: Option<UserStatus>,
    /// `SET HOME DATABASE`.
    pub home: Option<CatalogName>,
    /// `SET AUTH 'provider' {SET ID 'id'}`.
    pub auth: Vec<(AuthProvider, AuthId)>,
    /// `SET TAGS`.
    pub tags: BTreeSet<UserTag>,
}

/// A new password. `change_required` absent means true for a new user, unchanged for an existing one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordChange<S: Stage> {
    /// The password; absent when only `CHANGE [NOT] REQUIRED` is set.
    pub password: Option<S::Password>,
    /// `CHANGE [NOT] REQUIRED`.
    pub change_required: Option<bool>,
}

/// `ALTER USER`. An absent part stays as it is; at least one is present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterUser<S: Stage> {
    /// The user to alter.
    pub name: UserName,
    /// Whether a missing user is no error.
    pub if_exists: bool,
    /// `SET PASSWORD …`.
    pub password: Option<PasswordChange<S>>,
    /// Whether the new password is the present one.
    pub unchanged_since: S::Unchanged,
    /// `SET STATUS`.
    pub status: Option<UserStatus>,
    /// `SET HOME DATABASE` and `REMOVE HOME DATABASE`.
    pub home: Option<HomeChange>,
    /// `REMOVE AUTH`, applied before `set_auth`.
    pub remove_auth: Removal,
    /// `SET AUTH 'provider' {SET ID 'id'}`.
    pub set_auth: Vec<(AuthProvider, AuthId)>,
    /// `REMOVE TAGS`, `ADD TAGS` and `SET TAGS`.
    pub tags: TagChange,
}

impl AlterUser<Plain> {
    pub(super) fn sealed<E>(
        self,
        hash: impl FnOnce(Option<PasswordChange<Plain>>) -> Result<Option<PasswordChange<Sealed>>, E>,
        unchanged_since: Option<Revision>,
    ) -> Result<AlterUser<Sealed>, E> {
        let Self { name, if_exists, password, unchanged_since: (), status, home, remove_auth, set_auth, tags } = self;
        let password = hash(password)?;
        Ok(AlterUser { name, if_exists, password, unchanged_since, status, home, remove_auth, set_auth, tags })
    }
}

/// A change of a user's home database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HomeChange {
    /// To this one, whether or not it exists.
    Set(CatalogName),
    /// Back to the default database.
    Remove,
}

/// Which ways to authenticate are taken from a user.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Removal {
    /// `REMOVE ALL AUTH`: every one, the password included.
    pub all: bool,
    /// `REMOVE AUTH 'native'`: the password.
    pub native: bool,
    /// `REMOVE AUTH 'provider'`.
    pub providers: BTreeSet<AuthProvider>,
}

impl Removal {
    /// Whether nothing is taken.
    pub fn is_empty(&self) -> bool {
        !self.all && !self.native && self.providers.is_empty()
    }
}

/// What becomes of the tags of a user; first `clear`, then `remove`, then `add`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TagChange {
    /// `REMOVE ALL TAGS` and `SET TAGS`: every tag is taken.
    pub clear: bool,
    /// `REMOVE TAGS`.
    pub remove: BTreeSet<UserTag>,
    /// `ADD TAGS` and `SET TAGS`.
    pub add: BTreeSet<UserTag>,
}

impl TagChange {
    /// Whether no clause about tags was given. A clause with an empty list changes nothing and still counts as none.
    pub fn is_empty(&self) -> bool {
        !self.clear && self.remove.is_empty() && self.add.is_empty()
    }

    /// The tags of a user who had these.
    pub(crate) fn applied(&self, tags: &BTreeSet<UserTag>) -> BTreeSet<UserTag> {
        let kept = tags.iter().filter(|tag| !self.clear && !self.remove.contains(*tag));
        kept.chain(&self.add).cloned().collect()
    }
}
