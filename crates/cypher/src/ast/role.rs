//! `CREATE ROLE`, `RENAME ROLE`, `DROP ROLE`, `GRANT ROLE`, `REVOKE ROLE`.

use super::{CreateMode, NameOperand};

/// A statement about roles and who has them.
#[derive(Clone, Debug, PartialEq)]
pub enum RoleStatement {
    /// `CREATE ROLE`.
    Create(CreateRole),
    /// `RENAME ROLE`.
    Rename(RenameRole),
    /// `DROP ROLE`.
    Drop(DropRole),
    /// `GRANT ROLES … TO …`.
    Grant(RolesAndUsers),
    /// `REVOKE ROLES … FROM …`.
    Revoke(RolesAndUsers),
}

/// `CREATE [OR REPLACE] [IMMUTABLE] ROLE name [IF NOT EXISTS] [AS COPY OF other]`.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateRole {
    /// The new role.
    pub name: NameOperand,
    /// What to do if the name is taken.
    pub mode: CreateMode,
    /// `IMMUTABLE`.
    pub immutable: bool,
    /// `AS COPY OF`.
    pub copy_of: Option<NameOperand>,
}

/// `RENAME ROLE name [IF EXISTS] TO name`.
#[derive(Clone, Debug, PartialEq)]
pub struct RenameRole {
    /// The role to rename.
    pub from: NameOperand,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// Its new name.
    pub to: NameOperand,
}

/// `DROP ROLE name [IF EXISTS]`.
#[derive(Clone, Debug, PartialEq)]
pub struct DropRole {
    /// The role to drop.
    pub name: NameOperand,
    /// `IF EXISTS`.
    pub if_exists: bool,
}

/// Roles and the users who get or lose them. Neither list is empty.
#[derive(Clone, Debug, PartialEq)]
pub struct RolesAndUsers {
    /// The roles, in the order of the text.
    pub roles: Vec<NameOperand>,
    /// After `TO` or `FROM`, in the order of the text.
    pub users: Vec<NameOperand>,
}
