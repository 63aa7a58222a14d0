//! Whether the machine agrees with the configuration: the same steps that a start would take, short of starting.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use aliasd_keyring::keystore::{Keystore, KeystoreSetting};
use aliasd_keyring::pki;
use nix::unistd::{AccessFlags, access};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use aliasd_catalog::error_chain;
use aliasd_service::vault::KeystoreSettings;

use super::{Config, SettingError};
use crate::tls::{CertificatePaths, Tls};

/// A certificate that ends sooner than this deserves a warning.
const EXPIRY_NOTICE: Duration = Duration::from_secs(30 * 86_400);

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
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
    /// Tries what a start would: certificates, keystore, directories. Changes nothing and opens no port.
    /// An empty list means that all is well.
    pub fn check(&self) -> Vec<Diagnostic> {
        let mut found = Diagnostics::default();
        self.check_certificates(&mut found);
        check_keystore(&self.keystore, &mut found);
        check_directory("node.data_dir", &self.node.data_dir, &mut found);
        if let Some(parent) = self.log.file.as_deref().and_then(Path::parent) {
            check_directory("log.file", parent, &mut found);
        }
        if self.node.insecure_plaintext {
            let message = "clients are served without TLS";
            found.warn("node.insecure_plaintext", message, "fine for trying things out, and for nothing else");
        }
        found.0
    }

    fn check_certificates(&self, found: &mut Diagnostics) {
        if let Err(error) = Tls::load(&self.tls, self.node.id.get()) {
            let message = format!("{} {}", error.path.display(), error_chain(&error.kind));
            let hint = error.kind.hint().unwrap_or("`aliasctl pki issue` makes certificates and keys");
            found.error(error.setting, &message, hint);
            return;
        }
        let server = self.tls.server();
        check_identity("tls.peer_certificate", "tls.peer_key", &self.tls.peer, found);
        if *server != self.tls.peer {
            check_identity("tls.server_certificate", "tls.server_key", server, found);
        }
        check_expiry("tls.peer_ca", &self.tls.peer_ca, found);
        if let Some(path) = &self.tls.client_ca {
            check_expiry("tls.client_ca", path, found);
        }
    }
}

/// Files that hold secrets should be readable by the owner and at most the group.
const SECRET_MODE_MAX: u32 = 0o640;

fn check_identity(certificate: &str, key: &str, paths: &CertificatePaths, found: &mut Diagnostics) {
    check_expiry(certificate, &paths.certificate, found);
    check_secrecy(key, &paths.key, found);
}

fn check_expiry(setting: &str, path: &Path, found: &mut Diagnostics) {
    // Loading has parsed it a moment ago; if it is gone by now, the next start says so.
    let Ok(pem) = fs::read(path) else { return };
    let Ok(certificate) = CertificateDer::from_pem_slice(&pem) else { return };
    let Ok(end) = pki::expires_at(&certificate) else { return };
    let hint = "issue a new one with `aliasctl pki`";
    match end.duration_since(SystemTime::now()) {
        Err(_) => found.error(setting, &format!("{} has expired", path.display()), hint),
        Ok(left) if left < EXPIRY_NOTICE => {
            let days = left.as_secs() / 86_400;
            found.warn(setting, &format!("{} expires in {days} days", path.display()), hint);
        }
        Ok(_) => {}
    }
}

fn check_secrecy(setting: &str, path: &Path, found: &mut Diagnostics) {
    let Ok(metadata) = fs::metadata(path) else { return };
    let mode = metadata.mode() & 0o777;
    if mode & !SECRET_MODE_MAX != 0 {
        let message = format!("{} has mode {mode:o}, so that others may read or change it", path.display());
        found.warn(setting, &message, "chmod 640 the file, or 600");
    }
}

fn check_keystore(keystore: &KeystoreSettings, found: &mut Diagnostics) {
    let opened = Keystore::open(&keystore.path, keystore.password.expose())
        .and_then(|opened| opened.key(&keystore.key_name).map(|_| ()));
    match opened {
        Ok(()) => check_secrecy("keystore.path", &keystore.path, found),
        Err(error) => {
            let (setting, hint) = match error.setting() {
                KeystoreSetting::Path => ("keystore.path", "`aliasctl keystore create` makes a keystore"),
                KeystoreSetting::Password => ("keystore.password", "set the password that the keystore was made with"),
                KeystoreSetting::KeyName => {
                    ("keystore.key_name", "`aliasctl keystore list` shows the keys of a keystore")
                }
            };
            found.error(setting, &error_chain(&error), hint);
        }
    }
}

/// The node makes the directory itself if its parent lets it.
fn check_directory(setting: &str, path: &Path, found: &mut Diagnostics) {
    let existing = path.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(Path::new("/"));
    let shown = existing.display();
    if !existing.is_dir() {
        found.error(setting, &format!("{shown} is not a directory"), "name another path");
    } else if access(existing, AccessFlags::W_OK | AccessFlags::X_OK).is_err() {
        let message = format!("{shown} is not writable for this user");
        found.error(setting, &message, "give it to the user that aliasd runs as");
    }
}

#[derive(Default)]
struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    fn error(&mut self, setting: &str, message: &str, hint: &str) {
        self.add(Severity::Error, setting, message, hint);
    }

    fn warn(&mut self, setting: &str, message: &str, hint: &str) {
        self.add(Severity::Warning, setting, message, hint);
    }

    fn add(&mut self, severity: Severity, setting: &str, message: &str, hint: &str) {
        self.0.push(Diagnostic { severity, error: SettingError::of(setting, message, hint) });
    }
}
