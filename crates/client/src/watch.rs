//! A stream of what changes, resumed on another member whenever it breaks, without a gap or with a word about it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aliasd_faults::{Mistake, is_planted};
use aliasd_runtime::Moment;
use aliasd_wire::v1::router_client::RouterClient;
use aliasd_wire::v1::{self, watch_response::Event as WireEvent};
use tonic::{Status, Streaming};

use crate::Failure;
use crate::attempt_error::{AttemptError, invalid_answer};
use crate::core::{AccessMode, Core};
use crate::identity::refuses_proof;
use crate::members::Member;

/// The code of a watch whose revision is no longer in the member's history.
const WATCH_COMPACTED: &str = "WATCH_COMPACTED";

/// How long the first message of a stream may take, and the pause after a failure to open one.
const FIRST_MESSAGE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(200);
const PAUSE_DOUBLINGS_MAX: u32 = 4;

/// Where a watch starts and what it reports.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct WatchFrom {
    after: Option<u64>,
    /// The aliases and databases to report; `None`: all.
    names: Option<Vec<String>>,
    must_begin: bool,
}

/// A part of a watch.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// Everything relevant that one revision changed.
    Changes {
        /// The revision that made them.
        revision: u64,
        /// At least one, each subject at most once.
        changes: Vec<v1::Change>,
    },
    /// Every relevant change up to and including this revision has been delivered.
    Progress {
        /// Up to which nothing is missing.
        revision: u64,
    },
    /// Changes were missed, because the history does not reach back far enough. Whatever was derived from earlier
    /// events must be dropped; the watch goes on after this revision.
    Resync {
        /// After which the watch goes on.
        revision: u64,
    },
}

/// A watch that goes on for ever.
pub struct Watch {
    core: Arc<Core>,
    from: WatchFrom,
    /// Until when everything acknowledged to anyone was in what the last mark promised.
    current_at: Option<Moment>,
    /// Who this client is, as the last mark says.
    user: Option<String>,
    stream: Option<Stream>,
    /// When the first message has to have come at the latest; `None` once it has, or if there is no hurry.
    begins_by: Option<Moment>,
    /// How many streams in a row have ended before their first message.
    failures_in_a_row: u32,
}

struct Stream {
    messages: Streaming<v1::WatchResponse>,
    member: Arc<Member>,
    /// After this long without a message that goes on from where the watch is, another member is tried.
    silence_max: Duration,
    /// When it was asked for: the member began no sooner.
    asked_at: Moment,
    /// When the last such message came.
    advanced_at: Moment,
    /// What came of a revision whose last part is still to come. It goes with the stream: it counts as a whole or not at all.
    begun: Option<v1::ChangeBatch>,
}

// === impl Event ===

impl Event {
    /// The revision up to which this brings a watch.
    pub(crate) fn revision(&self) -> u64 {
        match self {
            Self::Changes { revision, .. } | Self::Progress { revision } | Self::Resync { revision } => *revision,
        }
    }
}

// === impl WatchFrom ===

impl WatchFrom {
    /// From the present state of the member on.
    pub fn now() -> Self {
        Self::default()
    }

    /// Everything that happened at revisions greater than this one.
    pub fn after(revision: u64) -> Self {
        Self { after: Some(revision), ..Self::default() }
    }

    /// Fails if no member begins to stream within the deadline of a call, instead of trying for ever.
    pub fn must_begin(mut self) -> Self {
        self.must_begin = true;
        self
    }

    /// Reports these aliases and databases only, and changes of access. No name at all limits nothing: whoever wants
    /// changes of access alone says so with [`access_only`](Self::access_only).
    pub fn names<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        for name in names {
            self.names.get_or_insert_default().push(name.into());
        }
        self
    }

    /// Reports changes of access only: of users, roles and settings, and of no alias or database.
    pub fn access_only(mut self) -> Self {
        self.names = Some(Vec::new());
        self
    }
}

// === impl Watch ===

impl Watch {
    pub(crate) fn new(core: Arc<Core>, from: WatchFrom) -> Self {
        let begins_by = from.must_begin.then(|| core.deadline());
        Self { core, from, current_at: None, user: None, stream: None, begins_by, failures_in_a_row: 0 }
    }

    /// The revision up to which everything has been delivered; `None` before the first event.
    pub fn position(&self) -> Option<u64> {
        self.from.after
    }

    /// When what had been acknowledged to anyone by then was delivered; `None` before the first mark.
    pub(crate) fn current_at(&self) -> Option<Moment> {
        self.current_at
    }

    /// The user that the client is, by the last mark; `None` before the first, or if the member does not say.
    pub(crate) fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The next event. Waits for as long as it takes, over failures of members and changes of the leader.
    /// Nothing is lost if the future is dropped before it is ready.
    ///
    /// # Errors
    /// The cluster refuses the watch, for example because the user was suspended; or it [must begin](WatchFrom::must_begin)
    /// and has not.
    pub async fn next(&mut self) -> Result<Event, Failure> {
        loop {
            let Some(stream) = &mut self.stream else {
                if let Some(event) = self.open().await? {
                    return Ok(event);
                }
                continue;
            };
            let silent_at = stream.advanced_at + stream.silence_max;
            let silent_at = self.begins_by.map_or(silent_at, |by| silent_at.min(by));
            let message = match self.core.runtime.timeout_at(silent_at, stream.messages.message()).await {
                Ok(Ok(Some(message))) => message,
                Ok(Ok(None)) => {
                    stream.member.failed();
                    self.abandon_stream("the stream ended");
                    continue;
                }
                Ok(Err(status)) => {
                    if let Some(event) = self.on_broken_stream(&status)? {
                        return Ok(event);
                    }
                    continue;
                }
                Err(_elapsed) => {
                    stream.member.failed();
                    if self.begins_by.is_some_and(|by| by <= self.core.runtime.now()) {
                        let (address, limit) = (&stream.member.address, self.core.limits.call);
                        return Err(AttemptError::no_answer(address, limit).without_effect());
                    }
                    self.abandon_stream("the stream fell silent, or stays behind");
                    continue;
                }
            };
            stream.member.answered();
            self.failures_in_a_row = 0;
            self.begins_by = None;
            if let Some(event) = self.event(message)? {
                return Ok(event);
            }
        }
    }

    /// Opens a stream at the position. An event instead means that the history was too short.
    async fn open(&mut self) -> Result<Option<Event>, Failure> {
        if let Some(doublings) = self.failures_in_a_row.checked_sub(2) {
            self.core.runtime.sleep(PAUSE * 2_u32.pow(doublings.min(PAUSE_DOUBLINGS_MAX))).await;
        }
        let filter = self.from.names.clone().map(|names| v1::NameFilter { names });
        let mut after_revision = self.from.after;
        if is_planted(Mistake::WatchGapAtResume) && self.failures_in_a_row > 0 {
            after_revision = after_revision.map(|revision| revision + 1);
        }
        let request = v1::WatchRequest { after_revision, filter, takes_parts: true };
        let opened = self
            .core
            .call(AccessMode::Read, |attempt| {
                let request = attempt.request_without_deadline(request.clone());
                let asked_at = self.core.runtime.now();
                async move {
                    let answer = RouterClient::new(attempt.channel()).watch(request).await?;
                    Ok((answer, attempt.member, asked_at))
                }
            })
            .await;
        match opened {
            Ok((answer, member, asked_at)) => {
                let messages = answer.into_inner();
                let advanced_at = self.core.runtime.now();
                let silence_max = FIRST_MESSAGE;
                self.stream = Some(Stream { messages, member, silence_max, asked_at, advanced_at, begun: None });
                Ok(None)
            }
            Err(failure) => self.on_open_error(failure).await,
        }
    }

    async fn on_open_error(&mut self, failure: Failure) -> Result<Option<Event>, Failure> {
        if let Some(event) = self.resync_after(&failure) {
            return Ok(Some(event));
        }
        if !failure.class.is_retryable() || self.is_late() {
            return Err(failure);
        }
        tracing::warn!(code = %failure.code, "cannot watch yet: {failure}");
        self.core.runtime.sleep(PAUSE).await;
        Ok(None)
    }

    /// Whether the watch should have begun by now.
    fn is_late(&self) -> bool {
        self.begins_by.is_some_and(|by| by <= self.core.runtime.now())
    }

    fn on_broken_stream(&mut self, status: &Status) -> Result<Option<Event>, Failure> {
        let Some(stream) = self.stream.take() else { return Ok(None) };
        let error = AttemptError::new(status, &stream.member.address);
        if let Some(event) = self.resync_after(&error.failure) {
            return Ok(Some(event));
        }
        // Whatever the reason, another member is as good and perhaps better.
        stream.member.failed();
        // A proof of identity that ended while the stream went on can be renewed; one that never held cannot.
        let renewable = refuses_proof(&error.failure) && self.failures_in_a_row == 0;
        if error.failure.class.is_retryable() || renewable {
            self.abandon_stream(&error.failure.message);
            return Ok(None);
        }
        Err(error.failure)
    }

    fn resync_after(&mut self, failure: &Failure) -> Option<Event> {
        let revision = failure.resume_revision.filter(|_| failure.code == WATCH_COMPACTED)?;
        self.from.after = Some(revision);
        Some(Event::Resync { revision })
    }

    fn abandon_stream(&mut self, why: &str) {
        tracing::info!(after = self.from.after, "the watch goes on elsewhere: {why}");
        self.stream = None;
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
    }

    fn advance(&mut self, revision: u64) {
        self.from.after = Some(revision);
        if let Some(stream) = &mut self.stream {
            stream.advanced_at = self.core.runtime.now();
        }
    }

    /// Everything that a revision changed, once this is its last part.
    fn whole(&mut self, part: v1::ChangeBatch) -> Result<Option<v1::ChangeBatch>, Failure> {
        let Some(stream) = &mut self.stream else { return Ok(Some(part)) };
        let (revision, continued) = (part.revision, part.continued);
        let batch = match stream.begun.take() {
            None => part,
            Some(mut begun) if begun.revision == revision => {
                begun.changes.extend(part.changes);
                begun
            }
            Some(_) => return Err(invalid_answer("a revision of the watch ends before its last part")),
        };
        if continued {
            stream.advanced_at = self.core.runtime.now();
            stream.begun = Some(batch);
            return Ok(None);
        }
        Ok(Some(batch))
    }

    fn event(&mut self, message: v1::WatchResponse) -> Result<Option<Event>, Failure> {
        let position = self.from.after.unwrap_or_default();
        match message.event {
            Some(WireEvent::Batch(batch)) => {
                // After a change of members, the new one may repeat what the old one said last.
                if self.from.after.is_some() && batch.revision <= position {
                    return Ok(None);
                }
                let Some(batch) = self.whole(batch)? else { return Ok(None) };
                self.advance(batch.revision);
                Ok(Some(Event::Changes { revision: batch.revision, changes: batch.changes }))
            }
            Some(WireEvent::Progress(mark)) => {
                let interval = mark.interval.and_then(|interval| Duration::try_from(interval).ok());
                if let (Some(stream), Some(interval)) = (&mut self.stream, interval) {
                    stream.silence_max = silence_after(interval);
                }
                // A member that lags behind confirms nothing that is not known already.
                if mark.revision < position {
                    return Ok(None);
                }
                self.advance(mark.revision);
                let staleness = mark.staleness.and_then(|staleness| Duration::try_from(staleness).ok());
                let since_begin = mark.since_begin.and_then(|since| Duration::try_from(since).ok());
                let made_at = self.stream.as_ref().zip(since_begin).map(|(stream, since)| stream.asked_at + since);
                // On its way it may have been held back for long. A member that does not say when it was made is believed.
                let now = self.core.runtime.now();
                self.current_at = Some(made_at.map_or(now, |made_at| made_at.min(now)) - staleness.unwrap_or_default());
                self.user = mark.user.or(self.user.take());
                Ok(Some(Event::Progress { revision: mark.revision }))
            }
            None => Err(invalid_answer("a part of the watch is empty")),
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("from", &self.from).finish_non_exhaustive()
    }
}

/// How long a stream may be silent that promises a message in each interval.
fn silence_after(interval: Duration) -> Duration {
    (interval * 4).max(Duration::from_secs(2))
}
