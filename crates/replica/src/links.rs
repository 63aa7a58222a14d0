//! The way to the other members, in wire messages: what a transport carries, and how it fails.
//!
//! A replica is given [`Links`] and asks through them; what the others ask of it arrives at [`crate::PeerServer`]. The
//! node's transport is gRPC over mutual TLS, a simulator's is a queue. Nothing in this crate knows either, nor any
//! status code of theirs: a transport says what it knows in [`LinkError`] and [`PeerRefusal`].

use std::sync::Arc;

use aliasd_catalog::{ClusterId, error_chain};
use aliasd_wire::peer::v1 as wire;
use futures::future::BoxFuture;
use futures::stream::BoxStream;

use crate::frame::FrameError;
use crate::types::NodeId;

/// A message between members may be this long: a batch of entries, a part of a snapshot, with room to spare.
pub const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// An answer under way.
pub type Call<T> = BoxFuture<'static, Result<T, LinkError>>;

/// Messages as they arrive, until the stream ends or breaks.
pub type Incoming<T> = BoxStream<'static, Result<T, LinkError>>;

/// Makes connections to other members.
pub trait Links: Send + Sync + 'static {
    /// A connection of its own to the member of this id at `host:port`.
    ///
    /// Returns at once and connects when it is used, as often as needed. Whoever answers there must have proved that id
    /// before anything is sent.
    fn link(&self, member: NodeId, address: &str) -> Arc<dyn Link>;
}

/// One connection to one member. It sets no deadlines: every caller does, and gives up a call by dropping it.
pub trait Link: Send + Sync {
    /// Replicates log entries: one answer for each request, in order.
    fn append(&self, requests: BoxStream<'static, wire::AppendRequest>) -> Call<Incoming<wire::AppendReply>>;

    /// Asks for a vote.
    fn vote(&self, request: wire::VoteRequest) -> Call<wire::VoteReply>;

    /// Sends one snapshot. Answered once it is installed.
    fn install_snapshot(&self, parts: BoxStream<'static, wire::SnapshotPart>) -> Call<wire::SnapshotReply>;

    /// Tells who should lead next.
    fn transfer_leader(&self, request: wire::TransferLeaderRequest) -> Call<wire::TransferLeaderReply>;

    /// Asks for the index that a linearizable read must have applied.
    fn read_index(&self, request: wire::ReadIndexRequest) -> Call<wire::ReadIndexReply>;

    /// Hands over an entry.
    fn propose(&self, request: wire::ProposeRequest) -> Call<wire::ProposeReply>;

    /// Asks for a digest.
    fn digest(&self, request: wire::DigestRequest) -> Call<wire::DigestReply>;

    /// Asks the member who it is.
    fn identify(&self, request: wire::IdentifyRequest) -> Call<wire::IdentifyReply>;

    /// Shows a join token.
    fn join(&self, request: wire::JoinRequest) -> Call<wire::JoinReply>;
}

/// Why a link has no answer. With the transport's error and its sources as text, made once: a link may be of any transport,
/// and what a simulator says is compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The member is not there, or did not prove who it is: nothing was sent to it.
    #[error("no connection: {0}")]
    Unreachable(String),
    /// The connection was lost, or something on the way cannot go on: the member may have had the request.
    #[error("the connection was lost: {0}")]
    Lost(String),
    /// The call was given up on the way, by either end or by the connection.
    #[error("the call was interrupted: {0}")]
    Interrupted(String),
    /// The member answered with a refusal.
    #[error("it refuses: {0}")]
    Refused(String),
}

/// What is to be done about a call without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Ask again at once.
    Now,
    /// Ask again, but not at once.
    Later,
}

impl LinkError {
    /// When to ask again. A refusal counts as passing too: the members' addresses, certificates and software change
    /// while they run.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Interrupted(_) => Retry::Now,
            Self::Unreachable(_) | Self::Lost(_) | Self::Refused(_) => Retry::Later,
        }
    }
}

/// Why this member does not do what another one asks. It is told to that member, so what caused it inside this one is text:
/// the error's chain, made once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeerRefusal {
    /// The request cannot be read.
    #[error(transparent)]
    Undecodable(#[from] FrameError),
    /// The request lacks a part, or is not what belongs in this place.
    #[error("{0}")]
    Incomplete(&'static str),
    /// The request speaks for another node than the one that sent it.
    #[error("the request claims to come from node {claimed}, but the certificate proves {proved}")]
    Impersonation {
        /// Whom the request names as its sender.
        claimed: NodeId,
        /// Who sent it.
        proved: NodeId,
    },
    /// The vote speaks for another node than the one that sent it.
    #[error("the vote names another node than the one that sent it")]
    ForeignVote,
    /// The request is meant for another member.
    #[error("this is node {node}, not node {wanted}")]
    Misdirected {
        /// Whom the request is meant for.
        wanted: NodeId,
        /// The node that the request reached.
        node: NodeId,
    },
    /// The request is about another cluster.
    #[error("this node belongs to cluster {ours}, and the request to cluster {theirs}")]
    WrongCluster {
        /// The cluster of this node.
        ours: ClusterId,
        /// The cluster of the request.
        theirs: ClusterId,
    },
    /// The sender stands in no membership that this node knows.
    #[error("node {sender} is no member of this cluster")]
    UnknownMember {
        /// The node that its certificate proves.
        sender: NodeId,
    },
    /// The sender was a member once.
    #[error("node {sender} was removed from this cluster, for ever")]
    Removed {
        /// The node that its certificate proves.
        sender: NodeId,
    },
    /// The sender has the node id of a member, and another data directory.
    #[error("node {sender} is known here with another data directory than the one that it has now")]
    OtherIncarnation {
        /// The node that its certificate proves.
        sender: NodeId,
    },
    /// The request is meant for this node id with another data directory.
    #[error("the data directory of node {node} is not the one that the sender knows it by")]
    ReceiverReplaced {
        /// The node that the request reached.
        node: NodeId,
    },
    /// This node waits to be let into a cluster, and takes messages of no other.
    #[error("this node is to join cluster {ours}, and the request is of cluster {theirs}")]
    JoinsElsewhere {
        /// The cluster of its join token.
        ours: ClusterId,
        /// The cluster of the request.
        theirs: ClusterId,
    },
    /// The entry is in another name than the request says, or in that of the cluster, which only forms it.
    #[error(
        "the entry is not in the name of the user that the request names; the cluster's own name is taken to form it only"
    )]
    ForeignActor,
    /// The request is for a member that can be relied upon, and this one has lost what it had promised.
    #[error(
        "this node has lost entries that it had acknowledged, and takes no part until it has its own data directory"
    )]
    RolledBack,
    /// The request asks for what only a healthy member may do.
    #[error("this node is fenced: its catalog differs from the other members'")]
    Fenced,
    /// This node does not take part any more.
    #[error("this node stops{0}")]
    Stopping(String),
    /// A snapshot is coming in already.
    #[error("another snapshot is coming in")]
    Busy,
    /// Nothing came for too long.
    #[error("the sender of the snapshot fell silent")]
    Silence,
    /// The connection broke while the request came in.
    #[error(transparent)]
    Broken(#[from] LinkError),
    /// The snapshot is not what was sent.
    #[error("{0}")]
    DamagedSnapshot(String),
    /// This node's disk fails.
    #[error("{0}")]
    Storage(String),
    /// A defect of this node.
    #[error("{0}")]
    Internal(String),
}

impl PeerRefusal {
    /// The way out, where there is one to name.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Undecodable(error) => error.hint(),
            Self::Misdirected { .. } | Self::WrongCluster { .. } | Self::JoinsElsewhere { .. } => {
                Some("check the members' peer addresses")
            }
            Self::OtherIncarnation { .. } | Self::ReceiverReplaced { .. } => {
                Some("start the node with its own data directory, or, if that is lost, replace this member")
            }
            _ => None,
        }
    }

    /// What the member that asked is told: it writes one text into its log, so the way out goes with it.
    pub fn text(&self) -> String {
        let chain = error_chain(self);
        self.hint().map_or_else(|| chain.clone(), |hint| format!("{chain}; {hint}"))
    }
}

impl From<PeerRefusal> for LinkError {
    fn from(refusal: PeerRefusal) -> Self {
        Self::Refused(refusal.text())
    }
}
