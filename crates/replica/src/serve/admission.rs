//! Who may speak: a member for itself, to the member that it means.

use aliasd_wire::peer::v1 as wire;
use aliasd_wire::store::log;

use crate::codec::vote_from_wire;
use crate::links::PeerRefusal;
use crate::types::{NodeId, Vote};

/// Checks that a request came from whom it says and reached whom it meant.
#[derive(Clone, Copy)]
pub(super) struct PeerAdmission {
    /// This node.
    pub(super) node: NodeId,
    /// The node that the transport proved.
    pub(super) peer: NodeId,
}

impl PeerAdmission {
    pub(super) fn admit(self, route: Option<wire::Route>) -> Result<(), PeerRefusal> {
        let route = route.ok_or(PeerRefusal::Incomplete("the request names no sender and receiver"))?;
        if route.sender != self.peer {
            return Err(PeerRefusal::Impersonation { claimed: route.sender, proved: self.peer });
        }
        if route.receiver != self.node {
            return Err(PeerRefusal::Misdirected { wanted: route.receiver, node: self.node });
        }
        Ok(())
    }

    /// A vote speaks for the node that it names, which must be the caller.
    pub(super) fn admit_vote(self, vote: Option<log::Vote>) -> Result<Vote, PeerRefusal> {
        let vote = vote_from_wire(vote)?;
        if vote.leader_id.node_id == self.peer { Ok(vote) } else { Err(PeerRefusal::ForeignVote) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_speaks_for_itself_and_to_whom_it_means() {
        let admission = PeerAdmission { node: 1, peer: 2 };
        let route = |sender, receiver| Some(wire::Route { sender, receiver });
        assert_eq!(admission.admit(route(2, 1)), Ok(()));
        assert_eq!(admission.admit(route(3, 1)), Err(PeerRefusal::Impersonation { claimed: 3, proved: 2 }));
        assert_eq!(admission.admit(route(2, 3)), Err(PeerRefusal::Misdirected { wanted: 3, node: 1 }));
        assert!(matches!(admission.admit(None), Err(PeerRefusal::Incomplete(_))));

        let vote = |node_id| Some(log::Vote { term: 4, node_id, committed: false });
        assert!(admission.admit_vote(vote(2)).is_ok());
        assert_eq!(admission.admit_vote(vote(3)), Err(PeerRefusal::ForeignVote));
        assert!(matches!(admission.admit_vote(None), Err(PeerRefusal::Undecodable(_))));
    }
}
