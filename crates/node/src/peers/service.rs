//! Answering: the replica's peer server as a gRPC service.

use aliasd_replica::{Incoming, LinkError, MESSAGE_BYTES_MAX, NodeId, PeerRefusal, PeerServer};
use aliasd_wire::peer::v1 as wire;
use aliasd_wire::peer::v1::peer_server::{Peer, PeerServer as GrpcPeerServer};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use tonic::{Extensions, Request, Response, Status, Streaming};

/// The node id that a connection's certificate proved. The listener puts it into each request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerIdentity(pub NodeId);

/// The gRPC service of one replica.
pub struct PeerService(PeerServer);

impl PeerService {
    /// The service as tonic mounts it.
    pub fn mount(server: PeerServer) -> GrpcPeerServer<Self> {
        GrpcPeerServer::new(Self(server))
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX)
    }
}

fn sender(extensions: &Extensions) -> Result<NodeId, Status> {
    let identity = extensions.get::<PeerIdentity>();
    identity
        .map(|identity| identity.0)
        .ok_or_else(|| Status::unauthenticated("the connection does not prove a node id"))
}

fn incoming<T: Send + 'static>(messages: Streaming<T>) -> Incoming<T> {
    messages.map_err(|status| LinkError::Interrupted(super::text(&status))).boxed()
}

fn status(refusal: &PeerRefusal) -> Status {
    let text = refusal.text();
    match refusal {
        PeerRefusal::Undecodable(_) | PeerRefusal::Incomplete(_) => Status::invalid_argument(text),
        PeerRefusal::Impersonation { .. }
        | PeerRefusal::ForeignVote
        | PeerRefusal::ForeignActor
        | PeerRefusal::UnknownMember { .. }
        | PeerRefusal::Removed { .. }
        | PeerRefusal::OtherIncarnation { .. } => Status::permission_denied(text),
        PeerRefusal::Misdirected { .. }
        | PeerRefusal::WrongCluster { .. }
        | PeerRefusal::JoinsElsewhere { .. }
        | PeerRefusal::ReceiverReplaced { .. }
        | PeerRefusal::RolledBack
        | PeerRefusal::Fenced => Status::failed_precondition(text),
        PeerRefusal::Stopping(_) | PeerRefusal::Busy => Status::unavailable(text),
        PeerRefusal::Silence => Status::deadline_exceeded(text),
        PeerRefusal::Broken(_) => Status::cancelled(text),
        PeerRefusal::DamagedSnapshot(_) => Status::data_loss(text),
        PeerRefusal::Storage(_) => Status::resource_exhausted(text),
        PeerRefusal::Internal(_) => Status::internal(text),
    }
}

fn answer<T>(answer: Result<T, PeerRefusal>) -> Result<Response<T>, Status> {
    answer.map(Response::new).map_err(|refusal| status(&refusal))
}

#[tonic::async_trait]
impl Peer for PeerService {
    type AppendStream = BoxStream<'static, Result<wire::AppendReply, Status>>;

    async fn append(
        &self,
        request: Request<Streaming<wire::AppendRequest>>,
    ) -> Result<Response<Self::AppendStream>, Status> {
        let from = sender(request.extensions())?;
        let replies = self.0.append(from, incoming(request.into_inner()));
        Ok(Response::new(replies.map_err(|refusal| status(&refusal)).boxed()))
    }

    async fn vote(&self, request: Request<wire::VoteRequest>) -> Result<Response<wire::VoteReply>, Status> {
        let from = sender(request.extensions())?;
        answer(self.0.vote(from, request.into_inner()).await)
    }

    async fn install_snapshot(
        &self,
        request: Request<Streaming<wire::SnapshotPart>>,
    ) -> Result<Response<wire::SnapshotReply>, Status> {
        let from = sender(request.extensions())?;
        answer(self.0.install_snapshot(from, incoming(request.into_inner())).await)
    }

    async fn transfer_leader(
        &self,
        request: Request<wire::TransferLeaderRequest>,
    ) -> Result<Response<wire::TransferLeaderReply>, Status> {
        let from = sender(request.extensions())?;
        answer(self.0.transfer_leader(from, request.into_inner()).await)
    }

    async fn read_index(
        &self,
        request: Request<wire::ReadIndexRequest>,
    ) -> Result<Response<wire::ReadIndexReply>, Status> {
        let from = sender(request.extensions())?;
        answer(self.0.read_index(from, request.into_inner()).await)
    }

    async fn propose(&self, request: Request<wire::ProposeRequest>) -> Result<Response<wire::ProposeReply>, Status> {
        let from = sender(request.extensions())?;
        answer(self.0.propose(from, request.into_inner()).await)
    }

    async fn identify(&self, request: Request<wire::IdentifyRequest>) -> Result<Response<wire::IdentifyReply>, Status> {
        let from = sender(request.extensions())?;
        answer(self.0.identify(from, request.into_inner()).await)
    }

    async fn join(&self, request: Request<wire::JoinRequest>) -> Result<Response<wire::JoinReply>, Status> {
        let from = sender(request.extensions())?;
        answer(self.0.join(from, request.into_inner()).await)
    }

    async fn digest(&self, request: Request<wire::DigestRequest>) -> Result<Response<wire::DigestReply>, Status> {
        let from = sender(request.extensions())?;
        answer(self.0.digest(from, request.into_inner()).await)
    }
}
