//! Accepting drivers, a task for each, and the end of all of them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aliasd_client::error_chain;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep, timeout};

use crate::config::{Config, ConfigError};
use crate::gateway::Gateway;
use crate::materials::Materials;
use crate::session;

/// How often connections are closed that nobody uses.
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);
/// How long to wait before accepting again after the system refused, most likely for want of file descriptors.
const REFUSED_PAUSE: Duration = Duration::from_millis(100);
/// At most one line in so long says that somebody was turned away.
const REFUSALS_SAID_EVERY: Duration = Duration::from_secs(10);

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    /// A file that the configuration names cannot be used.
    #[error("files cannot be used")]
    Files(#[source] ConfigError),
    /// The address is taken, or not this machine's.
    #[error("gateway.listen: cannot listen at {address}")]
    Listen {
        /// The address of the configuration.
        address: SocketAddr,
        source: std::io::Error,
    },
    /// The system delivers no signals.
    #[error("signals cannot be received")]
    Signals(#[source] std::io::Error),
}

/// Serves until SIGTERM or SIGINT, and then until the transactions that run have ended, for a while.
pub(crate) async fn run(config: &Config) -> Result<(), StartError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(StartError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(StartError::Signals)?;
    let materials = Materials::load(config).map_err(StartError::Files)?;
    let failed = |source| StartError::Listen { address: config.listen, source };
    let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let gateway = Arc::new(Gateway::new(config, materials, address));
    tracing::info!(%address, tls = gateway.tls.is_some(), "drivers are served");
    tokio::spawn(introduce(Arc::clone(&gateway)));
    let (stop, stopping) = watch::channel(false);
    let mut sessions = JoinSet::new();
    accept(&listener, config, &gateway, &stopping, &mut sessions, &mut terminate, &mut interrupt).await;
    drop(listener);
    tracing::info!(sessions = sessions.len(), "told to stop: no more drivers are served");
    stop.send_replace(true);
    let ended = async { while sessions.join_next().await.is_some() {} };
    tokio::select! {
        ended = timeout(config.shutdown_timeout, ended) => {
            if ended.is_err() {
                tracing::warn!("transactions that have not ended in time are rolled back");
            }
        }
        _ = terminate.recv() => tracing::warn!("told to stop a second time: transactions are rolled back"),
        _ = interrupt.recv() => tracing::warn!("told to stop a second time: transactions are rolled back"),
    }
    Ok(())
}

/// Accepts until a signal comes.
async fn accept(
    listener: &TcpListener,
    config: &Config,
    gateway: &Arc<Gateway>,
    stopping: &watch::Receiver<bool>,
    sessions: &mut JoinSet<()>,
    terminate: &mut Signal,
    interrupt: &mut Signal,
) {
    let mut sweep = interval(SWEEP_INTERVAL);
    let mut said: Option<tokio::time::Instant> = None;
    loop {
        tokio::select! {
            _ = terminate.recv() => return,
            _ = interrupt.recv() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) if sessions.len() < config.connections_max => {
                    serve(stream, peer, gateway, stopping, sessions);
                }
                Ok((_, peer)) => {
                    if said.is_none_or(|said| said.elapsed() >= REFUSALS_SAID_EVERY) {
                        let max = config.connections_max;
                        tracing::warn!(%peer, max, "a driver is turned away: gateway.connections_max is reached");
                        said = Some(tokio::time::Instant::now());
                    }
                }
                Err(error) => {
                    tracing::warn!(error = error_chain(&error), "a connection cannot be accepted");
                    sleep(REFUSED_PAUSE).await;
                }
            },
            ended = sessions.join_next(), if !sessions.is_empty() => {
                if let Some(Err(error)) = ended {
                    tracing::error!(error = error_chain(&error), "a session has ended in a fault of this program");
                }
            }
            _ = sweep.tick() => gateway.pool.sweep(),
        }
    }
}

fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    gateway: &Arc<Gateway>,
    stopping: &watch::Receiver<bool>,
    sessions: &mut JoinSet<()>,
) {
    sessions.spawn(session::serve(stream, peer, Arc::clone(gateway), stopping.clone()));
}

/// Says in the log whether the cluster knows the gateway, which serves in either case: the cluster may come later.
async fn introduce(gateway: Arc<Gateway>) {
    match gateway.client.who_am_i().await {
        Ok(known) => tracing::info!(user = known.user, "the cluster knows the gateway"),
        Err(error) => {
            let (code, hint) = (&error.code, &error.hint);
            tracing::warn!(code, hint, "the cluster does not take the gateway's login, or cannot be reached: {error}");
        }
    }
}
