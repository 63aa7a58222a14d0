//! The members' messages over gRPC: a thin shell around the replica's links and peer server.
//!
//! It carries messages, proves nothing and decides nothing: which node a connection comes from, TLS has established, and
//! what a member may ask, the replica says. Here is the only place where the two meet status codes.

mod links;
mod service;

use std::error::Error;

use aliasd_catalog::error_chain;
use tonic::Status;

pub use self::links::GrpcLinks;
pub use self::service::{PeerIdentity, PeerService};

/// What a status says and what caused it. Its own `Display` shows the cause in a debug form.
fn text(status: &Status) -> String {
    let cause = status.source().map(|cause| format!(": {}", error_chain(cause))).unwrap_or_default();
    format!("{}: {}{cause}", status.code(), status.message())
}
