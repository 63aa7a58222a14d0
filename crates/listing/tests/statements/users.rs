//! Tags of users, and statements about auth rules, of which there are none.

use crate::session::Session;

fn session() -> Session {
    let mut session = Session::new();
    session.setup(&[
        "CREATE USER carol SET PASSWORD 'carol-password' CHANGE NOT REQUIRED SET TAGS ['red', 'blue']",
        "CREATE USER dave SET PASSWORD 'dave-password' CHANGE NOT REQUIRED",
        "CREATE ROLE clerk",
        "GRANT SHOW USER ON DBMS TO clerk",
        "GRANT ALTER USER ON DBMS TO clerk",
        "GRANT ROLE clerk TO carol",
    ]);
    session
}

fn tags(session: &mut Session, who: &str) -> String {
    session.say(who, "SHOW USERS YIELD user, tags WHERE user = 'carol' RETURN tags").replace("tags\n", "")
}

#[test]
fn tags_are_set_added_and_removed() {
    let mut session = session();
    assert_eq!(tags(&mut session, "admin"), "[blue, red]");
    for (statement, expected) in [
        ("ALTER USER carol REMOVE TAG 'red' ADD TAGS ['green', 'green']", "[blue, green]"),
        ("ALTER USER carol SET TAG 'only'", "[only]"),
        ("ALTER USERS carol, dave REMOVE ALL TAGS ADD TAG 'both'", "[both]"),
        ("ALTER USER carol ADD TAGS []", "[both]"),
        ("ALTER USER carol SET TAGS []", "[]"),
    ] {
        let answer = session.say("admin", statement);
        assert!(!answer.starts_with("refused"), "{answer}");
        assert_eq!(tags(&mut session, "admin"), expected, "{statement}");
    }
    let answer = session.say("admin", "ALTER USER carol SET TAG ''");
    assert!(answer.contains("NAME_EMPTY") && answer.contains("The provided tag is empty."), "{answer}");
}

#[test]
fn tags_have_privileges_of_their_own() {
    let mut session = session();
    assert_eq!(tags(&mut session, "carol"), "NULL");
    let alter = "ALTER USERS dave SET TAG 'new'";
    let answer = session.say("carol", alter);
    assert!(answer.contains("SET USER METADATA ON DBMS is required"), "{answer}");
    session.setup(&["GRANT USER METADATA MANAGEMENT ON DBMS TO clerk"]);
    assert_eq!(tags(&mut session, "carol"), "[blue, red]");
    let own = session.say("carol", "SHOW CURRENT USER YIELD tags");
    assert_eq!(own, "tags\n[blue, red]");
    assert!(!session.say("carol", alter).starts_with("refused"));
}

#[test]
fn there_is_no_auth_rule() {
    let mut session = session();
    assert_eq!(session.say("admin", "SHOW AUTH RULES"), "name | condition | enabled | roles");
    assert_eq!(session.say("admin", "SHOW AUTH RULES AS COMMANDS"), "command");
    let roles = session.say("admin", "SHOW ROLES WITH AUTH RULES WHERE role = 'clerk'");
    assert_eq!(roles, "role | authRule\nclerk | NULL");
    for (statement, code) in [
        ("DROP AUTH RULE x", "AUTH_RULE_NOT_FOUND"),
        ("ALTER AUTH RULE x SET ENABLED FALSE", "AUTH_RULE_NOT_FOUND"),
        ("RENAME AUTH RULE x TO y", "RENAMED_AUTH_RULE_NOT_FOUND"),
        ("GRANT ROLE clerk TO AUTH RULE x", "AUTH_RULE_NOT_FOUND"),
        ("REVOKE ROLE clerk FROM AUTH RULE x", "AUTH_RULE_NOT_FOUND"),
        ("CREATE OR REPLACE AUTH RULE x SET CONDITION true", "NOT_SUPPORTED"),
    ] {
        let answer = session.say("admin", statement);
        assert!(answer.contains(code), "{statement}: {answer}");
        let answer = session.say("carol", statement);
        assert!(answer.contains("PERMISSION_DENIED") || code == "NOT_SUPPORTED", "{statement}: {answer}");
    }
    assert!(!session.say("admin", "DROP AUTH RULE x IF EXISTS").starts_with("refused"));
    let answer = session.say("carol", "SHOW ROLES WITH AUTH RULES");
    assert!(answer.contains("PERMISSION_DENIED"), "{answer}");
}

#[test]
fn a_new_password_is_another_one() {
    let mut session = session();
    for (who, statement) in [
        ("admin", "ALTER USER carol SET PASSWORD 'carol-password'"),
        ("admin", "ALTER USER carol SET AUTH 'native' {SET PASSWORD 'carol-password'}"),
        ("carol", "ALTER CURRENT USER SET PASSWORD FROM 'carol-password' TO 'carol-password'"),
    ] {
        let answer = session.say(who, statement);
        assert!(answer.contains("PASSWORD_UNCHANGED"), "{statement}: {answer}");
    }
    session.setup(&["ALTER USER carol SET PASSWORD 'another-password' CHANGE NOT REQUIRED"]);
}
