//! What was applied, for readers: the current view, and every step that led to it.
//!
//! A step is offered only after the view shows it, and the caller who proposed it is answered after that.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aliasd_catalog::{Catalog, Change, Digest, Entry, Outcome, Revision};
use arc_swap::ArcSwap;
use tokio::sync::{broadcast, watch};

use crate::runtime::Runtime;

/// Digests remembered, one for each of the latest revisions.
const DIGESTS_MAX: usize = 4096;
/// Updates that a subscriber may lag behind before it is cut; each holds on to the catalog as it was.
const SUBSCRIBER_LAG_MAX: usize = 256;

/// The catalog as of a revision. Immutable; a read needs no lock and never waits.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// The state after that revision; cloning it copies nothing.
    pub catalog: Catalog,
    /// The last entry that it contains; zero before the first.
    pub revision: Revision,
}

/// One catalog entry and what followed from it.
#[derive(Debug)]
pub struct AppliedEntry {
    /// The index of the entry in the log.
    pub revision: Revision,
    /// Who asked for what, and when.
    pub entry: Arc<Entry>,
    /// What the proposer is told, and every repetition of the request: what took effect, or the rejection.
    pub outcome: Outcome,
    /// The records that changed, in order.
    pub changes: Vec<Change>,
    /// The catalog just before it. A reader who is to be told of the changes is judged by the privileges of this
    /// revision, not by those of the batch's end.
    pub before: Catalog,
    /// The catalog just after it.
    pub after: Catalog,
}

/// Entries that became visible at once.
#[derive(Debug)]
pub struct AppliedBatch {
    /// The last revision that it covers, counting entries that Raft made for itself.
    pub revision: Revision,
    /// Catalog entries in order; none when Raft alone made progress.
    pub entries: Vec<AppliedEntry>,
}

/// A batch, and the view that shows it as the last one when it was new.
#[derive(Clone, Debug)]
pub struct Update {
    /// The entries that were applied at once.
    pub batch: Arc<AppliedBatch>,
    /// The catalog after it. For a batch from history, the catalog when the subscription began.
    pub view: Arc<View>,
}

/// The wanted steps are not known any more: the subscriber starts again from a full read at `resume_from`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the steps before revision {resume_from} are no longer in history")]
pub struct Compacted {
    /// The revision to read in full and to subscribe from.
    pub resume_from: Revision,
}

/// Why a subscription ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubscriptionEnd {
    /// The subscriber was too slow; every step up to `resume_from` was delivered.
    #[error("the subscriber is too slow; it may subscribe again from revision {resume_from}")]
    TooSlow {
        /// The last revision that was delivered.
        resume_from: Revision,
    },
    /// The catalog was replaced by a snapshot, so that steps are missing.
    #[error(transparent)]
    Compacted(#[from] Compacted),
    /// The replica stopped.
    #[error("this node stops")]
    Stopped,
}

#[derive(Clone, Debug)]
enum FeedEvent {
    Applied(Update),
    Replaced(Revision),
}

/// What readers see of the machine.
#[derive(Debug)]
pub(crate) struct Feed {
    view: ArcSwap<View>,
    revision: watch::Sender<Revision>,
    live: broadcast::Sender<FeedEvent>,
    history: Mutex<History>,
    history_entries_max: usize,
}

#[derive(Debug, Default)]
struct History {
    batches: VecDeque<Arc<AppliedBatch>>,
    entries: usize,
    /// Steps after this revision are known.
    known_after: Revision,
    digests: VecDeque<(Revision, Digest)>,
}

impl Feed {
    pub(crate) fn new(view: View, history_entries_max: usize) -> Self {
        let history = History {
            known_after: view.revision,
            digests: VecDeque::from([(view.revision, view.catalog.digest())]),
            ..History::default()
        };
        Self {
            revision: watch::Sender::new(view.revision),
            view: ArcSwap::from_pointee(view),
            live: broadcast::Sender::new(SUBSCRIBER_LAG_MAX),
            history: Mutex::new(history),
            history_entries_max,
        }
    }

    fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn view(&self) -> Arc<View> {
        self.view.load_full()
    }

    /// Shows a batch: first in the view, then to subscribers, then to those who wait for its revision.
    pub(crate) fn publish(&self, catalog: Catalog, batch: AppliedBatch, digests: Vec<(Revision, Digest)>) {
        let revision = batch.revision;
        let view = Arc::new(View { catalog, revision });
        self.view.store(Arc::clone(&view));
        let batch = Arc::new(batch);
        {
            let mut history = self.history();
            history.push(Arc::clone(&batch), digests, self.history_entries_max);
            // Sent under the lock, so that a new subscriber sees each batch exactly once. Nobody may listen.
            let _ = self.live.send(FeedEvent::Applied(Update { batch, view }));
        }
        self.revision.send_replace(revision);
    }

    /// Shows a catalog that came as a whole. Every subscriber is cut.
    ///
    /// Returns what is no longer needed, which takes long to let go.
    pub(crate) fn replace(&self, view: View) -> impl Send + 'static + use<> {
        let revision = view.revision;
        let digest = view.catalog.digest();
        let old_view = self.view.swap(Arc::new(view));
        let new_history =
            History { known_after: revision, digests: VecDeque::from([(revision, digest)]), ..History::default() };
        let old_history = {
            let mut history = self.history();
            let old_history = std::mem::replace(&mut *history, new_history);
            let _ = self.live.send(FeedEvent::Replaced(revision));
            old_history
        };
        self.revision.send_replace(revision);
        (old_view, old_history)
    }

    /// Follows every step after `after`, or from now on.
    pub(crate) fn subscribe(&self, after: Option<Revision>) -> Result<Subscription, Compacted> {
        let history = self.history();
        let view = self.view();
        let after = after.unwrap_or(view.revision);
        if after < history.known_after {
            return Err(Compacted { resume_from: view.revision });
        }
        let backlog = history
            .batches
            .iter()
            .filter(|batch| batch.revision > after)
            .map(|batch| Update { batch: Arc::clone(batch), view: Arc::clone(&view) })
            .collect();
        Ok(Subscription { backlog, live: self.live.subscribe(), delivered: after })
    }

    /// Waits until the view contains `revision`; false when `timeout` passes first.
    pub(crate) async fn wait_applied(&self, runtime: &dyn Runtime, revision: Revision, timeout: Duration) -> bool {
        let mut applied = self.revision.subscribe();
        let reached = applied.wait_for(|applied| *applied >= revision);
        matches!(runtime.timeout(timeout, reached).await, Ok(Ok(_)))
    }

    /// The digest as of a recent revision.
    pub(crate) fn digest_at(&self, revision: Revision) -> Option<Digest> {
        let history = self.history();
        let position = history.digests.binary_search_by_key(&revision, |(at, _)| *at).ok()?;
        history.digests.get(position).map(|(_, digest)| *digest)
    }

    /// The latest revision and its digest.
    pub(crate) fn digest(&self) -> (Revision, Digest) {
        let view = self.view.load();
        (view.revision, view.catalog.digest())
    }
}

impl History {
    fn push(&mut self, batch: Arc<AppliedBatch>, digests: Vec<(Revision, Digest)>, entries_max: usize) {
        self.digests.extend(digests);
        let excess = self.digests.len().saturating_sub(DIGESTS_MAX);
        self.digests.drain(..excess);

        // A batch without entries counts too, so that an idle cluster does not collect them for ever.
        self.entries += batch.entries.len().max(1);
        self.batches.push_back(batch);
        while self.entries > entries_max
            && let Some(oldest) = self.batches.pop_front()
        {
            self.entries -= oldest.entries.len().max(1);
            self.known_after = oldest.revision;
        }
    }
}

/// Every step from a revision on, in order, without gaps.
#[derive(Debug)]
pub struct Subscription {
    backlog: VecDeque<Update>,
    live: broadcast::Receiver<FeedEvent>,
    delivered: Revision,
}

impl Subscription {
    /// The revision up to which every step was delivered.
    pub fn position(&self) -> Revision {
        self.delivered
    }

    /// The next step.
    ///
    /// # Errors
    /// The subscription ended; nothing follows. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<Update, SubscriptionEnd> {
        loop {
            let update = match self.backlog.pop_front() {
                Some(update) => update,
                None => match self.live.recv().await {
                    Ok(FeedEvent::Applied(update)) => update,
                    Ok(FeedEvent::Replaced(resume_from)) => return Err(Compacted { resume_from }.into()),
                    Err(broadcast::error::RecvError::Lagged(_)) => {
                        return Err(SubscriptionEnd::TooSlow { resume_from: self.delivered });
                    }
                    Err(broadcast::error::RecvError::Closed) => return Err(SubscriptionEnd::Stopped),
                },
            };
            if update.batch.revision > self.delivered {
                self.delivered = update.batch.revision;
                return Ok(update);
            }
        }
    }
}
