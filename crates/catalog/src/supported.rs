//! The privileges that exist: what `SHOW SUPPORTED PRIVILEGES` lists. A table, checked against the types.

/// One row of `SHOW SUPPORTED PRIVILEGES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SupportedPrivilege {
    /// The action in words: the keywords of a GRANT in lower case.
    pub action: &'static str,
    /// What narrows it down, in parentheses or braces; none if nothing does.
    pub qualifier: Option<&'static str>,
    /// What it is about: `dbms`, `database`, `graph` or `load`.
    pub target: &'static str,
    /// Which parts of the target can be named.
    pub scope: &'static [&'static str],
    /// What it allows, as the rest of "allows a user to …".
    pub description: &'static str,
}

const ELEMENTS: &[&str] = &["elements"];
const PROPERTIES: &[&str] = &["elements", "properties"];

const fn row(
    action: &'static str,
    qualifier: Option<&'static str>,
    target: &'static str,
    scope: &'static [&'static str],
    description: &'static str,
) -> SupportedPrivilege {
    SupportedPrivilege { action, qualifier, target, scope, description }
}

/// Every privilege that can be granted, by action.
pub const SUPPORTED_PRIVILEGES: &[SupportedPrivilege] = &[
    row("access", None, "database", &[], "use databases and remote aliases"),
    row("alias management", None, "dbms", &[], "create, drop, alter and list aliases"),
    row(
        "all database privileges",
        None,
        "database",
        &[],
        "everything on databases except starting, stopping and managing transactions",
    ),
    row("all dbms privileges", None, "dbms", &[], "everything on the DBMS except resolve alias"),
    row("all graph privileges", None, "graph", &[], "everything on graphs"),
    row("alter alias", None, "dbms", &[], "alter aliases"),
    row("alter auth rule", None, "dbms", &[], "alter auth rules"),
    row("alter cluster policy", None, "dbms", &[], "see and change the policy of the cluster"),
    row("alter composite database", None, "database", &[], "alter these composite databases"),
    row("alter composite database", None, "dbms", &[], "alter composite databases"),
    row("alter database", None, "database", &[], "alter these databases"),
    row("alter database", None, "dbms", &[], "alter databases"),
    row("alter user", None, "dbms", &[], "alter users"),
    row("assign privilege", None, "dbms", &[], "grant and deny privileges"),
    row("assign role", None, "dbms", &[], "give roles to users"),
    row("auth rule management", None, "dbms", &[], "create, drop, alter, rename and list auth rules"),
    row("composite database management", None, "dbms", &[], "create, drop and alter composite databases"),
    row("constraint management", None, "database", &[], "create, drop and list constraints"),
    row("create", None, "graph", ELEMENTS, "create nodes and relationships"),
    row("create alias", None, "dbms", &[], "create aliases"),
    row("create auth rule", None, "dbms", &[], "create auth rules"),
    row("create composite database", None, "dbms", &[], "create composite databases"),
    row("create constraint", None, "database", &[], "create constraints"),
    row("create database", None, "dbms", &[], "create databases"),
    row("create index", None, "database", &[], "create indexes"),
    row("create new node label", None, "database", &[], "create labels"),
    row("create new property name", None, "database", &[], "create property names"),
    row("create new relationship type", None, "database", &[], "create relationship types"),
    row("create role", None, "dbms", &[], "create roles"),
    row("create user", None, "dbms", &[], "create users"),
    row("database management", None, "dbms", &[], "create, drop and alter databases, composite ones included"),
    row("delete", None, "graph", ELEMENTS, "delete nodes and relationships"),
    row("drop alias", None, "dbms", &[], "drop aliases"),
    row("drop auth rule", None, "dbms", &[], "drop auth rules"),
    row("drop composite database", None, "dbms", &[], "drop composite databases"),
    row("drop constraint", None, "database", &[], "drop constraints"),
    row("drop database", None, "dbms", &[], "drop databases"),
    row("drop index", None, "database", &[], "drop indexes"),
    row("drop role", None, "dbms", &[], "drop roles"),
    row("drop user", None, "dbms", &[], "drop users"),
    row("execute admin procedures", None, "dbms", &[], "run the procedures that only an administrator may run"),
    row("execute boosted function", Some("function"), "dbms", &[], "run user-defined functions with every privilege"),
    row("execute boosted procedure", Some("procedure"), "dbms", &[], "run procedures with every privilege"),
    row("execute function", Some("function"), "dbms", &[], "run user-defined functions"),
    row("execute procedure", Some("procedure"), "dbms", &[], "run procedures"),
    row("impersonate", Some("user"), "dbms", &[], "act on behalf of other users"),
    row("index management", None, "database", &[], "create, drop and list indexes"),
    row("load", Some("all data"), "load", &[], "load data from everywhere"),
    row("load", Some("cidr"), "load", &[], "load data from a range of addresses"),
    row("load", Some("url"), "load", &[], "load data from a URL"),
    row("match", Some("property"), "graph", PROPERTIES, "find nodes and relationships and read their properties"),
    row("merge", Some("property"), "graph", PROPERTIES, "merge nodes and relationships"),
    row("name management", None, "database", &[], "create labels, relationship types and property names"),
    row("privilege management", None, "dbms", &[], "assign, remove and list privileges"),
    row("read", Some("property"), "graph", PROPERTIES, "read properties"),
    row("remove label", Some("label"), "graph", &[], "remove labels"),
    row("remove privilege", None, "dbms", &[], "revoke privileges"),
    row("remove role", None, "dbms", &[], "take roles from users"),
    row("rename auth rule", None, "dbms", &[], "rename auth rules"),
    row("rename role", None, "dbms", &[], "rename roles"),
    row("rename user", None, "dbms", &[], "rename users"),
    row(
        "resolve alias",
        Some("alias"),
        "dbms",
        &[],
        "receive the stored credentials of remote aliases; implied by no other privilege",
    ),
    row("role management", None, "dbms", &[], "create, drop, rename, assign, remove and list roles"),
    row("server management", None, "dbms", &[], "operate the servers of the cluster"),
    row("set auth", None, "dbms", &[], "set how users authenticate, passwords included"),
    row("set database access", None, "database", &[], "set whether these databases may be written to"),
    row("set database access", None, "dbms", &[], "set whether databases may be written to"),
    row("set database default language", None, "database", &[], "set the default language of these databases"),
    row("set database default language", None, "dbms", &[], "set the default language of databases"),
    row("set label", Some("label"), "graph", &[], "set labels"),
    row("set passwords", None, "dbms", &[], "set the passwords of users"),
    row("set property", Some("property"), "graph", PROPERTIES, "set properties"),
    row("set user home database", None, "dbms", &[], "set the home databases of users"),
    row("set user metadata", None, "dbms", &[], "tag users"),
    row("set user status", None, "dbms", &[], "suspend and activate users"),
    row("show alias", None, "dbms", &[], "list aliases"),
    row("show auth rule", None, "dbms", &[], "list auth rules"),
    row("show constraint", None, "database", &[], "list constraints"),
    row("show index", None, "database", &[], "list indexes"),
    row("show privilege", None, "dbms", &[], "list privileges"),
    row("show role", None, "dbms", &[], "list roles"),
    row("show servers", None, "dbms", &[], "list the servers of the cluster"),
    row("show setting", Some("setting"), "dbms", &[], "list settings"),
    row("show transaction", Some("user"), "database", &[], "list transactions"),
    row("show user", None, "dbms", &[], "list users"),
    row("show user metadata", None, "dbms", &[], "see the tags of users"),
    row("start", None, "database", &[], "start databases"),
    row("stop", None, "database", &[], "stop databases"),
    row("terminate transaction", Some("user"), "database", &[], "terminate transactions"),
    row("transaction management", Some("user"), "database", &[], "list and terminate transactions"),
    row("traverse", None, "graph", ELEMENTS, "find nodes and relationships"),
    row("user management", None, "dbms", &[], "create, drop, rename, alter and list users"),
    row("user metadata management", None, "dbms", &[], "tag users and see their tags"),
    row("write", None, "graph", &[], "write everything"),
];

#[cfg(test)]
mod tests;
