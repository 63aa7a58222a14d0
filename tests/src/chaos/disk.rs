//! Cutting the power: what a disk may have lost of a node that was killed.
//!
//! The node's kernel did not die with it, so that everything it wrote is there. The journal of `shim.c` says which of it no
//! sync has covered; of that, the seed decides what is lost, within what POSIX permits: the end of a file is cut off, or
//! holds zeros or rubbish from some place on; what was written over has its old content, or some of its sectors have; files that were
//! made, renamed and removed are as before, beginning with the latest in each directory. What was synced stays, or the
//! test would lie.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::dice::Dice;

/// What every disk writes whole or not at all.
const SECTOR_BYTES: u64 = 512;

/// What a journal leaves open.
#[derive(Debug, Default)]
struct Unsynced {
    files: BTreeMap<u64, FileState>,
    /// Changes of directories, the oldest first.
    names: Vec<NameChange>,
}

#[derive(Debug, Default)]
struct FileState {
    /// So much of it is on the disk.
    synced: u64,
    /// What was written over or cut off since, the oldest first: offset and old bytes.
    replaced: Vec<(u64, Vec<u8>)>,
}

#[derive(Debug)]
enum NameChange {
    Made(PathBuf),
    Renamed { from: PathBuf, to: PathBuf, replaced: Option<PathBuf> },
    Removed { path: PathBuf, kept: PathBuf },
}

/// What a power cut took, for the log of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Loss {
    /// Files that lost bytes at their end, or hold zeros or rubbish there.
    pub(super) ends: u64,
    /// Bytes that no sync had covered, and that were lost or turned into something else.
    pub(super) bytes: u64,
    /// Pieces that have their old content.
    pub(super) replaced: u64,
    /// Files that were made, renamed or removed, and were not.
    pub(super) names: u64,
}

/// Takes from a data directory what a power cut may take, and empties the journal: what is left is on the disk.
///
/// # Errors
/// The journal or a file of the directory cannot be read or written.
pub(super) fn cut_power(data: &Path, journal: &Path, graves: &Path, dice: &mut Dice) -> Result<Loss> {
    let text = read_journal(journal)?;
    let mut unsynced = Unsynced::default();
    for line in text.lines() {
        unsynced.take(line, graves).with_context(|| format!("{}: {line}", journal.display()))?;
    }
    let mut loss = Loss::default();
    unsynced.lose_names(dice, &mut loss)?;
    unsynced.lose_content(data, dice, &mut loss)?;
    forget(journal, graves)?;
    Ok(loss)
}

/// How often the node was told of an error since the journal was empty.
pub(super) fn failures(journal: &Path) -> Result<usize> {
    Ok(read_journal(journal)?.lines().filter(|line| line.starts_with("F ")).count())
}

/// Takes everything that is there for synced.
pub(super) fn forget(journal: &Path, graves: &Path) -> Result<()> {
    fs::write(journal, "")?;
    for entry in fs::read_dir(graves)? {
        fs::remove_file(entry?.path())?;
    }
    Ok(())
}

fn read_journal(journal: &Path) -> Result<String> {
    match fs::read_to_string(journal) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error).with_context(|| journal.display().to_string()),
    }
}

/// Without a slash at the end, which some open directories with.
fn path(text: &str) -> PathBuf {
    PathBuf::from(text.trim_end_matches('/'))
}

// === impl Unsynced ===

impl Unsynced {
    /// Takes in a line of the journal; `shim.c` says what they mean.
    fn take(&mut self, line: &str, graves: &Path) -> Result<()> {
        let (kind, rest) = line.split_once(' ').context("no kind")?;
        let mut words = rest.splitn(3, ' ');
        let mut word = || words.next().context("a word is missing");
        match kind {
            "O" => {
                let (inode, length) = (word()?.parse()?, word()?.parse()?);
                self.files.entry(inode).or_insert_with(|| FileState { synced: length, replaced: Vec::new() });
            }
            "C" => {
                let inode = word()?.parse()?;
                word()?;
                self.files.insert(inode, FileState::default());
                self.names.push(NameChange::Made(path(word()?)));
            }
            "W" | "T" => {
                let (inode, offset, old) = (word()?.parse()?, word()?.parse()?, bytes(word()?)?);
                self.files.entry(inode).or_default().replaced.push((offset, old));
            }
            "S" => {
                let (inode, length) = (word()?.parse()?, word()?.parse()?);
                self.files.insert(inode, FileState { synced: length, replaced: Vec::new() });
            }
            "D" => {
                let directory = path(rest);
                self.names.retain(|change| change.directory() != Some(&directory));
            }
            "R" => {
                let (grave, process) = (word()?, word()?);
                let (from, to) = word()?.split_once('\t').context("no tabulator")?;
                let replaced = (grave != "0").then(|| graves.join(format!("{process}-{grave}")));
                self.names.push(NameChange::Renamed { from: path(from), to: path(to), replaced });
            }
            "U" => {
                let (grave, process) = (word()?, word()?);
                let kept = graves.join(format!("{process}-{grave}"));
                self.names.push(NameChange::Removed { path: path(word()?), kept });
            }
            "F" => {}
            _ => bail!("an unknown kind"),
        }
        Ok(())
    }

    /// In each directory the latest changes of names are undone, so many as the dice say.
    fn lose_names(&mut self, dice: &mut Dice, loss: &mut Loss) -> Result<()> {
        let directories: BTreeSet<PathBuf> =
            self.names.iter().filter_map(NameChange::directory).map(Path::to_path_buf).collect();
        let mut left = BTreeMap::new();
        for directory in directories {
            let count = self.names.iter().filter(|change| change.directory() == Some(&directory)).count() as u64;
            // Often nothing or everything.
            let lost = if dice.percent(30) { 0 } else { dice.pick(0..count + 1) };
            left.insert(directory, if dice.percent(20) { count } else { lost });
        }
        for change in self.names.iter().rev() {
            let Some(left) = change.directory().and_then(|directory| left.get_mut(directory)) else { continue };
            if *left > 0 {
                *left -= 1;
                loss.names += u64::from(change.undo()?);
            }
        }
        Ok(())
    }

    fn lose_content(&self, data: &Path, dice: &mut Dice, loss: &mut Loss) -> Result<()> {
        for found in files_below(data)? {
            let metadata = fs::metadata(&found)?;
            let Some(state) = self.files.get(&metadata.ino()) else { continue };
            let file = OpenOptions::new().read(true).write(true).open(&found)?;
            for (offset, old) in state.replaced.iter().rev() {
                // All of it, nothing, or some of its sectors: a write that was torn.
                let percent = *dice.choose(&[0, 0, 50, 100]);
                for (at, sector) in sectors(*offset, old) {
                    if dice.percent(percent) {
                        file.write_all_at(sector, at)?;
                        loss.replaced += 1;
                    }
                }
            }
            let length = file.metadata()?.len();
            if length > state.synced {
                lose_end(&file, state.synced, length, dice, loss)?;
            }
        }
        Ok(())
    }
}

/// Old bytes, cut where sectors of the file begin: each is old or new as a whole.
fn sectors(offset: u64, old: &[u8]) -> Vec<(u64, &[u8])> {
    let (mut at, mut rest, mut sectors) = (offset, old, Vec::new());
    while !rest.is_empty() {
        let room = usize::try_from(SECTOR_BYTES - at % SECTOR_BYTES).unwrap_or(usize::MAX);
        let (sector, behind) = rest.split_at(room.min(rest.len()));
        sectors.push((at, sector));
        at += sector.len() as u64;
        rest = behind;
    }
    sectors
}

/// Cuts off, zeroes or spoils what lies behind `synced`, from some place on, or leaves it.
fn lose_end(file: &File, synced: u64, length: u64, dice: &mut Dice, loss: &mut Loss) -> io::Result<()> {
    let from = match dice.pick(0..4) {
        0 => return Ok(()),
        1 => synced,
        _ => dice.pick(synced..length),
    };
    loss.ends += 1;
    loss.bytes += length - from;
    let rest = usize::try_from(length - from).unwrap_or_default();
    match dice.pick(0..4) {
        // The length was on the disk already, the content was not.
        0 => file.write_all_at(&vec![0; rest], from),
        1 => {
            let rubbish: Vec<u8> = (0..rest).map(|_| u8::try_from(dice.pick(0..256)).unwrap_or_default()).collect();
            file.write_all_at(&rubbish, from)
        }
        _ => file.set_len(from),
    }
}

// === impl NameChange ===

impl NameChange {
    /// The directory whose sync makes it durable.
    fn directory(&self) -> Option<&Path> {
        match self {
            Self::Made(path) | Self::Removed { path, .. } | Self::Renamed { to: path, .. } => path.parent(),
        }
    }

    /// Whether there was anything to undo: a process that was killed may not have come to do what it had announced.
    fn undo(&self) -> io::Result<bool> {
        match self {
            Self::Made(path) => present(fs::remove_file(path)),
            Self::Renamed { from, to, replaced } => {
                if from.exists() || !to.exists() {
                    return Ok(false);
                }
                fs::rename(to, from)?;
                match replaced {
                    Some(kept) => present(fs::hard_link(kept, to)),
                    None => Ok(true),
                }
            }
            Self::Removed { path, kept } if !path.exists() => present(fs::hard_link(kept, path)),
            Self::Removed { .. } => Ok(false),
        }
    }
}

fn present(result: io::Result<()>) -> io::Result<bool> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn bytes(hexadecimal: &str) -> Result<Vec<u8>> {
    let digits = hexadecimal.as_bytes().chunks(2);
    digits.map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?)).collect()
}

/// Every file below a directory, in order.
pub(super) fn files_below(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.extend(files_below(&entry.path())?);
        } else if entry.file_type()?.is_file() {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Disk {
        directory: tempfile::TempDir,
    }

    impl Disk {
        fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            for name in ["data", "graves"] {
                fs::create_dir(directory.path().join(name)).unwrap();
            }
            Self { directory }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.directory.path().join("data").join(name)
        }

        fn write(&self, name: &str, content: &str) -> u64 {
            fs::write(self.path(name), content).unwrap();
            fs::metadata(self.path(name)).unwrap().ino()
        }

        /// What a file holds after a power cut, over many seeds. The files are made anew each time by `make`, which
        /// returns the journal.
        fn outcomes(name: &str, make: impl Fn(&Self) -> String) -> BTreeSet<Option<String>> {
            let outcome = |seed: u64| {
                let disk = Self::new();
                let (data, journal, graves) =
                    ["data", "journal", "graves"].map(|name| disk.directory.path().join(name)).into();
                let text = make(&disk);
                fs::write(&journal, text).unwrap();
                cut_power(&data, &journal, &graves, &mut Dice::new(seed)).unwrap();
                assert_eq!(fs::read_to_string(&journal).unwrap(), "");
                let content = fs::read(disk.path(name)).ok();
                content.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            };
            (0..300).map(outcome).collect()
        }
    }

    #[test]
    fn what_was_synced_stays_and_every_end_behind_it_is_possible() {
        let outcomes = Disk::outcomes("log", |disk| {
            let inode = disk.write("log", "synced-open");
            let path = disk.path("log");
            format!("C {inode} 0 {}\nS {inode} 6\nD {}/\n", path.display(), path.parent().unwrap().display())
        });
        let all = |wanted: fn(&str) -> bool| outcomes.iter().any(|outcome| wanted(outcome.as_deref().unwrap()));
        assert!(outcomes.iter().all(|outcome| outcome.as_ref().is_some_and(|text| text.starts_with("synced"))));
        assert!(all(|text| text == "synced-open") && all(|text| text == "synced") && all(|text| text == "synced-o"));
        assert!(all(|text| text == "synced\0\0\0\0\0"), "{outcomes:?}");
    }

    #[test]
    fn what_was_written_over_without_a_sync_is_old_new_or_torn() {
        let outcomes = Disk::outcomes("mark", |disk| {
            // From the middle of a sector to the middle of the one behind the next.
            let inode = disk.write("mark", &"n".repeat(1500));
            let path = disk.path("mark");
            format!("O {inode} 1500 {}\nW {inode} 256 {}\n", path.display(), "6f".repeat(1024))
        });
        let parts = |[first, second, third]: [char; 3]| {
            let part = |letter: char, length: usize| letter.to_string().repeat(length);
            Some([part('n', 256), part(first, 256), part(second, 512), part(third, 256), part('n', 220)].concat())
        };
        let letters = ['n', 'o'];
        let all = letters.map(|first| letters.map(|second| letters.map(|third| parts([first, second, third]))));
        assert_eq!(outcomes, all.into_iter().flatten().flatten().collect());
    }

    #[test]
    fn names_come_and_go_in_the_order_of_their_directory() {
        let outcomes = Disk::outcomes("current", |disk| {
            disk.write("current", "new");
            fs::write(disk.directory.path().join("graves/7-1"), "old").unwrap();
            let (next, current) = (disk.path("next"), disk.path("current"));
            format!("R 1 7 {}\t{}\n", next.display(), current.display())
        });
        assert_eq!(outcomes, BTreeSet::from([Some("new".to_owned()), Some("old".to_owned())]));
        let synced = Disk::outcomes("current", |disk| {
            disk.write("current", "new");
            let (next, current) = (disk.path("next"), disk.path("current"));
            format!("R 0 7 {}\t{}\nD {}\n", next.display(), current.display(), current.parent().unwrap().display())
        });
        assert_eq!(synced, BTreeSet::from([Some("new".to_owned())]));
        let removed = Disk::outcomes("gone", |disk| {
            fs::write(disk.directory.path().join("graves/7-1"), "back").unwrap();
            format!("U 1 7 {}\n", disk.path("gone").display())
        });
        assert_eq!(removed, BTreeSet::from([None, Some("back".to_owned())]));
    }
}
