//! A log and a catalog side by side: neither is ever what the other contradicts, and what does not fit is refused.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use aliasd_catalog::{Revision, error_chain};
use openraft::storage::{RaftLogReader, RaftLogStorage, RaftLogStorageExt, RaftSnapshotBuilder, RaftStateMachine};
use tempfile::TempDir;

use super::cluster::{Cluster, SETTINGS};
use super::links::Switchboard;
use super::{bootstrap, copy, create_role, log_entry, log_id, runtime};
use crate::directory::{OpenedDirectory, open_directory};
use crate::error::StartError;
use crate::fit;
use crate::log::device::SyncStep;
use crate::log::store::LogStore;
use crate::machine::Machine;
use crate::machine::store::SharedStore;
use crate::tests::LIMITS;
use crate::types::{FlushCallback, LeaderId, LogEntry, Vote};
use crate::{Replica, ReplicaOptions, Storage, StorageFault};

/// A member's directory, open.
struct Member {
    log: LogStore,
    store: SharedStore,
    machine: Machine,
}

impl Member {
    fn open(directory: &Path) -> Self {
        let opened = open_directory(directory, 1, runtime(), Ok).unwrap_or_else(|fault| panic!("{fault}"));
        let OpenedDirectory { log, store, .. } = opened;
        let (machine, _, _) = Machine::load(runtime(), Arc::clone(&store), LIMITS).unwrap();
        Self { log, store, machine }
    }

    async fn fits(&mut self) -> Result<(), StartError> {
        fit::check(Path::new("log"), &mut self.log, &self.machine).await
    }

    async fn apply(&mut self, entries: Vec<LogEntry>) {
        let entries = entries.into_iter().map(|entry| Ok((entry, None)));
        self.machine.apply(futures::stream::iter(entries)).await.unwrap();
    }
}

fn entries(term: u64, indexes: impl IntoIterator<Item = u64>) -> Vec<LogEntry> {
    let entry = |index| if index == 1 { bootstrap() } else { create_role(index) };
    indexes.into_iter().map(|index| log_entry(term, index, entry(index))).collect()
}

/// What a process leaves that is killed now.
fn killed(running: &TempDir) -> TempDir {
    let left = tempfile::tempdir().unwrap();
    copy(running.path(), left.path());
    left
}

/// A member that led, with entries 6 to 10 of its own that nobody else has, and the vote of its successor.
async fn former_leader() -> (TempDir, Member) {
    let directory = tempfile::tempdir().unwrap();
    let mut member = Member::open(directory.path());
    member.log.blocking_append(entries(1, 0..=10)).await.unwrap();
    member.apply(entries(1, 0..=5)).await;
    member.log.save_vote(&Vote { leader_id: LeaderId { term: 2, node_id: 2 }, committed: true }).await.unwrap();
    (directory, member)
}

#[tokio::test]
async fn what_replaced_the_tail_of_a_former_leader_is_not_in_the_catalog_before_it_is_in_the_log() {
    for step in [SyncStep::Retreated, SyncStep::Written, SyncStep::Synced, SyncStep::Marked] {
        let (directory, mut member) = former_leader().await;
        member.log.durability().health().faults().die_at(step);
        member.log.truncate_after(Some(log_id(1, 5))).await.unwrap();
        let _ = member.log.append(entries(2, 6..=8), FlushCallback::noop()).await;
        // The others are a quorum, and say that these are committed.
        member.apply(entries(2, 6..=8)).await;
        // RocksDB writes out what it has whenever it likes.
        member.store.flush().unwrap();

        let left = killed(&directory);
        let mut member = Member::open(left.path());
        member.fits().await.unwrap_or_else(|error| panic!("{step:?}: {error}"));
        assert_eq!(member.machine.last_applied(), Some(log_id(1, 5)), "{step:?}");
    }
}

#[tokio::test]
async fn what_the_log_has_synced_is_in_the_catalog_once_that_is_flushed() {
    let (directory, mut member) = former_leader().await;
    member.log.truncate_after(Some(log_id(1, 5))).await.unwrap();
    member.log.append(entries(2, 6..=8), FlushCallback::noop()).await.unwrap();
    member.apply(entries(2, 6..=8)).await;
    member.machine.get_snapshot_builder().await.build_snapshot().await.unwrap();

    let left = killed(&directory);
    let mut member = Member::open(left.path());
    member.fits().await.unwrap();
    assert_eq!(member.machine.last_applied(), Some(log_id(2, 8)));
    assert_eq!(member.log.try_get_log_entries(6..100).await.unwrap(), entries(2, 6..=8));
}

#[tokio::test]
async fn a_snapshot_takes_effect_after_the_truncation_that_made_room_for_it() {
    let (directory, mut member) = former_leader().await;
    let source = tempfile::tempdir().unwrap();
    let mut source = Member::open(source.path());
    source.log.blocking_append(entries(2, 0..=8)).await.unwrap();
    source.apply(entries(2, 0..=8)).await;
    let snapshot = source.machine.get_snapshot_builder().await.build_snapshot().await.unwrap();

    // As openraft does it; a kill follows before the log is purged.
    member.log.truncate_after(Some(log_id(1, 5))).await.unwrap();
    member.machine.install_snapshot(&snapshot.meta, snapshot.snapshot).await.unwrap();
    let left = killed(&directory);
    let mut member = Member::open(left.path());
    member.fits().await.unwrap();
    assert_eq!(member.machine.last_applied(), Some(log_id(2, 8)));
    let last = member.log.get_log_state().await.unwrap().last_log_id;
    assert_eq!(last, Some(log_id(1, 5)), "the old tail stays away");
}

/// Starts a replica and gives the damage that it finds.
async fn refused(directory: &Path) -> String {
    let storage = Storage::Directory(directory.to_owned());
    let nobody = Switchboard::default().links(1);
    let started = Replica::start(ReplicaOptions::new(1, storage, nobody, runtime(), SETTINGS)).await;
    let error = started.err().expect("it is refused");
    assert!(matches!(error, StartError::Storage(StorageFault::Damaged { .. })), "{error}");
    let message = error_chain(&error);
    assert!(message.contains(&directory.display().to_string()), "it names the place: {message}");
    message
}

#[test]
fn halves_of_different_times_are_refused() {
    let mut cluster = Cluster::form(1, |options| {
        options.raft.snapshot_entries = 50;
        options.raft.log_entries_kept = 5;
        options.purge_batch = 1;
    });
    cluster.propose(&bootstrap()).1.unwrap();
    let directory = cluster.directory.path().join("1");
    let stopped = |cluster: &mut Cluster| {
        cluster.block_on(cluster.replica(1).shutdown()).unwrap();
        cluster.kill(1);
        let copied = tempfile::tempdir().unwrap();
        copy(&directory, copied.path());
        copied
    };
    let old = stopped(&mut cluster);
    cluster.start(1);
    for number in 1..200 {
        cluster.propose(&create_role(number)).1.unwrap();
    }
    cluster.wait("the log to be purged", || cluster.replica(1).status().purged > Some(Revision(20)));
    let new = stopped(&mut cluster);

    let mixed = |from_new: &[&str], from_old: &[&str]| {
        let mixed = tempfile::tempdir().unwrap();
        for (source, names) in [(&new, from_new), (&old, from_old)] {
            for name in names {
                let (from, to) = (source.path().join(name), mixed.path().join(name));
                if from.is_dir() {
                    copy(&from, &to);
                } else {
                    fs::copy(from, to).unwrap();
                }
            }
        }
        cluster.block_on(refused(mixed.path()))
    };
    assert!(mixed(&["log", "watermark", "identity"], &["catalog"]).contains("it is an older copy"));
    assert!(mixed(&["catalog", "identity"], &["log", "watermark"]).contains("has applied entry"));
    assert!(mixed(&["catalog", "watermark", "identity"], &["log"]).contains("was synced"));
    assert!(mixed(&["catalog"], &[]).contains("shows that there was one"));
    assert!(mixed(&["log", "watermark"], &[]).contains("there was a catalog"));
}
