//! How this member talks to the others: openraft's network, and the replica's own questions, over links.
//!
//! Each member is reached over three links, so that a snapshot or a batch of entries never delays a heartbeat. Every
//! call has a deadline. What a missing answer means, and when to ask again, is decided here and in
//! [`crate::links::LinkError`], never by the transport.

mod acknowledged;
mod append;
mod distance;
mod peers;
mod reach;
mod snapshot;

use std::sync::Arc;
use std::time::Duration;

use aliasd_wire::peer::v1 as wire;
use openraft::RPCTypes;
use openraft::errors::{NetworkError, RPCError, Timeout, Unreachable};
use openraft::network::{Backoff, NetBackoff, NetTransferLeader, NetVote, RPCOption, RaftNetworkFactory};
use openraft::raft::{TransferLeaderRequest, TransferLeaderResponse, VoteRequest, VoteResponse};

use self::peers::Lane;
pub(crate) use self::peers::{CallError, Identified, Peers};
use crate::codec::{log_id_from_wire, log_id_to_wire, transfer_answer_from_wire, vote_from_wire, vote_to_wire};
use crate::incarnation::Incarnation;
use crate::links::{Link, Retry};
use crate::types::{NodeId, RecordedMember, TypeConfig};

/// Makes openraft's connections.
pub(crate) struct NetworkFactory {
    pub(crate) peers: Arc<Peers>,
    /// How long an append may be unanswered.
    pub(crate) append_timeout: Duration,
}

impl NetworkFactory {
    fn network(&self, target: NodeId, recorded: &RecordedMember, lane: Lane) -> Network {
        let (address, incarnation) = (recorded.member.peer_address.clone(), recorded.incarnation);
        let peers = Arc::clone(&self.peers);
        Network { peers, target, address, incarnation, lane, append_timeout: self.append_timeout }
    }
}

impl RaftNetworkFactory<TypeConfig> for NetworkFactory {
    type Network = Network;

    async fn new_client(&mut self, target: NodeId, member: &RecordedMember) -> Network {
        self.network(target, member, Lane::Data)
    }

    async fn new_heartbeat_client(&mut self, target: NodeId, member: &RecordedMember) -> Network {
        self.network(target, member, Lane::Control)
    }

    async fn new_snapshot_client(&mut self, target: NodeId, member: &RecordedMember) -> Network {
        self.network(target, member, Lane::Snapshot)
    }
}

/// One member as openraft sees it.
pub(crate) struct Network {
    peers: Arc<Peers>,
    target: NodeId,
    address: String,
    /// What the target must be, as it was recorded when this was made.
    incarnation: Option<Incarnation>,
    lane: Lane,
    append_timeout: Duration,
}

impl Network {
    fn link(&self, lane: Lane) -> Arc<dyn Link> {
        self.peers.link(self.target, &self.address, lane)
    }

    fn route(&self) -> Option<wire::Route> {
        Some(self.peers.roster.route(self.target, self.incarnation))
    }

    fn timeout(&self, action: RPCTypes, timeout: Duration) -> Timeout<TypeConfig> {
        Timeout { action, id: self.peers.roster.node, target: self.target, timeout }
    }

    /// Tells openraft whether to try again at once or to wait a little.
    fn rpc_error(&self, action: RPCTypes, error: &CallError) -> RPCError<TypeConfig> {
        match error {
            CallError::Timeout(timeout) => self.timeout(action, *timeout).into(),
            CallError::Link(link) if link.retry() == Retry::Now => NetworkError::new(error).into(),
            CallError::Link(_) | CallError::Answer(_) | CallError::RolledBack => Unreachable::new(error).into(),
        }
    }

    async fn ask_for_vote(
        &self,
        rpc: VoteRequest<TypeConfig>,
        pre_vote: bool,
        timeout: Duration,
    ) -> Result<VoteResponse<TypeConfig>, CallError> {
        let request = wire::VoteRequest {
            route: self.route(),
            vote: Some(vote_to_wire(&rpc.vote)),
            last_log_id: rpc.last_log_id.as_ref().map(log_id_to_wire),
            leadership_transfer: rpc.leadership_transfer,
            pre_vote,
        };
        let reply = self.peers.answer(self.target, timeout, self.link(Lane::Control).vote(request)).await?;
        let vote = vote_from_wire(reply.vote)?;
        Ok(VoteResponse::new(vote, reply.last_log_id.map(log_id_from_wire), reply.granted))
    }
}

impl NetBackoff<TypeConfig> for Network {
    fn backoff(&self) -> Option<Backoff> {
        None
    }
}

impl NetVote<TypeConfig> for Network {
    async fn vote(
        &mut self,
        rpc: VoteRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<VoteResponse<TypeConfig>, RPCError<TypeConfig>> {
        let answer = self.ask_for_vote(rpc, false, option.soft_ttl()).await;
        answer.map_err(|error| self.rpc_error(RPCTypes::Vote, &error))
    }

    async fn pre_vote(
        &mut self,
        rpc: VoteRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<VoteResponse<TypeConfig>, RPCError<TypeConfig>> {
        let answer = self.ask_for_vote(rpc, true, option.soft_ttl()).await;
        answer.map_err(|error| self.rpc_error(RPCTypes::Vote, &error))
    }
}

impl NetTransferLeader<TypeConfig> for Network {
    async fn transfer_leader(
        &mut self,
        request: TransferLeaderRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<TransferLeaderResponse<TypeConfig>, RPCError<TypeConfig>> {
        let request = wire::TransferLeaderRequest {
            route: self.route(),
            from_leader: Some(vote_to_wire(request.from_leader())),
            successor: *request.to_node_id(),
            last_log_id: request.last_log_id().map(log_id_to_wire),
        };
        let answer = async {
            let call = self.link(Lane::Control).transfer_leader(request);
            Ok(transfer_answer_from_wire(self.peers.answer(self.target, option.soft_ttl(), call).await?)?)
        };
        answer.await.map_err(|error: CallError| self.rpc_error(RPCTypes::TransferLeader, &error))
    }
}
