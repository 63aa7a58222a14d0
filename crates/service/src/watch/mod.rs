//! Watches: every change that a watcher may know of, in the order of revisions and without gaps.
//!
//! A watch is pulled by its consumer and has no task of its own. One that is not pulled falls behind the replica's
//! bounded feed and is cut with the revision to resume after; nothing is ever skipped in silence.

mod relevance;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use aliasd_catalog::{Catalog, CatalogName, Revision};
use aliasd_wire::error::Error;
use futures::Stream;
use tokio::time::{Instant, Interval, MissedTickBehavior};

use self::relevance::Watcher;
pub use self::relevance::{Event, Kind, Subject};
use super::{Fault, Session};
use crate::identity::Proof;
use crate::metrics::WatcherGuard;
use aliasd_replica::{Compacted, Subscription, SubscriptionEnd, Update};

/// The longest time between two messages of a watch.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(1);

/// One message of a watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Everything relevant that one revision changed; never empty.
    Batch { revision: Revision, events: Vec<Event> },
    /// Nothing relevant up to the revision is missing. The next message follows within the interval.
    Progress { revision: Revision, interval: Duration },
}

/// A watch that is under way.
struct Watch {
    session: Arc<Session>,
    watcher: Watcher,
    /// The watch ends with it.
    proof: Proof,
    subscription: Subscription,
    /// Everything up to here was delivered or lies in `waiting`.
    reached: Revision,
    waiting: VecDeque<Message>,
    end: Option<Error>,
    progress: Interval,
    _counted: WatcherGuard,
}

impl Session {
    /// Follows what happens after a revision, or from the present state of this member on.
    ///
    /// # Errors
    /// The revision is no longer in history, or no leader was heard of lately.
    pub fn watch(
        self: &Arc<Self>,
        proof: Proof,
        names: Option<BTreeSet<CatalogName>>,
        after: Option<Revision>,
    ) -> Result<impl Stream<Item = Result<Message, Error>> + Send + 'static, Error> {
        self.fresh_enough()?;
        let subscription = self.replica.subscribe(after).map_err(compacted)?;
        let reached = subscription.position();
        let mut progress = tokio::time::interval_at(Instant::now() + PROGRESS_INTERVAL, PROGRESS_INTERVAL);
        progress.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let watch = Watch {
            session: Arc::clone(self),
            watcher: Watcher { user: proof.user.clone(), names },
            proof,
            subscription,
            reached,
            waiting: VecDeque::from([Message::Progress { revision: reached, interval: PROGRESS_INTERVAL }]),
            end: None,
            progress,
            _counted: self.metrics.watcher(),
        };
        Ok(futures::stream::unfold(Some(watch), |watch| async move {
            let mut watch = watch?;
            let message = watch.next().await;
            let watch = message.is_ok().then_some(watch);
            Some((message, watch))
        }))
    }
}

impl Watch {
    async fn next(&mut self) -> Result<Message, Error> {
        loop {
            if let Some(message) = self.waiting.pop_front() {
                return Ok(message);
            }
            if let Some(end) = self.end.take() {
                return Err(end);
            }
            tokio::select! {
                biased;
                () = self.session.stopping.cancelled() => return Err(self.cut(Fault::Stopping {})),
                update = self.subscription.next() => self.take(&update.map_err(|end| self.ended(end))?),
                _ = self.progress.tick() => {
                    // Silence of the leader is silence of the watch, so that a consumer knows to distrust what it has.
                    self.session.fresh_enough().map_err(|fault| self.cut(fault))?;
                    self.proven(&self.session.replica.view().catalog)?;
                    return Ok(Message::Progress { revision: self.reached, interval: PROGRESS_INTERVAL });
                }
            }
        }
    }

    fn take(&mut self, update: &Update) {
        let new = update.batch.entries.iter().filter(|entry| entry.revision > self.reached);
        for entry in new {
            let events = self.watcher.events(entry);
            if !events.is_empty() {
                self.waiting.push_back(Message::Batch { revision: entry.revision, events });
            }
        }
        self.reached = self.reached.max(update.batch.revision);
        self.end = self.proven(&update.view.catalog).err();
    }

    /// Whether the user is still who it proved to be when the watch began.
    fn proven(&self, catalog: &Catalog) -> Result<(), Error> {
        if self.proof.holds(catalog) { Ok(()) } else { Err(self.cut(Fault::CredentialsEnded {})) }
    }

    fn cut(&self, fault: Fault) -> Error {
        Error::from(fault).with_resume_revision(self.reached.0)
    }

    fn ended(&self, end: SubscriptionEnd) -> Error {
        match end {
            SubscriptionEnd::TooSlow { resume_from } => {
                Error::from(Fault::WatchTooSlow {}).with_resume_revision(resume_from.0)
            }
            SubscriptionEnd::Compacted(gap) => compacted(gap),
            SubscriptionEnd::Stopped => self.cut(Fault::Stopping {}),
        }
    }
}

fn compacted(Compacted { resume_from }: Compacted) -> Error {
    Error::from(Fault::WatchCompacted {}).with_resume_revision(resume_from.0)
}
