//! Changes of the members, and what is agreed on about them.

use std::sync::Arc;

use aliasd_catalog::{
    Command, Invitation, JoinTokenHash, JoinedMember, MemberChange, MemberChangeKind, MemberIncarnation, MemberLedger,
    MemberStep, OpenCommand, Record, ReplacedMember, Sealed, Timestamp,
};
use proptest::collection::btree_map;
use proptest::option::of;
use proptest::prelude::*;

use super::stamp;

fn incarnation() -> impl Strategy<Value = MemberIncarnation> {
    any::<[u8; 16]>().prop_map(MemberIncarnation)
}

fn token() -> impl Strategy<Value = JoinTokenHash> {
    any::<[u8; 32]>().prop_map(JoinTokenHash)
}

fn joined() -> impl Strategy<Value = JoinedMember> {
    (incarnation(), token()).prop_map(|(incarnation, token)| JoinedMember { incarnation, token })
}

fn replaced() -> impl Strategy<Value = ReplacedMember> {
    (any::<u64>(), of(incarnation())).prop_map(|(node, incarnation)| ReplacedMember { node, incarnation })
}

fn invitation() -> impl Strategy<Value = Invitation> {
    (any::<String>(), any::<String>(), any::<bool>(), of(replaced()), token(), any::<u64>()).prop_map(
        |(peer_address, client_address, learner, replaces, token, expires_at)| Invitation {
            peer_address,
            client_address,
            learner,
            replaces,
            token,
            expires_at: Timestamp(expires_at),
        },
    )
}

pub(super) fn member_command() -> impl Strategy<Value = Command<Sealed>> {
    let step = prop_oneof![
        (any::<u64>(), invitation()).prop_map(|(node, invitation)| MemberStep::Invite { node, invitation }),
        any::<u64>().prop_map(|node| MemberStep::Promote { node }),
        (any::<u64>(), of(incarnation())).prop_map(|(node, incarnation)| MemberStep::Remove { node, incarnation }),
        (any::<u64>(), joined()).prop_map(|(node, shown)| MemberStep::Admit { node, shown }),
        (any::<u64>(), stamp(), any::<bool>()).prop_map(|(node, begun, replaced_is_gone)| MemberStep::Finish {
            node,
            begun,
            replaced_is_gone
        }),
    ];
    step.prop_map(|step| Command::Open(OpenCommand::ChangeMembers(step)))
}

pub(super) fn ledger() -> impl Strategy<Value = Record> {
    let kind = prop_oneof![
        invitation().prop_map(MemberChangeKind::Add),
        Just(MemberChangeKind::Promote),
        (of(incarnation()), of(replaced()))
            .prop_map(|(incarnation, replaces)| MemberChangeKind::Remove { incarnation, replaces }),
    ];
    let change = (any::<u64>(), kind, stamp()).prop_map(|(node, kind, begun)| MemberChange { node, kind, begun });
    let joined = btree_map(any::<u64>(), joined(), 0..3);
    let retired = btree_map(any::<u64>(), of(incarnation()), 0..3);
    (of(change), joined, retired)
        .prop_map(|(change, joined, retired)| Record::Members(Arc::new(MemberLedger { change, joined, retired })))
}
