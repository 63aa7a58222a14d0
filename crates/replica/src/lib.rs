//! One member's copy of the replicated catalog: consensus, the log, the state machine, and the view to read from.
//!
//! This is the only module that knows openraft; its types do not leave it. It never looks into an entry beyond handing
//! it to [`aliasd_catalog::Catalog::apply`], and knows nothing of users or statements. Whether to propose here or to hand
//! an entry to the leader is the session's choice.
//!
//! # Life of a write
//!
//! 1. [`Replica::propose`] encodes the entry once; the leader appends it to its log and streams it to the others.
//! 2. Each member writes it to its log; one flusher thread syncs for everybody who waits (`log::flusher`).
//! 3. When a quorum has synced it, it is committed, and `machine` applies it: catalog, store, view, in this order.
//! 4. The proposer gets revision and outcome; a read of the view shows the entry by then.
//!
//! # Life of a read
//!
//! [`Replica::view`] costs an atomic load. A linearizable read first calls [`Replica::read_barrier`]: the leader
//! confirms with a quorum that it still leads, and this member waits until it has applied what the leader had committed.
//!
//! # When something breaks
//!
//! A failed sync, an unreadable entry, a full disk or a panic stops the replica: [`Replica::stopped`] tells why, and
//! nothing is served after that. A catalog that differs from the other members' is fenced: [`Replica::serving`].

mod codec;
mod compare;
mod error;
mod fault;
mod feed;
mod forward;
mod handle;
mod log;
mod machine;
mod network;
mod options;
mod read;
mod service;
mod status;
mod supervise;
#[cfg(test)]
mod tests;
mod types;

pub use codec::Malformed;
pub use error::{ClusterError, NotServing, ProposeError, ReadError, StartError, StopReason};
pub use fault::StorageFault;
pub use feed::{AppliedBatch, AppliedEntry, Compacted, Subscription, SubscriptionEnd, Update, View};
pub use handle::Replica;
pub use network::PeerConnector;
pub use options::{MemoryStorage, ReplicaOptions, Storage};
pub use service::{PeerIdentity, PeerService};
pub use status::{MemberStatus, ReplicaRole, ReplicaStatus};
pub use types::{Member, NodeId};
