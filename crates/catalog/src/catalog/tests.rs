//! Indexes follow records in both directions, and `restore` takes only what fits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Catalog;
use crate::{
    Alias, AliasKind, AliasName, AuthId, AuthProvider, CatalogName, Change, DatabaseAction, DatabaseName,
    DatabaseScope, Effect, Grant, GrantEffect, Privilege, Record, RecordKey, RequestId, RequestRecord, RoleAssignment,
    RoleName, Stamp, User, UserName, UserStatus,
};

fn user() -> User {
    User {
        password: None,
        password_change_required: false,
        status: UserStatus::Active,
        home: Some(CatalogName::new("near").expect("a valid name")),
        auth: BTreeMap::from([(AuthProvider::mtls(), AuthId::new("CN=bob").expect("a valid id"))]),
        tags: BTreeSet::new(),
        ended_tokens: BTreeMap::new(),
        credential_revision: Stamp::default().revision,
        created: Stamp::default(),
        modified: Stamp::default(),
    }
}

/// One record for each index.
fn indexed() -> Vec<(RecordKey, Record)> {
    let (bob, reader) = (UserName::new("bob").expect("a valid name"), RoleName::new("reader").expect("a valid name"));
    let name = DatabaseScope::Named(CatalogName::new("far").expect("a valid name"));
    let privilege = Privilege::Database(DatabaseAction::Access, name);
    let grant = Grant { role: reader.clone(), effect: GrantEffect::Granted, privilege, immutable: false };
    let stamp = Stamp::default();
    let kind = AliasKind::Local(DatabaseName::neo4j());
    let alias = Alias { kind, composite: None, properties: BTreeMap::new(), created: stamp, modified: stamp };
    let request = RequestRecord { applied: stamp, outcome: Ok(Effect::default()), owner: None };
    vec![
        (RecordKey::Alias(AliasName::new("near").expect("a valid name")), Record::Alias(Arc::new(alias))),
        (RecordKey::User(bob.clone()), Record::User(Arc::new(user()))),
        (RecordKey::RoleAssignment(bob, reader), Record::RoleAssignment(RoleAssignment { created: stamp })),
        (RecordKey::Grant(Box::new(grant)), Record::Grant(stamp)),
        (RecordKey::Request(RequestId([1; 16])), Record::Request(Arc::new(request))),
    ]
}

fn index_sizes(catalog: &Catalog) -> [usize; 7] {
    [
        catalog.users_by_role.size(),
        usize::from(catalog.standings.of("reader").is_some()),
        catalog.grants_by_name.size(),
        catalog.aliases_by_target.size(),
        catalog.users_by_auth.size(),
        catalog.users_by_home.size(),
        catalog.requests_by_revision.size(),
    ]
}

#[test]
fn indexes_grow_and_shrink_with_the_records() {
    let mut catalog = Catalog::default();
    for (key, record) in indexed() {
        assert!(catalog.restore(key, record));
    }
    assert_eq!(index_sizes(&catalog), [1; 7]);
    for (key, record) in indexed() {
        assert!(catalog.restore(key, record), "a record may be put in again");
    }
    assert_eq!(index_sizes(&catalog), [1; 7]);
    for (key, record) in indexed() {
        catalog.put(&Change { key, before: Some(record), after: None });
    }
    assert_eq!(index_sizes(&catalog), [0; 7]);
    assert_eq!((catalog.records().count(), catalog.digest()), (0, Catalog::default().digest()));
}

#[test]
fn a_record_under_a_key_of_another_kind_is_refused() {
    let mut catalog = Catalog::default();
    let records = indexed();
    for (index, (key, _)) in records.iter().enumerate() {
        let (_, other) = &records[(index + 1) % records.len()];
        assert!(!catalog.restore(key.clone(), other.clone()));
    }
    assert_eq!((catalog.records().count(), index_sizes(&catalog)), (0, [0; 7]));
}

#[test]
fn every_name_that_could_be_in_an_index_comes_after_the_lowest() {
    let names: BTreeSet<RoleName> = ["A", "a"].map(|text| RoleName::new(text).expect("a valid name")).into();
    assert!(names.iter().all(|name| RoleName::lowest() < *name));
}
