//! What a listing is about, with every name and parameter resolved. A description only: whether the caller may list it,
//! and which rows there are, is said where a catalog is at hand.

use std::collections::BTreeSet;
use std::sync::Arc;

use aliasd_catalog::{CatalogName, CypherVersion, RoleName, UserName};

use crate::ast::{AsCommands, Projection, RolesWith};
use crate::parameters::Parameters;

/// A listing that nothing has been read for yet.
#[derive(Clone, Debug)]
pub struct ListingRequest {
    /// Whose rows they are, with parameters filled in.
    pub subject: Subject,
    /// Which rows and columns of it, as written.
    pub projection: Arc<Projection>,
    /// The version of the language that it was written in.
    pub version: CypherVersion,
    /// What the parameters in the projection stand for.
    pub parameters: Parameters,
}

/// The subject of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Every alias, or the one of this name.
    Aliases(Option<CatalogName>),
    /// `SHOW DATABASES` and its like: a row per database that is chosen.
    Databases(DatabaseChoice),
    /// `SHOW USERS`, by name.
    Users {
        /// With a row for each way to authenticate.
        with_auth: bool,
    },
    /// The caller.
    CurrentUser,
    /// The choices that every member decides by.
    ClusterPolicy,
    /// The privileges that can be granted.
    SupportedPrivileges,
    /// The members of the cluster.
    Servers,
    /// Transactions, of which there are none.
    Transactions,
    /// The settings of a DBMS, of which there are none.
    Settings,
    /// The procedures that can be called.
    Procedures {
        /// Only those that this one may call.
        executable_by: Option<Executor>,
    },
    /// The functions that expressions can call.
    Functions {
        /// Only those that somebody added, of which there are none.
        user_defined: bool,
        /// Only those that this one may call.
        executable_by: Option<Executor>,
    },
    /// The program that answers, with its version.
    Components,
    /// `SHOW ROLES` and its like.
    Roles {
        /// Only those that some user has.
        populated: bool,
        /// With a row for each of those who have it.
        with: Option<RolesWith>,
    },
    /// Auth rules, of which there are none.
    AuthRules {
        /// As the commands that would make them.
        as_commands: bool,
    },
    /// Privileges that were granted or denied.
    Privileges {
        /// The roles or users whose privileges are listed.
        of: PrivilegesOf,
        /// As commands instead of rows.
        as_commands: Option<AsCommands>,
    },
}

/// Which databases are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseChoice {
    /// Each of them.
    Every,
    /// The one of this name, or that a local alias of this name leads to.
    Named(CatalogName),
    /// The database that sessions use when neither they nor their user name one.
    Default,
    /// The caller's home.
    Home,
}

/// Who it is that may call what is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Executor {
    /// Whoever lists.
    Caller,
    /// The one of this name, if there is one.
    User(UserName),
}

/// Whose privileges are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrivilegesOf {
    /// Those of every role.
    Everyone,
    /// Those of these roles.
    Roles(BTreeSet<RoleName>),
    /// Those that these users have by their roles; nobody means the caller.
    Users(BTreeSet<UserName>),
    /// Those that auth rules give, of which there are none.
    AuthRules,
}
