//! What went wrong with an attempt, and whether it can have had an effect.
//!
//! A status that aliasd made says so itself. Anything else broke on the way; then the chain of causes tells
//! whether the request can have been sent at all.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use tonic::{Code, ConnectError, Status, TimeoutExpired};

use crate::address::Address;
use crate::{Class, Error};

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
pub(crate) struct Failure {
    pub(crate) error: Error,
    /// The failure is the member's own word, not something that broke on the way.
    pub(crate) member_answered: bool,
    /// TLS refused, here or there.
    pub(crate) distrusted: bool,
}

impl Failure {
    pub(crate) fn new(status: &Status, address: &Address) -> Self {
        let error = Error::from_status(status);
        if error.code != aliasd_wire::error::TRANSPORT {
            return Self { error, member_answered: true, distrusted: false };
        }
        let cause = Cause::of(status);
        let error = match cause {
            Cause::Tls(problem) => Error::retry_here(UNTRUSTED, format!("No TLS connection to {address}: {problem}."))
                .with_hint("Compare the CA certificate and the client certificate with those of the cluster."),
            Cause::Connect(problem) => unreachable(address, &problem),
            Cause::Other if status.code() == Code::Unimplemented => {
                error.with_hint("The member is of another version.")
            }
            Cause::Other => {
                Error { message: format!("The connection to {address} broke: {}.", error.message), ..error }
            }
        };
        // Without a cause it is a status that was sent, by something that stands before the member.
        let member_answered = error.class == Class::Rejected;
        Self { distrusted: error.code == UNTRUSTED, error, member_answered }
    }

    /// An attempt whose time was over before there was a connection to send it on.
    pub(crate) fn no_connection(address: &Address, limit: Duration) -> Self {
        let error = unreachable(address, &format!("no connection within {limit:.1?}"));
        Self { error, member_answered: false, distrusted: false }
    }

    /// An attempt that got no answer in time.
    pub(crate) fn no_answer(address: &Address, limit: Duration) -> Self {
        let error = Error::outcome_unknown(DEADLINE_EXCEEDED, format!("{address} gave no answer within {limit:.1?}."))
            .with_grpc_code(Code::DeadlineExceeded);
        Self { error, member_answered: false, distrusted: false }
    }

    /// The error of a write that may have had its effect.
    pub(crate) fn outcome_unknown(last: Option<Self>) -> Error {
        let error = match last {
            Some(Self { error, member_answered: true, .. }) if error.class == Class::OutcomeUnknown => error,
            last => {
                let why = last.map_or_else(String::new, |last| format!(" {}", last.error.message));
                Error::outcome_unknown(
                    OUTCOME_UNKNOWN,
                    format!("It is not known whether the request took effect.{why}"),
                )
            }
        };
        if error.hint.is_empty() {
            error.with_hint("Look whether it took effect, or send it again with the same request id.")
        } else {
            error
        }
    }

    /// The error of a call that had no effect: it may be made again.
    pub(crate) fn without_effect(self) -> Error {
        Error { class: Class::RetryHere, ..self.error }
    }

    /// The error of a call that never came to its first attempt.
    pub(crate) fn no_time() -> Error {
        Error::retry_here(DEADLINE_EXCEEDED, "The deadline was over before a member could be asked.")
            .with_grpc_code(Code::DeadlineExceeded)
    }
}

fn unreachable(address: &Address, problem: &str) -> Error {
    Error::retry_here(UNREACHABLE, format!("Cannot reach {address}: {problem}."))
        .with_hint("Check the endpoints and that the nodes are running.")
}

/// An answer that the protocol does not know.
pub(crate) fn invalid_answer(what: &str) -> Error {
    let message = format!("The member's answer is invalid: {what}.");
    Error { code: ANSWER_INVALID.to_owned(), ..Error::bug(message) }
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

/// Why a request may not have arrived.
enum Cause {
    /// TLS refused, here or at the member; the request was not processed.
    Tls(String),
    /// There was no connection; the request was not sent.
    Connect(String),
    /// Anything else; the request may have been processed.
    Other,
}

impl Cause {
    fn of(status: &Status) -> Self {
        let mut connect = false;
        let mut deepest = String::new();
        let mut next: Option<&(dyn StdError + 'static)> = status.source();
        while let Some(error) = next {
            // A request that was still waiting for the connection when that ended is cancelled, not sent.
            connect |= error.is::<ConnectError>();
            connect |= error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_canceled);
            if let Some(tls) = error.downcast_ref::<rustls::Error>() {
                return Self::Tls(tls.to_string());
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
