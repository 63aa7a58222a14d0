//! Whether a quorum is left after a change of the voters: those that answer now are counted.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::future::join_all;

use crate::core::Core;
use crate::network::{Identified, Peers};
use crate::status::{self, MemberStatus};
use crate::types::NodeId;

/// How long a member may take to say that it is there.
pub(super) const ANSWER_TIME: Duration = Duration::from_secs(1);

/// What a change of the voters would leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("of {voters} voter{plural} that would be left, {answering} would answer, and {needed} must", plural = if *voters == 1 { "" } else { "s" })]
pub struct QuorumLostError {
    /// How many voters.
    pub voters: usize,
    /// How many of them answer, this node included.
    pub answering: usize,
    /// How many have to.
    pub needed: usize,
}

/// Checks that a majority of these voters is there.
///
/// # Errors
/// It is not.
pub(super) fn check(voters: &BTreeSet<NodeId>, answering: &BTreeSet<NodeId>) -> Result<(), QuorumLostError> {
    let needed = voters.len() / 2 + 1;
    let answering = voters.intersection(answering).count();
    if answering >= needed { Ok(()) } else { Err(QuorumLostError { voters: voters.len(), answering, needed }) }
}

/// What the other members that answer now say of themselves, whatever data directory they run on.
pub(super) async fn ask_others(core: &Core, peers: &Peers) -> Vec<(NodeId, MemberStatus, Identified)> {
    let members = status::members(&core.metrics());
    let others = members.into_iter().filter(|(id, _)| *id != core.node);
    let asked = others.map(|(id, member)| async move {
        let answer = peers.identify(id, &member.member.peer_address, ANSWER_TIME).await.ok()?;
        Some((id, member, answer))
    });
    join_all(asked).await.into_iter().flatten().collect()
}

/// The same of those that run on the data directories that they are known by.
pub(super) async fn roll_call(core: &Core, peers: &Peers) -> BTreeMap<NodeId, Identified> {
    let answers = ask_others(core, peers).await.into_iter();
    let known = answers.filter(|(_, member, answer)| member.incarnation.is_none_or(|it| it == answer.incarnation));
    known.map(|(id, _, answer)| (id, answer)).collect()
}

/// The members that answer now and have lost nothing, this one included.
pub(super) async fn answering(core: &Core, peers: &Peers) -> BTreeSet<NodeId> {
    let (said, rolled_back) = (roll_call(core, peers).await, peers.rolled_back());
    said.into_keys().filter(|id| !rolled_back.contains(id)).chain([core.node]).collect()
}

/// Checks that the cluster would have a quorum with these voters more and those less.
///
/// # Errors
/// It would not.
pub(crate) async fn check_change(
    core: &Core,
    peers: &Peers,
    more: Option<NodeId>,
    less: Option<NodeId>,
) -> Result<(), QuorumLostError> {
    let members = status::members(&core.metrics());
    let voters = members.iter().filter(|(_, member)| member.voter).map(|(id, _)| *id);
    let voters = voters.chain(more).filter(|id| Some(*id) != less).collect();
    check(&voters, &answering(core, peers).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_majority_of_the_voters_has_to_answer() {
        let nodes = |nodes: &[NodeId]| nodes.iter().copied().collect::<BTreeSet<_>>();
        assert_eq!(check(&nodes(&[1, 2, 3]), &nodes(&[1, 2])), Ok(()));
        assert_eq!(check(&nodes(&[1, 2, 3, 4]), &nodes(&[1, 2, 3])), Ok(()));
        let lost = QuorumLostError { voters: 2, answering: 1, needed: 2 };
        assert_eq!(check(&nodes(&[1, 2]), &nodes(&[1, 3, 4])), Err(lost), "others do not count");
        let nobody = QuorumLostError { voters: 0, answering: 0, needed: 1 };
        assert_eq!(check(&nodes(&[]), &nodes(&[1])), Err(nobody));
    }
}
