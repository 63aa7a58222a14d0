//! The catalog's records in RocksDB.
//!
//! The directory holds one database per generation and a file `CURRENT` that names the one in use. A snapshot is
//! received into a new generation; naming it in `CURRENT` is the moment it takes effect, so a crash leaves either the
//! old catalog or the new one, and whatever else lies there is removed at the next start.
//!
//! Writes skip RocksDB's write-ahead log: the replicated log already is one. After a crash the catalog is as of its last
//! flush, and the entries since then, which are only purged after a flush, are applied again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aliasd_catalog::{Catalog, Revision};
use aliasd_faults::{Failpoint, reach};
use rocksdb::{DB, Direction, IteratorMode, Options, ReadOptions, WriteBatch, WriteOptions};

use super::faults::{Faults, InstallStep};
use super::history;
use super::state::{AppliedState, Writes, restore};
use crate::closable::{Closable, Open, TakenDirectory};
use crate::descriptors::DATABASE_FILES_MAX;
use crate::durable;
use crate::fault::StorageFault;

const CURRENT: &str = "CURRENT";
const CURRENT_NEXT: &str = "CURRENT.next";
const GENERATION_PREFIX: &str = "generation-";
const STATE_KEY: &[u8] = b"m:applied";
const RECORD_PREFIX: u8 = b'r';
const STEP_PREFIX: u8 = b'h';
const WRITE_BUFFER_BYTES: usize = 64 * 1024 * 1024;
const READAHEAD_BYTES: usize = 2 * 1024 * 1024;

/// The catalog directory.
pub(crate) struct DiskCatalog {
    root: PathBuf,
    current: Mutex<Arc<Generation>>,
    next_generation: AtomicU64,
    faults: Arc<Faults>,
}

/// One database. A snapshot being built keeps an old one alive until it is done.
struct Generation {
    database: DB,
    // After the database, so that it is closed when the directory goes.
    directory: Directory,
}

struct Directory {
    path: PathBuf,
    temporary: AtomicBool,
    faults: Arc<Faults>,
}

impl Directory {
    /// It is not removed by whoever drops it.
    fn stays(&self) {
        self.temporary.store(false, Ordering::Relaxed);
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if self.temporary.load(Ordering::Relaxed)
            && !self.faults.is_dead()
            && let Err(error) = fs::remove_dir_all(&self.path)
        {
            // The next start removes it.
            tracing::warn!(path = %self.path.display(), %error, "cannot remove a catalog that is no longer used");
        }
    }
}

/// Steps in their stored form, each with its revision.
type Steps = Vec<(Revision, Vec<u8>)>;

/// A generation that receives a snapshot.
pub(crate) struct DiskStage(Generation);

impl DiskCatalog {
    /// Opens the catalog in `root`. With `must_exist`, a missing one is damage: the log says that there was one.
    pub(crate) fn open(root: &Path, must_exist: bool) -> Result<Self, StorageFault> {
        fs::create_dir_all(root).map_err(|error| StorageFault::from_io(root, "create", error))?;
        let name = current_name(root, must_exist)?;
        remove_leftovers(root, name.as_deref())?;
        let faults = Arc::new(Faults::default());

        let (generation, number) = match &name {
            Some(name) => (Generation::open(root.join(name), false, &faults)?, generation_number(name).unwrap_or(0)),
            None => {
                let generation = Generation::open(root.join(generation_name(0)), true, &faults)?;
                name_next(root, &generation_name(0))?;
                generation.directory.stays();
                rename_next(root)?;
                sync_directory(root)?;
                (generation, 0)
            }
        };
        Ok(Self {
            root: root.to_owned(),
            current: Mutex::new(Arc::new(generation)),
            next_generation: AtomicU64::new(number + 1),
            faults,
        })
    }

    /// Reads the catalog in `root` as of its last flush, and its history, as an opening would; none if there is none yet.
    /// Changes nothing, and a node may write to it meanwhile. Blocks.
    pub(crate) fn look(root: &Path, must_exist: bool) -> Result<Option<(Catalog, AppliedState)>, StorageFault> {
        let Some(name) = current_name(root, must_exist)? else { return Ok(None) };
        let (path, faults) = (root.join(name), Arc::default());
        let database = DB::open_for_read_only(&options(), &path, false)
            .map_err(|error| StorageFault::from_rocksdb(&path, "open the catalog in", error))?;
        let directory = Directory { path, temporary: AtomicBool::new(false), faults };
        let generation = Generation { database, directory };
        let (catalog, state) = generation.load()?;
        let (steps, _) = generation.steps(state.known_after())?;
        history::replay(&catalog, steps).map_err(|error| StorageFault::undecodable(root, "the history", error))?;
        Ok(Some((catalog, state)))
    }

    /// The catalog's directory.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    fn current(&self) -> Arc<Generation> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn load(&self) -> Result<(Catalog, AppliedState), StorageFault> {
        self.current().load()
    }

    pub(super) fn steps_after(&self, after: Revision) -> Result<Vec<(Revision, Vec<u8>)>, StorageFault> {
        self.current().steps_after(after)
    }

    pub(super) fn write(&self, writes: &Writes, state: &AppliedState) -> Result<(), StorageFault> {
        let mut batch = WriteBatch::default();
        let records = writes.records.iter().map(|(key, value)| (record_key(key), value));
        let steps = writes.steps.iter().map(|(revision, value)| (step_key(*revision), value));
        for (key, value) in records.chain(steps) {
            match value {
                Some(value) => batch.put(key, value),
                None => batch.delete(key),
            }
        }
        batch.put(STATE_KEY, state.encode());
        self.current().write(batch)?;
        reach(Failpoint::CatalogWritten);
        Ok(())
    }

    pub(super) fn flush(&self) -> Result<(), StorageFault> {
        self.current().flush()?;
        reach(Failpoint::CatalogFlushed);
        Ok(())
    }

    pub(super) fn stage(&self) -> Result<DiskStage, StorageFault> {
        let number = self.next_generation.fetch_add(1, Ordering::Relaxed);
        Generation::open(self.root.join(generation_name(number)), true, &self.faults).map(DiskStage)
    }

    /// Each step leaves a directory that opens, with the old catalog or with the new one.
    pub(super) fn install(&self, stage: DiskStage, state: &AppliedState) -> Result<(), StorageFault> {
        let DiskStage(generation) = stage;
        let reached = |step| self.faults.reached(&self.root, step);
        reached(InstallStep::Staged)?;
        let mut batch = WriteBatch::default();
        batch.put(STATE_KEY, state.encode());
        generation.write(batch)?;
        reached(InstallStep::StateWritten)?;
        generation.flush()?;
        reached(InstallStep::Flushed)?;
        let name = generation.directory.path.file_name().expect("it was made by joining a name");
        name_next(&self.root, &name.to_string_lossy())?;
        reached(InstallStep::NextNamed)?;
        // From here on CURRENT may name it, whatever is said of the renaming. If it does not, the next start removes it.
        generation.directory.stays();
        rename_next(&self.root)?;
        reached(InstallStep::Renamed)?;
        sync_directory(&self.root)?;
        reached(InstallStep::Switched)?;
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *current, Arc::new(generation));
        drop(current);
        old.directory.temporary.store(true, Ordering::Relaxed);
        reached(InstallStep::Retired)
    }

    /// The next installation gets as far as this step; what follows fails, as when the disk refuses it.
    #[cfg(test)]
    pub(crate) fn fail_after(&self, step: InstallStep) {
        self.faults.fail_after(step);
    }

    /// The next installation gets as far as this step, and the process dies there.
    #[cfg(test)]
    pub(crate) fn die_at(&self, step: InstallStep) {
        self.faults.die_at(step);
    }
}

impl DiskStage {
    pub(super) fn add(&mut self, records: &[(Vec<u8>, Vec<u8>)]) -> Result<(), StorageFault> {
        let mut batch = WriteBatch::default();
        for (key, value) in records {
            batch.put(record_key(key), value);
        }
        self.0.write(batch)?;
        reach(Failpoint::SnapshotPartStored);
        Ok(())
    }
}

/// Records in a directory, until they are closed.
pub(crate) struct DiskRecords {
    root: PathBuf,
    catalog: Closable<DiskCatalog>,
}

impl DiskRecords {
    /// A catalog in a directory of which that one stays taken for as long as the catalog is open.
    pub(crate) fn new(catalog: DiskCatalog, taken: Arc<TakenDirectory>) -> Self {
        Self { root: catalog.root().to_owned(), catalog: Closable::new(catalog, taken) }
    }

    fn open(&self) -> Result<Arc<Open<DiskCatalog>>, StorageFault> {
        self.catalog.get().ok_or_else(|| StorageFault::closed(&self.root, "use the catalog in"))
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn load(&self) -> Result<(Catalog, AppliedState), StorageFault> {
        self.open()?.store.load()
    }

    pub(super) fn steps_after(&self, after: Revision) -> Result<Vec<(Revision, Vec<u8>)>, StorageFault> {
        self.open()?.store.steps_after(after)
    }

    pub(super) fn write(&self, writes: &Writes, state: &AppliedState) -> Result<(), StorageFault> {
        self.open()?.store.write(writes, state)
    }

    pub(super) fn flush(&self) -> Result<(), StorageFault> {
        self.open()?.store.flush()
    }

    pub(super) fn stage(&self) -> Result<DiskStage, StorageFault> {
        self.open()?.store.stage()
    }

    pub(super) fn install(&self, stage: DiskStage, state: &AppliedState) -> Result<(), StorageFault> {
        self.open()?.store.install(stage, state)
    }

    pub(super) fn close(&self) {
        self.catalog.close();
    }
}

impl Generation {
    /// Opens a database; a new one is temporary until it is named in `CURRENT`.
    fn open(path: PathBuf, create: bool, faults: &Arc<Faults>) -> Result<Self, StorageFault> {
        let mut options = options();
        options.create_if_missing(create);
        options.set_error_if_exists(create);
        let database = DB::open(&options, &path)
            .map_err(|error| StorageFault::from_rocksdb(&path, "open the catalog in", error))?;
        let directory = Directory { path, temporary: AtomicBool::new(create), faults: Arc::clone(faults) };
        Ok(Self { database, directory })
    }

    fn write(&self, batch: WriteBatch) -> Result<(), StorageFault> {
        let mut options = WriteOptions::default();
        options.disable_wal(true);
        self.database
            .write_opt(batch, &options)
            .map_err(|error| StorageFault::from_rocksdb(&self.directory.path, "write the catalog in", error))
    }

    fn flush(&self) -> Result<(), StorageFault> {
        self.database
            .flush()
            .map_err(|error| StorageFault::from_rocksdb(&self.directory.path, "flush the catalog in", error))
    }

    fn load(&self) -> Result<(Catalog, AppliedState), StorageFault> {
        let path = &self.directory.path;
        let failed = |error| StorageFault::from_rocksdb(path, "read the catalog in", error);
        let state = match self.database.get(STATE_KEY).map_err(failed)? {
            None => AppliedState::default(),
            Some(bytes) => AppliedState::decode(&bytes)
                .map_err(|error| StorageFault::undecodable(path, "the applied state", error))?,
        };
        let mut options = ReadOptions::default();
        options.set_iterate_lower_bound([RECORD_PREFIX]);
        options.set_iterate_upper_bound([RECORD_PREFIX + 1]);
        options.set_readahead_size(READAHEAD_BYTES);
        options.fill_cache(false);
        let records = self.database.iterator_opt(IteratorMode::From(&[RECORD_PREFIX], Direction::Forward), options);
        let records = records.map(|item| item.map(|(key, value)| (StoredKey(key), value)).map_err(failed));
        Ok((restore(path, records, &state)?, state))
    }

    /// The steps after a revision, oldest first; those before it are forgotten.
    fn steps_after(&self, after: Revision) -> Result<Vec<(Revision, Vec<u8>)>, StorageFault> {
        let (steps, forgotten) = self.steps(after)?;
        self.write(forgotten)?;
        Ok(steps)
    }

    /// The steps after a revision, oldest first, and what forgets those before it.
    fn steps(&self, after: Revision) -> Result<(Steps, WriteBatch), StorageFault> {
        let path = &self.directory.path;
        let failed = |error| StorageFault::from_rocksdb(path, "read the history in", error);
        let mut options = ReadOptions::default();
        options.set_iterate_lower_bound([STEP_PREFIX]);
        options.set_iterate_upper_bound([STEP_PREFIX + 1]);
        options.fill_cache(false);
        let (mut steps, mut forgotten) = (Vec::new(), WriteBatch::default());
        for item in self.database.iterator_opt(IteratorMode::From(&[STEP_PREFIX], Direction::Forward), options) {
            let (key, value) = item.map_err(failed)?;
            let revision = step_revision(&key);
            match revision.ok_or_else(|| StorageFault::damaged(path, "a step lies under a key that is no revision"))? {
                revision if revision > after => steps.push((revision, value.into_vec())),
                _ => forgotten.delete(key),
            }
        }
        Ok((steps, forgotten))
    }
}

/// What every opening of a generation has in common.
fn options() -> Options {
    let mut options = Options::default();
    options.set_paranoid_checks(true);
    options.set_write_buffer_size(WRITE_BUFFER_BYTES);
    options.set_compression_type(rocksdb::DBCompressionType::Lz4);
    options.set_keep_log_file_num(2);
    options.set_max_open_files(DATABASE_FILES_MAX);
    options
}

/// A record's key without the prefix that it has here.
struct StoredKey(Box<[u8]>);

impl AsRef<[u8]> for StoredKey {
    fn as_ref(&self) -> &[u8] {
        &self.0[1..]
    }
}

fn record_key(key: &[u8]) -> Vec<u8> {
    let mut prefixed = Vec::with_capacity(key.len() + 1);
    prefixed.push(RECORD_PREFIX);
    prefixed.extend_from_slice(key);
    prefixed
}

fn step_key(revision: Revision) -> Vec<u8> {
    [&[STEP_PREFIX][..], &revision.0.to_be_bytes()].concat()
}

fn step_revision(key: &[u8]) -> Option<Revision> {
    let bytes = key.get(1..)?.try_into().ok()?;
    Some(Revision(u64::from_be_bytes(bytes)))
}

fn generation_name(number: u64) -> String {
    format!("{GENERATION_PREFIX}{number:016}")
}

fn generation_number(name: &str) -> Option<u64> {
    name.strip_prefix(GENERATION_PREFIX)?.parse().ok()
}

/// The generation in use; none if there is none yet. With `must_exist`, that there is none is damage.
fn current_name(root: &Path, must_exist: bool) -> Result<Option<String>, StorageFault> {
    let current = root.join(CURRENT);
    let name = match fs::read_to_string(&current) {
        Ok(name) => name.trim_end().to_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound && must_exist => {
            let finding = "it is missing, while the log shows that there was a catalog";
            return Err(StorageFault::damaged(&current, finding));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StorageFault::from_io(&current, "read", error)),
    };
    if generation_number(&name).is_none() {
        return Err(StorageFault::damaged(&current, "it does not name a generation"));
    }
    // RocksDB makes a directory before it finds that there is nothing in it.
    let directory = root.join(&name);
    if !directory.is_dir() {
        return Err(StorageFault::damaged(&directory, "it is missing, while CURRENT names it"));
    }
    Ok(Some(name))
}

/// Says which generation is to be used next, whole and durable.
fn name_next(root: &Path, name: &str) -> Result<(), StorageFault> {
    let next = root.join(CURRENT_NEXT);
    let written = durable::write(&next, format!("{name}\n").as_bytes());
    written.map_err(|error| StorageFault::from_io(&next, "write", error))
}

/// Uses it from now on.
fn rename_next(root: &Path) -> Result<(), StorageFault> {
    let current = root.join(CURRENT);
    fs::rename(root.join(CURRENT_NEXT), &current).map_err(|error| StorageFault::from_io(&current, "write", error))
}

/// Makes the renaming durable.
fn sync_directory(root: &Path) -> Result<(), StorageFault> {
    durable::sync_directory(root).map_err(|error| StorageFault::from_io(root, "sync", error))
}

/// Removes generations that are not in use: a snapshot that never arrived whole, a catalog that was replaced.
fn remove_leftovers(root: &Path, current: Option<&str>) -> Result<(), StorageFault> {
    let failed = |error: io::Error| StorageFault::from_io(root, "clean up", error);
    for entry in fs::read_dir(root).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if generation_number(&name).is_some() && current != Some(&*name) {
            fs::remove_dir_all(entry.path()).map_err(failed)?;
        } else if name == CURRENT_NEXT {
            fs::remove_file(entry.path()).map_err(failed)?;
        }
    }
    Ok(())
}
