//! Forming a cluster: every other member is asked who it is before anything is written.

use std::collections::BTreeMap;
use std::time::Duration;

use aliasd_catalog::{ClusterId, error_chain};
use futures::future::join_all;
use openraft::errors::{InitializeError, RaftError};

use crate::core::Core;
use crate::error::{ClusterError, NotServing, StopReason};
use crate::incarnation::Incarnation;
use crate::network::Peers;
use crate::types::{Member, NodeId, RecordedMember};

/// How long a member may take to say who it is.
const ANSWER_TIME: Duration = Duration::from_secs(5);

/// Forms a cluster of these members, and gives its id: `cluster`, unless an earlier attempt began with another.
pub(crate) async fn form(
    core: &Core,
    peers: &Peers,
    cluster: ClusterId,
    members: BTreeMap<NodeId, Member>,
) -> Result<ClusterId, ClusterError> {
    if !core.roster.is_empty() {
        return Err(ClusterError::AlreadyInitialized);
    }
    if !members.contains_key(&core.node) {
        return Err(ClusterError::Members(format!("node {} forms the cluster and is not among them", core.node)));
    }
    let members = recorded(core, peers, members).await?;
    let cluster = core.join(cluster).await.map_err(ClusterError::Storage)?;
    match core.within(core.raft.initialize(members)).await {
        Ok(()) => Ok(cluster),
        Err(RaftError::APIError(InitializeError::NotAllowed(_))) => Err(ClusterError::AlreadyInitialized),
        Err(RaftError::APIError(InitializeError::NotInMembers(error))) => Err(ClusterError::Members(error.to_string())),
        Err(RaftError::Fatal(error)) => Err(NotServing::Stopped(StopReason::failed(error_chain(&error))).into()),
    }
}

/// Asks all members at once, so that one sentence says everything that is in the way.
async fn recorded(
    core: &Core,
    peers: &Peers,
    members: BTreeMap<NodeId, Member>,
) -> Result<BTreeMap<NodeId, RecordedMember>, ClusterError> {
    let asked = members.into_iter().map(|(id, member)| async move {
        let incarnation = match core.disowned_by() {
            Some(by) if id == core.node => Err(disowned(id, &member.peer_address, by)),
            None if id == core.node => Ok(core.roster.identity.incarnation()),
            _ => identify(peers, id, &member.peer_address).await,
        };
        incarnation.map(|incarnation| (id, RecordedMember { member, incarnation: Some(incarnation) }))
    });
    let (mut ready, mut in_the_way) = (BTreeMap::new(), Vec::new());
    for answer in join_all(asked).await {
        match answer {
            Ok((id, member)) => drop(ready.insert(id, member)),
            Err(reason) => in_the_way.push(reason),
        }
    }
    if in_the_way.is_empty() { Ok(ready) } else { Err(ClusterError::NotReady(in_the_way.join("; "))) }
}

async fn identify(peers: &Peers, id: NodeId, address: &str) -> Result<Incarnation, String> {
    let answer = peers.identify(id, address, ANSWER_TIME).await;
    let answer = answer.map_err(|error| format!("node {id} does not answer at {address}: {}", error_chain(&error)))?;
    match (answer.cluster, answer.disowned_by) {
        (Some(cluster), _) => Err(format!("node {id} at {address} belongs to cluster {cluster} already")),
        (None, Some(by)) => Err(disowned(id, address, by)),
        (None, None) if answer.empty => Ok(answer.incarnation),
        (None, None) => Err(format!("node {id} at {address} is not empty")),
    }
}

/// That a member was emptied, or that another node had its address: in a new cluster it would never be what it was.
fn disowned(id: NodeId, address: &str, by: NodeId) -> String {
    format!(
        "node {id} at {address} has an empty data directory, and member {by} of a cluster knows it with another one: put that \
         back, or give its place there to a node with another id: 'aliasctl cluster replace {id} NEW'"
    )
}
