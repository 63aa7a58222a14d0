//! Who may speak: a member for itself, in this cluster, from the data directory that it is known by, to the member that it
//! means with the data directory that it knows.

use std::sync::Arc;

use aliasd_catalog::{ClusterId, error_chain};
use aliasd_faults::{Mistake, is_planted};
use aliasd_wire::peer::v1 as wire;
use aliasd_wire::store::log;

use crate::codec::vote_from_wire;
use crate::core::Core;
use crate::incarnation::{Incarnation, cluster_from_wire};
use crate::links::PeerRefusal;
use crate::types::{NodeId, Vote};

use super::vouch::Vouchers;

/// Checks that a request came from whom it says and reached whom it meant.
#[derive(Clone)]
pub(super) struct PeerAdmission {
    pub(super) core: Arc<Core>,
    pub(super) vouchers: Arc<Vouchers>,
    /// The node that the transport proved.
    pub(super) peer: NodeId,
}

impl PeerAdmission {
    /// Admits a request, or not. The first request that an empty node admits makes it belong to a cluster, durably.
    pub(super) async fn admit(&self, route: Option<wire::Route>) -> Result<(), PeerRefusal> {
        let admitted = self.judge(route).await;
        self.core.strangers.note(self.peer, admitted.as_ref().err(), || self.core.runtime.now());
        admitted
    }

    async fn judge(&self, route: Option<wire::Route>) -> Result<(), PeerRefusal> {
        self.direct(route.as_ref())?;
        let claims = Claims::read(self.peer, route)?;
        let roster = &self.core.roster;
        let sender = roster.recorded(self.peer);
        let known = Known {
            node: roster.node,
            incarnation: roster.identity.incarnation(),
            cluster: roster.cluster(),
            empty: roster.is_empty(),
            newcomer: self.core.is_newcomer(),
            sender,
            sender_retired: sender.is_none() && roster.is_retired(self.peer),
            joins: roster.joins,
        };
        match known.judge(&claims) {
            Ok(None) => Ok(()),
            Ok(Some(theirs)) => {
                let ours = self.core.join(theirs).await.map_err(|fault| PeerRefusal::Storage(error_chain(&fault)))?;
                if ours == theirs { Ok(()) } else { Err(PeerRefusal::WrongCluster { ours, theirs }) }
            }
            Err(PeerRefusal::UnknownMember { sender }) if self.is_vouched_for(sender, &known, &claims).await => Ok(()),
            Err(refusal) => {
                if known.empty && matches!(refusal, PeerRefusal::ReceiverReplaced { .. }) {
                    self.core.not_recognised(self.peer);
                }
                Err(refusal)
            }
        }
    }

    /// Whether the members that this one knows know the sender, which this one has not read of.
    async fn is_vouched_for(&self, sender: NodeId, known: &Known, claims: &Claims) -> bool {
        match (known.cluster, claims.cluster, claims.sender_incarnation) {
            (Some(ours), Some(theirs), Some(incarnation)) if ours == theirs => {
                claims.receiver_incarnation == Some(known.incarnation)
                    && self.vouchers.vouch_for(&self.core, sender, incarnation).await
            }
            _ => false,
        }
    }

    /// That a request came from whom it says and reached the node that it names.
    pub(super) fn direct(&self, route: Option<&wire::Route>) -> Result<(), PeerRefusal> {
        let route = route.ok_or(PeerRefusal::Incomplete("the request names no sender and receiver"))?;
        if route.sender != self.peer {
            return Err(PeerRefusal::Impersonation { claimed: route.sender, proved: self.peer });
        }
        if route.receiver != self.core.node {
            return Err(PeerRefusal::Misdirected { wanted: route.receiver, node: self.core.node });
        }
        Ok(())
    }

    /// A vote speaks for the node that it names, which must be the caller.
    pub(super) fn admit_vote(&self, vote: Option<log::Vote>) -> Result<Vote, PeerRefusal> {
        let vote = vote_from_wire(vote)?;
        if vote.leader_id.node_id == self.peer { Ok(vote) } else { Err(PeerRefusal::ForeignVote) }
    }
}

/// What a request says, beside the two node ids.
struct Claims {
    sender: NodeId,
    cluster: Option<ClusterId>,
    sender_incarnation: Option<Incarnation>,
    receiver_incarnation: Option<Incarnation>,
}

impl Claims {
    fn read(sender: NodeId, route: Option<wire::Route>) -> Result<Self, PeerRefusal> {
        let route = route.unwrap_or_default();
        let incarnation = |bytes: Option<Vec<u8>>| bytes.as_deref().map(Incarnation::from_wire).transpose();
        Ok(Self {
            sender,
            cluster: route.cluster_id.as_deref().map(cluster_from_wire).transpose()?,
            sender_incarnation: incarnation(route.sender_incarnation)?,
            receiver_incarnation: incarnation(route.receiver_incarnation)?,
        })
    }
}

/// What this node knows when a request arrives.
struct Known {
    node: NodeId,
    incarnation: Incarnation,
    cluster: Option<ClusterId>,
    /// Its log names no members.
    empty: bool,
    /// Its log does not reach to where it became a member: it names members of another time, or none.
    newcomer: bool,
    /// The incarnation that the sender must prove; the outer `None`: it is no member.
    sender: Option<Option<Incarnation>>,
    /// The sender was removed.
    sender_retired: bool,
    /// The cluster that this node was told to join.
    joins: Option<ClusterId>,
}

impl Known {
    /// Admits a request, or not; gives the cluster that this node belongs to from now on, if it belonged to none.
    fn judge(&self, claims: &Claims) -> Result<Option<ClusterId>, PeerRefusal> {
        match (self.cluster, claims.cluster) {
            (Some(ours), Some(theirs)) if ours != theirs && !is_planted(Mistake::OtherClusterAccepted) => {
                return Err(PeerRefusal::WrongCluster { ours, theirs });
            }
            _ => {}
        }
        let replaced = PeerRefusal::ReceiverReplaced { node: self.node };
        match claims.receiver_incarnation {
            _ if is_planted(Mistake::WipedVoterReadmitted) => {}
            Some(expected) if expected != self.incarnation => return Err(replaced),
            // Whoever speaks to a node without a log must mean this one, and not one that it knew before.
            None if self.newcomer => return Err(replaced),
            _ => {}
        }
        if let (true, Some(ours), Some(theirs)) = (self.newcomer, self.joins, claims.cluster)
            && ours != theirs
        {
            return Err(PeerRefusal::JoinsElsewhere { ours, theirs });
        }
        // Those that it reads of first may be gone, and whoever leads now may have come later.
        if self.newcomer {
            return match (self.cluster, claims.cluster, claims.sender_incarnation) {
                (_, Some(theirs), Some(_)) => Ok(self.cluster.is_none().then_some(theirs)),
                _ => {
                    Err(PeerRefusal::Incomplete("the request does not say which cluster and incarnation it comes from"))
                }
            };
        }
        match self.sender {
            None if self.sender_retired => Err(PeerRefusal::Removed { sender: claims.sender }),
            None => Err(PeerRefusal::UnknownMember { sender: claims.sender }),
            // Version 0.1 recorded none, and its members prove none.
            Some(None) => Ok(None),
            Some(_) if is_planted(Mistake::WipedVoterReadmitted) => Ok(None),
            Some(recorded) if recorded != claims.sender_incarnation => {
                Err(PeerRefusal::OtherIncarnation { sender: claims.sender })
            }
            // Whoever has an incarnation has read which cluster it is in, unless its catalog is still behind.
            Some(_) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: ClusterId = ClusterId([7; 16]);
    const THEIRS: ClusterId = ClusterId([8; 16]);
    const RECEIVER: Incarnation = Incarnation([1; 16]);
    const SENDER: Incarnation = Incarnation([2; 16]);
    const OTHER: Incarnation = Incarnation([3; 16]);

    /// A member among members that are all recorded.
    fn member() -> Known {
        Known {
            node: 1,
            incarnation: RECEIVER,
            cluster: Some(OURS),
            empty: false,
            newcomer: false,
            sender: Some(Some(SENDER)),
            sender_retired: false,
            joins: None,
        }
    }

    fn empty() -> Known {
        Known { cluster: None, empty: true, newcomer: true, sender: None, ..member() }
    }

    fn claims() -> Claims {
        Claims {
            sender: 2,
            cluster: Some(OURS),
            sender_incarnation: Some(SENDER),
            receiver_incarnation: Some(RECEIVER),
        }
    }

    /// What a member of version 0.1 says.
    fn nothing() -> Claims {
        Claims { cluster: None, sender_incarnation: None, receiver_incarnation: None, ..claims() }
    }

    #[test]
    fn a_member_is_heard_from_its_own_data_directory_only() {
        let refused = Err(PeerRefusal::OtherIncarnation { sender: 2 });
        assert_eq!(member().judge(&claims()), Ok(None));
        assert_eq!(member().judge(&Claims { sender_incarnation: Some(OTHER), ..claims() }), refused);
        assert_eq!(member().judge(&Claims { sender_incarnation: None, ..claims() }), refused);
        assert_eq!(member().judge(&nothing()), refused, "what is recorded must be proved");
        let lagging = Claims { receiver_incarnation: None, ..claims() };
        assert_eq!(member().judge(&lagging), Ok(None), "a member whose log has not come so far");
        let stranger = Known { sender: None, ..member() };
        assert_eq!(stranger.judge(&claims()), Err(PeerRefusal::UnknownMember { sender: 2 }));
        let removed = Known { sender: None, sender_retired: true, ..member() };
        assert_eq!(removed.judge(&claims()), Err(PeerRefusal::Removed { sender: 2 }));
    }

    #[test]
    fn a_message_reaches_only_the_cluster_and_the_data_directory_that_it_means() {
        let elsewhere = Claims { cluster: Some(THEIRS), ..claims() };
        let refused = Err(PeerRefusal::WrongCluster { ours: OURS, theirs: THEIRS });
        assert_eq!(member().judge(&elsewhere), refused);
        assert_eq!(Known { sender: None, ..member() }.judge(&elsewhere), refused);
        let before = Claims { receiver_incarnation: Some(OTHER), ..claims() };
        assert_eq!(member().judge(&before), Err(PeerRefusal::ReceiverReplaced { node: 1 }));
    }

    #[test]
    fn a_node_without_a_log_belongs_to_the_first_cluster_that_means_it() {
        assert_eq!(empty().judge(&claims()), Ok(Some(OURS)));
        let joined = Known { cluster: Some(OURS), ..empty() };
        assert_eq!(joined.judge(&claims()), Ok(None));
        let refused = PeerRefusal::WrongCluster { ours: OURS, theirs: THEIRS };
        assert_eq!(joined.judge(&Claims { cluster: Some(THEIRS), ..claims() }), Err(refused));

        let told = Known { joins: Some(THEIRS), ..empty() };
        assert_eq!(told.judge(&claims()), Err(PeerRefusal::JoinsElsewhere { ours: THEIRS, theirs: OURS }));
        assert_eq!(Known { joins: Some(OURS), ..empty() }.judge(&claims()), Ok(Some(OURS)));

        let replaced = Err(PeerRefusal::ReceiverReplaced { node: 1 });
        assert_eq!(empty().judge(&Claims { receiver_incarnation: Some(OTHER), ..claims() }), replaced);
        assert_eq!(empty().judge(&nothing()), replaced, "a cluster of version 0.1 knew it before it was emptied");
        let anonymous = Claims { sender_incarnation: None, ..claims() };
        assert!(matches!(empty().judge(&anonymous), Err(PeerRefusal::Incomplete(_))));
    }

    #[test]
    fn a_node_that_reads_of_members_of_another_time_listens_to_those_of_today() {
        let reading = Known { newcomer: true, sender: None, ..member() };
        assert_eq!(reading.judge(&claims()), Ok(None));
        let unnamed = Claims { receiver_incarnation: None, ..claims() };
        assert_eq!(reading.judge(&unnamed), Err(PeerRefusal::ReceiverReplaced { node: 1 }));
        let elsewhere = Claims { cluster: Some(THEIRS), ..claims() };
        assert!(matches!(reading.judge(&elsewhere), Err(PeerRefusal::WrongCluster { .. })));
    }

    #[test]
    fn members_that_version_0_1_recorded_are_heard_until_their_incarnation_is_recorded() {
        let unrecorded = Known { sender: Some(None), ..member() };
        assert_eq!(unrecorded.judge(&nothing()), Ok(None));
        assert_eq!(unrecorded.judge(&Claims { receiver_incarnation: None, ..claims() }), Ok(None));
        let elsewhere = Claims { cluster: Some(THEIRS), ..nothing() };
        assert!(matches!(unrecorded.judge(&elsewhere), Err(PeerRefusal::WrongCluster { .. })));
    }
}
