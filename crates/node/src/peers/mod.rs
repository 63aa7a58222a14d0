//! The members' messages over gRPC: a thin shell around the replica's links and peer server.
//!
//! It carries messages, proves nothing and decides nothing: which node a connection comes from, TLS has established, and
//! what a member may ask, the replica says. Here is the only place where the two meet status codes.

mod links;
mod service;

use std::error::Error;
use std::io;

use aliasd_tls::tls_error_text;
use rustls::CertificateError;
use tonic::{ConnectError, Status};

pub use self::links::GrpcLinks;
pub use self::service::{PeerIdentity, PeerService};

/// What a status says, in one sentence without its full stop: what caused it in the end, where something on the way did. The
/// libraries in between only repeat it.
fn text(status: &Status) -> String {
    let mut deepest = None;
    let mut next: Option<&(dyn Error + 'static)> = status.source();
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return tls_text(tls);
        }
        deepest = Some(error.to_string());
        // An I/O error shows its own cause only when asked for it.
        let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match inside {
            Some(inside) => Some(inside),
            None => error.source(),
        };
    }
    let said = deepest.unwrap_or_else(|| status.message().to_owned());
    let said = if said.is_empty() { status.code().to_string() } else { said };
    said.trim_end_matches('.').to_owned()
}

/// Whether there was no connection, so that the request was not sent.
fn is_unsent(status: &Status) -> bool {
    let mut next: Option<&(dyn Error + 'static)> = status.source();
    while let Some(error) = next {
        if error.is::<ConnectError>() {
            return true;
        }
        next = error.source();
    }
    false
}

/// Why TLS does not stand, with what to look at where the port or the authority is another one.
fn tls_text(error: &rustls::Error) -> String {
    use CertificateError::{BadSignature, NotValidForName, NotValidForNameContext, UnknownIssuer};
    match error {
        rustls::Error::InvalidMessage(_) => {
            "nobody speaks TLS there; it is not the port of node.peer_listen, or of another program".to_owned()
        }
        rustls::Error::InvalidCertificate(UnknownIssuer | BadSignature) => {
            "the certificate shown there is of no authority of tls.peer_ca".to_owned()
        }
        rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => {
            "the certificate shown there is not that node's".to_owned()
        }
        error => tls_error_text(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_said_once_and_in_our_words_where_there_are_any() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(text(&Status::from_error(Box::new(io::Error::other(refused)))), "connection refused");
        let no_tls = rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
        let status = Status::from_error(Box::new(io::Error::new(io::ErrorKind::InvalidData, no_tls)));
        assert!(text(&status).starts_with("nobody speaks TLS there"), "{}", text(&status));
        assert_eq!(
            text(&Status::unimplemented("This node does not offer the call.")),
            "This node does not offer the call"
        );
    }
}
