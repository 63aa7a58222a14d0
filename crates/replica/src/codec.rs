//! Between openraft's types, protobuf messages and the bytes on disk.
//!
//! Whatever is read back is checked: a frame carries its format and a checksum, and a message with a missing part is
//! an error, never a default.

use std::collections::{BTreeMap, BTreeSet};

use aliasd_catalog::{Entry, Record, RecordKey};
use aliasd_wire::store::{self, log as wire};
use prost::Message;

use super::types::{LeaderId, LogEntry, LogId, Member, Membership, Payload, Proposal, StoredMembership, Vote};

/// Format of every frame this version writes.
const FRAME_FORMAT: u8 = 1;
/// Format and checksum.
const FRAME_HEADER_BYTES: usize = 5;

/// Bytes that are not what they should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Too short for a frame.
    #[error("it ends after {0} bytes, inside its header")]
    Short(usize),
    /// Written by a later version.
    #[error("it has format {0}, but this version reads formats up to {FRAME_FORMAT}; run the version that wrote it")]
    Format(u8),
    /// The content changed after it was written.
    #[error("its checksum does not match its content")]
    Checksum,
    /// The content is not the expected message.
    #[error("it is not a valid {what}: {reason}")]
    Content {
        /// The expected message.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
}

impl Malformed {
    pub(crate) fn content(what: &'static str, reason: impl Into<String>) -> Self {
        Self::Content { what, reason: reason.into() }
    }

    fn missing(what: &'static str, part: &str) -> Self {
        Self::content(what, format!("it has no {part}"))
    }
}

/// Puts format and checksum in front of a message.
pub(crate) fn frame(message: &impl Message) -> Vec<u8> {
    let mut bytes = vec![0; FRAME_HEADER_BYTES];
    message.encode(&mut bytes).expect("a vector grows as needed");
    let checksum = crc32c::crc32c(&bytes[FRAME_HEADER_BYTES..]);
    bytes[0] = FRAME_FORMAT;
    bytes[1..FRAME_HEADER_BYTES].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// Checks a frame and decodes its message.
pub(crate) fn unframe<M: Message + Default>(what: &'static str, bytes: &[u8]) -> Result<M, Malformed> {
    let Some((header, body)) = bytes.split_first_chunk::<FRAME_HEADER_BYTES>() else {
        return Err(Malformed::Short(bytes.len()));
    };
    let [format, checksum @ ..] = *header;
    if format != FRAME_FORMAT {
        return Err(Malformed::Format(format));
    }
    if u32::from_le_bytes(checksum) != crc32c::crc32c(body) {
        return Err(Malformed::Checksum);
    }
    M::decode(body).map_err(|error| Malformed::content(what, error.to_string()))
}

/// Encodes a catalog entry that is to be proposed, and makes sure that every member can read it.
pub(crate) fn encode_new_entry(entry: &Entry) -> Result<Vec<u8>, Malformed> {
    store::encode_new_entry(entry).map_err(|error| Malformed::content("catalog entry", error.to_string()))
}

pub(crate) fn decode_entry(bytes: &[u8]) -> Result<Entry, Malformed> {
    store::decode_entry(bytes).map_err(|error| Malformed::content("catalog entry", error.to_string()))
}

pub(crate) fn decode_record(key: &[u8], value: &[u8]) -> Result<(RecordKey, Record), Malformed> {
    store::decode_record(key, value).map_err(|error| Malformed::content("catalog record", error.to_string()))
}

pub(crate) fn log_id_to_wire(id: &LogId) -> wire::LogId {
    wire::LogId { term: id.leader_id.term, node_id: id.leader_id.node_id, index: id.index }
}

pub(crate) fn log_id_from_wire(id: wire::LogId) -> LogId {
    LogId::new(LeaderId { term: id.term, node_id: id.node_id }, id.index)
}

pub(crate) fn vote_to_wire(vote: &Vote) -> wire::Vote {
    wire::Vote { term: vote.leader_id.term, node_id: vote.leader_id.node_id, committed: vote.committed }
}

pub(crate) fn vote_from_wire(vote: Option<wire::Vote>) -> Result<Vote, Malformed> {
    let vote = vote.ok_or_else(|| Malformed::missing("message", "vote"))?;
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

fn member_to_wire(id: u64, member: &Member) -> wire::Member {
    wire::Member {
        id,
        name: member.name.clone(),
        peer_address: member.peer_address.clone(),
        client_address: member.client_address.clone(),
    }
}

pub(crate) fn membership_from_wire(membership: wire::Membership) -> Result<Membership, Malformed> {
    let voter_sets: Vec<BTreeSet<u64>> =
        membership.voter_sets.into_iter().map(|voters| voters.ids.into_iter().collect()).collect();
    let members: BTreeMap<u64, Member> = membership
        .members
        .into_iter()
        .map(|wire::Member { id, name, peer_address, client_address }| {
            (id, Member { name, peer_address, client_address })
        })
        .collect();
    if voter_sets.is_empty() && members.is_empty() {
        return Ok(Membership::default());
    }
    Membership::new(voter_sets, members).map_err(|error| Malformed::content("membership", error.to_string()))
}

pub(crate) fn stored_membership_to_wire(stored: &StoredMembership) -> wire::StoredMembership {
    wire::StoredMembership {
        log_id: stored.log_id().as_ref().map(log_id_to_wire),
        membership: Some(membership_to_wire(stored.membership())),
    }
}

pub(crate) fn stored_membership_from_wire(
    stored: Option<wire::StoredMembership>,
) -> Result<StoredMembership, Malformed> {
    let stored = stored.ok_or_else(|| Malformed::missing("message", "membership"))?;
    let membership = stored.membership.ok_or_else(|| Malformed::missing("membership", "content"))?;
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

pub(crate) fn log_entry_from_wire(entry: wire::LogEntry) -> Result<LogEntry, Malformed> {
    let log_id = entry.log_id.ok_or_else(|| Malformed::missing("log entry", "position"))?;
    let payload = match entry.payload.ok_or_else(|| Malformed::missing("log entry", "payload"))? {
        wire::log_entry::Payload::Blank(_) => Payload::Blank,
        wire::log_entry::Payload::CatalogEntry(bytes) => Payload::Normal(Proposal::decode(bytes)?),
        wire::log_entry::Payload::Membership(membership) => Payload::Membership(membership_from_wire(membership)?),
    };
    Ok(LogEntry { log_id: log_id_from_wire(log_id), payload })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_opened_unchanged_and_refused_after_any_flipped_bit() {
        let message = wire::LogId { term: 3, node_id: 1, index: 77 };
        let framed = frame(&message);
        assert_eq!(unframe::<wire::LogId>("log id", &framed), Ok(message));
        for position in 0..framed.len() * 8 {
            let mut damaged = framed.clone();
            damaged[position / 8] ^= 1 << (position % 8);
            assert!(unframe::<wire::LogId>("log id", &damaged).is_err(), "bit {position}");
        }
        assert_eq!(unframe::<wire::LogId>("log id", &framed[..4]), Err(Malformed::Short(4)));
    }

    #[test]
    fn a_membership_survives_the_way_through_protobuf() {
        let member = |name: &str| Member {
            name: name.to_owned(),
            peer_address: format!("{name}:7681"),
            client_address: format!("{name}:7680"),
        };
        let members = BTreeMap::from([(1, member("one")), (2, member("two")), (3, member("three"))]);
        let joint = vec![BTreeSet::from([1, 2]), BTreeSet::from([2])];
        let stored = StoredMembership::new(
            Some(LogId::new(LeaderId { term: 4, node_id: 2 }, 9)),
            Membership::new(joint, members).unwrap(),
        );
        assert_eq!(stored_membership_from_wire(Some(stored_membership_to_wire(&stored))), Ok(stored));
    }
}
