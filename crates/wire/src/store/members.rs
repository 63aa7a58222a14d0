//! What is agreed on about the members, and the steps that change it.

use std::collections::BTreeMap;

use aliasd_catalog::{
    Invitation, JoinTokenHash, JoinedMember, MemberChange, MemberChangeKind, MemberIncarnation, MemberLedger,
    MemberStep, ReplacedMember, Timestamp,
};

use super::FieldError;
use super::parts::{array, stamp, stamp_from};
use super::proto::{self, member_change::Kind, member_step::Step};

pub(super) fn step(step: &MemberStep) -> proto::MemberStep {
    let step = match step {
        MemberStep::Invite { node, invitation: it } => {
            Step::Invite(proto::InviteMember { node_id: *node, invitation: Some(invitation(it)) })
        }
        MemberStep::Promote { node } => Step::Promote(*node),
        MemberStep::Remove { node, incarnation } => Step::Remove(directory(*node, *incarnation)),
        MemberStep::Admit { node, shown } => {
            Step::Admit(proto::AdmitMember { node_id: *node, shown: Some(joined(*shown)) })
        }
        MemberStep::Finish { node, begun, replaced_is_gone } => Step::Finish(proto::FinishMemberChange {
            node_id: *node,
            begun: Some(stamp(*begun)),
            replaced_is_gone: *replaced_is_gone,
        }),
    };
    proto::MemberStep { step: Some(step) }
}

pub(super) fn step_from(stored: proto::MemberStep) -> Result<MemberStep, FieldError> {
    Ok(match stored.step.ok_or_else(|| FieldError::missing("step"))? {
        Step::Invite(proto::InviteMember { node_id, invitation }) => {
            let invitation = invitation.ok_or_else(|| FieldError::missing("invitation"))?;
            MemberStep::Invite { node: node_id, invitation: invitation_from(invitation)? }
        }
        Step::Promote(node) => MemberStep::Promote { node },
        Step::Remove(directory) => {
            let (node, incarnation) = directory_from(&directory)?;
            MemberStep::Remove { node, incarnation }
        }
        Step::Admit(proto::AdmitMember { node_id, shown }) => {
            let shown = shown.ok_or_else(|| FieldError::missing("shown"))?;
            MemberStep::Admit { node: node_id, shown: joined_from(&shown)? }
        }
        Step::Finish(proto::FinishMemberChange { node_id, begun, replaced_is_gone }) => {
            MemberStep::Finish { node: node_id, begun: stamp_from(begun, "begun")?, replaced_is_gone }
        }
    })
}

pub(super) fn ledger(ledger: &MemberLedger) -> proto::MemberLedger {
    let MemberLedger { change: running, joined: members, retired } = ledger;
    proto::MemberLedger {
        change: running.as_ref().map(change),
        joined: members.iter().map(|(node, member)| (*node, joined(*member))).collect(),
        retired: retired.iter().map(|(node, incarnation)| directory(*node, *incarnation)).collect(),
    }
}

pub(super) fn ledger_from(stored: proto::MemberLedger) -> Result<MemberLedger, FieldError> {
    let proto::MemberLedger { change, joined, retired } = stored;
    let joined = joined.iter().map(|(node, member)| Ok((*node, joined_from(member)?)));
    let known = retired.len();
    let retired: BTreeMap<_, _> = retired.iter().map(directory_from).collect::<Result<_, FieldError>>()?;
    if retired.len() < known {
        return Err(FieldError::damaged("a node is retired twice"));
    }
    Ok(MemberLedger {
        change: change.map(change_from).transpose()?,
        joined: joined.collect::<Result<_, FieldError>>()?,
        retired,
    })
}

fn change(change: &MemberChange) -> proto::MemberChange {
    let MemberChange { node, kind, begun } = change;
    let kind = match kind {
        MemberChangeKind::Add(it) => Kind::Add(invitation(it)),
        MemberChangeKind::Promote => Kind::Promote(()),
        MemberChangeKind::Remove { incarnation, replaces } => Kind::Remove(proto::RemovedIncarnation {
            incarnation: incarnation.map(|it| it.0.to_vec()),
            replaces: replaces.map(replaced),
        }),
    };
    proto::MemberChange { node_id: *node, begun: Some(stamp(*begun)), kind: Some(kind) }
}

fn change_from(stored: proto::MemberChange) -> Result<MemberChange, FieldError> {
    let proto::MemberChange { node_id, begun, kind } = stored;
    let kind = match kind.ok_or_else(|| FieldError::missing("kind"))? {
        Kind::Add(invitation) => MemberChangeKind::Add(invitation_from(invitation)?),
        Kind::Promote(()) => MemberChangeKind::Promote,
        Kind::Remove(proto::RemovedIncarnation { incarnation: it, replaces }) => MemberChangeKind::Remove {
            incarnation: incarnation(it.as_deref())?,
            replaces: replaces.as_ref().map(replaced_from).transpose()?,
        },
    };
    Ok(MemberChange { node: node_id, kind, begun: stamp_from(begun, "begun")? })
}

fn invitation(invitation: &Invitation) -> proto::Invitation {
    let Invitation { peer_address, client_address, learner, replaces, token, expires_at } = invitation;
    proto::Invitation {
        peer_address: peer_address.clone(),
        client_address: client_address.clone(),
        learner: *learner,
        replaces: replaces.map(replaced),
        token_hash: token.0.to_vec(),
        expires_at_ms: expires_at.0,
    }
}

fn invitation_from(stored: proto::Invitation) -> Result<Invitation, FieldError> {
    let proto::Invitation { peer_address, client_address, learner, replaces, token_hash, expires_at_ms } = stored;
    Ok(Invitation {
        peer_address,
        client_address,
        learner,
        replaces: replaces.as_ref().map(replaced_from).transpose()?,
        token: JoinTokenHash(array(&token_hash, "token hash")?),
        expires_at: Timestamp(expires_at_ms),
    })
}

fn replaced(old: ReplacedMember) -> proto::MemberDirectory {
    directory(old.node, old.incarnation)
}

fn replaced_from(stored: &proto::MemberDirectory) -> Result<ReplacedMember, FieldError> {
    let (node, incarnation) = directory_from(stored)?;
    Ok(ReplacedMember { node, incarnation })
}

fn joined(member: JoinedMember) -> proto::JoinedMember {
    proto::JoinedMember { incarnation: member.incarnation.0.to_vec(), token_hash: member.token.0.to_vec() }
}

fn joined_from(stored: &proto::JoinedMember) -> Result<JoinedMember, FieldError> {
    Ok(JoinedMember {
        incarnation: MemberIncarnation(array(&stored.incarnation, "incarnation")?),
        token: JoinTokenHash(array(&stored.token_hash, "token hash")?),
    })
}

fn directory(node: u64, incarnation: Option<MemberIncarnation>) -> proto::MemberDirectory {
    proto::MemberDirectory { node_id: node, incarnation: incarnation.map(|it| it.0.to_vec()) }
}

fn directory_from(stored: &proto::MemberDirectory) -> Result<(u64, Option<MemberIncarnation>), FieldError> {
    Ok((stored.node_id, incarnation(stored.incarnation.as_deref())?))
}

fn incarnation(stored: Option<&[u8]>) -> Result<Option<MemberIncarnation>, FieldError> {
    stored.map(|bytes| Ok(MemberIncarnation(array(bytes, "incarnation")?))).transpose()
}
