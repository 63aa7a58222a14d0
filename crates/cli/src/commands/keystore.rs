//! `aliasctl keystore`: the files that hold the keys of the nodes.

use aliasd_keyring::keystore::{Keystore as File, SecretKey};
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
            print(&list(keystore.keys(), format))?;
        }
    }
    Ok(())
}

fn list(keys: &[SecretKey], format: Format) -> String {
    match format {
        Format::Json => {
            let keys: Vec<_> =
                keys.iter().map(|key| json!({ "name": key.name(), "key_id": key.id().to_string() })).collect();
            format!("{}\n", json!(keys))
        }
        Format::Table => {
            let keys: Vec<_> = keys.iter().map(|key| vec![key.name().to_owned(), key.id().to_string()]).collect();
            rows(&["name", "key id"], &keys)
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
        CommandError::usage("no password is given for the keystore", hint)
    })
}
