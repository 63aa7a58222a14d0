use std::collections::BTreeMap;

use aliasd_catalog::{Duration, Value, ValueMap};

use crate::{Parameters, parse};

/// What a trail says of a statement whose parameters are these.
fn filled(statement: &str, parameters: &[(&str, Value)]) -> String {
    let parameters: ValueMap = parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    parse(statement).unwrap().filled(&Parameters::new(parameters)).to_string()
}

fn map(entries: &[(&str, Value)]) -> Value {
    Value::Map(entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect::<BTreeMap<_, _>>())
}

#[test]
fn names_addresses_and_maps_are_filled_in() {
    let given = [
        ("a", "films".into()),
        ("d", "movies.2024".into()),
        ("u", "neo4j+s://location:7687".into()),
        ("p", map(&[("region", "eu".into()), ("size", 5.into())])),
        ("t", Value::Duration(Duration::from_seconds(5))),
        ("tags", Value::List(vec!["x".into(), "y".into()])),
        ("id", "dbms-a@example.com".into()),
        ("k", "public".into()),
    ];
    for (statement, expected) in [
        (
            "ALTER ALIAS $a SET DATABASE TARGET $d AT $u DRIVER {connection_timeout: $t} PROPERTIES $p",
            "ALTER ALIAS films SET DATABASE TARGET `movies.2024` AT 'neo4j+s://location:7687' \
             DRIVER {connection_timeout: duration('PT5S')} PROPERTIES {region: 'eu', size: 5}",
        ),
        (
            "CREATE USER $a SET AUTH 'mtls' {SET ID $id} SET TAGS $tags",
            "CREATE USER films SET AUTH 'mtls' { SET ID 'dbms-a@example.com' } SET TAGS ['x', 'y']",
        ),
        (
            "ALTER CLUSTER SET POLICY {token_lifetime: $t}",
            "ALTER CLUSTER SET POLICY {token_lifetime: duration('PT5S')}",
        ),
        ("GRANT ROLE $a TO $d", "GRANT ROLE films TO `movies.2024`"),
        ("GRANT IMPERSONATE ($a) ON DBMS TO $k", "GRANT IMPERSONATE (films) ON DBMS TO public"),
        (
            "GRANT READ {x} ON GRAPH $a FOR (n:L) WHERE n.kind = $k TO r",
            "GRANT READ {x} ON GRAPH films FOR (n:L) WHERE n.kind = 'public' TO r",
        ),
        ("CALL dbms.setDefaultDatabase($a)", "CALL dbms.setDefaultDatabase('films')"),
        ("SHOW USER $a PRIVILEGES", "SHOW USER films PRIVILEGES"),
    ] {
        assert_eq!(filled(statement, &given), expected);
    }
}

#[test]
fn no_password_is_filled_in_or_left() {
    let secret = "geheim-7f3a";
    let given = [
        ("a", "films".into()),
        ("p", secret.into()),
        ("u", format!("neo4j://bob:{secret}@location").into()),
        ("m", map(&[("password", secret.into()), ("nested", map(&[("api_key", secret.into())]))])),
        ("q", format!("neo4j://location?token={secret}").into()),
        ("n", Value::Integer(1)),
    ];
    for statement in [
        "ALTER ALIAS $a SET DATABASE TARGET d AT $q",
        "CREATE ALIAS $a FOR DATABASE d AT 'neo4j://x?geheim-7f3a' USER bob PASSWORD $p PROPERTIES {seen: $q}",
        "GRANT LOAD ON URL $q TO r",
        "CREATE ALIAS $a FOR DATABASE d AT 'neo4j://x' USER bob PASSWORD $p",
        "CREATE ALIAS $a FOR DATABASE d AT 'neo4j://x' USER bob PASSWORD 'geheim-7f3a'",
        "ALTER ALIAS $a SET DATABASE TARGET d AT $u USER bob PASSWORD $p",
        "CREATE USER $a SET PASSWORD $p",
        "CREATE USER $a SET AUTH 'native' {SET PASSWORD $p}",
        "ALTER USER $a SET PASSWORD 'geheim-7f3a'",
        "ALTER CURRENT USER SET PASSWORD FROM $p TO $p",
        "CREATE ALIAS $a FOR DATABASE d PROPERTIES $m",
        "CREATE ALIAS $a FOR DATABASE d PROPERTIES {secret: $p, place: $u, list: [$u]}",
        "CREATE ALIAS $a FOR DATABASE d PROPERTIES {passwort: 'geheim-7f3a'}",
        "GRANT LOAD ON URL $u TO r",
        "CREATE ALIAS $a FOR DATABASE d PROPERTIES {place: 'h?apikey=geheim-7f3a'}",
        "CREATE ALIAS $a FOR DATABASE d PROPERTIES {place: '//u:geheim-7f3a@h', list: ['h;pw=geheim-7f3a']}",
        "CREATE ALIAS $a FOR DATABASE d PROPERTIES {pw: $p, note: 'bob:geheim-7f3a'}",
        "CREATE ALIAS $a FOR DATABASE d PROPERTIES {note: 'the password is geheim-7f3a', sent: 'Bearer geheim-7f3a'}",
        "CREATE ALIAS $a FOR DATABASE d PROPERTIES {hook: 'https://hooks/T0/geheim-7f3a'}",
        "CREATE ALIAS $a FOR DATABASE d AT 'h;pw=geheim-7f3a' USER bob PASSWORD $p",
        "CREATE ALIAS $a FOR DATABASE d AT 'neo4j://h/geheim-7f3a' USER bob PASSWORD $p",
        "CREATE USER $a SET PASSWORD $p SET TAGS ['h?apikey=geheim-7f3a']",
        "ALTER USER $a REMOVE TAGS ['bob:geheim-7f3a'] ADD TAGS ['//u:geheim-7f3a@h']",
        "GRANT READ {x} ON GRAPH $a FOR (n:L) WHERE n.kind = 'h?apikey=geheim-7f3a' TO r",
        "SHOW ALIASES FOR DATABASE YIELD name WHERE name = 'h?apikey=geheim-7f3a' RETURN '//u:geheim-7f3a@h' AS films",
        "SHOW USERS YIELD * ORDER BY 'h;geheim-7f3a' RETURN {pw: 'geheim-7f3a'} AS films",
    ] {
        let shown = filled(statement, &given);
        assert!(!shown.contains(secret) && shown.contains("******"), "{shown}");
        assert!(shown.contains("films") || !statement.contains("$a"), "{shown}");
    }
}

#[test]
fn what_fits_nowhere_or_was_not_given_keeps_its_name() {
    assert_eq!(filled("DROP ALIAS $a FOR DATABASE", &[("a", 5.into())]), "DROP ALIAS $a FOR DATABASE");
    assert_eq!(filled("DROP USER $a", &[]), "DROP USER $a");
    let listing = filled("SHOW USERS WHERE user = $a", &[("a", "geheim".into())]);
    assert_eq!(listing, "SHOW USERS WHERE user = $a");
}
