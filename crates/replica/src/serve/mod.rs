//! What the other members may ask of this one, in wire messages.
//!
//! Whoever carries the messages says which node sent them, and must know it for sure. A request is refused before anything
//! looks at it when its vote names another node, or when sender and receiver are not the members that both know.

mod admission;
mod append;
mod join;
mod propose;
mod snapshot;
mod vouch;

use std::sync::Arc;
use std::time::Duration;

use aliasd_catalog::{Revision, error_chain};
use aliasd_wire::peer::v1 as wire;
use openraft::errors::{Fatal, RaftError};
use openraft::raft::{TransferLeaderError, TransferLeaderRequest, VoteRequest};

use self::admission::PeerAdmission;
use self::propose::handed_over;
pub(crate) use self::vouch::Vouchers;
use crate::codec::{log_id_from_wire, log_id_to_wire, vote_to_wire};
use crate::core::Core;
use crate::incarnation::Incarnation;
use crate::links::{Incoming, PeerRefusal};
use crate::machine::store::SharedStore;
use crate::members::level::LEVEL;
use crate::propose::propose_for_member;
use crate::read::{LeaderRead, ReadIndexer};
use crate::types::{NodeId, TypeConfig};

/// The serving side of one replica; clones share it.
#[derive(Clone)]
pub struct PeerServer {
    pub(crate) core: Arc<Core>,
    pub(crate) store: SharedStore,
    pub(crate) reads: Arc<ReadIndexer>,
    /// How long the sender of a snapshot may be silent.
    pub(crate) snapshot_timeout: Duration,
    /// Held while a snapshot comes in, so that there is one at a time.
    pub(crate) receiving: Arc<tokio::sync::Mutex<()>>,
    /// Members that this one has not read of yet, by the word of others.
    pub(crate) vouchers: Arc<Vouchers>,
}

fn stopped(error: &Fatal<TypeConfig>) -> PeerRefusal {
    PeerRefusal::Stopping(format!(": {error}"))
}

fn raft_stopped(error: RaftError<TypeConfig>) -> PeerRefusal {
    stopped(&error.unwrap_fatal())
}

impl PeerServer {
    fn admission(&self, peer: NodeId) -> PeerAdmission {
        PeerAdmission { core: Arc::clone(&self.core), vouchers: Arc::clone(&self.vouchers), peer }
    }

    /// Takes log entries: one answer for each request, in order. Ends after the first answer that is not a match, and
    /// after the first refusal.
    pub fn append(
        &self,
        from: NodeId,
        requests: Incoming<wire::AppendRequest>,
    ) -> futures::stream::BoxStream<'static, Result<wire::AppendReply, PeerRefusal>> {
        append::append(&self.core, self.admission(from), requests)
    }

    /// Votes, or says whether it would.
    ///
    /// # Errors
    /// See [`PeerRefusal`].
    pub async fn vote(&self, from: NodeId, request: wire::VoteRequest) -> Result<wire::VoteReply, PeerRefusal> {
        let admission = self.admission(from);
        admission.admit(request.route).await?;
        if self.core.is_rolled_back() {
            return Err(PeerRefusal::RolledBack);
        }
        let rpc = VoteRequest {
            vote: admission.admit_vote(request.vote)?,
            last_log_id: request.last_log_id.map(log_id_from_wire),
            leadership_transfer: request.leadership_transfer,
        };
        let raft = &self.core.raft;
        let answer =
            self.core.within(async { if request.pre_vote { raft.pre_vote(rpc).await } else { raft.vote(rpc).await } });
        let answer = answer.await.map_err(raft_stopped)?;
        Ok(wire::VoteReply {
            vote: Some(vote_to_wire(&answer.vote)),
            granted: answer.vote_granted,
            last_log_id: answer.last_log_id.as_ref().map(log_id_to_wire),
        })
    }

    /// Takes a whole snapshot, and answers once it is installed.
    ///
    /// # Errors
    /// See [`PeerRefusal`].
    pub async fn install_snapshot(
        &self,
        from: NodeId,
        parts: Incoming<wire::SnapshotPart>,
    ) -> Result<wire::SnapshotReply, PeerRefusal> {
        snapshot::install(self, self.admission(from), parts).await
    }

    /// Follows another leader, or becomes it.
    ///
    /// # Errors
    /// See [`PeerRefusal`].
    pub async fn transfer_leader(
        &self,
        from: NodeId,
        request: wire::TransferLeaderRequest,
    ) -> Result<wire::TransferLeaderReply, PeerRefusal> {
        use wire::transfer_leader_reply::Result as Answer;
        let admission = self.admission(from);
        admission.admit(request.route).await?;
        let leader = admission.admit_vote(request.from_leader)?;
        if request.successor == self.core.node {
            if self.core.roster.identity.is_fenced() {
                return Err(PeerRefusal::Fenced);
            }
            if self.core.is_rolled_back() {
                return Err(PeerRefusal::RolledBack);
            }
        }
        let last_log_id = request.last_log_id.map(log_id_from_wire);
        let rpc = TransferLeaderRequest::new(leader, request.successor, last_log_id);
        let answer = self.core.within(self.core.raft.handle_transfer_leader(rpc)).await;
        let answer = match answer.map_err(|error| stopped(&error))? {
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
        Ok(wire::TransferLeaderReply { result: Some(answer) })
    }

    /// Says what a linearizable read must have applied, as the leader.
    ///
    /// # Errors
    /// See [`PeerRefusal`].
    pub async fn read_index(
        &self,
        from: NodeId,
        request: wire::ReadIndexRequest,
    ) -> Result<wire::ReadIndexReply, PeerRefusal> {
        use wire::read_index_reply::Result as Answer;
        self.admission(from).admit(request.route).await?;
        let answer = match self.reads.on_leader().await {
            LeaderRead::Index(revision) => Answer::Index(revision.0),
            LeaderRead::NotLeader(leader) => Answer::NotLeader(wire::NotLeader { leader }),
            LeaderRead::NoQuorum => Answer::NoQuorum(wire::NoQuorum {}),
            LeaderRead::Stopped => return Err(PeerRefusal::Stopping(String::new())),
        };
        Ok(wire::ReadIndexReply { result: Some(answer) })
    }

    /// Proposes an entry that the sender hands over.
    ///
    /// # Errors
    /// See [`PeerRefusal`].
    pub async fn propose(
        &self,
        from: NodeId,
        mut request: wire::ProposeRequest,
    ) -> Result<wire::ProposeReply, PeerRefusal> {
        self.admission(from).admit(request.route.take()).await?;
        let recorded = self.core.roster.recorded(from).flatten().is_some();
        let proposal = handed_over(request, recorded)?;
        let answer = propose_for_member(&self.core, proposal).await;
        Ok(wire::ProposeReply { result: Some(answer) })
    }

    /// Tells the digest at a revision.
    ///
    /// # Errors
    /// See [`PeerRefusal`].
    pub async fn digest(&self, from: NodeId, request: wire::DigestRequest) -> Result<wire::DigestReply, PeerRefusal> {
        self.admission(from).admit(request.route).await?;
        // The digest of a member that is in the wrong must not be counted against those that are right.
        let serving = self.core.serving();
        let digest = serving.is_ok().then(|| self.core.feed.digest_at(Revision(request.revision))).flatten();
        Ok(wire::DigestReply {
            digest: digest.map(|digest| digest.to_bytes().to_vec()),
            not_serving: serving.err().map(|reason| error_chain(&reason)).unwrap_or_default(),
        })
    }

    /// Tells who this node is, to any node: how a cluster is formed, and how incarnations come to be recorded.
    ///
    /// # Errors
    /// See [`PeerRefusal`].
    pub async fn identify(
        &self,
        from: NodeId,
        request: wire::IdentifyRequest,
    ) -> Result<wire::IdentifyReply, PeerRefusal> {
        self.admission(from).direct(request.route.as_ref())?;
        let roster = &self.core.roster;
        let kept = roster.identity.kept();
        let about = request.about.and_then(|node| roster.recorded(node).flatten());
        Ok(wire::IdentifyReply {
            incarnation: kept.incarnation.to_wire(),
            empty: kept.cluster.is_none() && roster.joins.is_none() && self.core.is_pristine(),
            cluster_id: roster.cluster().map(|cluster| cluster.0.to_vec()),
            sender_removed: roster.is_retired(from),
            level: LEVEL,
            disowned_by: self.core.disowned_by(),
            about_incarnation: about.map(Incarnation::to_wire),
        })
    }

    /// Lets a node in that shows a join token, as the leader.
    ///
    /// # Errors
    /// See [`PeerRefusal`].
    pub async fn join(&self, from: NodeId, request: wire::JoinRequest) -> Result<wire::JoinReply, PeerRefusal> {
        self.admission(from).direct(request.route.as_ref())?;
        let answer = join::join(&self.core, &self.reads, from, request).await?;
        Ok(wire::JoinReply { result: Some(answer) })
    }
}
