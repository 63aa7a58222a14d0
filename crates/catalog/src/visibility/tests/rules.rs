//! Each rule stands once: whoever decides by it, explains it or lists it says the same. The header's table too.

use super::super::{Question, sufficient_to_impersonate};
use super::{NAMES, Story, access, named, user};
use crate::{CatalogName, Principal, Rule, UserScope};

/// What suffices to impersonate stands once, so `authorise`, resolving, and what a watch tells of cannot differ.
#[test]
fn each_privilege_that_suffices_to_impersonate_does_so_everywhere() {
    let whom = UserScope::Named(user("carol"));
    let sufficient = sufficient_to_impersonate(&whom);
    assert_eq!(sufficient.len(), 3, "of the user, of everybody, and everything on the DBMS");
    for privilege in sufficient {
        let mut story = Story::new();
        story.grant("carol", access("far"));
        story.grant("dave", privilege.clone());
        let dave = Principal::User(user("dave"));
        assert!(story.resolve("dave", Some("carol"), "far", None).is_ok(), "{privilege:?}");
        assert!(story.catalog.visible_to(&dave).knows_user(&user("carol")), "{privilege:?}");
        assert!(story.catalog.visible_to(&dave).knows(&named("far")), "{privilege:?}");
        let everybody = sufficient_to_impersonate(&UserScope::All).contains(&privilege);
        assert_eq!(story.resolve("dave", Some("admin"), "alpha", None).is_ok(), everybody, "{privilege:?}");
        // A user that there is not yet.
        assert_eq!(story.catalog.visible_to(&dave).knows_user(&user("zoe")), everybody, "{privilege:?}");
        story.deny("dave", privilege.clone());
        assert!(story.resolve("dave", Some("carol"), "far", None).is_err(), "{privilege:?}");
        assert!(!story.catalog.visible_to(&dave).knows_user(&user("carol")), "{privilege:?}");
    }
}

/// What ACCESS is needed on stands once: the explanation names exactly what `authorise` asks for.
#[test]
fn the_explanation_names_what_access_is_needed_on_and_no_more() {
    let needed_on = |name: &str| {
        let story = Story::new();
        let explained = story.catalog.explain_access(&user("carol"), &named(name));
        let on = explained.rules.into_iter().filter_map(|rule| match rule {
            Rule::Access { on, .. } => Some(on),
            _ => None,
        });
        on.collect::<Vec<_>>()
    };
    let may_use = |granted: &[&CatalogName], name: &str| {
        let mut story = Story::new();
        for on in granted {
            story.grant("carol", access(on.as_str()));
        }
        story.catalog.visible_to(&Principal::User(user("carol"))).may_use(&named(name))
    };
    for name in NAMES {
        let on = needed_on(name);
        assert_eq!(may_use(&on.iter().collect::<Vec<_>>(), name), *name != "missing", "{name}: {on:?}");
        for lacking in &on {
            let others: Vec<_> = on.iter().filter(|other| *other != lacking).collect();
            assert!(!may_use(&others, name), "{name} without {lacking}");
        }
    }
}

/// What a row of the header's table says of a question: `list users`, or what follows the comma of a row before it.
fn row_of(question: Question) -> &'static str {
    match question {
        Question::Aliases => "list aliases",
        Question::Databases => "list databases",
        Question::Users => "list users",
        Question::UserTags => "what users are tagged with, oneself included",
        Question::CurrentUser => "list the user that one is",
        Question::Roles | Question::RolesWithUsers | Question::RolesWithAuthRules => {
            "list roles; with their users; with auth rules"
        }
        Question::AuthRules => "list auth rules",
        Question::Privileges => "list privileges, of everybody or of roles",
        Question::PrivilegesOfUsers => "list privileges of users, effective ones too",
        Question::PrivilegesOfAuthRules => "list privileges of auth rules",
        Question::OwnPrivileges => "list one's own privileges, effective ones too",
        Question::ClusterPolicy => "list what every member decides by",
        Question::SupportedPrivileges => "list what could be granted",
        Question::Servers => "list the members of the cluster",
        Question::Program => "list what tools ask of any DBMS",
        Question::AccessOfAnybody => "have anybody's access to any name explained",
        Question::OwnAccess => "have one's own access explained",
    }
}

#[test]
fn the_table_in_the_header_says_what_each_question_takes() {
    let table = include_str!("../mod.rs");
    for question in Question::ALL {
        let row = format!("//! | {} | ", row_of(*question));
        let who = table.lines().find_map(|line| line.strip_prefix(&row)).unwrap_or_else(|| panic!("no row: {row}"));
        let who = who.split(" | ").next().unwrap();
        for action in question.needs() {
            assert!(who.contains(action.keywords()), "{question:?}: {action:?} is not in: {who}");
        }
        assert_eq!(question.needs().is_empty(), who.starts_with("everybody"), "{question:?}: {who}");
    }
}
