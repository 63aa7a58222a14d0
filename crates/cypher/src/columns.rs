//! The columns of every listing: name, type and order, as Neo4j has them. What a row holds is in the same order,
//! and docs/language.md prints these tables, so that a column is described in one place.
//!
//! Tables only: what stands in a row is read from a catalog, elsewhere.

use aliasd_catalog::CypherVersion;

use crate::ast::RolesWith;
use crate::subject::{DatabaseChoice, PrivilegesOf, Subject};

/// A column that a listing offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// What it is called.
    pub name: &'static str,
    /// The type of its values, as Neo4j writes it. Any of them may be NULL.
    pub value_type: &'static str,
    /// Shown without `YIELD`.
    pub brief: bool,
    /// When it is there.
    pub only: Only,
}

/// When a column is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    /// In every form of the command.
    Always,
    /// Not with `CYPHER 5`.
    Cypher25,
    /// With `WITH AUTH`.
    WithAuth,
    /// With `WITH USERS`.
    WithUsers,
    /// With `WITH AUTH RULES`.
    WithAuthRules,
    /// In `SHOW USER … PRIVILEGES`.
    OfUsers,
    /// Not in `SHOW DEFAULT DATABASE` and `SHOW HOME DATABASE`.
    OfDatabases,
}

// === impl Only ===

impl Only {
    /// The condition in words; empty if there is none.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Always => "",
            Self::Cypher25 => "not with `CYPHER 5`",
            Self::WithAuth => "`WITH AUTH`",
            Self::WithUsers => "`WITH USERS`",
            Self::WithAuthRules => "`WITH AUTH RULES`",
            Self::OfUsers => "`SHOW USER … PRIVILEGES`",
            Self::OfDatabases => "not of the one home or default database",
        }
    }
}

// === impl Subject ===

impl Subject {
    /// The columns of a row, in order.
    pub fn columns(&self) -> impl Iterator<Item = &'static Column> + use<> {
        let (table, form) = match self {
            Self::Aliases(_) => (ALIASES, None),
            Self::Databases(DatabaseChoice::Default | DatabaseChoice::Home) => (DATABASES, None),
            Self::Databases(_) => (DATABASES, Some(Only::OfDatabases)),
            Self::Users { with_auth } => (USERS, with_auth.then_some(Only::WithAuth)),
            Self::CurrentUser => (USERS, None),
            Self::ClusterPolicy => (CLUSTER_POLICY, None),
            Self::SupportedPrivileges => (SUPPORTED_PRIVILEGES, None),
            Self::Servers => (SERVERS, None),
            Self::Transactions => (TRANSACTIONS, None),
            Self::Settings => (SETTINGS, None),
            Self::Procedures { .. } => (PROCEDURES, None),
            Self::Functions { .. } => (FUNCTIONS, None),
            Self::Components => (COMPONENTS, None),
            Self::Roles { with, .. } => {
                let form = with.map(|with| match with {
                    RolesWith::Users => Only::WithUsers,
                    RolesWith::AuthRules => Only::WithAuthRules,
                });
                (ROLES, form)
            }
            Self::AuthRules { as_commands: false } => (AUTH_RULES, None),
            Self::AuthRules { as_commands: true } => (COMMANDS_OF_AUTH_RULES, None),
            Self::Privileges { as_commands: Some(_), .. } => (COMMANDS, None),
            Self::Privileges { of: PrivilegesOf::Users(_), .. } => (PRIVILEGES, Some(Only::OfUsers)),
            Self::Privileges { .. } => (PRIVILEGES, None),
        };
        let there = move |only| matches!(only, Only::Always | Only::Cypher25) || Some(only) == form;
        table.iter().filter(move |column| there(column.only))
    }
}

// === impl Column ===

impl Column {
    /// True if a statement of this version may ask for it.
    #[must_use]
    pub fn is_offered(&self, version: CypherVersion) -> bool {
        self.only != Only::Cypher25 || version != CypherVersion::Cypher5
    }

    const fn only(mut self, only: Only) -> Self {
        self.only = only;
        self
    }
}

/// A column that is shown without `YIELD`.
const fn brief(name: &'static str, value_type: &'static str) -> Column {
    Column { name, value_type, brief: true, only: Only::Always }
}

/// A column that is shown with `YIELD` only.
const fn verbose(name: &'static str, value_type: &'static str) -> Column {
    Column { name, value_type, brief: false, only: Only::Always }
}

const TEXT: &str = "STRING";
const TEXTS: &str = "LIST<STRING>";
const MAPS: &str = "LIST<MAP>";
const NUMBER: &str = "INTEGER";
const TRUTH: &str = "BOOLEAN";
const MAP: &str = "MAP";
/// Neo4j gives a ZONED DATETIME, which the catalog's values do not have.
const TIME: &str = "STRING, ISO 8601 in UTC";

pub(crate) const ALIASES: &[Column] = &[
    brief("name", TEXT),
    brief("composite", TEXT),
    brief("database", TEXT),
    brief("location", TEXT),
    brief("url", TEXT),
    brief("credentials", TEXT).only(Only::Cypher25),
    brief("user", TEXT),
    verbose("driver", MAP),
    verbose("defaultLanguage", TEXT),
    verbose("properties", MAP),
];

/// The catalog registers databases and does not host them: where they run, in which role, and what they hold is not
/// known and always NULL.
pub(crate) const DATABASES: &[Column] = &[
    brief("name", TEXT),
    brief("type", TEXT),
    brief("aliases", TEXTS),
    brief("access", TEXT),
    verbose("databaseID", TEXT),
    verbose("serverID", TEXT),
    brief("address", TEXT),
    brief("role", TEXT),
    brief("writer", TRUTH),
    brief("requestedStatus", TEXT),
    brief("currentStatus", TEXT),
    brief("statusMessage", TEXT),
    brief("default", TRUTH).only(Only::OfDatabases),
    brief("home", TRUTH).only(Only::OfDatabases),
    verbose("currentPrimariesCount", NUMBER),
    verbose("currentSecondariesCount", NUMBER),
    verbose("currentPropertyShardReplicas", NUMBER).only(Only::Cypher25),
    verbose("requestedPrimariesCount", NUMBER),
    verbose("requestedSecondariesCount", NUMBER),
    verbose("requestedPropertyShardReplicas", NUMBER).only(Only::Cypher25),
    verbose("creationTime", TIME),
    verbose("lastStartTime", TIME),
    verbose("lastStopTime", TIME),
    verbose("store", TEXT),
    verbose("lastCommittedTxn", NUMBER),
    verbose("replicationLag", NUMBER),
    verbose("shardTxnLag", NUMBER).only(Only::Cypher25),
    brief("constituents", TEXTS),
    verbose("graphShards", TEXTS).only(Only::Cypher25),
    verbose("propertyShards", TEXTS).only(Only::Cypher25),
    verbose("defaultLanguage", TEXT),
    verbose("options", MAP),
];

pub(crate) const USERS: &[Column] = &[
    brief("user", TEXT),
    brief("roles", TEXTS),
    brief("passwordChangeRequired", TRUTH),
    brief("suspended", TRUTH),
    brief("home", TEXT),
    brief("provider", TEXT).only(Only::WithAuth),
    brief("auth", MAP).only(Only::WithAuth),
    verbose("tags", TEXTS).only(Only::Cypher25),
];

pub(crate) const ROLES: &[Column] = &[
    brief("role", TEXT),
    brief("member", TEXT).only(Only::WithUsers),
    brief("authRule", TEXT).only(Only::WithAuthRules),
    verbose("immutable", TRUTH),
];

/// There is no auth rule, so these have no row.
pub(crate) const AUTH_RULES: &[Column] =
    &[brief("name", TEXT), brief("condition", TEXT), brief("enabled", TRUTH), brief("roles", TEXTS)];

/// `SHOW AUTH RULES AS COMMANDS`.
pub(crate) const COMMANDS_OF_AUTH_RULES: &[Column] = &[brief("command", TEXT), verbose("roles", TEXTS)];

pub(crate) const PRIVILEGES: &[Column] = &[
    brief("access", TEXT),
    brief("action", TEXT),
    brief("resource", TEXT),
    brief("graph", TEXT),
    brief("segment", TEXT),
    brief("role", TEXT),
    brief("immutable", TRUTH),
    brief("user", TEXT).only(Only::OfUsers),
];

/// `AS COMMANDS`.
pub(crate) const COMMANDS: &[Column] = &[brief("command", TEXT), verbose("immutable", TRUTH)];

pub(crate) const SUPPORTED_PRIVILEGES: &[Column] = &[
    brief("action", TEXT),
    brief("qualifier", TEXT),
    brief("target", TEXT),
    brief("scope", TEXTS),
    brief("description", TEXT),
];

/// As in `SHOW SETTINGS` of Neo4j, every value is shown as text.
pub(crate) const CLUSTER_POLICY: &[Column] = &[
    brief("name", TEXT),
    brief("value", TEXT),
    verbose("default", TEXT),
    verbose("type", TEXT),
    brief("description", TEXT),
];

pub(crate) const SERVERS: &[Column] = &[
    verbose("serverId", TEXT),
    brief("name", TEXT),
    brief("address", TEXT),
    verbose("httpAddress", TEXT),
    verbose("httpsAddress", TEXT),
    brief("state", TEXT),
    brief("health", TEXT),
    brief("hosting", TEXTS),
    verbose("requestedHosting", TEXTS),
    verbose("tags", TEXTS),
    verbose("allowedDatabases", TEXTS),
    verbose("deniedDatabases", TEXTS),
    verbose("modeConstraint", TEXT),
    verbose("version", TEXT),
];

/// This service runs no queries, so these have no row.
pub(crate) const TRANSACTIONS: &[Column] = &[
    brief("database", TEXT),
    brief("transactionId", TEXT),
    brief("currentQueryId", TEXT),
    verbose("outerTransactionId", TEXT),
    brief("connectionId", TEXT),
    brief("clientAddress", TEXT),
    brief("username", TEXT),
    verbose("metaData", MAP),
    brief("currentQuery", TEXT),
    verbose("parameters", MAP),
    verbose("planner", TEXT),
    verbose("runtime", TEXT),
    verbose("indexes", MAPS),
    brief("startTime", TIME),
    verbose("currentQueryStartTime", TIME),
    verbose("protocol", TEXT),
    verbose("requestUri", TEXT),
    brief("status", TEXT),
    verbose("currentQueryStatus", TEXT),
    verbose("statusDetails", TEXT),
    verbose("resourceInformation", MAP),
    verbose("activeLockCount", NUMBER),
    verbose("currentQueryActiveLockCount", NUMBER),
    brief("elapsedTime", "DURATION"),
    verbose("cpuTime", "DURATION"),
    verbose("waitTime", "DURATION"),
    verbose("idleTime", "DURATION"),
    verbose("currentQueryElapsedTime", "DURATION"),
];

/// What Neo4j sets in `neo4j.conf` has no counterpart in the catalog, so these have no row.
pub(crate) const SETTINGS: &[Column] = &[
    brief("name", TEXT),
    brief("value", TEXT),
    brief("isDynamic", TRUTH),
    brief("defaultValue", TEXT),
    brief("description", TEXT),
    verbose("startupValue", TEXT),
    verbose("isExplicitlySet", TRUTH),
    verbose("validValues", TEXT),
    verbose("isDeprecated", TRUTH),
];

pub(crate) const PROCEDURES: &[Column] = &[
    brief("name", TEXT),
    brief("description", TEXT),
    brief("mode", TEXT),
    brief("worksOnSystem", TRUTH),
    verbose("signature", TEXT),
    verbose("argumentDescription", MAPS),
    verbose("returnDescription", MAPS),
    verbose("admin", TRUTH),
    verbose("rolesExecution", TEXTS),
    verbose("rolesBoostedExecution", TEXTS),
    verbose("isDeprecated", TRUTH),
    verbose("deprecatedBy", TEXT),
    verbose("option", MAP),
];

pub(crate) const FUNCTIONS: &[Column] = &[
    brief("name", TEXT),
    brief("category", TEXT),
    brief("description", TEXT),
    verbose("signature", TEXT),
    verbose("isBuiltIn", TRUTH),
    verbose("argumentDescription", MAPS),
    verbose("returnDescription", TEXT),
    verbose("aggregating", TRUTH),
    verbose("rolesExecution", TEXTS),
    verbose("rolesBoostedExecution", TEXTS),
    verbose("isDeprecated", TRUTH),
    verbose("deprecatedBy", TEXT),
];

/// `CALL dbms.components()`.
pub(crate) const COMPONENTS: &[Column] = &[brief("name", TEXT), brief("versions", TEXTS), brief("edition", TEXT)];
