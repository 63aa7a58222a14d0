//! Every form is accepted, and prints as its canonical text.

use super::parse;

/// Parses and prints.
fn canonical(source: &str) -> String {
    match parse(source) {
        Ok(statement) => statement.to_string(),
        Err(error) => panic!("{source}\n{error}\nhint: {:?}", error.hint()),
    }
}

/// Statements and their canonical text; `=` says that they are canonical already.
#[rustfmt::skip]
const ACCEPTED: &[(&str, &str)] = &[
    // The story, exactly as written.
    ("CREATE ROLE remote", "="),
    ("CREATE USER alice SET PASSWORD 'secretpassword'", "CREATE USER alice SET PASSWORD '******'"),
    ("GRANT MATCH {*} ON GRAPH neo4j TO remote", "="),
    ("GRANT ROLE remote TO alice", "="),
    ("CREATE ALIAS `remote-neo4j` FOR DATABASE `neo4j` AT \"neo4j+s://location:7687\" USER alice PASSWORD 'secretpassword'",
     "CREATE ALIAS `remote-neo4j` FOR DATABASE neo4j AT 'neo4j+s://location:7687' USER alice PASSWORD '******'"),
    ("GRANT ACCESS ON DATABASE `remote-neo4j` TO remoteUsers", "="),
    ("GRANT ALIAS MANAGEMENT ON DBMS TO aliasManager", "="),
    ("GRANT RESOLVE ALIAS ON DBMS TO instance", "GRANT RESOLVE ALIAS (*) ON DBMS TO instance"),
    ("DENY RESOLVE ALIAS (far, `a.b`, garden.far, $alias) ON DBMS TO instance", "="),
    ("REVOKE RESOLVE ALIAS (*) ON DBMS FROM instance", "="),
    ("GRANT IMPERSONATE (*) ON DBMS TO instance", "="),
    ("ALTER USER carol SET HOME DATABASE `remote-neo4j`", "="),
    ("ALTER ALIAS `remote-neo4j` SET DATABASE TARGET movies AT 'neo4j+s://other:7687'", "="),

    // Aliases.
    ("create alias if for database db;", "CREATE ALIAS `if` FOR DATABASE db"),
    ("CREATE OR REPLACE ALIAS a . b FOR DATABASE db PROPERTIES {a: [1, -2.5, NULL], b: {c: 'x'}}",
     "CREATE OR REPLACE ALIAS a.b FOR DATABASE db PROPERTIES {a: [1, -2.5, NULL], b: {c: 'x'}}"),
    ("CREATE ALIAS $alias IF NOT EXISTS FOR DATABASE $target AT $url USER $user PASSWORD $password DRIVER $driver DEFAULT LANGUAGE CYPHER 25 PROPERTIES $properties", "="),
    ("CREATE ALIAS a FOR DATABASE b AT 'neo4j+s://h' USER `it``s` PASSWORD \"p'\\\"\" DRIVER {connection_timeout: duration({seconds: 5}), ssl_enforced: true}",
     "CREATE ALIAS a FOR DATABASE b AT 'neo4j+s://h' USER `it``s` PASSWORD '******' DRIVER {connection_timeout: duration({seconds: 5}), ssl_enforced: true}"),
    ("ALTER ALIAS a if exists SET DATABASE PASSWORD 'x' USER u DRIVER {} PROPERTIES {} DEFAULT LANGUAGE CYPHER 5",
     "ALTER ALIAS a IF EXISTS SET DATABASE USER u PASSWORD '******' DRIVER {} DEFAULT LANGUAGE CYPHER 5 PROPERTIES {}"),
    ("ALTER ALIAS a SET DATABASE TARGET b", "="),
    ("CREATE ALIAS a FOR DATABASE b AT 'neo4j+s://h' OIDC CREDENTIAL FORWARDING DRIVER {} DEFAULT LANGUAGE CYPHER 25", "="),
    ("DROP ALIAS a IF EXISTS FOR DATABASE", "="),
    ("CYPHER 5 DROP ALIAS `a`.`b` FOR DATABASE", "CYPHER 5 DROP ALIAS a.b FOR DATABASE"),

    // Databases.
    ("CREATE DATABASE db IF NOT EXISTS", "="),
    ("CREATE OR REPLACE DATABASE `my-db`", "="),
    ("DROP DATABASE db IF EXISTS RESTRICT", "DROP DATABASE db IF EXISTS"),
    ("DROP DATABASE db CASCADE ALIAS", "DROP DATABASE db CASCADE ALIASES"),
    ("DROP COMPOSITE DATABASE db IF EXISTS CASCADE ALIASES DUMP DATA WAIT 5 SEC",
     "DROP COMPOSITE DATABASE db IF EXISTS CASCADE ALIASES WAIT 5 SECONDS"),
    ("DROP DATABASE db DESTROY DATA NOWAIT", "DROP DATABASE db NOWAIT"),
    ("CREATE OR REPLACE COMPOSITE DATABASE garden", "="),
    ("CREATE COMPOSITE DATABASE garden IF NOT EXISTS SET DEFAULT LANGUAGE CYPHER 25 OPTIONS {} WAIT",
     "CREATE COMPOSITE DATABASE garden IF NOT EXISTS DEFAULT LANGUAGE CYPHER 25 WAIT"),
    ("CREATE DATABASE db DEFAULT LANGUAGE CYPHER 5 WAIT 1 SECOND", "CREATE DATABASE db DEFAULT LANGUAGE CYPHER 5 WAIT 1 SECONDS"),
    ("ALTER DATABASE db IF EXISTS SET DEFAULT LANGUAGE CYPHER 25 SET ACCESS READ ONLY NOWAIT",
     "ALTER DATABASE db IF EXISTS SET ACCESS READ ONLY SET DEFAULT LANGUAGE CYPHER 25 NOWAIT"),
    ("START DATABASE db WAIT 7", "START DATABASE db WAIT 7 SECONDS"),
    ("STOP DATABASE $db NOWAIT", "="),
    ("CALL dbms . setDefaultDatabase('db');", "CALL dbms.setDefaultDatabase('db')"),
    ("CALL dbms.setDefaultDatabase($db)", "="),
    ("alter cluster set policy {`default_language`: 'CYPHER_25', b: 1 + 2}", "ALTER CLUSTER SET POLICY {default_language: 'CYPHER_25', b: 1 + 2}"),
    ("ALTER CLUSTER SET POLICY $policy", "="),

    // Users.
    ("CREATE USER bob IF NOT EXISTS SET PLAINTEXT PASSWORD $p CHANGE NOT REQUIRED SET STATUS SUSPENDED SET HOME DATABASE x",
     "CREATE USER bob IF NOT EXISTS SET PASSWORD $p CHANGE NOT REQUIRED SET STATUS SUSPENDED SET HOME DATABASE x"),
    ("CREATE USER bob SET PASSWORD 'x' SET PASSWORD CHANGE REQUIRED", "CREATE USER bob SET PASSWORD '******' CHANGE REQUIRED"),
    ("CREATE USER dbms SET AUTH PROVIDER 'mtls' {SET ID 'CN=dbms'}", "CREATE USER dbms SET AUTH 'mtls' { SET ID 'CN=dbms' }"),
    ("CREATE USER bob SET AUTH 'native' {SET PASSWORD 'p' SET PASSWORD CHANGE NOT REQUIRED}",
     "CREATE USER bob SET AUTH 'native' { SET PASSWORD '******' SET PASSWORD CHANGE NOT REQUIRED }"),
    ("ALTER USER bob IF EXISTS REMOVE HOME DATABASE REMOVE ALL AUTH PROVIDERS REMOVE AUTH ['a', $b] SET PASSWORD CHANGE NOT REQUIRED",
     "ALTER USER bob IF EXISTS REMOVE HOME DATABASE REMOVE ALL AUTH REMOVE AUTH 'a' REMOVE AUTH $b SET PASSWORD CHANGE NOT REQUIRED"),
    ("CREATE USER bob SET TAG 'red' SET PASSWORD $p", "CREATE USER bob SET PASSWORD $p SET TAGS ['red']"),
    ("ALTER USER bob REMOVE TAGS ['a', \"b\"] REMOVE HOME DATABASE ADD TAG $c SET STATUS ACTIVE",
     "ALTER USER bob REMOVE HOME DATABASE REMOVE TAGS ['a', 'b'] ADD TAGS $c SET STATUS ACTIVE"),
    ("ALTER USERS bob, $carol IF EXISTS SET TAGS ['a']", "="),
    ("ALTER USERS tags REMOVE ALL TAGS ADD TAGS ['a']", "="),
    ("DROP USER bob IF EXISTS", "="),
    ("CREATE USER bob SET ENCRYPTED PASSWORD '0,ab,cd'", "CREATE USER bob SET ENCRYPTED PASSWORD '******'"),
    ("ALTER CURRENT USER SET PASSWORD FROM 'old' TO $new", "ALTER CURRENT USER SET PASSWORD FROM '******' TO $new"),
    ("RENAME USER bob IF EXISTS TO robert", "="),

    // Roles.
    ("CREATE OR REPLACE ROLE r AS COPY OF other", "="),
    ("DROP ROLE r IF EXISTS", "="),
    ("CREATE IMMUTABLE ROLE r IF NOT EXISTS", "="),
    ("RENAME ROLE $r TO `s t`", "="),
    ("GRANT ROLES a, $b TO USERS x, y", "GRANT ROLE a, $b TO x, y"),
    ("REVOKE ROLE a FROM user", "="),
    ("GRANT ROLE a TO auth", "="),

    // Auth rules.
    ("GRANT ROLES a, $b TO AUTH RULES x, $y", "GRANT ROLE a, $b TO AUTH RULE x, $y"),
    ("REVOKE ROLE a FROM AUTH RULE x", "="),
    ("ALTER AUTH RULE x IF EXISTS SET ENABLED true SET CONDITION abac.oidc.user_attribute('a') = 1",
     "ALTER AUTH RULE x IF EXISTS SET CONDITION abac.oidc.user_attribute('a') = 1 SET ENABLED TRUE"),
    ("RENAME AUTH RULE x IF EXISTS TO $y", "="),
    ("DROP AUTH RULE `x y` IF EXISTS", "="),
    ("SHOW AUTH RULE AS COMMAND YIELD *", "SHOW AUTH RULES AS COMMANDS YIELD *"),
    ("SHOW POPULATED ROLES WITH AUTH RULE", "SHOW POPULATED ROLES WITH AUTH RULES"),

    // Privileges.
    ("GRANT ALL ON DBMS TO r", "GRANT ALL DBMS PRIVILEGES ON DBMS TO r"),
    ("DENY IMMUTABLE ALL PRIVILEGES ON DATABASES * TO r, s", "DENY IMMUTABLE ALL DATABASE PRIVILEGES ON DATABASE * TO r, s"),
    ("REVOKE GRANT ALL GRAPH PRIVILEGES ON HOME GRAPH FROM r", "="),
    ("REVOKE DENY ACCESS ON HOME DATABASE FROM r", "="),
    ("REVOKE START ON DATABASE a, b.c, $d FROM r", "="),
    ("GRANT SET PASSWORD ON DBMS TO r", "GRANT SET PASSWORDS ON DBMS TO r"),
    ("GRANT ROLE MANAGEMENT ON DBMS TO r", "="),
    ("GRANT ROLE management TO r", "="),
    ("GRANT CREATE COMPOSITE DATABASE ON DBMS TO r", "="),
    ("GRANT CREATE ON GRAPH * NODE Person, `Ö l` TO r", "GRANT CREATE ON GRAPH * NODES Person, `Ö l` TO r"),
    ("GRANT READ {name, `full name`} ON GRAPHS a, b RELATIONSHIPS * TO r",
     "GRANT READ {name, `full name`} ON GRAPH a, b RELATIONSHIPS * TO r"),
    ("GRANT SET LABEL * ON GRAPH a TO r", "="),
    ("GRANT REMOVE LABEL A, B ON GRAPH a TO r", "="),
    ("GRANT TRAVERSE ON GRAPH * ELEMENTS A TO r", "="),
    ("GRANT IMPERSONATE ON DBMS TO r", "GRANT IMPERSONATE (*) ON DBMS TO r"),
    ("GRANT IMPERSONATE (a, $b) ON DBMS TO r", "="),
    ("GRANT TRANSACTION MANAGEMENT ON DATABASE * TO r", "GRANT TRANSACTION MANAGEMENT (*) ON DATABASE * TO r"),
    ("DENY TRANSACTION (jake, $u) ON HOME DATABASE TO r", "DENY TRANSACTION MANAGEMENT (jake, $u) ON HOME DATABASE TO r"),
    ("GRANT SHOW TRANSACTIONS ON DATABASE a TO r", "GRANT SHOW TRANSACTION (*) ON DATABASE a TO r"),
    ("GRANT TERMINATE TRANSACTION (*) ON DATABASES a, b TO r", "GRANT TERMINATE TRANSACTION (*) ON DATABASE a, b TO r"),
    ("GRANT CREATE INDEXES ON DATABASE a TO r", "GRANT CREATE INDEX ON DATABASE a TO r"),
    ("GRANT DROP CONSTRAINTS ON DATABASE a TO r", "GRANT DROP CONSTRAINT ON DATABASE a TO r"),
    ("GRANT INDEX ON DATABASE a TO r", "GRANT INDEX MANAGEMENT ON DATABASE a TO r"),
    ("GRANT NAME ON DATABASE a TO r", "GRANT NAME MANAGEMENT ON DATABASE a TO r"),
    ("GRANT CREATE NEW LABELS ON DATABASE a TO r", "GRANT CREATE NEW NODE LABEL ON DATABASE a TO r"),
    ("GRANT CREATE NEW TYPE ON DATABASE a TO r", "GRANT CREATE NEW RELATIONSHIP TYPE ON DATABASE a TO r"),
    ("GRANT CREATE NEW PROPERTY NAMES ON DATABASE a TO r", "GRANT CREATE NEW PROPERTY NAME ON DATABASE a TO r"),
    ("GRANT EXECUTE PROCEDURES apoc.*, db.?ndex, `a b.*` ON DBMS TO r", "GRANT EXECUTE PROCEDURE apoc.*, db.?ndex, `a b.*` ON DBMS TO r"),
    ("GRANT EXECUTE PROCEDURE * ON DBMS TO r", "="),
    ("GRANT EXECUTE BOOSTED PROCEDURE `*`.apoc ON DBMS TO r", "GRANT EXECUTE BOOSTED PROCEDURE *.apoc ON DBMS TO r"),
    ("GRANT EXECUTE USER DEFINED FUNCTIONS ON.ON ON DBMS TO r", "GRANT EXECUTE FUNCTION ON.ON ON DBMS TO r"),
    ("GRANT EXECUTE BOOSTED USER FUNCTION math.* ON DBMS TO r", "GRANT EXECUTE BOOSTED FUNCTION math.* ON DBMS TO r"),
    ("GRANT EXECUTE ADMINISTRATOR PROCEDURES ON DBMS TO r", "GRANT EXECUTE ADMIN PROCEDURES ON DBMS TO r"),
    ("GRANT SHOW SETTINGS dbms.*, server.* ON DBMS TO r", "GRANT SHOW SETTING dbms.*, server.* ON DBMS TO r"),
    ("GRANT LOAD ON ALL DATA TO r", "="),
    ("DENY LOAD ON URL 'https://h/*' TO r", "="),
    ("REVOKE IMMUTABLE LOAD ON CIDR $c FROM r", "="),
    ("GRANT READ {*} ON GRAPH a FOR (:A|B {secret: false}) TO r", "GRANT READ {*} ON GRAPH a FOR (n:A|B) WHERE n.secret = false TO r"),
    ("GRANT TRAVERSE ON GRAPH * FOR (m WHERE m.age > $x) TO r", "GRANT TRAVERSE ON GRAPH * FOR (m) WHERE m.age > $x TO r"),
    ("DENY MATCH {a} ON GRAPHS a FOR (p:P) WHERE NOT p.x IS NULL TO r", "DENY MATCH {a} ON GRAPH a FOR (p:P) WHERE NOT p.x IS NULL TO r"),
    ("GRANT SHOW AUTH RULE ON DBMS TO r", "="),

    // Listings.
    ("SHOW ALIAS FOR DATABASES", "SHOW ALIASES FOR DATABASE"),
    ("SHOW ALIAS for FOR DATABASE", "SHOW ALIAS `for` FOR DATABASE"),
    ("SHOW ALIASES $a FOR DATABASE WHERE name STARTS WITH 'a' AND NOT location = 'local'",
     "SHOW ALIAS $a FOR DATABASE WHERE name STARTS WITH 'a' AND NOT location = 'local'"),
    ("SHOW ALIASES FOR DATABASE YIELD name AS n, url ORDER BY n DESC, url OFFSET 1 LIMIT 2 WHERE n <> 'x' RETURN DISTINCT n, count(*) AS c ORDER BY c SKIP 1 + 1 LIMIT $l",
     "SHOW ALIASES FOR DATABASE YIELD name AS n, url ORDER BY n DESC, url SKIP 1 LIMIT 2 WHERE n <> 'x' RETURN DISTINCT n, count(*) AS c ORDER BY c SKIP 1 + 1 LIMIT $l"),
    ("SHOW DATABASE db YIELD *", "="),
    ("SHOW DEFAULT DATABASE", "="),
    ("SHOW CLUSTER POLICY", "="),
    ("SHOW SERVER YIELD *", "SHOW SERVERS YIELD *"),
    ("SHOW TRANSACTION", "SHOW TRANSACTIONS"),
    ("SHOW TRANSACTIONS 'a', $b WHERE status = 'Running'", "="),
    ("SHOW SETTING 'server.x' YIELD name", "SHOW SETTINGS 'server.x' YIELD name"),
    ("SHOW PROCEDURE YIELD name, signature", "SHOW PROCEDURES YIELD name, signature"),
    ("SHOW PROCEDURE EXECUTABLE", "SHOW PROCEDURES EXECUTABLE BY CURRENT USER"),
    ("SHOW PROCEDURES EXECUTABLE BY CURRENT USER YIELD name", "="),
    ("SHOW PROCEDURES EXECUTABLE BY current WHERE true", "="),
    ("SHOW ALL FUNCTION EXECUTABLE BY $u", "SHOW FUNCTIONS EXECUTABLE BY $u"),
    ("SHOW USER DEFINED FUNCTIONS EXECUTABLE BY `a b`", "="),
    ("SHOW BUILT IN FUNCTION", "SHOW FUNCTIONS"),
    ("SHOW ALL FUNCTIONS WHERE aggregating", "SHOW FUNCTIONS WHERE aggregating"),
    ("SHOW USER DEFINED FUNCTIONS", "="),
    ("SHOW USER defined PRIVILEGES", "="),
    ("CALL dbms.components YIELD versions RETURN versions[0] AS version", "CALL dbms.components() YIELD versions RETURN versions[0] AS version"),
    ("call DBMS.Components()", "CALL dbms.components()"),
    ("SHOW HOME DATABASE WHERE name = 'x'", "="),
    ("SHOW USER WITH AUTH", "SHOW USERS WITH AUTH"),
    ("SHOW CURRENT USER", "="),
    ("SHOW SUPPORTED PRIVILEGE WHERE action = 'read'", "SHOW SUPPORTED PRIVILEGES WHERE action = 'read'"),
    ("SHOW POPULATED ROLES WITH USERS", "="),
    ("SHOW ALL ROLES", "SHOW ROLES"),
    ("SHOW ALL PRIVILEGES AS REVOKE COMMAND", "SHOW PRIVILEGES AS REVOKE COMMANDS"),
    ("SHOW ROLE a, $b PRIVILEGES AS COMMANDS YIELD command", "="),
    ("SHOW USER PRIVILEGES", "="),
    ("SHOW USER privileges PRIVILEGES", "SHOW USER `privileges` PRIVILEGES"),
    ("SHOW USERS carol PRIVILEGES WHERE access = 'GRANTED'", "SHOW USER carol PRIVILEGES WHERE access = 'GRANTED'"),

    // Expressions.
    ("SHOW USERS WHERE (a OR b) AND c XOR d", "="),
    ("SHOW USERS WHERE a OR (b OR c)", "="),
    ("SHOW USERS WHERE [false IN a][0] AND [`false` IN a] = a", "="),
    ("SHOW USERS WHERE a.`b c`(1).d = a . `b` ( 2 )", "SHOW USERS WHERE a.`b c`(1).d = a.b(2)"),
    ("SHOW USERS WHERE 1 < x <= 3", "="),
    ("SHOW USERS WHERE -(5) = -5 AND - -x = --x", "SHOW USERS WHERE -(5) = -5 AND --x = --x"),
    ("SHOW USERS WHERE -9223372036854775808 = 0x1F + 0o17", "SHOW USERS WHERE -9223372036854775808 = 31 + 15"),
    ("SHOW USERS WHERE x IS NOT NULL = (y IN ['a', $`b c`])", "SHOW USERS WHERE x IS NOT NULL = y IN ['a', $`b c`]"),
    ("SHOW USERS WHERE driver.`a b`.c = {}.d AND (1).x = 'it\\'s \\u00e9\\n'", "SHOW USERS WHERE driver.`a b`.c = {}.d AND (1).x = 'it\\'s é\\n'"),
    ("SHOW USERS WHERE roles[0] = 'a' AND a.b[1..][-1].c = d[..$n] AND (a.b).c", "="),
    ("SHOW USERS WHERE case when a then 1 when b then 2 else 3 end = case = CASE x WHEN 1 THEN 2 END",
     "SHOW USERS WHERE CASE WHEN a THEN 1 WHEN b THEN 2 ELSE 3 END = `case` = CASE x WHEN 1 THEN 2 END"),
    ("SHOW USERS WHERE user =~ 'a.*' OR user =~ $p", "="),
    ("/* c */ SHOW // x\n USERS WHERE not AND `null` IS NULL", "SHOW USERS WHERE `not` AND `null` IS NULL"),
];

#[test]
fn every_form_is_accepted_and_prints_canonically() {
    for (source, expected) in ACCEPTED {
        let expected = if *expected == "=" { source } else { expected };
        let printed = canonical(source);
        assert_eq!(&printed, expected);
        // The canonical text is canonical.
        assert_eq!(canonical(&printed), printed);
    }
}

/// Every beginning of every form is answered, and an error lies inside of what was read.
#[test]
fn truncated_statements_are_answered() {
    for (source, _) in ACCEPTED {
        for end in (0..source.len()).filter(|&end| source.is_char_boundary(end)) {
            let Err(error) = parse(&source[..end]) else { continue };
            assert!(error.span().end <= end, "{source}\n{error}");
            assert!(error.position().is_some() || end == 0, "{source}\n{error}");
        }
    }
}
