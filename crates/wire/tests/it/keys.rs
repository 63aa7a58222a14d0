//! Record keys sort as the catalog sorts them, and none is the beginning of another.

use aliasd_catalog::{
    DatabaseAction, DatabaseScope, DbmsAction, Grant, GrantEffect, GraphAction, Privilege, RecordKey, Resource, Segment,
};
use aliasd_wire::store::{decode_record_key, encode_record_key};
use proptest::prelude::*;

use crate::{generate, samples};

fn agree(one: &RecordKey, other: &RecordKey) {
    let (one_bytes, other_bytes) = (encode_record_key(one), encode_record_key(other));
    assert_eq!(one_bytes.cmp(&other_bytes), one.cmp(other), "{one:?} and {other:?}");
    assert!(one == other || !other_bytes.starts_with(&one_bytes), "{one:?} begins {other:?}");
}

fn granted(privilege: Privilege) -> RecordKey {
    let role = samples::role("remote");
    RecordKey::Grant(Box::new(Grant { role, effect: GrantEffect::Granted, privilege, immutable: false }))
}

#[test]
fn samples_sort_alike() {
    let records = samples::records();
    for (_, one, _) in &records {
        for (_, other, _) in &records {
            agree(one, other);
        }
    }
}

#[test]
fn every_action_has_a_key_and_sorts_as_declared() {
    let dbms = DbmsAction::ALL.iter().map(|action| Privilege::Dbms(*action));
    let scope = DatabaseScope::All;
    let database = DatabaseAction::ALL.iter().map(|action| Privilege::Database(*action, scope.clone()));
    let graph = GraphAction::ALL.iter().map(|action| Privilege::Graph {
        action: *action,
        resource: Resource::All,
        scope: DatabaseScope::All,
        segment: Segment::None,
    });
    let keys: Vec<_> = dbms.chain(database).chain(graph).map(granted).collect();
    for pair in keys.windows(2) {
        agree(&pair[0], &pair[1]);
    }
    for key in keys {
        assert_eq!(decode_record_key(&encode_record_key(&key)), Ok(key));
    }
}

#[test]
fn a_zero_byte_in_a_name_does_not_end_it() {
    let names = ["a", "a\0", "a\0\0", "a\0b", "a\u{1}", "ab", "a\u{ff}"];
    for one in names {
        for other in names {
            agree(&RecordKey::Alias(samples::alias_name(one)), &RecordKey::Alias(samples::alias_name(other)));
        }
    }
}

proptest! {
    #[test]
    fn any_two_keys_sort_alike((one, _) in generate::record(), (other, _) in generate::record()) {
        agree(&one, &other);
    }
}
