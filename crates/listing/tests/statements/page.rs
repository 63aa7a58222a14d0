//! The table of commands, said to a catalog: examples and columns.

use aliasd_cypher::commands;

use crate::session::Session;

/// Every example without parameters is said to a catalog, and refused only because something is missing.
#[test]
fn examples_reach_the_catalog() {
    for command in commands().iter().filter(|command| !command.example.contains('$')) {
        let answer = Session::new().say("admin", command.example);
        let missing = ["NOT_FOUND", "NO_SUCH_DATABASE", "TARGET_NOT_FOUND"].iter().any(|code| answer.contains(code));
        assert!(!answer.starts_with("refused") || missing, "{}\n{answer}", command.example);
    }
}

/// What `YIELD *` gives is what the table says, and every row is that long.
#[test]
fn listings_have_the_columns_of_their_page() {
    let mut session = Session::new();
    session.setup(&["CREATE COMPOSITE DATABASE garden"]);
    for (subject, page, others) in [
        ("ALIASES FOR DATABASE", "SHOW ALIASES", &["x"][..]),
        ("DATABASES", "SHOW DATABASES", &["x"]),
        ("HOME DATABASE", "SHOW DATABASES", &["default", "home"]),
        ("USERS WITH AUTH", "SHOW USERS", &["x"]),
        ("CURRENT USER", "SHOW USERS", &["provider", "auth"]),
        ("ROLES", "SHOW ROLES", &["member", "authRule"]),
        ("ROLES WITH AUTH RULES", "SHOW ROLES", &["member"]),
        ("AUTH RULES", "SHOW AUTH RULES", &["x"]),
        ("USER PRIVILEGES", "SHOW PRIVILEGES", &["x"]),
        ("PRIVILEGES", "SHOW PRIVILEGES", &["user"]),
        ("SUPPORTED PRIVILEGES", "SHOW SUPPORTED PRIVILEGES", &["x"]),
    ] {
        let answer = session.say("admin", &format!("SHOW {subject} YIELD *"));
        let page = commands().iter().find(|command| command.name == page).expect("there is such a page");
        let (_, columns) = page.columns[0];
        let expected = columns.iter().map(|column| column.name).filter(|name| !others.contains(name));
        assert_eq!(answer.lines().next(), Some(expected.collect::<Vec<_>>().join(" | ").as_str()));
    }
}
