//! A data directory in use by this process, and a store in it that is closed where that holds up no task.
//!
//! Closing RocksDB blocks, and the last handle of a store may be dropped anywhere. So a store is closed in time, by
//! [`Closable::close`]; what nobody closed goes with a thread of its own. Nothing here waits while it is dropped.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::fault::StorageFault;

/// A directory that this process works in. It is free again when this is dropped, and however the process ends.
pub(crate) struct TakenDirectory {
    lock: File,
    freed: Freed,
}

/// Tells when a directory is free again.
#[derive(Clone, Default)]
pub(crate) struct Freed(Arc<FreedState>);

#[derive(Default)]
struct FreedState {
    is_free: Mutex<bool>,
    changed: Condvar,
}

impl TakenDirectory {
    /// Takes a directory for this process, and creates it where there is none.
    pub(crate) fn take(directory: &Path) -> Result<Self, StorageFault> {
        std::fs::create_dir_all(directory).map_err(|error| StorageFault::from_io(directory, "create", error))?;
        let file = directory.join("aliasd.lock");
        let lock = File::create(&file).map_err(|error| StorageFault::from_io(&file, "open", error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { lock, freed: Freed::default() }),
            Err(TryLockError::WouldBlock) => Err(StorageFault::InUse { path: directory.to_owned() }),
            Err(TryLockError::Error(error)) => Err(StorageFault::from_io(directory, "lock", error)),
        }
    }

    /// Tells when it is free again.
    pub(crate) fn freed(&self) -> Freed {
        self.freed.clone()
    }
}

impl Drop for TakenDirectory {
    fn drop(&mut self) {
        // Before it is said. Closing the file frees it too, if this should fail.
        let _ = self.lock.unlock();
        *self.freed.is_free() = true;
        self.freed.0.changed.notify_all();
    }
}

impl Freed {
    /// Waits until the directory is free. Blocks.
    pub(crate) fn wait(&self) {
        let free = self.0.changed.wait_while(self.is_free(), |is_free| !*is_free);
        drop(free.unwrap_or_else(PoisonError::into_inner));
    }

    fn is_free(&self) -> MutexGuard<'_, bool> {
        self.0.is_free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A store that can be closed while there are handles to it.
pub(crate) struct Closable<S: Send + Sync + 'static>(Mutex<Option<Arc<Open<S>>>>);

/// A store that is open for as long as this is held.
pub(crate) struct Open<S> {
    pub(crate) store: S,
    // After the store: the directory is free when that is closed.
    _taken: Arc<TakenDirectory>,
}

impl<S: Send + Sync + 'static> Closable<S> {
    /// A store in a directory that stays taken for as long as the store is open.
    pub(crate) fn new(store: S, taken: Arc<TakenDirectory>) -> Self {
        Self(Mutex::new(Some(Arc::new(Open { store, _taken: taken }))))
    }

    /// The store, or `None` once it is closed. Whoever drops what is returned may be the one who closes the store, which
    /// blocks.
    pub(crate) fn get(&self) -> Option<Arc<Open<S>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Closes the store, or leaves that to the last who works on it. Blocks.
    pub(crate) fn close(&self) {
        drop(self.take());
    }

    fn take(&self) -> Option<Arc<Open<S>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<S: Send + Sync + 'static> Drop for Closable<S> {
    fn drop(&mut self) {
        if let Some(open) = self.take().and_then(Arc::into_inner) {
            // Where no thread is to be had, it is closed here: there is nowhere else.
            drop(thread::Builder::new().name("store-closer".to_owned()).spawn(move || drop(open)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    /// A store whose closing waits to be allowed.
    struct Slow {
        allowed: Mutex<mpsc::Receiver<()>>,
    }

    impl Drop for Slow {
        fn drop(&mut self) {
            self.allowed.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        }
    }

    fn taken(directory: &Path) -> Arc<TakenDirectory> {
        Arc::new(TakenDirectory::take(directory).unwrap())
    }

    #[test]
    fn who_drops_the_last_handle_does_not_wait_for_the_store() {
        let directory = tempfile::tempdir().unwrap();
        let (allow, allowed) = mpsc::channel();
        let taken = taken(directory.path());
        let freed = taken.freed();
        let store = Closable::new(Slow { allowed: Mutex::new(allowed) }, taken);
        // Returns although nobody allowed it yet.
        drop(store);
        assert!(
            matches!(TakenDirectory::take(directory.path()), Err(StorageFault::InUse { .. })),
            "it is being closed"
        );
        allow.send(()).unwrap();
        freed.wait();
        TakenDirectory::take(directory.path()).unwrap();
    }

    #[test]
    fn a_store_that_is_worked_on_is_closed_by_whoever_is_done_last() {
        let directory = tempfile::tempdir().unwrap();
        let store = Closable::new((), taken(directory.path()));
        let working = store.get().unwrap();
        store.close();
        assert!(store.get().is_none(), "nobody else gets it");
        assert!(TakenDirectory::take(directory.path()).is_err(), "it is worked on");
        drop(working);
        TakenDirectory::take(directory.path()).unwrap();
    }
}
