//! Between openraft's types and protobuf messages.
//!
//! A message with a missing part is an error, never a default.

use std::collections::{BTreeMap, BTreeSet};

use aliasd_wire::peer::v1 as peer;
use aliasd_wire::store::log as wire;

use openraft::raft::{
    AppendEntriesRequest, StreamAppendError, StreamAppendResult, TransferLeaderError, TransferLeaderResponse,
};

use crate::frame::FrameError;
use crate::incarnation::Incarnation;
use crate::types::{
    LeaderId, LogEntry, LogId, Member, Membership, Payload, Proposal, RecordedMember, StoredMembership, TypeConfig,
    Vote,
};

pub(crate) fn log_id_to_wire(id: &LogId) -> wire::LogId {
    wire::LogId { term: id.leader_id.term, node_id: id.leader_id.node_id, index: id.index }
}

pub(crate) fn log_id_from_wire(id: wire::LogId) -> LogId {
    LogId::new(LeaderId { term: id.term, node_id: id.node_id }, id.index)
}

pub(crate) fn vote_to_wire(vote: &Vote) -> wire::Vote {
    wire::Vote { term: vote.leader_id.term, node_id: vote.leader_id.node_id, committed: vote.committed }
}

pub(crate) fn vote_from_wire(vote: Option<wire::Vote>) -> Result<Vote, FrameError> {
    let vote = vote.ok_or_else(|| FrameError::missing("message", "vote"))?;
    let leader_id = LeaderId { term: vote.term, node_id: vote.node_id };
    Ok(Vote { leader_id, committed: vote.committed })
}

pub(crate) fn membership_to_wire(membership: &Membership) -> wire::Membership {
    wire::Membership {
        voter_sets: membership
            .get_joint_config()
            .iter()
            .map(|voters| wire::VoterSet { ids: voters.iter().copied().collect() })
            .collect(),
        members: membership.nodes().map(|(id, member)| member_to_wire(*id, member)).collect(),
    }
}

fn member_to_wire(id: u64, RecordedMember { member, incarnation }: &RecordedMember) -> wire::Member {
    wire::Member {
        id,
        name: member.name.clone(),
        peer_address: member.peer_address.clone(),
        client_address: member.client_address.clone(),
        incarnation: incarnation.map(Incarnation::to_wire),
    }
}

fn member_from_wire(member: wire::Member) -> Result<(u64, RecordedMember), FrameError> {
    let wire::Member { id, name, peer_address, client_address, incarnation } = member;
    let incarnation = incarnation.as_deref().map(Incarnation::from_wire).transpose()?;
    Ok((id, RecordedMember { member: Member { name, peer_address, client_address }, incarnation }))
}

pub(crate) fn membership_from_wire(membership: wire::Membership) -> Result<Membership, FrameError> {
    let voter_sets: Vec<BTreeSet<u64>> =
        membership.voter_sets.into_iter().map(|voters| voters.ids.into_iter().collect()).collect();
    let members = membership.members.into_iter().map(member_from_wire);
    let members: BTreeMap<u64, RecordedMember> = members.collect::<Result<_, _>>()?;
    if voter_sets.is_empty() && members.is_empty() {
        return Ok(Membership::default());
    }
    Membership::new(voter_sets, members).map_err(|error| FrameError::finding("membership", error.to_string()))
}

pub(crate) fn stored_membership_to_wire(stored: &StoredMembership) -> wire::StoredMembership {
    wire::StoredMembership {
        log_id: stored.log_id().as_ref().map(log_id_to_wire),
        membership: Some(membership_to_wire(stored.membership())),
    }
}

pub(crate) fn stored_membership_from_wire(
    stored: Option<wire::StoredMembership>,
) -> Result<StoredMembership, FrameError> {
    let stored = stored.ok_or_else(|| FrameError::missing("message", "membership"))?;
    let membership = stored.membership.ok_or_else(|| FrameError::missing("membership", "content"))?;
    Ok(StoredMembership::new(stored.log_id.map(log_id_from_wire), membership_from_wire(membership)?))
}

pub(crate) fn log_entry_to_wire(entry: &LogEntry) -> wire::LogEntry {
    let payload = match &entry.payload {
        Payload::Blank => wire::log_entry::Payload::Blank(wire::Blank {}),
        Payload::Normal(proposal) => wire::log_entry::Payload::CatalogEntry(proposal.encoded().to_vec()),
        Payload::Membership(membership) => wire::log_entry::Payload::Membership(membership_to_wire(membership)),
    };
    wire::LogEntry { log_id: Some(log_id_to_wire(&entry.log_id)), payload: Some(payload) }
}

pub(crate) fn log_entry_from_wire(entry: wire::LogEntry) -> Result<LogEntry, FrameError> {
    let log_id = entry.log_id.ok_or_else(|| FrameError::missing("log entry", "position"))?;
    let payload = match entry.payload.ok_or_else(|| FrameError::missing("log entry", "payload"))? {
        wire::log_entry::Payload::Blank(_) => Payload::Blank,
        wire::log_entry::Payload::CatalogEntry(bytes) => Payload::Normal(Proposal::decode(bytes)?),
        wire::log_entry::Payload::Membership(membership) => Payload::Membership(membership_from_wire(membership)?),
    };
    Ok(LogEntry { log_id: log_id_from_wire(log_id), payload })
}

pub(crate) fn append_request_to_wire(
    route: Option<peer::Route>,
    request: &AppendEntriesRequest<TypeConfig>,
    acknowledged: Option<LogId>,
) -> peer::AppendRequest {
    peer::AppendRequest {
        route,
        vote: Some(vote_to_wire(&request.vote)),
        previous: request.prev_log_id.as_ref().map(log_id_to_wire),
        entries: request.entries.iter().map(log_entry_to_wire).collect(),
        leader_commit: request.leader_commit.as_ref().map(log_id_to_wire),
        acknowledged: acknowledged.as_ref().map(log_id_to_wire),
    }
}

pub(crate) fn append_request_from_wire(
    request: peer::AppendRequest,
) -> Result<AppendEntriesRequest<TypeConfig>, FrameError> {
    Ok(AppendEntriesRequest {
        vote: vote_from_wire(request.vote)?,
        prev_log_id: request.previous.map(log_id_from_wire),
        entries: request.entries.into_iter().map(log_entry_from_wire).collect::<Result<_, _>>()?,
        leader_commit: request.leader_commit.map(log_id_from_wire),
    })
}

pub(crate) fn append_reply_to_wire(result: &StreamAppendResult<TypeConfig>) -> peer::AppendReply {
    use peer::append_reply::Result as Reply;
    let result = match result {
        Ok(matched) => Reply::Matched(peer::Matched { log_id: matched.as_ref().map(log_id_to_wire) }),
        Err(StreamAppendError::Conflict(at)) => Reply::Conflict(log_id_to_wire(at)),
        Err(StreamAppendError::HigherVote(vote)) => Reply::HigherVote(vote_to_wire(vote)),
    };
    peer::AppendReply { result: Some(result) }
}

pub(crate) fn append_reply_from_wire(reply: peer::AppendReply) -> Result<StreamAppendResult<TypeConfig>, FrameError> {
    use peer::append_reply::Result as Reply;
    Ok(match reply.result.ok_or_else(|| FrameError::finding("answer", "it is empty"))? {
        Reply::Matched(matched) => Ok(matched.log_id.map(log_id_from_wire)),
        Reply::Conflict(at) => Err(StreamAppendError::Conflict(log_id_from_wire(at))),
        Reply::HigherVote(vote) => Err(StreamAppendError::HigherVote(vote_from_wire(Some(vote))?)),
    })
}

pub(crate) fn transfer_answer_from_wire(
    reply: peer::TransferLeaderReply,
) -> Result<TransferLeaderResponse<TypeConfig>, FrameError> {
    use peer::transfer_leader_reply::Result as Answer;
    Ok(match reply.result.ok_or_else(|| FrameError::finding("answer", "it is empty"))? {
        Answer::Accepted(_) => Ok(()),
        Answer::VoteChanged(changed) => Err(TransferLeaderError::VoteChanged {
            expected: vote_from_wire(changed.expected)?,
            actual: vote_from_wire(changed.actual)?,
        }),
        Answer::LogNotFlushed(log) => Err(TransferLeaderError::LogNotFlushed {
            expected: log.expected.map(log_id_from_wire),
            actual: log.actual.map(log_id_from_wire),
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_membership_survives_the_way_through_protobuf() {
        let member = |name: &str, incarnation| RecordedMember {
            member: Member {
                name: name.to_owned(),
                peer_address: format!("{name}:7681"),
                client_address: format!("{name}:7680"),
            },
            incarnation,
        };
        let incarnation = Some(Incarnation([3; 16]));
        let members = [(1, member("one", incarnation)), (2, member("two", None)), (3, member("three", incarnation))];
        let members = BTreeMap::from(members);
        let joint = vec![BTreeSet::from([1, 2]), BTreeSet::from([2])];
        let stored = StoredMembership::new(
            Some(LogId::new(LeaderId { term: 4, node_id: 2 }, 9)),
            Membership::new(joint, members).unwrap(),
        );
        assert_eq!(stored_membership_from_wire(Some(stored_membership_to_wire(&stored))), Ok(stored));
    }
}
