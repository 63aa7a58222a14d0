//! A node on a simulated machine: replica, keys, use cases and interface, as the daemon puts them together.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aliasd_api::{Interface, Observer};
use aliasd_catalog::{PlainSecret, Policy};
use aliasd_keyring::keystore::Keystore;
use aliasd_replica::{Replica, ReplicaOptions};
use aliasd_runtime::SharedRuntime;
use aliasd_service::counters::{Counted, Counters};
use aliasd_service::identity::{Identity, LoginLimits};
use aliasd_service::operate::Advertised;
use aliasd_service::vault::{HashingCost, KeystoreSettings, Vault};
use aliasd_service::{Parts, UseCases};
use anyhow::{Context, Result};
use tokio_util::sync::CancellationToken;

use crate::network::client::Served;

/// How old the state may be that LOCAL and AT_LEAST reads are answered from, by the clock of the member.
pub const STALENESS_MAX: Duration = Duration::from_secs(4);

/// Wrong passwords are no fault here: clients guess which is the present one.
const LOGINS: LoginLimits = LoginLimits { per_address: 1_000_000, per_user: 1_000_000 };

/// A node that serves.
pub(super) struct Started {
    pub(super) replica: Replica,
    pub(super) served: Served,
}

/// Nobody reads metrics.
#[derive(Debug)]
struct Uncounted;

impl Observer for Uncounted {
    fn answered(&self, _call: &'static str, _grpc_status: &str, _took: Duration) {}
    fn leader_changed(&self) {}
}

impl Counters for Uncounted {
    fn count(&self, _what: Counted, _code: &'static str) {}
    fn watch_begins(&self) {}
    fn watch_ends(&self) {}
}

/// Keystores are slow to open on purpose, so all nodes of all runs share one; its key is drawn anew for each process.
fn keystore() -> Result<&'static (KeystoreSettings, Keystore)> {
    static KEYSTORE: OnceLock<Result<(KeystoreSettings, Keystore), String>> = OnceLock::new();
    let made = KEYSTORE.get_or_init(|| {
        let make = || -> Result<_> {
            let directory = tempfile::tempdir()?;
            let path = directory.path().join("keystore.p12");
            let password = PlainSecret::new("keystore-password".to_owned());
            Keystore::create(&path, password.expose(), "aesKey")?;
            let keystore = Keystore::open(&path, password.expose())?;
            Ok((KeystoreSettings { path, password, key_name: "aesKey".to_owned() }, keystore))
        };
        make().map_err(|error| format!("{error:#}"))
    });
    made.as_ref().map_err(|error| anyhow::anyhow!("no keystore: {error}"))
}

/// The keys of every node.
///
/// # Errors
/// There is no place for a temporary file.
pub(super) fn vault(runtime: &SharedRuntime) -> Result<Arc<Vault>> {
    let (settings, keystore) = keystore()?;
    let vault = Vault::with_keystore(keystore, settings, Arc::clone(runtime), HashingCost::LEAST);
    Ok(Arc::new(vault.context("the keystore")?))
}

/// Starts a node.
///
/// # Errors
/// Its log or catalog cannot be used.
pub(super) async fn start(options: ReplicaOptions) -> Result<Started> {
    let runtime = Arc::clone(&options.runtime);
    let vault = vault(&runtime)?;
    let identity = Identity::new(Arc::clone(&vault), Arc::clone(&runtime), LOGINS).await?;
    let replica = Replica::start(options).await?;
    let use_cases = UseCases::new(Parts {
        runtime: Arc::clone(&runtime),
        replica: replica.clone(),
        vault,
        identity,
        formation: None,
        counters: Arc::new(Uncounted),
        max_staleness: STALENESS_MAX,
        policy: Policy::default(),
        advertised: Advertised::default(),
    });
    let interface = Interface::new(use_cases, &runtime, Arc::new(Uncounted), CancellationToken::new());
    Ok(Started { replica, served: interface.into_service() })
}
