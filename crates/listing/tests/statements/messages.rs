//! Refusals in Neo4j's words, said to a catalog: statement, code, chain of statuses, message.

use crate::session::Session;

/// Two databases, a composite one with a constituent, an alias of either kind, a user and a role.
fn session() -> Session {
    let mut session = Session::new();
    session.setup(&[
        "CREATE DATABASE movies",
        "CREATE DATABASE books",
        "CREATE COMPOSITE DATABASE garden",
        "CREATE ALIAS garden.flowers FOR DATABASE movies",
        "CREATE ALIAS garden.far FOR DATABASE movies AT 'neo4j+s://far:7687' USER bob PASSWORD 'password'",
        "CREATE ALIAS near FOR DATABASE movies",
        "CREATE ALIAS far FOR DATABASE movies AT 'neo4j+s://far:7687' USER bob PASSWORD 'password'",
        "CREATE ALIAS lawn.grass FOR DATABASE movies",
        "CREATE USER carol SET PASSWORD 'carol-password' CHANGE NOT REQUIRED",
        "CREATE ROLE clerk",
    ]);
    session
}

const REMOTE: &str = "AT 'neo4j+s://far:7687' USER bob PASSWORD 'password'";
const SCHEMES: &str = "neo4j, neo4j+s, neo4j+ssc, bolt, bolt+s, bolt+ssc";

/// Statement, code, chain of statuses, message.
type Row = (&'static str, &'static str, &'static str, &'static str);

fn check(rows: &[Row]) {
    let mut session = session();
    for (statement, code, chain, message) in rows {
        let statement = statement.replace("REMOTE", REMOTE);
        let (actual_code, actual_chain, actual) = session.refused("admin", &statement);
        let first = actual.lines().next().unwrap_or_default();
        // A refusal of the text goes on with the place.
        let said = first.split(" (line ").next().unwrap_or_default();
        assert_eq!((actual_code.as_str(), actual_chain.as_str(), said), (*code, *chain, *message), "{statement}");
    }
}

#[rustfmt::skip]
const ALIASES: &[Row] = &[
        (
            "USE movies CREATE ALIAS a FOR DATABASE movies",
            "USE_CLAUSE_NOT_ALLOWED",
            "42N79",
            "The `USE` clause is not required for Administration Commands. Retry your query omitting the `USE` clause and it will be routed automatically.",
        ),
        (
            "CREATE ALIAS a FOR DATABASE t",
            "ALIAS_TARGET_NOT_FOUND",
            "42001 42N00",
            "Failed to create the specified database alias 'a': Database 't' does not exist.",
        ),
        (
            "CREATE ALIAS yard FOR DATABASE garden",
            "ALIAS_TARGET_IS_COMPOSITE",
            "42NA6",
            "Failed to create the specified database alias 'yard': Database 'garden' is composite.",
        ),
        (
            "CREATE ALIAS near FOR DATABASE books",
            "ALIAS_EXISTS",
            "42001 42N11",
            "Failed to create the specified database alias 'near': Database name or alias already exists.",
        ),
        (
            "CREATE OR REPLACE ALIAS movies FOR DATABASE books",
            "ALIAS_EXISTS",
            "42001 42N11",
            "Failed to create the specified database alias 'movies': Database name or alias already exists.",
        ),
        (
            "CREATE OR REPLACE ALIAS near IF NOT EXISTS FOR DATABASE books",
            "CONFLICTING_CLAUSES",
            "42001 42N14",
            "Failed to create the specified alias 'near': cannot have both `OR REPLACE` and `IF NOT EXISTS`.",
        ),
        (
            "CREATE ALIAS a FOR DATABASE b REMOTE DEFAULT LANGUAGE CYPHER 42",
            "INVALID_CYPHER_VERSION",
            "22N04",
            "Invalid Cypher version '42'. Valid Cypher versions are: 5, 25",
        ),
        (
            "CREATE ALIAS garden.x FOR DATABASE b REMOTE DEFAULT LANGUAGE CYPHER 5",
            "CONSTITUENT_LANGUAGE",
            "42001 42N14",
            "Failed to create the specified database alias 'garden.x': 'DEFAULT LANGUAGE' cannot be used together with 'constituent aliases'.",
        ),
        (
            "ALTER ALIAS missing SET DATABASE TARGET books",
            "ALIAS_NOT_FOUND",
            "42001 42N00",
            "Failed to alter the specified database alias 'missing': Database alias does not exist.",
        ),
        (
            "ALTER ALIAS near SET DATABASE TARGET t",
            "ALIAS_TARGET_NOT_FOUND",
            "42001 42N00",
            "Failed to alter the specified database alias 'near': Database 't' does not exist.",
        ),
        (
            "ALTER ALIAS far SET DATABASE TARGET books USER bob",
            "MISSING_CLAUSE",
            "42N94",
            "Failed to alter the specified database alias 'far': url needs to be defined to alter a remote alias target.",
        ),
        (
            "ALTER ALIAS near SET DATABASE USER bob",
            "ALIAS_LOCAL_TO_REMOTE",
            "22N91",
            "Failed to alter the specified database alias 'near': alter a local alias to a remote alias is not supported.",
        ),
        (
            "ALTER ALIAS far SET DATABASE TARGET movies",
            "ALIAS_REMOTE_TO_LOCAL",
            "22N91",
            "Failed to alter the specified database alias 'far': alter a remote alias to a local alias is not supported.",
        ),
        (
            "DROP ALIAS missing FOR DATABASE",
            "ALIAS_NOT_FOUND",
            "42001 42N00",
            "Failed to drop the specified database alias 'missing': Database alias does not exist.",
        ),
        (
            "DROP ALIAS movies FOR DATABASE",
            "ALIAS_NOT_FOUND",
            "42001 42N00",
            "Failed to drop the specified database alias 'movies': Database alias does not exist.",
        ),
        (
            "CREATE ALIAS `system-x` FOR DATABASE movies",
            "ALIAS_NAME_RESERVED",
            "42001 42N15",
            "Alias name 'system-x' is invalid, due to the prefix 'system'.",
        ),
        (
            "CYPHER 5 CREATE ALIAS a.b.c FOR DATABASE x REMOTE",
            "INVALID_DOTTED_NAME",
            "22N05 22N82",
            "'.' is not a valid character in the remote alias name 'a.b.c'. Remote alias names using '.' must be quoted with backticks e.g. `remote.alias`.",
        ),
];

#[test]
fn aliases() {
    check(ALIASES);
}

#[test]
fn clauses_stand_once() {
    for (clauses, named) in [
        ("TARGET a TARGET b", "TARGET"),
        ("USER a USER b", "USER"),
        ("PASSWORD 'a' PASSWORD 'b'", "PASSWORD"),
        ("DRIVER {} DRIVER {}", "DRIVER"),
        ("PROPERTIES {} PROPERTIES {}", "PROPERTIES"),
        ("DEFAULT LANGUAGE CYPHER 5 DEFAULT LANGUAGE CYPHER 5", "DEFAULT LANGUAGE"),
    ] {
        let (code, _, message) = session().refused("admin", &format!("ALTER ALIAS far SET DATABASE {clauses}"));
        let expected = format!("Duplicate SET DATABASE {named} clause ");
        assert!(code == "DUPLICATE_CLAUSE" && message.starts_with(&expected), "{message}");
    }
}

#[test]
fn urls() {
    let secure = "neo4j+s, neo4j+ssc, bolt+s, bolt+ssc";
    let mut session = session();
    let mut refused = |url: &str| {
        session.refused("admin", &format!("CREATE ALIAS a FOR DATABASE b AT '{url}' USER bob PASSWORD 'password'"))
    };
    let expected = format!(
        "The provided url 'http://far' has an invalid scheme. Please use one of the following schemes: {SCHEMES}."
    );
    assert_eq!(refused("http://far"), ("URL_SCHEME_INVALID".into(), "42001 22N04".into(), expected));
    let expected = format!(
        "The provided url 'neo4j://far' is not a secure scheme. Please use one of the following schemes: {secure}."
    );
    assert_eq!(refused("neo4j://far"), ("URL_INSECURE".into(), "42001 22N04".into(), expected));
}

#[rustfmt::skip]
const DATABASES: &[Row] = &[
        (
            "DROP DATABASE movies",
            "DATABASE_HAS_ALIASES",
            "42N82",
            "Failed to delete the specified database 'movies': Database has one or more aliases. Drop the aliases: ['garden.flowers', 'lawn.grass', 'near'] before dropping the database.",
        ),
        (
            "CREATE COMPOSITE DATABASE lawn",
            "NAME_AMBIGUOUS",
            "42N87",
            "Cannot create database 'lawn' because another database 'lawn.grass' exists with an ambiguous name.",
        ),
        (
            "CREATE DATABASE movies",
            "DATABASE_EXISTS",
            "42001 42N11",
            "Failed to create the specified database 'movies': Database name or alias already exists.",
        ),
        (
            "CREATE DATABASE systematic",
            "DATABASE_NAME_RESERVED",
            "42001 42N15",
            "Database name 'systematic' is invalid, due to the prefix 'system'.",
        ),
        (
            "CREATE DATABASE ab",
            "DATABASE_NAME_LENGTH",
            "22N05 22N82",
            "The provided database name 'ab' must have a length between 3 and 63 characters.",
        ),
        (
            "CREATE DATABASE `-abc`",
            "DATABASE_NAME_START",
            "22N05 22N82",
            "Database name '-abc' is not starting with an ASCII alphabetic character or number.",
        ),
        (
            "CREATE DATABASE `a bc`",
            "DATABASE_NAME_CHARACTERS",
            "22N05 22N82",
            "Database name 'a bc' contains illegal characters. Use simple ascii characters, numbers, dots and dashes.",
        ),
];

#[test]
fn databases() {
    check(DATABASES);
}

#[rustfmt::skip]
const USERS_AND_ROLES: &[Row] = &[
        (
            "CREATE USER u SET PASSWORD 'short'",
            "PASSWORD_TOO_SHORT",
            "22N05 22N85",
            "A password must be at least 8 characters.",
        ),
        ("CREATE USER u SET PASSWORD ''", "PASSWORD_EMPTY", "22NB6", "A password cannot be empty."),
        (
            "ALTER USER carol SET PASSWORD 'carol-password'",
            "PASSWORD_UNCHANGED",
            "22N05 22N89",
            "Old password and new password cannot be the same.",
        ),
        (
            "CREATE USER u SET ENCRYPTED PASSWORD 'x'",
            "ENCRYPTED_PASSWORD_FORMAT",
            "22N05",
            "Incorrect format of encrypted password. Correct format is '<encryption-version>,<hash>,<salt>'.",
        ),
        (
            "CREATE USER u SET ENCRYPTED PASSWORD '9,ab,cd'",
            "ENCRYPTION_VERSION_UNAVAILABLE",
            "22N05",
            "The encryption version specified is not available.",
        ),
        ("ALTER USER carol", "MISSING_CLAUSE", "42N94", "`ALTER USER` requires at least one clause."),
        ("ALTER USERS carol", "MISSING_CLAUSE", "42N94", "`ALTER USERS` requires at least one tag clause."),
        (
            "ALTER USER carol SET HOME DATABASE a SET HOME DATABASE b",
            "DUPLICATE_CLAUSE",
            "42N19",
            "Duplicate SET HOME DATABASE clause",
        ),
        (
            "ALTER USER carol ADD TAG 'a' SET TAG 'b'",
            "CONFLICTING_CLAUSES",
            "42001 42N14",
            "SET TAGS cannot be combined with ADD TAGS or REMOVE TAGS.",
        ),
        (
            "DROP USER nobody",
            "USER_NOT_FOUND",
            "42001 42N09",
            "Failed to delete the specified user 'nobody': User does not exist.",
        ),
        (
            "CREATE USER carol SET PASSWORD 'password'",
            "USER_EXISTS",
            "42001 42N12",
            "Failed to create the specified user 'carol': User already exists.",
        ),
        (
            "RENAME USER nobody TO somebody",
            "RENAMED_USER_NOT_FOUND",
            "42001 42N09",
            "Failed to rename the specified user 'nobody' to 'somebody': The user 'nobody' does not exist.",
        ),
        (
            "RENAME USER carol TO admin",
            "RENAMED_USER_EXISTS",
            "42001 42N12",
            "Failed to rename the specified user 'carol' to 'admin': User 'admin' already exists.",
        ),
        (
            "DROP ROLE nothing",
            "ROLE_NOT_FOUND",
            "42001 42N10",
            "Failed to delete the specified role 'nothing': Role does not exist.",
        ),
        (
            "CREATE ROLE clerk",
            "ROLE_EXISTS",
            "42001 42N13",
            "Failed to create the specified role 'clerk': Role already exists.",
        ),
        (
            "RENAME ROLE nothing TO something",
            "RENAMED_ROLE_NOT_FOUND",
            "42001 42N10",
            "Failed to rename the specified role 'nothing' to 'something': The role 'nothing' does not exist.",
        ),
        (
            "RENAME ROLE clerk TO admin",
            "RENAMED_ROLE_EXISTS",
            "42001 42N13",
            "Failed to rename the specified role 'clerk' to 'admin': Role 'admin' already exists.",
        ),
        (
            "DROP ROLE PUBLIC",
            "ROLE_RESERVED",
            "42001 42N15",
            "Failed to delete the specified role: 'PUBLIC' is a reserved role.",
        ),
        (
            "GRANT ROLE clerk TO AUTH RULE x",
            "AUTH_RULE_NOT_FOUND",
            "42001 42NAD",
            "Failed to grant role 'clerk' to auth rule 'x': Auth rule does not exist.",
        ),
        (
            "DROP AUTH RULE x",
            "AUTH_RULE_NOT_FOUND",
            "42001 42NAD",
            "Failed to drop the specified auth rule 'x': Auth rule does not exist.",
        ),
];

#[test]
fn users_and_roles() {
    check(USERS_AND_ROLES);
}
