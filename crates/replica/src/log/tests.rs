//! Durability, order and damage of the log.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use openraft::storage::{RaftLogReader, RaftLogStorage, RaftLogStorageExt};
use rocksdb::{DB, Options};
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::end::LogEnd;
use super::health::LogHealth;
use super::memory::MemoryLog;
use super::records;
use super::recover::LogPlace;
use super::store::LogStore;
use super::write::{LogWrite, Waiter};
use super::writer::{Device, LogWriter};
use crate::fault::{Ending, StorageFault};
use crate::tests::{create_role, log_entry, log_id, runtime};
use crate::types::{FlushCallback, LeaderId, LogEntry, TypeConfig, Vote};

pub(super) fn entries(term: u64, indexes: impl IntoIterator<Item = u64>) -> Vec<LogEntry> {
    indexes.into_iter().map(|index| log_entry(term, index, create_role(index))).collect()
}

/// Where the log of a test lies.
pub(super) fn place(directory: &Path) -> LogPlace {
    LogPlace {
        directory: directory.join("log"),
        watermark: directory.join("watermark"),
        witness: directory.join("catalog"),
    }
}

async fn written(directory: &TempDir) -> LogStore {
    let mut log = LogStore::open(&place(directory.path()), 1, runtime()).unwrap();
    log.blocking_append(entries(1, 0..100)).await.unwrap();
    log
}

async fn close(log: LogStore) {
    log.close().await.unwrap();
}

/// Opens the database behind the log's back, as a tool or a defect would.
fn tamper(directory: &Path, change: impl FnOnce(&DB)) {
    let database = DB::open(&Options::default(), directory).unwrap();
    change(&database);
    database.flush().unwrap();
}

fn refusal(directory: &TempDir) -> String {
    let fault = LogStore::open(&place(directory.path()), 1, runtime()).err().expect("the log is refused");
    assert!(matches!(fault, StorageFault::Damaged { .. }), "{fault}");
    let Ending { reason: message, hint } = Ending::of(&fault);
    let log = place(directory.path()).directory;
    assert!(message.contains(&log.display().to_string()), "names the directory: {message}");
    let hint = hint.expect("there is a way out");
    assert!(hint.contains("cluster replace OLD NEW"), "{hint}");
    message
}

#[tokio::test]
async fn nothing_is_replaced_that_the_catalog_has_applied() {
    let directory = tempfile::tempdir().unwrap();
    let mut log = written(&directory).await;
    log.durability().applied(Some(log_id(1, 70)));
    let refused = log.truncate_after(Some(log_id(1, 69))).await.unwrap_err();
    let Ending { reason, hint } = Ending::of(&refused);
    assert!(reason.contains("would replace the entries of") && reason.contains("from 70 on"), "{reason}");
    assert!(hint.is_some_and(|hint| hint.contains("what the other members have lost")));
    assert_eq!(log.try_get_log_entries(70..71).await.unwrap(), entries(1, 70..71), "it is still there");
    log.truncate_after(Some(log_id(1, 70))).await.unwrap();
    assert_eq!(log.get_log_state().await.unwrap().last_log_id, Some(log_id(1, 70)));
}

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let directory = tempfile::tempdir().unwrap();
    let mut log = written(&directory).await;
    let vote = Vote { leader_id: LeaderId { term: 5, node_id: 2 }, committed: true };
    log.save_vote(&vote).await.unwrap();
    log.truncate_after(Some(log_id(1, 79))).await.unwrap();
    log.blocking_append(entries(5, 80..90)).await.unwrap();
    log.save_committed(Some(log_id(1, 70))).await.unwrap();
    log.purge(log_id(1, 9)).await.unwrap();
    log.close().await.unwrap();
    drop(log);

    let mut log = LogStore::open(&place(directory.path()), 1, runtime()).unwrap();
    assert_eq!(log.read_vote().await.unwrap(), Some(vote));
    assert_eq!(log.read_committed().await.unwrap(), Some(log_id(1, 70)));
    let state = log.get_log_state().await.unwrap();
    assert_eq!((state.last_purged_log_id, state.last_log_id), (Some(log_id(1, 9)), Some(log_id(5, 89))));
    let found = log.try_get_log_entries(0..1000).await.unwrap();
    let expected: Vec<LogEntry> = entries(1, 10..80).into_iter().chain(entries(5, 80..90)).collect();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn reads_join_what_is_on_disk_and_what_is_in_memory() {
    let directory = tempfile::tempdir().unwrap();
    let mut log = LogStore::open(&place(directory.path()), 1, runtime()).unwrap();
    for start in (0..10_000).step_by(1000) {
        log.blocking_append(entries(1, start..start + 1000)).await.unwrap();
    }
    assert_eq!(log.try_get_log_entries(0..10_000).await.unwrap(), entries(1, 0..10_000));
    assert_eq!(log.try_get_log_entries(1700..1900).await.unwrap(), entries(1, 1700..1900));
    let limited = log.limited_get_log_entries(0, 10_000).await.unwrap();
    assert!(!limited.is_empty() && limited == entries(1, 0..limited.len() as u64));
    let streamed = log.entries_stream(5..9000).await;
    let streamed: Vec<LogEntry> = futures::TryStreamExt::try_collect(streamed).await.unwrap();
    assert_eq!(streamed, entries(1, 5..9000));
}

/// A stream of entries that was given up may still read, when nothing holds the purge back any more.
#[tokio::test]
async fn what_lies_behind_a_purge_is_not_sent_to_a_member_that_needs_what_was_purged() {
    async fn purged(mut log: impl RaftLogStorage<TypeConfig> + RaftLogReader<TypeConfig>) {
        log.blocking_append(entries(1, 0..100)).await.unwrap();
        log.purge(log_id(1, 60)).await.unwrap();
        assert_eq!(log.limited_get_log_entries(55, 100).await.unwrap(), [], "a hole would be left");
        assert_eq!(log.limited_get_log_entries(61, 100).await.unwrap(), entries(1, 61..100));
        assert_eq!(log.try_get_log_entries(55..100).await.unwrap(), entries(1, 61..100), "what there is, at a start");
    }
    let directory = tempfile::tempdir().unwrap();
    purged(LogStore::open(&place(directory.path()), 1, runtime()).unwrap()).await;
    purged(MemoryLog::default()).await;
}

#[tokio::test]
async fn another_nodes_log_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    close(written(&directory).await).await;
    let fault = LogStore::open(&place(directory.path()), 2, runtime()).err().unwrap();
    assert!(matches!(fault, StorageFault::Foreign { found: 1, expected: 2, .. }), "{fault}");
}

#[tokio::test]
async fn a_log_in_use_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let _log = written(&directory).await;
    let fault = LogStore::open(&place(directory.path()), 1, runtime()).err().unwrap();
    assert!(matches!(fault, StorageFault::InUse { .. }), "{fault}");
}

#[tokio::test]
async fn a_changed_entry_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    close(written(&directory).await).await;
    tamper(&place(directory.path()).directory, |database| {
        let mut value = database.get(records::entry_key(40)).unwrap().unwrap();
        *value.last_mut().unwrap() ^= 1;
        database.put(records::entry_key(40), value).unwrap();
    });
    assert!(refusal(&directory).contains("log entry 40"));
}

#[tokio::test]
async fn an_entry_in_the_wrong_place_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    close(written(&directory).await).await;
    tamper(&place(directory.path()).directory, |database| {
        let value = database.get(records::entry_key(41)).unwrap().unwrap();
        database.put(records::entry_key(40), value).unwrap();
    });
    assert!(refusal(&directory).contains("log entry 41 lies in the place of entry 40"));
}

#[tokio::test]
async fn a_missing_entry_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    close(written(&directory).await).await;
    tamper(&place(directory.path()).directory, |database| database.delete(records::entry_key(40)).unwrap());
    assert!(refusal(&directory).contains("log entry 40 is missing"));
}

#[tokio::test]
async fn missing_committed_entries_at_the_end_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let mut log = written(&directory).await;
    log.save_committed(Some(log_id(1, 98))).await.unwrap();
    log.close().await.unwrap();
    drop(log);
    tamper(&place(directory.path()).directory, |database| {
        for index in 90..100 {
            database.delete(records::entry_key(index)).unwrap();
        }
    });
    assert!(refusal(&directory).contains("committed entries are missing"));
}

#[tokio::test]
async fn a_truncated_or_deleted_tail_of_memory_is_what_a_crash_leaves() {
    let mut log = MemoryLog::default();
    log.blocking_append(entries(1, 0..10)).await.unwrap();
    log.hold_flushes();
    log.append(entries(1, 10..20), FlushCallback::noop()).await.unwrap();
    assert_eq!(log.try_get_log_entries(0..100).await.unwrap().len(), 20, "readable before it is durable");
    log.crash(0);
    assert_eq!(log.try_get_log_entries(0..100).await.unwrap(), entries(1, 0..10));
}

/// Appends to a log in memory and says whether openraft was told that it is durable.
async fn append_watched(log: &mut MemoryLog, indexes: std::ops::Range<u64>) -> oneshot::Receiver<io::Result<()>> {
    log.append(entries(1, indexes), FlushCallback::noop()).await.unwrap();
    let (waiter, done) = oneshot::channel();
    log.wait(Waiter::Write(waiter));
    done
}

#[tokio::test]
async fn a_flush_in_memory_may_stop_after_any_step() {
    for flushed in 0..=6 {
        let mut log = MemoryLog::default();
        log.blocking_append(entries(1, 0..10)).await.unwrap();
        log.hold_flushes();
        let mut first = append_watched(&mut log, 10..12).await;
        let mut second = append_watched(&mut log, 12..16).await;
        assert_eq!(log.unflushed(), 6);
        log.flush(flushed);
        assert_eq!(first.try_recv().is_ok(), flushed >= 2, "told once all of it is flushed: {flushed} steps");
        assert_eq!(second.try_recv().is_ok(), flushed >= 6, "{flushed} steps");
        log.crash(0);
        let left = log.try_get_log_entries(0..100).await.unwrap();
        assert_eq!(left, entries(1, 0..10 + flushed as u64));
    }
}

#[tokio::test]
async fn a_crash_in_memory_may_keep_what_nobody_was_told_of() {
    let mut log = MemoryLog::default();
    log.hold_flushes();
    let mut done = append_watched(&mut log, 0..5).await;
    log.crash(3);
    assert!(done.try_recv().is_err(), "whoever waits is never answered");
    assert_eq!(log.try_get_log_entries(0..100).await.unwrap(), entries(1, 0..3));
}

#[tokio::test]
async fn a_vote_in_memory_waits_for_its_flush_and_fails_with_it() {
    let vote = Vote { leader_id: LeaderId { term: 5, node_id: 2 }, committed: false };
    let mut log = MemoryLog::default();
    log.hold_flushes();
    let voting = tokio::spawn({
        let mut log = log.clone();
        async move { log.save_vote(&vote).await }
    });
    while log.unflushed() == 0 {
        tokio::task::yield_now().await;
    }
    assert!(!voting.is_finished());
    log.flush(1);
    voting.await.unwrap().unwrap();

    log.break_flushes();
    let voting = tokio::spawn({
        let mut log = log.clone();
        let later = Vote { leader_id: LeaderId { term: 6, node_id: 2 }, committed: false };
        async move { log.save_vote(&later).await }
    });
    while log.unflushed() == 0 {
        tokio::task::yield_now().await;
    }
    log.flush(1);
    assert!(voting.await.unwrap().is_err());
    log.crash(0);
    assert_eq!(log.read_vote().await.unwrap(), Some(vote), "the vote that was not flushed is gone");
}

/// A device whose syncs are counted, can be held up, and fail on demand.
#[derive(Default)]
struct CountingDevice {
    syncs: AtomicU64,
    gate: Mutex<()>,
    fails: Mutex<bool>,
}

impl Device for Arc<CountingDevice> {
    fn write(&mut self, _changes: &[LogWrite]) -> io::Result<()> {
        Ok(())
    }

    fn settle(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn sync(&mut self) -> io::Result<LogEnd> {
        self.syncs.fetch_add(1, Ordering::SeqCst);
        let _passed = self.gate.lock().unwrap();
        if *self.fails.lock().unwrap() { Err(io::Error::other("no space left")) } else { Ok(LogEnd::default()) }
    }
}

fn writer_on(device: &Arc<CountingDevice>) -> (LogWriter, Arc<LogHealth>) {
    let health = Arc::new(LogHealth::default());
    (LogWriter::start(Arc::clone(&health), Arc::clone(device)).unwrap(), health)
}

fn wait_until(condition: impl Fn() -> bool) {
    while !condition() {
        std::thread::yield_now();
    }
}

#[test]
fn everybody_who_waits_during_a_sync_shares_the_next_one() {
    let device = Arc::new(CountingDevice::default());
    let (writer, health) = writer_on(&device);
    let gate = device.gate.lock().unwrap();
    let (first, first_done) = oneshot::channel();
    writer.submit(None, Some(Waiter::Write(first)));
    wait_until(|| device.syncs.load(Ordering::SeqCst) == 1);
    let waiting: Vec<_> = (0..100)
        .map(|_| {
            let (waiter, done) = oneshot::channel();
            writer.submit(None, Some(Waiter::Write(waiter)));
            done
        })
        .collect();
    drop(gate);
    first_done.blocking_recv().unwrap().unwrap();
    for done in waiting {
        done.blocking_recv().unwrap().unwrap();
    }
    assert_eq!(device.syncs.load(Ordering::SeqCst), 2);
    assert_eq!((health.syncs(), health.writes()), (2, 101));
}

#[test]
fn the_first_failed_sync_is_final() {
    let device = Arc::new(CountingDevice::default());
    let (writer, health) = writer_on(&device);
    *device.fails.lock().unwrap() = true;
    let ask = || {
        let (waiter, done) = oneshot::channel();
        writer.submit(None, Some(Waiter::Write(waiter)));
        done.blocking_recv().unwrap()
    };
    assert!(ask().is_err());
    *device.fails.lock().unwrap() = false;
    assert!(ask().unwrap_err().to_string().contains("no space left"), "a later sync must not hide the loss");
    assert_eq!(device.syncs.load(Ordering::SeqCst), 1, "no sync is tried again");
    assert!(health.check().is_err());
}

/// As when a node is dropped in the middle of a task: the device may take its time, and the task must not.
#[test]
fn dropping_the_writer_waits_for_nothing_and_loses_nothing() {
    let device = Arc::new(CountingDevice::default());
    let (writer, health) = writer_on(&device);
    let gate = device.gate.lock().unwrap();
    let (first, first_done) = oneshot::channel();
    writer.submit(None, Some(Waiter::Write(first)));
    wait_until(|| device.syncs.load(Ordering::SeqCst) == 1);
    let (second, second_done) = oneshot::channel();
    writer.submit(None, Some(Waiter::Write(second)));
    // The device is held up by this very thread: waiting for it would take for ever.
    drop(writer);
    drop(gate);
    first_done.blocking_recv().unwrap().unwrap();
    second_done.blocking_recv().unwrap().unwrap();
    assert_eq!(health.writes(), 2);
}

/// Where the child of the next test works; set for the child only.
const CHILD_DIRECTORY: &str = "ALIASD_TEST_LOG_CHILD";

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    let directory = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let test = "log::tests::child_that_appends_until_killed";
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "--nocapture", test])
            .env(CHILD_DIRECTORY, directory.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = io::BufRead::lines(io::BufReader::new(child.stdout.take().unwrap()));
        let mut acknowledged: Option<u64> = None;
        let durable = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("durable ")?.parse().ok());
        for (count, index) in durable.enumerate() {
            acknowledged = Some(index);
            if count == 300 {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        let acknowledged = acknowledged.expect("the child acknowledged something");
        let mut log = LogStore::open(&place(directory.path()), 1, runtime()).unwrap();
        let found = log.try_get_log_entries(0..=acknowledged).await.unwrap();
        assert_eq!(found, entries(1, 0..=acknowledged));
        // Whoever only lets go of it has it closed in time, and the next child could come before.
        close(log).await;
    }
}

#[tokio::test]
#[ignore = "the child process of another test"]
async fn child_that_appends_until_killed() {
    let Some(directory) = std::env::var_os(CHILD_DIRECTORY) else { return };
    let mut log = LogStore::open(&place(Path::new(&directory)), 1, runtime()).unwrap();
    let state = log.get_log_state().await.unwrap();
    for index in state.last_log_id.map_or(0, |last| last.index + 1).. {
        log.blocking_append(entries(1, [index])).await.unwrap();
        println!("durable {index}");
    }
}
