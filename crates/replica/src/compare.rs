//! Compares the catalog's digest with the other members': at one revision, all must be equal.
//!
//! A member that finds itself alone is fenced. With no majority to tell who is wrong, the leader is taken to be right,
//! so that exactly one side goes on.

use std::collections::{BTreeMap, BTreeSet};
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
        if core.lifecycle() == Lifecycle::Removed {
            return;
        }
        if matches!(core.lifecycle(), Lifecycle::Fenced { .. }) {
            // The others may have been down when it was handed over.
            core.step_back().await;
            continue;
        }
        let (revision, own) = core.feed.digest();
        core.runtime.sleep(CATCH_UP_TIME).await;
        let others = ask(&core, &peers, revision).await;
        let status = core.status();
        let voters = status.members.iter().filter(|(_, member)| member.voter).map(|(id, _)| *id).collect();
        match judge((core.node, own), &others, &voters, status.leader) {
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

/// Decides who is wrong, from the digests of the members that answered. Voters count, learners are only counted against
/// them.
fn judge(
    (node, own): (NodeId, Digest),
    others: &BTreeMap<NodeId, Digest>,
    voters: &BTreeSet<NodeId>,
    leader: Option<NodeId>,
) -> Verdict {
    if others.values().all(|other| *other == own) {
        return Verdict::Equal;
    }
    let is_majority = |digest: Digest| {
        let of_others = others.iter().filter(|(other, of)| voters.contains(other) && **of == digest).count();
        let own = usize::from(voters.contains(&node) && own == digest);
        (of_others + own) * 2 > voters.len()
    };
    if is_majority(own) {
        return Verdict::OthersDiffer;
    }
    let outvoted = others.values().any(|other| *other != own && is_majority(*other));
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
        let judge = |others, leader| judge((1, a), &others, &BTreeSet::from([1, 2, 3]), leader);
        assert_eq!(judge(others(&[]), Some(1)), Verdict::Equal);
        assert_eq!(judge(others(&[(2, a), (3, a)]), Some(1)), Verdict::Equal);
        assert_eq!(judge(others(&[(2, a), (3, b)]), Some(3)), Verdict::OthersDiffer, "a majority outvotes a leader");
        assert_eq!(judge(others(&[(2, b), (3, b)]), Some(1)), Verdict::OwnDiffers, "even when it leads");
        assert_eq!(judge(others(&[(2, b)]), Some(2)), Verdict::OwnDiffers, "one against one, the leader is right");
        assert_eq!(judge(others(&[(2, b)]), Some(1)), Verdict::OthersDiffer);
        assert_eq!(judge(others(&[(2, b)]), None), Verdict::OthersDiffer);
    }

    #[test]
    fn learners_do_not_count() {
        let (a, b) = (Digest::from_bytes([1; 32]), Digest::from_bytes([2; 32]));
        let others = |digests: &[(NodeId, Digest)]| digests.iter().copied().collect::<BTreeMap<_, _>>();
        let voters = BTreeSet::from([1, 2, 3]);
        let learners_agree = others(&[(2, b), (4, a), (5, a)]);
        assert_eq!(judge((1, a), &learners_agree, &voters, Some(2)), Verdict::OwnDiffers, "one voter against one");
        let outvoted = others(&[(1, b), (2, b), (5, a)]);
        assert_eq!(judge((4, a), &outvoted, &voters, None), Verdict::OwnDiffers, "a learner against a majority");
        let majority = others(&[(2, a), (4, b), (5, b)]);
        assert_eq!(judge((1, a), &majority, &voters, Some(2)), Verdict::OthersDiffer);
    }
}
