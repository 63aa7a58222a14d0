//! What is written to the catalog, as far as checkers understand it.

use serde::{Deserialize, Serialize};

/// A statement that writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// `CREATE ALIAS`.
    CreateAlias {
        /// The whole name.
        name: String,
        /// Where it is to lead.
        destination: Destination,
        /// If the name is taken.
        #[serde(default)]
        mode: CreateMode,
    },
    /// `ALTER ALIAS`. What is absent stays.
    AlterAlias {
        /// The whole name.
        name: String,
        /// `TARGET`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        database: Option<String>,
        /// `AT`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        /// `USER`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<String>,
        /// The tag of `PASSWORD`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        credential: Option<String>,
    },
    /// `DROP ALIAS`.
    DropAlias {
        /// The whole name.
        name: String,
    },
    /// `CREATE DATABASE`.
    CreateDatabase {
        /// What it will be called.
        name: String,
        /// If the name is taken.
        #[serde(default)]
        mode: CreateMode,
    },
    /// `DROP DATABASE … RESTRICT`. One that drops aliases along is not recorded: nobody could say which.
    DropDatabase {
        /// What it is called.
        name: String,
    },
    /// `CREATE USER`.
    CreateUser {
        /// What it will log in as.
        name: String,
        /// The tag of its password.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<String>,
        /// `SET STATUS SUSPENDED`.
        #[serde(default)]
        suspended: bool,
        /// If the name is taken.
        #[serde(default)]
        mode: CreateMode,
    },
    /// `ALTER USER`, or `ALTER CURRENT USER` by the user itself. What is absent stays.
    AlterUser {
        /// Whose record.
        name: String,
        /// `SET STATUS`: whether it is to be suspended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        suspended: Option<bool>,
        /// The tag of the new password.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<String>,
    },
    /// `RENAME USER`.
    RenameUser {
        /// The name that it has.
        from: String,
        /// The name that it gets.
        to: String,
    },
    /// `DROP USER`.
    DropUser {
        /// Who goes.
        name: String,
    },
    /// `CREATE ROLE`, not as a copy.
    CreateRole {
        /// What it will be called.
        name: String,
        /// If the name is taken.
        #[serde(default)]
        mode: CreateMode,
    },
    /// `DROP ROLE`.
    DropRole {
        /// What it is called.
        name: String,
    },
    /// `GRANT ROLE role TO user`.
    GrantRole {
        /// Which role.
        role: String,
        /// Who gets it.
        user: String,
    },
    /// `REVOKE ROLE role FROM user`.
    RevokeRole {
        /// Which role.
        role: String,
        /// Who loses it.
        user: String,
    },
    /// `GRANT` or `DENY` of a privilege.
    Assign {
        /// Which of the two.
        kind: GrantKind,
        /// For what.
        privilege: Privilege,
        /// To which role.
        role: String,
    },
    /// `REVOKE [GRANT | DENY]` of a privilege.
    Revoke {
        /// What is taken back; absent: both.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<GrantKind>,
        /// For what.
        privilege: Privilege,
        /// From which role.
        role: String,
    },
    /// The end of a token, on every member.
    EndToken {
        /// Its tag.
        token: String,
    },
    /// Anything else that takes up a revision and changes nothing that is judged here.
    Other {
        /// For readers.
        what: String,
    },
}

/// What a `CREATE` does when the name is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CreateMode {
    /// It is refused.
    #[default]
    Fail,
    /// `IF NOT EXISTS`: nothing.
    IfNotExists,
    /// `OR REPLACE`: it drops an alias first.
    OrReplace,
}

/// Where a name leads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Destination {
    /// To a database of this DBMS.
    Local {
        /// Its own name.
        database: String,
    },
    /// To a database of another DBMS.
    Remote {
        /// Its name there.
        database: String,
        /// The address of the DBMS.
        url: String,
        /// Who logs in there.
        user: String,
        /// The tag of the password. In a command: none is stored. In an answer: none was given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        credential: Option<String>,
    },
}

/// Granted or denied: two rows that do not know of each other, of which the denial wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantKind {
    /// `GRANT`.
    Granted,
    /// `DENY`.
    Denied,
}

/// What a role may be allowed. `*` stands for all of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Privilege {
    /// `ACCESS ON DATABASE`: of a database or of a remote alias.
    Access {
        /// Its name, or `*`.
        on: String,
    },
    /// `RESOLVE ALIAS (…) ON DBMS`: to be given the credentials of a remote alias.
    ResolveAlias {
        /// Its name, or `*`.
        alias: String,
    },
    /// `ALIAS MANAGEMENT ON DBMS`: to create, alter, drop and list aliases. Not judged in a history that never names it.
    AliasManagement,
    /// `IMPERSONATE (…) ON DBMS`: to ask for another user.
    Impersonate {
        /// Its name, or `*`.
        user: String,
    },
}
