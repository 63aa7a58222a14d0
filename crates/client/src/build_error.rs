//! What can be wrong with the settings of a client.

use aliasd_tls::WordedTlsError;
use std::error::Error;

/// What was found, where something was read.
pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// What is wrong with the settings of a client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// No endpoint is given.
    #[error("no endpoint is given")]
    NoEndpoint,
    /// An endpoint is not of the form `https://host:port`.
    #[error("'{endpoint}' is not an endpoint")]
    Endpoint {
        /// The endpoint as it was given.
        endpoint: String,
    },
    /// An endpoint holds a user, and perhaps a password; it is not repeated.
    #[error("an endpoint holds an '@'")]
    EndpointWithUser,
    /// A plaintext endpoint that was not asked for, or is not on this machine.
    #[error("'{endpoint}' is plaintext, which needs allow_plaintext and a loopback address")]
    Plaintext {
        /// The endpoint as it was given.
        endpoint: String,
    },
    /// No certificate authority is given for an `https` endpoint.
    #[error("no CA certificate is given")]
    NoAuthority,
    /// The CA file holds no certificate.
    #[error("the CA certificate is not a certificate in PEM form")]
    Authority(#[source] Option<BoxError>),
    /// The client certificate is not in the form that is needed.
    #[error("the client certificate is not in PEM form")]
    Certificate(#[source] Option<BoxError>),
    /// The key of the client certificate is not in the form that is needed. What was found instead may be a part of it, so
    /// it is not told.
    #[error("the private key of the client certificate is not in PEM form")]
    CertificateKey,
    /// The key of the client certificate is encrypted, and nobody is asked for its password here.
    #[error("the private key of the client certificate is encrypted")]
    CertificateKeyEncrypted,
    /// The key belongs to another certificate.
    #[error("the private key does not belong to the client certificate")]
    CertificateKeyForeign,
    /// TLS does not take the client certificate with this key.
    #[error("the client certificate cannot be used")]
    CertificateRefused(#[source] WordedTlsError),
}

impl BuildError {
    /// The way out, where there is one to name.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoEndpoint => Some("name at least one member, such as https://host:7680"),
            Self::Endpoint { .. } => Some("an endpoint has the form https://host:port"),
            Self::EndpointWithUser => Some("user and password are given apart from it"),
            Self::Plaintext { .. } => Some("use https://"),
            Self::NoAuthority => {
                Some("https needs the PEM file of the authority that issued the members' certificates")
            }
            Self::CertificateKeyEncrypted => Some("decrypt it, for example with `openssl pkey -in KEY -out PLAIN`"),
            Self::CertificateKeyForeign => Some("give the key that was made with it"),
            Self::Authority(_) | Self::Certificate(_) | Self::CertificateKey | Self::CertificateRefused(_) => None,
        }
    }
}
