//! What a member keeps of the replicated log, as messages: entries, positions, votes, memberships, how far the records
//! reach and what led to them, who the member is. Whose types they become is for the crate that speaks Raft.

pub use super::proto::{
    AppliedState, Blank, LogEntry, LogId, LogOwner, Loss, Member, MemberIdentity, Membership, Step, StoredMembership,
    SyncWatermark, Undo, Vote, VoterSet, log_entry,
};
