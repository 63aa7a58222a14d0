//! The log on disk, alone in a process that dies: at each point at which something becomes durable, and wherever it happens
//! to be. What it acknowledged is there afterwards, and what it had begun is there from its beginning or not at all.
//!
//! `ALIASD_CRASHES` says how often; `cargo xtask crash` sets it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use aliasd_faults::Failpoint;
use openraft::storage::{RaftLogReader, RaftLogStorage, RaftLogStorageExt};

use super::store::LogStore;
use super::tests::place;
use crate::tests::{create_role, log_entry, log_id, runtime};
use crate::types::{LeaderId, LogEntry, LogId, Vote};

const CHILD_DIRECTORY: &str = "ALIASD_CRASH_TEST_DIRECTORY";
const CHILD_SEED: &str = "ALIASD_CRASH_TEST_SEED";

/// Lives of the log, unless `ALIASD_CRASHES` says otherwise.
const LIVES: u64 = 30;

/// Points that the log reaches.
const POINTS: &[Failpoint] = &[
    Failpoint::LogAppended,
    Failpoint::LogVoted,
    Failpoint::LogTruncated,
    Failpoint::LogPurged,
    Failpoint::LogRetreated,
    Failpoint::LogSynced,
    Failpoint::LogMarked,
    Failpoint::LogSettled,
    Failpoint::FileRenamed,
    Failpoint::DirectorySynced,
];

/// SplitMix64, since what happens in a life follows from its seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// What a log holds, as far as it is compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Content {
    /// Of the last vote.
    term: u64,
    purged: Option<u64>,
    /// Term and index of each entry.
    entries: Vec<(u64, u64)>,
}

impl Content {
    fn last(&self) -> Option<u64> {
        self.entries.last().map(|(_, index)| *index).or(self.purged)
    }

    fn next(&self) -> u64 {
        self.last().map_or(0, |last| last + 1)
    }

    fn id(&self, index: u64) -> LogId {
        let found = self.entries.iter().find(|(_, at)| *at == index).expect("the entry is there");
        log_id(found.0, found.1)
    }

    fn truncate_after(&mut self, last: Option<u64>) {
        self.entries.retain(|(_, index)| Some(*index) <= last);
    }

    fn purge(&mut self, upto: u64) {
        self.entries.retain(|(_, index)| *index > upto);
        self.purged = Some(upto);
    }
}

/// One thing that the child does and then acknowledges, drawn from the dice and what is there.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Vote,
    Append(u64),
    /// The entries behind this one give way to new ones of the present term.
    Replace(Option<u64>, u64),
    /// Entries up to this one go, then as many come.
    Purge(u64, u64),
}

impl Deed {
    fn draw(dice: &mut Dice, content: &Content) -> Self {
        let count = 1 + dice.below(20);
        let there = content.entries.len() as u64;
        match dice.below(8) {
            0 => Self::Vote,
            // Raft goes back in a new term only; the vote before it makes one.
            1 if there > 4 && content.entries.last().is_some_and(|(term, _)| *term < content.term) => {
                let kept = content.next() - 1 - dice.below(there.min(8));
                Self::Replace(kept.checked_sub(1).filter(|kept| Some(*kept) >= content.purged), count)
            }
            2 if there > 40 => Self::Purge(content.entries[content.entries.len() - 20].1, count),
            _ => Self::Append(count),
        }
    }

    /// What may be there if the process dies while it is done: it is done in steps of which the first are there.
    fn steps(self, content: &Content) -> Vec<Content> {
        let mut steps = vec![content.clone()];
        let mut now = content.clone();
        let appended = match self {
            Self::Vote => {
                now.term += 1;
                steps.push(now.clone());
                0
            }
            Self::Append(count) => count,
            Self::Replace(last, count) => {
                now.truncate_after(last.or(now.purged));
                steps.push(now.clone());
                count
            }
            Self::Purge(upto, count) => {
                now.purge(upto);
                steps.push(now.clone());
                count
            }
        };
        for _ in 0..appended {
            now.entries.push((now.term, now.next()));
            steps.push(now.clone());
        }
        steps
    }

    async fn carry_out(self, log: &mut LogStore, content: &Content) {
        let after = self.steps(content).pop().expect("it comes to something");
        let count = match self {
            Self::Vote => {
                let leader_id = LeaderId { term: after.term, node_id: 1 };
                return log.save_vote(&Vote { leader_id, committed: false }).await.unwrap();
            }
            Self::Append(count) => count,
            Self::Replace(last, count) => {
                log.truncate_after(last.or(content.purged).map(|last| id_at(content, last))).await.unwrap();
                count
            }
            Self::Purge(upto, count) => {
                log.purge(content.id(upto)).await.unwrap();
                count
            }
        };
        let new = &after.entries[after.entries.len() - usize::try_from(count).unwrap()..];
        let entries: Vec<LogEntry> =
            new.iter().map(|(term, index)| log_entry(*term, *index, create_role(*index))).collect();
        log.blocking_append(entries).await.unwrap();
    }
}

/// The position of the last entry that stays: an entry, or where the log was purged.
fn id_at(content: &Content, index: u64) -> LogId {
    let found = content.entries.iter().find(|(_, at)| *at == index);
    found.map_or_else(|| log_id(1, index), |(term, index)| log_id(*term, *index))
}

async fn content(log: &mut LogStore) -> Content {
    let term = log.read_vote().await.unwrap().map_or(0, |vote| vote.leader_id.term);
    let state = log.get_log_state().await.unwrap();
    let purged = state.last_purged_log_id.map(|purged| purged.index);
    let found = log.try_get_log_entries(0..u64::MAX).await.unwrap();
    for entry in &found {
        let (term, index) = (entry.log_id.leader_id.term, entry.log_id.index);
        assert_eq!(*entry, log_entry(term, index, create_role(index)), "what it says is what was written");
    }
    let entries = found.iter().map(|entry| (entry.log_id.leader_id.term, entry.log_id.index)).collect();
    Content { term, purged, entries }
}

#[tokio::test]
#[ignore = "the child process of another test"]
async fn child_that_works_until_it_dies() {
    let Some(directory) = std::env::var_os(CHILD_DIRECTORY) else { return };
    let mut dice = Dice(std::env::var(CHILD_SEED).unwrap().parse().unwrap());
    let mut log = LogStore::open(&place(Path::new(&directory)), 1, runtime()).unwrap();
    let mut now = content(&mut log).await;
    for done in 0_u64.. {
        let deed = Deed::draw(&mut dice, &now);
        deed.carry_out(&mut log, &now).await;
        now = deed.steps(&now).pop().expect("it comes to something");
        println!("done {done}");
    }
}

/// Runs the child until it dies, at a point or when it has done so much. How many deeds it acknowledged.
fn live(directory: &Path, seed: u64, point: Option<&str>, killed_after: u64) -> u64 {
    let this = std::env::current_exe().unwrap();
    let mut child = Command::new(this);
    child.args(["--exact", "--ignored", "--nocapture", "log::crash_tests::child_that_works_until_it_dies"]);
    child.env(CHILD_DIRECTORY, directory).env(CHILD_SEED, seed.to_string());
    if let Some(point) = point {
        child.env("ALIASD_FAILPOINT", point);
    }
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut done = 0;
    for _ in lines.map_while(Result::ok).filter(|line| line.starts_with("done ")) {
        done += 1;
        if done == killed_after {
            child.kill().unwrap();
        }
    }
    let status = child.wait().unwrap();
    assert!(std::os::unix::process::ExitStatusExt::signal(&status).is_some(), "it did not die but end: {status}");
    done
}

#[tokio::test]
async fn a_log_that_dies_at_any_point_keeps_what_it_acknowledged() {
    let given = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let lives = given("ALIASD_CRASHES").unwrap_or(LIVES);
    let first = given("ALIASD_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    println!("seed {first}; ALIASD_SEED={first} makes the same choices again");
    let mut directory = tempfile::tempdir().unwrap();
    let mut now = Content::default();
    let (mut acknowledged, mut at_points) = (0, 0);
    for life in 0..lives {
        let seed = first.wrapping_add(life);
        let mut dice = Dice(!seed);
        if dice.below(5) == 0 {
            // The first minutes of a log have points of their own.
            (directory, now) = (tempfile::tempdir().unwrap(), Content::default());
        }
        let point = POINTS.get(usize::try_from(dice.below(POINTS.len() as u64 + 3)).unwrap());
        let point = point.map(|point| format!("{}:{}", point.name(), 1 + dice.below(12)));
        let killed_after = 1 + dice.below(40);
        let done = live(directory.path(), seed, point.as_deref(), killed_after);
        at_points += u64::from(done < killed_after);
        acknowledged += done;

        let mut choices = Dice(seed);
        for _ in 0..done {
            now = Deed::draw(&mut choices, &now).steps(&now).pop().expect("it comes to something");
        }
        let mut log = LogStore::open(&place(directory.path()), 1, runtime()).unwrap();
        let found = content(&mut log).await;
        log.close().await.unwrap();
        // Killed from outside, it may have done more than was read of it.
        let mut possible = now.clone();
        let is_possible = (0..1000).any(|_| {
            let steps = Deed::draw(&mut choices, &possible).steps(&possible);
            let is_one = steps.contains(&found);
            possible = steps.last().expect("it comes to something").clone();
            is_one
        });
        assert!(
            is_possible,
            "seed {seed}, {point:?}: after {done} deeds {now:?} was acknowledged, and {found:?} is there"
        );
        now = found;
    }
    println!("{lives} lives, {at_points} of them ended at a point; {acknowledged} deeds were acknowledged");
}
