//! Compares the catalog's digest with the other members': at one revision, all must be equal.
//!
//! A member that finds itself alone is fenced. With no majority to tell who is wrong, the leader is taken to be right,
//! so that exactly one side goes on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aliasd_catalog::{Digest, Revision};
use futures::future::join_all;

use crate::core::Core;
use crate::lifecycle::Lifecycle;
use crate::network::Peers;
use crate::types::NodeId;

/// How long the others get to apply the revision that is compared.
const CATCH_UP_TIME: Duration = Duration::from_millis(100);
const ANSWER_TIME: Duration = Duration::from_secs(2);

/// Compares again and again until the catalog is fenced, and sees to it afterwards that this member does not lead.
pub(crate) async fn compare_regularly(core: Arc<Core>, peers: Arc<Peers>, interval: Duration) {
    loop {
        core.runtime.sleep(interval).await;
        if matches!(core.lifecycle(), Lifecycle::Fenced { .. }) {
            // The others may have been down when it was handed over.
            core.step_back().await;
            continue;
        }
        let (revision, own) = core.feed.digest();
        core.runtime.sleep(CATCH_UP_TIME).await;
        let others = ask(&core, &peers, revision).await;
        let status = core.status();
        let members = status.members.values().filter(|member| member.voter).count();
        match judge(own, &others, members, status.leader) {
            Verdict::Equal => {}
            Verdict::OthersDiffer => {
                tracing::error!(%revision, "another member's catalog differs from this one and the majority's");
            }
            Verdict::OwnDiffers => core.fence(revision).await,
        }
    }
}

async fn ask(core: &Core, peers: &Peers, revision: Revision) -> BTreeMap<NodeId, Digest> {
    // All at once: while one that is down is waited for, the others would forget the revision where writes are many.
    let members = core.status().members.into_iter().filter(|(id, _)| *id != core.node);
    let answers = members.map(|(id, member)| async move {
        // A member that is down or does not remember the revision is asked again next time.
        let digest = peers.digest(id, &member.member.peer_address, revision, ANSWER_TIME).await;
        Some((id, digest.ok().flatten()?))
    });
    join_all(answers).await.into_iter().flatten().collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Equal,
    OthersDiffer,
    OwnDiffers,
}

/// Decides who is wrong, from the digests of the members that answered.
fn judge(own: Digest, others: &BTreeMap<NodeId, Digest>, members: usize, leader: Option<NodeId>) -> Verdict {
    if others.values().all(|other| *other == own) {
        return Verdict::Equal;
    }
    let votes_for = |digest: Digest| others.values().filter(|other| **other == digest).count();
    if (votes_for(own) + 1) * 2 > members {
        return Verdict::OthersDiffer;
    }
    let outvoted = others.values().any(|other| *other != own && votes_for(*other) * 2 > members);
    let leader_differs = leader.and_then(|leader| others.get(&leader)).is_some_and(|digest| *digest != own);
    if outvoted || leader_differs { Verdict::OwnDiffers } else { Verdict::OthersDiffer }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_odd_one_out_is_found() {
        let (a, b) = (Digest::from_bytes([1; 32]), Digest::from_bytes([2; 32]));
        let others = |digests: &[(NodeId, Digest)]| digests.iter().copied().collect::<BTreeMap<_, _>>();
        assert_eq!(judge(a, &others(&[]), 3, Some(1)), Verdict::Equal);
        assert_eq!(judge(a, &others(&[(2, a), (3, a)]), 3, Some(1)), Verdict::Equal);
        assert_eq!(
            judge(a, &others(&[(2, a), (3, b)]), 3, Some(3)),
            Verdict::OthersDiffer,
            "a majority outvotes a leader"
        );
        assert_eq!(judge(a, &others(&[(2, b), (3, b)]), 3, Some(1)), Verdict::OwnDiffers, "even when it leads");
        assert_eq!(
            judge(a, &others(&[(2, b)]), 3, Some(2)),
            Verdict::OwnDiffers,
            "one against one, the leader is right"
        );
        assert_eq!(judge(a, &others(&[(2, b)]), 3, Some(1)), Verdict::OthersDiffer);
        assert_eq!(judge(a, &others(&[(2, b)]), 3, None), Verdict::OthersDiffer);
    }
}
