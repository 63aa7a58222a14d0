//! Why a caller is not who it says.

use std::time::Duration;

/// Why a caller was not authenticated. An unknown user, a wrong password and a suspended user are one and the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// The call carries no proof of identity.
    #[error("the call needs a user")]
    Missing,
    /// User and password do not belong together, or the user may not log in.
    #[error("user or password is wrong, or the user may not log in")]
    Wrong,
    /// The certificate is trusted and belongs to no user.
    #[error("the client certificate of '{identity}' belongs to no user")]
    UnmappedCertificate {
        /// What the certificate proves.
        identity: String,
    },
    /// The certificate of the connection has expired since the connection was made.
    #[error("the client certificate has expired")]
    CertificateExpired,
    /// The token is not accepted.
    #[error("the token is not accepted")]
    Token(#[source] TokenError),
    /// The authorization of the call makes no sense. The text says why and quotes nothing.
    #[error("the authorization of the call is malformed: {0}")]
    Header(&'static str),
    /// Too many passwords are being verified already.
    #[error("too many passwords are being verified at the moment")]
    Busy,
    /// There were too many wrong passwords for this user, or from this address.
    #[error("too many passwords were wrong")]
    Throttled {
        /// When there is a try again.
        retry_after: Duration,
    },
    /// This node cannot make or judge tokens: it lacks the cluster's active key, or there is no cluster yet.
    #[error("this node does not hold the cluster's active key")]
    NoKey,
}

/// What is wrong with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is not one of this cluster's tokens, or it was changed, or the cluster's key is another one by now.
    #[error("this cluster did not make it, or made it with an earlier key")]
    Foreign,
    /// It was made too far ahead of the clock of this node: whoever made it would decide how long it is good for.
    #[error("it was made at a time that has not come here; compare the clocks of the members")]
    Early,
    /// Its time is up, by the clock of this node.
    #[error("it has expired")]
    Expired,
    /// It was ended by a logout.
    #[error("it was ended")]
    Ended,
    /// The user's password, status or authentication changed, or the user is gone.
    #[error("the user has changed since it was made")]
    Outdated,
}
