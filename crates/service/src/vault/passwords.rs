//! Hashing and verifying passwords with argon2id, a few at a time, on threads made for blocking.
//!
//! One verification takes tens of milliseconds and 19 MiB on purpose. The bound keeps a flood of logins from taking
//! the memory and the processors that consensus needs.

use std::sync::Arc;
use std::thread;

use aliasd_catalog::{PasswordHash, PlainSecret};
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use super::VaultError;

/// Callers that may wait for their turn. More are told to come again.
pub(super) const WAITING_MAX: usize = 256;

/// The pool. Cheap to clone; clones share the bound.
#[derive(Clone, Debug)]
pub struct Passwords {
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        // At least one processor stays free where there is more than one.
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let running = processors.saturating_sub(1).max(1);
        Self { running: Arc::new(Semaphore::new(running)), admitted: Arc::new(Semaphore::new(running + WAITING_MAX)) }
    }
}

impl Passwords {
    /// Hashes a password with a new random salt.
    ///
    /// # Errors
    /// Too many callers, or no random bytes.
    pub async fn hash(&self, password: PlainSecret) -> Result<PasswordHash, VaultError> {
        self.run(move || hash(&password)).await?
    }

    /// Whether that is the password. `already` is asked once more when it is this caller's turn: if somebody has
    /// verified the same meanwhile, the work is spared.
    ///
    /// # Errors
    /// Too many callers.
    pub(crate) async fn verify(
        &self,
        password: PlainSecret,
        expected: PasswordHash,
        already: impl Fn() -> bool + Send + 'static,
    ) -> Result<bool, VaultError> {
        self.run(move || already() || verify(&password, &expected)).await
    }

    /// Runs something long in the pool.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, VaultError> {
        let _admitted = self.admitted.try_acquire().map_err(|_| VaultError::Busy)?;
        let running = Arc::clone(&self.running).acquire_owned().await.expect("nobody closes the semaphore");
        let worker = tokio::task::spawn_blocking(move || {
            // Held by the work, not by the caller: one who goes away does not make room.
            let _running = running;
            work()
        });
        // It fails only if the work panics or the runtime ends, and then nobody waits for the answer.
        worker.await.map_err(|error| VaultError::NotHashed(error.into()))
    }
}

pub(super) fn hash(password: &PlainSecret) -> Result<PasswordHash, VaultError> {
    let hash = argon2id().hash_password(password.expose().as_bytes());
    let hash = hash.map_err(|error| VaultError::NotHashed(error.into()))?;
    Ok(PasswordHash::new(hash.to_string()))
}

/// The cost is read from the hash, so that hashes made with other parameters stay good. The comparison takes the same time
/// wherever the two differ.
pub(super) fn verify(password: &PlainSecret, expected: &PasswordHash) -> bool {
    argon2id().verify_password(password.expose().as_bytes(), expected.as_phc()).is_ok()
}

/// 19 MiB, two passes, one lane: the first choice of the OWASP password storage cheat sheet.
fn argon2id() -> Argon2<'static> {
    let parameters = Params::new(19 * 1024, 2, 1, None).expect("the parameters are within the bounds of argon2");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
}
