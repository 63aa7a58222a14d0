//! One pass over what was applied: which of it a watcher is told.
//!
//! A pass costs lookups of privileges. Most take microseconds and run where the watch does. One that may take longer (a
//! user with thousands of roles is dropped, thousands are at home in a database that is replaced) runs on a thread that
//! may block, a few at a time, so that it holds up neither other calls nor consensus. A watch waits for its pass, so the
//! order of what it is told stays that of revisions.

use std::collections::BTreeMap;
use std::sync::Arc;

use aliasd_catalog::{Revision, WatchEvent, WatchSubject, Watcher};
use aliasd_replica::{AppliedBatch, AppliedEntry};
use aliasd_runtime::SharedRuntime;
use tokio::sync::Semaphore;

use super::Message;
use crate::failure::Failure;

/// Lookups that a pass may take where the watch runs: less than a millisecond.
const WORK_MAX: usize = 512;

/// Bytes of a message at most, but for the last of its changes: clients take 4 MiB.
const MESSAGE_BYTES_MAX: usize = 1024 * 1024;

/// What a change has besides its name, in bytes, at most.
const CHANGE_BYTES: usize = 32;

/// Runs the passes of all watches. Clones share the bound on the large ones.
#[derive(Clone, Debug)]
pub(super) struct Passes {
    runtime: SharedRuntime,
    large: Arc<Semaphore>,
}

impl Passes {
    pub(super) fn new(runtime: SharedRuntime) -> Self {
        // At least one processor stays free where there is more than one.
        let large = Arc::new(Semaphore::new(runtime.processors().saturating_sub(1).max(1)));
        Self { runtime, large }
    }

    /// What the watcher is told of the entries after a revision, in order.
    ///
    /// # Errors
    /// The pass failed, which it should never do.
    pub(super) async fn run(
        &self,
        watcher: &Arc<Watcher>,
        batch: &Arc<AppliedBatch>,
        after: Revision,
        takes_parts: bool,
    ) -> Result<Vec<Message>, Failure> {
        if !is_large(watcher, batch, after) {
            // A watch that catches up finds one batch after the other without ever waiting: others get their turn here.
            tokio::task::coop::consume_budget().await;
            return Ok(messages(watcher, batch, after, takes_parts));
        }
        let permit = Arc::clone(&self.large).acquire_owned().await.expect("nobody closes the semaphore");
        let (watcher, batch) = (Arc::clone(watcher), Arc::clone(batch));
        let pass = self.runtime.blocking(move || {
            let _permit = permit;
            messages(&watcher, &batch, after, takes_parts)
        });
        pass.await.map_err(|_| Failure::bug("the node could not tell what a watcher may know of"))
    }
}

fn messages(watcher: &Watcher, batch: &AppliedBatch, after: Revision, takes_parts: bool) -> Vec<Message> {
    let told = entries(batch, after).flat_map(|entry| {
        let parts = parts(events(watcher, entry));
        let parts = if takes_parts || parts.len() <= 1 { parts } else { vec![nameless(&parts)] };
        let last = parts.len().saturating_sub(1);
        let message = |(at, events)| Message::Batch { revision: entry.revision, events, continued: at < last };
        parts.into_iter().enumerate().map(message).collect::<Vec<_>>()
    });
    told.collect()
}

/// What is told of one revision, cut into what one message can hold. No part is empty.
fn parts(events: Vec<WatchEvent>) -> Vec<Vec<WatchEvent>> {
    let mut parts = Vec::new();
    let (mut part, mut bytes) = (Vec::new(), 0);
    for event in events {
        bytes += event.name.len() + CHANGE_BYTES;
        part.push(event);
        if bytes >= MESSAGE_BYTES_MAX {
            parts.push(std::mem::take(&mut part));
            bytes = 0;
        }
    }
    parts.extend((!part.is_empty()).then_some(part));
    parts
}

/// The same in few words, for a consumer that takes no parts: a change without a name concerns everything of its kind.
fn nameless(parts: &[Vec<WatchEvent>]) -> Vec<WatchEvent> {
    let mut kinds = BTreeMap::<WatchSubject, _>::new();
    for event in parts.iter().flatten() {
        let kind = kinds.entry(event.subject).or_insert(event.kind);
        *kind = (*kind).max(event.kind);
    }
    kinds.into_iter().map(|(subject, kind)| WatchEvent { subject, name: String::new(), kind }).collect()
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
