//! What went wrong with an attempt, and whether it can have had an effect.
//!
//! A status that aliasd made says so itself. Anything else broke on the way; then the chain of causes tells
//! whether the request can have been sent at all.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use aliasd_tls::tls_error_text;
use rustls::{AlertDescription, CertificateError};
use tonic::{ConnectError, Status, TimeoutExpired};

use crate::address::Address;
use crate::{Class, Failure, GrpcCode};

/// The code of a member that no connection could be made to.
pub const UNREACHABLE: &str = "UNREACHABLE";
/// The code of a connection that TLS refused, on either side.
pub const UNTRUSTED: &str = "UNTRUSTED";
/// The code of a call whose time was over.
pub const DEADLINE_EXCEEDED: &str = "DEADLINE_EXCEEDED";
/// The code of a write whose retries never told whether it took effect.
pub const OUTCOME_UNKNOWN: &str = "OUTCOME_UNKNOWN";
/// The code of an answer that breaks the protocol.
pub const ANSWER_INVALID: &str = "ANSWER_INVALID";

/// A failed attempt.
#[derive(Clone, Debug)]
pub(crate) struct AttemptError {
    pub(crate) failure: Failure,
    /// The failure is the member's own word, not something that broke on the way.
    pub(crate) member_answered: bool,
    /// TLS refused, here or there.
    pub(crate) untrusted: bool,
}

impl AttemptError {
    pub(crate) fn new(status: &Status, address: &Address) -> Self {
        let failure = Failure::from_status(status);
        if failure.code != aliasd_wire::failure::TRANSPORT {
            return Self { failure, member_answered: true, untrusted: false };
        }
        let failure = match TransportError::of(status) {
            TransportError::Tls(error) => {
                Failure::retry_here(UNTRUSTED, format!("No TLS connection to {address}: {}.", tls_error_text(&error)))
                    .with_hint(tls_hint(&error))
            }
            TransportError::Connect(reason) => unreachable(address, &reason),
            TransportError::Other if failure.grpc_code == GrpcCode::Unimplemented => {
                failure.with_hint("The member is of another version.")
            }
            TransportError::Other => {
                Failure { message: format!("The connection to {address} broke: {}.", failure.message), ..failure }
            }
        };
        // Without a cause it is a status that was sent, by something that stands before the member.
        let member_answered = failure.class == Class::Rejected;
        Self { untrusted: failure.code == UNTRUSTED, failure, member_answered }
    }

    /// An attempt whose time was over before there was a connection to send it on.
    pub(crate) fn no_connection(address: &Address, limit: Duration) -> Self {
        let failure = unreachable(address, &format!("no connection within {limit:.1?}"));
        Self { failure, member_answered: false, untrusted: false }
    }

    /// An attempt that got no answer in time.
    pub(crate) fn no_answer(address: &Address, limit: Duration) -> Self {
        let failure =
            Failure::outcome_unknown(DEADLINE_EXCEEDED, format!("{address} gave no answer within {limit:.1?}."))
                .with_grpc_code(GrpcCode::DeadlineExceeded);
        Self { failure, member_answered: false, untrusted: false }
    }

    /// The failure of a write that may have had its effect.
    pub(crate) fn outcome_unknown(last: Option<Self>) -> Failure {
        let failure = match last {
            Some(Self { failure, member_answered: true, .. }) if failure.class == Class::OutcomeUnknown => failure,
            last => {
                let why = last.map_or_else(String::new, |last| format!(" {}", last.failure.message));
                Failure::outcome_unknown(
                    OUTCOME_UNKNOWN,
                    format!("It is not known whether the request took effect.{why}"),
                )
            }
        };
        if failure.hint.is_empty() {
            failure.with_hint("Look whether it took effect, or send it again with the same request id.")
        } else {
            failure
        }
    }

    /// The failure of a call that had no effect: it may be made again.
    pub(crate) fn without_effect(self) -> Failure {
        Failure { class: Class::RetryHere, ..self.failure }
    }

    /// The failure of a call that TLS refused everywhere: it would be the same each time.
    pub(crate) fn for_good(self) -> Failure {
        Failure { class: Class::Rejected, ..self.failure }
    }

    /// The failure of a call that never came to its first attempt.
    pub(crate) fn no_time() -> Failure {
        Failure::retry_here(DEADLINE_EXCEEDED, "The deadline was over before a member could be asked.")
            .with_grpc_code(GrpcCode::DeadlineExceeded)
    }
}

fn unreachable(address: &Address, reason: &str) -> Failure {
    Failure::retry_here(UNREACHABLE, format!("Cannot reach {address}: {reason}."))
        .with_hint("Check the endpoints and that the nodes are running.")
}

/// What to look at when TLS refuses. Who dials a port of another kind should look at the port, not at certificates.
fn tls_hint(error: &rustls::Error) -> &'static str {
    match error {
        // What came was no TLS at all.
        rustls::Error::InvalidMessage(_) => {
            "Nobody speaks TLS there. Is it the port for clients (node.client_listen), and not that of metrics, or one with \
             node.insecure_plaintext?"
        }
        // The members' port takes nobody without a certificate, and none that names no node.
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
            "A client certificate is wanted there. The port for the members wants one from everybody: is it the port for \
             clients (node.client_listen)?"
        }
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
            "The server's certificate is of another authority than the CA certificate that is given: compare both."
        }
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "The server's certificate is for other hosts: use an endpoint that it names, or issue it for this one.",
        rustls::Error::InvalidCertificate(_) => {
            "The server's certificate is at fault: issue it anew; if it should be valid, look at the clocks of both machines."
        }
        _ => "Compare the CA certificate and the client certificate with those of the cluster.",
    }
}

/// An answer that the protocol does not know.
pub(crate) fn invalid_answer(what: &str) -> Failure {
    let message = format!("The member's answer is invalid: {what}.");
    Failure { code: ANSWER_INVALID.to_owned(), ..Failure::bug(message) }
        .with_hint("Client and cluster may be of different versions.")
}

/// Whether the status only says that time was over: tonic looks at the clock too.
pub(crate) fn is_timeout(status: &Status) -> bool {
    let mut next: Option<&(dyn StdError + 'static)> = status.source();
    while let Some(error) = next {
        if error.is::<TimeoutExpired>() {
            return true;
        }
        next = error.source();
    }
    false
}

/// What broke on the way, and so whether the request can have arrived.
enum TransportError {
    /// TLS refused, here or at the member; the request was not processed.
    Tls(rustls::Error),
    /// There was no connection; the request was not sent.
    Connect(String),
    /// Anything else; the request may have been processed.
    Other,
}

impl TransportError {
    fn of(status: &Status) -> Self {
        let mut connect = false;
        let mut deepest = String::new();
        let mut next: Option<&(dyn StdError + 'static)> = status.source();
        while let Some(error) = next {
            // A request that was still waiting for the connection when that ended is cancelled, not sent.
            connect |= error.is::<ConnectError>();
            connect |= error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_canceled);
            if let Some(tls) = error.downcast_ref::<rustls::Error>() {
                return Self::Tls(tls.clone());
            }
            deepest = error.to_string();
            // An I/O error shows its own cause only when asked for it.
            let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            next = match inside {
                Some(inside) => Some(inside),
                None => error.source(),
            };
        }
        if connect { Self::Connect(deepest) } else { Self::Other }
    }
}
