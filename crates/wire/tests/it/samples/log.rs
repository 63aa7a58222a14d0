//! One sample of every message that lies in the log or beside the records, see `log.proto`.

use aliasd_wire::store::log::{
    AppliedState, Blank, LogEntry, LogId, LogOwner, Loss, Member, MemberIdentity, Membership, Step, StoredMembership,
    SyncWatermark, Undo, Vote, VoterSet, log_entry::Payload,
};
use prost::Message;

const POSITION: LogId = LogId { term: 3, node_id: 2, index: 300 };

fn membership() -> Membership {
    let member = |id: u64| Member {
        id,
        name: format!("node{id}"),
        peer_address: format!("db{id}.example.com:7681"),
        client_address: format!("db{id}.example.com:7680"),
        incarnation: None,
    };
    let voter_sets = [&[1, 2][..], &[2, 3]].map(|ids| VoterSet { ids: ids.to_vec() });
    Membership { voter_sets: voter_sets.to_vec(), members: (1..=4).map(member).collect() }
}

/// As it is once every member's incarnation is recorded.
fn recorded() -> Membership {
    let Membership { voter_sets, mut members } = membership();
    for (member, byte) in members.iter_mut().zip(1..) {
        member.incarnation = Some(vec![byte; 16]);
    }
    Membership { voter_sets, members }
}

fn entry(payload: Payload) -> LogEntry {
    LogEntry { log_id: Some(POSITION), payload: Some(payload) }
}

/// Writes a sample, and reads it back and writes it again out of what was written.
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    pub(crate) written: Vec<u8>,
    pub(crate) rewrite: fn(&[u8]) -> Vec<u8>,
}

fn sample<M: Message + Default>(name: &'static str, message: &M) -> Sample {
    let rewrite = |bytes: &[u8]| M::decode(bytes).expect("frozen bytes are read for ever").encode_to_vec();
    Sample { name, written: message.encode_to_vec(), rewrite }
}

pub(crate) fn log() -> Vec<Sample> {
    let stored = StoredMembership { log_id: Some(POSITION), membership: Some(membership()) };
    let applied = AppliedState {
        last_applied: Some(LogId { index: 301, ..POSITION }),
        membership: Some(stored.clone()),
        digest: (0..32).collect(),
        is_in_log: false,
        history_after: None,
    };
    let logged = AppliedState { is_in_log: true, ..applied.clone() };
    let with_history = AppliedState { history_after: Some(17), ..logged.clone() };
    let undo = |key: &[u8], before: Option<&[u8]>| Undo { key: key.to_vec(), before: before.map(<[u8]>::to_vec) };
    let step = Step { undos: vec![undo(b"new", None), undo(b"altered", Some(&[1, 0, 0xff]))] };
    let unformed = AppliedState {
        last_applied: None,
        membership: Some(StoredMembership { log_id: None, membership: Some(Membership::default()) }),
        digest: vec![0; 32],
        is_in_log: false,
        history_after: None,
    };
    let identity = MemberIdentity {
        node_id: 2,
        incarnation: (0..16).collect(),
        cluster_id: Some((16..32).collect()),
        fenced_at: Some(300),
        removed: false,
        loss: None,
    };
    let lost = Some(Loss { reached: 21, acknowledged: 300 });
    let vote = Vote { term: 3, node_id: 2, committed: true };
    let watermark = SyncWatermark { node_id: 2, sequence: 9, last: Some(POSITION), vote: Some(vote) };
    vec![
        sample("log-id", &POSITION),
        sample("vote", &Vote { term: 3, node_id: 2, committed: true }),
        sample("vote-candidate", &Vote { term: 4, node_id: 1, committed: false }),
        sample("entry-blank", &entry(Payload::Blank(Blank {}))),
        sample("entry-catalog", &entry(Payload::CatalogEntry(vec![1, 0, 0xff, 7]))),
        sample("entry-membership", &entry(Payload::Membership(membership()))),
        sample("entry-membership-recorded", &entry(Payload::Membership(recorded()))),
        sample("membership-stored", &stored),
        sample("applied", &applied),
        sample("applied-nothing", &unformed),
        sample("applied-in-log", &logged),
        sample("applied-with-history", &with_history),
        sample("step", &step),
        sample("owner", &LogOwner { node_id: 2, repeated_node_id: 2 }),
        sample("identity", &identity),
        sample("identity-new", &MemberIdentity { cluster_id: None, fenced_at: None, ..identity.clone() }),
        sample("identity-removed", &MemberIdentity { removed: true, ..identity.clone() }),
        sample("identity-rolled-back", &MemberIdentity { fenced_at: None, loss: lost, ..identity.clone() }),
        sample("watermark", &watermark),
        sample("watermark-nothing", &SyncWatermark { node_id: 2, sequence: 1, last: None, vote: None }),
    ]
}
