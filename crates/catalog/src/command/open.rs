//! The commands that carry no secret. They are the same at every stage, so that whoever adds one has nothing to seal.

use std::collections::BTreeSet;

use super::{AuthRuleCommand, CreateMode, NameForm, TagChange};
use crate::{
    CatalogName, CypherVersion, DatabaseAccess, DatabaseName, DatabaseStatus, GrantEffect, PolicyChange, Privilege,
    RoleName, UserName,
};

/// A command without a secret. It never holds one: nothing seals it on the way to the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenCommand {
    /// `DROP ALIAS`.
    DropAlias {
        /// Which. Not an [`AliasName`]: a name that could never exist is answered "does not exist".
        name: CatalogName,
        /// How the name was written.
        form: NameForm,
        /// Whether a missing alias is no error.
        if_exists: bool,
    },
    /// `CREATE DATABASE` and `CREATE COMPOSITE DATABASE`.
    CreateDatabase {
        /// Under which name.
        name: DatabaseName,
        /// What to do if the name is taken.
        mode: CreateMode,
        /// Whether a composite database is created.
        composite: bool,
        /// `DEFAULT LANGUAGE`; absent means the catalog's default.
        default_language: Option<CypherVersion>,
    },
    /// `ALTER DATABASE`. An absent part stays as it is; at least one is present.
    AlterDatabase {
        /// Which.
        name: CatalogName,
        /// Whether a missing database is no error.
        if_exists: bool,
        /// `SET ACCESS`.
        access: Option<DatabaseAccess>,
        /// `SET DEFAULT LANGUAGE`.
        default_language: Option<CypherVersion>,
    },
    /// `START DATABASE` and `STOP DATABASE`.
    SetDatabaseStatus {
        /// Which.
        name: CatalogName,
        /// Started or stopped.
        status: DatabaseStatus,
    },
    /// `CALL dbms.setDefaultDatabase(…)`.
    SetDefaultDatabase {
        /// A database or alias that exists.
        name: CatalogName,
    },
    /// `ALTER CLUSTER SET POLICY`.
    SetPolicy(PolicyChange),
    /// `DROP DATABASE` and `DROP COMPOSITE DATABASE`.
    DropDatabase {
        /// Which.
        name: CatalogName,
        /// Whether a missing database is no error.
        if_exists: bool,
        /// Whether it is dropped only if it is a composite database.
        composite: bool,
        /// Whether local aliases that lead to it, or its constituents, are dropped as well, rather than preventing
        /// the drop.
        cascade_aliases: bool,
    },
    /// `ALTER USERS`: the same for several users.
    AlterUserTags {
        /// Which.
        names: BTreeSet<UserName>,
        /// Whether missing users are no error.
        if_exists: bool,
        /// What becomes of their tags.
        tags: TagChange,
    },
    /// `RENAME USER`.
    RenameUser {
        /// Which.
        from: UserName,
        /// The new name.
        to: UserName,
        /// Whether a missing user is no error.
        if_exists: bool,
    },
    /// `DROP USER`.
    DropUser {
        /// Which.
        name: UserName,
        /// Whether a missing user is no error.
        if_exists: bool,
    },
    /// `CREATE ROLE`.
    CreateRole {
        /// Under which name.
        name: RoleName,
        /// What to do if the name is taken.
        mode: CreateMode,
        /// `IMMUTABLE`.
        immutable: bool,
        /// The role whose privileges are copied.
        copy_of: Option<RoleName>,
    },
    /// `RENAME ROLE`.
    RenameRole {
        /// Which.
        from: RoleName,
        /// The new name.
        to: RoleName,
        /// Whether a missing role is no error.
        if_exists: bool,
    },
    /// `DROP ROLE`.
    DropRole {
        /// Which.
        name: RoleName,
        /// Whether a missing role is no error.
        if_exists: bool,
    },
    /// `GRANT ROLE`.
    GrantRoles {
        /// Which roles.
        roles: BTreeSet<RoleName>,
        /// To whom.
        users: BTreeSet<UserName>,
    },
    /// `REVOKE ROLE`.
    RevokeRoles {
        /// Which roles.
        roles: BTreeSet<RoleName>,
        /// From whom.
        users: BTreeSet<UserName>,
        /// Whether what is missing is told rather than refused, as in Cypher 5.
        lenient: bool,
    },
    /// What would be done with an auth rule.
    AuthRule(AuthRuleCommand),
    /// `GRANT` and `DENY`.
    AssignPrivileges {
        /// Granted or denied.
        effect: GrantEffect,
        /// `IMMUTABLE`.
        immutable: bool,
        /// What; several when the statement names several scopes.
        privileges: BTreeSet<Privilege>,
        /// To whom.
        roles: BTreeSet<RoleName>,
    },
    /// `REVOKE`.
    RevokePrivileges {
        /// Only grants, only denials, or both.
        effect: Option<GrantEffect>,
        /// `IMMUTABLE`.
        immutable: bool,
        /// What.
        privileges: BTreeSet<Privilege>,
        /// From whom.
        roles: BTreeSet<RoleName>,
        /// Whether what is missing is told rather than refused, as in Cypher 5.
        lenient: bool,
    },
}
