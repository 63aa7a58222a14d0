//! The peer service: what the other members may ask of this one.
//!
//! A caller is who its certificate says it is. A request whose claimed sender, or whose vote, names another node is
//! refused before anything looks at it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aliasd_catalog::Revision;
use aliasd_wire::peer::v1 as wire;
use aliasd_wire::peer::v1::peer_server::{Peer, PeerServer};
use aliasd_wire::peer::v1::snapshot_part::Part;
use aliasd_wire::store::log::Vote as StoredVote;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};
use openraft::Raft;
use openraft::errors::{Fatal, RaftError};
use openraft::raft::{AppendEntriesRequest, TransferLeaderError, TransferLeaderRequest, VoteRequest};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tonic::{Extensions, Request, Response, Status, Streaming};

use super::codec::{
    Malformed, log_id_from_wire, log_id_to_wire, stored_membership_from_wire, vote_from_wire, vote_to_wire,
};
use super::feed::Feed;
use super::forward::propose_for_member;
use super::machine::Machine;
use super::machine::snapshot::{SnapshotData, receive_part};
use super::machine::store::{SharedStore, StageError, StagedCatalog};
use super::network::MESSAGE_BYTES_MAX;
use super::network::append::{reply_to_wire, request_from_wire};
use super::read::{LeaderRead, ReadIndexer};
use super::types::{NodeId, Proposal, SnapshotMeta, TypeConfig, Vote};

/// Parts of a snapshot that wait to be stored.
const PARTS_WAITING: usize = 2;

/// The node id that a connection's certificate proved. The transport puts it into each request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerIdentity(pub NodeId);

/// When a leader was last heard of.
pub(crate) type LeaderContact = watch::Sender<Option<Instant>>;

/// The peer service of one replica.
pub struct PeerService {
    pub(crate) node: NodeId,
    pub(crate) raft: Raft<TypeConfig, Machine>,
    pub(crate) store: SharedStore,
    pub(crate) feed: Arc<Feed>,
    pub(crate) reads: Arc<ReadIndexer>,
    pub(crate) heard: Arc<LeaderContact>,
    /// How long the sender of a snapshot may be silent.
    pub(crate) snapshot_timeout: Duration,
    /// Held while a snapshot comes in, so that there is one at a time.
    pub(crate) receiving: tokio::sync::Mutex<()>,
}

impl PeerService {
    /// The service as tonic mounts it.
    pub(crate) fn into_server(self) -> PeerServer<Self> {
        PeerServer::new(self).max_decoding_message_size(MESSAGE_BYTES_MAX).max_encoding_message_size(MESSAGE_BYTES_MAX)
    }
}

/// Checks that a request came from whom it says and reached whom it meant.
#[derive(Clone, Copy)]
struct Gate {
    node: NodeId,
    peer: NodeId,
}

impl Gate {
    fn new(node: NodeId, extensions: &Extensions) -> Result<Self, Status> {
        let identity = extensions.get::<PeerIdentity>();
        let PeerIdentity(peer) =
            *identity.ok_or_else(|| Status::unauthenticated("the connection does not prove a node id"))?;
        Ok(Self { node, peer })
    }

    fn admit(self, route: Option<wire::Route>) -> Result<(), Status> {
        let route = route.ok_or_else(|| Status::invalid_argument("the request names no sender and receiver"))?;
        if route.sender != self.peer {
            let (claimed, proved) = (route.sender, self.peer);
            let message =
                format!("the request claims to come from node {claimed}, but the certificate proves {proved}");
            return Err(Status::permission_denied(message));
        }
        if route.receiver != self.node {
            let (wanted, node) = (route.receiver, self.node);
            let message = format!("this is node {node}, not node {wanted}; check the members' peer addresses");
            return Err(Status::failed_precondition(message));
        }
        Ok(())
    }

    /// A vote speaks for the node that it names, which must be the caller.
    fn admit_vote(self, vote: Option<StoredVote>) -> Result<Vote, Status> {
        let vote = vote_from_wire(vote).map_err(|error| malformed(&error))?;
        if vote.leader_id.node_id == self.peer {
            Ok(vote)
        } else {
            Err(Status::permission_denied("the vote names another node than the one that sent it"))
        }
    }
}

fn malformed(error: &Malformed) -> Status {
    Status::invalid_argument(error.to_string())
}

fn stopped(error: &Fatal<TypeConfig>) -> Status {
    Status::unavailable(format!("this node stops: {error}"))
}

fn raft_stopped(error: RaftError<TypeConfig>) -> Status {
    stopped(&error.unwrap_fatal())
}

#[tonic::async_trait]
impl Peer for PeerService {
    type AppendStream = BoxStream<'static, Result<wire::AppendReply, Status>>;

    async fn append(
        &self,
        request: Request<Streaming<wire::AppendRequest>>,
    ) -> Result<Response<Self::AppendStream>, Status> {
        let gate = Gate::new(self.node, request.extensions())?;
        let failure = Failure::default();
        let requests = admitted(gate, request.into_inner(), failure.clone());
        let heard = Arc::clone(&self.heard);
        let answers = self.raft.stream_append(requests).map(move |answer| {
            let answer = answer.map_err(|error| stopped(&error))?;
            if answer.is_ok() {
                heard.send_replace(Some(Instant::now()));
            }
            Ok(reply_to_wire(&answer))
        });
        let refusal = futures::stream::once(async move { failure.take() }).filter_map(std::future::ready).map(Err);
        Ok(Response::new(answers.chain(refusal).boxed()))
    }

    async fn vote(&self, request: Request<wire::VoteRequest>) -> Result<Response<wire::VoteReply>, Status> {
        let gate = Gate::new(self.node, request.extensions())?;
        let request = request.into_inner();
        gate.admit(request.route)?;
        let rpc = VoteRequest {
            vote: gate.admit_vote(request.vote)?,
            last_log_id: request.last_log_id.map(log_id_from_wire),
            leadership_transfer: request.leadership_transfer,
        };
        let answer = if request.pre_vote { self.raft.pre_vote(rpc).await } else { self.raft.vote(rpc).await };
        let answer = answer.map_err(raft_stopped)?;
        Ok(Response::new(wire::VoteReply {
            vote: Some(vote_to_wire(&answer.vote)),
            granted: answer.vote_granted,
            last_log_id: answer.last_log_id.as_ref().map(log_id_to_wire),
        }))
    }

    async fn install_snapshot(
        &self,
        request: Request<Streaming<wire::SnapshotPart>>,
    ) -> Result<Response<wire::SnapshotReply>, Status> {
        let gate = Gate::new(self.node, request.extensions())?;
        let mut parts = request.into_inner();
        let Some(Part::Header(header)) = self.next_part(&mut parts).await?.and_then(|part| part.part) else {
            return Err(Status::invalid_argument("a snapshot begins with its header"));
        };
        gate.admit(header.route)?;
        let vote = gate.admit_vote(header.vote)?;
        let meta = SnapshotMeta {
            last_log_id: header.last_log_id.map(log_id_from_wire),
            last_membership: stored_membership_from_wire(header.membership).map_err(|error| malformed(&error))?,
        };
        let Ok(_receiving) = self.receiving.try_lock() else {
            return Err(Status::unavailable("another snapshot is coming in"));
        };
        let staged = self.stage(parts).await?;
        let snapshot = openraft::Snapshot { meta, snapshot: SnapshotData::Received(Box::new(staged)) };
        let answer = self.raft.install_full_snapshot(vote, snapshot).await.map_err(|error| stopped(&error))?;
        self.heard.send_replace(Some(Instant::now()));
        Ok(Response::new(wire::SnapshotReply { vote: Some(vote_to_wire(&answer.vote)) }))
    }

    async fn transfer_leader(
        &self,
        request: Request<wire::TransferLeaderRequest>,
    ) -> Result<Response<wire::TransferLeaderReply>, Status> {
        use wire::transfer_leader_reply::Result as Answer;
        let gate = Gate::new(self.node, request.extensions())?;
        let request = request.into_inner();
        gate.admit(request.route)?;
        let from = gate.admit_vote(request.from_leader)?;
        let last_log_id = request.last_log_id.map(log_id_from_wire);
        let rpc = TransferLeaderRequest::new(from, request.successor, last_log_id);
        let answer = match self.raft.handle_transfer_leader(rpc).await.map_err(|error| stopped(&error))? {
            Ok(()) => Answer::Accepted(wire::TransferAccepted {}),
            Err(TransferLeaderError::VoteChanged { expected, actual }) => Answer::VoteChanged(wire::VoteChanged {
                expected: Some(vote_to_wire(&expected)),
                actual: Some(vote_to_wire(&actual)),
            }),
            Err(TransferLeaderError::LogNotFlushed { expected, actual }) => {
                Answer::LogNotFlushed(wire::LogNotFlushed {
                    expected: expected.as_ref().map(log_id_to_wire),
                    actual: actual.as_ref().map(log_id_to_wire),
                })
            }
        };
        Ok(Response::new(wire::TransferLeaderReply { result: Some(answer) }))
    }

    async fn read_index(
        &self,
        request: Request<wire::ReadIndexRequest>,
    ) -> Result<Response<wire::ReadIndexReply>, Status> {
        use wire::read_index_reply::Result as Answer;
        Gate::new(self.node, request.extensions())?.admit(request.into_inner().route)?;
        let answer = match self.reads.on_leader().await {
            LeaderRead::Index(revision) => Answer::Index(revision.0),
            LeaderRead::NotLeader(leader) => Answer::NotLeader(wire::NotLeader { leader }),
            LeaderRead::NoQuorum => Answer::NoQuorum(wire::NoQuorum {}),
            LeaderRead::Stopped => return Err(Status::unavailable("this node stops")),
        };
        Ok(Response::new(wire::ReadIndexReply { result: Some(answer) }))
    }

    async fn propose(&self, request: Request<wire::ProposeRequest>) -> Result<Response<wire::ProposeReply>, Status> {
        let gate = Gate::new(self.node, request.extensions())?;
        let request = request.into_inner();
        gate.admit(request.route)?;
        let proposal = Proposal::decode(request.entry).map_err(|error| malformed(&error))?;
        let answer = propose_for_member(&self.raft, proposal).await;
        Ok(Response::new(wire::ProposeReply { result: Some(answer) }))
    }

    async fn digest(&self, request: Request<wire::DigestRequest>) -> Result<Response<wire::DigestReply>, Status> {
        let gate = Gate::new(self.node, request.extensions())?;
        let request = request.into_inner();
        gate.admit(request.route)?;
        let digest = self.feed.digest_at(Revision(request.revision));
        Ok(Response::new(wire::DigestReply { digest: digest.map(|digest| digest.to_bytes().to_vec()) }))
    }
}

impl PeerService {
    async fn next_part(&self, parts: &mut Streaming<wire::SnapshotPart>) -> Result<Option<wire::SnapshotPart>, Status> {
        match tokio::time::timeout(self.snapshot_timeout, parts.message()).await {
            Ok(part) => part,
            Err(_) => Err(Status::deadline_exceeded("the sender of the snapshot fell silent")),
        }
    }

    /// Stores a snapshot beside the current catalog, decoding on a thread that may block.
    async fn stage(&self, mut parts: Streaming<wire::SnapshotPart>) -> Result<StagedCatalog, Status> {
        let (to_stage, waiting) = mpsc::channel(PARTS_WAITING);
        let store = Arc::clone(&self.store);
        let staging = tokio::task::spawn_blocking(move || store_parts(&store, waiting));
        while let Some(part) = self.next_part(&mut parts).await? {
            if to_stage.send(part).await.is_err() {
                break;
            }
        }
        drop(to_stage);
        let staged =
            staging.await.map_err(|error| Status::internal(format!("receiving a snapshot failed: {error}")))?;
        staged.map_err(|error| {
            tracing::error!(%error, "a snapshot was not taken");
            match error {
                StageError::Damaged(_) => Status::data_loss(error.to_string()),
                StageError::Storage(_) => Status::resource_exhausted(error.to_string()),
            }
        })
    }
}

fn store_parts(
    store: &SharedStore,
    mut waiting: mpsc::Receiver<wire::SnapshotPart>,
) -> Result<StagedCatalog, StageError> {
    let mut staged = store.stage()?;
    while let Some(part) = waiting.blocking_recv() {
        if receive_part(&mut staged, part)? {
            return Ok(staged);
        }
    }
    Err(StageError::Damaged("it ends before its trailer".to_owned()))
}

/// The reason why a stream of requests ended early, told after the last answer.
#[derive(Clone, Default)]
struct Failure(Arc<Mutex<Option<Status>>>);

impl Failure {
    fn set(&self, status: Status) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(status);
    }

    fn take(&self) -> Option<Status> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The requests that pass the gate; the first that does not ends the stream.
fn admitted(
    gate: Gate,
    requests: Streaming<wire::AppendRequest>,
    failure: Failure,
) -> impl Stream<Item = AppendEntriesRequest<TypeConfig>> + Send + 'static {
    let check = move |request: Result<wire::AppendRequest, Status>| {
        let request = request?;
        gate.admit(request.route)?;
        gate.admit_vote(request.vote)?;
        request_from_wire(request).map_err(|error| malformed(&error))
    };
    requests.scan(failure, move |failure, request| {
        let admitted = check(request).map_err(|status| failure.set(status)).ok();
        std::future::ready(admitted)
    })
}
