//! Bytes that nobody wrote, in the place of those that a member wrote: its files and the messages of others. Whatever they
//! are, opening ends, with what was there or with an error.

use std::fs;
use std::path::{Path, PathBuf};

use aliasd_wire::peer::v1 as peer;
use aliasd_wire::store::log as wire;
use openraft::storage::{RaftLogReader, RaftLogStorage, RaftLogStorageExt};
use prost::Message;

use super::store::LogStore;
use super::tests::{entries, place};
use crate::codec;
use crate::identity::{Identity, IdentityStore};
use crate::machine::disk::DiskCatalog;
use crate::machine::state::{AppliedState, Writes};
use crate::machine::store::CatalogStore;
use crate::tests::{copy, log_id, runtime};
use crate::types::{LeaderId, LogEntry, Payload, Vote};

/// Choices that follow from a seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end.max(1) as u64).unwrap()
    }

    /// The same bytes but for a small difference.
    fn damage(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        let (at, length) = (self.below(bytes.len()), 1 + self.below(16));
        let end = (at + length).min(bytes.len());
        match self.below(6) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => bytes.splice(at..at, (0..length).map(|_| 0xff)).for_each(drop),
            3 => bytes[at..end].fill(0),
            4 => bytes[at..end].iter_mut().for_each(|byte| *byte ^= 0x55),
            _ => bytes[at..end].iter_mut().take(1).for_each(|byte| *byte ^= 1 << (at % 8)),
        }
        bytes
    }
}

/// The files of a directory and of those in it, locks and RocksDB's own diary left out.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else if !name.to_string_lossy().starts_with("LO") || name.to_string_lossy().ends_with(".log") {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

/// A copy of a directory with one of its files damaged, or gone.
fn damaged(from: &Path, dice: &mut Dice) -> (tempfile::TempDir, PathBuf) {
    let copied = tempfile::tempdir().unwrap();
    copy(from, copied.path());
    let files = files(copied.path());
    let file = files[dice.below(files.len())].clone();
    if dice.below(8) == 0 {
        fs::remove_file(&file).unwrap();
    } else {
        let bytes = dice.damage(&fs::read(&file).unwrap());
        fs::write(&file, bytes).unwrap();
    }
    let relative = file.strip_prefix(copied.path()).unwrap().to_owned();
    (copied, relative)
}

#[tokio::test]
async fn a_log_of_any_bytes_is_the_one_that_was_synced_or_is_refused() {
    let whole = tempfile::tempdir().unwrap();
    let mut log = LogStore::open(&place(whole.path()), 1, runtime()).unwrap();
    let vote = Vote { leader_id: LeaderId { term: 3, node_id: 1 }, committed: false };
    log.blocking_append(entries(1, 0..60)).await.unwrap();
    log.purge(log_id(1, 9)).await.unwrap();
    log.save_vote(&vote).await.unwrap();
    log.blocking_append(entries(3, 60..70)).await.unwrap();
    log.close().await.unwrap();
    drop(log);
    let expected: Vec<LogEntry> = entries(1, 10..60).into_iter().chain(entries(3, 60..70)).collect();

    let mut dice = Dice(2026);
    let (mut opened, mut refused) = (0, 0);
    for _ in 0..60 {
        let (directory, file) = damaged(whole.path(), &mut dice);
        match LogStore::open(&place(directory.path()), 1, runtime()) {
            Ok(mut log) => {
                let found = log.try_get_log_entries(0..1000).await;
                // What it opened with lies in memory; what is read later from the disk may be refused then.
                assert_eq!(found.unwrap(), expected, "{}", file.display());
                assert_eq!(log.read_vote().await.unwrap(), Some(vote), "{}", file.display());
                log.close().await.unwrap();
                opened += 1;
            }
            Err(_) => refused += 1,
        }
    }
    println!("{opened} are as they were, {refused} are refused");
    assert!(opened > 0 && refused > 0);
}

#[test]
fn a_catalog_of_any_bytes_is_one_that_was_there_or_is_refused() {
    let whole = tempfile::tempdir().unwrap();
    let catalog = CatalogStore::on_disk(DiskCatalog::open(whole.path(), false).unwrap());
    let state = AppliedState { last_applied: Some(log_id(1, 7)), is_in_log: true, ..AppliedState::default() };
    catalog.write(Writes::default(), &state).unwrap();
    catalog.flush().unwrap();
    catalog.close();

    let mut dice = Dice(2026);
    let (mut opened, mut refused) = (0, 0);
    for _ in 0..60 {
        let (directory, file) = damaged(whole.path(), &mut dice);
        let store = DiskCatalog::open(directory.path(), true).map(CatalogStore::on_disk);
        match store.and_then(|catalog| catalog.load()) {
            Ok((_, found)) => {
                // RocksDB takes a manifest whose end is gone for an older one. A catalog that lags is caught up from the log,
                // and refused where the log begins behind it (`crate::fit`).
                assert!(found == state || found == AppliedState::default(), "{}: {found:?}", file.display());
                opened += 1;
            }
            Err(_) => refused += 1,
        }
    }
    println!("{opened} are as they were or older, {refused} are refused");
    assert!(opened > 0 && refused > 0);
}

#[tokio::test]
async fn an_identity_of_any_bytes_is_the_one_that_was_written_or_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let open = || Identity::open(IdentityStore::in_directory(directory.path()), 1, runtime());
    let kept = open().unwrap().kept();
    let file = directory.path().join("identity");
    let whole = fs::read(&file).unwrap();
    let mut dice = Dice(2026);
    for _ in 0..2000 {
        fs::write(&file, dice.damage(&whole)).unwrap();
        if let Ok(identity) = open() {
            assert_eq!(identity.kept(), kept);
        }
    }
}

#[test]
fn a_message_of_any_bytes_is_understood_or_refused() {
    let entry = |payload| LogEntry { log_id: log_id(3, 9), payload };
    let stored = entries(3, [9]).remove(0);
    let members = peer::AppendRequest {
        vote: Some(wire::Vote { term: 3, node_id: 1, committed: true }),
        entries: vec![codec::log_entry_to_wire(&entry(Payload::Blank)), codec::log_entry_to_wire(&stored)],
        ..peer::AppendRequest::default()
    };
    let membership = wire::StoredMembership {
        log_id: None,
        membership: Some(wire::Membership {
            voter_sets: vec![wire::VoterSet { ids: vec![1, 2, 3] }, wire::VoterSet { ids: vec![2, 3] }],
            members: (1..=3).map(|id| wire::Member { id, ..wire::Member::default() }).collect(),
        }),
    };
    let (appended, membership) = (members.encode_to_vec(), membership.encode_to_vec());
    let mut dice = Dice(2026);
    let (mut understood, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let appended = peer::AppendRequest::decode(&*dice.damage(&appended)).map(codec::append_request_from_wire);
        let membership = wire::StoredMembership::decode(&*dice.damage(&membership))
            .map(|stored| codec::stored_membership_from_wire(Some(stored)));
        let is_understood = [appended.is_ok_and(|it| it.is_ok()), membership.is_ok_and(|it| it.is_ok())];
        understood += is_understood.iter().filter(|is| **is).count();
        refused += is_understood.iter().filter(|is| !**is).count();
    }
    println!("{understood} are understood, {refused} are refused");
    assert!(understood > 100 && refused > 100);
}
