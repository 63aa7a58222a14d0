//! Handing on the leadership, by order or because the node stops.

use std::time::Duration;

use aliasd_wire::error::Error;

use super::freshness::not_serving;
use super::{Fault, Session};
use aliasd_replica::{ClusterError, NodeId};

/// How long another voter may take to take over.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(5);

impl Session {
    /// Makes another voter the leader, or the one whose log is furthest. Gives the new term.
    ///
    /// # Errors
    /// This node does not lead, there is no such voter, or it did not take over.
    pub async fn transfer_leader(&self, to: Option<NodeId>) -> Result<u64, Error> {
        let status = self.replica.status();
        if status.leader != Some(status.node) {
            return Err(Error::from(Fault::NotLeader {}).with_leader(self.leader()));
        }
        match self.replica.transfer_leader(to, TAKEN_OVER_WITHIN).await {
            Ok(_) => Ok(self.replica.status().term),
            Err(ClusterError::Fatal(reason)) => Err(not_serving(&reason).into()),
            Err(ClusterError::Transfer(reason) | ClusterError::Members(reason)) => {
                Err(Fault::NotTakenOver { reason }.into())
            }
            Err(error @ ClusterError::AlreadyInitialized) => Err(Error::bug(error.to_string())),
        }
    }

    /// Before the node stops: gives the leadership away if this node has it and anybody can take it.
    pub async fn step_back(&self) {
        let status = self.replica.status();
        let alone = !status.members.iter().any(|(id, member)| *id != status.node && member.voter);
        if status.leader != Some(status.node) || alone {
            return;
        }
        match self.replica.transfer_leader(None, TAKEN_OVER_WITHIN).await {
            Ok(leader) => tracing::info!(leader, "the leadership is handed on"),
            Err(error) => tracing::warn!(%error, "the leadership could not be handed on; the others will elect"),
        }
    }
}
