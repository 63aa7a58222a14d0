//! The state machine: applies committed entries to the catalog, stores what changed, and shows it.
//!
//! For each batch, in this order: the records and how far they reach go to the store in one write, the view is
//! published, callers are answered. The catalog itself decides everything; this module never looks into a command.
//!
//! A snapshot is a clone of the persistent maps, taken between two batches together with its position. It is kept as
//! "current" only once the store was flushed, because openraft lets the log go up to it.

#[cfg(feature = "disk")]
pub(crate) mod disk;
pub(crate) mod faults;
mod history;
pub(crate) mod memory;
#[cfg(not(feature = "disk"))]
mod no_disk;
pub(crate) mod snapshot;
pub(crate) mod state;
pub(crate) mod store;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use aliasd_catalog::{Applied, Catalog, Digest, Revision};
use aliasd_faults::{Mistake, is_planted};
use aliasd_runtime::SharedRuntime;
use aliasd_wire::store::{encode_record, encode_record_key};
use futures::{Stream, StreamExt};
use openraft::alias;
use openraft::storage::{ApplyResponder, EntryResponder, RaftSnapshotBuilder, RaftStateMachine};
use tokio::sync::oneshot;

#[cfg(not(feature = "disk"))]
use self::no_disk as disk;
use self::snapshot::{Frozen, SnapshotData, parts, receive_part};
use self::state::{AppliedState, Writes};
use self::store::{SharedStore, StageError, StagedCatalog};
use crate::fault::StorageFault;
use crate::feed::{AppliedBatch, AppliedEntry, Feed, HistoryLimits, View};
use crate::types::{LogId, Payload, Response, SnapshotMeta, StoredMembership, TypeConfig};

/// Entries that become visible at once, at most; bounds the memory of a batch and the time until it shows.
const BATCH_ENTRIES_MAX: usize = 512;

type Snapshot = alias::SnapshotOf<TypeConfig, SnapshotData>;

/// The latest snapshot whose content is durable.
type SnapshotSlot = Arc<Mutex<Option<Frozen>>>;

/// The catalog and everything around it that changes when an entry is applied.
pub(crate) struct Machine {
    runtime: SharedRuntime,
    store: SharedStore,
    catalog: Catalog,
    last_applied: Option<LogId>,
    is_in_log: bool,
    membership: StoredMembership,
    feed: Arc<Feed>,
    /// Steps that are out of history and still lie beside the records.
    forgotten: Vec<Revision>,
    snapshot: SnapshotSlot,
    /// Dropped with the machine, which tells the supervisor that nothing is applied any more.
    _alive: oneshot::Sender<()>,
}

/// A batch between being applied and being shown.
#[derive(Default)]
struct Pending {
    writes: Writes,
    entries: Vec<AppliedEntry>,
    digests: Vec<(Revision, Digest)>,
    responders: Vec<(ApplyResponder<TypeConfig>, Response)>,
}

impl Machine {
    /// Loads the catalog. The receiver resolves when the machine is gone. Blocks.
    pub(crate) fn load(
        runtime: SharedRuntime,
        store: SharedStore,
        history: HistoryLimits,
    ) -> Result<(Self, Arc<Feed>, oneshot::Receiver<()>), StorageFault> {
        let (catalog, state) = store.load()?;
        let known_after = state.known_after();
        let AppliedState { mut last_applied, membership, is_in_log, .. } = state;
        if is_planted(Mistake::ApplyTwice) {
            last_applied = last_applied.map(entry_before);
        }
        let view = View { catalog: catalog.clone(), revision: revision_of(last_applied.as_ref()) };
        let steps = history::replay(&catalog, store.steps_after(known_after)?);
        let steps = steps.map_err(|error| StorageFault::undecodable(store.place(), "the history", error))?;
        let (feed, forgotten) = Feed::new(view, known_after, steps, history);
        let feed = Arc::new(feed);
        // What was loaded is durable, so it serves as the first snapshot.
        let meta = SnapshotMeta { last_log_id: last_applied, last_membership: membership.clone() };
        let snapshot = last_applied.map(|_| Frozen { meta, catalog: catalog.clone() });
        let (alive, gone) = oneshot::channel();
        let machine = Self {
            runtime,
            store,
            catalog,
            last_applied,
            is_in_log,
            membership,
            feed: Arc::clone(&feed),
            forgotten,
            snapshot: Arc::new(Mutex::new(snapshot)),
            _alive: alive,
        };
        Ok((machine, feed, gone))
    }

    /// The last entry that the records contain.
    pub(crate) fn last_applied(&self) -> Option<LogId> {
        self.last_applied
    }

    /// Whether the log must reach that entry, too.
    pub(crate) fn is_in_log(&self) -> bool {
        self.is_in_log
    }

    fn apply_one(&mut self, pending: &mut Pending, (entry, responder): EntryResponder<TypeConfig>) -> io::Result<()> {
        let log_id = entry.log_id;
        if self.last_applied.is_some_and(|last| last.index >= log_id.index) {
            // Applying an entry twice would let this member's catalog part from the others'.
            return Err(io::Error::other(format!("log entry {log_id} was to be applied a second time")));
        }
        let revision = Revision(log_id.index);
        let response = match entry.payload {
            Payload::Blank => None,
            Payload::Membership(membership) => {
                self.membership = StoredMembership::new(Some(log_id), membership);
                None
            }
            Payload::Normal(proposal) => {
                let before = self.catalog.clone();
                let Applied { revision: effect_at, outcome, changes } = self.catalog.apply(revision, proposal.entry());
                let mut change_bytes = 0;
                for change in &changes {
                    let (key, value) = (encode_record_key(&change.key), change.after.as_ref().map(encode_record));
                    change_bytes += key.len() + value.as_ref().map_or(0, Vec::len);
                    pending.writes.records.push((key, value));
                }
                if let Some(step) = history::encode(&changes) {
                    change_bytes += step.len();
                    pending.writes.steps.push((revision, Some(step)));
                }
                let after = self.catalog.clone();
                pending.entries.push(AppliedEntry { revision, changes, change_bytes, before, after });
                Some((effect_at, outcome))
            }
        };
        (self.last_applied, self.is_in_log) = (Some(log_id), true);
        pending.digests.push((revision, self.catalog.digest()));
        pending.responders.extend(responder.map(|responder| (responder, response)));
        Ok(())
    }

    /// Stores a batch, shows it, and answers.
    async fn commit(&mut self, pending: Pending) -> io::Result<()> {
        let Pending { mut writes, entries, digests, responders } = pending;
        if digests.is_empty() {
            return Ok(());
        }
        // What went out of history with the batch before this one. Until then it lies there unused.
        let forgotten = std::mem::take(&mut self.forgotten);
        writes.steps.extend(forgotten.into_iter().map(|revision| (revision, None)));
        let (store, state) = (Arc::clone(&self.store), self.state());
        self.runtime.blocking(move || store.write(writes, &state)).await.map_err(io::Error::other)??;
        let revision = revision_of(self.last_applied.as_ref());
        self.forgotten = self.feed.publish(self.catalog.clone(), AppliedBatch { revision, entries }, digests);
        for (responder, response) in responders {
            responder.send(response);
        }
        Ok(())
    }

    fn state(&self) -> AppliedState {
        AppliedState {
            last_applied: self.last_applied,
            membership: self.membership.clone(),
            digest: self.catalog.digest(),
            is_in_log: self.is_in_log,
            history_after: Some(self.feed.known_after()),
        }
    }
}

impl RaftStateMachine<TypeConfig> for Machine {
    type SnapshotData = SnapshotData;
    type SnapshotBuilder = SnapshotBuilder;

    async fn applied_state(&mut self) -> io::Result<(Option<LogId>, StoredMembership)> {
        Ok((self.last_applied, self.membership.clone()))
    }

    async fn apply<S>(&mut self, mut entries: S) -> io::Result<()>
    where
        S: Stream<Item = io::Result<EntryResponder<TypeConfig>>> + Unpin + Send,
    {
        let mut pending = Pending::default();
        while let Some(item) = entries.next().await {
            self.apply_one(&mut pending, item?)?;
            if pending.digests.len() == BATCH_ENTRIES_MAX {
                self.commit(std::mem::take(&mut pending)).await?;
            }
        }
        self.commit(pending).await
    }

    async fn try_create_snapshot_builder(&mut self, _force: bool) -> Option<SnapshotBuilder> {
        Some(self.get_snapshot_builder().await)
    }

    async fn get_snapshot_builder(&mut self) -> SnapshotBuilder {
        let mut meta = SnapshotMeta { last_log_id: self.last_applied, last_membership: self.membership.clone() };
        let mut catalog = self.catalog.clone();
        if is_planted(Mistake::SnapshotNewerThanRevision) {
            meta.last_log_id = meta.last_log_id.map(entry_before);
        }
        if is_planted(Mistake::SnapshotWithoutRequests) {
            catalog = snapshot::without_requests(&catalog);
        }
        SnapshotBuilder {
            frozen: Frozen { meta, catalog },
            runtime: Arc::clone(&self.runtime),
            store: Arc::clone(&self.store),
            slot: Arc::clone(&self.snapshot),
        }
    }

    async fn install_snapshot(&mut self, meta: &SnapshotMeta, data: SnapshotData) -> io::Result<()> {
        // Conflicting entries were truncated to make room: should they come back, they would contradict the catalog.
        if !is_planted(Mistake::TruncationNotDurable) {
            self.store.log().barrier().await?;
        }
        let store = Arc::clone(&self.store);
        let meta = meta.clone();
        let installed = self.runtime.blocking(move || install(&store, &meta, data)).await;
        let (catalog, state) = installed.map_err(io::Error::other)??;
        let revision = revision_of(state.last_applied.as_ref());
        let replaced = std::mem::replace(&mut self.catalog, catalog.clone());
        (self.last_applied, self.is_in_log) = (state.last_applied, state.is_in_log);
        self.membership = state.membership.clone();
        self.forgotten.clear();
        let meta = SnapshotMeta { last_log_id: state.last_applied, last_membership: state.membership };
        let frozen = Some(Frozen { meta, catalog: catalog.clone() });
        let thawed = std::mem::replace(&mut *self.snapshot.lock().unwrap_or_else(PoisonError::into_inner), frozen);
        tracing::info!(%revision, "installed a snapshot");
        let forgotten = self.feed.replace(View { catalog, revision });
        // Letting go of a large catalog takes long.
        self.runtime.spawn_blocking(Box::new(move || drop((replaced, thawed, forgotten))));
        Ok(())
    }

    async fn get_current_snapshot(&mut self) -> io::Result<Option<Snapshot>> {
        let slot = self.snapshot.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(slot.as_ref().map(|frozen| thaw(frozen.clone())))
    }
}

/// Turns a frozen catalog into openraft's snapshot.
fn thaw(Frozen { meta, catalog }: Frozen) -> Snapshot {
    Snapshot { meta, snapshot: SnapshotData::Frozen(Box::new(catalog)) }
}

/// Writes a snapshot into a new catalog and puts that in the place of the current one.
fn install(store: &SharedStore, meta: &SnapshotMeta, data: SnapshotData) -> io::Result<(Catalog, AppliedState)> {
    let staged = match data {
        SnapshotData::Received(mut received) => {
            received.take().ok_or_else(|| io::Error::other("the snapshot was taken already"))?
        }
        SnapshotData::Frozen(catalog) => stage_local(store, &catalog)?,
    };
    let state = AppliedState {
        last_applied: meta.last_log_id,
        membership: meta.last_membership.clone(),
        digest: staged.digest(),
        is_in_log: false,
        history_after: Some(revision_of(meta.last_log_id.as_ref())),
    };
    let catalog = store.install(staged, &state)?;
    Ok((catalog, state))
}

/// Stages a catalog that is in memory already, the same way as one that comes over the network.
fn stage_local(store: &SharedStore, catalog: &Catalog) -> Result<StagedCatalog, StageError> {
    let mut staged = store.stage()?;
    for part in parts(catalog) {
        receive_part(&mut staged, part)?;
    }
    Ok(staged)
}

/// Makes a frozen catalog the current snapshot, beside the running machine.
pub(crate) struct SnapshotBuilder {
    runtime: SharedRuntime,
    frozen: Frozen,
    store: SharedStore,
    slot: SnapshotSlot,
}

impl RaftSnapshotBuilder<TypeConfig> for SnapshotBuilder {
    type SnapshotData = SnapshotData;

    async fn build_snapshot(&mut self) -> io::Result<Snapshot> {
        self.store.log().barrier().await?;
        let store = Arc::clone(&self.store);
        if !is_planted(Mistake::PurgeBeforeFlush) {
            self.runtime.blocking(move || store.flush()).await.map_err(io::Error::other)??;
        }
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        let current = slot.as_ref().and_then(|frozen| frozen.meta.last_log_id);
        // One that was installed meanwhile is newer.
        if self.frozen.meta.last_log_id >= current {
            *slot = Some(self.frozen.clone());
        }
        Ok(thaw(self.frozen.clone()))
    }
}

/// The position before this one, for planted mistakes.
fn entry_before(log_id: LogId) -> LogId {
    LogId { index: log_id.index.saturating_sub(1), ..log_id }
}

/// The revision that contains everything up to `log_id`.
pub(crate) fn revision_of(log_id: Option<&LogId>) -> Revision {
    Revision(log_id.map_or(0, |log_id| log_id.index))
}
