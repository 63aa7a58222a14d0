//! Joining: a node without a cluster shows its token until it is let in, or is told that it never will be.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use aliasd_catalog::error_chain;
use aliasd_wire::peer::v1 as wire;
use aliasd_wire::peer::v1::join_reply::Result as Answer;

use crate::core::Core;
use crate::error::StopReason;
use crate::fault::Ending;
use crate::join_token::JoinToken;
use crate::lifecycle::Step;
use crate::network::Peers;
use crate::types::NodeId;

const ANSWER_TIME: Duration = Duration::from_secs(10);
/// The pause after every member was asked in vain.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// What became of one round of asking.
enum Round {
    /// It is let in.
    Accepted,
    /// It will never be.
    Refused(StopReason),
    /// Nobody could say: a clause for the log.
    Undecided(String),
}

/// Asks until there is an answer, and takes note of it: the node belongs to the cluster, or stops.
pub(crate) async fn join(core: Arc<Core>, peers: Arc<Peers>, token: JoinToken) {
    let mut said = String::new();
    loop {
        match ask_everybody(&peers, &token).await {
            Round::Accepted => match core.join(token.cluster).await {
                Ok(_) => return tracing::info!(cluster = %token.cluster, "this node is let into the cluster"),
                Err(fault) => {
                    core.lifecycle.step(Step::Stop(Ending::of(&fault).into()));
                    return;
                }
            },
            Round::Refused(reason) => {
                core.lifecycle.step(Step::Stop(reason));
                return;
            }
            Round::Undecided(reason) => {
                if reason != said {
                    tracing::warn!(cluster = %token.cluster, "this node is not let in yet: {reason}");
                    said = reason;
                }
                core.runtime.sleep(AGAIN_AFTER).await;
            }
        }
    }
}

/// Asks each member of which the token tells, and those that they name, once.
async fn ask_everybody(peers: &Peers, token: &JoinToken) -> Round {
    let mut to_ask: VecDeque<(NodeId, String)> = token.members.iter().map(|(id, it)| (*id, it.clone())).collect();
    let mut reasons: BTreeMap<NodeId, String> = BTreeMap::new();
    while let Some((id, address)) = to_ask.pop_front() {
        if reasons.contains_key(&id) {
            continue;
        }
        let answer = peers.join(id, &address, token, ANSWER_TIME).await;
        let reason = match answer {
            Ok(Some(Answer::Accepted(_))) => return Round::Accepted,
            Ok(Some(Answer::Refused(wire::JoinRefused { code, message, hint }))) => {
                let reason = format!("the cluster does not let it in: {code}: {message}");
                return Round::Refused(StopReason::Failed { reason, hint: (!hint.is_empty()).then_some(hint) });
            }
            Ok(Some(Answer::Elsewhere(wire::JoinElsewhere { leader: Some(leader), peer_address }))) => {
                to_ask.push_front((leader, peer_address));
                format!("node {leader} leads")
            }
            Ok(Some(Answer::Elsewhere(_))) => "it knows no leader".to_owned(),
            Ok(Some(Answer::OutcomeUnknown(wire::OutcomeUnknown { reason }))) => reason,
            Ok(None) => "it gave an empty answer".to_owned(),
            Err(error) => error_chain(&error),
        };
        reasons.insert(id, reason);
    }
    let reasons: Vec<String> = reasons.iter().map(|(id, reason)| format!("node {id}: {reason}")).collect();
    Round::Undecided(if reasons.is_empty() { "the token names no member".to_owned() } else { reasons.join("; ") })
}
