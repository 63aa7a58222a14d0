//! Whether the keystore holds the keys that the node's copy of the catalog asks for. It is read as it lies there, as of its last
//! flush: a node may run on it, and nothing is changed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use aliasd_catalog::{Catalog, KeyId, error_chain};
use aliasd_keyring::keystore::Keystore;
use aliasd_replica::{StorageFault, peek_catalog};

use super::check::Diagnostics;

const SETTING: &str = "keystore.path";

/// On damaged files the storage engine may never come back. A start has its own limit.
const READ_WITHIN: Duration = Duration::from_secs(20);

/// Compares the keys of a keystore with those that the catalog in the data directory names.
pub(super) fn check_keys(keystore: &Keystore, path: &Path, data_directory: &Path, found: &mut Diagnostics) {
    let unchecked = format!("whether {} holds the cluster's keys could not be checked", path.display());
    let catalog = match read_within(READ_WITHIN, data_directory) {
        Some(Ok(catalog)) => catalog,
        Some(Err(fault)) => {
            return found.warn(
                SETTING,
                &format!("{unchecked}: {}", error_chain(&fault)),
                "see whether the node starts; if it does not, it names the way out",
            );
        }
        None => {
            let message = format!("{unchecked}: the catalog in {} is not read in time", data_directory.display());
            return found.warn(SETTING, &message, "the files may be damaged, or the disk may hang");
        }
    };
    let Some((active, sealed_with)) = catalog.as_ref().and_then(keys_of) else {
        let message = format!("{unchecked}: no catalog lies in {} yet", data_directory.display());
        return found.note(
            SETTING,
            &message,
            "compare it with the keystores of the other members: aliasctl keystore list",
        );
    };
    let holds = |key: KeyId| keystore.keys().iter().any(|held| held.id() == key);
    let file = path.display();
    let hint = "add the key, or copy the file from a member that holds it: aliasctl keystore list shows the ids";
    if !holds(active) {
        let held: Vec<_> = keystore.keys().iter().map(|key| format!("{} ('{}')", key.id(), key.name())).collect();
        let held = held.join(", ");
        let message = format!("{file} does not hold the cluster's active key {active}; it holds {held}");
        found.error(SETTING, &message, hint);
    }
    for (key, aliases) in sealed_with.into_iter().filter(|(key, _)| *key != active && !holds(*key)) {
        let passwords = match aliases {
            1 => "the password of one alias is".to_owned(),
            several => format!("the passwords of {several} aliases are"),
        };
        found.warn(SETTING, &format!("{passwords} sealed with key {key}, which {file} does not hold"), hint);
    }
}

/// The active key, and for each key how many credentials are sealed with it; nothing of a catalog that nobody has formed.
fn keys_of(catalog: &Catalog) -> Option<(KeyId, BTreeMap<KeyId, usize>)> {
    let active = catalog.meta()?.active_key;
    let mut sealed_with = BTreeMap::new();
    for (name, alias) in catalog.aliases() {
        if let Some((_, credential)) = alias.stored(&name.into()) {
            *sealed_with.entry(credential.key_id).or_default() += 1;
        }
    }
    Some((active, sealed_with))
}

/// The catalog, or nothing where it is not read in that time: the thread that reads goes on until the program ends.
fn read_within(limit: Duration, data_directory: &Path) -> Option<Result<Option<Catalog>, StorageFault>> {
    let (sender, read) = mpsc::channel();
    let directory = data_directory.to_owned();
    thread::spawn(move || {
        // Nobody waits for what comes too late.
        let _ = sender.send(peek_catalog(&directory));
    });
    read.recv_timeout(limit).ok()
}
