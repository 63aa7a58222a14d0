//! Who may read and change the files that hold secrets, or commands that run as this user. Judged alike at a start and by
//! `aliasd config check`.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::geteuid;

use super::{Config, SettingError};

/// The owner may read and write, the group may read.
const MODE_MAX: u32 = 0o640;
/// The superuser, who can read and write everything anyway.
const ROOT: u32 = 0;

/// Why a file is not private, and the way out; nothing if it is.
pub(super) fn exposure(metadata: &Metadata) -> Option<(String, &'static str)> {
    let mode = metadata.mode() & 0o7777;
    if mode & !MODE_MAX != 0 {
        let message = format!("has mode {mode:o}, so that others may read or change it, and at most 640 is taken");
        return Some((message, "chmod 640 the file, or 600"));
    }
    let (owner, own) = (metadata.uid(), geteuid().as_raw());
    (owner != ROOT && owner != own).then(|| {
        let message = format!("belongs to user {owner}, who may change it, and not to user {own}, as whom aliasd runs");
        (message, "chown the file to root or to the user that aliasd runs as")
    })
}

/// The exposure of the file at a path as an error of the setting that names it. A file that is not there has none: whoever
/// opens it says so.
pub(super) fn exposed(setting: &str, path: &Path) -> Option<SettingError> {
    let (message, hint) = exposure(&fs::metadata(path).ok()?)?;
    Some(SettingError::of(setting, format!("{} {message}", path.display()), hint))
}

impl Config {
    /// The files with secrets that others than root and this process could read or change.
    pub fn exposed_files(&self) -> Vec<SettingError> {
        let peer = exposed("tls.peer_key", &self.tls.peer.key);
        let server = self.tls.server();
        let server = (*server != self.tls.peer).then(|| exposed("tls.server_key", &server.key)).flatten();
        let keystore = exposed("keystore.path", &self.keystore.path);
        [peer, server, keystore].into_iter().flatten().collect()
    }
}
