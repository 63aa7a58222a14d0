//! Changes of the members at random.

use aliasd_catalog::{
    Invitation, JoinTokenHash, JoinedMember, MemberIncarnation, MemberStep, ReplacedMember, Revision, Stamp, Timestamp,
};
use proptest::option;
use proptest::prelude::*;

/// Three nodes, two directories and two tokens, so that changes of the members meet each other.
pub(super) fn member_steps() -> impl Strategy<Value = MemberStep> {
    let node = || 1..4_u64;
    let directory = || (1..3_u8).prop_map(|byte| MemberIncarnation([byte; 16]));
    let token = || (1..3_u8).prop_map(|byte| JoinTokenHash([byte; 32]));
    let replaced =
        (node(), option::of(directory())).prop_map(|(node, incarnation)| ReplacedMember { node, incarnation });
    let invitation = (any::<bool>(), option::weighted(0.3, replaced), token(), 0..4_000_u64).prop_map(
        |(learner, replaces, token, expires_at)| Invitation {
            peer_address: "a:1".to_owned(),
            client_address: "a:2".to_owned(),
            learner,
            replaces,
            token,
            expires_at: Timestamp(expires_at),
        },
    );
    prop_oneof![
        3 => (node(), invitation).prop_map(|(node, invitation)| MemberStep::Invite { node, invitation }),
        1 => node().prop_map(|node| MemberStep::Promote { node }),
        2 => (node(), option::of(directory())).prop_map(|(node, incarnation)| MemberStep::Remove { node, incarnation }),
        4 => (node(), directory(), token()).prop_map(|(node, incarnation, token)| MemberStep::Admit {
            node,
            shown: JoinedMember { incarnation, token }
        }),
        2 => (node(), 20..45_u64, 0..4_000_u64, any::<bool>()).prop_map(|(node, at, time, replaced_is_gone)| {
            let begun = Stamp { revision: Revision(at), time: Timestamp(time) };
            MemberStep::Finish { node, begun, replaced_is_gone }
        }),
    ]
}
