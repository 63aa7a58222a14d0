//! What was applied, for readers: the current view, and every step that led to it.
//!
//! A step is offered only after the view shows it, and the caller who proposed it is answered after that. The steps are
//! held once, here, and up to a bound: a subscriber has its position only, so that one that takes nothing keeps nothing.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aliasd_catalog::{Catalog, Change, Digest, Revision};
use aliasd_faults::{Mistake, is_planted};
use aliasd_runtime::Runtime;
use arc_swap::ArcSwap;
use tokio::sync::watch;

/// What a step costs besides the records that it changed, in bytes: the parts of the maps that only the catalog before it
/// still uses.
const STEP_BYTES: usize = 1024;

/// The catalog as of a revision. Immutable; a read needs no lock and never waits.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// The state after that revision; cloning it copies nothing.
    pub catalog: Catalog,
    /// The last entry that it contains; zero before the first.
    pub revision: Revision,
}

/// What followed from one catalog entry.
#[derive(Debug)]
pub struct AppliedEntry {
    /// The index of the entry in the log.
    pub revision: Revision,
    /// The records that changed, in order.
    pub changes: Vec<Change>,
    /// How many bytes the records have, in their stored form, before and after.
    pub change_bytes: usize,
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
    /// The subscriber was too slow: what follows `resume_from`, up to which every step was delivered, is no longer in
    /// history. Another member may still have it.
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

/// How much history is kept, the more of the two being too much.
#[derive(Clone, Copy, Debug)]
pub struct HistoryLimits {
    /// Entries; those that Raft makes for itself count when they come alone.
    pub entries_max: usize,
    /// Bytes of the records that changed, before and after, in their stored form.
    pub bytes_max: usize,
    /// Digests, of one revision each: so many revisions are remembered for members that compare.
    pub digests_max: usize,
}

/// What readers see of the machine.
#[derive(Debug)]
pub(crate) struct Feed {
    view: ArcSwap<View>,
    /// Tells subscribers that there is something new, before it tells who waits for a revision.
    steps: watch::Sender<()>,
    revision: watch::Sender<Revision>,
    history: Arc<Mutex<History>>,
    limits: HistoryLimits,
}

#[derive(Debug, Default)]
struct History {
    batches: VecDeque<Arc<AppliedBatch>>,
    entries: usize,
    bytes: usize,
    /// Steps after this revision are known.
    known_after: Revision,
    /// The last revision whose catalog came as a whole.
    replaced_at: Revision,
    digests: VecDeque<(Revision, Digest)>,
}

impl Feed {
    /// Shows a catalog to begin with, and the steps that led to it since `known_after`. Returns the revisions of those that
    /// are too many, too.
    pub(crate) fn new(
        view: View,
        known_after: Revision,
        steps: Vec<AppliedEntry>,
        limits: HistoryLimits,
    ) -> (Self, Vec<Revision>) {
        let mut history = History {
            known_after,
            replaced_at: known_after,
            digests: VecDeque::from([(view.revision, view.catalog.digest())]),
            ..History::default()
        };
        let (revision, mut forgotten) = (view.revision, Vec::new());
        let batches = steps.into_iter().map(|step| AppliedBatch { revision: step.revision, entries: vec![step] });
        // The last one says that nothing else happened.
        for batch in batches.chain((revision > known_after).then(|| AppliedBatch { revision, entries: Vec::new() })) {
            forgotten.extend(history.push(Arc::new(batch), limits));
        }
        let feed = Self {
            revision: watch::Sender::new(view.revision),
            steps: watch::Sender::new(()),
            view: ArcSwap::from_pointee(view),
            history: Arc::new(Mutex::new(history)),
            limits,
        };
        (feed, revisions(&forgotten))
    }

    fn history(&self) -> MutexGuard<'_, History> {
        lock(&self.history)
    }

    pub(crate) fn view(&self) -> Arc<View> {
        self.view.load_full()
    }

    /// The revision after which steps are known.
    pub(crate) fn known_after(&self) -> Revision {
        self.history().known_after
    }

    /// Shows a batch: first in the view, then to subscribers, then to those who wait for its revision. Returns the
    /// revisions whose steps are no longer known.
    pub(crate) fn publish(
        &self,
        catalog: Catalog,
        batch: AppliedBatch,
        digests: Vec<(Revision, Digest)>,
    ) -> Vec<Revision> {
        let revision = batch.revision;
        self.view.store(Arc::new(View { catalog, revision }));
        let forgotten = {
            let mut history = self.history();
            history.remember(digests, self.limits);
            history.push(Arc::new(batch), self.limits)
        };
        self.steps.send_replace(());
        self.revision.send_replace(revision);
        revisions(&forgotten)
    }

    /// Shows a catalog that came as a whole. A subscriber that had not yet got so far is cut.
    ///
    /// Returns what is no longer needed, which takes long to let go.
    pub(crate) fn replace(&self, view: View) -> impl Send + 'static + use<> {
        let revision = view.revision;
        let digest = view.catalog.digest();
        let old_view = self.view.swap(Arc::new(view));
        let digests = VecDeque::from([(revision, digest)]);
        let new_history = History { known_after: revision, replaced_at: revision, digests, ..History::default() };
        let old_history = std::mem::replace(&mut *self.history(), new_history);
        self.steps.send_replace(());
        self.revision.send_replace(revision);
        (old_view, old_history)
    }

    /// Follows every step after `after`, or from now on.
    pub(crate) fn subscribe(&self, after: Option<Revision>) -> Result<Subscription, Compacted> {
        let history = self.history();
        let latest = history.latest();
        let after = after.unwrap_or(latest);
        if after < history.known_after {
            return Err(Compacted { resume_from: latest });
        }
        let (steps, history) = (self.steps.subscribe(), Arc::clone(&self.history));
        Ok(Subscription { history, steps, delivered: after })
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

fn lock(history: &Mutex<History>) -> MutexGuard<'_, History> {
    history.lock().unwrap_or_else(PoisonError::into_inner)
}

fn revisions(batches: &[Arc<AppliedBatch>]) -> Vec<Revision> {
    batches.iter().flat_map(|batch| batch.entries.iter().map(|entry| entry.revision)).collect()
}

impl AppliedBatch {
    /// Whether a part of it was delivered, for a planted mistake.
    fn began_by(&self, delivered: Revision) -> bool {
        self.entries.first().is_some_and(|entry| entry.revision <= delivered)
    }

    fn bytes(&self) -> usize {
        self.entries.iter().map(|entry| entry.change_bytes.saturating_add(STEP_BYTES)).sum()
    }
}

impl History {
    /// The revision that the last step led to.
    fn latest(&self) -> Revision {
        self.batches.back().map_or(self.known_after, |batch| batch.revision)
    }

    fn remember(&mut self, digests: Vec<(Revision, Digest)>, limits: HistoryLimits) {
        self.digests.extend(digests);
        let excess = self.digests.len().saturating_sub(limits.digests_max);
        self.digests.drain(..excess);
    }

    /// Adds a batch, and returns those that have to go. The latest stays, however large it is.
    fn push(&mut self, batch: Arc<AppliedBatch>, limits: HistoryLimits) -> Vec<Arc<AppliedBatch>> {
        // A batch without entries counts too, so that an idle cluster does not collect them for ever.
        self.entries += batch.entries.len().max(1);
        self.bytes += batch.bytes();
        self.batches.push_back(batch);
        let mut forgotten = Vec::new();
        while (self.entries > limits.entries_max || self.bytes > limits.bytes_max)
            && self.batches.len() > 1
            && let Some(oldest) = self.batches.pop_front()
        {
            self.entries -= oldest.entries.len().max(1);
            self.bytes -= oldest.bytes();
            self.known_after = oldest.revision;
            forgotten.push(oldest);
        }
        forgotten
    }

    /// The first batch with something after a revision, if there is one yet.
    fn after(&self, delivered: Revision) -> Result<Option<Arc<AppliedBatch>>, SubscriptionEnd> {
        if delivered < self.replaced_at {
            return Err(Compacted { resume_from: self.latest() }.into());
        }
        if delivered < self.known_after {
            return Err(SubscriptionEnd::TooSlow { resume_from: delivered });
        }
        let mut next = self.batches.partition_point(|batch| batch.revision <= delivered);
        if is_planted(Mistake::WatchGapAtSeam) {
            next += self.batches.iter().skip(next).take_while(|batch| batch.began_by(delivered)).count();
        }
        Ok(self.batches.get(next).cloned())
    }
}

/// Every step from a revision on, in order, without gaps. A position, and nothing that it would keep alive.
#[derive(Debug)]
pub struct Subscription {
    history: Arc<Mutex<History>>,
    steps: watch::Receiver<()>,
    delivered: Revision,
}

impl Subscription {
    /// The revision up to which every step was delivered.
    pub fn position(&self) -> Revision {
        self.delivered
    }

    /// The next steps.
    ///
    /// # Errors
    /// The subscription ended; nothing follows. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<Arc<AppliedBatch>, SubscriptionEnd> {
        loop {
            // Marked before looking, so that what comes in between wakes this up.
            self.steps.borrow_and_update();
            if let Some(batch) = lock(&self.history).after(self.delivered)? {
                self.delivered = batch.revision;
                return Ok(batch);
            }
            self.steps.changed().await.map_err(|_| SubscriptionEnd::Stopped)?;
        }
    }
}
