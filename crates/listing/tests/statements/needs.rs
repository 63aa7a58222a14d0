//! What the table of commands says that a command needs is what the catalog demands.

use std::collections::{BTreeMap, BTreeSet};

use aliasd_catalog::{DatabaseAction, DbmsAction};
use aliasd_cypher::{commands, parse};

use crate::session::Session;

/// Statements that between them ask for whatever their commands may need.
const STATEMENTS: &[&str] = &[
    "CREATE ALIAS a FOR DATABASE movies",
    "CREATE OR REPLACE ALIAS a FOR DATABASE movies",
    "ALTER ALIAS films SET DATABASE TARGET neo4j",
    "DROP ALIAS films FOR DATABASE",
    "SHOW ALIASES FOR DATABASE",
    "CREATE DATABASE books",
    "CREATE OR REPLACE DATABASE books",
    "CREATE COMPOSITE DATABASE books",
    "CREATE OR REPLACE COMPOSITE DATABASE books",
    "ALTER DATABASE movies SET ACCESS READ ONLY",
    "ALTER DATABASE movies SET DEFAULT LANGUAGE CYPHER 25",
    "DROP DATABASE movies CASCADE ALIASES",
    "DROP COMPOSITE DATABASE garden",
    "START DATABASE movies",
    "STOP DATABASE movies",
    "CALL dbms.setDefaultDatabase('movies')",
    "SHOW DATABASES",
    "SHOW DEFAULT DATABASE",
    "SHOW HOME DATABASE",
    "CREATE USER u SET PASSWORD 'password'",
    "CREATE OR REPLACE USER u SET PASSWORD 'password'",
    "CREATE USER u SET PASSWORD 'password' SET TAG 't'",
    "ALTER USERS dave ADD TAG 't'",
    "ALTER USER dave SET PASSWORD 'changed it'",
    "ALTER USER dave SET AUTH 'mtls' { SET ID '1' }",
    "ALTER USER dave REMOVE AUTH 'mtls'",
    "ALTER USER dave SET STATUS SUSPENDED",
    "ALTER USER dave SET HOME DATABASE movies",
    "ALTER USER dave REMOVE HOME DATABASE",
    "ALTER USER dave ADD TAG 't' SET STATUS ACTIVE",
    "ALTER USER dave ADD TAG 't'",
    "ALTER CURRENT USER SET PASSWORD FROM 'password' TO 'changed it'",
    "RENAME USER dave TO david",
    "DROP USER dave",
    "SHOW USERS",
    "SHOW USERS WITH AUTH",
    "SHOW CURRENT USER",
    "CREATE ROLE s",
    "CREATE ROLE s AS COPY OF r",
    "CREATE OR REPLACE ROLE s",
    "RENAME ROLE q TO s",
    "DROP ROLE q",
    "GRANT ROLE q TO dave",
    "GRANT ROLE q TO AUTH RULE x",
    "REVOKE ROLE q FROM dave",
    "REVOKE ROLE q FROM AUTH RULE x",
    "SHOW ROLES",
    "SHOW POPULATED ROLES WITH USERS",
    "SHOW ROLES WITH AUTH RULES",
    "ALTER AUTH RULE x IF EXISTS SET ENABLED FALSE",
    "RENAME AUTH RULE x IF EXISTS TO y",
    "DROP AUTH RULE x IF EXISTS",
    "SHOW AUTH RULES",
    "GRANT ACCESS ON DATABASE movies TO q",
    "DENY ACCESS ON DATABASE movies TO q",
    "REVOKE ACCESS ON DATABASE movies FROM q",
    "SHOW PRIVILEGES",
    "SHOW ROLE q PRIVILEGES",
    "SHOW USER PRIVILEGES",
    "SHOW USER dave PRIVILEGES",
    "SHOW USER carol PRIVILEGES AS COMMANDS",
    "SHOW AUTH RULE x PRIVILEGES",
    "SHOW SUPPORTED PRIVILEGES",
    "ALTER CLUSTER SET POLICY {default_language: 'CYPHER_25'}",
    "SHOW CLUSTER POLICY",
    "SHOW SERVERS",
    "SHOW TRANSACTIONS",
    "SHOW SETTINGS",
    "SHOW PROCEDURES",
    "SHOW PROCEDURES EXECUTABLE BY dave",
    "SHOW FUNCTIONS",
    "SHOW FUNCTIONS EXECUTABLE BY dave",
    "CALL dbms.components()",
];

/// What no statement is refused for the lack of.
const NOT_OF_STATEMENTS: &[DbmsAction] = &[
    // Of calls.
    DbmsAction::ResolveAlias,
    DbmsAction::ServerManagement,
    // Of a statement that is not supported.
    DbmsAction::CreateAuthRule,
    // Without it there is no composite database to alter.
    DbmsAction::AlterCompositeDatabase,
    // Without it tags are NULL.
    DbmsAction::ShowUserMetadata,
];

type Demanded = (BTreeSet<&'static str>, BTreeSet<&'static str>);

/// What the statement is refused for the lack of, one after the other, until it is not: on the DBMS and on a database.
fn demanded(statement: &str) -> Demanded {
    let mut session = Session::new();
    session.setup(&[
        "CREATE DATABASE movies",
        "CREATE ALIAS films FOR DATABASE movies",
        "CREATE COMPOSITE DATABASE garden",
        "CREATE USER carol SET PASSWORD 'password' CHANGE NOT REQUIRED",
        "CREATE USER dave SET PASSWORD 'password' SET AUTH 'mtls' { SET ID '0' }",
        "CREATE ROLE q",
        "CREATE ROLE r",
        "GRANT ROLE r TO carol",
    ]);
    let mut demanded = Demanded::default();
    loop {
        let answer = session.say("carol", statement);
        let Some(denied) = answer.strip_prefix("refused PERMISSION_DENIED: Permission denied for user 'carol': ")
        else {
            assert!(!answer.starts_with("refused") || answer.contains("AUTH_RULE_NOT_FOUND"), "{statement}\n{answer}");
            return demanded;
        };
        let privilege = denied.split(" is required.").next().expect("a text has a beginning");
        let new = match privilege.strip_suffix(" ON DBMS") {
            Some(words) => demanded.0.insert(DbmsAction::from_keywords(words).expect(words).keywords()),
            None => {
                let words = privilege.split(" ON DATABASE ").next().expect("a text has a beginning");
                demanded.1.insert(DatabaseAction::from_keywords(words).expect(words).keywords())
            }
        };
        assert!(new, "{statement}: {privilege} is granted already");
        session.setup(&[&format!("GRANT {privilege} TO r")]);
    }
}

#[test]
fn a_page_names_the_privileges_that_the_catalog_demands() {
    let mut of_pages: BTreeMap<&str, Demanded> = BTreeMap::new();
    for statement in STATEMENTS {
        let page = parse(statement).unwrap_or_else(|error| panic!("{statement}: {error}")).command();
        let (on_dbms, on_database) = demanded(statement);
        let known = of_pages.entry(page.name).or_default();
        known.0.extend(on_dbms);
        known.1.extend(on_database);
    }
    let not_of_statements: BTreeSet<_> = NOT_OF_STATEMENTS.iter().map(|action| action.keywords()).collect();
    for page in commands() {
        let (on_dbms, on_database) = of_pages.get(page.name).unwrap_or_else(|| panic!("no statement of {}", page.name));
        let named = page.needs.on_dbms().iter().map(|action| action.keywords());
        let named: BTreeSet<_> = named.filter(|words| !not_of_statements.contains(words)).collect();
        assert_eq!(named, *on_dbms, "{}: what the page names, and what the catalog demands", page.name);
        let named: BTreeSet<_> = page.needs.on_database().map(DatabaseAction::keywords).into_iter().collect();
        assert_eq!(named, *on_database, "{}: what the page names, and what the catalog demands", page.name);
    }
}

/// So that no statement above is missing: a privilege that nothing demands would be none.
#[test]
fn every_privilege_on_the_dbms_is_demanded_by_some_page() {
    let named: BTreeSet<_> = commands().iter().flat_map(|page| page.needs.on_dbms()).collect();
    for action in DbmsAction::ALL {
        let wider = |other: &DbmsAction| other != action && other.satisfied_by(true).contains(action);
        let used = named.contains(action) || NOT_OF_STATEMENTS.contains(action) || DbmsAction::ALL.iter().any(wider);
        assert!(used, "{action:?}");
    }
}
