//! What a member keeps of the replicated log, as messages: entries, positions, votes, memberships, how far the records
//! reach, who the member is. Whose types they become is for the crate that speaks Raft.

pub use super::proto::{
    AppliedState, Blank, LogEntry, LogId, LogOwner, Member, MemberIdentity, Membership, StoredMembership,
    SyncWatermark, Vote, VoterSet, log_entry,
};
