//! `CREATE USER`, `ALTER USER`, `ALTER CURRENT USER`, `RENAME USER`, `DROP USER`.

use aliasd_catalog::PlainSecret;

use super::{CreateMode, NameOperand, Operand, UserStatus};
use crate::span::Located;

/// A statement about users.
#[derive(Clone, Debug, PartialEq)]
pub enum UserStatement {
    /// `CREATE USER`.
    Create(CreateUser),
    /// `ALTER USER`.
    Alter(AlterUser),
    /// `ALTER USERS`.
    AlterTags(AlterUsers),
    /// `ALTER CURRENT USER SET PASSWORD`.
    ChangePassword(ChangePassword),
    /// `RENAME USER`.
    Rename(RenameUser),
    /// `DROP USER`.
    Drop(DropUser),
}

/// `CREATE [OR REPLACE] USER name [IF NOT EXISTS] SET …`.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateUser {
    /// The new user.
    pub name: NameOperand,
    /// What to do if the name is taken.
    pub mode: CreateMode,
    /// The `SET` clauses.
    pub settings: UserSettings,
}

/// `ALTER USER name [IF EXISTS] [REMOVE …] [SET …]`, with at least one clause.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterUser {
    /// The user to alter.
    pub name: NameOperand,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// `REMOVE HOME DATABASE`.
    pub remove_home: bool,
    /// `REMOVE AUTH …` and `REMOVE ALL AUTH`, in order.
    pub remove_auth: Vec<Located<AuthRemoval>>,
    /// `REMOVE TAGS` and `ADD TAGS`.
    pub tags: TagEdits,
    /// The `SET` clauses.
    pub settings: UserSettings,
}

/// `ALTER USERS name, … [IF EXISTS] [REMOVE …] [ADD …] [SET …]`, with at least one clause.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterUsers {
    /// The users to alter. Not empty.
    pub names: Vec<NameOperand>,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// `REMOVE TAGS` and `ADD TAGS`.
    pub tags: TagEdits,
    /// `SET TAGS`; without the others.
    pub set_tags: Option<TagList>,
}

/// Tags, written out one by one or given as a parameter. One that is written without brackets is a list of one.
pub type TagList = Located<Operand<Vec<String>>>;

/// Tags that are taken and given. `SET TAGS` excludes both.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TagEdits {
    /// `REMOVE TAGS …` or `REMOVE ALL TAGS`.
    pub remove: Option<Located<TagRemoval>>,
    /// `ADD TAGS …`.
    pub add: Option<TagList>,
}

impl TagEdits {
    /// Whether there is no clause.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.remove.is_none() && self.add.is_none()
    }
}

/// What a `REMOVE … TAGS` takes from a user.
#[derive(Clone, Debug, PartialEq)]
pub enum TagRemoval {
    /// `REMOVE ALL TAGS`.
    All,
    /// `REMOVE TAGS …`.
    Tags(Operand<Vec<String>>),
}

/// `ALTER CURRENT USER SET PASSWORD FROM old TO new`.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangePassword {
    /// What proves that the caller knows its present password.
    pub from: Located<Operand<PlainSecret>>,
    /// The new password.
    pub to: Located<Operand<PlainSecret>>,
}

/// `RENAME USER name [IF EXISTS] TO name`.
#[derive(Clone, Debug, PartialEq)]
pub struct RenameUser {
    /// The user to rename.
    pub from: NameOperand,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// Its new name.
    pub to: NameOperand,
}

/// `DROP USER name [IF EXISTS]`.
#[derive(Clone, Debug, PartialEq)]
pub struct DropUser {
    /// The user to drop.
    pub name: NameOperand,
    /// `IF EXISTS`.
    pub if_exists: bool,
}

/// The `SET` clauses of a user; an absent one was not written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UserSettings {
    /// `SET [PLAINTEXT | ENCRYPTED] PASSWORD …` and `SET PASSWORD CHANGE …`.
    pub password: PasswordClause,
    /// `SET STATUS`.
    pub status: Option<Located<UserStatus>>,
    /// `SET HOME DATABASE`.
    pub home: Option<NameOperand>,
    /// `SET AUTH 'provider' { … }`, in order.
    pub auth: Vec<Located<AuthSettings>>,
    /// `SET TAGS`.
    pub tags: Option<TagList>,
}

/// A password and whether it must be changed at the next login.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PasswordClause {
    /// The new password.
    pub password: Option<Located<Operand<PlainSecret>>>,
    /// `ENCRYPTED`: what is given is a hash; only with a password.
    pub encrypted: bool,
    /// `CHANGE REQUIRED` is true, `CHANGE NOT REQUIRED` is false.
    pub change_required: Option<Located<bool>>,
}

/// `AUTH 'provider' { SET … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct AuthSettings {
    /// The provider: `native` or an external one.
    pub provider: Located<String>,
    /// `SET ID`, for an external provider.
    pub id: Option<Located<Operand<String>>>,
    /// `SET PASSWORD`, for the native provider.
    pub password: PasswordClause,
}

/// What a `REMOVE … AUTH` takes from a user.
#[derive(Clone, Debug, PartialEq)]
pub enum AuthRemoval {
    /// `REMOVE ALL AUTH`.
    All,
    /// `REMOVE AUTH 'provider'`.
    Provider(Operand<String>),
}
