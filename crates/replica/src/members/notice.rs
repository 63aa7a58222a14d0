//! A member that was removed is sent nothing any more, that it was removed least of all: so one that hears of no leader asks
//! the others whether it still belongs to them. One that was let in and has heard nothing yet knows no others but those whom
//! its join token names.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;

use super::quorum::{ANSWER_TIME, ask_others};
use crate::core::Core;
use crate::lifecycle::Lifecycle;
use crate::network::{Identified, Peers};
use crate::types::NodeId;

/// Asks again and again while this member does not know to be up to date, until it knows that it was removed. `hosts`: whom its
/// join token names, with their addresses.
pub(crate) async fn notice_removal(
    core: Arc<Core>,
    peers: Arc<Peers>,
    interval: Duration,
    hosts: BTreeMap<NodeId, String>,
) {
    loop {
        core.runtime.sleep(interval).await;
        let out_of_date = core.staleness().is_none_or(|staleness| staleness > interval);
        match core.lifecycle() {
            Lifecycle::Stopped(_) => return,
            // It read so in its own log, which a restart may not.
            Lifecycle::Removed => return core.remove().await,
            Lifecycle::Learner | Lifecycle::Voter(_) | Lifecycle::Fenced { .. } if out_of_date => {}
            Lifecycle::Uninitialised if core.is_newcomer() && core.roster.cluster().is_some() => {}
            _ => continue,
        }
        if is_removed(&core, &peers, &hosts).await {
            return core.remove().await;
        }
    }
}

/// Whether a member of the same cluster says so. Each has proved which node it is.
async fn is_removed(core: &Core, peers: &Peers, hosts: &BTreeMap<NodeId, String>) -> bool {
    let own = core.roster.cluster();
    let says_so = |answer: &Identified| answer.cluster.is_some() && answer.cluster == own && answer.sender_removed;
    if core.is_newcomer() {
        let asked = hosts.iter().map(|(host, address)| peers.identify(*host, address, ANSWER_TIME));
        return join_all(asked).await.iter().flatten().any(says_so);
    }
    ask_others(core, peers).await.iter().any(|(.., answer)| says_so(answer))
}
