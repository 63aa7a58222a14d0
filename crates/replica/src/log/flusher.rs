//! The one thread that makes the log durable.
//!
//! RocksDB does not merge concurrent syncs, so a sync for each append would queue up. This thread takes everybody who
//! waits, syncs once for all, and answers in order: that is the group commit. The first failure is final: everybody
//! then waiting and everybody later gets it, and no sync is tried again, because a failed sync may have dropped the
//! data that a second one would then report as safe.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use crate::types::FlushCallback;

/// Somebody who must know when everything written so far is durable.
pub(crate) enum Waiter {
    /// An append that openraft tracks.
    Append(FlushCallback),
    /// A write whose caller waits, such as a vote.
    Write(oneshot::Sender<io::Result<()>>),
}

impl Waiter {
    pub(crate) fn complete(self, result: io::Result<()>) {
        match self {
            Self::Append(callback) => callback.io_completed(result),
            // A caller that stopped waiting does not need the answer.
            Self::Write(caller) => drop(caller.send(result)),
        }
    }
}

/// Counts of the flusher's work, and its failure.
#[derive(Debug, Default)]
pub(crate) struct FlushHealth {
    syncs: AtomicU64,
    waiters: AtomicU64,
    failure: OnceLock<String>,
}

impl FlushHealth {
    /// Syncs so far.
    pub(crate) fn syncs(&self) -> u64 {
        self.syncs.load(Ordering::Relaxed)
    }

    /// Appends and votes made durable so far.
    pub(crate) fn waiters(&self) -> u64 {
        self.waiters.load(Ordering::Relaxed)
    }

    /// The failure that ended all writing, if there was one.
    pub(crate) fn check(&self) -> io::Result<()> {
        match self.failure.get() {
            None => Ok(()),
            Some(failure) => Err(io::Error::other(failure.clone())),
        }
    }

    /// Records the first failure and says it once in the log.
    pub(crate) fn fail(&self, error: &io::Error) {
        if self.failure.set(error.to_string()).is_ok() {
            tracing::error!(%error, "the log cannot be written; this node stops");
        }
    }
}

/// Handle of the thread. Dropping it lets the thread finish what is queued and waits for it.
pub(crate) struct Flusher {
    queue: Mutex<Option<mpsc::Sender<Waiter>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Flusher {
    /// Starts the thread. `sync` makes everything written before the call durable.
    pub(crate) fn start(
        health: Arc<FlushHealth>,
        sync: impl Fn() -> io::Result<()> + Send + 'static,
    ) -> io::Result<Self> {
        let (queue, waiting) = mpsc::channel();
        let thread =
            std::thread::Builder::new().name("log-flusher".to_owned()).spawn(move || run(&waiting, &health, &sync))?;
        Ok(Self { queue: Mutex::new(Some(queue)), thread: Mutex::new(Some(thread)) })
    }

    /// Queues somebody behind everything written before this call.
    pub(crate) fn submit(&self, waiter: Waiter) {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = match queue.as_ref() {
            Some(queue) => queue.send(waiter).err().map(|mpsc::SendError(waiter)| waiter),
            None => Some(waiter),
        };
        drop(queue);
        if let Some(waiter) = refused {
            waiter.complete(Err(io::Error::other("the log is closed")));
        }
    }

    /// Finishes what is queued and ends the thread.
    pub(crate) fn close(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the log flusher panicked");
        }
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.close();
    }
}

fn run(waiting: &mpsc::Receiver<Waiter>, health: &FlushHealth, sync: &impl Fn() -> io::Result<()>) {
    while let Ok(first) = waiting.recv() {
        let group: Vec<Waiter> = std::iter::once(first).chain(waiting.try_iter()).collect();
        if health.check().is_ok() {
            match sync() {
                Ok(()) => {
                    health.syncs.fetch_add(1, Ordering::Relaxed);
                    health.waiters.fetch_add(group.len() as u64, Ordering::Relaxed);
                }
                Err(error) => health.fail(&error),
            }
        }
        for waiter in group {
            waiter.complete(health.check());
        }
    }
}
