//! The commands that carry no secret. They are the same at every stage, so that whoever adds one has nothing to seal.

use std::collections::BTreeSet;

use super::{CreateMode, NameForm, RetiredCommand, TagChange};
use crate::{
    CatalogName, CypherVersion, DatabaseAccess, DatabaseName, DatabaseStatus, GrantEffect, MemberStep, PolicyChange,
    Privilege, RoleName, Timestamp, TokenTrace, UserName,
};

/// A command without a secret. It never holds one: nothing seals it on the way to the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenCommand {
    /// `DROP ALIAS`.
    DropAlias {
        /// The alias to drop. Not an [`AliasName`](crate::AliasName): a name that could never exist is answered "does not exist".
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
        /// The database to alter.
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
        /// The database to start or stop.
        name: CatalogName,
        /// What it is to be from now on.
        status: DatabaseStatus,
    },
    /// `CALL dbms.setDefaultDatabase(…)`.
    SetDefaultDatabase {
        /// A database or alias that exists.
        name: CatalogName,
    },
    /// The actor is done with one of its login tokens. Has no statement.
    EndToken {
        /// What the catalog knows it by.
        token: TokenTrace,
        /// When it would have ended by itself.
        expires_at: Timestamp,
    },
    /// `ALTER CLUSTER SET POLICY`.
    SetPolicy(PolicyChange),
    /// A step of a change of the members. Has no statement.
    ChangeMembers(MemberStep),
    /// `DROP DATABASE` and `DROP COMPOSITE DATABASE`.
    DropDatabase {
        /// The database to drop.
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
        /// The users to tag.
        names: BTreeSet<UserName>,
        /// Whether missing users are no error.
        if_exists: bool,
        /// What becomes of their tags.
        tags: TagChange,
    },
    /// `RENAME USER`.
    RenameUser {
        /// The user as it is called now.
        from: UserName,
        /// What it is to be called.
        to: UserName,
        /// Whether a missing user is no error.
        if_exists: bool,
    },
    /// `DROP USER`.
    DropUser {
        /// The user to drop.
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
        /// The role as it is called now.
        from: RoleName,
        /// What it is to be called.
        to: RoleName,
        /// Whether a missing role is no error.
        if_exists: bool,
    },
    /// `DROP ROLE`.
    DropRole {
        /// The role to drop.
        name: RoleName,
        /// Whether a missing role is no error.
        if_exists: bool,
    },
    /// `GRANT ROLE`.
    GrantRoles {
        /// The roles that are given.
        roles: BTreeSet<RoleName>,
        /// The users who get them.
        users: BTreeSet<UserName>,
    },
    /// `REVOKE ROLE`.
    RevokeRoles {
        /// The roles that are taken.
        roles: BTreeSet<RoleName>,
        /// The users who lose them.
        users: BTreeSet<UserName>,
        /// Whether what is missing is told rather than refused, as in Cypher 5.
        lenient: bool,
    },
    /// One of those that are read from old logs and never made.
    Retired(RetiredCommand),
    /// `GRANT` and `DENY`.
    AssignPrivileges {
        /// Whether they are granted or denied.
        effect: GrantEffect,
        /// `IMMUTABLE`.
        immutable: bool,
        /// The privileges; several when the statement names several scopes.
        privileges: BTreeSet<Privilege>,
        /// The roles that get them.
        roles: BTreeSet<RoleName>,
    },
    /// `REVOKE`.
    RevokePrivileges {
        /// Whether only grants or only denials of them are taken back; none means both.
        effect: Option<GrantEffect>,
        /// `IMMUTABLE`.
        immutable: bool,
        /// The privileges that are taken back.
        privileges: BTreeSet<Privilege>,
        /// The roles that lose them.
        roles: BTreeSet<RoleName>,
        /// Whether what is missing is told rather than refused, as in Cypher 5.
        lenient: bool,
    },
}
