//! From statements to the commands of the catalog.

use aliasd_catalog::{AliasTarget, Command, Duration, HomeChange, LogLevel, Plain, Value};
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
    assert_eq!(remote.credential.expose(), "p");
}

#[test]
fn driver_settings_are_refused_with_the_messages_of_neo4j() {
    let failed = "Failed to create the specified database alias 'a': ";
    let valid = "ssl_enforced, connection_timeout, connection_max_lifetime, connection_pool_acquisition_timeout, \
                 connection_pool_idle_test, connection_pool_max_size, logging_level";
    for (map, expected) in [
        ("{x: 1, y: 2}", format!("DRIVER_SETTING_UNKNOWN {failed}Invalid driver setting(s) provided: x, y. Valid driver settings are: {valid}")),
        ("{ssl_enforced: 1}", format!("DRIVER_SETTING_TYPE {failed}Invalid driver settings value for 'ssl_enforced'. Expected a boolean value.")),
        ("{connection_timeout: '5s'}", format!("DRIVER_SETTING_TYPE {failed}Invalid driver settings value for 'connection_timeout'. Expected a duration value.")),
        ("{connection_timeout: duration('-PT1S')}", format!("DRIVER_SETTING_NEGATIVE {failed}Invalid driver settings value for 'connection_timeout'. Negative duration is not allowed.")),
        ("{connection_pool_max_size: 0}", format!("DRIVER_SETTING_ZERO {failed}Invalid driver settings value for 'connection_pool_max_size'. Zero is not allowed.")),
        ("{ssl_enforced: name}", "INVALID_EXPRESSION This expression is not valid in driver settings. (line 1, column 90 (offset: 89))".to_owned()),
        ("{connection_pool_max_size: 1 / 0}", "DRIVER_SETTINGS_EVALUATION Failed evaluating the given driver settings. (line 1, column 102 (offset: 101))".to_owned()),
        ("$map", "WRONG_TYPE Invalid driver settings '$map'. Expected a map value, found an integer. (line 1, column 75 (offset: 74))".to_owned()),
    ] {
        assert_eq!(refusal(&format!("{REMOTE}DRIVER {map}"), &[("map", Value::Integer(1))]), expected);
    }
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
    assert_eq!((remote.database.as_str(), remote.user.as_str()), ("t", "U"));
    assert_eq!(remote.credential.expose(), "secret");
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
