//! What a crash leaves of a log is continued; what is damaged or gone is refused, by name.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use openraft::storage::{RaftLogReader, RaftLogStorage, RaftLogStorageExt};
use tempfile::TempDir;

use super::device::SyncStep;
use super::recover::LogPlace;
use super::store::LogStore;
use super::tests::{entries, place};
use crate::fault::{Ending, StorageFault};
use crate::tests::{copy, log_id, runtime};
use crate::types::{FlushCallback, LeaderId, LogEntry, Vote};

/// A log that was killed: what lay in its directory at that moment.
struct Killed(TempDir);

impl Killed {
    /// Kills a log that goes on all the same. What RocksDB would do when it is closed is not done.
    fn now(running: &TempDir) -> Self {
        let left = tempfile::tempdir().unwrap();
        copy(running.path(), left.path());
        Self(left)
    }

    fn place(&self) -> LogPlace {
        place(self.0.path())
    }

    fn open(&self) -> Result<LogStore, StorageFault> {
        LogStore::open(&self.place(), 1, runtime())
    }

    /// What the refusal says, which is always damage with its place.
    fn refused(&self) -> String {
        let first = self.refused_once();
        let again = self.refused_once();
        assert_eq!(first, again, "a refusal leaves things as they are");
        first
    }

    fn refused_once(&self) -> String {
        let fault = self.open().err().expect("it is refused");
        assert!(matches!(fault, StorageFault::Damaged { .. }), "{fault}");
        let Ending { reason: message, .. } = Ending::of(&fault);
        assert!(message.contains(&self.0.path().display().to_string()), "it names the place: {message}");
        message
    }

    async fn entries(&self) -> Vec<LogEntry> {
        let mut log = self.open().unwrap_or_else(|fault| panic!("{fault}"));
        let entries = log.try_get_log_entries(0..1000).await.unwrap();
        log.close().await.unwrap();
        entries
    }

    fn newest_wal(&self) -> PathBuf {
        let files = fs::read_dir(self.place().directory).unwrap().map(|file| file.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|extension| extension == "log")).max().unwrap()
    }

    /// Turns over a bit of the newest write-ahead log.
    fn flip(&self, offset: u64) {
        let wal = OpenOptions::new().read(true).write(true).open(self.newest_wal()).unwrap();
        let mut byte = [0];
        wal.read_exact_at(&mut byte, offset).unwrap();
        wal.write_all_at(&[byte[0] ^ 0x10], offset).unwrap();
    }

    fn wal_bytes(&self) -> u64 {
        fs::metadata(self.newest_wal()).unwrap().len()
    }

    fn cut_wal(&self, bytes: u64) {
        OpenOptions::new().write(true).open(self.newest_wal()).unwrap().set_len(self.wal_bytes() - bytes).unwrap();
    }

    /// Puts the watermark back to what it was, as a power failure does that takes what was not synced.
    fn watermark_of(&self, earlier: &Self) {
        fs::copy(earlier.place().watermark, self.place().watermark).unwrap();
    }
}

async fn running(count: u64) -> (TempDir, LogStore) {
    let directory = tempfile::tempdir().unwrap();
    let mut log = LogStore::open(&place(directory.path()), 1, runtime()).unwrap();
    log.blocking_append(entries(1, 0..count)).await.unwrap();
    (directory, log)
}

async fn killed(count: u64) -> Killed {
    let (directory, _log) = running(count).await;
    Killed::now(&directory)
}

#[tokio::test]
async fn one_byte_cut_off_the_newest_write_ahead_log_is_damage() {
    let log = killed(100).await;
    log.cut_wal(1);
    let refusal = log.refused();
    assert!(refusal.contains("while entry"), "{refusal}");
}

#[tokio::test]
async fn a_flipped_bit_anywhere_in_what_was_synced_is_damage() {
    let length = killed(100).await.wal_bytes();
    for part in 1..8 {
        let log = killed(100).await;
        log.flip(length * part / 8);
        log.refused();
    }
}

#[tokio::test]
async fn a_newest_write_ahead_log_that_is_gone_is_damage() {
    let log = killed(100).await;
    fs::remove_file(log.newest_wal()).unwrap();
    log.refused();

    // After a clean end, too, and when only a few entries are in the newest.
    let (directory, log) = running(100).await;
    log.close().await.unwrap();
    drop(log);
    let mut log = LogStore::open(&place(directory.path()), 1, runtime()).unwrap();
    log.blocking_append(entries(1, 100..130)).await.unwrap();
    log.close().await.unwrap();
    drop(log);
    let log = Killed::now(&directory);
    fs::remove_file(log.newest_wal()).unwrap();
    let refusal = log.refused();
    assert!(refusal.contains("it ends at entry") && refusal.contains("was synced"), "{refusal}");
}

#[tokio::test]
async fn a_log_that_is_gone_is_damage_and_not_a_new_one() {
    let log = killed(10).await;
    fs::remove_dir_all(log.place().directory).unwrap();
    assert!(log.refused().contains("shows that there was one"));
    // Its directory alone is no log either.
    fs::create_dir_all(log.place().directory).unwrap();
    assert!(log.refused().contains("shows that there was one"));
    // Nor without its watermark, as long as there is what was made after it.
    fs::remove_file(log.place().watermark).unwrap();
    fs::write(log.place().witness, "").unwrap();
    assert!(log.refused().contains("shows that there was one"));

    let log = killed(10).await;
    fs::remove_file(log.place().directory.join("CURRENT")).unwrap();
    log.refused();
}

#[tokio::test]
async fn an_old_copy_of_a_log_is_damage() {
    let (directory, mut log) = running(10).await;
    let old = Killed::now(&directory);
    log.blocking_append(entries(1, 10..11)).await.unwrap();
    old.watermark_of(&Killed::now(&directory));
    assert!(old.refused().contains("while entry"));

    // One that only a vote was given since.
    let (directory, mut log) = running(10).await;
    let old = Killed::now(&directory);
    log.save_vote(&Vote { leader_id: LeaderId { term: 5, node_id: 2 }, committed: false }).await.unwrap();
    old.watermark_of(&Killed::now(&directory));
    assert!(old.refused().contains("vote"));
}

#[tokio::test]
async fn a_torn_tail_that_was_never_synced_is_cut_off() {
    let (directory, mut log) = running(100).await;
    let synced = Killed::now(&directory);
    log.blocking_append(entries(1, 100..200)).await.unwrap();
    let whole = Killed::now(&directory);
    let (from, to) = (synced.wal_bytes(), whole.wal_bytes());

    for offset in [from + 1, (from + to) / 2, to - 1] {
        // The power failed when the second half had been written and not synced: some of it did not arrive.
        let torn = Killed::now(&directory);
        torn.watermark_of(&synced);
        torn.flip(offset);
        let left = torn.entries().await;
        assert!(left.len() >= 100 && left == entries(1, 0..left.len() as u64), "{} entries", left.len());

        // The log goes on, and what was cut off does not come back.
        let mut log = torn.open().unwrap_or_else(|fault| panic!("{fault}"));
        let next = left.len() as u64;
        log.blocking_append(entries(2, next..next + 5)).await.unwrap();
        log.close().await.unwrap();
        drop(log);
        assert_eq!(torn.entries().await.len(), left.len() + 5);
    }

    // The same damage before the end of what was synced is damage.
    let torn = Killed::now(&directory);
    torn.watermark_of(&synced);
    torn.flip(from / 2);
    torn.refused();
}

#[tokio::test]
async fn a_watermark_that_cannot_be_read_or_is_gone_is_damage() {
    let log = killed(10).await;
    fs::remove_file(log.place().watermark).unwrap();
    assert!(log.refused().contains("it is missing, while the log shows that there was one"));

    let log = killed(10).await;
    fs::write(log.place().watermark, [7; 8192]).unwrap();
    assert!(log.refused().contains("what its two slots hold cannot be read"));

    let log = killed(10).await;
    fs::write(log.place().watermark, []).unwrap();
    log.refused();
}

#[tokio::test]
async fn a_watermark_that_was_torn_while_it_was_written_counts_by_its_other_slot() {
    for slot in [0, 4096] {
        let log = killed(10).await;
        let file = OpenOptions::new().write(true).open(log.place().watermark).unwrap();
        file.write_all_at(&[0xff; 20], slot).unwrap();
        assert_eq!(log.entries().await, entries(1, 0..10));
    }
}

#[tokio::test]
async fn a_log_that_dies_while_it_goes_back_is_the_old_or_the_new() {
    for step in [SyncStep::Retreated, SyncStep::Written, SyncStep::Synced, SyncStep::Marked] {
        let (directory, mut log) = running(10).await;
        log.durability().health().faults().die_at(step);
        log.truncate_after(Some(log_id(1, 6))).await.unwrap();
        // Whether it is told of the failure at once depends on the writer; it is told in the end.
        let _ = log.append(entries(2, 7..9), FlushCallback::noop()).await;
        let vote = Vote { leader_id: LeaderId { term: 9, node_id: 2 }, committed: false };
        assert!(log.save_vote(&vote).await.is_err(), "{step:?}");

        let old = entries(1, 0..10);
        let new: Vec<LogEntry> = entries(1, 0..7).into_iter().chain(entries(2, 7..9)).collect();
        let dead = Killed::now(&directory);
        let left = dead.entries().await;
        let is_a_prefix = old.starts_with(&left) || new.starts_with(&left);
        assert!(left.len() >= 7 && is_a_prefix, "{step:?}: {left:?}");
        // The process ends in order after all, and RocksDB writes what it still has.
        drop(log);
        let left = Killed::now(&directory).entries().await;
        assert!(old.starts_with(&left) || new.starts_with(&left), "{step:?}: {left:?}");
    }
}

#[tokio::test]
async fn a_log_that_went_back_stays_back() {
    let (directory, mut log) = running(10).await;
    log.truncate_after(Some(log_id(1, 6))).await.unwrap();
    log.blocking_append(entries(2, 7..8)).await.unwrap();
    let new: Vec<LogEntry> = entries(1, 0..7).into_iter().chain(entries(2, 7..8)).collect();
    assert_eq!(Killed::now(&directory).entries().await, new);

    // A purge behind the end, as a snapshot brings it, moves both on.
    log.purge(log_id(3, 50)).await.unwrap();
    log.blocking_append(entries(3, 51..55)).await.unwrap();
    assert_eq!(Killed::now(&directory).entries().await, entries(3, 51..55));
}
