//! The passwords that were verified of late, so that Basic on every call does not cost an argon2id each.
//!
//! It never holds a password. What it holds is an HMAC over user, stored hash and password, under a key that is drawn when the
//! process starts and never leaves it; a changed password has another stored hash, so its old entries are never found again.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use aliasd_catalog::{PasswordHash, PlainSecret};
use aliasd_runtime::Runtime;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Entries that are kept. The oldest goes first; its user is verified once more.
const ENTRIES_MAX: usize = 4096;

/// The trace of a verified password.
pub(super) type Trace = [u8; 32];

pub(super) struct Verified {
    key: Zeroizing<[u8; 32]>,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    known: BTreeSet<Trace>,
    by_age: VecDeque<Trace>,
}

impl Verified {
    pub(super) fn new(runtime: &dyn Runtime) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        runtime.fill_random(key.as_mut_slice());
        Self { key, entries: Mutex::default() }
    }

    pub(super) fn trace(&self, user: &str, hash: &PasswordHash, password: &PlainSecret) -> Trace {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&*self.key).expect("HMAC takes a key of any length");
        for part in [user, hash.as_phc(), password.expose()] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }

    /// Whether a password of that trace was verified. What is looked up is a pseudorandom value that nobody outside can
    /// compute, so the time of the lookup tells nothing.
    pub(super) fn contains(&self, trace: &Trace) -> bool {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).known.contains(trace)
    }

    pub(super) fn insert(&self, trace: Trace) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if !entries.known.insert(trace) {
            return;
        }
        entries.by_age.push_back(trace);
        if entries.by_age.len() > ENTRIES_MAX
            && let Some(oldest) = entries.by_age.pop_front()
        {
            entries.known.remove(&oldest);
        }
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verified(******)")
    }
}
