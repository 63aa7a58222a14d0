//! What can be wrong with the settings of a client.

/// What is wrong with the settings of a client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// No endpoint is given.
    #[error("no endpoint is given: name at least one member, such as https://host:7680")]
    NoEndpoint,
    /// An endpoint is not of the form `https://host:port`.
    #[error("'{endpoint}' is not an endpoint: it has the form https://host:port")]
    Endpoint {
        /// The endpoint as it was given.
        endpoint: String,
    },
    /// An endpoint holds a user, and perhaps a password; it is not repeated.
    #[error("an endpoint holds an '@': user and password are given apart from it")]
    EndpointWithUser,
    /// A plaintext endpoint that was not asked for, or is not on this machine.
    #[error("'{endpoint}' is plaintext, which needs allow_plaintext and a loopback address: use https://")]
    Plaintext {
        /// The endpoint as it was given.
        endpoint: String,
    },
    /// No certificate authority is given for an `https` endpoint.
    #[error(
        "no CA certificate is given: https needs the PEM file of the authority that issued the members' certificates"
    )]
    NoAuthority,
    /// The CA file holds no certificate.
    #[error("the CA certificate is not a certificate in PEM form")]
    Authority,
    /// The client certificate or its key is not in the form that is needed.
    #[error("the client certificate cannot be used: {reason}")]
    Certificate {
        /// Which of them, and what is wrong with it.
        reason: &'static str,
    },
    /// TLS does not take the client certificate with this key.
    #[error("the client certificate cannot be used")]
    CertificateRefused(#[source] rustls::Error),
}
