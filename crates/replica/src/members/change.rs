//! Carries out the change of the members that the catalog has agreed on, as the leader: one move after the other, each of
//! which can be repeated.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aliasd_catalog::{MemberChange, MemberChangeKind, MemberStep, error_chain};
use aliasd_runtime::Moment;
use openraft::ChangeMembers;

use super::plan::{Move, Situation, next};
use super::quorum::answering;
use crate::core::Core;
use crate::lifecycle::Lifecycle;
use crate::network::Peers;
use crate::propose::propose_as_cluster;
use crate::status;
use crate::types::{NodeId, RecordedMember};

/// A node that lacks no more entries than this has caught up: under load it is always some behind.
const BEHIND_MAX: u64 = 1_000;
/// How long one change of the membership may take to be agreed on before it is looked at again.
const AGREED_WITHIN: Duration = Duration::from_secs(10);

/// How fast the members change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// How often the leader looks.
    pub(crate) interval: Duration,
    /// How long a node has to have caught up before it gets its vote.
    pub(crate) promote_after: Duration,
}

/// Since when the node of a change has caught up.
#[derive(Default)]
struct CaughtUp(Option<(NodeId, Moment)>);

/// Works as long as this member lives.
pub(crate) async fn drive(core: Arc<Core>, peers: Arc<Peers>, pace: Pace) {
    let mut caught_up = CaughtUp::default();
    loop {
        core.runtime.sleep(pace.interval).await;
        core.departed.note(core.feed.view().catalog.members().retired.keys().copied());
        match core.lifecycle() {
            Lifecycle::Stopped(_) => return,
            Lifecycle::Removed => peers.keep_links_to(&BTreeSet::new()),
            _ if core.roster.is_empty() => continue,
            _ => peers.keep_links_to(&core.roster.nodes()),
        }
        let waiting_for = step(&core, &peers, pace, &mut caught_up).await;
        core.waits_for(waiting_for);
    }
}

/// Makes the next move, if there is one to make here. Gives what the change waits for.
async fn step(core: &Core, peers: &Peers, pace: Pace, caught_up: &mut CaughtUp) -> Option<String> {
    let view = core.feed.view();
    let ledger = view.catalog.members();
    let change = ledger.change.as_ref()?;
    let metrics = core.metrics();
    if core.serving().is_err() || metrics.current_leader != Some(core.node) {
        caught_up.0 = None;
        return None;
    }
    let membership = &metrics.membership_config;
    if membership.log_id() > &metrics.local_committed {
        return Some("the last change of the membership to be agreed on".to_owned());
    }
    if membership.membership().get_joint_config().len() > 1 {
        // Another leader has begun, and is gone.
        return change_membership(core, ChangeMembers::AddVoterIds(BTreeSet::new())).await;
    }
    if matches!(change.kind, MemberChangeKind::Add(_)) && !ledger.joined.contains_key(&change.node) {
        // Nothing to be looked at, for as long as the token holds.
        return make(core, change, next(change, &Situation::default())).await;
    }
    let members = status::members(&metrics);
    let voters: BTreeSet<NodeId> = members.iter().filter(|(_, member)| member.voter).map(|(id, _)| *id).collect();
    let matched = members.get(&change.node).and_then(|member| member.matched);
    let behind = metrics.last_log_index.unwrap_or(0).saturating_sub(matched.map_or(0, |matched| matched.0));
    let situation = Situation {
        own: core.node,
        members: members.keys().copied().collect(),
        voters,
        answering: answering(core, peers).await,
        joined: ledger.joined.clone(),
        behind: caught_up.judge(core, change.node, behind, pace.promote_after),
    };
    make(core, change, next(change, &situation)).await
}

impl CaughtUp {
    /// Why a node has not caught up for long enough; nothing if it has.
    fn judge(&mut self, core: &Core, node: NodeId, behind: u64, promote_after: Duration) -> Option<String> {
        let now = core.runtime.now();
        if behind > BEHIND_MAX {
            self.0 = None;
            return Some(format!("node {node} to catch up: it is {behind} entries behind"));
        }
        let since = match self.0 {
            Some((known, since)) if known == node => since,
            _ => now,
        };
        self.0 = Some((node, since));
        let left = promote_after.saturating_sub(now.saturating_since(since));
        (!left.is_zero()).then(|| format!("node {node} to stay caught up for {} s more", left.as_secs() + 1))
    }
}

async fn make(core: &Core, change: &MemberChange, next: Move) -> Option<String> {
    let node = change.node;
    match next {
        Move::Wait(reason) => Some(reason),
        Move::GiveUpLeadership => {
            tracing::info!("{change}; this node leads, and hands the leadership on first");
            Some(match core.trigger_transfer(None).await {
                Ok(_) => "another member to lead".to_owned(),
                Err(error) => format!("another member to lead: {}", error_chain(&error)),
            })
        }
        Move::AddLearner(recorded) => {
            tracing::info!("{change}: it is sent the log from now on");
            change_membership(core, ChangeMembers::AddNodes([(node, recorded)].into())).await
        }
        Move::Promote { instead_of } => {
            tracing::info!(?instead_of, "{change}: it gets its vote");
            let add = ChangeMembers::AddVoterIds(BTreeSet::from([node]));
            let both = instead_of.map(|old| ChangeMembers::RemoveVoters(BTreeSet::from([old])));
            change_membership(core, ChangeMembers::Batch([add].into_iter().chain(both).collect())).await
        }
        Move::RemoveVoter(node) => {
            tracing::info!("{change}: node {node} loses its vote");
            change_membership(core, ChangeMembers::RemoveVoters(BTreeSet::from([node]))).await
        }
        Move::RemoveLearner(node) => change_membership(core, ChangeMembers::RemoveNodes(BTreeSet::from([node]))).await,
        Move::Finish { replaced_is_gone } => finish(core, change, replaced_is_gone).await,
    }
}

/// Has the members agree on a membership. Gives why they have not.
async fn change_membership(core: &Core, change: ChangeMembers<NodeId, RecordedMember>) -> Option<String> {
    let changed = core.within(core.raft.change_membership(change, false));
    match core.runtime.timeout(AGREED_WITHIN, changed).await {
        Ok(Ok(_)) => None,
        Ok(Err(error)) => {
            tracing::warn!(error = error_chain(&error), "the membership was not changed; it is tried again");
            Some(format!("the membership to be agreed on: {}", error_chain(&error)))
        }
        Err(_) => Some("the membership to be agreed on".to_owned()),
    }
}

async fn finish(core: &Core, change: &MemberChange, replaced_is_gone: bool) -> Option<String> {
    let step = MemberStep::Finish { node: change.node, begun: change.begun, replaced_is_gone };
    match propose_as_cluster(core, step, AGREED_WITHIN).await {
        Ok((_, Ok(_))) => {
            tracing::info!("{change}: done");
            None
        }
        Ok((_, Err(rejection))) => Some(rejection.to_string()),
        Err(error) => Some(format!("the end of it to be agreed on: {}", error_chain(&error))),
    }
}
