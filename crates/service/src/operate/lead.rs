//! Handing on the leadership, by order or because the node stops.

use std::time::Duration;

use aliasd_catalog::error_chain;
use aliasd_replica::{ClusterError, NodeId};
use aliasd_runtime::Moment;

use super::Operate;
use crate::audit::{Action, Line, outcome};
use crate::failure::{Failure, Leader, NodeFailure};
use crate::identity::Authenticated;

/// How long another voter may take to take over.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(5);

/// Who is to lead leads now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transferred {
    /// The term that it leads in.
    pub term: u64,
    /// Who leads.
    pub leader: Option<Leader>,
    /// It led before already, so that nothing was done.
    pub led_already: bool,
}

impl Operate {
    /// Makes a voter the leader, or any other that is up, because `caller` wants it. Whoever leads already goes on.
    ///
    /// # Errors
    /// This node does not lead, or not any more; that voter, or every one, cannot take over now, so that nothing was done; or
    /// it did not.
    pub async fn transfer_leader(&self, caller: &Authenticated, to: Option<NodeId>) -> Result<Transferred, Failure> {
        let mut line = Line::by(Action::TransferLeader, caller);
        line.what(to.map_or_else(|| "to any voter".to_owned(), |to| format!("to node {to}")));
        let transferred = self.transfer_leader_unaudited(to, caller.answer_by).await;
        line.end(outcome(&transferred), None);
        transferred
    }

    async fn transfer_leader_unaudited(
        &self,
        to: Option<NodeId>,
        answer_by: Option<Moment>,
    ) -> Result<Transferred, Failure> {
        let not_leader = || Failure::not_leader(self.reader.leader());
        let status = self.reader.replica().status();
        if status.leader != Some(status.node) {
            return Err(not_leader());
        }
        if to == Some(status.node) {
            // One that was replaced while it hung takes itself for the leader until it hears of the others.
            self.reader.catch_up(answer_by).await?;
            let status = self.reader.replica().status();
            let leads = status.leader == Some(status.node);
            let transferred = || Transferred { term: status.term, leader: self.reader.leader(), led_already: true };
            return leads.then(transferred).ok_or_else(not_leader);
        }
        let within = self.reader.within(TAKEN_OVER_WITHIN, answer_by);
        match self.reader.replica().transfer_leader(to, within).await {
            Ok(_) => Ok(Transferred {
                term: self.reader.replica().status().term,
                leader: self.reader.leader(),
                led_already: false,
            }),
            Err(ClusterError::Fatal(reason)) => Err(NodeFailure::from(&reason).into()),
            Err(ClusterError::NoSuccessor(reason)) => Err(NodeFailure::SuccessorUnfit { reason }.into()),
            Err(ClusterError::Transfer(reason)) => Err(NodeFailure::NotTakenOver { reason }.into()),
            Err(
                error @ (ClusterError::AlreadyInitialized
                | ClusterError::Members(_)
                | ClusterError::NotReady(_)
                | ClusterError::Storage(_)),
            ) => Err(Failure::bug(error_chain(&error))),
        }
    }

    /// Before the node stops: gives the leadership away if this node has it and anybody can take it.
    pub async fn hand_over_leadership(&self) {
        let status = self.reader.replica().status();
        let alone = !status.members.iter().any(|(id, member)| *id != status.node && member.voter);
        if status.leader != Some(status.node) || alone {
            return;
        }
        match self.reader.replica().transfer_leader(None, TAKEN_OVER_WITHIN).await {
            Ok(leader) => tracing::info!(leader, "the leadership is handed on"),
            Err(error) => {
                let error = error_chain(&error);
                tracing::warn!(error, "the leadership could not be handed on; the others will elect");
            }
        }
    }
}
