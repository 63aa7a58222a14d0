//! Why a remote DBMS cannot be used, and what the client of an alias is told of it.

use std::io;
use std::time::Duration;

use aliasd_bolt::{Failure, GqlStatus, HandshakeError, ProtocolError, SendError, Version};

use crate::failure::{REMOTE_CLIENT, TRANSIENT};

/// What a DBMS says that was shown too many wrong passwords: it passes.
const RATE_LIMIT: &str = "Neo.ClientError.Security.AuthenticationRateLimit";

/// What went wrong. Its words are for the gateway's own log, and never hold a password; what it names, a client is not told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RemoteError {
    /// The catalog gave no password with the route.
    #[error("the catalog released no credentials for the alias: the gateway's user needs RESOLVE ALIAS on it")]
    NoPassword,
    /// The URL is none that can be connected to.
    #[error("the URL of the alias cannot be used")]
    Address,
    /// The alias holds driver settings that are none.
    #[error("the driver settings of the alias cannot be used")]
    DriverSettings,
    /// The alias takes encrypted connections only, and its URL is not for one.
    #[error("the alias enforces TLS, and the scheme of its URL has none")]
    NotSecure,
    /// No connection could be made.
    #[error("cannot connect to {host}:{port}")]
    Connect {
        /// Where to.
        host: String,
        port: u16,
        source: io::Error,
    },
    /// The server's certificate was refused, or it does not speak TLS.
    #[error("no TLS with {host}:{port}")]
    Tls {
        /// Where to.
        host: String,
        port: u16,
        source: io::Error,
    },
    /// It took too long.
    #[error("connecting took longer than {0:?}")]
    ConnectTimeout(Duration),
    /// All connections are in use.
    #[error("no connection became free within {0:?}")]
    PoolTimeout(Duration),
    /// The server speaks something else.
    #[error("no Bolt")]
    Handshake(#[source] HandshakeError),
    /// The server wants dates and times in another form than the client.
    #[error("the server does not grant the patch 'utc' of Bolt 4.4, which the client uses")]
    NoPatch,
    /// The server refused the login, or anything before it.
    #[error("the login was refused with {code}")]
    Refused {
        /// Neo4j's. The message may name the user, and is left out.
        code: String,
    },
    /// The connection is gone.
    #[error("the connection is lost")]
    Lost(#[source] io::Error),
    /// The server does not keep to the protocol.
    #[error("the server broke the protocol")]
    Protocol(#[source] ProtocolError),
    /// The request cannot be said to the server.
    #[error("a request cannot be sent")]
    Send(#[source] SendError),
}

impl RemoteError {
    /// What the client of the alias is told, in words that name nothing of the remote DBMS.
    pub(crate) fn told(&self, alias: &str, front: Version) -> Failure {
        let (code, why) = match self {
            Self::NoPassword | Self::DriverSettings | Self::Address => {
                return crate::failure::fault(&format!(
                    "The gateway cannot log in behind '{alias}': its own log says why."
                ));
            }
            Self::NotSecure => (REMOTE_CLIENT, "it enforces TLS, and its URL has none"),
            Self::Connect { .. } => (TRANSIENT, "its DBMS cannot be reached"),
            Self::Tls { .. } => (REMOTE_CLIENT, "no trusted TLS connection to its DBMS can be made"),
            Self::ConnectTimeout(_) => (TRANSIENT, "its DBMS does not answer"),
            Self::PoolTimeout(_) => (TRANSIENT, "all connections to its DBMS are in use"),
            Self::Handshake(HandshakeError::NothingInCommon) => {
                let text = format!(
                    "'{alias}' cannot be used over Bolt {front}: its DBMS speaks no such version, nor an older one of the \
                     same kind. Use a driver that speaks another version."
                );
                return failure(REMOTE_CLIENT, &text);
            }
            Self::Handshake(_) => (REMOTE_CLIENT, "what is at its URL does not speak Bolt"),
            Self::NoPatch => {
                (REMOTE_CLIENT, "its DBMS speaks Bolt 4.4 without the patch 'utc': use a driver that speaks Bolt 5")
            }
            Self::Refused { code } if code.starts_with("Neo.TransientError.") || code == RATE_LIMIT => {
                (TRANSIENT, "its DBMS takes no logins for now")
            }
            Self::Refused { .. } => (REMOTE_CLIENT, "its DBMS does not accept the login that is stored with it"),
            Self::Lost(_) => (TRANSIENT, "the connection to its DBMS is lost"),
            Self::Protocol(_) => (TRANSIENT, "its DBMS broke the protocol"),
            Self::Send(_) => (REMOTE_CLIENT, "its DBMS cannot be told the request"),
        };
        failure(code, &format!("'{alias}' cannot be used: {why}."))
    }
}

fn failure(code: &str, message: &str) -> Failure {
    let status = if code == TRANSIENT { "50N16" } else { "50N42" };
    let description = format!("error: general processing exception - remote execution. {message}");
    let status = GqlStatus::new(status, &description);
    Failure { code: code.to_owned(), message: message.to_owned(), status, causes: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dbms_that_takes_no_logins_for_now_is_tried_again() {
        for (code, told) in [
            (RATE_LIMIT, TRANSIENT),
            ("Neo.TransientError.General.DatabaseUnavailable", TRANSIENT),
            ("Neo.ClientError.Security.Unauthorized", REMOTE_CLIENT),
        ] {
            assert_eq!(RemoteError::Refused { code: code.to_owned() }.told("films", Version::V5_8).code, told);
        }
    }

    #[test]
    fn a_client_is_told_nothing_that_names_the_remote() {
        let io = || io::Error::other("db.internal.example refused");
        let (host, port) = ("db.internal.example".to_owned(), 7687);
        for error in [
            RemoteError::Connect { host: host.clone(), port, source: io() },
            RemoteError::Tls { host, port, source: io() },
            RemoteError::Lost(io()),
            RemoteError::Refused { code: "Neo.ClientError.Security.Unauthorized".to_owned() },
            RemoteError::ConnectTimeout(Duration::from_secs(5)),
        ] {
            let told = error.told("films", Version::V5_8);
            assert!(!format!("{told:?}").contains("internal") && told.message.contains("'films'"), "{told:?}");
            // The login that failed is not the user's: a driver must not ask its user for another password.
            assert!(!told.code.contains(".Security."));
        }
    }
}
