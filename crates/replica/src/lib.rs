//! One member's copy of the replicated catalog: consensus, the log, the state machine, and the view to read from.
//!
//! This is the only crate that knows openraft; its types do not leave it. It never looks into an entry beyond handing
//! it to [`aliasd_catalog::Catalog::apply`], and knows nothing of users or statements. Whether to propose here or to hand
//! an entry to the leader is the caller's choice.
//!
//! What it works with is handed in: the [`Runtime`](aliasd_runtime::Runtime) (tasks, threads, clock, dice), the [`Links`]
//! to the other members, and where log and catalog are kept ([`Storage`]). It opens no socket and knows no transport; the
//! same code runs in the daemon and in a simulator.
//!
//! # Life of a write
//!
//! 1. [`Replica::propose`] encodes the entry once; the leader appends it to its log and streams it to the others.
//! 2. Each member writes it to its log; one thread writes and syncs for everybody who waits (`log::writer`).
//! 3. When a quorum has synced it, it is committed, and `machine` applies it: catalog, store, view, in this order.
//! 4. The proposer gets revision and outcome; a read of the view shows the entry by then.
//!
//! # Life of a read
//!
//! [`Replica::view`] costs an atomic load, and [`Replica::staleness`] says how fresh the view is known to be: this member asks
//! regularly what it must have applied. A linearizable read first calls [`Replica::read_barrier`]: the leader
//! confirms with a quorum that it still leads, and this member waits until it has applied what the leader had committed.
//!
//! # When something breaks
//!
//! A failed sync, an unreadable entry, a full disk or a panic stops the replica: [`Replica::stopped`] tells why, and
//! nothing is served after that. A catalog that differs from the other members' is fenced: [`Replica::serving`]. What a
//! member is at any time is its [`Lifecycle`].

#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable))]
#![cfg_attr(not(feature = "disk"), allow(dead_code, reason = "some of what is there has no use but on a disk"))]
#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests run on the machine"))]

#[cfg(feature = "disk")]
mod closable;
mod codec;
mod compare;
mod core;
mod descriptors;
#[cfg(feature = "disk")]
mod directory;
mod durable;
mod error;
mod fault;
mod feed;
mod fit;
mod form;
mod frame;
mod freshness;
mod handle;
mod identity;
mod incarnation;
mod join_token;
mod lifecycle;
mod links;
mod log;
mod machine;
mod members;
mod network;
mod observed;
mod options;
mod propose;
mod read;
mod record;
mod roster;
mod runtime;
mod serve;
mod status;
mod storage;
#[cfg(feature = "disk")]
mod stored;
mod strangers;
mod successor;
mod supervise;
#[cfg(test)]
mod tests;
mod types;

pub use descriptors::STORAGE_DESCRIPTORS_MAX;
pub use error::{
    ClusterError, JoinTokenError, NotServing, ProposeError, ReadError, StartError, StopReason, UnstorableError,
};
pub use fault::StorageFault;
pub use feed::{AppliedBatch, AppliedEntry, Compacted, HistoryLimits, Subscription, SubscriptionEnd, View};
pub use frame::{ContentError, FrameError};
pub use handle::Replica;
pub use incarnation::Incarnation;
pub use join_token::{JOIN_SECRET_BYTES, JoinToken, NoJoinTokenError};
pub use lifecycle::{Lifecycle, VoterRole};
pub use links::{Call, Incoming, Link, LinkError, Links, MESSAGE_BYTES_MAX, PeerRefusal, Retry};
pub use machine::faults::InstallStep;
pub use members::level::TooOldError;
pub use members::quorum::QuorumLostError;
pub use observed::{LogReach, LoggedEntry, RaftPosition};
pub use options::{RaftSettings, ReplicaOptions};
pub use serve::PeerServer;
pub use status::{MemberStatus, ReplicaRole, ReplicaStatus};
pub use storage::{MemoryStorage, Storage};
#[cfg(feature = "disk")]
pub use stored::{LookError, StoredMember};
pub use types::{Member, NodeId};
