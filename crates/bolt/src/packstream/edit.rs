//! Maps that stay encoded: entries are found, taken out and replaced, and all the others go on byte by byte.

use super::decode::Reader;
use super::encode::Writer;
use super::error::{PackStreamError, PackStreamErrorKind};
use crate::limits::Limits;
use crate::version::Dialect;

/// An encoded map, looked through once.
#[derive(Clone, Debug)]
pub struct MapReader<'a> {
    entries: Vec<Entry<'a>>,
    dialect: Dialect,
}

#[derive(Clone, Copy, Debug)]
struct Entry<'a> {
    key: &'a str,
    value: &'a [u8],
    /// Key and value.
    both: &'a [u8],
}

/// What is to become of one key of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit<'e> {
    /// It is not there any more.
    Remove(&'e str),
    /// It has this value, encoded in the dialect of the map: in the place that it had, or else at the end.
    Put(&'e str, &'e [u8]),
}

impl Edit<'_> {
    fn key(&self) -> &str {
        match self {
            Self::Remove(key) | Self::Put(key, _) => key,
        }
    }
}

impl<'a> MapReader<'a> {
    /// Looks through bytes that are one map and nothing else.
    ///
    /// # Errors
    /// If they are not, or a key is not UTF-8. Texts inside of values are not looked at.
    pub fn new(bytes: &'a [u8], dialect: Dialect, limits: Limits) -> Result<Self, PackStreamError> {
        let mut reader = Reader::new(bytes, dialect, limits);
        let count = reader.map_header()?;
        if limits.depth_max() == 0 {
            return Err(PackStreamError { at: 0, kind: PackStreamErrorKind::TooDeep { depth_max: 0 } });
        }
        // The map itself is one of the levels.
        let inner = Limits::new(limits.message_bytes_max(), limits.depth_max() - 1);
        let start = reader.position();
        let shifted = |error: PackStreamError| PackStreamError { at: error.at + start, ..error };
        let inside = &bytes[start..];
        let mut reader = Reader::new(inside, dialect, inner);
        // Every entry has two bytes at least, so that there are no more than the header promises.
        let mut entries = Vec::with_capacity(count.min(16));
        for _ in 0..count {
            let from = reader.position();
            let key = reader.string().map_err(shifted)?;
            let value = reader.skip().map_err(shifted)?;
            entries.push(Entry { key, value, both: &inside[from..reader.position()] });
        }
        reader.finish().map_err(shifted)?;
        Ok(Self { entries, dialect })
    }

    /// The value under a key, encoded. Of several under one key, the last counts.
    pub fn get(&self, key: &str) -> Option<&'a [u8]> {
        self.entries.iter().rev().find(|entry| entry.key == key).map(|entry| entry.value)
    }

    /// Every key with its value, in order, and as often as it is there.
    pub fn entries(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        self.entries.iter().map(|entry| (entry.key, entry.value))
    }

    /// The encoded map with some entries changed. A key that was there several times and is named here is there once
    /// afterwards, or not at all, so that nobody else can read another value under it.
    ///
    /// # Errors
    /// If the map would have more entries than PackStream has room for.
    pub fn edited(&self, edits: &[Edit<'_>]) -> Result<Vec<u8>, PackStreamError> {
        // Of several edits of one key, the last counts.
        let is_last = |(at, edit): &(usize, &Edit<'_>)| edits[at + 1..].iter().all(|later| later.key() != edit.key());
        let edits: Vec<&Edit<'_>> = edits.iter().enumerate().filter(is_last).map(|(_, edit)| edit).collect();
        let is_named = |entry: &Entry<'_>| edits.iter().any(|edit| edit.key() == entry.key);
        let kept = self.entries.iter().filter(|entry| !is_named(entry)).count();
        let puts = edits.iter().filter(|edit| matches!(edit, Edit::Put(..))).count();
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out, self.dialect);
        writer.map_header(kept + puts)?;
        let mut is_written = vec![false; edits.len()];
        for entry in &self.entries {
            match edits.iter().position(|edit| edit.key() == entry.key) {
                None => writer.encoded(entry.both),
                Some(at) => {
                    if let Edit::Put(key, value) = edits[at]
                        && !std::mem::replace(&mut is_written[at], true)
                    {
                        writer.string(key)?;
                        writer.encoded(value);
                    }
                }
            }
        }
        for (edit, is_written) in edits.iter().zip(is_written) {
            if let Edit::Put(key, value) = edit
                && !is_written
            {
                writer.string(key)?;
                writer.encoded(value);
            }
        }
        Ok(out)
    }
}
