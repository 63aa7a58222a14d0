//! A fingerprint of the whole catalog that is cheap to keep: two members at the same revision must show
//! the same one.
//!
//! Every record's SHA-256 is added into four 64-bit lanes, lane by lane and wrapping, so the order of
//! records does not matter and a changed record costs two hashes. What is hashed is the canonical encoding of
//! [`canonical`].

mod canonical;

use std::fmt;

use aliasd_faults::{Mistake, is_planted};
use sha2::{Digest as _, Sha256};

use canonical::Canonical;

use crate::{Record, RecordKey};

/// The fingerprint. `Display` is 64 hexadecimal digits.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Digest([u64; 4]);

impl Digest {
    /// The digest as 32 bytes, big-endian lanes.
    pub fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (chunk, lane) in bytes.chunks_exact_mut(8).zip(self.0) {
            chunk.copy_from_slice(&lane.to_be_bytes());
        }
        bytes
    }

    /// The digest whose bytes these are.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let mut lanes = [0; 4];
        for (lane, chunk) in lanes.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *lane = u64::from_be_bytes(*chunk);
        }
        Self(lanes)
    }

    pub(crate) fn add(&mut self, key: &RecordKey, record: &Record) {
        let hash = Self::of(key, record);
        for (lane, other) in self.0.iter_mut().zip(hash.0) {
            *lane = lane.wrapping_add(other);
        }
    }

    pub(crate) fn subtract(&mut self, key: &RecordKey, record: &Record) {
        let hash = Self::of(key, record);
        for (lane, other) in self.0.iter_mut().zip(hash.0) {
            *lane = lane.wrapping_sub(other);
        }
    }

    fn of(key: &RecordKey, record: &Record) -> Self {
        let mut hash = Sha256::new();
        key.encode(&mut hash);
        if !is_planted(Mistake::DigestOfKeysOnly) {
            record.encode(&mut hash);
        }
        Self::from_bytes(hash.finalize().into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|lane| write!(f, "{lane:016x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

#[cfg(test)]
mod tests;
