//! The next move of a change of the members: decided from what the catalog has agreed on and where the membership stands,
//! so that any leader goes on where another one stopped.

use std::collections::{BTreeMap, BTreeSet};

use aliasd_catalog::{Invitation, JoinedMember, MemberChange, MemberChangeKind};

use super::quorum;
use crate::incarnation::Incarnation;
use crate::types::{Member, NodeId, RecordedMember};

/// What a leader does next for a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// Nothing can be done until this is no longer so; a clause.
    Wait(String),
    /// Another member has to lead first.
    GiveUpLeadership,
    /// The node is sent the log from now on.
    AddLearner(RecordedMember),
    /// The node gets its vote, and one that it replaces loses its own and is gone.
    Promote {
        /// The one that is replaced.
        instead_of: Option<NodeId>,
    },
    /// The node loses its vote and is gone.
    RemoveVoter(NodeId),
    /// The node, which has no vote, is gone.
    RemoveLearner(NodeId),
    /// Everything is done.
    Finish {
        /// What is removed was to take the place of a member that is gone already.
        replaced_is_gone: bool,
    },
}

const DONE: Move = Move::Finish { replaced_is_gone: false };

/// Where the membership stands, as the leader sees it.
#[derive(Clone, Debug, Default)]
pub(super) struct Situation {
    /// The leader itself.
    pub(super) own: NodeId,
    /// Every voter and learner.
    pub(super) members: BTreeSet<NodeId>,
    /// Those with a vote.
    pub(super) voters: BTreeSet<NodeId>,
    /// Those that answer now.
    pub(super) answering: BTreeSet<NodeId>,
    /// Who was let in with a token.
    pub(super) joined: BTreeMap<NodeId, JoinedMember>,
    /// Why the node has not caught up long enough yet; a clause.
    pub(super) behind: Option<String>,
}

/// Decides the next move.
pub(super) fn next(change: &MemberChange, now: &Situation) -> Move {
    let node = change.node;
    match &change.kind {
        MemberChangeKind::Add(invitation) => match now.joined.get(&node) {
            None => Move::Wait(format!("node {node} to be started with its join token")),
            Some(joined) if !now.members.contains(&node) => Move::AddLearner(recorded(node, invitation, *joined)),
            Some(_) if invitation.learner => DONE,
            Some(_) => promote(node, invitation.replaces.map(|old| old.node), now),
        },
        MemberChangeKind::Promote if !now.members.contains(&node) => DONE,
        MemberChangeKind::Promote => promote(node, None, now),
        MemberChangeKind::Remove { replaces, .. } if !now.members.contains(&node) => {
            Move::Finish { replaced_is_gone: replaces.is_some_and(|old| !now.members.contains(&old.node)) }
        }
        MemberChangeKind::Remove { .. } if !now.voters.contains(&node) => Move::RemoveLearner(node),
        MemberChangeKind::Remove { .. } => {
            let left = now.voters.iter().copied().filter(|voter| *voter != node).collect();
            match quorum::check(&left, &now.answering) {
                Err(lost) => Move::Wait(lost.to_string()),
                Ok(()) if now.own == node => Move::GiveUpLeadership,
                Ok(()) => Move::RemoveVoter(node),
            }
        }
    }
}

fn promote(node: NodeId, instead_of: Option<NodeId>, now: &Situation) -> Move {
    let instead_of = instead_of.filter(|old| now.members.contains(old));
    if now.voters.contains(&node) {
        // Whoever lost its vote may still be named.
        return match instead_of {
            None => DONE,
            Some(old) if !now.voters.contains(&old) => Move::RemoveLearner(old),
            Some(old) if old == now.own => Move::GiveUpLeadership,
            Some(old) => Move::RemoveVoter(old),
        };
    }
    if let Some(behind) = &now.behind {
        return Move::Wait(behind.clone());
    }
    let voters = now.voters.iter().copied().chain([node]).filter(|voter| Some(*voter) != instead_of).collect();
    match quorum::check(&voters, &now.answering) {
        Err(lost) => Move::Wait(lost.to_string()),
        Ok(()) if instead_of == Some(now.own) => Move::GiveUpLeadership,
        Ok(()) => Move::Promote { instead_of },
    }
}

fn recorded(node: NodeId, invitation: &Invitation, joined: JoinedMember) -> RecordedMember {
    RecordedMember {
        member: Member::of(node, invitation.peer_address.clone(), invitation.client_address.clone()),
        incarnation: Some(Incarnation(joined.incarnation.0)),
    }
}

#[cfg(test)]
mod tests {
    use aliasd_catalog::{JoinTokenHash, MemberIncarnation, ReplacedMember, Stamp, Timestamp};

    use super::*;

    const JOINED: JoinedMember =
        JoinedMember { incarnation: MemberIncarnation([4; 16]), token: JoinTokenHash([0; 32]) };

    fn nodes(nodes: &[NodeId]) -> BTreeSet<NodeId> {
        nodes.iter().copied().collect()
    }

    fn adding(learner: bool, replaces: Option<NodeId>) -> MemberChange {
        let replaces = replaces.map(|node| ReplacedMember { node, incarnation: None });
        let invitation = Invitation {
            peer_address: "four:1".to_owned(),
            client_address: "four:2".to_owned(),
            learner,
            replaces,
            token: JOINED.token,
            expires_at: Timestamp(0),
        };
        MemberChange { node: 4, kind: MemberChangeKind::Add(invitation), begun: Stamp::default() }
    }

    fn change(node: NodeId, kind: MemberChangeKind) -> MemberChange {
        MemberChange { node, kind, begun: Stamp::default() }
    }

    /// Member 1 leads three voters, all of which answer; nobody has come.
    fn three() -> Situation {
        let voters = nodes(&[1, 2, 3]);
        Situation { own: 1, members: voters.clone(), answering: voters.clone(), voters, ..Situation::default() }
    }

    /// And member 4 is a learner that has caught up.
    fn with_learner() -> Situation {
        let all = nodes(&[1, 2, 3, 4]);
        Situation { members: all.clone(), answering: all, joined: BTreeMap::from([(4, JOINED)]), ..three() }
    }

    fn waits(next: Move) -> String {
        match next {
            Move::Wait(reason) => reason,
            other => panic!("it does not wait: {other:?}"),
        }
    }

    #[test]
    fn a_node_is_added_step_by_step() {
        let adding = adding(false, None);
        assert_eq!(waits(next(&adding, &three())), "node 4 to be started with its join token");
        let came = Situation { joined: BTreeMap::from([(4, JOINED)]), ..three() };
        let Move::AddLearner(recorded) = next(&adding, &came) else { panic!("it is not added") };
        assert_eq!(
            (recorded.member.peer_address.as_str(), recorded.incarnation.map(|it| it.0)),
            ("four:1", Some([4; 16]))
        );
        let behind = Situation { behind: Some("it to catch up".to_owned()), ..with_learner() };
        assert_eq!(waits(next(&adding, &behind)), "it to catch up");
        assert_eq!(next(&adding, &with_learner()), Move::Promote { instead_of: None });
        let votes = Situation { voters: nodes(&[1, 2, 3, 4]), ..with_learner() };
        assert_eq!(next(&adding, &votes), DONE);
        assert_eq!(next(&self::adding(true, None), &behind), DONE, "a learner is a member at once");
    }

    #[test]
    fn a_vote_that_could_cost_the_quorum_is_not_given() {
        let one_left = Situation { answering: nodes(&[1, 4]), ..with_learner() };
        let reason = waits(next(&adding(false, None), &one_left));
        assert_eq!(reason, "of 4 voters that would be left, 2 would answer, and 3 must");
        assert_eq!(
            next(&adding(false, Some(3)), &Situation { answering: nodes(&[1, 2, 4]), ..with_learner() }),
            Move::Promote { instead_of: Some(3) },
            "a dead member is replaced"
        );
    }

    #[test]
    fn a_member_is_replaced_in_one_step_and_hands_over_first_if_it_leads() {
        let replacing = adding(false, Some(1));
        assert_eq!(next(&replacing, &with_learner()), Move::GiveUpLeadership);
        let led_by_2 = Situation { own: 2, ..with_learner() };
        assert_eq!(next(&replacing, &led_by_2), Move::Promote { instead_of: Some(1) });
        let replaced = Situation { own: 2, voters: nodes(&[2, 3, 4]), members: nodes(&[2, 3, 4]), ..with_learner() };
        assert_eq!(next(&replacing, &replaced), DONE);
        let named = Situation { own: 2, voters: nodes(&[2, 3, 4]), ..with_learner() };
        assert_eq!(next(&replacing, &named), Move::RemoveLearner(1));
    }

    #[test]
    fn a_member_is_removed_where_a_quorum_is_left() {
        let removing = |node| change(node, MemberChangeKind::Remove { incarnation: None, replaces: None });
        assert_eq!(next(&removing(3), &three()), Move::RemoveVoter(3));
        assert_eq!(next(&removing(1), &three()), Move::GiveUpLeadership);
        assert_eq!(next(&removing(9), &three()), DONE);
        assert_eq!(next(&removing(4), &with_learner()), Move::RemoveLearner(4));
        let one_down = Situation { answering: nodes(&[1, 3]), ..three() };
        assert_eq!(waits(next(&removing(3), &one_down)), "of 2 voters that would be left, 1 would answer, and 2 must");
        assert_eq!(next(&removing(2), &one_down), Move::RemoveVoter(2), "the one that is down may go");
    }

    /// Whether the replacement had happened before it was given up, only the membership tells.
    #[test]
    fn who_was_replaced_by_a_node_that_is_removed_is_gone_too() {
        let replaces = Some(ReplacedMember { node: 3, incarnation: None });
        let removing = change(4, MemberChangeKind::Remove { incarnation: None, replaces });
        assert_eq!(next(&removing, &three()), DONE);
        let replaced = Situation { members: nodes(&[1, 2]), voters: nodes(&[1, 2]), ..three() };
        assert_eq!(next(&removing, &replaced), Move::Finish { replaced_is_gone: true });
    }

    #[test]
    fn a_learner_is_promoted() {
        let promoting = change(4, MemberChangeKind::Promote);
        assert_eq!(next(&promoting, &with_learner()), Move::Promote { instead_of: None });
        assert_eq!(next(&promoting, &Situation { voters: nodes(&[1, 2, 3, 4]), ..with_learner() }), DONE);
        assert_eq!(next(&promoting, &three()), DONE, "it is gone");
    }
}
