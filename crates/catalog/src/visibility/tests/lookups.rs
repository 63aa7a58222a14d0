//! What a pass of a watch is said to take: whatever is gone through counts.

use std::collections::BTreeSet;

use super::{Story, access, impersonate, named, user};
use crate::{Command, DatabaseAccess, DatabaseName, OpenCommand, Privilege, UserScope, Watcher};

const LIMIT: usize = 512;

/// A thousand users, none of whom may use the alias: only going through them all shows that.
#[test]
fn going_through_all_users_counts_where_one_is_excepted_from_everybody() {
    let mut story = Story::new();
    for number in 0..1_000 {
        story.create_user(&format!("user{number}"));
    }
    story.deny("admin", access("alpha"));
    story.grant("dave", Privilege::Impersonate(UserScope::All));
    let lookups = |story: &Story, who: &str| {
        let watcher = Watcher { user: user(who), names: None };
        watcher.lookups(&story.before, &story.changes, &story.catalog, LIMIT)
    };
    story.local("films", "alpha");
    assert!(lookups(&story, "dave") < 100, "who acts for everybody asks for nobody");
    assert_eq!(story.events_for("dave").len(), 1);
    story.deny("dave", impersonate("carol"));
    assert!(lookups(&story, "dave") < 100, "of a privilege nobody is asked");
    story.local("films", "alpha");
    assert!(lookups(&story, "dave") > LIMIT, "{}", lookups(&story, "dave"));
    assert!(lookups(&story, "dave") < 10 * LIMIT, "counted no further than it matters");
    assert_eq!(story.events_for("dave"), [], "and it was for nothing");
    assert!(lookups(&story, "carol") < 100, "who is excepted from everybody is no other's concern");
    story.deny("dave", Privilege::Impersonate(UserScope::All));
    story.local("films", "alpha");
    assert!(lookups(&story, "dave") < 100, "who acts for nobody asks for nobody");
}

/// Aliases of a database that is watched by the names of aliases, and roles of users that are acted for.
#[test]
fn aliases_and_roles_that_are_gone_through_count() {
    let mut story = Story::new();
    for number in 0..=LIMIT {
        story.local(&format!("alias{number}"), "beta");
    }
    let name = DatabaseName::new("beta").unwrap();
    story.run(Command::Open(OpenCommand::AlterDatabase {
        name: named("beta"),
        if_exists: false,
        access: Some(DatabaseAccess::ReadOnly),
        default_language: None,
    }));
    let lookups = |story: &Story, who: &str, names| {
        Watcher { user: user(who), names }.lookups(&story.before, &story.changes, &story.catalog, LIMIT)
    };
    assert_eq!(story.catalog.aliases_of(&name).count(), LIMIT + 2);
    assert!(lookups(&story, "dave", None) < 100);
    assert!(lookups(&story, "dave", Some(BTreeSet::new())) > LIMIT);

    for number in 0..=LIMIT {
        story.create_role(&format!("role{number}"));
        story.give(&format!("role{number}"), "carol");
    }
    story.grant("dave", impersonate("carol"));
    story.remote("far");
    assert!(lookups(&story, "admin", None) < 100);
    assert!(lookups(&story, "carol", None) > LIMIT, "its own roles");
    assert!(lookups(&story, "dave", None) > LIMIT, "those of whom it acts for");
}
