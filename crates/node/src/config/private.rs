//! Who may read and change the files that hold secrets, or commands that run as this user. Judged alike at a start and by
//! `aliasd config check`, and whenever they are read again.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use aliasd_keyring::privacy;

use super::{Config, SettingError};

/// Why a file is not private to the node, and the way out; nothing if it is.
pub(super) fn exposure(metadata: &Metadata) -> Option<(String, String)> {
    privacy::exposure(metadata, "aliasd")
}

/// The exposure of the file at a path as an error of the setting that names it. A file that is not there has none: whoever
/// opens it says so.
pub(super) fn exposed(setting: &str, path: &Path) -> Option<SettingError> {
    let (message, hint) = exposure(&fs::metadata(path).ok()?)?;
    Some(SettingError::of(setting, format!("{} {message}", path.display()), hint))
}

/// The files with secrets that a node reads at its start, and again at a reload, each by the setting that names it.
#[derive(Clone, Debug)]
pub struct SecretFiles {
    keys: Vec<(&'static str, PathBuf)>,
    keystore: PathBuf,
}

impl SecretFiles {
    /// The private keys of certificates that others than root and this process could read or change.
    pub fn exposed_keys(&self) -> impl Iterator<Item = SettingError> {
        self.keys.iter().filter_map(|(setting, path)| exposed(setting, path))
    }

    /// The keystore, if others could read or change it.
    pub fn exposed_keystore(&self) -> Option<SettingError> {
        exposed("keystore.path", &self.keystore)
    }
}

impl Config {
    /// The files with secrets that are named here.
    pub fn secret_files(&self) -> SecretFiles {
        let mut keys = vec![("tls.peer_key", self.tls.peer.key.clone())];
        let server = self.tls.server();
        if *server != self.tls.peer {
            keys.push(("tls.server_key", server.key.clone()));
        }
        SecretFiles { keys, keystore: self.keystore.path.clone() }
    }

    /// The files with secrets that others than root and this process could read or change.
    pub fn exposed_files(&self) -> Vec<SettingError> {
        let files = self.secret_files();
        files.exposed_keys().chain(files.exposed_keystore()).collect()
    }
}
