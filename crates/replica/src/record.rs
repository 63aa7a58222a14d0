//! Records the members' incarnations in a cluster that version 0.1 formed.
//!
//! Version 0.1 neither had incarnations nor keeps those that it is sent. So the leader waits until every member says that it
//! has one, and then records all of them in one change of the membership.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aliasd_catalog::error_chain;
use openraft::ChangeMembers;

use crate::core::Core;
use crate::network::Peers;
use crate::types::{NodeId, RecordedMember};

const ANSWER_TIME: Duration = Duration::from_secs(2);

/// Works until nothing is left to be recorded.
pub(crate) async fn record(core: Arc<Core>, peers: Arc<Peers>, interval: Duration) {
    loop {
        core.runtime.sleep(interval).await;
        if core.roster.is_empty() {
            continue;
        }
        let cluster = core.roster.identity.kept().cluster;
        if let (None, Some(catalogued)) = (cluster, core.roster.catalogued_cluster())
            && let Err(fault) = core.join(catalogued).await
        {
            tracing::error!(error = error_chain(&fault), "the cluster of this node could not be written down");
        }
        let unrecorded = core.roster.ask_members(|members| members.nodes().any(|(_, it)| it.incarnation.is_none()));
        if unrecorded != Some(true) {
            if core.roster.identity.kept().cluster.is_some() {
                return;
            }
            continue;
        }
        if core.metrics().current_leader == Some(core.node)
            && let Some(members) = ask(&core, &peers).await
        {
            write(&core, members).await;
        }
    }
}

/// Every member with its incarnation; `None` while one does not answer, or must not be recorded.
async fn ask(core: &Core, peers: &Peers) -> Option<BTreeMap<NodeId, RecordedMember>> {
    let members = core.roster.ask_members(|members| members.nodes().map(|(id, it)| (*id, it.clone())).collect());
    let mut members: BTreeMap<NodeId, RecordedMember> = members?;
    for (id, recorded) in members.iter_mut().filter(|(_, it)| it.incarnation.is_none()) {
        if *id == core.node {
            recorded.incarnation = Some(core.roster.identity.incarnation());
            continue;
        }
        // One of version 0.1 does not know the question.
        let answer = peers.identify(*id, &recorded.member.peer_address, ANSWER_TIME).await.ok()?;
        let elsewhere = answer.cluster.is_some_and(|theirs| core.roster.cluster() != Some(theirs));
        if answer.empty || elsewhere {
            // What it had acknowledged is gone, so it must not count as who it was. It says so itself.
            return None;
        }
        recorded.incarnation = Some(answer.incarnation);
    }
    Some(members)
}

async fn write(core: &Core, members: BTreeMap<NodeId, RecordedMember>) {
    let change = core.raft.change_membership(ChangeMembers::SetNodes(members), true);
    match core.within(change).await {
        Ok(_) => tracing::info!("every member is known by its data directory from now on"),
        // Another attempt follows.
        Err(error) => {
            tracing::warn!(error = error_chain(&error), "the members' data directories could not be recorded");
        }
    }
}
