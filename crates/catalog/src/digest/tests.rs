//! The digest is canonical: frozen for what exists, different for what differs, blind to order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Digest;
use crate::{
    Alias, AliasKind, AliasName, AuthId, AuthProvider, CatalogName, ClusterId, CypherVersion, Database, DatabaseAccess,
    DatabaseAction, DatabaseKind, DatabaseName, DatabaseScope, DatabaseStatus, DbmsAction, DriverSettings, Duration,
    Effect, Float, Glob, Grant, GrantEffect, GraphAction, KeyId, LoadScope, LogLevel, Meta, Notification, PasswordHash,
    Policy, Privilege, QualifiedAction, Record, RecordKey, Rejection, RemoteAlias, RemoteLogin, RemoteUrl,
    RemoteUserName, RequestId, RequestRecord, Resource, Revision, Role, RoleAssignment, RoleName, SealedSecret,
    Segment, Stamp, Timestamp, TransactionAction, User, UserName, UserScope, UserStatus, UserTag, Value,
};

const STAMP: Stamp = Stamp { revision: Revision(7), time: Timestamp(1_700_000_000_000) };

fn name(text: &str) -> CatalogName {
    CatalogName::new(text).expect("a valid name")
}

fn role(text: &str) -> RoleName {
    RoleName::new(text).expect("a valid name")
}

fn bob() -> UserName {
    UserName::new("bob").expect("a valid name")
}

fn remote_alias() -> Alias {
    let driver = DriverSettings {
        ssl_enforced: Some(true),
        connection_timeout: Some(Duration { months: 1, days: -2, seconds: 3, nanoseconds: 4 }),
        connection_pool_max_size: Some(-1),
        logging_level: Some(LogLevel::Warn),
        ..DriverSettings::default()
    };
    let remote = RemoteAlias {
        database: name("neo4j"),
        url: RemoteUrl::new("neo4j+s://location:7687").expect("a valid url"),
        login: RemoteLogin::Stored {
            user: RemoteUserName::new("alice").expect("a valid name"),
            credential: SealedSecret {
                key_id: KeyId([1; 16]),
                nonce: [2; 12],
                ciphertext: Arc::from([3_u8; 20]),
                alias_id: None,
            },
        },
        driver,
        default_language: Some(CypherVersion::Cypher25),
    };
    let values = [
        Value::Null,
        Value::from(true),
        Value::from(-1),
        Value::Float(Float(1.5)),
        Value::from("text"),
        Value::Duration(Duration::from_seconds(1)),
        Value::Map(BTreeMap::from([("inner".to_owned(), Value::from(false))])),
    ];
    let properties = BTreeMap::from([("list".to_owned(), Value::List(values.to_vec()))]);
    Alias { kind: AliasKind::Remote(remote), composite: None, properties, created: STAMP, modified: STAMP }
}

fn local_alias() -> Alias {
    let kind = AliasKind::Local(DatabaseName::neo4j());
    Alias { kind, composite: None, properties: BTreeMap::new(), created: STAMP, modified: STAMP }
}

fn constituent() -> Alias {
    let remote = RemoteAlias {
        database: name("neo4j"),
        url: RemoteUrl::new("neo4j+s://location:7687").expect("a valid url"),
        login: RemoteLogin::OidcForwarding,
        driver: DriverSettings::default(),
        default_language: None,
    };
    let composite = Some(DatabaseName::new("garden").expect("a valid name"));
    let kind = AliasKind::Remote(remote);
    Alias { kind, composite, properties: BTreeMap::new(), created: STAMP, modified: STAMP }
}

fn user() -> User {
    User {
        password: Some(PasswordHash::new("phc")),
        password_change_required: true,
        status: UserStatus::Suspended,
        home: Some(name("far")),
        auth: BTreeMap::from([(AuthProvider::mtls(), AuthId::new("CN=bob").expect("a valid id"))]),
        tags: BTreeSet::new(),
        ended_tokens: BTreeMap::new(),
        credential_revision: Revision(5),
        created: STAMP,
        modified: STAMP,
    }
}

fn grants() -> Vec<Privilege> {
    let names = BTreeSet::from(["a".to_owned(), "b".to_owned()]);
    let graph = |action, resource, scope, segment| Privilege::Graph { action, resource, scope, segment };
    vec![
        Privilege::Dbms(DbmsAction::All),
        Privilege::Impersonate(UserScope::All),
        Privilege::Impersonate(UserScope::Named(bob())),
        Privilege::Database(DatabaseAction::Access, DatabaseScope::Home),
        Privilege::Database(DatabaseAction::Access, DatabaseScope::All),
        Privilege::Database(DatabaseAction::Access, DatabaseScope::Named(name("far"))),
        graph(GraphAction::Match, Resource::All, DatabaseScope::All, Segment::Elements(BTreeSet::new())),
        graph(GraphAction::Write, Resource::None, DatabaseScope::All, Segment::None),
        graph(GraphAction::Read, Resource::Named(names.clone()), DatabaseScope::Home, Segment::Nodes(names.clone())),
        graph(GraphAction::Read, Resource::All, DatabaseScope::Home, Segment::Relationships(names)),
        graph(GraphAction::Read, Resource::All, DatabaseScope::Home, Segment::Pattern("(n) WHERE n.a = 1".into())),
        Privilege::Transaction(TransactionAction::Show, DatabaseScope::All, UserScope::Named(bob())),
        Privilege::Transaction(TransactionAction::Terminate, DatabaseScope::All, UserScope::All),
        Privilege::Qualified(QualifiedAction::ExecuteProcedure, Glob::new("*").expect("a valid pattern")),
        Privilege::Qualified(QualifiedAction::ShowSetting, Glob::new("*").expect("a valid pattern")),
        Privilege::Load(LoadScope::All),
        Privilege::Load(LoadScope::Cidr("x".into())),
        Privilege::Load(LoadScope::Url("x".into())),
    ]
}

/// One record of every kind, with something in every field.
fn records() -> Vec<(RecordKey, Record)> {
    let meta = Meta {
        cluster_id: ClusterId([8; 16]),
        active_key: KeyId([1; 16]),
        default_database: name("neo4j"),
        policy: Policy::default(),
        created: STAMP,
    };
    let database = Database {
        kind: DatabaseKind::Standard,
        status: DatabaseStatus::Offline,
        access: DatabaseAccess::ReadOnly,
        default_language: CypherVersion::Cypher25,
        created: STAMP,
        modified: STAMP,
    };
    let composite = Database { kind: DatabaseKind::Composite, ..database };
    let alias = |text: &str| RecordKey::Alias(AliasName::new(text).expect("a valid name"));
    let request = |byte: u8| RecordKey::Request(RequestId([byte; 16]));
    let notifications = vec![
        Notification::HomeDatabaseNotFound(name("x")),
        Notification::AlreadyAssigned { role: role("reader") },
        Notification::NotAssigned { role: role("reader") },
        Notification::ImpossibleRevoke { entity: "Role".into(), name: "x".into() },
        Notification::OidcForwardingDisabled,
    ];
    let outcomes =
        [Ok(Effect { system_updates: 2, notifications }), Err(Rejection::AliasExists { name: "far".into() })];
    let mut records = vec![
        (RecordKey::Meta, Record::Meta(Arc::new(meta))),
        (RecordKey::Database(DatabaseName::neo4j()), Record::Database(Arc::new(database))),
        (
            RecordKey::Database(DatabaseName::new("garden").expect("a valid name")),
            Record::Database(Arc::new(composite)),
        ),
        (alias("garden.far"), Record::Alias(Arc::new(constituent()))),
        (alias("near"), Record::Alias(Arc::new(local_alias()))),
        (alias("far"), Record::Alias(Arc::new(remote_alias()))),
        (RecordKey::User(bob()), Record::User(Arc::new(user()))),
        (RecordKey::Role(role("reader")), Record::Role(Arc::new(Role { immutable: true, created: STAMP }))),
        (RecordKey::RoleAssignment(bob(), role("reader")), Record::RoleAssignment(RoleAssignment { created: STAMP })),
    ];
    for privilege in grants() {
        let grant = Grant { role: role("reader"), effect: GrantEffect::Denied, privilege, immutable: false };
        records.push((RecordKey::Grant(Box::new(grant)), Record::Grant(STAMP)));
    }
    for (byte, outcome) in outcomes.into_iter().enumerate() {
        let record = Record::Request(Arc::new(RequestRecord { applied: STAMP, outcome, owner: None }));
        records.push((request(u8::try_from(byte).expect("there are two")), record));
    }
    records
}

fn sum<'a>(records: impl Iterator<Item = &'a (RecordKey, Record)>) -> Digest {
    let mut digest = Digest::default();
    for (key, record) in records {
        digest.add(key, record);
    }
    digest
}

/// If this fails, members of this version and of an older one would disagree about the same records. Give
/// the new shape a tag of its own instead.
#[test]
fn the_digest_of_what_exists_never_changes() {
    assert_eq!(sum(records().iter()).to_string(), "418af1b545fc9695696e7cafd6409f3e51c0b069f2160eb4c07542e3be66e6d4");
}

#[test]
fn order_does_not_matter_and_a_removed_record_leaves_no_trace() {
    let records = records();
    let mut digest = sum(records.iter().rev());
    assert_eq!(digest, sum(records.iter()));
    for (key, record) in &records {
        digest.subtract(key, record);
    }
    assert_eq!(digest, Digest::default());
}

#[test]
fn every_record_has_a_hash_of_its_own() {
    let records = records();
    let hashes: BTreeSet<String> = records.iter().map(|(key, record)| Digest::of(key, record).to_string()).collect();
    assert_eq!(hashes.len(), records.len());
}

#[test]
fn a_privilege_on_the_credentials_of_one_alias_has_a_hash_of_its_own() {
    let hash = |privilege| {
        let grant = Grant { role: role("reader"), effect: GrantEffect::Denied, privilege, immutable: false };
        Digest::of(&RecordKey::Grant(Box::new(grant)), &Record::Grant(STAMP)).to_string()
    };
    let known: BTreeSet<String> = grants().into_iter().map(hash).collect();
    let [far, near] = ["far", "near"].map(|alias| hash(Privilege::ResolveAlias(name(alias))));
    assert!(far != near && !known.contains(&far) && !known.contains(&near));
}

#[test]
fn tags_count_and_leave_users_without_them_as_they_were() {
    let tagged = |tags: &[&str]| {
        let tags = tags.iter().map(|tag| UserTag::new(tag).expect("a valid tag")).collect();
        Digest::of(&RecordKey::User(bob()), &Record::User(Arc::new(User { tags, ..user() })))
    };
    let hashes = [tagged(&[]), tagged(&["a"]), tagged(&["b"]), tagged(&["a", "b"]), tagged(&["ab"])];
    assert!(hashes.iter().enumerate().all(|(place, hash)| !hashes[..place].contains(hash)), "{hashes:?}");
}

#[test]
fn bytes_and_text_say_the_same() {
    let digest = sum(records().iter());
    assert_eq!(Digest::from_bytes(digest.to_bytes()), digest);
    let hexadecimal: String = digest.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest.to_string(), hexadecimal);
}
