//! A member that was removed is sent nothing any more, that it was removed least of all: so one that hears of no leader asks
//! the others whether it still belongs to them.

use std::sync::Arc;
use std::time::Duration;

use super::quorum::ask_others;
use crate::core::Core;
use crate::lifecycle::Lifecycle;
use crate::network::Peers;

/// Asks again and again while this member does not know to be up to date, until it knows that it was removed.
pub(crate) async fn notice_removal(core: Arc<Core>, peers: Arc<Peers>, interval: Duration) {
    loop {
        core.runtime.sleep(interval).await;
        let out_of_date = core.staleness().is_none_or(|staleness| staleness > interval);
        match core.lifecycle() {
            Lifecycle::Stopped(_) => return,
            // It read so in its own log, which a restart may not.
            Lifecycle::Removed => return core.remove().await,
            Lifecycle::Learner | Lifecycle::Voter(_) | Lifecycle::Fenced { .. } if out_of_date => {}
            _ => continue,
        }
        if is_removed(&core, &peers).await {
            return core.remove().await;
        }
    }
}

/// Whether a member of the same cluster says so. Each has proved which node it is.
async fn is_removed(core: &Core, peers: &Peers) -> bool {
    let own = core.roster.cluster();
    let answers = ask_others(core, peers).await;
    answers.iter().any(|(.., answer)| answer.cluster.is_some() && answer.cluster == own && answer.sender_removed)
}
