//! What can be wrong with a keystore, and which setting is at fault.

use std::io;
use std::path::PathBuf;

/// The one of the three keystore settings that an error asks the operator to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeystoreSetting {
    /// Where the file is.
    Path,
    /// What opens it.
    Password,
    /// Which of its keys is meant.
    KeyName,
}

/// Why a keystore could not be read or made. No variant carries a password or a key.
#[derive(Debug, thiserror::Error)]
pub enum KeystoreError {
    /// There is no such file.
    #[error("the keystore file {} does not exist", path.display())]
    Missing {
        /// The file that was asked for.
        path: PathBuf,
    },
    /// The file exists but the system does not let us read it.
    #[error("the keystore file {} cannot be read", path.display())]
    Unreadable {
        /// The file that was asked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is something else, or damaged.
    #[error("the file {} is not a PKCS#12 keystore", path.display())]
    NotPkcs12 {
        /// The file that was asked for.
        path: PathBuf,
        /// What the PKCS#12 library said.
        source: p12_keystore::error::Error,
    },
    /// The file's integrity check does not match the password.
    #[error("the password does not open the keystore {}", path.display())]
    WrongPassword {
        /// The keystore's file.
        path: PathBuf,
    },
    /// The password is right, and what it protects cannot be read all the same.
    #[error(
        "the entries of the keystore {} cannot be decrypted although its password is right: they use an algorithm or a \
         number of rounds that is not supported, or have a password of their own",
        path.display()
    )]
    Unsupported {
        /// The keystore's file.
        path: PathBuf,
        /// What the PKCS#12 library said, if it did.
        source: Option<p12_keystore::error::Error>,
    },
    /// No entry has the name asked for.
    #[error(
        "the key '{name}' was not found in the keystore {}, which holds {}",
        path.display(), listed(available, *unopened)
    )]
    KeyNotFound {
        /// The keystore's file.
        path: PathBuf,
        /// The name asked for.
        name: String,
        /// The names of the AES-256 keys that do exist.
        available: Vec<String>,
        /// How many more entries there are that cannot be decrypted.
        unopened: usize,
    },
    /// The entry exists but is not an AES key of 256 bits.
    #[error("the entry '{name}' of the keystore {} is {found}, not an AES key of 256 bits", path.display())]
    UnusableKey {
        /// The keystore's file.
        path: PathBuf,
        /// The name asked for.
        name: String,
        /// What the entry is instead, such as "an AES key of 128 bits".
        found: String,
    },
    /// The file to create is there already.
    #[error("the file {} exists already and is never overwritten", path.display())]
    Exists {
        /// The file to create.
        path: PathBuf,
    },
    /// The system does not let us write the file.
    #[error("the keystore file {} cannot be written", path.display())]
    Unwritable {
        /// The file to write.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A key of that name exists, and a key is never replaced: what it sealed could not be opened again.
    #[error("the keystore {} has an entry '{name}' already", path.display())]
    NameTaken {
        /// The keystore's file.
        path: PathBuf,
        /// The name asked for, as the keystore spells it.
        name: String,
    },
    /// Rewriting the file would lose entries that this program does not understand.
    #[error("the keystore {} holds entries besides secret keys", path.display())]
    ForeignEntries {
        /// The keystore's file.
        path: PathBuf,
    },
    /// Java could not open a keystore with such a password.
    #[error(
        "a keystore password needs at least 6 characters, all of them printable ASCII, or Java cannot open the file"
    )]
    UnusablePassword,
    /// Whoever gets hold of the file could guess such a password.
    #[error("the password of a new keystore needs at least {} characters", super::NEW_PASSWORD_LENGTH_MIN)]
    WeakPassword,
    /// The name would be spelt differently by different tools.
    #[error("'{name}' cannot name a key")]
    UnusableName {
        /// The name asked for.
        name: String,
    },
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes for a key")]
    NoRandomness(#[source] getrandom::Error),
    /// The PKCS#12 library refused to encode the keystore.
    #[error("the keystore could not be encoded")]
    Encoding(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl KeystoreError {
    /// The setting at fault, so that the reader knows what to change.
    pub fn setting(&self) -> KeystoreSetting {
        match self {
            Self::WrongPassword { .. } | Self::UnusablePassword | Self::WeakPassword => KeystoreSetting::Password,
            Self::Unsupported { .. } => KeystoreSetting::Path,
            Self::KeyNotFound { .. }
            | Self::UnusableKey { .. }
            | Self::NameTaken { .. }
            | Self::UnusableName { .. } => KeystoreSetting::KeyName,
            Self::Missing { .. }
            | Self::Unreadable { .. }
            | Self::NotPkcs12 { .. }
            | Self::Exists { .. }
            | Self::Unwritable { .. }
            | Self::ForeignEntries { .. }
            | Self::NoRandomness(_)
            | Self::Encoding(_) => KeystoreSetting::Path,
        }
    }
}

impl KeystoreError {
    /// The way out, where there is one that the message does not say.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Missing { .. } => {
                Some("put the keystore of the cluster there; for a new cluster `aliasctl keystore create` makes one")
            }
            Self::Unreadable { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("let the user that asks read the file, for example by its group: chmod 640")
            }
            Self::Unreadable { .. } => Some("name the keystore file itself, and look at the disk that it is on"),
            Self::NotPkcs12 { .. } => {
                Some("is it the right file? If it is damaged, put a copy of it from another node in its place")
            }
            Self::WrongPassword { .. } => Some("give the password that the keystore was made with"),
            Self::Unsupported { .. } => Some(
                "make the entries anew with keytool of Java 17 or later and its own defaults, with at most 1,000,000 rounds and the keystore's password",
            ),
            Self::KeyNotFound { .. } | Self::UnusableKey { .. } => {
                Some("`aliasctl keystore list` shows the entries of a keystore")
            }
            Self::ForeignEntries { .. } => Some("add the key with keytool instead"),
            Self::UnusableName { .. } => Some("use letters, digits, '.', '_' and '-'"),
            Self::Exists { .. }
            | Self::Unwritable { .. }
            | Self::NameTaken { .. }
            | Self::UnusablePassword
            | Self::WeakPassword
            | Self::NoRandomness(_)
            | Self::Encoding(_) => None,
        }
    }
}

fn listed(names: &[String], unopened: usize) -> String {
    let names = match names {
        [] => "no AES key of 256 bits".to_owned(),
        names => names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", "),
    };
    match unopened {
        0 => names,
        1 => format!("{names} and one entry that cannot be decrypted"),
        more => format!("{names} and {more} entries that cannot be decrypted"),
    }
}
