//! What a replica tells about itself.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aliasd_catalog::{Digest, Revision};
use openraft::{RaftMetrics, ServerState};

use crate::incarnation::Incarnation;
use crate::lifecycle::Lifecycle;
use crate::types::{Member, NodeId, TypeConfig};

/// The part a member plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplicaRole {
    /// Receives the log and has no vote.
    Learner,
    /// Follows a leader.
    Follower,
    /// Asks for votes.
    Candidate,
    /// Was elected: proposes entries and sends them to the others.
    Leader,
    /// Does nothing any more.
    Stopped,
}

/// One member of the cluster as this member sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberStatus {
    /// How it is reached.
    pub member: Member,
    /// The incarnation that it must prove; `None` if version 0.1 recorded it and nobody has since.
    pub incarnation: Option<Incarnation>,
    /// Whether it votes.
    pub voter: bool,
    /// The last entry known to be in its log; only a leader knows.
    pub matched: Option<Revision>,
    /// Whether it answered when it was last asked anything; `None` for this member itself, and until it was asked.
    pub answers: Option<bool>,
    /// For how long it has answered nothing that this member asked it; `None` while it answers, and until it was asked.
    pub silent_for: Option<Duration>,
    /// The shortest round trip to it of late; `None` for this member itself, and until it has answered.
    pub round_trip: Option<Duration>,
    /// Whether that is more than Raft's timings are made for, by enough measurements to say so.
    pub is_too_far: bool,
    /// Why it does not take part at present, in its own words; `None` as far as is known, if it does.
    pub amiss: Option<String>,
}

/// What a replica knows of itself and, where it leads, of the other members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicaStatus {
    /// The id of the node that runs this replica.
    pub node: NodeId,
    /// Whether it serves, and if not, why.
    pub lifecycle: Lifecycle,
    /// Its part in the present term.
    pub role: ReplicaRole,
    /// The highest Raft term that it has seen; rises with every election, never falls.
    pub term: u64,
    /// The leader it knows.
    pub leader: Option<NodeId>,
    /// Every voter and learner of the latest membership in the log, this node included.
    pub members: BTreeMap<NodeId, MemberStatus>,
    /// The last entry in its log.
    pub last_log: Option<Revision>,
    /// The last entry that it knows to be committed.
    pub committed: Option<Revision>,
    /// The last entry that its view contains.
    pub applied: Revision,
    /// The last entry in its latest snapshot.
    pub snapshot: Option<Revision>,
    /// The last entry that its log no longer holds.
    pub purged: Option<Revision>,
    /// The digest of its view.
    pub digest: Digest,
    /// Where its catalog was seen to differ from the others'.
    pub fenced: Option<Revision>,
    /// Members that have lost what they had acknowledged; only a leader knows.
    pub rolled_back: BTreeSet<NodeId>,
    /// Nodes whose messages this member has refused of late, and why.
    pub refused: BTreeMap<NodeId, String>,
    /// The longest round trip to a member that the timings are made for.
    pub round_trip_max: Duration,
    /// Syncs of the log device.
    pub log_syncs: u64,
    /// Appends and votes that these syncs made durable.
    pub log_writes: u64,
}

/// The members that Raft's metrics show.
pub(crate) fn members(metrics: &RaftMetrics<TypeConfig>) -> BTreeMap<NodeId, MemberStatus> {
    let voters: Vec<NodeId> = metrics.membership_config.voter_ids().collect();
    metrics
        .membership_config
        .nodes()
        .map(|(id, member)| {
            let replication = metrics.replication.as_ref().and_then(|replication| replication.get(id));
            let matched = replication.and_then(|matched| matched.as_ref()).map(|log_id| Revision(log_id.index));
            (
                *id,
                MemberStatus {
                    member: member.member.clone(),
                    incarnation: member.incarnation,
                    voter: voters.contains(id),
                    matched,
                    answers: None,
                    silent_for: None,
                    round_trip: None,
                    is_too_far: false,
                    amiss: None,
                },
            )
        })
        .collect()
}

pub(crate) fn role(state: ServerState) -> ReplicaRole {
    match state {
        ServerState::Learner => ReplicaRole::Learner,
        ServerState::Follower => ReplicaRole::Follower,
        ServerState::Candidate => ReplicaRole::Candidate,
        ServerState::Leader => ReplicaRole::Leader,
        ServerState::Shutdown => ReplicaRole::Stopped,
    }
}
