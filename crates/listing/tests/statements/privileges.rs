//! `SHOW PRIVILEGES` as rows and as commands.

use crate::session::Session;

const GRANTS: &[&str] = &[
    "GRANT ALIAS MANAGEMENT ON DBMS TO r",
    "DENY DROP ALIAS ON DBMS TO r",
    "GRANT ALL ON DBMS TO s",
    "GRANT ACCESS ON HOME DATABASE TO r",
    "GRANT ALL ON DATABASE * TO r",
    "GRANT START ON DATABASE `my-db` TO r",
    "GRANT IMPERSONATE (admin, `a-b`) ON DBMS TO r",
    "GRANT MATCH {*} ON GRAPH `my-db` TO r",
    "DENY READ {a, `b c`} ON HOME GRAPH NODES A, B TO r",
    "GRANT SET LABEL X ON GRAPH * TO r",
    "GRANT REMOVE LABEL * ON GRAPH * TO r",
    "GRANT WRITE ON GRAPH * TO s",
    "GRANT CREATE ON GRAPH * RELATIONSHIPS KNOWS TO s",
];

/// Forms whose rows the catalog shows, and which must be the same once their commands are said to another catalog.
const MORE_GRANTS: &[&str] = &[
    "GRANT SHOW TRANSACTION (admin, `a-b`) ON HOME DATABASE TO s",
    "DENY TRANSACTION MANAGEMENT (*) ON DATABASE `my-db` TO s",
    "GRANT EXECUTE PROCEDURE apoc.*, `a b?` ON DBMS TO s",
    "GRANT EXECUTE BOOSTED FUNCTION * ON DBMS TO s",
    "GRANT EXECUTE ADMIN PROCEDURES ON DBMS TO s",
    "GRANT SHOW SETTING dbms.* ON DBMS TO s",
    "GRANT LOAD ON ALL DATA TO s",
    "GRANT LOAD ON URL 'https://it\\'s' TO s",
    "DENY LOAD ON CIDR '10.0.0.0/8' TO s",
    "GRANT CREATE NEW NODE LABEL ON DATABASE * TO s",
    "GRANT DROP CONSTRAINT ON DATABASE * TO s",
    "DENY MATCH {*} ON GRAPH * FOR (n:A|`B c`) WHERE n.x <> 'y' TO s",
];

fn session() -> Session {
    let mut session = Session::new();
    session.setup(&[
        "CREATE DATABASE `my-db`",
        "CREATE ROLE r",
        "CREATE ROLE s",
        "CREATE USER `a-b` SET PASSWORD 'password' CHANGE NOT REQUIRED",
        "GRANT ROLE r TO `a-b`",
    ]);
    session
}

#[test]
fn rows() {
    let mut session = session();
    session.setup(GRANTS);
    let answer = session.say("admin", "SHOW ROLE r, s PRIVILEGES YIELD * RETURN access, action, resource, graph, segment, role ORDER BY role, action, access, resource, segment");
    let expected = "\
access | action | resource | graph | segment | role
GRANTED | access | database | DEFAULT | database | r
GRANTED | alias_management | database | * | database | r
GRANTED | database_actions | database | * | database | r
DENIED | drop_alias | database | * | database | r
GRANTED | impersonate | database | * | USER(a-b) | r
GRANTED | impersonate | database | * | USER(admin) | r
GRANTED | match | all_properties | my-db | NODE(*) | r
GRANTED | match | all_properties | my-db | RELATIONSHIP(*) | r
DENIED | read | property(a) | DEFAULT | NODE(A) | r
DENIED | read | property(a) | DEFAULT | NODE(B) | r
DENIED | read | property(b c) | DEFAULT | NODE(A) | r
DENIED | read | property(b c) | DEFAULT | NODE(B) | r
GRANTED | remove_label | all_labels | * | database | r
GRANTED | set_label | label(X) | * | database | r
GRANTED | start_database | database | my-db | database | r
GRANTED | create_element | graph | * | RELATIONSHIP(KNOWS) | s
GRANTED | dbms_actions | database | * | database | s
GRANTED | write | graph | * | NODE(*) | s
GRANTED | write | graph | * | RELATIONSHIP(*) | s";
    assert_eq!(answer, expected);
}

#[test]
fn commands_rebuild_what_they_were_made_from() {
    let mut original = session();
    original.setup(GRANTS);
    original.setup(MORE_GRANTS);
    let everything = "SHOW ROLE r, s PRIVILEGES YIELD * RETURN *";
    let expected = original.say("admin", everything);
    let commands = original.say("admin", "SHOW ROLE r, s PRIVILEGES AS COMMANDS");
    let revocations = original.say("admin", "SHOW ROLE r, s PRIVILEGES AS REVOKE COMMANDS");
    assert!(commands.contains("\nGRANT ALIAS MANAGEMENT ON DBMS TO `r`\n"), "{commands}");
    assert!(revocations.contains("\nREVOKE DENY DROP ALIAS ON DBMS FROM `r`\n"), "{revocations}");

    let mut copy = session();
    copy.setup(&commands.lines().skip(1).collect::<Vec<_>>());
    assert_eq!(copy.say("admin", everything), expected);
    copy.setup(&revocations.lines().skip(1).collect::<Vec<_>>());
    assert_eq!(copy.say("admin", everything).lines().count(), 1);
}

#[test]
fn everyone_sees_the_own_privileges() {
    let mut session = session();
    session.setup(&[
        "GRANT ALIAS MANAGEMENT ON DBMS TO r",
        "GRANT ROLE s TO `a-b`",
        "GRANT ALIAS MANAGEMENT ON DBMS TO s",
    ]);
    let own = "access | action | resource | graph | segment | role | immutable | user";
    let answer = session.say("a-b", "SHOW USER PRIVILEGES WHERE action = 'alias_management'");
    let row = |role: &str| format!("GRANTED | alias_management | database | * | database | {role} | false | a-b");
    assert_eq!(answer, format!("{own}\n{}\n{}", row("r"), row("s")));
    assert_eq!(session.say("a-b", "SHOW USER `a-b` PRIVILEGES WHERE action = 'alias_management'"), answer);
    assert_eq!(
        session.say("a-b", "SHOW USER PRIVILEGES AS COMMANDS WHERE command CONTAINS 'ALIAS'"),
        "command\nGRANT ALIAS MANAGEMENT ON DBMS TO $role"
    );
    for statement in
        ["SHOW PRIVILEGES", "SHOW USER admin PRIVILEGES", "SHOW ROLE r PRIVILEGES", "SHOW USER admin, `a-b` PRIVILEGES"]
    {
        let refused = session.say("a-b", statement);
        assert!(refused.starts_with("refused PERMISSION_DENIED"), "{statement}: {refused}");
    }
}

/// Neo4j keeps a privilege for each property, label, type and kind of element, whatever statement gave them.
#[test]
fn what_was_granted_together_is_revoked_one_by_one() {
    let mut session = session();
    session.setup(&[
        "GRANT MATCH {name, age} ON GRAPH * NODES A, B TO r",
        "GRANT TRAVERSE ON GRAPH * TO r",
        "REVOKE MATCH {age} ON GRAPH * NODES A FROM r",
        "REVOKE GRANT TRAVERSE ON GRAPH * RELATIONSHIPS * FROM r",
    ]);
    let answer = session.say(
        "admin",
        "SHOW ROLE r PRIVILEGES YIELD * RETURN action, resource, segment ORDER BY action, resource, segment",
    );
    let expected = "\
action | resource | segment
match | property(age) | NODE(B)
match | property(name) | NODE(A)
match | property(name) | NODE(B)
traverse | graph | NODE(*)
";
    assert_eq!(answer.trim_end(), expected.trim_end());
    let answer = session.say("admin", "SHOW ROLE r PRIVILEGES AS COMMANDS WHERE command CONTAINS 'TRAVERSE'");
    assert_eq!(answer.trim_end(), "command\nGRANT TRAVERSE ON GRAPH * NODE * TO `r`");
}
