//! The commands about databases and the cluster's policy.

use aliasd_catalog::{
    Command, CreateMode, CypherVersion, DatabaseAccess, DatabaseName, DatabaseStatus, OpenCommand, PolicyChange,
    ReleaseStaleness, Sealed, TokenLifetime,
};

use super::catalog_name;

pub(super) fn database_commands() -> Vec<(&'static str, Command<Sealed>)> {
    let create = |composite, default_language| {
        Command::Open(OpenCommand::CreateDatabase {
            name: DatabaseName::new("movies").unwrap(),
            mode: CreateMode::Fail,
            composite,
            default_language,
        })
    };
    let alter = |if_exists, access, default_language| {
        Command::Open(OpenCommand::AlterDatabase { name: catalog_name("movies"), if_exists, access, default_language })
    };
    let drop = |composite| {
        Command::Open(OpenCommand::DropDatabase {
            name: catalog_name("movies"),
            if_exists: true,
            composite,
            cascade_aliases: true,
        })
    };
    let status = |status| Command::Open(OpenCommand::SetDatabaseStatus { name: catalog_name("movies"), status });
    vec![
        ("create-database", create(false, None)),
        ("create-composite-database", create(true, Some(CypherVersion::Cypher25))),
        ("alter-database-access", alter(true, Some(DatabaseAccess::ReadOnly), None)),
        ("alter-database-everything", alter(false, Some(DatabaseAccess::ReadWrite), Some(CypherVersion::Cypher5))),
        ("start-database", status(DatabaseStatus::Online)),
        ("stop-database", status(DatabaseStatus::Offline)),
        (
            "set-policy",
            Command::Open(OpenCommand::SetPolicy(PolicyChange {
                database_management_implies_alias_management: Some(false),
                oidc_credential_forwarding: Some(true),
                default_language: Some(CypherVersion::Cypher25),
                token_lifetime: None,
                release_staleness: None,
            })),
        ),
        (
            "set-token-lifetime",
            Command::Open(OpenCommand::SetPolicy(PolicyChange {
                token_lifetime: TokenLifetime::from_seconds(3_600),
                ..PolicyChange::default()
            })),
        ),
        (
            "set-release-staleness",
            Command::Open(OpenCommand::SetPolicy(PolicyChange {
                release_staleness: ReleaseStaleness::from_milliseconds(1_500),
                ..PolicyChange::default()
            })),
        ),
        ("set-no-policy", Command::Open(OpenCommand::SetPolicy(PolicyChange::default()))),
        ("set-default-database", Command::Open(OpenCommand::SetDefaultDatabase { name: catalog_name("remote-neo4j") })),
        ("drop-database", drop(false)),
        ("drop-composite-database", drop(true)),
    ]
}
