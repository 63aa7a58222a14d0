//! Conversions of the gRPC surface.

use std::collections::BTreeSet;

use aliasd_catalog::{
    AliasKind, CatalogName, DatabaseName, Destination, Grant, GrantEffect, PlainSecret, Record, RecordKey, Revision,
    Route,
};
use aliasd_wire::{FILE_DESCRIPTOR_SET, privilege, route, v1};
use prost::Message;

use crate::samples;

#[test]
fn privileges_are_rows_as_neo4j_shows_them() {
    let rows: Vec<String> = samples::privileges()
        .into_iter()
        .flat_map(|privilege| {
            let grant =
                Grant { role: samples::role("remote"), effect: GrantEffect::Granted, privilege, immutable: false };
            privilege::to_proto(&grant, None)
        })
        .map(|v1::Privilege { action, resource, graph, segment, .. }| {
            format!("{action} | {resource} | {graph} | {segment}")
        })
        .collect();
    let expected = [
        "resolve_alias | database | * | ALIAS(*)",
        "impersonate | database | * | USER(*)",
        "impersonate | database | * | USER(carol)",
        "database_actions | database | * | database",
        "access | database | DEFAULT | database",
        "start_database | database | remote-neo4j | database",
        "transaction_management | database | * | USER(*)",
        "show_transaction | database | DEFAULT | USER(carol)",
        "execute | database | * | PROCEDURE(*)",
        "show_setting | database | * | SETTING(dbms.*)",
        "load | all_data | * | database",
        "load | cidr(127.0.0.1/32) | * | database",
        "load | url(https://example.org/*) | * | database",
        "traverse | graph | DEFAULT | RELATIONSHIP(KNOWS)",
        "traverse | graph | DEFAULT | RELATIONSHIP(LIKES)",
        "read | all_properties | * | FOR(n:Email) WHERE n.classification IS NULL",
        "read | property(born) | * | NODE(Person)",
        "read | property(name) | * | NODE(Person)",
        "match | all_properties | neo4j | NODE(*)",
        "match | all_properties | neo4j | RELATIONSHIP(*)",
        "write | graph | * | NODE(*)",
        "write | graph | * | RELATIONSHIP(*)",
        "resolve_alias | database | * | ALIAS(remote-neo4j)",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn reflection_knows_every_service() {
    let files = prost_types::FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
    let services: BTreeSet<_> = files
        .file
        .iter()
        .flat_map(|file| file.service.iter().map(|service| format!("{}.{}", file.package(), service.name())))
        .collect();
    for service in ["aliasd.v1.Router", "aliasd.v1.Admin", "aliasd.v1.Auth", "aliasd.v1.Cluster", "aliasd.peer.v1.Peer"]
    {
        assert!(services.contains(service), "{service}");
    }
}

/// Who generates code for Go or Java from the files has no place to put it otherwise.
#[test]
fn every_file_names_its_package_for_go_and_java() {
    let files = prost_types::FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
    let ours: Vec<_> = files.file.iter().filter(|file| file.package().starts_with("aliasd.")).collect();
    assert!(ours.len() > 8, "{} files", ours.len());
    for file in ours {
        let options = file.options.as_ref().unwrap_or_else(|| panic!("{} has no options", file.name()));
        let directory = file.package().replace('.', "/");
        let name = file.package().replace('.', "");
        assert_eq!(options.go_package(), format!("github.com/aliasd/aliasd/gen/go/{directory};{name}"));
        assert_eq!(options.java_package(), format!("io.github.{}", file.package()));
        assert!(options.java_multiple_files());
    }
}

/// The route that an alias among the samples gives.
fn route_of(sample: &str) -> Route {
    let found = samples::records().into_iter().find(|(name, _, _)| name == sample);
    let Some((_, RecordKey::Alias(name), Record::Alias(alias))) = found else { panic!("{sample} is no alias") };
    let revision = alias.modified.revision;
    let own_name = CatalogName::from(&name);
    let destination = match &alias.kind {
        AliasKind::Local(database) => Destination::Local { database: database.clone(), alias: Some(alias.clone()) },
        AliasKind::Remote(_) => Destination::Remote { name, alias: alias.clone() },
    };
    Route { name: own_name, destination, revision, release_credentials: false }
}

#[test]
fn a_database_is_a_route_to_itself() {
    let destination = Destination::Local { database: DatabaseName::neo4j(), alias: None };
    let name = samples::catalog_name("neo4j");
    let route = Route { name, destination, revision: Revision(3), release_credentials: false };
    let expected = v1::Route {
        name: "neo4j".to_owned(),
        destination: Some(v1::route::Destination::LocalDatabase(v1::LocalDatabase { database: "neo4j".to_owned() })),
        properties: std::collections::BTreeMap::new(),
        version: 3,
        composite: None,
    };
    assert_eq!(route::to_proto(&route, None), expected);
}

#[test]
fn a_local_alias_leads_to_its_database() {
    let sent = route::to_proto(&route_of("alias-local"), None);
    assert_eq!((sent.name.as_str(), sent.version), ("schöne welt", 6));
    let Some(v1::route::Destination::LocalDatabase(local)) = sent.destination else { panic!("it is local") };
    assert_eq!(local.database, "neo4j");
}

#[test]
fn a_remote_alias_has_a_password_only_if_it_is_released() {
    let route = route_of("alias-remote");
    for released in [None, Some(PlainSecret::new("secretpassword".to_owned()))] {
        let sent = route::to_proto(&route, released.as_ref());
        assert_eq!(sent.properties.len(), samples::properties().len());
        let Some(v1::route::Destination::RemoteDatabase(remote)) = &sent.destination else { panic!("it is remote") };
        assert_eq!(remote.password.as_deref(), released.as_ref().map(PlainSecret::expose));
        assert_eq!((remote.url.as_str(), remote.user.as_str()), ("neo4j+s://location:7687", "alice"));
        assert_eq!(remote.driver.len(), 7);
        assert_eq!(remote.default_language(), v1::DefaultLanguage::Cypher5);
        assert!(!format!("{sent:?}").contains("secretpassword"));
    }
}

#[test]
fn a_constituent_names_its_composite_and_a_forwarding_alias_has_no_user() {
    let sent = route::to_proto(&route_of("alias-constituent"), None);
    assert_eq!((sent.name.as_str(), sent.composite.as_deref()), ("garden.far", Some("garden")));
    let Some(v1::route::Destination::RemoteDatabase(remote)) = &sent.destination else { panic!("it is remote") };
    assert!(remote.oidc_credential_forwarding && remote.user.is_empty() && remote.password.is_none());
    assert_eq!(remote.default_language(), v1::DefaultLanguage::Unspecified, "that of the composite database");
}
