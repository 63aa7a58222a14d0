//! Privileges in parts, and explanations, as they cross the wire.

use aliasd_catalog::{
    DatabaseKind, DatabaseName, Destination, Explanation, Found, Grant, GrantEffect, Rejection, Revision, Rule,
    UserStanding, UserStatus,
};
use aliasd_wire::{explanation, privilege, v1};
use prost::Message;

use crate::samples;

fn grant(effect: GrantEffect, privilege: aliasd_catalog::Privilege) -> Grant {
    Grant { role: samples::role("remote"), effect, privilege, immutable: false }
}

#[test]
fn a_privilege_comes_in_parts_that_need_no_parsing() {
    let home = samples::catalog_name("films");
    let rows: Vec<String> = samples::privileges()
        .into_iter()
        .flat_map(|privilege| privilege::to_proto(&grant(GrantEffect::Denied, privilege), Some(&home)))
        .map(|row| {
            assert_eq!(row.access(), v1::PrivilegeAccess::Denied);
            let word = |name: &str, prefix: &str| name.trim_start_matches(prefix).to_owned();
            format!(
                "{} | {}={} | {}={} | {}={}",
                row.action,
                word(row.scope().as_str_name(), "PRIVILEGE_SCOPE_"),
                row.database,
                word(row.resource_kind().as_str_name(), "RESOURCE_KIND_"),
                row.resource_name,
                word(row.qualifier_kind().as_str_name(), "QUALIFIER_KIND_"),
                row.qualifier_name,
            )
        })
        .collect();
    let expected = [
        "resolve_alias | DBMS= | DATABASE= | ALL_ALIASES=",
        "impersonate | DBMS= | DATABASE= | ALL_USERS=",
        "impersonate | DBMS= | DATABASE= | USER=carol",
        "database_actions | ALL= | DATABASE= | NONE=",
        "access | HOME=films | DATABASE= | NONE=",
        "start_database | NAMED=remote-neo4j | DATABASE= | NONE=",
        "transaction_management | ALL= | DATABASE= | ALL_USERS=",
        "show_transaction | HOME=films | DATABASE= | USER=carol",
        "execute | DBMS= | DATABASE= | PROCEDURES=*",
        "show_setting | DBMS= | DATABASE= | SETTINGS=dbms.*",
        "load | DBMS= | ALL_DATA= | NONE=",
        "load | DBMS= | CIDR=127.0.0.1/32 | NONE=",
        "load | DBMS= | URL=https://example.org/* | NONE=",
        "traverse | HOME=films | GRAPH= | RELATIONSHIPS=KNOWS",
        "traverse | HOME=films | GRAPH= | RELATIONSHIPS=LIKES",
        "read | ALL= | ALL_PROPERTIES= | PROPERTY_RULE=(n:Email) WHERE n.classification IS NULL",
        "read | ALL= | PROPERTY=born | NODES=Person",
        "read | ALL= | PROPERTY=name | NODES=Person",
        "match | NAMED=neo4j | ALL_PROPERTIES= | ALL_NODES=",
        "match | NAMED=neo4j | ALL_PROPERTIES= | ALL_RELATIONSHIPS=",
        "write | ALL= | GRAPH= | ALL_NODES=",
        "write | ALL= | GRAPH= | ALL_RELATIONSHIPS=",
        "resolve_alias | DBMS= | DATABASE= | ALIAS=remote-neo4j",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn a_home_that_leads_nowhere_is_no_database() {
    let homes =
        samples::privileges().into_iter().flat_map(|it| privilege::to_proto(&grant(GrantEffect::Granted, it), None));
    let homes: Vec<_> = homes.filter(|row| row.scope() == v1::PrivilegeScope::Home).collect();
    assert!(!homes.is_empty() && homes.iter().all(|row| row.database.is_empty()));
}

/// Every rule, with each thing that a name can be the name of.
fn rules() -> Vec<Rule> {
    let (user, name) = (samples::user("carol"), samples::catalog_name("films"));
    let standing = |status| Some(UserStanding { status, password_change_required: status == UserStatus::Suspended });
    let users = [None, standing(UserStatus::Active), standing(UserStatus::Suspended)];
    let users = users.map(|standing| Rule::User { user: user.clone(), standing });
    let found = [
        None,
        Some(Found::Database(DatabaseKind::Standard)),
        Some(Found::Database(DatabaseKind::Composite)),
        Some(Found::Database(DatabaseKind::System)),
        Some(Found::LocalAlias(name.clone())),
        Some(Found::RemoteAlias),
    ];
    let names = found.map(|found| Rule::Name { name: name.clone(), found });
    let grants = samples::privileges().into_iter().take(1);
    let grants = grants.map(|privilege| (grant(GrantEffect::Denied, privilege), Revision(9))).collect();
    let others = [
        Rule::Roles(vec![samples::role("remote"), samples::role("PUBLIC")]),
        Rule::Home { home: name.clone(), by_default: true, stands_for: None },
        Rule::Home { home: name.clone(), by_default: false, stands_for: Some(samples::catalog_name("movies")) },
        Rule::System,
        Rule::Access { on: name.clone(), grants, allowed: false },
        Rule::Release { alias: name, grants: Vec::new(), allowed: true },
    ];
    users.into_iter().chain(names).chain(others).collect()
}

fn sent(verdict: Result<Destination, Rejection>) -> v1::ExplainAccessResponse {
    let explained = Explanation { verdict, rules: rules() };
    let (user, name) = (samples::user("carol"), samples::catalog_name("films"));
    let command = |grant: &Grant| format!("DENY … TO {}", grant.role);
    let sent = explanation::to_proto(&user, &name, &explained, Revision(11), command);
    v1::ExplainAccessResponse::decode(sent.encode_to_vec().as_slice()).unwrap()
}

#[test]
fn an_explanation_keeps_every_rule_and_their_order() {
    use v1::access_rule::Rule as Sent;
    use v1::explain_access_response::Verdict;

    let explained = sent(Ok(Destination::Local { database: DatabaseName::neo4j(), alias: None }));
    assert_eq!(
        (explained.user.as_str(), explained.name.as_str(), explained.served_at_revision),
        ("carol", "films", 11)
    );
    let local = v1::LocalDatabase { database: "neo4j".to_owned() };
    assert_eq!(explained.verdict, Some(Verdict::LocalDatabase(local)));
    let rules: Vec<_> = explained.rules.into_iter().map(|rule| rule.rule.unwrap()).collect();
    assert_eq!(rules.len(), super::privileges::rules().len());
    let user = |state: v1::UserState, password_change_required| {
        Sent::User(v1::UserRule { state: state.into(), password_change_required })
    };
    assert_eq!(rules[0], user(v1::UserState::Missing, false));
    assert_eq!(rules[1], user(v1::UserState::Active, false));
    assert_eq!(rules[2], user(v1::UserState::Suspended, true));
    let kinds: Vec<_> = rules[3..9]
        .iter()
        .map(|rule| match rule {
            Sent::Name(name) => (name.kind(), name.database.as_str()),
            other => panic!("{other:?} is about no name"),
        })
        .collect();
    let expected = [
        (v1::NameKind::Nothing, ""),
        (v1::NameKind::StandardDatabase, ""),
        (v1::NameKind::CompositeDatabase, ""),
        (v1::NameKind::SystemDatabase, ""),
        (v1::NameKind::LocalAlias, "films"),
        (v1::NameKind::RemoteAlias, ""),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(rules[9], Sent::Roles(v1::RolesRule { roles: vec!["remote".to_owned(), "PUBLIC".to_owned()] }));
    let home = |by_default, stands_for: Option<&str>| {
        let stands_for = stands_for.map(str::to_owned);
        Sent::Home(v1::HomeDatabase { name: "films".to_owned(), by_default, stands_for })
    };
    assert_eq!((&rules[10], &rules[11]), (&home(true, None), &home(false, Some("movies"))));
    assert_eq!(rules[12], Sent::System(()));
    let grant = v1::AccessGrant {
        access: v1::PrivilegeAccess::Denied.into(),
        role: "remote".to_owned(),
        command: "DENY … TO remote".to_owned(),
        revision: 9,
    };
    let access = v1::AccessPrivilegeRule { on: "films".to_owned(), grants: vec![grant], allowed: false };
    assert_eq!(rules[13], Sent::Access(access));
}
