//! Notices when the replica cannot go on, and says why.

use std::time::Duration;

use openraft::Raft;
use openraft::async_runtime::WatchReceiver;
use openraft::errors::Fatal;
use tokio::sync::{oneshot, watch};

use super::error::StopReason;
use super::machine::Machine;
use super::types::TypeConfig;

/// How long the core may take to say why the machine is gone.
const EXPLANATION_TIME: Duration = Duration::from_secs(2);

/// Why the replica stopped; empty while it runs. The first reason stays.
#[derive(Clone, Debug)]
pub(super) struct StopSignal(watch::Sender<Option<StopReason>>);

impl StopSignal {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    pub(super) fn set(&self, reason: StopReason) {
        self.0.send_if_modified(|current| {
            if current.is_some() {
                return false;
            }
            if let StopReason::Failed(why) = &reason {
                tracing::error!(%why, "the replica stops");
            }
            *current = Some(reason);
            true
        });
    }

    pub(super) fn get(&self) -> Option<StopReason> {
        self.0.borrow().clone()
    }

    pub(super) async fn wait(&self) -> StopReason {
        let mut reason = self.0.subscribe();
        let reason = reason.wait_for(Option::is_some).await;
        let reason = reason.expect("the sender lives in self").clone();
        reason.expect("it was waited for")
    }
}

/// Watches core and machine until one of them ends.
pub(super) async fn supervise(
    raft: Raft<TypeConfig, Machine>,
    mut machine_gone: oneshot::Receiver<()>,
    stop: StopSignal,
) {
    let mut metrics = raft.metrics();
    loop {
        let running = metrics.borrow_watched().running_state.clone();
        if let Err(fatal) = running {
            return stop.set(reason(&fatal));
        }
        tokio::select! {
            biased;
            changed = metrics.changed() => {
                if changed.is_err() {
                    return stop.set(core_ended(&raft).await);
                }
            }
            _ = &mut machine_gone => {
                // The core learns of a failed apply a moment later; it knows the cause.
                let ended = tokio::time::timeout(EXPLANATION_TIME, async {
                    while metrics.borrow_watched().running_state.is_ok() && metrics.changed().await.is_ok() {}
                });
                if ended.await.is_err() {
                    stop.set(StopReason::Failed("the state machine panicked".to_owned()));
                    // Nothing is applied any more, so leading or voting would only mislead the others.
                    let _ = raft.shutdown().await;
                    return;
                }
                let running = metrics.borrow_watched().running_state.clone();
                return match running {
                    Err(fatal) => stop.set(reason(&fatal)),
                    Ok(()) => stop.set(core_ended(&raft).await),
                };
            }
        }
    }
}

async fn core_ended(raft: &Raft<TypeConfig, Machine>) -> StopReason {
    match raft.is_initialized().await {
        Err(fatal) => reason(&fatal),
        Ok(_) => StopReason::Failed("the Raft core ended without a reason".to_owned()),
    }
}

fn reason(fatal: &Fatal<TypeConfig>) -> StopReason {
    match fatal {
        Fatal::Stopped => StopReason::Shutdown,
        Fatal::Panicked => StopReason::Failed("the Raft core panicked".to_owned()),
        Fatal::StorageError(error) => StopReason::Failed(error.to_string()),
    }
}
