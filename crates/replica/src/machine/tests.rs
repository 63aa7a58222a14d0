//! The state machine on its stores: what survives, what is refused.

mod history;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aliasd_catalog::{Record, RecordKey, Rejection, RequestId, RequestRecord, Revision, Stamp};
use aliasd_runtime::{Moment, Runtime, SharedRuntime, WorkLost};
use futures::FutureExt;
use futures::future::BoxFuture;
use openraft::storage::{RaftSnapshotBuilder, RaftStateMachine};
use rocksdb::{DB, Options};
use tempfile::TempDir;

use super::disk::DiskCatalog;
use super::faults::InstallStep;
use super::memory::MemoryCatalog;
use super::snapshot::{Received, SnapshotData, parts, receive_part};
use super::state::Writes;
use super::store::{CatalogStore, SharedStore, StageError};
use super::{Machine, Snapshot};
use crate::fault::{Ending, StorageFault};
use crate::feed::SubscriptionEnd;
use crate::links::MESSAGE_BYTES_MAX;
use crate::tests::{LIMITS, bootstrap, create_role, log_entry, log_id, runtime};
use crate::types::LogEntry;
use aliasd_wire::peer::v1::SnapshotPart;
use aliasd_wire::peer::v1::snapshot_part::Part;
use prost::Message;

fn open(directory: &TempDir) -> SharedStore {
    Arc::new(CatalogStore::on_disk(DiskCatalog::open(directory.path(), false).unwrap()))
}

fn load(store: &SharedStore) -> Machine {
    Machine::load(runtime(), Arc::clone(store), LIMITS).unwrap().0
}

/// A record that version 0.1 could write: the refusal of a statement that names every alias of a database.
fn oversized() -> (RecordKey, Record) {
    let aliases = "'an-alias', ".repeat(2 * MESSAGE_BYTES_MAX / 12);
    let outcome = Err(Rejection::DatabaseHasAliases { name: "films".into(), aliases: aliases.into() });
    let record = RequestRecord { applied: Stamp::default(), outcome, owner: None };
    (RecordKey::Request(RequestId([9; 16])), Record::Request(Arc::new(record)))
}

#[tokio::test]
async fn a_record_that_no_message_can_hold_travels_in_pieces() {
    let mut source = load(&Arc::new(CatalogStore::in_memory(MemoryCatalog::default())));
    apply(&mut source, entries(1..50)).await;
    let (key, record) = oversized();
    assert!(source.catalog.restore(key, record));
    let parts: Vec<_> = parts(&source.catalog).collect();
    let longest = parts.iter().map(|part| part.encoded_len()).max().unwrap();
    assert!(longest < MESSAGE_BYTES_MAX / 2, "{longest} bytes");

    let store = Arc::new(CatalogStore::in_memory(MemoryCatalog::default()));
    let receive = |parts: &[SnapshotPart]| {
        let mut staged = store.stage().unwrap();
        let whole = parts.iter().try_fold(false, |_, part| receive_part(&mut staged, part.clone()));
        whole.map(|whole| whole.then(|| staged.digest()))
    };
    assert_eq!(receive(&parts).unwrap(), Some(source.catalog.digest()));
    let piece = |part: &SnapshotPart| match &part.part {
        Some(Part::Records(records)) => records.records.iter().any(|record| record.continued),
        _ => false,
    };
    let lost = parts.iter().rposition(piece).unwrap();
    let without: Vec<_> = [&parts[..lost], &parts[lost + 1..]].concat();
    assert!(matches!(receive(&without), Err(StageError::Damaged(_))), "a piece is missing");
    let early: Vec<_> = [&parts[..=lost], &parts[parts.len() - 1..]].concat();
    assert!(matches!(receive(&early), Err(StageError::Damaged(_))), "the last piece is missing");
}

/// Entry 1 forms the cluster, every other creates a role.
fn entries(indexes: impl IntoIterator<Item = u64>) -> Vec<LogEntry> {
    let entry = |index| if index == 1 { bootstrap() } else { create_role(index) };
    indexes.into_iter().map(|index| log_entry(1, index, entry(index))).collect()
}

async fn apply(machine: &mut Machine, entries: Vec<LogEntry>) {
    machine.apply(futures::stream::iter(entries.into_iter().map(|entry| Ok((entry, None))))).await.unwrap();
}

async fn snapshot(machine: &mut Machine) -> Snapshot {
    machine.get_snapshot_builder().await.build_snapshot().await.unwrap()
}

#[tokio::test]
async fn the_catalog_is_the_same_after_reopening() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    let mut machine = load(&store);
    apply(&mut machine, entries(1..2000)).await;
    let view = machine.feed.view();
    assert_eq!(view.revision, Revision(1999));
    assert!(view.catalog.role("role1999").is_some());
    store.flush().unwrap();
    store.close();
    drop((machine, store));

    let machine = load(&open(&directory));
    assert_eq!(machine.last_applied, Some(log_id(1, 1999)));
    assert_eq!(machine.feed.view().catalog.digest(), view.catalog.digest());
    assert_eq!(machine.feed.view().catalog.records().count(), view.catalog.records().count());
}

#[tokio::test]
async fn an_entry_is_not_applied_twice() {
    let mut machine = load(&Arc::new(CatalogStore::in_memory(MemoryCatalog::default())));
    apply(&mut machine, entries(1..5)).await;
    let again = futures::stream::iter(entries(4..5).into_iter().map(|entry| Ok((entry, None))));
    assert!(machine.apply(again).await.unwrap_err().to_string().contains("a second time"));
}

#[tokio::test]
async fn a_crash_takes_the_catalog_back_to_its_last_flush_and_no_further() {
    let memory = MemoryCatalog::default();
    let store = Arc::new(CatalogStore::in_memory(memory.clone()));
    let mut machine = load(&store);
    apply(&mut machine, entries(1..10)).await;
    let durable = snapshot(&mut machine).await;
    apply(&mut machine, entries(10..20)).await;
    memory.crash();
    assert_eq!(load(&store).last_applied, durable.meta.last_log_id);
}

#[tokio::test]
async fn a_snapshot_is_frozen_while_entries_go_on() {
    let directory = tempfile::tempdir().unwrap();
    let mut machine = load(&open(&directory));
    apply(&mut machine, entries(1..10)).await;
    let mut builder = machine.get_snapshot_builder().await;
    apply(&mut machine, entries(10..20)).await;
    let snapshot = builder.build_snapshot().await.unwrap();
    assert_eq!(snapshot.meta.last_log_id, Some(log_id(1, 9)));
    let SnapshotData::Frozen(catalog) = snapshot.snapshot else { panic!("it was taken here") };
    assert!(catalog.role("role9").is_some() && catalog.role("role10").is_none());
}

#[tokio::test]
async fn a_snapshot_takes_the_place_of_the_catalog_and_stays_there() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut source = load(&open(&from));
    apply(&mut source, entries(1..3000)).await;
    let snapshot = snapshot(&mut source).await;

    let store = open(&to);
    let (mut target, feed, _gone) = Machine::load(runtime(), Arc::clone(&store), LIMITS).unwrap();
    apply(&mut target, entries(1..10)).await;
    let mut subscription = feed.subscribe(None).unwrap();
    target.install_snapshot(&snapshot.meta, snapshot.snapshot).await.unwrap();
    assert_eq!(feed.digest(), (Revision(2999), source.catalog.digest()));
    assert!(matches!(subscription.next().await, Err(SubscriptionEnd::Compacted(_))));
    assert_eq!(generations(to.path()).len(), 1, "the old catalog is gone");
    store.close();
    drop((target, store));
    assert_eq!(load(&open(&to)).catalog.digest(), source.catalog.digest());
}

#[tokio::test]
async fn a_damaged_snapshot_is_refused_and_leaves_nothing() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut source = load(&open(&from));
    apply(&mut source, entries(1..50)).await;
    let parts: Vec<_> = parts(&source.catalog).collect();

    let store = open(&to);
    let receive = |parts: &[aliasd_wire::peer::v1::SnapshotPart]| {
        let mut staged = store.stage().unwrap();
        parts.iter().try_fold(false, |_, part| receive_part(&mut staged, part.clone()))
    };
    assert!(matches!(receive(&parts), Ok(true)));

    let mut flipped = parts.clone();
    let Some(Part::Records(records)) = &mut flipped[0].part else { panic!("records come first") };
    records.records[3].value[7] ^= 1;
    assert!(matches!(receive(&flipped), Err(StageError::Damaged(_))));

    let mut missing = parts.clone();
    let Some(Part::Records(records)) = &mut missing[0].part else { panic!("records come first") };
    records.records.pop();
    assert!(matches!(receive(&missing), Err(StageError::Damaged(_))));

    let mut other = parts;
    let Some(Part::Trailer(trailer)) = &mut other.last_mut().unwrap().part else { panic!("the trailer comes last") };
    trailer.digest[0] ^= 1;
    assert!(matches!(receive(&other), Err(StageError::Damaged(_))));
    assert_eq!(generations(to.path()).len(), 1, "what was received is removed");
}

/// A runtime on which what may block is done when the test says so.
#[derive(Default)]
struct Waiting(Mutex<Vec<Box<dyn FnOnce() + Send>>>);

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waiting")
    }
}

impl Runtime for Waiting {
    fn spawn(&self, _task: BoxFuture<'static, ()>) {}

    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        self.0.lock().unwrap().push(work);
    }

    fn now(&self) -> Moment {
        Moment::after_start(Duration::ZERO)
    }

    fn sleep_until(&self, _deadline: Moment) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }

    fn time_of_day(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn random(&self) -> u64 {
        0
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }

    fn processors(&self) -> usize {
        1
    }
}

impl Waiting {
    fn work(&self) {
        let work: Vec<_> = self.0.lock().unwrap().drain(..).collect();
        work.into_iter().for_each(|work| work());
    }
}

fn received(staging: impl Future<Output = Result<Result<Received, StorageFault>, WorkLost>>) -> Received {
    staging.now_or_never().expect("it is staged").unwrap().unwrap()
}

#[test]
fn a_snapshot_that_is_not_taken_is_removed_on_a_thread_that_may_block() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    let waiting = Arc::new(Waiting::default());
    let runtime: SharedRuntime = waiting.clone();
    let stage = || {
        let mut staging = Box::pin(Received::stage(&runtime, Arc::clone(&store)));
        assert!((&mut staging).now_or_never().is_none(), "the task staged it itself");
        waiting.work();
        staging
    };
    drop(received(stage()));
    assert_eq!(generations(directory.path()).len(), 2, "the task removed it itself");
    waiting.work();
    assert_eq!(generations(directory.path()).len(), 1, "nobody removes it");

    // A call that is given up when it is staged already, but before the task has it.
    drop(stage());
    assert_eq!(generations(directory.path()).len(), 2, "the task removed it itself");
    waiting.work();
    assert_eq!(generations(directory.path()).len(), 1, "nobody removes it");

    // One that is installed is not removed.
    let mut taken = received(stage());
    let staged = taken.take();
    drop(taken);
    assert!(waiting.0.lock().unwrap().is_empty());
    drop(staged);
}

#[tokio::test]
async fn what_a_crash_left_of_a_snapshot_is_removed_at_the_next_start() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    let mut machine = load(&store);
    apply(&mut machine, entries(1..10)).await;
    store.flush().unwrap();
    store.close();
    drop((machine, store));
    std::fs::create_dir(directory.path().join("generation-0000000000000009")).unwrap();
    std::fs::write(directory.path().join("CURRENT.next"), "generation-").unwrap();

    assert_eq!(load(&open(&directory)).last_applied, Some(log_id(1, 9)));
    assert_eq!(generations(directory.path()).len(), 1);
    assert!(!directory.path().join("CURRENT.next").exists());
}

/// Installs a snapshot of 60 entries over a catalog of 10, which dies at `step`, and gives what is there afterwards.
async fn die_installing(target: &mut Machine, step: InstallStep) {
    let mut source = load(&Arc::new(CatalogStore::in_memory(MemoryCatalog::default())));
    apply(&mut source, entries(1..60)).await;
    let snapshot = snapshot(&mut source).await;
    let died = target.install_snapshot(&snapshot.meta, snapshot.snapshot).await.unwrap_err();
    assert!(Ending::of(&died).reason.contains("died on request"), "{step:?}: {died}");
}

/// The catalog of 10 entries or that of 60, whole: its digest is checked when it is loaded.
fn assert_old_or_new(machine: &Machine, new: bool, step: InstallStep) {
    let expected = if new { 59 } else { 9 };
    assert_eq!(machine.last_applied, Some(log_id(1, expected)), "{step:?}");
    assert!(machine.catalog.role("role9").is_some(), "{step:?}");
    assert_eq!(machine.catalog.role("role59").is_some(), new, "{step:?}");
}

#[tokio::test]
async fn a_process_that_dies_installing_a_snapshot_leaves_the_old_catalog_or_the_new() {
    for step in InstallStep::ALL {
        let directory = tempfile::tempdir().unwrap();
        let disk = DiskCatalog::open(directory.path(), false).unwrap();
        disk.die_at(step);
        let store: SharedStore = Arc::new(CatalogStore::on_disk(disk));
        let mut machine = load(&store);
        apply(&mut machine, entries(1..10)).await;
        store.flush().unwrap();
        die_installing(&mut machine, step).await;
        store.close();
        drop((machine, store));

        let mut machine = load(&open(&directory));
        assert_old_or_new(&machine, step >= InstallStep::Renamed, step);
        assert_eq!(generations(directory.path()).len(), 1, "{step:?}: what is not in use is removed");
        // It goes on from there.
        let next = machine.last_applied.unwrap().index + 1;
        apply(&mut machine, entries(next..next + 5)).await;
    }
}

#[tokio::test]
async fn a_disk_that_refuses_a_step_of_an_installation_keeps_what_current_names() {
    for step in InstallStep::ALL {
        let directory = tempfile::tempdir().unwrap();
        let disk = DiskCatalog::open(directory.path(), false).unwrap();
        disk.fail_after(step);
        let store: SharedStore = Arc::new(CatalogStore::on_disk(disk));
        let mut machine = load(&store);
        apply(&mut machine, entries(1..10)).await;
        store.flush().unwrap();
        die_installing(&mut machine, step).await;
        store.close();
        drop((machine, store));
        let current = std::fs::read_to_string(directory.path().join("CURRENT")).unwrap();
        assert!(directory.path().join(current.trim_end()).is_dir(), "{step:?}: CURRENT names what is not there");
        assert_old_or_new(&load(&open(&directory)), step >= InstallStep::Renamed, step);
    }
}

#[tokio::test]
async fn a_power_failure_while_a_snapshot_is_installed_leaves_the_old_catalog_or_the_new() {
    for step in InstallStep::ALL {
        let memory = MemoryCatalog::default();
        let store: SharedStore = Arc::new(CatalogStore::in_memory(memory.clone()));
        let mut machine = load(&store);
        apply(&mut machine, entries(1..10)).await;
        store.flush().unwrap();
        memory.die_at(step);
        die_installing(&mut machine, step).await;
        assert!(store.flush().is_err(), "{step:?}: a dead process writes nothing");
        drop(machine);
        memory.crash();

        let mut machine = load(&store);
        assert_old_or_new(&machine, step >= InstallStep::Switched, step);
        let next = machine.last_applied.unwrap().index + 1;
        apply(&mut machine, entries(next..next + 5)).await;
    }
}

#[tokio::test]
async fn a_damaged_catalog_in_memory_is_refused() {
    let memory = MemoryCatalog::default();
    let store: SharedStore = Arc::new(CatalogStore::in_memory(memory));
    let mut machine = load(&store);
    apply(&mut machine, entries(1..10)).await;
    // As a defect in the machine could: a record is gone, and the digest stays.
    let (key, _) = machine.catalog.records().last().unwrap();
    let records = vec![(aliasd_wire::store::encode_record_key(&key), None)];
    store.write(Writes { records, ..Writes::default() }, &machine.state()).unwrap();
    let fault = store.load().expect_err("it is refused");
    assert!(matches!(fault, StorageFault::Damaged { .. }), "{fault}");
}

#[tokio::test]
async fn a_damaged_catalog_is_refused() {
    let fresh = async || {
        let directory = tempfile::tempdir().unwrap();
        let store = open(&directory);
        let mut machine = load(&store);
        apply(&mut machine, entries(1..100)).await;
        store.flush().unwrap();
        store.close();
        directory
    };
    let refused = |directory: &TempDir| {
        let opened = DiskCatalog::open(directory.path(), true);
        let load = |disk| Machine::load(runtime(), Arc::new(CatalogStore::on_disk(disk)), LIMITS).map(drop);
        let fault = opened.and_then(load).expect_err("it is refused");
        assert!(matches!(fault, StorageFault::Damaged { .. }), "{fault}");
        let Ending { reason: message, hint } = Ending::of(&fault);
        assert!(message.contains(&directory.path().display().to_string()), "{message}");
        let hint = hint.expect("there is a way out");
        assert!(hint.contains("cluster replace OLD NEW"), "{hint}");
    };

    let directory = fresh().await;
    tamper(directory.path(), |database| {
        let (key, mut value) = database.iterator(rocksdb::IteratorMode::End).next().unwrap().unwrap();
        value[6] ^= 1;
        database.put(key, value).unwrap();
    });
    refused(&directory);

    let directory = fresh().await;
    tamper(directory.path(), |database| {
        let (key, _) = database.iterator(rocksdb::IteratorMode::End).next().unwrap().unwrap();
        database.delete(key).unwrap();
    });
    refused(&directory);

    let directory = fresh().await;
    let table = files(&generations(directory.path())[0])
        .into_iter()
        .find(|path| path.extension().is_some_and(|it| it == "sst"));
    let table = table.unwrap();
    let mut bytes = std::fs::read(&table).unwrap();
    bytes[100] ^= 0x40;
    std::fs::write(table, bytes).unwrap();
    refused(&directory);

    let directory = fresh().await;
    std::fs::remove_file(directory.path().join("CURRENT")).unwrap();
    refused(&directory);

    let directory = fresh().await;
    std::fs::remove_dir_all(&generations(directory.path())[0]).unwrap();
    refused(&directory);

    let directory = fresh().await;
    std::fs::write(directory.path().join("CURRENT"), "nonsense").unwrap();
    refused(&directory);
}

fn files(directory: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn generations(root: &Path) -> Vec<PathBuf> {
    files(root).into_iter().filter(|path| path.is_dir()).collect()
}

/// Opens the database behind the catalog's back, as a tool or a defect would.
fn tamper(root: &Path, change: impl FnOnce(&DB)) {
    let database = DB::open(&Options::default(), &generations(root)[0]).unwrap();
    change(&database);
    database.flush().unwrap();
}
