//! How openraft is configured for aliasd, and short names for its types.
//!
//! Nothing here leaves the replica: its public surface speaks of revisions, entries and members.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use aliasd_catalog::{Entry, Outcome, Revision};
use openraft::alias;
use openraft::errors::ErrorSource;

use crate::fault::Ending;
use crate::frame::{self, FrameError};
use crate::incarnation::Incarnation;
use crate::runtime::raft::RaftRuntime;

/// Names a member for the whole life of the cluster; never given to another one.
pub type NodeId = u64;

/// Where a member is reached and how it is shown. Stored in the log with the membership.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// Name shown to people.
    pub name: String,
    /// `host:port` where other members reach it.
    pub peer_address: String,
    /// `host:port` where clients reach it.
    pub client_address: String,
}

impl Member {
    /// A node that peers and clients reach at these addresses, by the name that people are shown.
    #[must_use]
    pub fn of(node: NodeId, peer_address: String, client_address: String) -> Self {
        Self { name: format!("node-{node}"), peer_address, client_address }
    }
}

/// A member as the membership in the log records it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RecordedMember {
    pub(crate) member: Member,
    /// What the member must prove. `None`: version 0.1 wrote this membership, and nobody has recorded it since.
    pub(crate) incarnation: Option<Incarnation>,
}

/// A catalog entry on its way through the log, encoded once by whoever saw it first.
///
/// Cheap to clone: the log's tail, replication and apply share one allocation.
#[derive(Clone)]
pub(crate) struct Proposal(Arc<ProposalParts>);

struct ProposalParts {
    entry: Arc<Entry>,
    encoded: Vec<u8>,
}

impl Proposal {
    /// Encodes an entry that is to be proposed.
    pub(crate) fn new(entry: Entry) -> Result<Self, FrameError> {
        let encoded = frame::encode_new_entry(&entry)?;
        Ok(Self(Arc::new(ProposalParts { entry: Arc::new(entry), encoded })))
    }

    /// Takes an entry that came over the network or from the log.
    pub(crate) fn decode(encoded: Vec<u8>) -> Result<Self, FrameError> {
        let entry = Arc::new(frame::decode_entry(&encoded)?);
        Ok(Self(Arc::new(ProposalParts { entry, encoded })))
    }

    pub(crate) fn entry(&self) -> &Arc<Entry> {
        &self.0.entry
    }

    pub(crate) fn encoded(&self) -> &[u8] {
        &self.0.encoded
    }
}

impl PartialEq for Proposal {
    fn eq(&self, other: &Self) -> bool {
        self.0.encoded == other.0.encoded
    }
}

/// Shows the request id only: openraft prints payloads in its traces.
impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "request {}", self.0.entry.request)
    }
}

impl fmt::Debug for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The way of an error through openraft, which adds what it was doing.
impl ErrorSource for Ending {
    fn from_error<E: Error + 'static>(error: &E) -> Self {
        Self::of(error)
    }

    fn from_string(message: impl ToString) -> Self {
        Self { reason: message.to_string(), hint: None }
    }
}

/// What applying an entry answers: the revision of its effect and the outcome, or nothing for the entries that Raft makes
/// for itself.
pub(crate) type Response = Option<(Revision, Outcome)>;

openraft::declare_raft_types!(
    /// Consensus over catalog entries.
    pub(crate) TypeConfig:
        D = Proposal,
        R = Response,
        NodeId = NodeId,
        Node = RecordedMember,
        ErrorSource = Ending,
        AsyncRuntime = RaftRuntime,
);

pub(crate) type LogId = alias::LogIdOf<TypeConfig>;
pub(crate) type LeaderId = alias::LeaderIdOf<TypeConfig>;
pub(crate) type Vote = alias::VoteOf<TypeConfig>;
pub(crate) type LogEntry = alias::EntryOf<TypeConfig>;
pub(crate) type Payload = alias::PayloadOf<TypeConfig>;
pub(crate) type Membership = openraft::Membership<NodeId, RecordedMember>;
pub(crate) type StoredMembership = alias::StoredMembershipOf<TypeConfig>;
pub(crate) type SnapshotMeta = alias::SnapshotMetaOf<TypeConfig>;
pub(crate) type FlushCallback = openraft::storage::IOFlushed<TypeConfig>;
