//! A running node: what is started, in which order, and how it ends.
//!
//! Start: keys, certificates, replica, listener for members, listener for clients, HTTP. Whoever connects before a part is
//! ready is refused rather than kept waiting. End: not ready, leadership handed on, running calls ended within a bound,
//! replica closed.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::admission::ConnectionLimits;
use crate::config::{Config, NodeConfig, SecretFiles, SettingError, listen_hint};
use crate::descriptors::{self, TooFewDescriptorsError};
use crate::formation;
use crate::observe;
use crate::observe::metrics::Metrics;
use crate::replica;
use crate::serve::{serve_clients, serve_peers};
use crate::tls::{self, NotLoopbackError, Tls, TlsError};
use aliasd_catalog::error_chain;
use aliasd_replica::{Replica, STORAGE_DESCRIPTORS_MAX, StartError, StopReason, StorageFault};
use aliasd_runtime::{SharedRuntime, TokioRuntime};
use aliasd_service::counters::SharedCounters;
use aliasd_service::identity::Identity;
use aliasd_service::vault::{HashingCost, Vault, VaultError};
use aliasd_service::{Operate, Parts, UseCases};

/// How long the listener for members may take to end: its streams never end by themselves.
const PEERS_END_WITHIN: Duration = Duration::from_millis(200);

/// Connections of other members, each of which has a few.
const PEER_LIMITS: ConnectionLimits = ConnectionLimits {
    connections_max: descriptors::PEER_CONNECTIONS_MAX,
    connections_per_address_max: descriptors::PEER_CONNECTIONS_MAX / 4,
    certified_only: 0,
    handshakes_max: 64,
    handshakes_per_address_max: 16,
};

/// Connections to the HTTP port, which last seconds.
const HTTP_LIMITS: ConnectionLimits = ConnectionLimits {
    connections_max: descriptors::HTTP_CONNECTIONS_MAX,
    connections_per_address_max: descriptors::HTTP_CONNECTIONS_MAX / 2,
    certified_only: 0,
    handshakes_max: 0,
    handshakes_per_address_max: 0,
};

/// Why a node did not start. The message names the setting at fault where there is one.
#[derive(Debug, thiserror::Error)]
pub enum NodeStartError {
    /// A file that a setting names can be read or changed by others, or is not what the setting says.
    #[error(transparent)]
    Setting(SettingError),
    /// The keystore cannot be used.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Clients would be served without TLS to everybody.
    #[error(transparent)]
    Plaintext(#[from] NotLoopbackError),
    /// The log or the catalog cannot be used.
    #[error(transparent)]
    Replica(#[from] StartError),
    /// The system grants too few file descriptors.
    #[error(transparent)]
    Descriptors(#[from] TooFewDescriptorsError),
    /// The token that proves who may form a cluster cannot be written down, or removed where there is a cluster.
    #[error("node.data_dir: the formation token cannot be written or removed in {}", directory.display())]
    Formation {
        /// The data directory.
        directory: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An address cannot be listened at.
    #[error("{setting}: cannot listen at {address}")]
    Listen {
        /// The setting at fault.
        setting: &'static str,
        /// The address as configured, with port 0 where the system should choose.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// Why files that are read again are not used.
#[derive(Debug, thiserror::Error)]
enum ReloadError {
    /// Others can read or change a file with a secret.
    #[error(transparent)]
    Exposed(SettingError),
    /// The certificates are of no use.
    #[error(transparent)]
    Tls(TlsError),
    /// The keystore is of no use.
    #[error(transparent)]
    Vault(VaultError),
}

impl ReloadError {
    /// The way out, where there is one to name.
    fn hint(&self) -> Option<&str> {
        match self {
            Self::Exposed(error) => Some(&error.hint),
            Self::Tls(error) => error.kind.hint(),
            Self::Vault(error) => error.hint(),
        }
    }
}

/// Why a node ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum NodeRunError {
    /// The replica cannot go on.
    #[error("the node has stopped")]
    Replica(#[source] StopReason),
    /// A listener ended.
    #[error("the listener of {setting} has ended")]
    Listener {
        /// The setting that names its address.
        setting: &'static str,
        /// What happened; nothing if it was closed.
        source: Option<ServeError>,
    },
}

/// Why a listener cannot go on: of HTTP, of gRPC, or of its task.
type ServeError = Box<dyn Error + Send + Sync>;

/// Where a node is reached: the configured addresses, with the ports that the system chose in place of 0.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// For clients.
    pub client: SocketAddr,
    /// For other members.
    pub peer: SocketAddr,
    /// For metrics and health.
    pub http: SocketAddr,
}

/// A running node.
pub struct Node {
    replica: Replica,
    operate: Operate,
    vault: Arc<Vault>,
    tls: Arc<Tls>,
    secret_files: SecretFiles,
    addresses: Addresses,
    shutdown_timeout: Duration,
    clients: Listener,
    peers: Listener,
    http: Listener,
}

/// A listener that is served by a task of its own.
struct Listener {
    setting: &'static str,
    stop: CancellationToken,
    task: JoinHandle<Result<(), ServeError>>,
}

impl NodeRunError {
    /// The way out, where there is one to name.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Replica(reason) => reason.hint(),
            Self::Listener { .. } => None,
        }
    }
}

impl NodeStartError {
    /// Whether the configuration is at fault, rather than the machine or the data.
    pub fn is_configuration(&self) -> bool {
        let misconfigured = matches!(self, Self::Setting(_) | Self::Vault(_) | Self::Tls(_) | Self::Plaintext(_));
        misconfigured || matches!(self, Self::Replica(StartError::JoinToken(_)))
    }

    /// The way out, where there is one to name.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Setting(error) => Some(error.hint.clone()),
            Self::Vault(error) => error.hint().map(str::to_owned),
            Self::Listen { source, .. } => Some(listen_hint(source.kind()).to_owned()),
            Self::Replica(error) => error.hint(),
            Self::Tls(error) => error.kind.hint().map(str::to_owned),
            Self::Descriptors(error) => Some(error.hint()),
            Self::Formation { .. } => Some("let the user of aliasd write to the directory".to_owned()),
            Self::Plaintext(_) => None,
        }
    }
}

impl Node {
    /// Starts a node, which joins a cluster if it belongs to none and has a join token. Logging has been set up by then.
    ///
    /// # Errors
    /// A part does not start. What was started before it is stopped again.
    pub async fn start(config: &Config) -> Result<Self, NodeStartError> {
        let clients = client_limits(&config.node)?;
        let runtime: SharedRuntime = Arc::new(TokioRuntime::current());
        let vault = Vault::load(&config.keystore, Arc::clone(&runtime), HashingCost::RECOMMENDED)?;
        let vault = Arc::new(vault);
        let tls = Arc::new(Tls::load(&config.tls, config.node.id.get())?);
        // A file that is no key at all is the wrong one, whoever can read it.
        if let Some(exposed) = config.exposed_files().into_iter().next() {
            return Err(NodeStartError::Setting(exposed));
        }
        tls.each_out_of_time(say_out_of_time);
        let identity = Identity::new(Arc::clone(&vault), Arc::clone(&runtime), config.node.failed_logins).await?;
        let replica = replica::start(config, &tls, Arc::clone(&runtime)).await?;
        let metrics = Arc::new(Metrics::new());
        let formation = match formation::token(&replica, &*runtime, &config.node.data_dir) {
            Ok(formation) => formation,
            Err(source) => {
                let _ = replica.shutdown().await;
                return Err(NodeStartError::Formation { directory: config.node.data_dir.clone(), source });
            }
        };
        let use_cases = UseCases::new(Parts {
            runtime: Arc::clone(&runtime),
            replica: replica.clone(),
            vault: Arc::clone(&vault),
            identity,
            formation,
            counters: Arc::clone(&metrics) as SharedCounters,
            max_staleness: config.cluster.max_staleness,
            policy: config.cluster.policy,
            advertised: config.node.advertised(),
        });
        use_cases.operate.report_policy_differences();
        use_cases.operate.use_certificates(tls.ends());
        match listen(config, clients, (vault, tls), &replica, (use_cases, runtime), metrics).await {
            Ok(node) => Ok(node),
            Err(failure) => {
                // Nothing was acknowledged yet, so what fails here loses nothing.
                let _ = replica.shutdown().await;
                Err(failure)
            }
        }
    }

    /// What its operator can do.
    pub fn operate(&self) -> &Operate {
        &self.operate
    }

    /// Where it is reached.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Reads certificates and keystore again, and asks of the files what a start asks of them. What cannot be used is said in
    /// the log, and what was read before stays in use; connections that are open stay open.
    pub async fn reload(&self) {
        let (tls, vault, files) = (Arc::clone(&self.tls), Arc::clone(&self.vault), self.secret_files.clone());
        // Keystores are slow to open on purpose.
        let read = move || {
            let certificates = match files.exposed_keys().next() {
                Some(exposed) => Err(ReloadError::Exposed(exposed)),
                None => tls.reload().map_err(ReloadError::Tls),
            };
            let keys = match files.exposed_keystore() {
                Some(exposed) => Err(ReloadError::Exposed(exposed)),
                None => vault.reload().map_err(ReloadError::Vault),
            };
            (certificates, keys)
        };
        let read = tokio::task::spawn_blocking(read).await;
        let (certificates, keys) = match read {
            Ok(read) => read,
            Err(error) => return tracing::error!(error = error_chain(&error), "nothing was read again"),
        };
        match certificates {
            Ok(()) => {
                self.operate.use_certificates(self.tls.ends());
                self.tls.each_out_of_time(say_out_of_time);
                tracing::info!("the certificates were read again");
            }
            Err(error) => {
                let (error, hint) = (error_chain(&error), error.hint());
                tracing::error!(error, hint, "the certificates cannot be read again; the ones before stay in use");
            }
        }
        match keys {
            Ok(keys) => tracing::info!(keys = keys.len(), "the keystore was read again"),
            Err(error) => {
                let (error, hint) = (error_chain(&error), error.hint());
                tracing::error!(error, hint, "the keystore cannot be read again; the keys before stay in use");
            }
        }
    }

    /// Resolves when the node cannot go on.
    pub async fn failed(&mut self) -> NodeRunError {
        tokio::select! {
            reason = self.replica.stopped() => NodeRunError::Replica(reason),
            failure = self.clients.failed() => failure,
            failure = self.peers.failed() => failure,
            failure = self.http.failed() => failure,
        }
    }

    /// Ends the node: nobody is served any more, the leadership is handed on, running calls may end within
    /// `node.shutdown_timeout`, log and catalog are closed.
    ///
    /// # Errors
    /// Log or catalog could not be closed cleanly. What was acknowledged is safe all the same.
    pub async fn stop(self) -> Result<(), StorageFault> {
        tracing::info!("the node stops");
        self.operate.stop();
        self.operate.hand_over_leadership().await;
        self.clients.end(self.shutdown_timeout).await;
        self.peers.end(PEERS_END_WITHIN).await;
        let closed = self.replica.shutdown().await;
        self.http.end(PEERS_END_WITHIN).await;
        tracing::info!("the node has stopped");
        closed
    }
}

fn say_out_of_time(fault: &TlsError) {
    tracing::warn!(
        error = error_chain(fault),
        hint = fault.kind.hint(),
        "a certificate is used that others refuse now"
    );
}

async fn listen(
    config: &Config,
    limits: ConnectionLimits,
    (vault, tls): (Arc<Vault>, Arc<Tls>),
    replica: &Replica,
    (use_cases, runtime): (UseCases, SharedRuntime),
    metrics: Arc<Metrics>,
) -> Result<Node, NodeStartError> {
    let node = &config.node;
    let (peers, peer) = bind("node.peer_listen", node.peer_listen).await?;
    let (clients, client) = bind("node.client_listen", node.client_listen).await?;
    let (web, http) = bind("node.http_listen", node.http_listen).await?;
    let incoming = if node.insecure_plaintext {
        tls::clients_in_clear(clients, limits, node.authentication_timeout)?
    } else {
        tls::clients(clients, limits, node.authentication_timeout, Arc::clone(&tls))
    };
    let peers = {
        let (replica, departing) = (replica.clone(), replica.clone());
        let removed = move |node| departing.removed(node).boxed();
        let incoming = tls::peers(peers, PEER_LIMITS, Arc::clone(&tls), removed);
        Listener::serve("node.peer_listen", |stop| {
            async move { Ok(serve_peers(&replica, incoming, stop).await?) }.boxed()
        })
    };
    let operate = use_cases.operate.clone();
    let clients = {
        let metrics = Arc::clone(&metrics);
        Listener::serve("node.client_listen", |stop| {
            let served = serve_clients(use_cases, runtime, metrics, incoming, stop);
            async move { Ok(served.await?) }.boxed()
        })
    };
    let web = {
        let operate = operate.clone();
        Listener::serve("node.http_listen", |stop| {
            let served = observe::http::serve(web, HTTP_LIMITS, operate, metrics, stop);
            async move {
                served.await;
                Ok(())
            }
            .boxed()
        })
    };
    let addresses = Addresses { client, peer, http };
    tracing::info!(node = node.id, %client, %peer, %http, cluster = config.cluster.name, "the node serves");
    let (replica, shutdown_timeout) = (replica.clone(), node.shutdown_timeout);
    let secret_files = config.secret_files();
    Ok(Node { replica, operate, vault, tls, secret_files, addresses, shutdown_timeout, clients, peers, http: web })
}

/// How many connections clients get of what is granted. Says so if that is less than configured.
fn client_limits(node: &NodeConfig) -> Result<ConnectionLimits, TooFewDescriptorsError> {
    let configured = |setting: NonZeroU64| usize::try_from(setting.get()).unwrap_or(usize::MAX);
    let (granted, wanted) = (descriptors::granted(), configured(node.client_connections_max));
    let connections_max = descriptors::for_clients(granted, STORAGE_DESCRIPTORS_MAX, wanted)?;
    let per_address = configured(node.client_connections_per_address_max);
    if connections_max < wanted {
        tracing::warn!(
            setting = "node.client_connections_max",
            configured = wanted,
            used = connections_max,
            granted,
            "fewer connections are held than configured, because the system grants this process too few files: raise \
             LimitNOFILE in the systemd unit, or `ulimit -n`"
        );
    }
    Ok(ConnectionLimits {
        connections_max,
        // The same part of what is left.
        connections_per_address_max: (per_address.saturating_mul(connections_max) / wanted).max(1),
        certified_only: if node.insecure_plaintext { 0 } else { connections_max / 8 },
        handshakes_max: 256,
        handshakes_per_address_max: 64,
    })
}

async fn bind(setting: &'static str, address: SocketAddr) -> Result<(TcpListener, SocketAddr), NodeStartError> {
    let bound = async {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    bound.await.map_err(|source: io::Error| NodeStartError::Listen { setting, address, source })
}

// === impl Listener ===

impl Listener {
    fn serve(
        setting: &'static str,
        serve: impl FnOnce(CancellationToken) -> BoxFuture<'static, Result<(), ServeError>>,
    ) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(serve(stop.clone()));
        Self { setting, stop, task }
    }

    async fn failed(&mut self) -> NodeRunError {
        let source = match (&mut self.task).await {
            Ok(served) => served.err(),
            Err(error) => Some(error.into()),
        };
        NodeRunError::Listener { setting: self.setting, source }
    }

    /// Takes no more connections, and lets the open ones end within a bound.
    async fn end(mut self, within: Duration) {
        self.stop.cancel();
        if !self.task.is_finished() && tokio::time::timeout(within, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}
