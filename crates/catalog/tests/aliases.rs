//! Aliases and databases: counters, messages, and what each part of a command does.

use aliasd_catalog::{
    AliasKind, AliasTarget, Command, CreateMode, CypherVersion, DbmsAction, DriverSettings, Duration, NameForm,
    OpenCommand, RemoteAlias, RemoteUserName, Value, ValueMap,
};

use crate::builders::{
    ACTIVE_KEY, Log, OTHER_KEY, alter_alias, create_alias, create_database, create_local, create_remote, dbms,
    drop_alias, drop_database, grant, insecure, name, remote_target, sealed, stored, url,
};

fn remote(log: &Log, alias: &str) -> RemoteAlias {
    match &log.catalog.alias(alias).expect("it exists").kind {
        AliasKind::Remote(remote) => remote.clone(),
        AliasKind::Local(_) => panic!("{alias} is local"),
    }
}

#[test]
fn counters_say_how_much_was_done() {
    let mut log = Log::formed();
    let replace = |target| create_alias("a", CreateMode::OrReplace, target);
    let if_exists = |alias: &str| {
        Command::Open(OpenCommand::DropAlias { name: name(alias), form: NameForm::AnyDot, if_exists: true })
    };
    let if_not_exists =
        |alias: &str| create_alias(alias, CreateMode::IfNotExists, AliasTarget::Remote(remote_target()));
    let steps = [
        (replace(AliasTarget::Local(name("neo4j"))), 1),
        (replace(AliasTarget::Remote(remote_target())), 2),
        (if_not_exists("a"), 0),
        (if_not_exists("neo4j"), 0),
        (if_exists("a"), 1),
        (if_exists("a"), 0),
        (if_exists("neo4j"), 0),
    ];
    for (command, updates) in steps {
        assert_eq!(log.accepted(command.clone()).system_updates, updates, "{command:?}");
    }
}

#[test]
fn messages_are_those_of_neo4j() {
    let mut log = Log::after([create_database("sales"), create_local("two", "sales"), create_local("one", "sales")]);
    let texts = [
        (
            create_local("neo4j", "sales"),
            "Failed to create the specified database alias 'neo4j': Database name or alias already exists.",
        ),
        (create_local("x", "t"), "Failed to create the specified database alias 'x': Database 't' does not exist."),
        (
            Command::AlterAlias(alter_alias("x")),
            "Failed to alter the specified database alias 'x': Database alias does not exist.",
        ),
        (drop_alias("neo4j"), "Failed to drop the specified database alias 'neo4j': Database alias does not exist."),
        (drop_database("x"), "Failed to delete the specified database 'x': Database does not exist."),
        (
            drop_database("system"),
            "Failed to delete the specified database 'system': Not allowed to delete system database.",
        ),
        (
            drop_database("sales"),
            "Failed to delete the specified database 'sales': Database has one or more aliases. \
             Drop the aliases: ['one', 'two'] before dropping the database.",
        ),
        (
            create_database("one"),
            "Failed to create the specified database 'one': Database name or alias already exists.",
        ),
        (crate::builders::drop_role("x"), "Failed to delete the specified role 'x': Role does not exist."),
        (crate::builders::drop_user("x"), "Failed to delete the specified user 'x': User does not exist."),
        (crate::builders::grant_role("reader", "x"), "Failed to grant role 'reader' to user 'x': User does not exist."),
        (crate::builders::drop_role("PUBLIC"), "Failed to delete the specified role: 'PUBLIC' is a reserved role."),
    ];
    for (command, text) in texts {
        assert_eq!(log.refused(command).to_string(), text);
    }
}

#[test]
fn an_absent_part_of_alter_stays_as_it_is() {
    let mut log = Log::after([create_remote("far"), grant(dbms(DbmsAction::ResolveAlias), "admin")]);
    let before = remote(&log, "far");
    let mut command = alter_alias("far");
    command.user = Some(RemoteUserName::new("bob").expect("a valid name"));
    log.run([Command::AlterAlias(command)]);
    let altered = remote(&log, "far");
    assert_eq!(altered.login.user().expect("it is stored").as_str(), "bob");
    assert_eq!(altered, RemoteAlias { login: stored("bob", ACTIVE_KEY), ..before }, "the password above all");
}

#[test]
fn maps_are_replaced_as_a_whole() {
    let mut log = Log::formed();
    let driver = DriverSettings { connection_timeout: Some(Duration::from_seconds(5)), ..insecure() };
    let target = aliasd_catalog::RemoteTarget { driver, ..remote_target() };
    log.run([create_alias("far", CreateMode::Fail, AliasTarget::Remote(target))]);
    let mut command = alter_alias("far");
    command.driver = Some(DriverSettings { connection_pool_max_size: Some(7), ..DriverSettings::default() });
    command.properties = Some(ValueMap::from([("owner".to_owned(), Value::from("bob"))]));
    log.run([Command::AlterAlias(command.clone())]);
    assert_eq!(Some(remote(&log, "far").driver), command.driver);
    let mut cleared = alter_alias("far");
    cleared.properties = Some(ValueMap::new());
    log.run([Command::AlterAlias(cleared)]);
    assert!(log.catalog.alias("far").expect("it exists").properties.is_empty());
}

/// `ssl_enforced` is judged on the combination that results.
#[test]
fn altering_the_url_or_the_driver_is_checked_against_the_other() {
    let target = aliasd_catalog::RemoteTarget { url: url("bolt://location"), driver: insecure(), ..remote_target() };
    let mut log = Log::after([create_alias("far", CreateMode::Fail, AliasTarget::Remote(target))]);
    log.run([grant(dbms(DbmsAction::ResolveAlias), "admin")]);
    let mut another_url = alter_alias("far");
    another_url.target = Some((name("neo4j"), Some(url("neo4j://elsewhere"))));
    log.run([Command::AlterAlias(another_url)]);
    let mut enforced = alter_alias("far");
    enforced.driver = Some(DriverSettings::default());
    assert_eq!(log.refused(Command::AlterAlias(enforced.clone())).code().code, "URL_INSECURE");
    enforced.target = Some((name("neo4j"), Some(url("neo4j+s://elsewhere"))));
    log.run([Command::AlterAlias(enforced)]);
}

#[test]
fn the_language_of_a_remote_alias_is_cypher_5_unless_given() {
    let mut log = Log::after([create_remote("far")]);
    assert_eq!(remote(&log, "far").default_language, Some(CypherVersion::Cypher5));
    let mut command = alter_alias("far");
    command.default_language = Some(CypherVersion::Cypher25);
    log.run([Command::AlterAlias(command)]);
    assert_eq!(remote(&log, "far").default_language, Some(CypherVersion::Cypher25));
}

#[test]
fn a_credential_sealed_with_another_key_is_refused() {
    let mut log = Log::after([create_remote("far")]);
    let mut command = alter_alias("far");
    command.credential = Some(sealed(OTHER_KEY));
    let refused = log.refused(Command::AlterAlias(command));
    assert_eq!(refused.values(), [OTHER_KEY.to_string(), ACTIVE_KEY.to_string()]);
}

#[test]
fn an_alias_leads_to_a_database_and_never_to_an_alias() {
    let mut log = Log::after([create_local("near", "neo4j"), create_remote("far")]);
    for target in ["near", "far"] {
        assert_eq!(log.refused(create_local("a", target)).code().code, "ALIAS_CHAIN");
    }
    let mut itself = alter_alias("near");
    itself.target = Some((name("near"), None));
    assert_eq!(log.refused(Command::AlterAlias(itself)).code().code, "ALIAS_CHAIN");
    let replaced = create_alias("near", CreateMode::OrReplace, AliasTarget::Local(name("near")));
    assert_eq!(log.refused(replaced).code().code, "ALIAS_TARGET_NOT_FOUND");
}

#[test]
fn cascade_drops_local_aliases_and_leaves_remote_ones() {
    let mut log = Log::after([create_database("sales"), create_local("near", "sales"), create_remote("far")]);
    let command = Command::Open(OpenCommand::DropDatabase {
        name: name("sales"),
        if_exists: false,
        composite: false,
        cascade_aliases: true,
    });
    assert_eq!(log.accepted(command).system_updates, 1);
    assert!(log.catalog.alias("near").is_none() && log.catalog.alias("far").is_some());
}

#[test]
fn a_new_cluster_has_two_databases_and_the_built_in_roles() {
    let log = Log::formed();
    let databases: Vec<String> = log.catalog.databases().map(|(name, _)| name.to_string()).collect();
    let roles: Vec<String> = log.catalog.roles().map(|(name, _)| name.to_string()).collect();
    assert_eq!(databases, ["neo4j", "system"]);
    assert_eq!(roles, ["PUBLIC", "admin", "architect", "editor", "publisher", "reader"]);
}
