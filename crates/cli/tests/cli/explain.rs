//! `aliasctl explain-access`: rule by rule for people and programs, and an exit code for scripts.

use crate::node::Node;

#[test]
fn who_can_use_a_name_is_told_why() {
    let node = Node::start();
    let expected = "\
carol can use films: it is database movies here.
user    carol is active
name    films is a local alias and stands for database movies
roles   analyst, PUBLIC
home    home (the default database), which leads nowhere
access  ACCESS on movies is granted
          GRANT ACCESS ON DATABASE * TO `analyst`  (revision 5)
as of   revision 7
";
    assert_eq!(node.alice(&["explain-access", "carol", "films"]).run().done(), expected);
}

#[test]
fn who_cannot_use_it_is_told_why_not_and_the_exit_code_is_1() {
    let node = Node::start();
    let ended = node.alice(&["explain-access", "carol", "secret"]).run();
    assert!(ended.stdout.starts_with("carol cannot use secret: No such database. (DATABASE_NOT_FOUND)\n  hint: Look"));
    let denied = "\
access  ACCESS on movies is denied, and a denial outweighs every grant
          GRANT ACCESS ON DATABASE * TO `analyst`  (revision 5)
          DENY ACCESS ON DATABASE `movies` TO `analyst`  (revision 6)
";
    assert!(ended.stdout.contains(denied), "{}", ended.stdout);
    // It is an answer, not a failure: nothing is said beside it.
    assert_eq!((ended.code, ended.stderr.as_str()), (1, ""));
}

#[test]
fn programs_get_the_same_as_json() {
    let node = Node::start();
    let ended = node.alice(&["explain-access", "carol", "secret", "--format", "json"]).run();
    let explanation: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((explanation["allowed"].as_bool(), explanation["revision"].as_u64()), (Some(false), Some(7)));
    assert_eq!(
        (&explanation["destination"], explanation["refusal"]["gqlstatus"][0].as_str()),
        (&serde_json::Value::Null, Some("22N51"))
    );
    let rules: Vec<_> =
        explanation["rules"].as_array().unwrap().iter().map(|rule| rule["rule"].as_str().unwrap()).collect();
    assert_eq!(rules, ["user", "name", "roles", "home", "access"]);
    assert_eq!(explanation["rules"][0]["state"], "active");
    assert_eq!(explanation["rules"][1]["kind"], "local_alias");
    assert_eq!(explanation["rules"][4]["grants"][1]["access"], "denied");
    assert_eq!(ended.code, 1);

    let explanation = node.alice(&["explain-access", "carol", "films", "--format", "json"]).run().done();
    let explanation: serde_json::Value = serde_json::from_str(&explanation).unwrap();
    assert_eq!(explanation["destination"]["database"], "movies");
    assert_eq!(explanation["refusal"], serde_json::Value::Null);
}
