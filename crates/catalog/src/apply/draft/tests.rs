//! Several steps on one record are one change, and steps that cancel out are none.

use std::sync::Arc;

use super::Draft;
use crate::{Catalog, Record, RecordKey, Revision, Role, RoleName, Stamp, Timestamp};

fn key() -> RecordKey {
    RecordKey::Role(RoleName::admin())
}

fn role(revision: u64) -> Record {
    let created = Stamp { revision: Revision(revision), time: Timestamp(0) };
    Record::Role(Arc::new(Role { immutable: false, created }))
}

#[test]
fn several_steps_on_one_record_are_one_change() {
    let mut catalog = Catalog::default();
    assert!(catalog.restore(key(), role(1)));
    let mut draft = Draft::new(catalog, Stamp::default());
    for after in [None, Some(role(2)), Some(role(3))] {
        draft.set(key(), after);
    }
    let (catalog, changes) = draft.finish();
    assert_eq!((changes.len(), &changes[0].before, &changes[0].after), (1, &Some(role(1)), &Some(role(3))));
    assert_eq!(catalog.record(&key()), Some(role(3)));
}

#[test]
fn steps_that_cancel_out_are_no_change() {
    let mut draft = Draft::new(Catalog::default(), Stamp::default());
    draft.set(key(), Some(role(1)));
    draft.set(key(), None);
    draft.set(key(), None);
    let (catalog, changes) = draft.finish();
    assert_eq!((changes.len(), catalog.digest()), (0, Catalog::default().digest()));
}
