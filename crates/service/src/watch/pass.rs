//! One pass over what was applied: which of it a watcher is told.
//!
//! A pass costs lookups of privileges. Most take microseconds and run where the watch does. One that may take longer (a
//! user with thousands of roles is dropped, thousands are at home in a database that is replaced) runs on a thread that
//! may block, a few at a time, so that it holds up neither other calls nor consensus. A watch waits for its pass, so the
//! order of what it is told stays that of revisions.

use std::sync::Arc;
use std::thread;

use aliasd_catalog::{Revision, WatchEvent, Watcher};
use aliasd_replica::{AppliedBatch, AppliedEntry};
use tokio::sync::Semaphore;

use super::Message;
use crate::failure::Failure;

/// Lookups that a pass may take where the watch runs: less than a millisecond.
const WORK_MAX: usize = 512;

/// Runs the passes of all watches. Clones share the bound on the large ones.
#[derive(Clone, Debug)]
pub(super) struct Passes {
    large: Arc<Semaphore>,
}

impl Default for Passes {
    fn default() -> Self {
        // At least one processor stays free where there is more than one.
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Self { large: Arc::new(Semaphore::new(processors.saturating_sub(1).max(1))) }
    }
}

impl Passes {
    /// What the watcher is told of the entries after a revision, in order.
    ///
    /// # Errors
    /// The pass failed, which it should never do.
    pub(super) async fn run(
        &self,
        watcher: &Arc<Watcher>,
        batch: &Arc<AppliedBatch>,
        after: Revision,
    ) -> Result<Vec<Message>, Failure> {
        if !is_large(watcher, batch, after) {
            // A watch that catches up finds one batch after the other without ever waiting: others get their turn here.
            tokio::task::coop::consume_budget().await;
            return Ok(messages(watcher, batch, after));
        }
        let permit = Arc::clone(&self.large).acquire_owned().await.expect("nobody closes the semaphore");
        let (watcher, batch) = (Arc::clone(watcher), Arc::clone(batch));
        let pass = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            messages(&watcher, &batch, after)
        });
        pass.await.map_err(|_| Failure::bug("the node could not tell what a watcher may know of"))
    }
}

fn messages(watcher: &Watcher, batch: &AppliedBatch, after: Revision) -> Vec<Message> {
    let events_by_revision = entries(batch, after).map(|entry| (entry.revision, events(watcher, entry)));
    events_by_revision
        .filter(|(_, events)| !events.is_empty())
        .map(|(revision, events)| Message::Batch { revision, events })
        .collect()
}

fn entries(batch: &AppliedBatch, after: Revision) -> impl Iterator<Item = &AppliedEntry> {
    batch.entries.iter().filter(move |entry| entry.revision > after)
}

/// What of an entry the watcher may know, by the privileges on both sides of it.
pub(super) fn events(watcher: &Watcher, entry: &AppliedEntry) -> Vec<WatchEvent> {
    watcher.events(&entry.before, &entry.changes, &entry.after)
}

/// Whether a pass may take more than [`WORK_MAX`] lookups. Counts no further than that.
fn is_large(watcher: &Watcher, batch: &AppliedBatch, after: Revision) -> bool {
    let mut work = 0;
    entries(batch, after).any(|entry| {
        work += watcher.lookups(&entry.before, &entry.changes, &entry.after, WORK_MAX);
        work > WORK_MAX
    })
}

#[cfg(test)]
mod tests;
