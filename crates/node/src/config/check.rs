//! Whether the machine agrees with the configuration: the same steps that a start would take, short of starting.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::SystemTime;

use aliasd_keyring::keystore::{Keystore, KeystoreSetting};
use aliasd_replica::StoredMember;
use nix::errno::Errno;
use nix::unistd::{AccessFlags, access, geteuid};

use aliasd_catalog::error_chain;
use aliasd_service::operate::{CertificateEnd, EXPIRY_NOTICE, in_words};
use aliasd_service::vault::KeystoreSettings;

use super::keys::{cannot_tell_keys, check_keys};
use super::stored::{check_join_token, check_stored};
use super::system::{check_system, require_log_file};
use super::{Address, Config, SettingError, value};
use crate::tls::{Tls, TlsError};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is wrong; it says what could not be told.
    Note,
    /// The node would start, but something should be put right.
    Warning,
    /// The node would not start, or not be ready.
    Error,
}

/// One thing that the machine says against the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What it is, with the setting and the way out.
    pub error: SettingError,
}

impl Config {
    /// Tries what a start would: certificates, keystore, directories; and verifies the certificates as the other members
    /// and clients would now. Leaves nothing behind and opens no port. All is well where nothing is more than a note.
    pub fn check(&self) -> Vec<Diagnostic> {
        let mut found = Diagnostics::default();
        let tls = self.check_certificates(&mut found);
        let keystore = check_keystore(&self.keystore, &mut found);
        for error in self.exposed_files() {
            // A file that is no key at all is the wrong one, whoever can read it.
            if !found.0.iter().any(|said| said.error.setting == error.setting) {
                found.setting(error);
            }
        }
        check_data_directory(&self.node.data_dir, &mut found);
        // A directory that the node could not use tells nothing.
        let is_usable = !found
            .0
            .iter()
            .any(|said| said.severity == Severity::Error && said.error.setting.as_deref() == Some(DATA_DIRECTORY));
        let stored = if is_usable { check_stored(&self.node, &mut found) } else { None };
        match (&keystore, &stored) {
            (Some(keystore), Some(stored)) => {
                let catalog = (stored.catalog(), self.node.data_dir.as_path());
                check_keys(keystore, &self.keystore.path, catalog, &mut found);
            }
            (Some(_), None) => {
                let why = "the data directory cannot be used as it is";
                cannot_tell_keys(&self.keystore.path, why, &mut found);
            }
            (None, _) => {}
        }
        check_join_token(self, stored.as_ref(), &mut found);
        let recorded = stored.as_ref().and_then(StoredMember::recorded);
        if let (Some(tls), Some(recorded), false) = (&tls, recorded, self.node.insecure_plaintext) {
            let advertised = self.node.client_advertise.as_ref().map(|advertised| &advertised.host);
            // What is advertised was looked at already; what is no address here is none to dial either.
            if let Ok(Address { host, .. }) = value::address(&recorded.client_address)
                && advertised != Some(&host)
            {
                self.check_covers(tls, &host, "where the membership says that clients find this node", &mut found);
            }
        }
        if let Some(file) = &self.log.file {
            check_log_file(file, &mut found);
        }
        check_system(self, &mut found);
        if self.node.insecure_plaintext {
            let message = "clients are served without TLS";
            found.warn("node.insecure_plaintext", message, "fine for trying things out, and for nothing else");
        }
        found.0
    }

    /// The certificates, if a start could use them.
    fn check_certificates(&self, found: &mut Diagnostics) -> Option<Tls> {
        let tls = Tls::load(&self.tls, self.node.id.get()).inspect_err(|error| found.tls(error)).ok()?;
        let mut out_of_time = Vec::new();
        tls.each_out_of_time(|error| {
            out_of_time.push(error.setting);
            found.tls(error);
        });
        for end in tls.ends() {
            if !out_of_time.contains(&end.setting) {
                check_expiry(&end, self.path_of(end.setting), found);
            }
        }
        if let Some(address) = &self.node.client_advertise {
            self.check_covers(
                &tls,
                &address.host,
                "where node.client_advertise says that clients find this node",
                found,
            );
        }
        Some(tls)
    }

    /// That the certificate which clients see is for the host that they dial.
    fn check_covers(&self, tls: &Tls, host: &str, why: &str, found: &mut Diagnostics) {
        if !tls.covers(host) {
            let setting = if self.tls.server.is_some() { "tls.server_certificate" } else { "tls.peer_certificate" };
            let message = format!("{} is not for {host}, {why}", self.path_of(setting).display());
            found.error(setting, &message, &format!("issue it anew with --host {host}"));
        }
    }

    /// The file of a certificate.
    fn path_of(&self, setting: &str) -> &Path {
        match setting {
            "tls.peer_ca" => &self.tls.peer_ca,
            "tls.client_ca" => self.tls.client_ca.as_deref().unwrap_or(&self.tls.peer_ca),
            "tls.server_certificate" => &self.tls.server().certificate,
            _ => &self.tls.peer.certificate,
        }
    }
}

fn check_expiry(CertificateEnd { setting, ends_at }: &CertificateEnd, path: &Path, found: &mut Diagnostics) {
    let hint = "issue a new one with `aliasctl pki`";
    match ends_at.duration_since(SystemTime::now()) {
        Err(_) => found.error(setting, &format!("{} has expired", path.display()), hint),
        Ok(left) if left < EXPIRY_NOTICE => {
            found.warn(setting, &format!("{} expires in {}", path.display(), in_words(left)), hint);
        }
        Ok(_) => {}
    }
}

/// The keystore, if a node could start with it.
fn check_keystore(keystore: &KeystoreSettings, found: &mut Diagnostics) -> Option<Keystore> {
    let opened = Keystore::open(&keystore.path, keystore.password.expose())
        .and_then(|opened| opened.key(&keystore.key_name).map(|_| ()).map(|()| opened));
    match opened {
        Ok(opened) => Some(opened),
        Err(error) => {
            let setting = match error.setting() {
                KeystoreSetting::Path => "keystore.path",
                KeystoreSetting::Password => "keystore.password",
                KeystoreSetting::KeyName => "keystore.key_name",
            };
            found.error(setting, &error_chain(&error), error.hint().unwrap_or("set it as the message says"));
            None
        }
    }
}

pub(super) const DATA_DIRECTORY: &str = "node.data_dir";
const GIVE_IT: &str = "give it, with all that is in it, to the user that aliasd runs as";

/// The node makes the directory itself if its parent lets it.
fn check_data_directory(path: &Path, found: &mut Diagnostics) {
    let existing = path.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(Path::new("/"));
    let shown = existing.display();
    if !existing.is_dir() {
        found.error(DATA_DIRECTORY, &format!("{shown} is not a directory"), "name another path");
    } else if existing != path && path.is_symlink() {
        let message = format!("{} is a link to a directory that does not exist", path.display());
        found.error(DATA_DIRECTORY, &message, "make that directory, or take the link away");
    } else if let Err(error) = access(existing, AccessFlags::W_OK | AccessFlags::X_OK) {
        found.error(DATA_DIRECTORY, &format!("{shown} is not writable for this user: {error}"), GIVE_IT);
    } else if existing == path {
        check_owners(path, found);
    } else if let Err(error) = try_directory(existing) {
        let message = format!("{} cannot be made in {shown}: {error}", path.display());
        found.error(
            DATA_DIRECTORY,
            &message,
            "name another path, or make the directory and give it to the user of aliasd",
        );
    }
}

/// Makes a directory, and takes it away again: permissions alone do not tell whether the file system lets one.
fn try_directory(parent: &Path) -> io::Result<()> {
    let probe = parent.join(format!(".aliasd-check-{}", std::process::id()));
    fs::create_dir(&probe)?;
    fs::remove_dir(&probe)
}

/// What lies in a data directory can be used by the user that the node runs as. For a check by somebody else, owners and modes
/// are all there is to go by.
fn check_owners(directory: &Path, found: &mut Diagnostics) {
    let Ok(metadata) = fs::metadata(directory) else { return };
    let (owner, user) = (metadata.uid(), geteuid().as_raw());
    let shown = directory.display();
    if owner != user {
        let message = format!("{shown} belongs to user {owner}, and this check runs as user {user}");
        found.warn(DATA_DIRECTORY, &message, "run the check as the user of aliasd, which has to be the owner");
    }
    // Whatever else is there is nothing to the node, such as the lost+found of a volume.
    for part in PARTS.map(|part| directory.join(part)) {
        if let Some(message) = unusable(&part, owner).or_else(|| unusable_below(&part, owner)) {
            found.error(DATA_DIRECTORY, &message, GIVE_IT);
            return;
        }
    }
}

/// What a node keeps in its data directory.
const PARTS: [&str; 5] = ["log", "catalog", "identity", "watermark", "formation-token"];

/// What below a directory the node could not use. A node that runs there may take files away meanwhile: those are passed over.
fn unusable_below(directory: &Path, owner: u32) -> Option<String> {
    if !directory.is_dir() {
        return None;
    }
    let Ok(entries) = fs::read_dir(directory) else {
        return directory.exists().then(|| format!("{} cannot be read by this user", directory.display()));
    };
    let mut paths = entries.flatten().map(|entry| entry.path());
    paths.find_map(|path| unusable(&path, owner).or_else(|| unusable_below(&path, owner)))
}

/// Whether the node, which runs as the owner of its data directory, could not use what lies there. Most files are replaced and
/// never written to again, so that it is enough to read them.
fn unusable(path: &Path, owner: u32) -> Option<String> {
    let metadata = fs::symlink_metadata(path).ok()?;
    let is_written = path.file_name().is_some_and(|name| WRITTEN.iter().any(|written| name == *written))
        || path.extension().is_some_and(|extension| extension == "log");
    let (needed, what) = match (metadata.is_dir(), is_written) {
        (true, _) => (AccessFlags::R_OK | AccessFlags::W_OK | AccessFlags::X_OK, "writable"),
        (false, true) => (AccessFlags::R_OK | AccessFlags::W_OK, "writable"),
        (false, false) => (AccessFlags::R_OK, "readable"),
    };
    let shown = path.display();
    if owner == geteuid().as_raw() {
        let is_refused = access(path, needed).is_err_and(|error| error != Errno::ENOENT);
        return is_refused.then(|| format!("{shown} is not {what} for this user"));
    }
    // The bits of the owner, or those of everybody: in which groups it is, nobody asks here.
    let shift = if metadata.uid() == owner { 6 } else { 0 };
    let has = i32::try_from(metadata.mode() >> shift & 0o7).unwrap_or_default();
    let is_refused = owner != 0 && has & needed.bits() != needed.bits();
    let (mode, of) = (metadata.mode() & 0o7777, metadata.uid());
    is_refused.then(|| format!("{shown}, of user {of} and with mode {mode:o}, is not {what} for user {owner}"))
}

/// Files that are written to where they are.
const WRITTEN: [&str; 3] = ["LOCK", "aliasd.lock", "watermark"];

/// The node makes the file, and not the directory that it is in.
fn check_log_file(file: &Path, found: &mut Diagnostics) {
    const SETTING: &str = "log.file";
    let directory = file.parent().unwrap_or(Path::new("/"));
    let (shown, hint) = (directory.display(), "make it, and give it to the user that aliasd runs as");
    let is_writable = |path: &Path, flags| access(path, flags).is_ok();
    if !directory.exists() {
        found.error(SETTING, &format!("the directory {shown} does not exist"), hint);
    } else if !directory.is_dir() {
        found.error(SETTING, &format!("{shown} is not a directory"), "name another path");
    } else if file.is_dir() {
        found.error(SETTING, &format!("{} is a directory", file.display()), "name a file in it");
    } else if let Err(error) = require_log_file(file) {
        found.error(
            SETTING,
            &format!("{}: {error}", file.display()),
            "name a file of its own, or one that does not exist",
        );
    } else if file.exists() && !is_writable(file, AccessFlags::W_OK) {
        found.error(SETTING, &format!("{} is not writable for this user", file.display()), hint);
    } else if !file.exists() && !is_writable(directory, AccessFlags::W_OK | AccessFlags::X_OK) {
        found.error(SETTING, &format!("{shown} is not writable for this user"), hint);
    }
}

#[derive(Default)]
pub(super) struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    fn tls(&mut self, error: &TlsError) {
        let message = format!("{} {}", error.path.display(), error_chain(&error.kind));
        let hint = error.kind.hint().unwrap_or("`aliasctl pki issue` makes certificates and keys");
        self.error(error.setting, &message, hint);
    }

    pub(super) fn error(&mut self, setting: &str, message: &str, hint: &str) {
        self.add(Severity::Error, setting, message, hint);
    }

    pub(super) fn warn(&mut self, setting: &str, message: &str, hint: &str) {
        self.add(Severity::Warning, setting, message, hint);
    }

    pub(super) fn note(&mut self, setting: &str, message: &str, hint: &str) {
        self.add(Severity::Note, setting, message, hint);
    }

    pub(super) fn setting(&mut self, error: SettingError) {
        self.0.push(Diagnostic { severity: Severity::Error, error });
    }

    fn add(&mut self, severity: Severity, setting: &str, message: &str, hint: &str) {
        self.0.push(Diagnostic { severity, error: SettingError::of(setting, message, hint) });
    }
}

#[cfg(test)]
mod tests;
