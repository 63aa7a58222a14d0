//! What is true of every catalog after every entry, one named function each.

use std::collections::BTreeSet;

use aliasd_catalog::{
    AliasKind, Catalog, Change, DatabaseKind, Privilege, REQUEST_WINDOW, Record, RecordKey, Revision, RoleName,
};

use crate::universe::Records;

/// All of them, for a catalog whose last entry that changed anything stands at `last`.
pub(crate) fn check_all(catalog: &Catalog, last: Revision) {
    let records: Records = catalog.records().collect();
    one_namespace(&records);
    local_targets_exist(&records);
    remote_aliases_are_secure_or_say_so(&records);
    what_is_below_a_composite_is_its_constituent(&records);
    constituents_speak_the_language_of_their_composite(&records);
    role_assignments_refer_to_existing(&records);
    grants_refer_to_existing_roles(&records);
    grants_name_existing_targets(catalog, &records);
    every_user_can_authenticate(&records);
    an_identity_belongs_to_one_user(&records);
    what_a_formed_catalog_needs_is_there(catalog);
    nothing_is_from_the_future(&records, last);
    requests_are_within_the_window(&records, last);
    indexes_agree_with_records(catalog, &records);
    lookups_agree_with_records(catalog, &records);
}

fn one_namespace(records: &Records) {
    let mut taken = BTreeSet::new();
    for key in records.keys() {
        if let RecordKey::Database(_) | RecordKey::Alias(_) = key {
            let name = match key {
                RecordKey::Database(name) => name.as_str(),
                RecordKey::Alias(name) => name.as_str(),
                _ => continue,
            };
            assert!(taken.insert(name), "{name} names two things");
        }
    }
}

fn local_targets_exist(records: &Records) {
    for (key, record) in records {
        if let Record::Alias(alias) = record
            && let AliasKind::Local(target) = &alias.kind
        {
            let Some(Record::Database(found)) = records.get(&RecordKey::Database(target.clone())) else {
                panic!("{key:?} leads nowhere")
            };
            assert_ne!(found.kind, DatabaseKind::Composite, "{key:?} leads to a composite database");
            assert_ne!(target.as_str(), "system", "{key:?} leads to system");
        }
    }
}

fn remote_aliases_are_secure_or_say_so(records: &Records) {
    for (key, record) in records {
        if let Record::Alias(alias) = record
            && let AliasKind::Remote(remote) = &alias.kind
        {
            let stated = remote.driver.ssl_enforced == Some(false);
            assert!(stated || remote.url.scheme().is_secure(), "{key:?} is insecure");
        }
    }
}

/// Exactly the aliases below a composite database are its constituents, and no database is below one.
fn what_is_below_a_composite_is_its_constituent(records: &Records) {
    let composites: Vec<&str> = records
        .iter()
        .filter_map(|(key, record)| match (key, record) {
            (RecordKey::Database(name), Record::Database(it)) if it.kind == DatabaseKind::Composite => {
                Some(name.as_str())
            }
            _ => None,
        })
        .collect();
    let above = |name: &str| {
        let is_above = |composite: &&str| name.strip_prefix(composite).is_some_and(|rest| rest.starts_with('.'));
        composites.iter().copied().find(is_above).map(ToOwned::to_owned)
    };
    for (key, record) in records {
        match (key, record) {
            (RecordKey::Alias(name), Record::Alias(alias)) => {
                assert_eq!(alias.composite.as_ref().map(ToString::to_string), above(name.as_str()), "{key:?}");
            }
            (RecordKey::Database(name), _) => assert_eq!(above(name.as_str()), None, "{key:?}"),
            _ => {}
        }
    }
}

fn constituents_speak_the_language_of_their_composite(records: &Records) {
    for (key, record) in records {
        if let Record::Alias(alias) = record
            && let AliasKind::Remote(remote) = &alias.kind
        {
            assert_eq!(remote.default_language.is_none(), alias.composite.is_some(), "{key:?}");
        }
    }
}

fn role_assignments_refer_to_existing(records: &Records) {
    for key in records.keys() {
        if let RecordKey::RoleAssignment(user, role) = key {
            assert!(records.contains_key(&RecordKey::User(user.clone())), "{key:?} of no user");
            assert!(records.contains_key(&RecordKey::Role(role.clone())), "{key:?} of no role");
            assert!(!role.is_public(), "{key:?} is implicit");
        }
    }
}

fn grants_refer_to_existing_roles(records: &Records) {
    for key in records.keys() {
        if let RecordKey::Grant(grant) = key {
            assert!(records.contains_key(&RecordKey::Role(grant.role.clone())), "{grant:?} of no role");
        }
    }
}

/// A privilege names a database or a remote alias, never a local alias and never what is gone; but one on credentials may
/// come before its alias.
fn grants_name_existing_targets(catalog: &Catalog, records: &Records) {
    for key in records.keys() {
        let RecordKey::Grant(grant) = key else { continue };
        if matches!(grant.privilege, Privilege::ResolveAlias(_)) {
            continue;
        }
        if let Some(name) = grant.privilege.names() {
            assert_eq!(catalog.privilege_target(name).as_ref(), Some(name), "{grant:?}");
        }
    }
}

fn every_user_can_authenticate(records: &Records) {
    for (key, record) in records {
        if let Record::User(user) = record {
            assert!(user.password.is_some() || !user.auth.is_empty(), "{key:?} cannot log in");
            assert!(user.password.is_some() || !user.password_change_required, "{key:?} has no password to change");
        }
    }
}

fn an_identity_belongs_to_one_user(records: &Records) {
    let mut taken = BTreeSet::new();
    for record in records.values() {
        if let Record::User(user) = record {
            for identity in &user.auth {
                assert!(taken.insert(identity), "{identity:?} is two users");
            }
        }
    }
}

fn what_a_formed_catalog_needs_is_there(catalog: &Catalog) {
    let formed = catalog.meta().is_some();
    assert_eq!(catalog.database("system").is_some(), formed);
    assert_eq!(catalog.role("PUBLIC").is_some(), formed);
    if !formed {
        let only_requests = catalog.records().all(|(key, _)| matches!(key, RecordKey::Request(_)));
        assert!(only_requests, "something exists before the catalog is formed");
    }
}

fn nothing_is_from_the_future(records: &Records, last: Revision) {
    for (key, record) in records {
        let stamps = match record {
            Record::Meta(meta) => vec![meta.created],
            Record::Database(it) => vec![it.created, it.modified],
            Record::Alias(it) => vec![it.created, it.modified],
            Record::User(it) => vec![it.created, it.modified],
            Record::Role(it) => vec![it.created],
            Record::RoleAssignment(it) => vec![it.created],
            Record::Grant(created) => vec![*created],
            Record::Request(it) => vec![it.applied],
            Record::Members(it) => it.change.iter().map(|change| change.begun).collect(),
        };
        assert!(stamps.is_sorted(), "{key:?} changed before it was created");
        assert!(stamps.iter().all(|stamp| stamp.revision <= last), "{key:?} is from the future");
    }
}

fn requests_are_within_the_window(records: &Records, last: Revision) {
    for (key, record) in records {
        if let Record::Request(request) = record {
            assert!(request.applied.revision.0 + REQUEST_WINDOW > last.0, "{key:?} should be forgotten");
        }
    }
}

/// What is derived from the records says the same as the records.
fn indexes_agree_with_records(catalog: &Catalog, records: &Records) {
    for (user, _) in catalog.users() {
        let member_of = |role: &RoleName| records.contains_key(&RecordKey::RoleAssignment(user.clone(), role.clone()));
        let expected: Vec<&RoleName> = catalog.roles().map(|(role, _)| role).filter(|role| member_of(role)).collect();
        assert_eq!(catalog.roles_of(user).collect::<Vec<_>>(), expected);
    }
    for (role, _) in catalog.roles() {
        let members: Vec<_> =
            catalog.users().map(|(user, _)| user).filter(|user| catalog.is_member(user, role)).collect();
        assert_eq!(catalog.members_of(role).collect::<Vec<_>>(), members);
        let expected: Vec<_> = catalog.grants().filter(|(grant, _)| grant.role == *role).collect();
        assert_eq!(catalog.grants_of(role).collect::<Vec<_>>(), expected);
    }
    for (database, _) in catalog.databases() {
        let leads_here = |kind: &AliasKind| matches!(kind, AliasKind::Local(target) if target == database);
        let expected = catalog.aliases().filter(|(_, alias)| leads_here(&alias.kind)).map(|(name, _)| name);
        assert_eq!(catalog.aliases_of(database).collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        let of_this = catalog.aliases().filter(|(_, alias)| alias.composite.as_ref() == Some(database));
        let expected: Vec<_> = of_this.map(|(name, _)| name).collect();
        assert_eq!(catalog.constituents_of(database).collect::<Vec<_>>(), expected);
    }
    for (name, user) in catalog.users() {
        for (provider, id) in &user.auth {
            assert_eq!(catalog.user_by_auth(provider, id), Some(name));
        }
    }
}

/// Looking a record up gives what the listing gives, and listings are complete and in order.
fn lookups_agree_with_records(catalog: &Catalog, records: &Records) {
    assert!(catalog.records().map(|(key, _)| key).is_sorted(), "records are listed in the order of keys");
    let mut counted = usize::from(catalog.meta().is_some());
    counted += catalog.databases().count() + catalog.alias_count() + catalog.users().count() + catalog.roles().count();
    counted += catalog.grants().count();
    for (key, record) in records {
        assert_eq!(catalog.record(key).as_ref(), Some(record));
        match (key, record) {
            (RecordKey::RoleAssignment(..) | RecordKey::Members, _) => counted += 1,
            (RecordKey::Request(id), Record::Request(request)) => {
                counted += 1;
                assert_eq!(catalog.recorded_request(id), Some(&**request));
            }
            _ => {}
        }
    }
    assert_eq!(counted, records.len());
}

/// Time never runs backwards from one entry to the next, whatever the proposers' clocks say.
pub(crate) fn clock_never_runs_backwards(before: &Catalog, after: &Catalog) {
    assert!(before.clock() <= after.clock());
}

/// The changes, applied to plain records, give the records of the catalog: each names a record once, says
/// truly what it was, and changes it.
pub(crate) fn changes_fold_to_records(folded: &mut Records, changes: &[Change], catalog: &Catalog) {
    let mut seen = BTreeSet::new();
    for change in changes {
        assert!(seen.insert(&change.key), "{:?} changes twice", change.key);
        assert_ne!(change.before, change.after, "{:?} does not change", change.key);
        let before = match &change.after {
            Some(record) => folded.insert(change.key.clone(), record.clone()),
            None => folded.remove(&change.key),
        };
        assert_eq!(before, change.before, "{:?} was something else", change.key);
    }
    let records: Records = catalog.records().collect();
    assert!(*folded == records, "the changes do not lead to the records");
}
