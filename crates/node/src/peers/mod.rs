//! The members' messages over gRPC: a thin shell around the replica's links and peer server.
//!
//! It carries messages, proves nothing and decides nothing: which node a connection comes from, TLS has established, and
//! what a member may ask, the replica says. Here is the only place where the two meet status codes.

mod links;
mod service;

pub use self::links::GrpcLinks;
pub use self::service::{PeerIdentity, PeerService};
