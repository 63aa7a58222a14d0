//! Watches: every change that a watcher may know of, in the order of revisions and without gaps.
//!
//! A watch is pulled by its consumer and has no task of its own. One that is not pulled keeps nothing but its position
//! and the messages of the steps that it took last. If what follows is gone from the replica's bounded history by the time
//! it is pulled again, it is cut with the revision to resume after; nothing is ever skipped in silence.

mod pass;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use aliasd_catalog::{Catalog, CatalogName, Revision, UserName, WatchEvent, Watcher};
use aliasd_faults::{Mistake, is_planted};
use aliasd_replica::{AppliedBatch, Compacted, Subscription, SubscriptionEnd};
use aliasd_runtime::Moment;
use futures::Stream;
use futures::future::BoxFuture;

use self::pass::Passes;
use crate::counters::{CountedWatch, SharedCounters};
use crate::failure::{Failure, NodeFailure};
use crate::identity::Authenticated;
use crate::read::Reader;
use crate::readiness::Readiness;

/// The longest time between two messages of a watch.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(1);

/// In this time a watch has taken in what the view shows already.
const ABSORBED_WITHIN: Duration = Duration::from_millis(10);

/// One message of a watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Everything relevant that one revision changed, or a part of it; never empty.
    Batch {
        /// The position of the changes.
        revision: Revision,
        /// One for each subject and name that this watcher may know of, in the order of the changes.
        events: Vec<WatchEvent>,
        /// The next message has more of the same revision.
        continued: bool,
    },
    /// Nothing relevant is missing.
    Progress {
        /// Everything relevant up to and with this revision was sent. Never beyond what this member has applied.
        revision: Revision,
        /// How old the member's state may be: what was acknowledged until this long ago is in it.
        staleness: Duration,
        /// The next message follows within this time.
        interval: Duration,
        /// How long after the watch began this is said.
        since_begin: Duration,
        /// Who watches.
        user: UserName,
    },
}

/// The use case: what changes? Cheap to clone.
#[derive(Clone)]
pub struct Watch {
    reader: Reader,
    readiness: Readiness,
    counters: SharedCounters,
    passes: Passes,
}

/// A watch that is under way.
struct Running {
    reader: Reader,
    readiness: Readiness,
    passes: Passes,
    /// The consumer takes what one revision changed in parts.
    takes_parts: bool,
    watcher: Arc<Watcher>,
    /// Who watches. The watch ends when that is no longer true.
    caller: Authenticated,
    /// When that user was created, which tells it from others that had its name before.
    created: Revision,
    subscription: Subscription,
    began: Moment,
    /// Everything up to here was delivered or lies in `waiting`.
    reached: Revision,
    waiting: VecDeque<Message>,
    end: Option<Failure>,
    /// Resolves when the next mark is due.
    mark_due: BoxFuture<'static, ()>,
    _counted: CountedWatch,
}

impl Watch {
    pub(crate) fn new(reader: Reader, readiness: Readiness, counters: SharedCounters) -> Self {
        let passes = Passes::new(Arc::clone(reader.runtime()));
        Self { reader, readiness, counters, passes }
    }

    /// Follows what happens after a revision, or from the present state of this member on. Without `takes_parts`, what one
    /// revision changed is one message, with less in it if it would be too large.
    ///
    /// # Errors
    /// The revision is no longer in history, or no leader was heard of lately.
    pub fn watch(
        &self,
        caller: Authenticated,
        names: Option<BTreeSet<CatalogName>>,
        after: Option<Revision>,
        takes_parts: bool,
    ) -> Result<impl Stream<Item = Result<Message, Failure>> + Send + use<>, Failure> {
        let began = self.reader.runtime().now();
        let staleness = self.reader.fresh_enough()?;
        let present = self.reader.present();
        let created = created(&present.catalog, &caller).ok_or(NodeFailure::CredentialsEnded {})?;
        let subscription = self.reader.replica().subscribe(after).map_err(compacted)?;
        let reached = subscription.position();
        let running = Running {
            reader: self.reader.clone(),
            readiness: self.readiness.clone(),
            passes: self.passes.clone(),
            takes_parts,
            watcher: Arc::new(Watcher { user: caller.user.clone(), names }),
            waiting: VecDeque::from([mark(
                &caller,
                reached,
                self.reader.present().revision,
                staleness,
                Duration::ZERO,
            )]),
            caller,
            created,
            subscription,
            began,
            reached,
            end: None,
            mark_due: self.reader.runtime().sleep(PROGRESS_INTERVAL),
            _counted: CountedWatch::begin(self.counters.clone()),
        };
        Ok(futures::stream::unfold(Some(running), |running| async move {
            let mut running = running?;
            let message = running.next().await;
            let running = message.is_ok().then_some(running);
            Some((message, running))
        }))
    }
}

impl Running {
    async fn next(&mut self) -> Result<Message, Failure> {
        loop {
            if let Some(message) = self.waiting.pop_front() {
                return Ok(message);
            }
            if let Some(end) = self.end.take() {
                return Err(end);
            }
            tokio::select! {
                biased;
                () = self.readiness.stopping() => return Err(self.cut(NodeFailure::Stopping {})),
                batch = self.subscription.next() => {
                    let batch = batch.map_err(|end| self.ended(end))?;
                    self.absorb(&batch).await?;
                }
                () = &mut self.mark_due => {
                    self.mark_due = self.reader.runtime().sleep(PROGRESS_INTERVAL);
                    // Before anything is looked at: the mark is no newer than that.
                    let now = self.reader.runtime().now();
                    // A member that does not keep up says nothing, so that a consumer knows to distrust what it has.
                    let staleness = self.reader.fresh_enough().map_err(|failure| self.cut(failure))?;
                    let present = self.reader.present();
                    self.still_authenticated(&present.catalog)?;
                    if self.reached < present.revision {
                        // Something is about to be told that the mark would pass over.
                        self.mark_due = self.reader.runtime().sleep(ABSORBED_WITHIN);
                        continue;
                    }
                    let since_begin = now - self.began;
                    return Ok(mark(&self.caller, self.reached, present.revision, staleness, since_begin));
                }
            }
        }
    }

    async fn absorb(&mut self, batch: &Arc<AppliedBatch>) -> Result<(), Failure> {
        if !self.is_history_of_caller(batch) {
            // Its privileges of then say nothing about this user. What it holds it must not trust, either.
            let resume_from = self.reader.present().revision;
            return Err(compacted(Compacted { resume_from }));
        }
        let messages = self.passes.run(&self.watcher, batch, self.reached, self.takes_parts).await?;
        self.waiting.extend(messages);
        self.reached = self.reached.max(batch.revision);
        self.end = self.still_authenticated(&self.reader.present().catalog).err();
        Ok(())
    }

    /// Whether whoever had the caller's name at each entry that is still to be told was the caller, or nobody yet.
    fn is_history_of_caller(&self, batch: &AppliedBatch) -> bool {
        let untold = batch.entries.iter().filter(|entry| entry.revision > self.reached);
        untold.map(|entry| created(&entry.before, &self.caller)).all(|it| it.is_none_or(|it| it == self.created))
    }

    /// Whether the user is still who it proved to be when the watch began.
    fn still_authenticated(&self, catalog: &Catalog) -> Result<(), Failure> {
        if is_planted(Mistake::WatchSurvivesSuspension) {
            return Ok(());
        }
        if self.caller.holds(catalog, self.reader.time()) {
            Ok(())
        } else {
            Err(self.cut(NodeFailure::CredentialsEnded {}))
        }
    }

    fn cut(&self, failure: NodeFailure) -> Failure {
        Failure::from(failure).with_resume_revision(self.reached)
    }

    fn ended(&self, end: SubscriptionEnd) -> Failure {
        match end {
            SubscriptionEnd::TooSlow { resume_from } => {
                Failure::from(NodeFailure::WatchTooSlow {}).with_resume_revision(resume_from)
            }
            SubscriptionEnd::Compacted(gap) => compacted(gap),
            SubscriptionEnd::Stopped => self.cut(NodeFailure::Stopping {}),
        }
    }
}

/// When the user of the caller's name was created; nothing if there is none.
fn created(catalog: &Catalog, caller: &Authenticated) -> Option<Revision> {
    catalog.user(caller.user.as_str()).map(|user| user.created.revision)
}

/// A mark never promises more than the member has, whatever position the watcher resumed from.
fn mark(
    caller: &Authenticated,
    reached: Revision,
    applied: Revision,
    staleness: Duration,
    since_begin: Duration,
) -> Message {
    let (mut revision, user) = (reached.min(applied), caller.user.clone());
    if is_planted(Mistake::ProgressBeyondApplied) {
        revision = reached;
    }
    Message::Progress { revision, staleness, interval: PROGRESS_INTERVAL, since_begin, user }
}

fn compacted(Compacted { resume_from }: Compacted) -> Failure {
    Failure::from(NodeFailure::WatchCompacted {}).with_resume_revision(resume_from)
}

#[cfg(test)]
mod tests;
