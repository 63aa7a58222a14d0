//! The configuration of a node: one TOML file with the environment laid over it, parsed into validated types.
//!
//! A [`Config`] exists only if every setting is well-formed and the settings agree with one another. Whether the
//! machine agrees too, [`Config::check`] says. Nothing here is global: whoever needs a setting is handed it. No secret
//! reaches an error or a `Debug`.

mod check;
mod error;
mod expand;
mod join_token;
mod keys;
mod private;
mod reader;
mod reference;
mod schema;
mod source;
mod stored;
mod system;
#[cfg(test)]
mod tests;
mod value;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aliasd_catalog::Policy;
use aliasd_service::identity::LoginLimits;
use aliasd_service::operate::Advertised;
use aliasd_service::vault::KeystoreSettings;

use crate::tls::TlsSettings;

pub use self::check::{Diagnostic, Severity};
pub use self::error::{ConfigError, Origin, SettingError};
pub use self::private::SecretFiles;
pub use self::reference::reference;
pub use self::schema::DEFAULT_FILE;
pub(crate) use self::system::{listen_hint, require_log_file};

/// What to do with values of the form `$(command)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commands {
    /// They are an error.
    Refuse,
    /// They run, if the file's mode and owner allow it.
    Run,
    /// They do not run; a well-formed value is taken in their place. For judging a file on another machine.
    Assume,
}

/// A whole configuration, well-formed and consistent.
#[derive(Clone, Debug)]
pub struct Config {
    /// What is the same on every node.
    pub cluster: ClusterConfig,
    /// What belongs to this node.
    pub node: NodeConfig,
    /// Certificates.
    pub tls: TlsSettings,
    /// The file with the keys.
    pub keystore: KeystoreSettings,
    /// Logging.
    pub log: LogConfig,
}

/// `[cluster]`.
#[derive(Clone, Debug)]
pub struct ClusterConfig {
    /// The cluster's name, for people.
    pub name: String,
    /// How long LOCAL reads are served without news of a leader.
    pub max_staleness: Duration,
    /// What the catalog decides by; read when the cluster is formed, and part of the log from then on.
    pub policy: Policy,
    /// How often a leader shows that it is there.
    pub heartbeat_interval: Duration,
    /// The shortest wait for an election after a silence of `election_timeout_max`; at least three heartbeats.
    pub election_timeout_min: Duration,
    /// The longest such wait, and the silence before it; more than the shortest.
    pub election_timeout_max: Duration,
}

/// `[node]`.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// This node's number.
    pub id: NonZeroU64,
    /// Where the data is; absolute.
    pub data_dir: PathBuf,
    /// The file with the token that lets this node into a cluster, as long as it belongs to none; absolute.
    pub join_token_file: Option<PathBuf>,
    /// Where clients are served.
    pub client_listen: SocketAddr,
    /// Where clients reach this node; `None` if that is where it listens.
    pub client_advertise: Option<Address>,
    /// Connections of clients at once.
    pub client_connections_max: NonZeroU64,
    /// Connections of clients at once from one address; at most `client_connections_max`.
    pub client_connections_per_address_max: NonZeroU64,
    /// How long a connection is held on which nobody proves who they are.
    pub authentication_timeout: Duration,
    /// Wrong passwords that are taken in a minute.
    pub failed_logins: LoginLimits,
    /// Where the other nodes are served.
    pub peer_listen: SocketAddr,
    /// Where the other nodes reach this one; `None` if that is where it listens.
    pub peer_advertise: Option<Address>,
    /// Where metrics and health are served.
    pub http_listen: SocketAddr,
    /// Serve clients without TLS; true only if `client_listen` is a loopback address.
    pub insecure_plaintext: bool,
    /// Log entries between snapshots.
    pub snapshot_after: NonZeroU64,
    /// Log entries kept behind a snapshot.
    pub log_kept: u64,
    /// How long opening log and catalog may take.
    pub open_timeout: Duration,
    /// How long running calls may take to end at a stop.
    pub shutdown_timeout: Duration,
}

/// `[log]`.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// How much is logged.
    pub level: LogLevel,
    /// How it is written.
    pub format: LogFormat,
    /// Where to, if not to standard error; absolute.
    pub file: Option<PathBuf>,
}

/// How much is logged; each level includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// What an operator must act on.
    Error,
    /// What an operator should look at.
    Warn,
    /// What happens to the cluster.
    Info,
    /// What happens to each call.
    Debug,
    /// Everything.
    Trace,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// Lines for people.
    Text,
    /// One JSON object per line.
    Json,
}

/// A host and a port, for others to dial. `Display` puts brackets around an IPv6 address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// A DNS name or an IP address without brackets.
    pub host: String,
    /// Not 0.
    pub port: u16,
}

impl NodeConfig {
    /// Where others reach the node. A port that the system chooses is not known beforehand.
    pub(crate) fn advertised(&self) -> Advertised {
        let text = |advertise: &Option<Address>, listen: SocketAddr| match advertise {
            Some(address) => Some(address.to_string()),
            None => (listen.port() != 0).then(|| listen.to_string()),
        };
        Advertised {
            peer: text(&self.peer_advertise, self.peer_listen),
            client: text(&self.client_advertise, self.client_listen),
        }
    }
}

// === impl Config ===

impl Config {
    /// Reads a configuration file, lays `environment` over it and judges the whole.
    ///
    /// # Errors
    /// Everything that is wrong, each with the setting, the line or variable, and the way out.
    pub fn load(
        path: &Path,
        commands: Commands,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        reader::read(source::gather(path, commands, environment)?)
    }
}
