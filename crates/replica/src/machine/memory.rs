//! The catalog's records without a disk, for simulation and fast tests.
//!
//! As in [`crate::log::memory`], what is written and what is durable are two states. Like the store on disk it keeps
//! generations and a name for the current one, so that a crash in the middle of an installation leaves what a disk would
//! be left with.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aliasd_catalog::{Catalog, Revision};

use super::faults::{Faults, InstallStep};
use super::state::{AppliedState, Writes, restore};
use crate::fault::StorageFault;

/// Handle of the records; clones share them. They survive the replica that uses them, as a disk would.
#[derive(Clone, Default)]
pub(crate) struct MemoryCatalog(Arc<Inner>);

#[derive(Default)]
struct Inner {
    disk: Mutex<Disk>,
    faults: Faults,
}

#[derive(Default)]
struct Disk {
    written: Directory,
    durable: Directory,
    /// What was written to the current generation since it was flushed, oldest first.
    unflushed: Vec<(Writes, AppliedState)>,
    next_generation: u64,
}

/// Generations by number, and the one in use; before anything was flushed there is none, which is an empty catalog.
#[derive(Clone, Default)]
struct Directory {
    generations: BTreeMap<u64, Image>,
    current: u64,
}

#[derive(Clone, Default)]
struct Image {
    records: BTreeMap<Vec<u8>, Vec<u8>>,
    steps: BTreeMap<Revision, Vec<u8>>,
    state: AppliedState,
}

impl Image {
    fn make(&mut self, writes: Writes, state: AppliedState) {
        make(&mut self.records, writes.records);
        make(&mut self.steps, writes.steps);
        self.state = state;
    }
}

fn make<K: Ord>(written: &mut BTreeMap<K, Vec<u8>>, writes: Vec<(K, Option<Vec<u8>>)>) {
    for (key, value) in writes {
        match value {
            Some(value) => drop(written.insert(key, value)),
            None => drop(written.remove(&key)),
        }
    }
}

impl Directory {
    fn current(&mut self) -> &mut Image {
        self.generations.entry(self.current).or_default()
    }

    /// Removes generations that are not in use.
    fn tidy(&mut self) {
        let current = self.current;
        self.generations.retain(|number, _| *number == current);
    }
}

/// Records that arrive as a snapshot, in a generation of their own.
pub(crate) struct MemoryStage {
    generation: u64,
    inner: Arc<Inner>,
}

impl MemoryStage {
    pub(super) fn add(&mut self, records: Vec<(Vec<u8>, Vec<u8>)>) {
        let mut disk = self.inner.disk();
        disk.written.generations.entry(self.generation).or_default().records.extend(records);
    }
}

impl Drop for MemoryStage {
    fn drop(&mut self) {
        let mut disk = self.inner.disk();
        if !self.inner.faults.is_dead() && disk.written.current != self.generation {
            disk.written.generations.remove(&self.generation);
        }
    }
}

impl Inner {
    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What stands for the directory in messages.
fn place() -> &'static Path {
    Path::new("memory")
}

impl MemoryCatalog {
    /// Loses everything that is not durable.
    pub(crate) fn crash(&self) {
        let mut disk = self.0.disk();
        disk.unflushed.clear();
        disk.written = disk.durable.clone();
        self.0.faults.revive();
    }

    /// What is durable, in a catalog of its own.
    pub(crate) fn copied(&self) -> Self {
        let disk = self.0.disk();
        let (written, durable) = (disk.durable.clone(), disk.durable.clone());
        let disk = Disk { written, durable, unflushed: Vec::new(), next_generation: disk.next_generation };
        Self(Arc::new(Inner { disk: Mutex::new(disk), faults: Faults::default() }))
    }

    /// The next installation gets as far as this step; then nothing is written until a crash.
    pub(crate) fn die_at(&self, step: InstallStep) {
        self.0.faults.die_at(step);
    }

    pub(super) fn load(&self) -> Result<(Catalog, AppliedState), StorageFault> {
        self.0.faults.alive(place())?;
        let mut disk = self.0.disk();
        disk.written.tidy();
        disk.durable.tidy();
        let image = disk.written.current().clone();
        let records = image.records.iter().map(|(key, value)| Ok((key.as_slice(), value.as_slice())));
        Ok((restore(place(), records, &image.state)?, image.state))
    }

    pub(super) fn steps_after(&self, after: Revision) -> Result<Vec<(Revision, Vec<u8>)>, StorageFault> {
        self.0.faults.alive(place())?;
        let mut disk = self.0.disk();
        let steps = disk.written.current().steps.range(Revision(after.0.saturating_add(1))..);
        Ok(steps.map(|(revision, step)| (*revision, step.clone())).collect())
    }

    pub(super) fn write(&self, writes: Writes, state: &AppliedState) -> Result<(), StorageFault> {
        self.0.faults.alive(place())?;
        let mut disk = self.0.disk();
        disk.written.current().make(writes.clone(), state.clone());
        disk.unflushed.push((writes, state.clone()));
        Ok(())
    }

    pub(super) fn flush(&self) -> Result<(), StorageFault> {
        self.0.faults.alive(place())?;
        let mut disk = self.0.disk();
        for (writes, state) in std::mem::take(&mut disk.unflushed) {
            disk.durable.current().make(writes, state);
        }
        Ok(())
    }

    pub(super) fn stage(&self) -> Result<MemoryStage, StorageFault> {
        self.0.faults.alive(place())?;
        let mut disk = self.0.disk();
        disk.next_generation += 1;
        Ok(MemoryStage { generation: disk.next_generation, inner: Arc::clone(&self.0) })
    }

    /// The steps of [`super::disk::DiskCatalog`], each with what is durable after it.
    pub(super) fn install(&self, stage: &MemoryStage, state: &AppliedState) -> Result<(), StorageFault> {
        let reached = |step| self.0.faults.reached(place(), step);
        let number = stage.generation;
        reached(InstallStep::Staged)?;
        self.0.disk().written.generations.entry(number).or_default().state = state.clone();
        reached(InstallStep::StateWritten)?;
        {
            let mut disk = self.0.disk();
            let image = disk.written.generations.entry(number).or_default().clone();
            disk.durable.generations.insert(number, image);
        }
        reached(InstallStep::Flushed)?;
        reached(InstallStep::NextNamed)?;
        self.0.disk().written.current = number;
        reached(InstallStep::Renamed)?;
        {
            let mut disk = self.0.disk();
            disk.durable.current = number;
            disk.unflushed.clear();
        }
        reached(InstallStep::Switched)?;
        {
            let mut disk = self.0.disk();
            disk.written.tidy();
            disk.durable.tidy();
        }
        reached(InstallStep::Retired)
    }
}
