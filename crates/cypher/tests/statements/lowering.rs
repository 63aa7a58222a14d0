//! From statements to the commands of the catalog.

use aliasd_catalog::{
    AliasTarget, CatalogName, Command, DatabaseStatus, Duration, HomeChange, LogLevel, NameForm, OpenCommand, Plain,
    PlainSecret, Privilege, Segment, Value,
};
use aliasd_cypher::{Lowered, Parameters, compile};

fn parameters(values: &[(&str, Value)]) -> Parameters {
    Parameters::new(values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

fn command(statement: &str, values: &[(&str, Value)]) -> Command<Plain> {
    match compile(statement, &parameters(values)) {
        Ok(Lowered::Command(command)) => *command,
        other => panic!("{statement}: {other:?}"),
    }
}

/// The code and the first line of a refusal.
fn refusal(statement: &str, values: &[(&str, Value)]) -> String {
    let refusal = compile(statement, &parameters(values)).expect_err(statement);
    format!("{} {}", refusal.code(), refusal.to_string().lines().next().unwrap_or_default())
}

/// A map keeps its keys in lower case: of two that are one then, the first would be lost.
#[test]
fn keys_that_differ_in_case_only_are_refused() {
    let both = Value::Map([("b".to_owned(), Value::Integer(1)), ("B".to_owned(), Value::Integer(2))].into());
    for (statement, place) in [
        (format!("{REMOTE}DRIVER {{»ssl_enforced: true, ^SSL_enforced: false}}"), '^'),
        ("CREATE ALIAS a FOR DATABASE b PROPERTIES {owner: 1, ^Owner: 2}".to_owned(), '^'),
        ("ALTER ALIAS a SET DATABASE PROPERTIES {owner: 1, ^owner: 2}".to_owned(), '^'),
        ("ALTER CLUSTER SET POLICY {default_language: 'CYPHER_5', ^DEFAULT_LANGUAGE: 'CYPHER_25'}".to_owned(), '^'),
        ("ALTER ALIAS a SET DATABASE PROPERTIES ^$both".to_owned(), '^'),
    ] {
        let statement = statement.replace('»', "");
        let offset = statement.find(place).expect("the place is marked");
        let refused = refusal(&statement.replace(place, ""), &[("both", both.clone())]);
        assert!(refused.starts_with("DUPLICATE_KEY The key "), "{refused}");
        assert!(refused.ends_with(&format!("(offset: {offset}))")), "{refused}");
    }
    let kept = command("CREATE ALIAS a FOR DATABASE b PROPERTIES {owner: {a: 1, A: 2}}", &[]);
    let Command::CreateAlias(create) = kept else { panic!("a CREATE ALIAS") };
    assert_eq!(create.properties.len(), 1, "a value keeps its keys as they are");
}

/// No login is by another provider; what is stored of one can be taken away.
#[test]
fn providers_that_nobody_logs_in_by_are_refused() {
    for statement in ["CREATE USER u SET AUTH 'ldap' {SET ID 'x'}", "ALTER USER u SET AUTH 'oidc-1' {SET ID 'x'}"] {
        assert!(refusal(statement, &[]).starts_with("AUTH_PROVIDER_INVALID "), "{statement}");
    }
    command("ALTER USER u REMOVE AUTH 'ldap'", &[]);
    command("CREATE USER u SET AUTH 'mtls' {SET ID 'x'}", &[]);
}

/// The way out of what is often written.
#[test]
fn hints_say_how_it_is_written() {
    let hint = |statement: &str| {
        let refusal = compile(statement, &parameters(&[])).expect_err(statement);
        refusal.hint().unwrap_or_default().to_owned()
    };
    let dash = |name: &str| format!("A name with a dash is written in backticks: `{name}`.");
    assert_eq!(hint("CREATE ALIAS remote-neo4j FOR DATABASE b"), dash("remote-neo4j"));
    assert_eq!(hint("CREATE ALIAS a FOR DATABASE my-db-2 AT 'neo4j+s://h'"), dash("my-db-2"));
    assert_eq!(hint("GRANT ROLE a-b TO carol"), dash("a-b"));
    assert_eq!(hint("SHOW DATABASE eu-west YIELD *"), dash("eu-west"));
    assert_eq!(hint("DROP ROLE a -b"), "");
    let driver = hint(&format!("{REMOTE}DRIVER {{connection_timeout: 'PT5S'}}"));
    assert!(driver.contains("duration('PT5S')"), "{driver}");
    assert!(!hint("ALTER USER u SET PASSWORD geheim-wort").contains("geheim"));
}

const REMOTE: &str = "CREATE ALIAS a FOR DATABASE b AT 'neo4j+s://h' USER u PASSWORD 'p' ";

#[test]
fn driver_settings() {
    let statement = format!(
        "{REMOTE} DRIVER {{SSL_enforced: 1 = 1, connection_timeout: duration({{seconds: 5}}), \
         connection_max_lifetime: duration('-PT1S'), connection_pool_max_size: 2 * 5, logging_level: 'de' + 'bug'}}"
    );
    let Command::CreateAlias(create) = command(&statement, &[]) else { panic!("a CREATE ALIAS") };
    let AliasTarget::Remote(remote) = create.target else { panic!("a remote alias") };
    assert_eq!(remote.driver.ssl_enforced, Some(true));
    assert_eq!(remote.driver.connection_timeout, Some(Duration::from_seconds(5)));
    assert_eq!(remote.driver.connection_max_lifetime, Some(Duration::from_seconds(-1)));
    assert_eq!(remote.driver.connection_pool_max_size, Some(10));
    assert_eq!(remote.driver.logging_level, Some(LogLevel::Debug));
    assert_eq!(remote.login.credential().map(PlainSecret::expose), Some("p"));
}

#[test]
fn driver_settings_are_refused_with_the_messages_of_neo4j() {
    let failed = "Failed to create the specified database alias 'a': ";
    let valid = "ssl_enforced, connection_timeout, connection_max_lifetime, connection_pool_acquisition_timeout, \
                 connection_pool_idle_test, connection_pool_max_size, logging_level";
    let at = |what: &str| {
        format!("EXPRESSION_NOT_VALID {what} not valid in driver settings. (line 1, column 90 (offset: 89))")
    };
    for (map, expected) in [
        ("{x: 1, y: 2}", format!("DRIVER_SETTING_UNKNOWN {failed}Invalid driver setting(s) provided: x, y. Valid driver settings are: {valid}")),
        ("{ssl_enforced: 1}", format!("DRIVER_SETTING_TYPE {failed}Invalid driver settings value for 'ssl_enforced'. Expected a boolean value.")),
        ("{connection_timeout: '5s'}", format!("DRIVER_SETTING_TYPE {failed}Invalid driver settings value for 'connection_timeout'. Expected a duration value.")),
        ("{connection_timeout: duration('-PT1S')}", format!("DRIVER_SETTING_NEGATIVE {failed}Invalid driver settings value for 'connection_timeout'. Negative duration is not allowed.")),
        ("{connection_pool_max_size: 0}", format!("DRIVER_SETTING_ZERO {failed}Invalid driver settings value for 'connection_pool_max_size'. Zero is not allowed.")),
        ("{ssl_enforced: EXISTS { (n) }}", at("The EXISTS expression is")),
        ("{ssl_enforced: COUNT { MATCH (n) } > 1}", at("The COUNT expression is")),
        ("{ssl_enforced: collect {RETURN 1}}", at("The COLLECT expression is")),
        ("{ssl_enforced: (a)-[:R]->()}", at("Pattern expressions are")),
        ("{ssl_enforced: [(a)--(b) | 1]}", at("Pattern comprehensions are")),
        ("{ssl_enforced: count(*)}", at("This expression is")),
        ("{ssl_enforced: max(1)}", at("This expression is")),
        ("{ssl_enforced: name}", "EXPRESSION_NOT_VALID This expression is not valid in driver settings. (line 1, column 90 (offset: 89))".to_owned()),
        ("{connection_pool_max_size: 1 / 0}", "DRIVER_SETTINGS_EVALUATION Failed evaluating the given driver settings. Division by zero. (line 1, column 102 (offset: 101))".to_owned()),
        ("$map", "WRONG_TYPE Invalid driver settings '$map'. Expected a map value, found an integer. (line 1, column 75 (offset: 74))".to_owned()),
    ] {
        assert_eq!(refusal(&format!("{REMOTE}DRIVER {map}"), &[("map", Value::Integer(1))]), expected);
    }
    let statement = "ALTER ALIAS a SET DATABASE PROPERTIES {a: {b: [EXISTS { (n) }]}}";
    let hint = "EXPRESSION_NOT_VALID The EXISTS expression is not valid in properties.";
    assert!(refusal(statement, &[]).starts_with(hint));
    let altered = refusal("ALTER ALIAS $n SET DATABASE DRIVER {x: 1}", &[("n", Value::from("A"))]);
    assert!(
        altered.starts_with("DRIVER_SETTING_UNKNOWN Failed to alter the specified database alias 'a': "),
        "{altered}"
    );
}

#[test]
fn every_place_takes_a_parameter() {
    let map = Value::Map([("Rank".to_owned(), Value::Integer(1))].into());
    let values = [
        ("n", Value::from("N")),
        ("t", Value::from("T")),
        ("u", Value::from("bolt+s://h")),
        ("w", Value::from("U")),
        ("p", Value::from("secret")),
        ("d", Value::Map([].into())),
        ("m", map),
    ];
    let statement = "CREATE ALIAS $n FOR DATABASE $t AT $u USER $w PASSWORD $p DRIVER $d PROPERTIES $m";
    let Command::CreateAlias(create) = command(statement, &values) else { panic!("a CREATE ALIAS") };
    assert_eq!((create.name.as_str(), &create.properties["rank"]), ("n", &Value::Integer(1)));
    let AliasTarget::Remote(remote) = create.target else { panic!("a remote alias") };
    assert_eq!((remote.database.as_str(), remote.login.user().map(|user| user.as_str())), ("t", Some("U")));
    assert_eq!(remote.login.credential().map(PlainSecret::expose), Some("secret"));
    assert!(refusal(statement, &values[1..]).starts_with("MISSING_PARAMETER"));
    assert!(
        refusal("DROP USER $n", &[("n", Value::Null)])
            .starts_with("WRONG_TYPE Expected parameter $n to be a string, found NULL.")
    );
}

#[test]
fn names_and_values_are_checked() {
    for (statement, code) in [
        ("CREATE ALIAS `system.x` FOR DATABASE a", "ALIAS_NAME_RESERVED"),
        ("CREATE ALIAS a FOR DATABASE b AT 'http://h' USER u PASSWORD 'p'", "URL_SCHEME_INVALID"),
        ("CREATE ALIAS a FOR DATABASE b AT 'neo4j+s://h' USER u PASSWORD ''", "PASSWORD_EMPTY"),
        ("CREATE DATABASE `a b c`", "DATABASE_NAME_CHARACTERS"),
        ("CREATE USER `a:b` SET PASSWORD 'password'", "USER_NAME_INVALID"),
        ("CREATE USER a SET PASSWORD 'short'", "PASSWORD_TOO_SHORT"),
        ("CREATE USER a SET PASSWORD ''", "PASSWORD_EMPTY"),
        ("CREATE USER a SET PASSWORD 'password' SET AUTH 'native' {SET PASSWORD 'password'}", "CONFLICTING_CLAUSES"),
        ("CREATE ROLE `1r`", "ROLE_NAME_INVALID"),
        ("GRANT ACCESS ON DATABASE $star TO r", "PARAMETER_IS_WILDCARD"),
    ] {
        assert!(refusal(statement, &[("star", Value::from("*"))]).starts_with(code), "{statement}");
    }
}

#[test]
fn users() {
    let statement = "ALTER USER a REMOVE HOME DATABASE REMOVE AUTH ['native', 'x'] SET AUTH 'mtls' {SET ID 'i'}";
    let Command::AlterUser(alter) = command(statement, &[]) else { panic!("an ALTER USER") };
    assert_eq!(alter.home, Some(HomeChange::Remove));
    assert!(alter.remove_auth.native && !alter.remove_auth.all && alter.remove_auth.providers.len() == 1);
    assert_eq!(alter.set_auth[0].1.as_str(), "i");
    assert!(alter.password.is_none());
    let Command::CreateUser(create) = command("CREATE USER a SET AUTH 'native' {SET PASSWORD 'password'}", &[]) else {
        panic!("a CREATE USER")
    };
    assert_eq!(create.password.unwrap().password.unwrap().expose(), "password");
}

#[test]
fn where_a_name_may_be_split_depends_on_how_it_was_written() {
    let within = |composite: &str| NameForm::Within(CatalogName::new(composite).expect("a valid name"));
    for (name, form) in [("a.b.c", NameForm::AnyDot), ("`a.b`", NameForm::AnyDot), ("$n", NameForm::AnyDot)] {
        let Command::Open(OpenCommand::DropAlias { form: found, .. }) =
            command(&format!("DROP ALIAS {name} FOR DATABASE"), &[("n", Value::from("a.b"))])
        else {
            panic!("a DROP ALIAS")
        };
        assert_eq!(found, form, "{name}");
    }
    for (name, form) in [
        ("a.b.c", NameForm::FirstDot),
        ("$n", NameForm::FirstDot),
        ("`a.b`", NameForm::Plain),
        ("a", NameForm::Plain),
        ("`a.b`.c", within("a.b")),
        ("a.`b.c`", within("a")),
    ] {
        let statement = format!("CYPHER 5 DROP ALIAS {name} FOR DATABASE");
        let Command::Open(OpenCommand::DropAlias { form: found, .. }) =
            command(&statement, &[("n", Value::from("a.b"))])
        else {
            panic!("a DROP ALIAS")
        };
        assert_eq!(found, form, "{name}");
    }
}

#[test]
fn databases() {
    let Command::Open(OpenCommand::SetDatabaseStatus { name, status }) = command("STOP DATABASE Movies NOWAIT", &[])
    else {
        panic!()
    };
    assert_eq!((name.as_str(), status), ("movies", DatabaseStatus::Offline));
    let Command::Open(OpenCommand::SetDefaultDatabase { name }) =
        command("CALL dbms.setDefaultDatabase($n)", &[("n", Value::from("X"))])
    else {
        panic!("a choice of the default database")
    };
    assert_eq!(name.as_str(), "x");
    for (statement, code) in [
        ("CREATE COMPOSITE DATABASE c OPTIONS {seedUri: 'x'}", "NOT_SUPPORTED"),
        ("CREATE DATABASE d TOPOLOGY 1 PRIMARY", "NOT_SUPPORTED"),
        ("ALTER DATABASE d SET TOPOLOGY 1 PRIMARY", "NOT_SUPPORTED"),
        ("ALTER DATABASE d SET OPTION txLogEnrichment 'FULL'", "NOT_SUPPORTED"),
        ("ALTER DATABASE d SET ACCESS READ ONLY SET ACCESS READ WRITE", "DUPLICATE_CLAUSE"),
        ("ALTER DATABASE d", "SYNTAX_ERROR"),
        ("START DATABASE d WAIT -1", "SYNTAX_ERROR"),
        ("CALL dbms.shutdown()", "UNKNOWN_PROCEDURE"),
    ] {
        assert!(refusal(statement, &[]).starts_with(code), "{statement}");
    }
}

#[test]
fn own_password_and_hashes() {
    let statement = "ALTER CURRENT USER SET PASSWORD FROM 'old password' TO $new";
    let Command::ChangeOwnPassword { present, password, .. } =
        command(statement, &[("new", Value::from("new password"))])
    else {
        panic!("a change of the own password")
    };
    assert_eq!((present.expose(), password.expose()), ("old password", "new password"));
    assert!(refusal(statement, &[("new", Value::from("short"))]).starts_with("PASSWORD_TOO_SHORT"));
    for (hash, expected) in [
        ("1,ab12,cd34", "The encryption version specified is not available."),
        (
            "ab12,cd34",
            "Incorrect format of encrypted password. Correct format is '<encryption-version>,<hash>,<salt>'.",
        ),
    ] {
        let refused = refusal(&format!("CREATE USER u SET ENCRYPTED PASSWORD '{hash}'"), &[]);
        assert!(refused.ends_with(expected), "{refused}");
    }
}

#[test]
fn cypher_5_is_lenient_and_forwards_nothing() {
    for (prefix, expected) in [("", false), ("CYPHER 25 ", false), ("CYPHER 5 ", true)] {
        let Command::Open(OpenCommand::RevokeRoles { lenient, .. }) =
            command(&format!("{prefix}REVOKE ROLE r FROM u"), &[])
        else {
            panic!()
        };
        assert_eq!(lenient, expected);
        let Command::Open(OpenCommand::RevokePrivileges { lenient, .. }) =
            command(&format!("{prefix}REVOKE ALL ON DBMS FROM u"), &[])
        else {
            panic!()
        };
        assert_eq!(lenient, expected);
    }
    let forwarding = "CREATE ALIAS a FOR DATABASE b AT 'neo4j+s://h' OIDC CREDENTIAL FORWARDING";
    assert!(matches!(command(forwarding, &[]), Command::CreateAlias(_)));
    assert!(refusal(&format!("CYPHER 5 {forwarding}"), &[]).starts_with("SYNTAX_ERROR"));
    for (statement, code) in [
        ("CYPHER 5 CREATE ALIAS a.b.c FOR DATABASE b AT 'neo4j+s://h' USER u PASSWORD 'p'", "INVALID_DOTTED_NAME"),
        ("CYPHER 5 CREATE ALIAS a.b.c FOR DATABASE b", "INVALID_DOTTED_NAME"),
        ("CYPHER 5 DROP ALIAS a.`b`.c FOR DATABASE", "TOO_MANY_NAME_COMPONENTS"),
        ("DROP ALIAS a.`b` FOR DATABASE", "INVALID_QUALIFIED_NAME"),
    ] {
        assert!(refusal(statement, &[]).starts_with(code), "{statement}");
    }
}

#[test]
fn property_rules() {
    let rule = |condition: &str| format!("GRANT READ {{*}} ON GRAPH g FOR (n:A) WHERE {condition} TO r");
    let stored = |condition: &str| {
        let values = [("p", Value::from("it's")), ("l", Value::List(vec![Value::Integer(1)]))];
        let Command::Open(OpenCommand::AssignPrivileges { privileges, .. }) = command(&rule(condition), &values) else {
            panic!("a GRANT")
        };
        match privileges.first() {
            Some(Privilege::Graph { segment: Segment::Pattern(pattern), .. }) => pattern.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(stored("n.x = $p"), "(n:A) WHERE n.x = 'it\\'s'");
    assert_eq!(stored("NOT n.x IN $l"), "(n:A) WHERE NOT n.x IN [1]");
    assert_eq!(stored("n.x IS NOT NULL"), "(n:A) WHERE n.x IS NOT NULL");
    assert_eq!(stored("1 = n.x"), "(n:A) WHERE n.x = 1");
    assert_eq!(stored("$p <> n.x"), "(n:A) WHERE n.x <> 'it\\'s'");
    for (swapped, kept) in [("<", ">"), ("<=", ">="), (">", "<"), (">=", "<=")] {
        assert_eq!(stored(&format!("NOT 1 {swapped} n.x")), format!("(n:A) WHERE NOT n.x {kept} 1"));
    }
    for condition in [
        "n.x",
        "m.x = 1",
        "n.x = NULL",
        "n.x = n.y",
        "n.x = 1 AND n.y = 2",
        "n.y = n.x",
        "1 = 1",
        "n.x.y = 1",
        "n.x + 1 = 2",
        "1 IN n.x",
    ] {
        assert!(
            refusal(&rule(condition), &[]).starts_with("INVALID_EXPRESSION Failed to administer property rule."),
            "{condition}"
        );
    }
    assert!(refusal("GRANT WRITE ON GRAPH g FOR (n) WHERE n.x = 1 TO r", &[]).starts_with("SYNTAX_ERROR"));
    assert!(refusal("GRANT DELETE ON GRAPH g FOR (n) WHERE n.x = 1 TO r", &[]).starts_with("CONFLICTING_CLAUSES"));
}
