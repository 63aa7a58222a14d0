use std::error::Error;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use p12_keystore::{Certificate, KeyStore, KeyStoreEntry};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::{Keystore, KeystoreError, KeystoreSetting, files};
use crate::pki::Authority;

const PASSWORD: &str = "fixture-password";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Everything an operator could see of an error: its text, its debug form and those of its causes.
fn everything_printed(error: &KeystoreError) -> String {
    let mut text = format!("{error} {error:?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(" {error} {error:?}"));
        cause = error.source();
    }
    text
}

#[test]
fn reads_what_keytool_writes() {
    let keystore = Keystore::open(&fixture("keytool.p12"), PASSWORD).unwrap();
    let names: Vec<_> = keystore.keys().iter().map(super::SecretKey::name).collect();
    assert_eq!(names, ["aeskey", "aeskey2027"]);
    let key = keystore.key("aesKey").unwrap();
    // As Java's own KeyStore shows the key.
    assert_eq!(hex(key.expose()), "3f2584bc4cd438ab635ae4e649a57ed1cd131fed577c1688f388454dd0bdf2ce");
}

#[test]
fn reads_the_format_of_java_11() {
    let keystore = Keystore::open(&fixture("keytool-java11.p12"), PASSWORD).unwrap();
    let key = keystore.key("AESKEY").unwrap();
    assert_eq!(hex(key.expose()), "624738130ec34b6ed739c5bd8f413bf5d55b02aa115d33519d604db6b72a4c34");
}

/// Whoever cannot read a file is told why, and is never sent to make another keystore: the cluster's keys are in this one.
#[test]
fn what_cannot_be_read_keeps_its_reason() {
    let directory = tempfile::tempdir().unwrap();
    let error = Keystore::open(directory.path(), PASSWORD).unwrap_err();
    let cause = error.source().unwrap().to_string();
    assert!(error.to_string().ends_with("cannot be read") && cause.contains("Is a directory"), "{error}: {cause}");
    let source = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    let denied = KeystoreError::Unreadable { path: directory.path().to_owned(), source };
    for (error, way_out) in [(error, "name the keystore file itself"), (denied, "let the user that asks read the file")]
    {
        let hint = error.hint().unwrap();
        assert!(hint.starts_with(way_out) && !hint.contains("create"), "{hint}");
    }
}

#[test]
fn the_key_id_is_frozen_and_does_not_depend_on_the_name() {
    let keystore = Keystore::open(&fixture("keytool.p12"), PASSWORD).unwrap();
    let key = keystore.key("aesKey").unwrap();
    // printf 'aliasd key id v1' | openssl dgst -sha256 -mac HMAC -macopt hexkey:3f2584bc…
    assert_eq!(key.id().to_string(), "65e30b4aac6eef2f5afd50f6d7cf6958");
    let renamed = super::SecretKey::new("other", super::Zeroizing::new(*key.expose()));
    assert_eq!(renamed.id(), key.id());
}

#[test]
fn a_missing_file_blames_the_path() {
    let error = Keystore::open(Path::new("/nowhere/keystore.p12"), PASSWORD).unwrap_err();
    assert_eq!(error.setting(), KeystoreSetting::Path);
    assert_eq!(error.to_string(), "the keystore file /nowhere/keystore.p12 does not exist");
}

#[test]
fn an_unreadable_file_blames_the_path() {
    let directory = tempfile::tempdir().unwrap();
    let error = Keystore::open(directory.path(), PASSWORD).unwrap_err();
    assert!(matches!(error, KeystoreError::Unreadable { .. }), "{error:?}");
    assert_eq!(error.setting(), KeystoreSetting::Path);
}

#[test]
fn another_kind_of_file_blames_the_path() {
    let error = Keystore::open(&fixture("README.md"), PASSWORD).unwrap_err();
    assert!(matches!(error, KeystoreError::NotPkcs12 { .. }), "{error:?}");
    assert_eq!(error.setting(), KeystoreSetting::Path);
    assert!(error.to_string().ends_with("README.md is not a PKCS#12 keystore"), "{error}");
}

#[test]
fn a_truncated_or_damaged_file_is_never_read_as_one_with_fewer_keys() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("damaged.p12");
    let whole = fs::read(fixture("keytool.p12")).unwrap();
    for length in (0..whole.len()).step_by(97) {
        fs::write(&path, &whole[..length]).unwrap();
        Keystore::open(&path, PASSWORD).unwrap_err();
    }
    for position in (0..whole.len()).step_by(41) {
        let mut damaged = whole.clone();
        damaged[position] ^= 0x20;
        fs::write(&path, &damaged).unwrap();
        Keystore::open(&path, PASSWORD).unwrap_err();
    }
}

#[test]
fn a_wrong_password_blames_the_password_and_prints_neither() {
    for file in ["keytool.p12", "keytool-java11.p12"] {
        for password in ["", "wrong-password", "fixture-passwore", "pässwörd", "🔑🔑🔑🔑🔑🔑"] {
            let error = Keystore::open(&fixture(file), password).unwrap_err();
            assert_eq!(error.setting(), KeystoreSetting::Password, "{error:?}");
            assert!(error.to_string().starts_with("the password does not open the keystore "));
            assert!(password.is_empty() || !everything_printed(&error).contains(password));
        }
    }
}

#[test]
fn entries_that_are_not_supported_are_no_wrong_password() {
    let error = Keystore::open(&fixture("keytool-rounds.p12"), PASSWORD).unwrap_err();
    assert!(matches!(error, KeystoreError::Unsupported { .. }), "{error:?}");
    assert_eq!(error.setting(), KeystoreSetting::Path);
    let error = Keystore::open(&fixture("keytool-rounds.p12"), "wrong-password").unwrap_err();
    assert_eq!(error.setting(), KeystoreSetting::Password);
}

#[test]
fn an_unknown_name_says_which_keys_exist() {
    let keystore = Keystore::open(&fixture("keytool.p12"), PASSWORD).unwrap();
    let error = keystore.key("masterKey").unwrap_err();
    assert_eq!(error.setting(), KeystoreSetting::KeyName);
    let text = error.to_string();
    assert!(text.starts_with("the key 'masterKey' was not found in the keystore "), "{text}");
    assert!(text.ends_with("which holds 'aeskey', 'aeskey2027'"), "{text}");
}

#[test]
fn a_key_of_the_wrong_size_or_kind_says_what_it_is() {
    let keystore = Keystore::open(&fixture("keytool.p12"), PASSWORD).unwrap();
    let short = keystore.key("short").unwrap_err();
    assert_eq!(short.setting(), KeystoreSetting::KeyName);
    assert!(short.to_string().ends_with("is an AES key of 128 bits, not an AES key of 256 bits"), "{short}");
    let mac = keystore.key("mac").unwrap_err();
    assert!(mac.to_string().contains("is another kind of key of 256 bits"), "{mac}");
}

#[test]
fn debug_shows_neither_key_nor_password() {
    let keystore = Keystore::open(&fixture("keytool.p12"), PASSWORD).unwrap();
    let printed = format!("{keystore:?} {:?}", keystore.keys()[0]);
    let key = hex(keystore.keys()[0].expose());
    assert!(printed.contains("aeskey"));
    assert!(!printed.contains(&key[..8]) && !printed.contains("63, 37, 132"), "{printed}");
    assert!(!printed.contains(PASSWORD), "{printed}");
}

#[test]
fn creates_a_file_for_its_owner_only_and_never_overwrites() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keystore.p12");
    let key = Keystore::create(&path, PASSWORD, "aesKey").unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let before = fs::read(&path).unwrap();
    let error = Keystore::create(&path, PASSWORD, "aesKey").unwrap_err();
    assert!(matches!(error, KeystoreError::Exists { .. }), "{error:?}");
    assert_eq!(fs::read(&path).unwrap(), before);
    let read = Keystore::open(&path, PASSWORD).unwrap();
    assert_eq!(read.key("aesKey").unwrap().expose(), key.expose());
    assert_eq!(read.key("aesKey").unwrap().id(), key.id());
}

#[test]
fn adds_a_key_and_keeps_the_others_and_the_mode() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keystore.p12");
    fs::copy(fixture("keytool.p12"), &path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let link = directory.path().join("link.p12");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let before = Keystore::open(&path, PASSWORD).unwrap();

    let added = Keystore::add_key(&link, PASSWORD, "aesKey2028").unwrap();

    assert!(link.is_symlink());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    let after = Keystore::open(&path, PASSWORD).unwrap();
    for key in before.keys() {
        assert_eq!(after.key(key.name()).unwrap().id(), key.id());
    }
    assert_eq!(after.key("aeskey2028").unwrap().id(), added.id());
    let short = after.key("short").unwrap_err().to_string();
    assert!(short.contains("an AES key of 128 bits"), "{short}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2, "no temporary file is left");
}

#[test]
fn a_taken_name_is_refused_in_any_case() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keystore.p12");
    Keystore::create(&path, PASSWORD, "aesKey").unwrap();
    let error = Keystore::add_key(&path, PASSWORD, "AESkey").unwrap_err();
    assert_eq!(error.setting(), KeystoreSetting::KeyName);
    assert!(error.to_string().ends_with("has an entry 'aeskey' already"), "{error}");
}

#[test]
fn a_file_with_an_entry_that_would_be_lost_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keystore.p12");
    let authority = Authority::create("not a secret key").unwrap();
    let der = CertificateDer::from_pem_slice(authority.certificate_pem().as_bytes()).unwrap();
    let mut store = KeyStore::new();
    store.add_entry("ca", KeyStoreEntry::Certificate(Certificate::from_der(&der).unwrap()));
    let encoded = store.writer(PASSWORD).write().unwrap();
    files::create_new(&path, &encoded, files::SECRET).unwrap();
    let error = Keystore::add_key(&path, PASSWORD, "aesKey").unwrap_err();
    assert!(matches!(error, KeystoreError::ForeignEntries { .. }), "{error:?}");
    assert_eq!(fs::read(&path).unwrap(), encoded);
    let error = Keystore::open(&path, PASSWORD).unwrap().key("aesKey").unwrap_err();
    assert!(error.to_string().ends_with("which holds no AES key of 256 bits"), "{error}");
}

#[test]
fn names_and_passwords_that_java_would_not_take_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keystore.p12");
    for password in ["", "short", "pässwörter", "tab\tinside"] {
        let error = Keystore::create(&path, password, "aesKey").unwrap_err();
        assert_eq!(error.setting(), KeystoreSetting::Password);
    }
    let error = Keystore::create(&path, "eleven-char", "aesKey").unwrap_err();
    assert!(matches!(error, KeystoreError::WeakPassword), "{error}");
    assert!(error.to_string().contains("at least 12 characters"), "{error}");
    for name in ["", "two words", "Schlüssel", "a/b"] {
        let error = Keystore::create(&path, PASSWORD, name).unwrap_err();
        assert_eq!(error.setting(), KeystoreSetting::KeyName);
    }
    assert!(!path.exists());
}

/// Runs keytool, or says that there is none. A keytool that fails is a failure.
fn keytool(arguments: &[&str]) -> Option<String> {
    let Ok(output) = Command::new("keytool").args(arguments).output() else {
        eprintln!("SKIPPED: there is no keytool on this machine; the committed fixtures were still tested");
        return None;
    };
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "keytool {arguments:?}: {text}");
    Some(text)
}

#[test]
fn keytool_lists_what_we_create_and_we_read_what_it_adds() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keystore.p12");
    let file = path.to_str().unwrap();
    let ours = Keystore::create(&path, PASSWORD, "aesKey").unwrap();
    let second = Keystore::add_key(&path, PASSWORD, "aesKey2027").unwrap();
    let store = ["-keystore", file, "-storepass", PASSWORD];

    let Some(listing) = keytool(&[&["-list"][..], &store].concat()) else {
        return;
    };
    assert!(listing.contains("2 entries"), "{listing}");
    assert!(listing.contains("aeskey,") && listing.contains("aeskey2027,"), "{listing}");
    assert_eq!(listing.matches("SecretKeyEntry").count(), 2, "{listing}");

    // keytool decrypts every entry when it imports a keystore, so the keys themselves are good.
    let copy = directory.path().join("copy.p12");
    let import = ["-importkeystore", "-noprompt", "-srckeystore", file, "-srcstorepass", PASSWORD];
    let into = ["-destkeystore", copy.to_str().unwrap(), "-deststorepass", PASSWORD, "-deststoretype", "pkcs12"];
    keytool(&[&import[..], &into].concat());
    let copied = Keystore::open(&copy, PASSWORD).unwrap();
    assert_eq!(copied.key("aesKey").unwrap().id(), ours.id());
    assert_eq!(copied.key("aesKey2027").unwrap().id(), second.id());

    let generate = ["-genseckey", "-keyalg", "aes", "-keysize", "256", "-storetype", "pkcs12", "-alias", "theirs"];
    keytool(&[&generate[..], &store].concat());
    let read = Keystore::open(&path, PASSWORD).unwrap();
    assert_eq!(read.keys().len(), 3);
    assert_eq!(read.key("aesKey").unwrap().id(), ours.id());
}

#[test]
fn entries_that_hold_no_secret_key_are_named_and_are_no_key() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pair.p12");
    let store = ["-keystore", path.to_str().unwrap(), "-storepass", PASSWORD];
    let pair = ["-genkeypair", "-keyalg", "EC", "-storetype", "pkcs12", "-alias", "Pair", "-dname", "CN=pair"];
    if keytool(&[&pair[..], &store].concat()).is_none() {
        return;
    }
    let certificate = directory.path().join("pair.pem");
    let file = ["-file", certificate.to_str().unwrap()];
    keytool(&[&["-exportcert", "-rfc", "-alias", "pair"][..], &file, &store].concat());
    keytool(&[&["-importcert", "-noprompt", "-alias", "other"][..], &file, &store].concat());

    let read = Keystore::open(&path, PASSWORD).unwrap();
    let entries: Vec<_> = read.unusable().iter().map(|it| (it.name.as_str(), it.description.as_str())).collect();
    assert_eq!(entries, [("pair", "a private key"), ("other", "a certificate")]);
    assert!(read.keys().is_empty());
    let error = read.key("pair").unwrap_err();
    assert!(matches!(error, KeystoreError::UnusableKey { .. }), "{error}");
    assert!(error.to_string().contains("is a private key, not an AES key of 256 bits"), "{error}");
}

/// Whoever opened it would wait for somebody to write into it, without end.
#[test]
fn a_pipe_is_no_keystore() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keystore.p12");
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let error = Keystore::open(&path, PASSWORD).unwrap_err();
    assert!(aliasd_catalog::error_chain(&error).contains("it is not a regular file"), "{error}");
}
