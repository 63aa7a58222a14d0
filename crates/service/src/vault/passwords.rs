//! Hashing and verifying passwords with argon2id, a few at a time, on threads made for blocking.
//!
//! One verification takes tens of milliseconds and 19 MiB on purpose. The bound keeps a flood of logins from taking
//! the memory and the processors that consensus needs, and what room there is is not the strangers' alone: whoever is known
//! waits for one job of theirs per processor at most, however many come.

use std::sync::Arc;

use aliasd_catalog::{PasswordHash, PlainSecret};
use aliasd_runtime::SharedRuntime;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use super::VaultError;

/// Bytes of a salt, as RFC 9106 recommends.
const SALT_LENGTH: usize = 16;

/// Callers that may wait for their turn in one room. More are told to come again.
pub(super) const WAITING_MAX: usize = 128;

/// For whom a password is hashed or verified. Each has a waiting room of its own, so that none keeps out another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Somebody who has proved nothing yet. All of them together get half of the processors, and one job at least.
    Stranger,
    /// Somebody who is known: by a certificate, by having logged in from there before, or as a caller who asks about another.
    Known,
    /// A statement that sets a password, whose caller may do so.
    Statement,
}

/// What it takes to hash one password with argon2id, and so to guess at one whose hash was stolen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashingCost {
    memory_kib: u32,
    passes: u32,
}

impl HashingCost {
    /// 19 MiB, two passes, one lane: the first choice of the OWASP password storage cheat sheet.
    pub const RECOMMENDED: Self = Self { memory_kib: 19 * 1024, passes: 2 };

    /// The least that argon2id takes, for passwords that nobody has to guess at: those of a simulation.
    pub const LEAST: Self = Self { memory_kib: Params::MIN_M_COST, passes: Params::MIN_T_COST };
}

/// The pool. Cheap to clone; clones share the bound.
#[derive(Clone, Debug)]
pub struct Passwords {
    runtime: SharedRuntime,
    cost: HashingCost,
    running: Arc<Semaphore>,
    strangers: Room,
    known: Room,
    statements: Room,
}

/// Where the callers of one purpose wait.
#[derive(Clone, Debug)]
struct Room {
    admitted: Arc<Semaphore>,
    /// Those of them that run, or are next for a processor: the others let other purposes go before them.
    in_turn: Arc<Semaphore>,
}

impl Room {
    fn new(at_once: usize) -> Self {
        Self { admitted: Arc::new(Semaphore::new(at_once + WAITING_MAX)), in_turn: Arc::new(Semaphore::new(at_once)) }
    }
}

impl Passwords {
    pub(super) fn new(runtime: SharedRuntime, cost: HashingCost) -> Self {
        // At least one processor stays free where there is more than one.
        let running = runtime.processors().saturating_sub(1).max(1);
        Self::with_processors(runtime, cost, running)
    }

    pub(super) fn with_processors(runtime: SharedRuntime, cost: HashingCost, running: usize) -> Self {
        Self {
            runtime,
            cost,
            running: Arc::new(Semaphore::new(running)),
            strangers: Room::new((running / 2).max(1)),
            known: Room::new(running),
            statements: Room::new(running),
        }
    }

    /// Hashes a password with a new random salt.
    ///
    /// # Errors
    /// Too many callers.
    pub async fn hash(&self, password: PlainSecret) -> Result<PasswordHash, VaultError> {
        let pool = self.clone();
        self.run(Purpose::Statement, move || pool.hash_here(&password)).await?
    }

    /// As [`Passwords::hash`], on the thread of the caller, whose turn it is.
    pub(super) fn hash_here(&self, password: &PlainSecret) -> Result<PasswordHash, VaultError> {
        let salt: [u8; SALT_LENGTH] = self.runtime.random_bytes();
        let hash = argon2id(self.cost).hash_password_with_salt(password.expose().as_bytes(), &salt);
        let hash = hash.map_err(|error| VaultError::NotHashed(error.into()))?;
        Ok(PasswordHash::new(hash.to_string()))
    }

    /// Whether that is the password. `already` is asked once more when it is this caller's turn: if somebody has
    /// verified the same meanwhile, the work is spared.
    ///
    /// # Errors
    /// Too many callers.
    pub(crate) async fn verify(
        &self,
        purpose: Purpose,
        password: PlainSecret,
        expected: PasswordHash,
        already: impl Fn() -> bool + Send + 'static,
    ) -> Result<bool, VaultError> {
        self.run(purpose, move || already() || verify(&password, &expected)).await
    }

    /// Runs something long in the pool.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        purpose: Purpose,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, VaultError> {
        let Room { admitted, in_turn } = match purpose {
            Purpose::Stranger => &self.strangers,
            Purpose::Known => &self.known,
            Purpose::Statement => &self.statements,
        };
        let _admitted = admitted.try_acquire().map_err(|_| VaultError::Busy)?;
        let in_turn = Arc::clone(in_turn).acquire_owned().await.expect("nobody closes the semaphore");
        let running = Arc::clone(&self.running).acquire_owned().await.expect("nobody closes the semaphore");
        let worker = self.runtime.blocking(move || {
            // Held by the work, not by the caller: one who goes away does not make room.
            let _running = (in_turn, running);
            work()
        });
        // It fails only if the work panics or the runtime ends, and then nobody waits for the answer.
        worker.await.map_err(|error| VaultError::NotHashed(error.into()))
    }
}

/// The cost is read from the hash, so that hashes made with other parameters stay good. The comparison takes the same time
/// wherever the two differ.
pub(super) fn verify(password: &PlainSecret, expected: &PasswordHash) -> bool {
    let any = argon2id(HashingCost::RECOMMENDED);
    any.verify_password(password.expose().as_bytes(), expected.as_phc()).is_ok()
}

fn argon2id(HashingCost { memory_kib, passes }: HashingCost) -> Argon2<'static> {
    let parameters = Params::new(memory_kib, passes, 1, None).expect("either cost is within the bounds of argon2");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
}
