//! Where the two versions of the language part, and what both take or refuse: statements of our own, as Neo4j answers
//! them.

use aliasd_cypher::parse;

/// Statements that are taken, and what they are printed as; `=` says that they are canonical.
#[rustfmt::skip]
const TAKEN: &[(&str, &str)] = &[
    // A pattern that means nothing, after what reading is about.
    ("CYPHER 5 GRANT TRAVERSE ON GRAPH sales NODE Person (*) TO clerk", "CYPHER 5 GRANT TRAVERSE ON GRAPH sales NODES Person TO clerk"),
    ("CYPHER 5 DENY READ {name} ON HOME GRAPH RELATIONSHIPS KNOWS, LIKES ( * ) TO clerk",
     "CYPHER 5 DENY READ {name} ON HOME GRAPH RELATIONSHIPS KNOWS, LIKES TO clerk"),
    ("CYPHER 5 REVOKE MATCH {*} ON GRAPH * ELEMENTS * (*) FROM clerk", "CYPHER 5 REVOKE MATCH {*} ON GRAPH * ELEMENTS * FROM clerk"),
    ("CYPHER 5 GRANT TRAVERSE ON GRAPH * FOR (p:Person) WHERE p.age > 17 (*) TO clerk",
     "CYPHER 5 GRANT TRAVERSE ON GRAPH * FOR (p:Person) WHERE p.age > 17 TO clerk"),
    // Rules over the properties of relationships.
    ("GRANT TRAVERSE ON GRAPH sales FOR ()-[k:KNOWS]-() WHERE k.since = 2020 TO clerk", "="),
    ("GRANT READ {*} ON GRAPH * FOR ()<-[:KNOWS|LIKES {open: true}]-() TO clerk",
     "GRANT READ {*} ON GRAPH * FOR ()-[n:KNOWS|LIKES]-() WHERE n.open = true TO clerk"),
    ("DENY MATCH {a} ON GRAPH * FOR ()-[k WHERE k.since IS NULL]->() TO clerk",
     "DENY MATCH {a} ON GRAPH * FOR ()-[k]-() WHERE k.since IS NULL TO clerk"),
    ("GRANT TRAVERSE ON GRAPH * FOR ()-[where WHERE where.a = 1]-() TO clerk",
     "GRANT TRAVERSE ON GRAPH * FOR ()-[`where`]-() WHERE `where`.a = 1 TO clerk"),
    ("GRANT TRAVERSE ON GRAPH * FOR (where) WHERE where.a = 1 TO clerk",
     "GRANT TRAVERSE ON GRAPH * FOR (`where`) WHERE `where`.a = 1 TO clerk"),
    ("GRANT TRAVERSE ON GRAPH * FOR (p) WHERE 1 = p.level TO clerk", "="),
    // Altering, on single databases.
    ("GRANT ALTER DATABASE ON DATABASES sales, $stock TO clerk", "GRANT ALTER DATABASE ON DATABASE sales, $stock TO clerk"),
    ("GRANT ALTER COMPOSITE DATABASE ON DATABASE * TO clerk", "="),
    ("DENY SET DATABASE ACCESS ON HOME DATABASE TO clerk", "="),
    ("REVOKE SET DATABASE DEFAULT LANGUAGE ON DATABASE garden.roses FROM clerk", "="),
    ("GRANT ALTER DATABASE ON DBMS TO clerk", "="),
    ("CYPHER 5 GRANT ALTER COMPOSITE DATABASE ON DBMS TO clerk", "="),
    // Patterns of names.
    ("GRANT EXECUTE PROCEDURE apoc . load . * , db. ?ndexes ON DBMS TO clerk", "GRANT EXECUTE PROCEDURE apoc.load.*, db.?ndexes ON DBMS TO clerk"),
    ("GRANT EXECUTE FUNCTION a b ON DBMS TO clerk", "GRANT EXECUTE FUNCTION ab ON DBMS TO clerk"),
    ("GRANT EXECUTE FUNCTION on . to ON DBMS TO clerk", "GRANT EXECUTE FUNCTION on.to ON DBMS TO clerk"),
    ("GRANT EXECUTE FUNCTION on ON DBMS TO clerk", "="),
    ("GRANT SHOW SETTING `db`.*.`x y` ON DBMS TO clerk", "GRANT SHOW SETTING `db.*.x y` ON DBMS TO clerk"),
    ("GRANT EXECUTE PROCEDURE math. ON DBMS TO clerk", "="),
    // Keywords as names.
    ("SHOW DATABASE yield", "SHOW DATABASE `yield`"),
    ("SHOW DATABASES where;", "SHOW DATABASE `where`"),
    ("SHOW DATABASE yield YIELD name", "SHOW DATABASE `yield` YIELD name"),
    ("SHOW DATABASE where WHERE name = 'a'", "SHOW DATABASE `where` WHERE name = 'a'"),
    ("SHOW DATABASE yield WHERE name = 'a'", "SHOW DATABASE `yield` WHERE name = 'a'"),
    ("SHOW DATABASES YIELD name", "="),
    ("SHOW DATABASES WHERE name = 'a'", "="),
    ("SHOW USERS where PRIVILEGES", "SHOW USER `where` PRIVILEGES"),
    ("SHOW USER yield, with PRIVILEGE AS COMMANDS", "SHOW USER `yield`, `with` PRIVILEGES AS COMMANDS"),
    ("SHOW USER privilege, privileges PRIVILEGES", "SHOW USER `privilege`, `privileges` PRIVILEGES"),
    ("SHOW USER credentials PRIVILEGES", "="),
    ("SHOW USERS WHERE suspended", "="),
    ("SHOW USERS YIELD user, home", "="),
    ("SHOW ROLES with PRIVILEGES", "SHOW ROLE `with` PRIVILEGES"),
    ("SHOW ROLE yield, where PRIVILEGES YIELD role", "SHOW ROLE `yield`, `where` PRIVILEGES YIELD role"),
    ("SHOW ROLES WITH USERS", "="),
    ("SHOW AUTH RULE abroad PRIVILEGES", "="),
    ("SHOW AUTH RULES $rule, `2nd`, as PRIVILEGE AS REVOKE COMMAND", "SHOW AUTH RULE $rule, `2nd`, `as` PRIVILEGES AS REVOKE COMMANDS"),
    ("SHOW AUTH RULES YIELD name", "="),
    // The others.
    ("ALTER USER carol REMOVE HOME DATABASE SET HOME DATABASE sales", "="),
    ("CYPHER 5 CREATE DATABASE garden.roses", "="),
    ("CYPHER 5 DROP DATABASE `garden`.`roses`", "CYPHER 5 DROP DATABASE garden.roses"),
    ("CYPHER 5 ALTER ALIAS a.b.c SET DATABASE TARGET d", "="),
    ("CYPHER 5 ALTER ALIAS `a.b.c` SET DATABASE USER u", "="),
    ("CYPHER 5 CREATE DATABASE d DEFAULT LANGUAGE CYPHER 5", "="),
    ("CREATE USER u SET AUTH 'native' { SET PASSWORD $p SET PASSWORD CHANGE NOT REQUIRED }",
     "CREATE USER u SET AUTH 'native' { SET PASSWORD $p SET PASSWORD CHANGE NOT REQUIRED }"),
    ("ALTER USER u ADD TAG 'a' SET STATUS ACTIVE", "ALTER USER u ADD TAGS ['a'] SET STATUS ACTIVE"),
];

#[test]
fn what_neo4j_takes_is_taken() {
    for (source, expected) in TAKEN {
        let expected = if *expected == "=" { source } else { expected };
        let printed = parse(source).unwrap_or_else(|error| panic!("{source}\n{error}")).to_string();
        assert_eq!(&printed, expected);
        assert_eq!(parse(&printed).map(|again| again.to_string()).unwrap_or_default(), printed);
    }
}

/// Statements that are refused; the place is where `»` stands, which is no part of the statement. Code and the beginning
/// of the message.
#[rustfmt::skip]
const REFUSED: &[(&str, &str, &str)] = &[
    // Parts of names.
    ("CYPHER 5 ALTER ALIAS »a.b.c SET DATABASE TARGET d AT 'neo4j+s://h'", "INVALID_DOTTED_NAME", "'.' is not a valid character in the remote alias name 'a.b.c'."),
    ("CYPHER 5 ALTER ALIAS »a.b.c IF EXISTS SET DATABASE PASSWORD $p", "INVALID_DOTTED_NAME", "'.' is not"),
    ("CYPHER 5 ALTER ALIAS »a.b.c SET DATABASE DRIVER {}", "INVALID_DOTTED_NAME", "'.' is not"),
    ("CYPHER 5 CREATE DATABASE »`a`.`b`", "TOO_MANY_NAME_COMPONENTS", "Invalid input ``a`.`b`` for database name. Expected name to contain at most one component"),
    ("CYPHER 5 CREATE COMPOSITE DATABASE »a.`b`", "TOO_MANY_NAME_COMPONENTS", "Invalid input `a.`b`` for database name."),
    ("CYPHER 5 DROP DATABASE »`a`.`b` . `c`", "TOO_MANY_NAME_COMPONENTS", "Invalid input ``a`.`b`.`c`` for name. Expected name to contain at most two components separated by `.`."),
    ("SHOW DATABASE »`a`.`b`", "INVALID_QUALIFIED_NAME", "Incorrectly formatted graph reference '`a`.`b`'. Expected a single quoted or unquoted identifier. Separate name parts should not be quoted individually."),
    // Cypher 25 only.
    ("CYPHER 5 CREATE DATABASE d »SET DEFAULT LANGUAGE CYPHER 5", "SYNTAX_ERROR", "Invalid input: found 'SET'"),
    ("CYPHER 5 CREATE COMPOSITE DATABASE d »SET DEFAULT LANGUAGE CYPHER 25", "SYNTAX_ERROR", "Invalid input: found 'SET'"),
    ("CYPHER 5 GRANT ROLE a TO USER »b", "SYNTAX_ERROR", "Invalid input: found 'b'"),
    ("CYPHER 5 REVOKE ROLES a FROM USERS »b", "SYNTAX_ERROR", "Invalid input: found 'b'"),
    ("CYPHER 5 CREATE USER u SET »TAGS ['a']", "SYNTAX_ERROR", "Invalid input: found 'TAGS'"),
    ("CYPHER 5 ALTER USER u »ADD TAGS ['a']", "SYNTAX_ERROR", "Invalid input: found 'ADD'"),
    ("CYPHER 5 ALTER USER u REMOVE »TAGS ['a']", "SYNTAX_ERROR", "Invalid input: found 'TAGS'"),
    ("CYPHER 5 ALTER USER u REMOVE ALL »TAGS", "SYNTAX_ERROR", "Invalid input: found 'TAGS'"),
    ("CYPHER 5 ALTER »USERS a, b SET TAGS ['a']", "SYNTAX_ERROR", "Invalid input: found 'USERS'"),
    ("CYPHER 5 GRANT »AUTH RULE MANAGEMENT ON DBMS TO r", "SYNTAX_ERROR", "Invalid input: found 'AUTH'"),
    ("CYPHER 5 GRANT SHOW »AUTH RULE ON DBMS TO r", "SYNTAX_ERROR", "Invalid input: found 'AUTH'"),
    ("CYPHER 5 GRANT USER »METADATA MANAGEMENT ON DBMS TO r", "SYNTAX_ERROR", "Invalid input: found 'METADATA'"),
    ("CYPHER 5 DENY SHOW USER »METADATA ON DBMS TO r", "SYNTAX_ERROR", "Invalid input: found 'METADATA'"),
    ("CYPHER 5 GRANT ALTER DATABASE ON »DATABASE a TO r", "SYNTAX_ERROR", "Invalid input: found 'DATABASE'"),
    ("CYPHER 5 GRANT SET DATABASE ACCESS ON »HOME DATABASE TO r", "SYNTAX_ERROR", "Invalid input: found 'HOME'"),
    ("CYPHER 5 SHOW »AUTH RULE a PRIVILEGES", "SYNTAX_ERROR", "Invalid input: found 'AUTH'"),
    // Cypher 5 only.
    ("GRANT TRAVERSE ON GRAPH a NODE A »(*) TO r", "SYNTAX_ERROR", "Invalid input: found '('"),
    ("GRANT READ {*} ON GRAPH a FOR (n) WHERE n.a = 1 »(*) TO r", "SYNTAX_ERROR", "Invalid input: found '('"),
    ("CYPHER 5 GRANT DELETE ON GRAPH a NODE A »(*) TO r", "SYNTAX_ERROR", "Invalid input: found '('"),
    ("CYPHER 5 GRANT MERGE {*} ON GRAPH a NODE A »(*) TO r", "SYNTAX_ERROR", "Invalid input: found '('"),
    ("CYPHER 5 GRANT ACCESS ON »DEFAULT DATABASE TO r", "SYNTAX_ERROR", "`ON DEFAULT DATABASE` is not supported. Use `ON HOME DATABASE` instead."),
    ("CYPHER 5 GRANT ALL ON »DEFAULT GRAPH TO r", "SYNTAX_ERROR", "`ON DEFAULT GRAPH` is not supported. Use `ON HOME GRAPH` instead."),
    // Users.
    ("CREATE USER u»", "SYNTAX_ERROR", "Invalid input: found the end of the statement, expected 'IF' or 'SET'."),
    ("CREATE USER u IF NOT EXISTS»;", "SYNTAX_ERROR", "Invalid input: found ';', expected 'SET'."),
    ("CREATE USER u SET AUTH 'native' { SET PASSWORD $p »CHANGE REQUIRED }", "SYNTAX_ERROR", "Invalid input: found 'CHANGE'"),
    ("CREATE USER u SET PASSWORD CHANGE REQUIRED »CHANGE REQUIRED", "SYNTAX_ERROR", "Invalid input: found 'CHANGE'"),
    ("CREATE USER u SET TAGS 'a'», 'b'", "SYNTAX_ERROR", "Invalid input: found ','"),
    ("ALTER USER u REMOVE TAGS 'a' REMOVE »TAGS 'b'", "DUPLICATE_CLAUSE", "Duplicate REMOVE TAGS clause"),
    ("ALTER USERS u REMOVE ALL TAGS REMOVE »TAG 'b'", "DUPLICATE_CLAUSE", "Duplicate REMOVE TAGS clause"),
    ("ALTER USER u ADD TAGS 'a' ADD »TAGS 'b'", "DUPLICATE_CLAUSE", "Duplicate ADD TAGS clause"),
    ("ALTER AUTH RULE r SET ENABLED TRUE SET »ENABLED TRUE", "DUPLICATE_CLAUSE", "Duplicate SET ENABLED clause"),
    ("ALTER AUTH RULE r SET CONDITION 1 = 1 SET »CONDITION 2 = 2", "DUPLICATE_CLAUSE", "Duplicate SET CONDITION clause"),
    // The place of what stands twice is the word after SET.
    ("CREATE USER u SET PASSWORD $p SET »PASSWORD $q", "DUPLICATE_CLAUSE", "Duplicate SET PASSWORD clause"),
    ("CREATE USER u SET PASSWORD $p SET »PLAINTEXT PASSWORD $q", "DUPLICATE_CLAUSE", "Duplicate SET PASSWORD clause"),
    ("CREATE USER u SET PASSWORD $p CHANGE REQUIRED SET »PASSWORD CHANGE REQUIRED", "DUPLICATE_CLAUSE", "Duplicate SET PASSWORD CHANGE [NOT] REQUIRED clause"),
    ("ALTER USER u SET STATUS ACTIVE SET »STATUS ACTIVE", "DUPLICATE_CLAUSE", "Duplicate SET STATUS {SUSPENDED|ACTIVE} clause"),
    ("ALTER USER u SET HOME DATABASE a SET »HOME DATABASE a", "DUPLICATE_CLAUSE", "Duplicate SET HOME DATABASE clause"),
    ("ALTER USER u REMOVE HOME DATABASE REMOVE »HOME DATABASE", "DUPLICATE_CLAUSE", "Duplicate REMOVE HOME DATABASE clause"),
    ("ALTER USER u SET AUTH 'mtls' {SET ID 'a'} SET »AUTH 'mtls' {SET ID 'b'}", "DUPLICATE_CLAUSE", "Duplicate `SET AUTH 'mtls'` clause."),
    ("ALTER USER u SET AUTH 'mtls' {SET ID 'a' SET »ID 'b'}", "DUPLICATE_CLAUSE", "Duplicate SET ID clause"),
    ("ALTER USER u SET TAGS ['a'] SET »TAGS ['b']", "DUPLICATE_CLAUSE", "Duplicate SET TAGS clause"),
    ("ALTER USERS u SET TAGS ['a'] SET »TAGS ['b']", "DUPLICATE_CLAUSE", "Duplicate SET TAGS clause"),
    ("ALTER DATABASE d SET ACCESS READ ONLY SET »ACCESS READ WRITE", "DUPLICATE_CLAUSE", "Duplicate SET ACCESS clause"),
    ("ALTER DATABASE d SET DEFAULT LANGUAGE CYPHER 5 SET »DEFAULT LANGUAGE CYPHER 5", "DUPLICATE_CLAUSE", "Duplicate SET DEFAULT LANGUAGE clause"),
    // Patterns of names.
    ("GRANT EXECUTE PROCEDURE apoc.`lo`»ad ON DBMS TO r", "SYNTAX_ERROR", "What is between two dots"),
    ("GRANT EXECUTE PROCEDURE apoc.lo»`ad` ON DBMS TO r", "SYNTAX_ERROR", "What is between two dots"),
    ("GRANT EXECUTE FUNCTION `math`»?.sin ON DBMS TO r", "SYNTAX_ERROR", "What is between two dots"),
    ("GRANT SHOW SETTING *»`a` ON DBMS TO r", "SYNTAX_ERROR", "What is between two dots"),
    ("GRANT EXECUTE PROCEDURE »ON DBMS TO r", "SYNTAX_ERROR", "Invalid input: found 'ON', expected a name, in which"),
    ("GRANT EXECUTE PROCEDURE a »TO r", "SYNTAX_ERROR", "Invalid input: found 'TO', expected ',' or 'ON'."),
    // Rules without a variable.
    ("GRANT TRAVERSE ON GRAPH * FOR () »WHERE n.a = 1 TO r", "INVALID_EXPRESSION", "Failed to administer property rule."),
    ("GRANT TRAVERSE ON GRAPH * FOR ()-[:A »WHERE n.a = 1]-() TO r", "INVALID_EXPRESSION", "Failed to administer property rule."),
    // Names.
    ("CREATE ROLE »\u{885}", "INVALID_CHARACTER", "The character"),
    ("SHOW USERS YIELD »``", "SYNTAX_ERROR", "A name in backticks may not be empty."),
    ("GRANT TRAVERSE ON GRAPH * NODES »`` TO r", "SYNTAX_ERROR", "A name in backticks may not be empty."),
    ("GRANT EXECUTE PROCEDURE »`` ON DBMS TO r", "SYNTAX_ERROR", "A name in backticks may not be empty."),
    ("SHOW USERS WHERE a = »$``", "SYNTAX_ERROR", "The name of a parameter may not be empty."),
    // Versions.
    ("CYPHER »2_5 SHOW USERS", "INVALID_CYPHER_VERSION", "Invalid Cypher version '2_5'. Valid Cypher versions are: 5, 25"),
    ("CYPHER »5.0 SHOW USERS", "INVALID_CYPHER_VERSION", "Invalid Cypher version '5.0'."),
    ("ALTER DATABASE d SET DEFAULT LANGUAGE CYPHER »25a", "INVALID_CYPHER_VERSION", "Invalid Cypher version '25a'."),
    // What is missing at the end is missing behind the last word.
    ("DROP ALIAS a FOR»  \n ", "SYNTAX_ERROR", "Invalid input: found the end of the statement"),
    ("ALTER USER u» // nothing", "MISSING_CLAUSE", "`ALTER USER` requires at least one clause."),
    // What is not here, by name.
    ("CREATE DATABASE d »GRAPH SHARD { TOPOLOGY 1 PRIMARY } PROPERTY SHARDS { COUNT 2 }", "NOT_SUPPORTED", "Where a database is stored"),
    ("CREATE DATABASE d SET »PROPERTY SHARDS { COUNT 2 }", "NOT_SUPPORTED", "Where a database is stored"),
    ("CREATE DATABASE d SET DEFAULT LANGUAGE CYPHER 25 SET »GRAPH SHARD {}", "NOT_SUPPORTED", "Where a database is stored"),
    ("CREATE DATABASE d DEFAULT LANGUAGE CYPHER 25 »TOPOLOGY 1 PRIMARY", "NOT_SUPPORTED", "Where a database is stored"),
    ("ALTER DATABASE d SET »GRAPH SHARD { SET TOPOLOGY 1 PRIMARY }", "NOT_SUPPORTED", "Where a database is stored"),
    ("ALTER DATABASE d SET »PROPERTY SHARD { SET TOPOLOGY 2 REPLICAS }", "NOT_SUPPORTED", "Where a database is stored"),
    ("ALTER DATABASE d REMOVE »OPTION x", "NOT_SUPPORTED", "Options of databases"),
    ("»CREATE REPLICA DATABASE d", "NOT_SUPPORTED", "Where a database is stored"),
    ("GRANT »SECRETS MANAGEMENT ON DBMS TO r", "NOT_SUPPORTED", "Secrets of a DBMS"),
    ("DENY »READ SECRET 'a' ON DBMS TO r", "NOT_SUPPORTED", "Secrets of a DBMS"),
    ("REVOKE »WRITE SECRETS ON DBMS FROM r", "NOT_SUPPORTED", "Secrets of a DBMS"),
    ("GRANT »SHOW SECRETS ON DBMS TO r", "NOT_SUPPORTED", "Secrets of a DBMS"),
    ("SHOW USER »CREDENTIALS", "NOT_SUPPORTED", "The hashes of passwords"),
    ("SHOW USERS »CREDENTIALS YIELD *", "NOT_SUPPORTED", "The hashes of passwords"),
    ("SHOW ROLES »AS COMMANDS", "NOT_SUPPORTED", "Users and roles are not listed as commands."),
    ("»DEALLOCATE DATABASES FROM SERVER 'a'", "NOT_SUPPORTED", "The servers of a DBMS"),
    ("»SHOW INDEXES", "NOT_SUPPORTED", "Indexes, constraints"),
];

#[test]
fn what_neo4j_refuses_is_refused_at_its_place() {
    for (marked, code, message) in REFUSED {
        let offset = marked.find('»').expect("the place is marked");
        let source = marked.replacen('»', "", 1);
        let error = match parse(&source) {
            Ok(statement) => panic!("{source}: taken as {statement}"),
            Err(error) => error,
        };
        assert_eq!((error.code().as_str(), error.span().start), (*code, offset), "{source}\n{error}");
        assert!(error.message().starts_with(message), "{source}\n{error}");
    }
}

/// A comment ends with its line, whichever way that ends; what follows is not swallowed.
#[test]
fn a_comment_ends_at_a_lone_carriage_return() {
    for end in ["\n", "\r\n", "\r"] {
        let source = format!("// what follows counts{end}SHOW{end}USERS // and so on{end}WITH AUTH");
        assert_eq!(parse(&source).expect("a statement").to_string(), "SHOW USERS WITH AUTH", "{source:?}");
        let wrong = format!("// one{end}SHOW USERS{end}  WITH NOTHING");
        let error = parse(&wrong).expect_err("no statement");
        assert_eq!(error.position(), Some((3, 8)), "{wrong:?}");
        assert_eq!(error.excerpt().expect("it has a place"), "    WITH NOTHING\n         ^^^^^^^");
        let secret = format!("ALTER USER u // x{end}SET PASSWORD 'geheim' NOTHING");
        assert!(!parse(&secret).expect_err("no statement").to_string().contains("geheim"), "{secret:?}");
    }
}
