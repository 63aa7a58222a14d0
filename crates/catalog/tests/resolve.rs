//! Where a name leads, for whom, and who is given the credentials.

use aliasd_catalog::{
    AliasKind, AliasTarget, Command, CreateMode, DbmsAction, Destination, GrantEffect, HomeChange, Outcome, Privilege,
    Rejection, ResolveRequest, ResolveTarget, Route, UserScope,
};

use crate::builders::{
    Log, access, alter_alias, alter_user, create_alias, create_database, create_local, create_remote, create_role,
    create_user, dbms, deny, drop_alias, drop_database, grant, grant_role, impersonate, name, remote_target, revoke,
    user, user_name,
};

/// Carol may use the remote alias `far`; `dbms` is an instance that may resolve it for her.
fn story() -> Log {
    let instance = [
        Command::CreateUser(create_user("dbms")),
        create_role("instance"),
        grant_role("instance", "dbms"),
        grant(dbms(DbmsAction::ResolveAlias), "instance"),
        grant(impersonate("carol"), "instance"),
    ];
    let carol = [
        create_remote("far"),
        Command::CreateUser(create_user("carol")),
        create_role("analyst"),
        grant(access("far"), "analyst"),
        grant_role("analyst", "carol"),
    ];
    Log::after(instance.into_iter().chain(carol))
}

fn request(who: &str, target: &str) -> ResolveRequest {
    let target = ResolveTarget::Name(name(target));
    ResolveRequest { actor: user(who), on_behalf_of: None, target, connected_to: None, with_credentials: false }
}

fn route(log: &Log, who: &str, target: &str) -> Result<Route, Rejection> {
    log.catalog.resolve(&request(who, target))
}

#[test]
fn the_route_of_a_remote_alias_is_the_alias_as_stored() {
    let log = story();
    let found = route(&log, "carol", "far").expect("she has ACCESS");
    assert!(!found.release_credentials);
    let stored = log.catalog.alias("far").expect("it exists");
    assert_eq!(found.revision, stored.modified.revision);
    let Destination::Remote { name, alias } = found.destination else { panic!("it is remote") };
    assert_eq!((name.as_str(), &alias), ("far", stored));
    assert!(matches!(alias.kind, AliasKind::Remote(_)));
}

#[test]
fn the_route_of_a_local_alias_is_its_database() {
    let mut log = story();
    log.run([create_database("sales"), create_local("shop", "sales"), grant(access("sales"), "analyst")]);
    let found = route(&log, "carol", "shop").expect("she has ACCESS on the database");
    assert_eq!(found.revision, log.catalog.alias("shop").expect("it exists").modified.revision);
    let Destination::Local { database, alias } = found.destination else { panic!("it is local") };
    assert_eq!((database.as_str(), alias.is_some()), ("sales", true));
}

#[test]
fn altering_an_alias_moves_its_revision() {
    let mut log = story();
    let before = route(&log, "carol", "far").expect("she has ACCESS").revision;
    let mut command = alter_alias("far");
    command.properties = Some(aliasd_catalog::ValueMap::new());
    log.run([Command::AlterAlias(command)]);
    assert!(route(&log, "carol", "far").expect("she has ACCESS").revision > before);
}

#[test]
fn hidden_and_missing_are_the_same_answer() {
    let mut log = story();
    log.run([create_database("sales"), create_local("shop", "sales"), create_remote("other")]);
    for with_credentials in [false, true] {
        let answer = |asked: &str| {
            let answer = log.catalog.resolve(&ResolveRequest { with_credentials, ..request("carol", asked) });
            answer.expect_err("she may not use it").to_string().replace(asked, "it")
        };
        let missing = answer("missing");
        assert_eq!(missing.contains("RESOLVE ALIAS (it)"), with_credentials, "{missing}");
        for hidden in ["sales", "shop", "other"] {
            assert_eq!(answer(hidden), missing, "she has no privilege on it");
        }
    }
}

#[test]
fn an_administrator_of_aliases_is_not_given_the_credentials() {
    let mut log = story();
    let mut wanting = request("root", "far");
    wanting.with_credentials = true;
    let refused = log.catalog.resolve(&wanting).expect_err("nothing implies RESOLVE ALIAS");
    let privilege = "RESOLVE ALIAS (far) ON DBMS".to_owned();
    assert_eq!(refused, Rejection::PermissionDenied { user: "root".into(), privilege: privilege.into() });
    assert!(route(&log, "root", "far").is_ok(), "the route without them is another matter");
    log.run([grant(dbms(DbmsAction::ResolveAlias), "admin")]);
    assert!(log.catalog.resolve(&wanting).expect("now it is granted").release_credentials);
}

#[test]
fn credentials_are_released_alias_by_alias() {
    let mut log = story();
    log.run([create_remote("other"), create_database("sales"), create_role("one"), grant_role("one", "root")]);
    log.run([grant(Privilege::ResolveAlias(name("far")), "one")]);
    let released = |log: &Log, alias: &str| {
        let route = log.catalog.resolve(&ResolveRequest { with_credentials: true, ..request("root", alias) });
        route.map(|route| route.release_credentials)
    };
    let refused = |privilege: &str| {
        Err(Rejection::PermissionDenied { user: "root".into(), privilege: privilege.to_owned().into() })
    };
    assert_eq!(released(&log, "far"), Ok(true));
    assert_eq!(released(&log, "other"), refused("RESOLVE ALIAS (other) ON DBMS"));
    assert_eq!(released(&log, "sales"), Ok(true), "there is nothing to release");
    // As the old form, it is about every alias.
    log.run([grant(dbms(DbmsAction::ResolveAlias), "one"), deny(Privilege::ResolveAlias(name("far")), "one")]);
    assert_eq!(released(&log, "other"), Ok(true));
    assert_eq!(released(&log, "far"), refused("RESOLVE ALIAS (far) ON DBMS"), "a denial outweighs every grant");
}

#[test]
fn a_new_alias_of_the_same_name_is_another_one() {
    let mut log = story();
    log.run([grant(Privilege::ResolveAlias(name("far")), "admin")]);
    let wanting = ResolveRequest { with_credentials: true, ..request("root", "far") };
    assert!(log.catalog.resolve(&wanting).is_ok());
    let replaced = create_alias("far", CreateMode::OrReplace, AliasTarget::Remote(remote_target()));
    log.run([replaced]);
    assert_eq!(log.catalog.resolve(&wanting).expect_err("it is lost").code().code, "PERMISSION_DENIED");
    log.run([grant(Privilege::ResolveAlias(name("far")), "admin"), drop_alias("far"), create_remote("far")]);
    assert_eq!(log.catalog.resolve(&wanting).expect_err("it is lost").code().code, "PERMISSION_DENIED");
}

/// A steward may administer aliases and no privileges; what is denied by the name of an alias is not theirs to lift.
#[test]
fn whoever_makes_an_alias_anew_does_not_lift_the_denial_of_its_password() {
    let mut log = story();
    log.run([
        Command::CreateUser(create_user("steward")),
        create_role("stewards"),
        grant(dbms(DbmsAction::AliasManagement), "stewards"),
        grant(dbms(DbmsAction::DatabaseManagement), "stewards"),
        grant_role("stewards", "steward"),
        // Everything but the one alias, now and later.
        grant_role("reader", "carol"),
        deny(Privilege::ResolveAlias(name("far")), "instance"),
    ]);
    let released = |log: &Log| {
        let for_carol = Some(user_name("carol"));
        let wanting = ResolveRequest { on_behalf_of: for_carol, with_credentials: true, ..request("dbms", "far") };
        log.catalog.resolve(&wanting).map(|route| route.release_credentials)
    };
    let privilege = "RESOLVE ALIAS (far) ON DBMS".to_owned();
    let refused = Err(Rejection::PermissionDenied { user: "dbms".into(), privilege: privilege.into() });
    assert_eq!(released(&log), refused);
    let replaced = |target| create_alias("far", CreateMode::OrReplace, target);
    let to_remote = || replaced(AliasTarget::Remote(remote_target()));
    for anew in [
        vec![to_remote()],
        vec![drop_alias("far"), create_remote("far")],
        vec![replaced(AliasTarget::Local(name("neo4j"))), to_remote()],
        vec![drop_alias("far"), create_database("far"), drop_database("far"), create_remote("far")],
    ] {
        for command in anew {
            log.outcome("steward", command).expect("a steward may do it");
        }
        assert_eq!(released(&log), refused);
    }
    log.run([revoke(Some(GrantEffect::Denied), Privilege::ResolveAlias(name("far")), "instance")]);
    assert_eq!(released(&log), Ok(true), "it ends when it is revoked");
}

#[test]
fn an_instance_resolves_for_the_users_it_may_speak_for() {
    let mut log = story();
    let for_user = |other: &str| ResolveRequest {
        on_behalf_of: Some(user_name(other)),
        with_credentials: true,
        ..request("dbms", "far")
    };
    assert!(log.catalog.resolve(&for_user("carol")).expect("it was granted").release_credentials);
    let refused = log.catalog.resolve(&for_user("root")).expect_err("only carol was named");
    assert_eq!(refused.code().code, "PERMISSION_DENIED");
    assert!(route(&log, "dbms", "far").is_err(), "its own ACCESS counts when it asks for itself");
    log.run([grant(Privilege::Impersonate(UserScope::All), "instance")]);
    assert!(log.catalog.resolve(&for_user("root")).is_ok());
    assert!(log.catalog.resolve(&for_user("ghost")).is_err());
    log.run([revoke(None, access("far"), "analyst")]);
    let hidden = log.catalog.resolve(&for_user("carol")).expect_err("carol's ACCESS counts");
    assert_eq!(hidden, Rejection::DatabaseNotFound { name: "far".into() });
}

#[test]
fn home_leads_where_the_user_was_given_a_home() -> Result<(), Rejection> {
    let mut log = story();
    let home = |log: &Log| {
        let request = ResolveRequest { target: ResolveTarget::Home, ..request("carol", "neo4j") };
        log.catalog.resolve(&request).map(|route| route.name.to_string())
    };
    assert_eq!(home(&log)?, "neo4j", "the default database");
    let set = |home: HomeChange| {
        let mut command = alter_user("carol");
        command.home = Some(home);
        Command::AlterUser(command)
    };
    log.run([set(HomeChange::Set(name("far")))]);
    assert_eq!(home(&log)?, "far");
    log.run([set(HomeChange::Set(name("gone")))]);
    assert_eq!(home(&log), Err(Rejection::DatabaseNotFound { name: "gone".into() }));
    log.run([set(HomeChange::Remove)]);
    assert_eq!(home(&log)?, "neo4j");
    Ok(())
}

#[test]
fn before_the_cluster_is_formed_nothing_leads_anywhere() {
    let refused = route(&Log::default(), "root", "neo4j").expect_err("there is no catalog");
    assert_eq!(refused, Rejection::NotFormed {});
}

#[test]
fn a_refusal_is_an_outcome_like_any_other() {
    let outcome: Outcome = Log::formed().outcome("nobody", create_remote("far"));
    assert_eq!(outcome, Err(Rejection::UnknownActor { user: "nobody".into() }));
}
