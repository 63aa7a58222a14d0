//! What a caller may do, and doing it: decisions on catalog types, without protobuf.
//!
//! A [`Session`] is the node's view of itself that all calls share: the replica to read and propose, the vault to seal and
//! open, and who may do what. It never sees a socket, and no secret in clear outlives the call that brought or asked it.
//!
//! # Life of a call
//!
//! 1. The table in [`access`] says how the caller must be known, and the caller is authenticated.
//! 2. A write (`write`): courtesy check, seal, propose here or hand to the leader, wait until it shows here.
//! 3. A read takes a view that is fresh enough (`freshness`) and answers from it, without a lock.

pub mod access;
mod account;
mod authenticate;
mod execute;
mod fault;
mod form;
mod freshness;
pub mod identity;
mod lead;
pub mod metrics;
mod policy;
mod resolve;
mod status;
pub mod vault;
pub mod watch;
mod write;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aliasd_catalog::{Command, PasswordHash, Plain, Policy, Principal, Rejection, Revision, Sealed, UserName};
use aliasd_wire::error::Error;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

pub use self::account::{Effective, Explained, Standing};
pub use self::execute::{Answer, Executed, Listed, Statement};
pub use self::fault::{Fault, FaultCode};
pub use self::form::{Formation, Formed};
pub use self::resolve::Resolved;
pub use self::write::Written;
use crate::identity::Identity;
use crate::metrics::Metrics;
use crate::vault::{Seal, Vault, VaultError};
use aliasd_replica::Replica;

/// What all calls of a node share.
pub struct Session {
    replica: Replica,
    vault: Arc<Vault>,
    identity: Identity,
    metrics: Metrics,
    /// How long LOCAL reads are served without news of a leader.
    max_staleness: Duration,
    /// The policy of a cluster that this node forms.
    policy: Policy,
    started_at: SystemTime,
    /// Bounds the listings that run at once.
    listings: Arc<Semaphore>,
    /// Cancelled when the node begins to stop.
    stopping: CancellationToken,
}

/// What a session is made of.
pub struct Parts {
    /// This member's copy of the catalog.
    pub replica: Replica,
    /// The keys.
    pub vault: Arc<Vault>,
    /// Proofs of identity.
    pub identity: Identity,
    /// How long LOCAL reads are served without news of a leader.
    pub max_staleness: Duration,
    /// What the catalog decides by in a cluster that this node forms.
    pub policy: Policy,
}

impl Session {
    /// A session that serves at once.
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts { replica, vault, identity, max_staleness, policy } = parts;
        Arc::new(Self {
            replica,
            vault,
            identity,
            metrics: Metrics::new(),
            max_staleness,
            policy,
            started_at: SystemTime::now(),
            listings: Arc::new(Semaphore::new(execute::LISTINGS_MAX)),
            stopping: CancellationToken::new(),
        })
    }

    /// What the node counts.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// This member's copy of the catalog.
    pub fn replica(&self) -> &Replica {
        &self.replica
    }

    /// The keys that this node holds.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// When the node started, by its clock.
    pub fn started_at(&self) -> SystemTime {
        self.started_at
    }

    /// From now on every new call but those about the node itself is refused, and watches end.
    pub fn stop(&self) {
        self.stopping.cancel();
    }

    /// Seals what a command brought in clear, for the cluster as this member knows it.
    async fn seal(&self, actor: &Principal, command: Command<Plain>) -> Result<Command<Sealed>, Error> {
        let present = self.present_password(actor, &command)?;
        let seal = match &command {
            Command::Bootstrap(bootstrap) => Seal { cluster: bootstrap.cluster_id, key: bootstrap.active_key },
            _ => {
                let view = self.replica.view();
                let meta = view.catalog.meta().ok_or(Fault::CatchingUp {})?;
                Seal { cluster: meta.cluster_id, key: meta.active_key }
            }
        };
        self.vault.seal_command(command, seal, present).await.map_err(|error| self.vault_fault(&error))
    }

    /// The password of the user whom a command that brings a password is about, and the revision of the credentials: the
    /// catalog refuses what was found out about it if they have changed by the time the command takes effect.
    fn present_password(
        &self,
        actor: &Principal,
        command: &Command<Plain>,
    ) -> Result<Option<(PasswordHash, Revision)>, Error> {
        let view = self.replica.view();
        let present = |name: &UserName| {
            let user = view.catalog.user(name.as_str())?;
            Some((user.password.clone()?, user.credential_revision))
        };
        match (command, actor) {
            (Command::AlterUser(alter), _) => Ok(present(&alter.name)),
            (Command::ChangeOwnPassword { .. }, Principal::User(name)) => match present(name) {
                None => Err(Error::from(&Rejection::NoPassword { name: name.to_string() })),
                present => Ok(present),
            },
            _ => Ok(None),
        }
    }

    fn vault_fault(&self, error: &VaultError) -> Error {
        match error {
            VaultError::Busy => Fault::LoginBusy {}.into(),
            VaultError::WrongPassword => Fault::WrongCredentials {}.into(),
            VaultError::KeyMissing { .. } => self.not_serving().unwrap_or(Fault::CatchingUp {}).into(),
            _ => {
                tracing::error!(%error, "a secret could not be sealed");
                Error::bug("the node could not seal a secret; its log says why")
            }
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("vault", &self.vault).finish_non_exhaustive()
    }
}

/// Random bytes for ids.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives random bytes, as it did when the keys were made");
    bytes
}
