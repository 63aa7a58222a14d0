//! How this member talks to the others: openraft's network over the peer service.
//!
//! How a connection comes about, and that its certificate proves the node it is meant for, is the connector's matter.
//! Each member is reached over three connections, so that a snapshot or a batch of entries never delays a heartbeat.
//! Every call has a deadline.

pub(crate) mod append;
mod snapshot;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aliasd_catalog::{Digest, Revision};
use aliasd_wire::peer::v1 as wire;
use aliasd_wire::peer::v1::peer_client::PeerClient;
use openraft::RPCTypes;
use openraft::errors::{NetworkError, RPCError, Timeout, Unreachable};
use openraft::network::{Backoff, NetBackoff, NetTransferLeader, NetVote, RPCOption, RaftNetworkFactory};
use openraft::raft::{TransferLeaderError, TransferLeaderRequest, TransferLeaderResponse, VoteRequest, VoteResponse};
use tonic::transport::Channel;
use tonic::{Code, Response, Status};

use super::codec::{self, Malformed, log_id_from_wire, log_id_to_wire, vote_from_wire, vote_to_wire};
use super::machine::store::decode_digest;
use super::types::{Member, NodeId, TypeConfig};

/// A message between members may be this long: a batch of entries, a part of a snapshot, with room to spare.
pub(crate) const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

type ConnectFn = dyn Fn(NodeId, &str) -> Result<Channel, tonic::transport::Error> + Send + Sync;

/// Makes connections to other members.
///
/// The function gets the node id to reach and its `host:port`. It returns at once, with a channel of its own that
/// connects when it is used, and whose connections are refused unless the other side proves that node id.
#[derive(Clone)]
pub struct PeerConnector(Arc<ConnectFn>);

impl PeerConnector {
    /// Wraps a function that makes channels.
    pub fn new(
        connect: impl Fn(NodeId, &str) -> Result<Channel, tonic::transport::Error> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(connect))
    }
}

impl fmt::Debug for PeerConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PeerConnector")
    }
}

/// What a connection carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Lane {
    /// Heartbeats, votes, read indexes, digests: small and urgent.
    Control,
    /// Log entries.
    Data,
    /// Snapshots.
    Snapshot,
}

/// The connections of this member, one per other member and lane, made when first needed.
pub(crate) struct Peers {
    own: NodeId,
    connector: PeerConnector,
    channels: Mutex<BTreeMap<(NodeId, Lane), (String, Channel)>>,
}

/// Why a call to another member has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    #[error("{}", describe(.0))]
    Status(Status),
    #[error("its address is not usable: {0}")]
    Address(tonic::transport::Error),
    #[error("its answer is not usable: {0}")]
    Answer(#[from] Malformed),
}

fn describe(status: &Status) -> String {
    format!("{:?}: {}", status.code(), status.message())
}

impl Peers {
    pub(crate) fn new(own: NodeId, connector: PeerConnector) -> Self {
        Self { own, connector, channels: Mutex::default() }
    }

    pub(crate) fn route(&self, receiver: NodeId) -> Option<wire::Route> {
        Some(wire::Route { sender: self.own, receiver })
    }

    fn client(&self, target: NodeId, address: &str, lane: Lane) -> Result<PeerClient<Channel>, CallError> {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        let channel = match channels.get(&(target, lane)) {
            Some((known, channel)) if known == address => channel.clone(),
            _ => {
                let channel = (self.connector.0)(target, address).map_err(CallError::Address)?;
                channels.insert((target, lane), (address.to_owned(), channel.clone()));
                channel
            }
        };
        Ok(PeerClient::new(channel)
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX))
    }

    /// For entries on their way to the leader, which must not delay a heartbeat.
    pub(crate) fn write_client(&self, target: NodeId, address: &str) -> Result<PeerClient<Channel>, CallError> {
        self.client(target, address, Lane::Data)
    }

    /// Asks the leader for the log index that a linearizable read must have applied.
    pub(crate) async fn read_index(
        &self,
        leader: NodeId,
        address: &str,
        timeout: Duration,
    ) -> Result<Option<wire::read_index_reply::Result>, CallError> {
        let mut client = self.client(leader, address, Lane::Control)?;
        let request = wire::ReadIndexRequest { route: self.route(leader) };
        let reply = within(timeout, client.read_index(request)).await?;
        Ok(reply.result)
    }

    /// Asks a member for its digest at a revision.
    pub(crate) async fn digest(
        &self,
        target: NodeId,
        address: &str,
        revision: Revision,
        timeout: Duration,
    ) -> Result<Option<Digest>, CallError> {
        let mut client = self.client(target, address, Lane::Control)?;
        let request = wire::DigestRequest { route: self.route(target), revision: revision.0 };
        let reply = within(timeout, client.digest(request)).await?;
        Ok(reply.digest.map(|digest| decode_digest(&digest)).transpose()?)
    }
}

/// Awaits an answer, but not for ever.
pub(crate) async fn within<T>(
    timeout: Duration,
    call: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<T, CallError> {
    match tokio::time::timeout(timeout, call).await {
        Ok(Ok(response)) => Ok(response.into_inner()),
        Ok(Err(status)) => Err(CallError::Status(status)),
        Err(_) => Err(CallError::Timeout(timeout)),
    }
}

/// Makes openraft's connections.
pub(crate) struct NetworkFactory {
    pub(crate) peers: Arc<Peers>,
    /// How long an append may be unanswered.
    pub(crate) append_timeout: Duration,
}

impl NetworkFactory {
    fn network(&self, target: NodeId, member: &Member, lane: Lane) -> Network {
        let address = member.peer_address.clone();
        Network { peers: Arc::clone(&self.peers), target, address, lane, append_timeout: self.append_timeout }
    }
}

impl RaftNetworkFactory<TypeConfig> for NetworkFactory {
    type Network = Network;

    async fn new_client(&mut self, target: NodeId, member: &Member) -> Network {
        self.network(target, member, Lane::Data)
    }

    async fn new_heartbeat_client(&mut self, target: NodeId, member: &Member) -> Network {
        self.network(target, member, Lane::Control)
    }

    async fn new_snapshot_client(&mut self, target: NodeId, member: &Member) -> Network {
        self.network(target, member, Lane::Snapshot)
    }
}

/// One member as openraft sees it.
pub(crate) struct Network {
    peers: Arc<Peers>,
    target: NodeId,
    address: String,
    lane: Lane,
    append_timeout: Duration,
}

impl Network {
    fn client(&self, lane: Lane) -> Result<PeerClient<Channel>, CallError> {
        self.peers.client(self.target, &self.address, lane)
    }

    fn route(&self) -> Option<wire::Route> {
        self.peers.route(self.target)
    }

    fn timeout(&self, action: RPCTypes, timeout: Duration) -> Timeout<TypeConfig> {
        Timeout { action, id: self.peers.own, target: self.target, timeout }
    }

    /// Tells openraft whether to try again at once or to wait a little.
    fn rpc_error(&self, action: RPCTypes, error: &CallError) -> RPCError<TypeConfig> {
        match error {
            CallError::Timeout(timeout) => self.timeout(action, *timeout).into(),
            CallError::Status(status) if status.code() == Code::Cancelled => NetworkError::new(error).into(),
            CallError::Status(_) | CallError::Address(_) | CallError::Answer(_) => Unreachable::new(error).into(),
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
        let reply = within(timeout, self.client(Lane::Control)?.vote(request)).await?;
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
            let reply = within(option.soft_ttl(), self.client(Lane::Control)?.transfer_leader(request)).await?;
            Ok(transfer_answer(reply)?)
        };
        answer.await.map_err(|error: CallError| self.rpc_error(RPCTypes::TransferLeader, &error))
    }
}

fn transfer_answer(reply: wire::TransferLeaderReply) -> Result<TransferLeaderResponse<TypeConfig>, Malformed> {
    use wire::transfer_leader_reply::Result as Answer;
    Ok(match reply.result.ok_or_else(|| Malformed::content("answer", "it is empty"))? {
        Answer::Accepted(_) => Ok(()),
        Answer::VoteChanged(changed) => Err(TransferLeaderError::VoteChanged {
            expected: vote_from_wire(changed.expected)?,
            actual: vote_from_wire(changed.actual)?,
        }),
        Answer::LogNotFlushed(log) => Err(TransferLeaderError::LogNotFlushed {
            expected: log.expected.map(codec::log_id_from_wire),
            actual: log.actual.map(codec::log_id_from_wire),
        }),
    })
}
