//! What can go wrong when certificates are made or read.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use crate::text::TextError;

/// The way out for a private key that is encrypted.
pub const DECRYPT_KEY: &str =
    "`openssl pkey -in KEY -out PLAIN` asks for its password and writes it in clear; give that file mode 600";

/// Why a certificate could not be made or understood. No variant carries a private key.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// The file to create is there already.
    #[error("the file {} exists already and is never overwritten", path.display())]
    Exists {
        /// The file to create.
        path: PathBuf,
    },
    /// The system does not let us write the file.
    #[error("the file {} cannot be written", path.display())]
    Unwritable {
        /// The file to write.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system does not let us read the file.
    #[error("the file {} cannot be read", path.display())]
    Unreadable {
        /// The file to read.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not what its name says.
    #[error("the file {} does not hold {expected} in PEM form", path.display())]
    NotPem {
        /// The file that was read.
        path: PathBuf,
        /// What it should hold, such as "a certificate".
        expected: &'static str,
        /// What the library said. It names no key.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The file is no plain text.
    #[error("the file {} cannot be used", path.display())]
    NotText {
        /// The file that was read.
        path: PathBuf,
        /// What is wrong with it.
        source: TextError,
    },
    /// The private key is encrypted.
    #[error("the private key {} is encrypted", path.display())]
    EncryptedKey {
        /// The file that was read.
        path: PathBuf,
    },
    /// The private key does not belong to the certificate.
    #[error("the key {} does not belong to the certificate {}", key.display(), certificate.display())]
    KeyMismatch {
        /// The private key's file.
        key: PathBuf,
        /// The certificate's file.
        certificate: PathBuf,
    },
    /// A name that no certificate can carry.
    #[error("'{value}' is neither an IP address nor a DNS name")]
    BadHost {
        /// The name as given.
        value: String,
    },
    /// A name that says which node a certificate belongs to.
    #[error("'{value}' is no host: names that end in .peer.aliasd say which node a certificate belongs to")]
    ReservedHost {
        /// The name as given.
        value: String,
    },
    /// A client identity that could be misread.
    #[error("'{value}' cannot be a client identity")]
    BadIdentity {
        /// The identity as given.
        value: String,
    },
    /// Node ids start at 1.
    #[error("a node id is a number from 1 on")]
    BadNodeId,
    /// The certificate library refused; the text is its own and names no key.
    #[error("the certificate could not be made")]
    NotMade(#[source] rcgen::Error),
    /// The bytes are not an X.509 certificate.
    #[error("this is not an X.509 certificate")]
    NotACertificate(#[source] Box<dyn Error + Send + Sync>),
    /// A peer's certificate does not prove which node it is.
    #[error("the certificate names no node, or more than one")]
    NoNodeId,
    /// A client's certificate does not prove who it is.
    #[error("the certificate names no client, or more than one")]
    NoIdentity,
}

impl PkiError {
    /// The way out, where there is one that the message does not say.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::BadIdentity { .. } => Some("use 1 to 64 characters, none of them a control character"),
            Self::NoNodeId => Some("it needs exactly one DNS name of the form node-1.peer.aliasd"),
            Self::NoIdentity => Some(
                "it needs one URI among its alternative names, or else one common name that does not read as a URI",
            ),
            Self::NotText { source, .. } => Some(source.hint()),
            Self::EncryptedKey { .. } => Some(DECRYPT_KEY),
            Self::Exists { .. } => {
                Some("--replace writes over an earlier certificate of the same kind; an authority is never replaced")
            }
            Self::Unwritable { .. }
            | Self::Unreadable { .. }
            | Self::NotPem { .. }
            | Self::KeyMismatch { .. }
            | Self::BadHost { .. }
            | Self::ReservedHost { .. }
            | Self::BadNodeId
            | Self::NotMade(_)
            | Self::NotACertificate(_) => None,
        }
    }
}
