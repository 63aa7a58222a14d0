//! What a simulator sees of a member and of its "disk" in memory, beyond what any caller needs.
//!
//! Positions and votes are shown in the form in which members send them to each other. Nothing here changes anything.

use aliasd_catalog::RequestId;
use aliasd_wire::store::log as wire;
use openraft::ServerState;

use crate::codec::{log_id_to_wire, vote_to_wire};
use crate::handle::Replica;
use crate::log::end::LogEnd;
use crate::storage::MemoryStorage;
use crate::types::{LogEntry, Payload};

/// How far a member's Raft is. Cheap to take: nothing is copied but numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RaftPosition {
    /// The latest vote that it has given, durably.
    pub vote: wire::Vote,
    /// Whether it leads by that vote.
    pub leads: bool,
    /// The index of the last entry in its log.
    pub last: Option<u64>,
    /// The last entry that it knows to be committed.
    pub committed: Option<wire::LogId>,
    /// The last entry that its machine has applied.
    pub applied: Option<wire::LogId>,
    /// The last entry in its latest snapshot.
    pub snapshot: Option<wire::LogId>,
    /// The last entry that its log no longer holds.
    pub purged: Option<wire::LogId>,
}

/// How far a log reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogReach {
    /// The last vote in it.
    pub vote: Option<wire::Vote>,
    /// The last position, be it an entry or where the log was purged.
    pub last: Option<wire::LogId>,
    /// Where it was purged.
    pub purged: Option<wire::LogId>,
}

/// What tells an entry of the log from every other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoggedEntry {
    /// Who proposed it, and where.
    pub id: wire::LogId,
    /// The request that it carries; none for the entries that Raft makes for itself.
    pub request: Option<RequestId>,
    /// A checksum of what it carries.
    pub checksum: u32,
}

impl LogReach {
    fn of(end: LogEnd) -> Self {
        Self {
            vote: end.vote.as_ref().map(vote_to_wire),
            last: end.last.as_ref().map(log_id_to_wire),
            purged: end.purged.as_ref().map(log_id_to_wire),
        }
    }
}

impl LoggedEntry {
    fn of(entry: &LogEntry) -> Self {
        let (request, checksum) = match &entry.payload {
            Payload::Normal(proposal) => (Some(proposal.entry().request), crc32c::crc32c(proposal.encoded())),
            Payload::Blank => (None, 0),
            Payload::Membership(membership) => (None, crc32c::crc32c(format!("{membership:?}").as_bytes())),
        };
        Self { id: log_id_to_wire(&entry.log_id), request, checksum }
    }
}

impl Replica {
    /// How far Raft is here.
    pub fn raft_position(&self) -> RaftPosition {
        self.core.observe(|metrics| RaftPosition {
            vote: vote_to_wire(&metrics.vote),
            leads: metrics.state == ServerState::Leader,
            last: metrics.last_log_index,
            committed: metrics.local_committed.as_ref().map(log_id_to_wire),
            applied: metrics.last_applied.as_ref().map(log_id_to_wire),
            snapshot: metrics.snapshot.as_ref().map(log_id_to_wire),
            purged: metrics.purged.as_ref().map(log_id_to_wire),
        })
    }
}

impl MemoryStorage {
    /// How far the log is durable.
    pub fn durable_log(&self) -> LogReach {
        LogReach::of(self.log.durable_end())
    }

    /// What the log holds at an index, flushed or not.
    pub fn logged(&self, index: u64) -> Option<LoggedEntry> {
        self.log.look_at(index, LoggedEntry::of)
    }

    /// What is durable, on another "disk": a copy of the data directory as it is now.
    pub fn copied(&self) -> Self {
        Self { log: self.log.copied(), catalog: self.catalog.copied(), identity: self.identity.copied() }
    }
}
