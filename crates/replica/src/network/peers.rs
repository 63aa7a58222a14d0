//! The links of this member, and the questions that the replica itself has for the others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aliasd_catalog::{ClusterId, Digest, Principal, Revision};
use aliasd_runtime::SharedRuntime;
use aliasd_wire::peer::v1 as wire;
use aliasd_wire::peer::v1::propose_request::Actor;

use super::acknowledged::Acknowledgements;
use super::reach::Reach;
use crate::frame::FrameError;
use crate::incarnation::{Incarnation, cluster_from_wire};
use crate::join_token::JoinToken;
use crate::links::{Call, Link, LinkError, Links};
use crate::machine::state::decode_digest;
use crate::options::RaftSettings;
use crate::roster::Roster;
use crate::status::ReplicaStatus;
use crate::types::{NodeId, Proposal};

/// What a link carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lane {
    /// Heartbeats, votes, read indexes, digests: small and urgent.
    Control,
    /// Log entries, replicated or on their way to the leader.
    Data,
    /// Parts of a catalog on its way to a member that is behind: large, and in no hurry.
    Snapshot,
}

/// The links of this member, one per other member and lane, made when first needed.
pub(crate) struct Peers {
    pub(super) roster: Arc<Roster>,
    pub(super) runtime: SharedRuntime,
    pub(super) reach: Reach,
    pub(super) acknowledged: Arc<Acknowledgements>,
    links: Arc<dyn Links>,
    made: Mutex<BTreeMap<(NodeId, Lane), MadeLink>>,
}

/// A link, and the address that it was made for.
type MadeLink = (String, Arc<dyn Link>);

/// Who another node says that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identified {
    pub(crate) incarnation: Incarnation,
    /// Nothing was ever written to its log, and no cluster has spoken to it.
    pub(crate) empty: bool,
    pub(crate) cluster: Option<ClusterId>,
    /// It knows that this node was removed from its cluster.
    pub(crate) sender_removed: bool,
    /// What it understands: see [`crate::members::level`].
    pub(crate) level: u32,
    /// A member of a cluster that knows it with another data directory.
    pub(crate) disowned_by: Option<NodeId>,
    /// The incarnation that its membership has for the node that it was asked about.
    pub(crate) about: Option<Incarnation>,
}

/// Why a call to another member has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error("its answer is not usable")]
    Answer(#[from] FrameError),
    #[error("it has lost entries that it had acknowledged")]
    RolledBack,
}

impl Peers {
    pub(crate) fn new(
        roster: Arc<Roster>,
        links: Arc<dyn Links>,
        runtime: SharedRuntime,
        settings: RaftSettings,
    ) -> Self {
        let reach = Reach::new(Arc::clone(&runtime), settings);
        Self { roster, runtime, reach, acknowledged: Arc::default(), links, made: Mutex::default() }
    }

    /// The members that have lost what they had acknowledged to this one, as long as it leads.
    pub(crate) fn rolled_back(&self) -> BTreeSet<NodeId> {
        self.acknowledged.rolled_back()
    }

    /// Adds to a status how far the others are, and whether they answer.
    pub(crate) fn measure(&self, status: &mut ReplicaStatus) {
        status.round_trip_max = self.reach.round_trip_max();
        for (node, member) in &mut status.members {
            (member.round_trip, member.is_too_far) = self.reach.distance(*node);
            (member.answers, member.silent_for) = self.reach.silence(*node);
            member.amiss = self.reach.amiss(*node);
        }
    }

    fn route(&self, receiver: NodeId) -> Option<wire::Route> {
        Some(self.roster.route(receiver, None))
    }

    pub(super) fn link(&self, target: NodeId, address: &str, lane: Lane) -> Arc<dyn Link> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        match made.get(&(target, lane)) {
            Some((known, link)) if known == address => Arc::clone(link),
            _ => {
                let link = self.links.link(target, address);
                made.insert((target, lane), (address.to_owned(), Arc::clone(&link)));
                link
            }
        }
    }

    /// Awaits an answer, but not for ever.
    pub(super) async fn attempt<T>(&self, timeout: Duration, call: Call<T>) -> Result<T, CallError> {
        match self.runtime.timeout(timeout, call).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(CallError::Timeout(timeout)),
        }
    }

    /// The same, and notes whether the member answers at all.
    pub(super) async fn answer<T>(&self, target: NodeId, timeout: Duration, call: Call<T>) -> Result<T, CallError> {
        let answer = self.attempt(timeout, call).await;
        self.note(target, &answer);
        answer
    }

    pub(super) fn note<T>(&self, target: NodeId, answer: &Result<T, CallError>) {
        match answer {
            Ok(_) => self.reach.answered(target),
            Err(error) => self.reach.failed(target, error),
        }
    }

    /// Asks whoever is at an address who it is. It has proved its node id by then.
    pub(crate) async fn identify(
        &self,
        target: NodeId,
        address: &str,
        timeout: Duration,
    ) -> Result<Identified, CallError> {
        self.identify_and_ask(target, address, None, timeout).await
    }

    /// The same, and what it knows of a third node.
    pub(crate) async fn identify_and_ask(
        &self,
        target: NodeId,
        address: &str,
        about: Option<NodeId>,
        timeout: Duration,
    ) -> Result<Identified, CallError> {
        let route = wire::Route { sender: self.roster.node, receiver: target, ..wire::Route::default() };
        let request = wire::IdentifyRequest { route: Some(route), about };
        let call = self.link(target, address, Lane::Control).identify(request);
        let reply = self.attempt(timeout, call).await?;
        Ok(Identified {
            incarnation: Incarnation::from_wire(&reply.incarnation)?,
            empty: reply.empty,
            cluster: reply.cluster_id.as_deref().map(cluster_from_wire).transpose()?,
            sender_removed: reply.sender_removed,
            level: reply.level,
            disowned_by: reply.disowned_by,
            about: reply.about_incarnation.as_deref().map(Incarnation::from_wire).transpose()?,
        })
    }

    /// Shows a member a join token.
    pub(crate) async fn join(
        &self,
        target: NodeId,
        address: &str,
        token: &JoinToken,
        timeout: Duration,
    ) -> Result<Option<wire::join_reply::Result>, CallError> {
        let route = wire::Route {
            cluster_id: Some(token.cluster.0.to_vec()),
            receiver_incarnation: None,
            ..self.roster.route(target, None)
        };
        let request = wire::JoinRequest { route: Some(route), secret: token.secret().to_vec() };
        let call = self.link(target, address, Lane::Control).join(request);
        Ok(self.attempt(timeout, call).await?.result)
    }

    /// Lets go of the links to everybody else: the connections are closed, and made anew if they are needed again.
    pub(crate) fn keep_links_to(&self, nodes: &BTreeSet<NodeId>) {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).retain(|(node, _), _| nodes.contains(node));
    }

    /// Asks the leader for the log index that a linearizable read must have applied.
    pub(crate) async fn read_index(
        &self,
        leader: NodeId,
        address: &str,
        timeout: Duration,
    ) -> Result<Option<wire::read_index_reply::Result>, CallError> {
        let request = wire::ReadIndexRequest { route: self.route(leader) };
        let call = self.link(leader, address, Lane::Control).read_index(request);
        Ok(self.answer(leader, timeout, call).await?.result)
    }

    /// Asks a member for its digest at a revision.
    pub(crate) async fn digest(
        &self,
        target: NodeId,
        address: &str,
        revision: Revision,
        timeout: Duration,
    ) -> Result<Option<Digest>, CallError> {
        let request = wire::DigestRequest { route: self.route(target), revision: revision.0 };
        let call = self.link(target, address, Lane::Control).digest(request);
        // Answered from memory, and asked of every member whether there is a leader or not: so this shows the distance.
        let asked_at = self.runtime.now();
        let reply = self.answer(target, timeout, call).await?;
        self.reach.measured(target, self.runtime.now().saturating_since(asked_at));
        self.reach.says_of_itself(target, reply.not_serving);
        Ok(reply.digest.map(|digest| decode_digest(&digest)).transpose()?)
    }

    /// Hands an entry to the leader, on a link on which it cannot delay a heartbeat.
    pub(crate) async fn propose(
        &self,
        leader: NodeId,
        address: &str,
        proposal: &Proposal,
        timeout: Duration,
    ) -> Result<Option<wire::propose_reply::Result>, CallError> {
        let actor = match &proposal.entry().actor {
            Principal::System => Actor::Cluster(wire::ClusterActor {}),
            Principal::User(name) => Actor::User(name.as_str().to_owned()),
        };
        let request =
            wire::ProposeRequest { route: self.route(leader), entry: proposal.encoded().to_vec(), actor: Some(actor) };
        let call = self.link(leader, address, Lane::Data).propose(request);
        Ok(self.answer(leader, timeout, call).await?.result)
    }
}
