//! A node shows its join token. Only the leader lets it in, by an entry that every member applies: so a token is good once,
//! whoever leads.

use std::time::Duration;

use aliasd_catalog::{JoinTokenHash, JoinedMember, MemberIncarnation, MemberStep, Rejection, error_chain};
use aliasd_wire::peer::v1 as wire;
use aliasd_wire::peer::v1::join_reply::Result as Answer;

use crate::core::Core;
use crate::error::ProposeError;
use crate::incarnation::{Incarnation, cluster_from_wire};
use crate::links::PeerRefusal;
use crate::propose::{propose_as_cluster, timestamp};
use crate::read::{LeaderRead, ReadIndexer};
use crate::types::NodeId;

/// How long the leader may take to let a node in. The node asks again after it.
const LET_IN_WITHIN: Duration = Duration::from_secs(5);

/// Answers a node that has proved its node id and was meant to reach this one.
pub(super) async fn join(
    core: &Core,
    reads: &ReadIndexer,
    from: NodeId,
    request: wire::JoinRequest,
) -> Result<Answer, PeerRefusal> {
    let route = request.route.unwrap_or_default();
    let missing = || PeerRefusal::Incomplete("a node that joins says which cluster, and which incarnation it has");
    let theirs = cluster_from_wire(route.cluster_id.as_deref().ok_or_else(missing)?)?;
    let incarnation = Incarnation::from_wire(route.sender_incarnation.as_deref().ok_or_else(missing)?)?;
    match core.roster.cluster() {
        Some(ours) if ours == theirs => {}
        Some(ours) => {
            let wrong = Rejection::JoinClusterWrong { token: theirs.to_string(), cluster: ours.to_string() };
            return Ok(refused(core, from, &wrong));
        }
        None => return Err(PeerRefusal::Incomplete("this node belongs to no cluster that another one could join")),
    }
    if core.serving().is_err() || core.metrics().current_leader != Some(core.node) {
        return Ok(elsewhere(core));
    }
    let shown =
        JoinedMember { incarnation: MemberIncarnation(incarnation.0), token: JoinTokenHash::of(&request.secret) };
    // What would be refused is refused here: an entry of it would be made as often as somebody likes whom nobody invited.
    match reads.on_leader().await {
        LeaderRead::Index(index) if core.feed.wait_applied(&*core.runtime, index, LET_IN_WITHIN).await => {}
        _ => return Ok(elsewhere(core)),
    }
    let now = timestamp(&*core.runtime);
    if let Err(rejection) = core.feed.view().catalog.members().admits(from, shown, now) {
        return Ok(refused(core, from, &rejection));
    }
    let admitted = propose_as_cluster(core, MemberStep::Admit { node: from, shown }, LET_IN_WITHIN).await;
    Ok(match admitted {
        Ok((_, Ok(_))) => {
            core.strangers.may_join(from);
            tracing::info!("node {from} has shown its join token and is let in");
            Answer::Accepted(wire::JoinAccepted {})
        }
        Ok((_, Err(rejection))) => refused(core, from, &rejection),
        Err(ProposeError::ForwardToLeader { .. } | ProposeError::Unavailable | ProposeError::Fatal(_)) => {
            elsewhere(core)
        }
        Err(error @ (ProposeError::OutcomeUnknown { .. } | ProposeError::Unstorable(_))) => {
            Answer::OutcomeUnknown(wire::OutcomeUnknown { reason: error_chain(&error) })
        }
    })
}

fn refused(core: &Core, from: NodeId, rejection: &Rejection) -> Answer {
    let code = rejection.code().code;
    if core.strangers.may_not_join(from, code) {
        tracing::warn!(code, "node {from} is not let in: {rejection}");
    }
    let (code, message, hint) = (code.to_owned(), rejection.to_string(), rejection.hint().to_owned());
    Answer::Refused(wire::JoinRefused { code, message, hint })
}

fn elsewhere(core: &Core) -> Answer {
    let leader = core.leader().filter(|(leader, _)| *leader != core.node);
    let (leader, peer_address) = leader.map(|(leader, member)| (leader, member.peer_address)).unzip();
    Answer::Elsewhere(wire::JoinElsewhere { leader, peer_address: peer_address.unwrap_or_default() })
}
