//! Whether the keystore holds the keys that the catalog asks for, as the node's data directory has it.

use std::collections::BTreeMap;
use std::path::Path;

use aliasd_catalog::{Catalog, KeyId};
use aliasd_keyring::keystore::Keystore;

use super::check::Diagnostics;

const SETTING: &str = "keystore.path";

/// Says that the keys could not be compared, because nothing tells which ones the cluster has.
pub(super) fn cannot_tell_keys(path: &Path, why: &str, found: &mut Diagnostics) {
    let message = format!("whether {} holds the cluster's keys cannot be told: {why}", path.display());
    found.note(SETTING, &message, "compare it with the keystores of the other members: aliasctl keystore list");
}

/// Compares the keys of a keystore with those that the catalog from the data directory names.
pub(super) fn check_keys(
    keystore: &Keystore,
    path: &Path,
    (catalog, data_directory): (&Catalog, &Path),
    found: &mut Diagnostics,
) {
    let Some((active, sealed_with)) = keys_of(catalog) else {
        let why = format!("the node has heard of no cluster yet, by what lies in {}", data_directory.display());
        return cannot_tell_keys(path, &why, found);
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
