//! `aliasctl keystore`: the files that hold the keys of the nodes.

use aliasd_keyring::keystore::Keystore as File;
use serde_json::json;
use zeroize::Zeroizing;

use super::{print, tell};
use crate::arguments::{Format, Keystore, KeystoreFile};
use crate::command_error::CommandError;
use crate::output::{fields, rows};
use crate::password;

/// The variable that holds the password of a keystore.
const PASSWORD_VARIABLE: &str = "ALIASD_KEYSTORE_PASSWORD";

pub(crate) fn run(command: Keystore) -> Result<(), CommandError> {
    match command {
        Keystore::Create { file, key_name } => {
            let password = password(&file, true)?;
            let key = File::create(&file.path, &password, &key_name)?;
            print(&fields(&[("name", key.name().to_owned()), ("key id", key.id().to_string())]))?;
            tell("Copy the file to every node, and keep a copy apart: without it no sealed credential opens.");
        }
        Keystore::List { file, format } => {
            let password = password(&file, false)?;
            let keystore = File::open(&file.path, &password)?;
            print(&list(&keystore, format))?;
            if keystore.unopened() > 0 {
                tell(&format!(
                    "Entries that this password does not decrypt, or that are encrypted in a way that is not \
                               supported: {}.",
                    keystore.unopened()
                ));
            }
        }
    }
    Ok(())
}

/// The keys that a node can use, and then the entries that it cannot, with what they are instead.
fn list(keystore: &File, format: Format) -> String {
    let keys = keystore.keys().iter().map(|key| (key.name(), Some(key.id().to_string()), None));
    let unusable = keystore.unusable().iter();
    let unusable = unusable.map(|entry| (entry.name.as_str(), None, Some(entry.description.as_str())));
    let entries = keys.chain(unusable);
    match format {
        Format::Json => {
            let entries = entries.map(|(name, id, found)| json!({ "name": name, "key_id": id, "unusable": found }));
            format!("{}\n", json!(entries.collect::<Vec<_>>()))
        }
        Format::Table => {
            let entry = |(name, id, found): (&str, Option<String>, Option<&str>)| {
                let remark = found.map(|found| format!("cannot be used: {found}, not an AES key of 256 bits"));
                vec![name.to_owned(), id.unwrap_or_default(), remark.unwrap_or_default()]
            };
            rows(&["name", "key id", "remarks"], &entries.map(entry).collect::<Vec<_>>())
        }
    }
}

fn password(file: &KeystoreFile, is_new: bool) -> Result<Zeroizing<String>, CommandError> {
    let given = password::given(file.password_file.as_deref(), PASSWORD_VARIABLE)?;
    let password = match given {
        Some(password) => Some(password),
        None => password::ask("Password of the keystore", is_new)?,
    };
    password.ok_or_else(|| {
        let hint = format!("Give --password-file or {PASSWORD_VARIABLE}.");
        CommandError::local("no password is given for the keystore", hint)
    })
}
