//! Notices when the replica cannot go on, and says why.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use openraft::async_runtime::WatchReceiver;
use openraft::errors::Fatal;
use tokio::sync::oneshot;

use crate::core::{Core, Raft};
use crate::error::StopReason;
use crate::fault::Ending;
use crate::lifecycle::Step;
use crate::types::TypeConfig;

/// How long the core may take to say why the machine is gone.
const EXPLANATION_TIME: Duration = Duration::from_secs(2);

/// Watches core and machine until one of them ends, and tells the lifecycle what Raft makes of this member.
pub(crate) async fn supervise(core: Arc<Core>, machine_gone: oneshot::Receiver<()>) {
    let reason = watch(&core, machine_gone).await;
    core.lifecycle.step(Step::Stop(reason));
}

async fn watch(core: &Core, mut machine_gone: oneshot::Receiver<()>) -> StopReason {
    let raft = &core.raft;
    let mut metrics = raft.metrics();
    loop {
        let current = metrics.borrow_watched().clone();
        if let Err(fatal) = &current.running_state {
            return reason(fatal);
        }
        core.lifecycle.observe(core.node, &current);
        tokio::select! {
            biased;
            changed = metrics.changed() => {
                if changed.is_err() {
                    return core_ended(raft).await;
                }
            }
            _ = &mut machine_gone => {
                // The core learns of a failed apply a moment later; it knows the cause.
                let ended = core.runtime.timeout(EXPLANATION_TIME, async {
                    while metrics.borrow_watched().running_state.is_ok() && metrics.changed().await.is_ok() {}
                });
                if ended.await.is_err() {
                    core.lifecycle.step(Step::Stop(StopReason::failed("the state machine panicked")));
                    // Nothing is applied any more, so leading or voting would only mislead the others.
                    let _ = raft.shutdown().await;
                    return StopReason::Shutdown;
                }
                let running = metrics.borrow_watched().running_state.clone();
                return match running {
                    Err(fatal) => reason(&fatal),
                    Ok(()) => core_ended(raft).await,
                };
            }
        }
    }
}

async fn core_ended(raft: &Raft) -> StopReason {
    match raft.is_initialized().await {
        Err(fatal) => reason(&fatal),
        Ok(_) => StopReason::failed("the Raft core ended without a reason"),
    }
}

fn reason(fatal: &Fatal<TypeConfig>) -> StopReason {
    match fatal {
        Fatal::Stopped => StopReason::Shutdown,
        Fatal::Panicked => StopReason::failed("the Raft core panicked"),
        // Says its own source, and has it: the way out.
        Fatal::StorageError(error) => {
            let ending = error.source().and_then(|source| source.downcast_ref::<Ending>());
            StopReason::Failed { reason: error.to_string(), hint: ending.and_then(|ending| ending.hint.clone()) }
        }
    }
}
