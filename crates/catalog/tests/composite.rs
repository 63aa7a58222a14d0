//! Composite databases and their constituents: names, what may be created, who may use them, where they lead.

use std::collections::BTreeSet;

use aliasd_catalog::{
    AlterAlias, AlterUser, Command, CreateAlias, CreateMode, CreateUser, CypherVersion, DatabaseStatus, DbmsAction,
    HomeChange, NameForm, OpenCommand, Rejection, RemoteTarget, ResolveRequest, ResolveTarget, Route, Sealed,
};

use crate::builders::{
    Log, access, alias_name, alter_alias, alter_user, create_alias, create_composite, create_database,
    create_database_as, create_local, create_remote, create_role, create_user, dbms, deny, drop_alias, drop_database,
    grant, grant_role, name, remote_target, role_name, set_status, user,
};
use aliasd_catalog::AliasTarget;

fn garden() -> Log {
    Log::after([create_database("flowers"), create_composite("garden")])
}

fn written(
    alias: &str,
    form: NameForm,
    target: AliasTarget<aliasd_catalog::Sealed>,
) -> Command<aliasd_catalog::Sealed> {
    let (mode, properties) = (CreateMode::Fail, std::collections::BTreeMap::new());
    Command::CreateAlias(CreateAlias { name: alias_name(alias), form, mode, target, properties })
}

fn composite_of(log: &Log, alias: &str) -> Option<String> {
    log.catalog.alias(alias).expect("it was created").composite.as_ref().map(ToString::to_string)
}

fn code(rejection: &aliasd_catalog::Rejection) -> (&'static str, String) {
    (rejection.code().gqlstatus[0], rejection.to_string())
}

#[test]
fn cypher_25_tries_each_dot_from_the_left() {
    let mut log = Log::after([create_database("flowers"), create_composite("my.garden")]);
    log.run([create_local("my.garden.beautiful.flowers", "flowers"), create_local("my.lawn", "flowers")]);
    assert_eq!(composite_of(&log, "my.garden.beautiful.flowers").as_deref(), Some("my.garden"));
    assert_eq!(composite_of(&log, "my.lawn"), None);
}

#[test]
fn cypher_5_takes_what_is_before_the_first_dot() {
    let mut log = garden();
    let local = || AliasTarget::Local(name("flowers"));
    log.run([
        written("garden.red.roses", NameForm::FirstDot, local()),
        written("garden.lilies", NameForm::Within(name("garden")), local()),
        written("lawn.grass", NameForm::FirstDot, local()),
        written("lawn.moss", NameForm::Within(name("lawn")), local()),
    ]);
    assert_eq!(composite_of(&log, "garden.red.roses").as_deref(), Some("garden"));
    assert_eq!(composite_of(&log, "garden.lilies").as_deref(), Some("garden"));
    assert_eq!(composite_of(&log, "lawn.grass"), None, "no such composite database: a plain alias");
    assert_eq!(composite_of(&log, "lawn.moss"), None);
}

#[test]
fn a_plain_name_below_a_composite_database_is_ambiguous() {
    let mut log = garden();
    let refused = log.refused(written("garden.x", NameForm::Plain, AliasTarget::Local(name("flowers"))));
    let text = "Cannot create database 'garden.x' because another database 'garden' exists with an ambiguous name.";
    assert_eq!(code(&refused), ("42N87", text.into()));
    assert_eq!(log.refused(create_database("garden.x")).to_string(), text);
    assert_eq!(log.refused(create_composite("garden.x")).to_string(), text);
}

#[test]
fn a_composite_database_above_existing_names_is_ambiguous() {
    let mut log = Log::after([create_database("flowers"), create_local("garden.flowers", "flowers")]);
    let refused = log.refused(create_composite("garden"));
    let text =
        "Cannot create database 'garden' because another database 'garden.flowers' exists with an ambiguous name.";
    assert_eq!(code(&refused), ("42N87", text.into()));
    log.run([create_database("garden")]);
    assert!(log.catalog.database("garden").is_some(), "a standard database gathers nothing");
}

#[test]
fn cypher_5_finds_a_constituent_only_if_it_was_written_as_one() {
    let mut log = garden();
    log.run([create_local("garden.flowers", "flowers"), create_local("lawn.grass", "flowers")]);
    let dropping =
        |alias: &str, form| Command::Open(OpenCommand::DropAlias { name: name(alias), form, if_exists: true });
    assert_eq!(log.accepted(dropping("garden.flowers", NameForm::Plain)).system_updates, 0);
    assert_eq!(log.accepted(dropping("lawn.grass", NameForm::Plain)).system_updates, 1);
    assert_eq!(log.accepted(dropping("garden.flowers", NameForm::FirstDot)).system_updates, 1);
}

#[test]
fn a_local_alias_does_not_lead_to_a_composite_database() {
    let mut log = garden();
    let refused = log.refused(create_local("yard", "garden"));
    let text = "Failed to create the specified database alias 'yard': Database 'garden' is composite.";
    assert_eq!(code(&refused), ("42NA6", text.into()));
}

#[test]
fn a_constituent_has_no_language_of_its_own() {
    let mut log = garden();
    let language = Some(CypherVersion::Cypher25);
    let target = RemoteTarget { default_language: language, ..remote_target() };
    let refused = log.refused(create_alias("garden.far", CreateMode::Fail, AliasTarget::Remote(target)));
    assert_eq!(refused.code().gqlstatus, ["42001", "42N14"]);
    log.run([create_remote("garden.far")]);
    let alter = AlterAlias { default_language: language, ..alter_alias("garden.far") };
    assert_eq!(log.refused(Command::AlterAlias(alter)).code().gqlstatus, ["42001", "42N14"]);
}

#[test]
fn dropping_restricts_to_what_has_no_constituents_or_cascades() {
    let mut log = garden();
    log.run([create_local("garden.flowers", "flowers"), create_remote("garden.far")]);
    let refused = log.refused(drop_database("garden"));
    assert_eq!(refused.code().gqlstatus, ["42N82"]);
    assert!(refused.to_string().contains("['garden.far', 'garden.flowers']"), "{refused}");
    let cascade = Command::Open(OpenCommand::DropDatabase {
        name: name("garden"),
        if_exists: false,
        composite: true,
        cascade_aliases: true,
    });
    log.run([cascade]);
    assert_eq!(log.catalog.alias_count(), 0);
    assert!(log.catalog.database("flowers").is_some(), "what a constituent leads to stays");
}

#[test]
fn composite_forms_are_for_composite_databases_only() {
    let mut log = garden();
    let drop = |if_exists| {
        Command::Open(OpenCommand::DropDatabase {
            name: name("flowers"),
            if_exists,
            composite: true,
            cascade_aliases: false,
        })
    };
    assert_eq!(log.refused(drop(false)).code().gqlstatus, ["42001", "42N00"]);
    assert_eq!(log.accepted(drop(true)).system_updates, 0);
    let replace = |database: &str, composite| create_database_as(database, CreateMode::OrReplace, composite);
    assert_eq!(log.refused(replace("flowers", true)).code().gqlstatus, ["42001", "42N11"]);
    assert_eq!(log.refused(replace("garden", false)).code().gqlstatus, ["42001", "42N11"]);
    assert_eq!(log.accepted(replace("garden", true)).system_updates, 2);
    let access = Some(aliasd_catalog::DatabaseAccess::ReadOnly);
    let alter = Command::Open(OpenCommand::AlterDatabase {
        name: name("garden"),
        if_exists: false,
        access,
        default_language: None,
    });
    assert_eq!(log.refused(alter).code().code, "COMPOSITE_ACCESS");
}

// === Who may use a constituent ===

fn resolve_from(log: &Log, session: Option<&str>, target: &str) -> Result<Route, Rejection> {
    let (target, connected_to) = (ResolveTarget::Name(name(target)), session.map(name));
    let question =
        ResolveRequest { actor: user("alice"), on_behalf_of: None, target, connected_to, with_credentials: false };
    log.catalog.resolve(&question)
}

/// Carol holds these, and is denied those.
fn carol(granted: &[DbmsAction], denied: &[DbmsAction]) -> Log {
    let mut log = garden();
    log.run([Command::CreateUser(create_user("carol")), create_role("one"), grant_role("one", "carol")]);
    log.run(granted.iter().map(|action| grant(dbms(*action), "one")));
    log.run(denied.iter().map(|action| deny(dbms(*action), "one")));
    log
}

/// What Carol is answered, with each of these names in it replaced by the same.
fn answers(log: &Log, ask: impl Fn(&str) -> Command<Sealed>) -> BTreeSet<String> {
    let answer = |asked: &str| match log.clone().apply(&user("carol"), ask(asked)).outcome {
        Ok(effect) => format!("{effect:?}"),
        Err(rejection) => format!("{}: {rejection}", rejection.code().code).replace(asked, "it"),
    };
    ["garden", "missing"].into_iter().map(answer).collect()
}

fn alter_language(database: &str, if_exists: bool) -> Command<Sealed> {
    Command::Open(OpenCommand::AlterDatabase {
        name: name(database),
        if_exists,
        access: None,
        default_language: Some(CypherVersion::Cypher5),
    })
}

fn drop_if_exists(database: &str) -> Command<Sealed> {
    let (name, if_exists, composite, cascade_aliases) = (name(database), true, false, false);
    Command::Open(OpenCommand::DropDatabase { name, if_exists, composite, cascade_aliases })
}

#[test]
fn what_may_not_be_dropped_or_altered_is_answered_like_what_does_not_exist() {
    use DbmsAction as A;
    let altering = [A::SetDatabaseDefaultLanguage];
    let holders: &[(&[A], &[A])] = &[
        (&[], &[]),
        (&[A::DropDatabase], &[]),
        (&altering, &[]),
        (&[A::DropDatabase, A::SetDatabaseDefaultLanguage], &[]),
        (&[A::DatabaseManagement], &[A::CompositeDatabaseManagement]),
        (&[A::DatabaseManagement], &[A::DropCompositeDatabase, A::AlterCompositeDatabase]),
    ];
    for (granted, denied) in holders {
        let log = carol(granted, denied);
        for if_exists in [true, false] {
            let altered = answers(&log, |database| alter_language(database, if_exists));
            assert_eq!(altered.len(), 1, "{granted:?}, denied {denied:?}: {altered:?}");
        }
        for dropped in [answers(&log, drop_database), answers(&log, drop_if_exists)] {
            assert_eq!(dropped.len(), 1, "{granted:?}, denied {denied:?}: {dropped:?}");
        }
    }
    let log = carol(&[], &[]);
    let refused = answers(&log, drop_database);
    assert!(refused.iter().all(|answer| answer.contains("DROP DATABASE ON DBMS")), "{refused:?}");
    let refused = answers(&log, |database| alter_language(database, false));
    assert!(refused.iter().all(|answer| answer.contains("SET DATABASE DEFAULT LANGUAGE ON DBMS")), "{refused:?}");
}

#[test]
fn composite_databases_are_dropped_and_altered_by_whoever_may_do_so_to_them() {
    use DbmsAction as A;
    for granted in [A::CompositeDatabaseManagement, A::DatabaseManagement] {
        let mut log = carol(&[granted], &[]);
        log.apply(&user("carol"), alter_language("garden", false)).outcome.expect("it is a composite database");
        log.apply(&user("carol"), drop_database("garden")).outcome.expect("it is a composite database");
    }
    let mut log = carol(&[A::CompositeDatabaseManagement], &[]);
    for command in [drop_database("flowers"), alter_language("flowers", false)] {
        let refused = log.apply(&user("carol"), command).outcome.expect_err("it is a standard database");
        assert_eq!(refused.code().code, "PERMISSION_DENIED");
    }
}

/// From the composite database for a constituent, otherwise by connecting.
fn may(log: &Log, alias: &str) -> bool {
    resolve_from(log, alias.starts_with("garden.").then_some("garden"), alias).is_ok()
}

fn with_alice() -> Log {
    let mut log = garden();
    log.run([
        create_local("garden.flowers", "flowers"),
        create_remote("garden.far"),
        Command::CreateUser(create_user("alice")),
        create_role("one"),
        grant_role("one", "alice"),
    ]);
    log
}

#[test]
fn a_local_constituent_needs_access_on_composite_and_target() {
    let mut log = with_alice();
    log.run([grant(access("garden"), "one")]);
    assert!(may(&log, "garden") && !may(&log, "garden.flowers"));
    log.run([grant(access("garden.flowers"), "one")]);
    assert!(may(&log, "garden.flowers") && may(&log, "flowers"), "the privilege attached to the target");
    log.run([deny(access("garden"), "one")]);
    assert!(!may(&log, "garden.flowers") && may(&log, "flowers"));
}

#[test]
fn a_remote_constituent_needs_access_on_composite_and_itself() {
    let mut log = with_alice();
    log.run([grant(access("garden.far"), "one")]);
    assert!(!may(&log, "garden.far"));
    log.run([grant(access("garden"), "one")]);
    assert!(may(&log, "garden.far"));
    log.run([drop_alias("garden.far"), create_remote("garden.far")]);
    assert!(!may(&log, "garden.far"), "the privilege went with the old alias");
}

#[test]
fn stopping_a_composite_database_closes_its_name_and_not_its_constituents() {
    let mut log = with_alice();
    log.run([grant(access("garden"), "one"), grant(access("flowers"), "one")]);
    log.run([set_status("garden", DatabaseStatus::Offline)]);
    assert!(!may(&log, "garden") && may(&log, "garden.flowers"));
}

#[test]
fn explanations_name_both_databases() {
    let mut log = with_alice();
    log.run([grant(access("garden"), "one"), deny(access("flowers"), "one")]);
    let explained = log.catalog.explain_access(&crate::builders::user_name("alice"), &name("garden.flowers"));
    assert!(explained.verdict.is_err());
    let mut seen = Vec::new();
    for rule in explained.rules {
        if let aliasd_catalog::Rule::Access { on, grants, allowed } = rule {
            assert!(grants.iter().all(|(grant, _)| grant.role == role_name("one")));
            seen.push((on.to_string(), grants.len(), allowed));
        }
    }
    assert_eq!(seen, [("garden".to_owned(), 1, true), ("flowers".to_owned(), 1, false)]);
}

// === From where a constituent is used ===

/// Alice may use `flowers`, `garden` with its constituent `garden.flowers`, and another composite database `meadow`.
fn connected() -> Log {
    let mut log = with_alice();
    log.run([create_composite("meadow"), create_local("meadow.flowers", "flowers")]);
    log.run(["garden", "meadow", "flowers"].map(|database| grant(access(database), "one")));
    log
}

#[test]
fn a_constituent_is_used_from_its_composite_database() -> Result<(), Rejection> {
    let log = connected();
    let route = resolve_from(&log, Some("garden"), "garden.flowers")?;
    assert_eq!(route.name.as_str(), "garden.flowers");
    resolve_from(&log, Some("garden"), "garden")?;
    resolve_from(&log, None, "garden")?;
    resolve_from(&log, Some("neo4j"), "flowers")?;
    Ok(())
}

#[test]
fn a_constituent_cannot_be_connected_to() {
    let log = connected();
    let text = "Unable to get a routing table for database 'garden.flowers' because this database does not exist";
    for (session, target) in [(None, "garden.flowers"), (Some("garden.flowers"), "flowers")] {
        let refused = resolve_from(&log, session, target).expect_err("nobody is connected there");
        assert_eq!(code(&refused), ("22N51", text.into()));
        assert_eq!(refused.hint(), "It is a constituent: connect to its composite database, and use it from there.");
    }
}

#[test]
fn a_composite_database_and_its_constituents_are_closed_to_other_sessions() {
    let log = connected();
    for target in ["garden", "garden.flowers"] {
        let refused = resolve_from(&log, Some("neo4j"), target).expect_err("another session");
        let text = format!(
            "Accessing a composite database and its constituents is only allowed when connected to it. \
             Attempted to access '{target}' while connected to 'neo4j'"
        );
        assert_eq!((refused.code().gqlstatus, refused.to_string()), (&["42001", "42N04"][..], text));
    }
}

#[test]
fn a_session_on_a_composite_database_uses_its_constituents_only() {
    let log = connected();
    for target in ["flowers", "meadow", "meadow.flowers"] {
        let refused = resolve_from(&log, Some("garden"), target).expect_err("it is outside");
        let text = format!(
            "When connected to a composite database, access is allowed only to its constituents. \
             Attempted to access '{target}' while connected to 'garden'"
        );
        assert_eq!((refused.code().gqlstatus, refused.to_string()), (&["42001", "42N05"][..], text));
    }
}

/// Reasons are taken away one by one, and what remains is refused in the order of the table.
#[test]
fn the_ladder_of_resolving_from_a_session() {
    let mut log = with_alice();
    log.run([
        grant(access("flowers"), "one"),
        create_composite("meadow"),
        set_status("flowers", DatabaseStatus::Offline),
    ]);
    let refused = |log: &Log, session: &str, target: &str| {
        resolve_from(log, Some(session), target).expect_err("it is refused").code().code
    };
    assert_eq!(refused(&log, "garden.flowers", "garden.flowers"), "DATABASE_NOT_FOUND", "the composite is hidden");
    log.run([grant(access("garden"), "one")]);
    assert_eq!(refused(&log, "garden.flowers", "garden.flowers"), "CONSTITUENT_NOT_CONNECTABLE");
    assert_eq!(
        refused(&log, "meadow", "garden.flowers"),
        "COMPOSITE_FROM_OUTSIDE",
        "a hidden session is like any other"
    );
    log.run([grant(access("meadow"), "one")]);
    assert_eq!(refused(&log, "meadow", "garden.flowers"), "OUTSIDE_COMPOSITE");
    assert_eq!(refused(&log, "garden", "garden.flowers"), "DATABASE_STOPPED");
    log.run([set_status("flowers", DatabaseStatus::Online)]);
    assert!(resolve_from(&log, Some("garden"), "garden.flowers").is_ok());
}

#[test]
fn a_constituent_is_no_home() {
    let mut log = connected();
    let home =
        |home: &str| Command::AlterUser(AlterUser { home: Some(HomeChange::Set(name(home))), ..alter_user("alice") });
    assert_eq!(log.refused(home("garden.flowers")).code().code, "HOME_IS_CONSTITUENT");
    let bob = CreateUser { home: Some(name("garden.flowers")), ..create_user("bob") };
    assert_eq!(log.refused(Command::CreateUser(bob)).code().code, "HOME_IS_CONSTITUENT");
    // What becomes a constituent later leads nowhere from then on, as a home that was dropped.
    assert_eq!(log.accepted(home("garden.later")).notifications.len(), 1);
    log.run([create_local("garden.later", "flowers")]);
    let question = ResolveRequest {
        actor: user("alice"),
        on_behalf_of: None,
        target: ResolveTarget::Home,
        connected_to: None,
        with_credentials: false,
    };
    assert_eq!(log.catalog.resolve(&question).expect_err("no home").code().code, "CONSTITUENT_NOT_CONNECTABLE");
}
