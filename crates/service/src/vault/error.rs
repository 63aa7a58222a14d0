//! What the vault cannot do, and the setting to look at.

use std::error::Error;

use aliasd_catalog::KeyId;
use aliasd_keyring::keystore::{KeystoreError, KeystoreSetting};

/// Why a secret could not be sealed, opened or hashed. The texts about the keystore are Neo4j's, with aliasd's settings in
/// place of its own; what exactly went wrong is the source.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The keystore cannot be read at all.
    #[error(
        "Failed to read the symmetric key from the configured keystore. \
         Please verify the keystore configurations: keystore.path, keystore.password."
    )]
    Keystore(#[source] KeystoreError),
    /// The keystore can be read and has no usable key of the configured name.
    #[error(
        "Failed to read the symmetric key from the configured keystore. \
         The key '{name}' was not found in the given keystore file."
    )]
    Key {
        /// `keystore.key_name`.
        name: String,
        /// What the keystore holds instead.
        source: KeystoreError,
    },
    /// A key that the cluster uses is not in this node's keystore.
    #[error("The keystore of this node does not hold the key {key}.")]
    KeyMissing {
        /// The fingerprint of the key.
        key: KeyId,
    },
    /// The cipher refused; it does not say why.
    #[error("Failed to encrypt remote user password.")]
    NotSealed,
    /// The ciphertext was changed, or was sealed for another cluster, alias or field.
    #[error("Failed to decrypt remote user password: it was not sealed for this alias, or was changed since.")]
    NotOpened,
    /// The password could not be hashed.
    #[error("The password could not be hashed.")]
    NotHashed(#[source] Box<dyn Error + Send + Sync>),
    /// What is said to be the caller's present password is not.
    #[error("The password is not the one of the user.")]
    WrongPassword,
    /// Too many passwords are being hashed or verified already.
    #[error("Too many passwords are being verified at the moment.")]
    Busy,
}

impl VaultError {
    /// The way out, with the setting to look at, where there is one to name.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Keystore(error) | Self::Key { source: error, .. } => match error.setting() {
                KeystoreSetting::Path => error.hint().unwrap_or("Check keystore.path."),
                KeystoreSetting::Password => "Check keystore.password.",
                KeystoreSetting::KeyName => {
                    "Check keystore.key_name; `aliasctl keystore list` shows the entries of a keystore."
                }
            },
            Self::KeyMissing { .. } => {
                "Put the same file on every node, where keystore.path names it, and have it read again: with SIGHUP or a \
                 restart."
            }
            Self::Busy => "Try again, or log in once and use the token.",
            Self::NotSealed | Self::NotOpened | Self::NotHashed(_) | Self::WrongPassword => {
                return None;
            }
        })
    }
}
