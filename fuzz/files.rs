//! What must hold for any file with keys or certificates: it is read or refused, without a panic, and what was read can be
//! used.
//!
//! The first byte says what the rest is taken for. The fuzz target and the test that replays the corpus both include this file.

use std::cell::RefCell;
use std::io::Write as _;

use aliasd_keyring::keystore::Keystore;
use aliasd_keyring::{pki, text};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

/// The password of the keystores in the corpus.
pub(crate) const PASSWORD: &str = "fixture-password";

/// Checks one input.
///
/// # Panics
/// If something does not hold.
pub(crate) fn check(bytes: &[u8]) {
    let Some((kind, rest)) = bytes.split_first() else { return };
    match kind {
        b'k' => keystore(rest),
        b'd' => certificate(&CertificateDer::from(rest)),
        _ => pem(rest),
    }
}

fn keystore(bytes: &[u8]) {
    thread_local! {
        /// One file for all inputs: making one costs more than reading it.
        static FILE: RefCell<NamedTempFile> = RefCell::new(NamedTempFile::new().expect("a file can be made"));
    }
    FILE.with_borrow_mut(|file| {
        std::fs::write(file.path(), bytes).and_then(|()| file.flush()).expect("the file can be written");
        match Keystore::open(file.path(), PASSWORD) {
            Ok(keystore) => {
                for key in keystore.keys() {
                    assert!(keystore.key(key.name()).is_ok(), "what is listed is found");
                }
                let _counted = (keystore.unusable().len(), keystore.unopened());
            }
            Err(error) => drop(format!("{error} {error:?} {:?}", error.hint())),
        }
    });
}

fn certificate(der: &CertificateDer<'_>) {
    let errors = [
        pki::peer_node_id(der).err(),
        pki::client_identity(der).err(),
        pki::expires_at(der).err(),
        pki::valid_from(der).err(),
        pki::issuer(der).err(),
        pki::is_authority(der).err(),
    ];
    for error in errors.iter().flatten() {
        let _shown = format!("{error} {error:?} {:?}", error.hint());
    }
}

fn pem(bytes: &[u8]) {
    for der in CertificateDer::pem_slice_iter(bytes).flatten().take(8) {
        certificate(&der);
    }
    let _key = (PrivateKeyDer::from_pem_slice(bytes).is_ok(), pki::is_encrypted_key(bytes));
    let _marked = text::refuse_mark(bytes);
    let _text = text::text(Zeroizing::new(bytes.to_vec()));
}
