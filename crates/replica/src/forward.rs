//! Handing an entry to the leader, and proposing one that another member handed over.
//!
//! Only sealed entries cross between members. An entry is handed on once: whoever gets it leads, or says that it does
//! not. The answer is the revision alone, since the outcome is a record of the catalog that every member applies.

use std::time::Duration;

use aliasd_catalog::{Entry, Outcome, Revision};
use aliasd_wire::peer::v1 as wire;
use aliasd_wire::peer::v1::propose_reply::Result as Answer;
use openraft::Raft;
use openraft::errors::{ClientWriteError, RaftError};

use super::error::ProposeError;
use super::handle::Replica;
use super::machine::Machine;
use super::network::CallError;
use super::types::{NodeId, Proposal, TypeConfig};

/// How long the leader follows an entry that was handed to it. The sender has a deadline of its own.
const FOLLOWED_FOR: Duration = Duration::from_secs(30);

/// Proposes on this node and waits until it has applied the entry.
pub(super) async fn propose_here(
    raft: &Raft<TypeConfig, Machine>,
    proposal: Proposal,
    timeout: Duration,
) -> Result<(Revision, Outcome), ProposeError> {
    let unknown = |reason: String| Err(ProposeError::OutcomeUnknown { reason });
    match tokio::time::timeout(timeout, raft.client_write(proposal)).await {
        Err(_) => unknown(format!("no answer within {timeout:?}")),
        Ok(Ok(written)) => {
            let revision = Revision(written.log_id.index);
            Ok((revision, written.data.expect("a catalog entry has an outcome")))
        }
        Ok(Err(RaftError::APIError(ClientWriteError::ForwardToLeader(to)))) => {
            Err(to.leader_id.map_or(ProposeError::Unavailable, |leader| ProposeError::ForwardToLeader { leader }))
        }
        Ok(Err(RaftError::APIError(error))) => unknown(error.to_string()),
        Ok(Err(RaftError::Fatal(error))) => unknown(format!("this node stopped meanwhile: {error}")),
    }
}

impl Replica {
    /// Hands an entry to the leader that this member knows, waits until this member has applied it too, and gives
    /// revision and outcome.
    ///
    /// # Errors
    /// As [`Replica::propose`]. [`ProposeError::ForwardToLeader`] means that the receiver does not lead any more.
    pub async fn forward(&self, entry: Entry, timeout: Duration) -> Result<(Revision, Outcome), ProposeError> {
        self.serving()?;
        let (leader, member) = self.leader().ok_or(ProposeError::Unavailable)?;
        let request = entry.request;
        let proposal = Proposal::new(entry)?;
        let unknown = |reason: String| ProposeError::OutcomeUnknown { reason };
        let answer = self.inner.peers.propose(leader, &member.peer_address, proposal.encoded(), timeout).await;
        let answer = answer.map_err(|error| unknown(format!("node {leader}: {error}")))?;
        let revision = match answer {
            Some(Answer::Revision(revision)) => Revision(revision),
            Some(Answer::NotLeader(wire::NotLeader { leader: Some(leader) })) => {
                return Err(ProposeError::ForwardToLeader { leader });
            }
            Some(Answer::NotLeader(_) | Answer::NotServing(_)) => return Err(ProposeError::Unavailable),
            Some(Answer::OutcomeUnknown(wire::OutcomeUnknown { reason })) => return Err(unknown(reason)),
            None => return Err(unknown(format!("node {leader} gave an empty answer"))),
        };
        // The entry took effect; only the answer is missing if this member lags.
        self.wait_applied(revision, timeout).await.map_err(|error| unknown(error.to_string()))?;
        let outcome = self.view().catalog.recorded_outcome(&request).cloned();
        let outcome = outcome.ok_or_else(|| unknown("its outcome is no longer recorded".to_owned()))?;
        Ok((revision, outcome))
    }
}

/// Proposes an entry that another member handed over.
pub(super) async fn propose_for_member(raft: &Raft<TypeConfig, Machine>, proposal: Proposal) -> Answer {
    match propose_here(raft, proposal, FOLLOWED_FOR).await {
        Ok((revision, _)) => Answer::Revision(revision.0),
        Err(ProposeError::ForwardToLeader { leader }) => Answer::NotLeader(wire::NotLeader { leader: Some(leader) }),
        Err(ProposeError::Unavailable) => Answer::NotLeader(wire::NotLeader { leader: None }),
        Err(ProposeError::Fatal(error)) => Answer::NotServing(wire::NotServing { reason: error.to_string() }),
        Err(error @ (ProposeError::OutcomeUnknown { .. } | ProposeError::Unstorable(_))) => {
            Answer::OutcomeUnknown(wire::OutcomeUnknown { reason: error.to_string() })
        }
    }
}

impl super::network::Peers {
    /// Hands an entry to the leader.
    pub(crate) async fn propose(
        &self,
        leader: NodeId,
        address: &str,
        entry: &[u8],
        timeout: Duration,
    ) -> Result<Option<Answer>, CallError> {
        let mut client = self.write_client(leader, address)?;
        let request = wire::ProposeRequest { route: self.route(leader), entry: entry.to_vec() };
        let reply = super::network::within(timeout, client.propose(request)).await?;
        Ok(reply.result)
    }
}
