//! What a caller of the replica may be told, sorted by its next move.
//!
//! Reasons are text where they are kept for later, told to several callers or sent to another member: then the chain of the
//! error is made into text once, here or where it is known, and has no source that would say it again. What openraft reports
//! says its own source in its `Display`, and none of its types leaves the replica.

use std::error::Error;

use aliasd_catalog::{ClusterId, Revision};

use crate::fault::StorageFault;
use crate::frame::FrameError;
use crate::types::NodeId;

/// Why a replica does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The log or the catalog cannot be used.
    #[error(transparent)]
    Storage(#[from] StorageFault),
    /// The options contradict each other.
    #[error("the replica's options are not usable")]
    Options(#[source] Box<dyn Error + Send + Sync>),
    /// The join token is not for this node.
    #[error(transparent)]
    JoinToken(#[from] JoinTokenError),
    /// Log and catalog do not yield a consistent start.
    #[error("the replica cannot start from its log and catalog")]
    Raft(#[source] Box<dyn Error + Send + Sync>),
}

impl StartError {
    pub(crate) fn raft(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Raft(Box::new(error))
    }

    /// The way out, where there is one to name.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Storage(fault) => fault.hint(),
            Self::JoinToken(error) => Some(error.hint().to_owned()),
            Self::Options(_) | Self::Raft(_) => None,
        }
    }
}

/// Why a join token is of no use to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinTokenError {
    /// It is for another node id.
    #[error("the join token is for node {token}, and this is node {node}")]
    OtherNode {
        /// The node that the token is for.
        token: NodeId,
        /// The node that was started with it.
        node: NodeId,
    },
    /// The node belongs to another cluster already.
    #[error("the join token is of cluster {token}, and this node's data directory belongs to cluster {cluster}")]
    OtherCluster {
        /// The cluster of the token.
        token: ClusterId,
        /// The cluster of the data directory.
        cluster: ClusterId,
    },
}

impl JoinTokenError {
    /// The way out.
    pub fn hint(&self) -> &'static str {
        "make one for this node with 'aliasctl cluster add'"
    }
}

/// Why a proposal has no outcome.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProposeError {
    /// This node does not lead. Not proposed; go to that node.
    #[error("node {leader} leads the cluster")]
    ForwardToLeader {
        /// The one that this node follows at present; by the time that it is asked, another may lead.
        leader: NodeId,
    },
    /// No leader is known. Not proposed; try again later.
    #[error("the cluster has no leader at present")]
    Unavailable,
    /// The entry may or may not take effect. Ask again with the same request id.
    #[error("the outcome is unknown: {reason}")]
    OutcomeUnknown {
        /// What ended the wait; a clause for people, without a full stop.
        reason: String,
    },
    /// The entry cannot be stored. Not proposed, never will be.
    #[error("the entry cannot be stored")]
    Unstorable(#[source] UnstorableError),
    /// This node serves nothing any more. Not proposed; go to another node.
    #[error(transparent)]
    Fatal(#[from] NotServing),
}

impl From<FrameError> for ProposeError {
    fn from(error: FrameError) -> Self {
        Self::Unstorable(error.into())
    }
}

/// Why an entry cannot be stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnstorableError {
    /// It would not be read back.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// It would hold up replication.
    #[error("it takes {bytes} bytes, and at most {limit} are allowed")]
    TooLarge {
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
}

/// Why a read cannot be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No leader with a quorum was reached. Try again later, or elsewhere.
    #[error("no leader with a quorum was reached: {reason}")]
    Unavailable {
        /// Why no quorum confirmed the leader; a clause for people, without a full stop.
        reason: String,
    },
    /// This node did not apply the wanted revision in time.
    #[error("this node did not reach revision {wanted} in time; it is at {reached}")]
    Behind {
        /// What the read needs.
        wanted: Revision,
        /// What this node has applied.
        reached: Revision,
    },
    /// This node serves nothing any more. Go to another node.
    #[error(transparent)]
    Fatal(#[from] NotServing),
}

/// This node must not answer from its catalog any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotServing {
    /// The replica stopped.
    #[error("the replica stopped")]
    Stopped(#[source] StopReason),
    /// A cluster knows this node id with another data directory.
    #[error("node {by} knows this node with another data directory than the empty one that it has now")]
    Unrecognised {
        /// Who said so.
        by: NodeId,
    },
    /// The catalog differs from the other members' at the same revision.
    #[error("the catalog of this node differs from the other members' at revision {revision}")]
    Fenced {
        /// Where the difference was seen.
        revision: Revision,
    },
    /// This node does not have what it had acknowledged.
    #[error(
        "this node runs on an older copy of its data directory: its log ends at revision {reached}, and it had acknowledged revision {acknowledged}"
    )]
    RolledBack {
        /// Where its log ends.
        reached: Revision,
        /// What it had acknowledged to the leader.
        acknowledged: Revision,
    },
    /// The cluster goes on without this node.
    #[error("this node was removed from the cluster")]
    Removed,
}

impl NotServing {
    /// The way out, where there is one to name.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Stopped(reason) => reason.hint(),
            Self::Unrecognised { .. } => Some(
                "start this node with the directory that it had, or, if that is lost, leave it stopped and replace it by a \
                 node with another id ('aliasctl cluster replace OLD NEW'): it cannot come back under its own",
            ),
            Self::Fenced { .. } => Some(
                "keep its data directory for a report, and replace it by a node with another id ('aliasctl cluster replace OLD \
                 NEW')",
            ),
            Self::RolledBack { .. } => Some(
                "put the directory back as it was when this node last ran; if that is lost, leave the node stopped and \
                 replace it by a node with another id ('aliasctl cluster replace OLD NEW')",
            ),
            Self::Removed => Some("to take part again it needs an empty data directory and a new node id"),
        }
    }
}

/// Why a replica stopped. Kept, and told to whoever asks from then on; so a failure is text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StopReason {
    /// It was asked to.
    #[error("it was shut down")]
    Shutdown,
    /// It cannot go on.
    #[error("{reason}")]
    Failed {
        /// What happened and what caused it: the error's chain, made into text once.
        reason: String,
        /// The way out, where there is one to name.
        hint: Option<String>,
    },
}

impl StopReason {
    /// A failure with no way out to name.
    pub(crate) fn failed(reason: impl Into<String>) -> Self {
        Self::Failed { reason: reason.into(), hint: None }
    }

    /// The way out, where there is one to name.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Shutdown => None,
            Self::Failed { hint, .. } => hint.as_deref(),
        }
    }
}

/// Why a cluster is not formed or changed.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The cluster exists already, or this node belongs to one.
    #[error("this node already belongs to a cluster")]
    AlreadyInitialized,
    /// The members are not usable.
    #[error("{0}")]
    Members(String),
    /// Some of the other members do not answer, or are not empty. Nothing was done.
    #[error("{0}")]
    NotReady(String),
    /// Who this member is could not be written.
    #[error("the identity of this member could not be written")]
    Storage(#[source] StorageFault),
    /// The voter that was named, or every other one, cannot take the leadership now. Nothing was done.
    #[error("the leadership is not given away: {0}")]
    NoSuccessor(String),
    /// The leadership was given away, and whoever was to take it did not.
    #[error("the leadership was not taken over: {0}")]
    Transfer(String),
    /// This node serves nothing any more.
    #[error(transparent)]
    Fatal(#[from] NotServing),
}
