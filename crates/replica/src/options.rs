//! What a replica can be told when it starts.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use openraft::{Config, SnapshotPolicy};

use super::error::StartError;
use super::log::memory::MemoryLog;
use super::machine::memory::MemoryCatalog;
use super::network::PeerConnector;
use super::types::NodeId;

/// Where a replica keeps its log and its catalog.
#[derive(Clone)]
pub enum Storage {
    /// In `log/` and `catalog/` below this directory.
    Directory(PathBuf),
    /// In memory; a clone given to the next replica of the same node is the same "disk".
    Memory(MemoryStorage),
}

/// A "disk" in memory, for simulation and fast tests. What was not flushed is lost by [`MemoryStorage::crash`].
#[derive(Clone, Default)]
pub struct MemoryStorage {
    pub(crate) log: MemoryLog,
    pub(crate) catalog: MemoryCatalog,
}

impl MemoryStorage {
    /// From now on until a crash, appends become durable only by [`MemoryStorage::flush_log`].
    pub fn hold_flushes(&self) {
        self.log.hold_flushes();
    }

    /// Makes durable what was written to the log, and answers who waits for it.
    pub fn flush_log(&self) {
        self.log.flush();
    }

    /// From now on until a crash, the log cannot be made durable, as on a broken disk.
    pub fn break_log(&self) {
        self.log.break_flushes();
    }

    /// Loses what is not durable, as a power failure does. The replica that used it must be gone.
    pub fn crash(&self) {
        self.log.crash();
        self.catalog.crash();
    }
}

/// How a replica works. The defaults are those of a production cluster on one site.
#[derive(Clone)]
pub struct ReplicaOptions {
    /// This node.
    pub node: NodeId,
    /// Where log and catalog are.
    pub storage: Storage,
    /// How other members are reached.
    pub connector: PeerConnector,
    /// How often a leader shows that it is there.
    pub heartbeat_interval: Duration,
    /// A follower that has heard nothing for `election_timeout_max` waits a random time between this and
    /// `election_timeout_max` more, and calls an election.
    pub election_timeout_min: Duration,
    /// See `election_timeout_min`.
    pub election_timeout_max: Duration,
    /// How long a leader without a quorum is silent, and then sends again, in turn. At least twice
    /// `election_timeout_max`.
    pub quorum_loss_probe_interval: Duration,
    /// Entries between two snapshots.
    pub snapshot_entries: u64,
    /// Entries kept behind a snapshot for members that lag a little.
    pub log_entries_kept: u64,
    /// Entries purged at once, at least.
    pub purge_batch: u64,
    /// How long an append may be unanswered before its stream is closed and opened again.
    pub append_timeout: Duration,
    /// How long a snapshot transfer may make no progress, its installation included.
    pub snapshot_timeout: Duration,
    /// Entries that a subscriber can go back.
    pub history_entries: usize,
    /// How often digests are compared with the other members.
    pub digest_interval: Duration,
}

impl ReplicaOptions {
    /// The defaults for this node.
    pub fn new(node: NodeId, storage: Storage, connector: PeerConnector) -> Self {
        Self {
            node,
            storage,
            connector,
            heartbeat_interval: Duration::from_millis(100),
            election_timeout_min: Duration::from_millis(300),
            election_timeout_max: Duration::from_millis(600),
            quorum_loss_probe_interval: Duration::from_millis(1200),
            snapshot_entries: 10_000,
            log_entries_kept: 5_000,
            purge_batch: 512,
            append_timeout: Duration::from_secs(2),
            snapshot_timeout: Duration::from_secs(30),
            history_entries: 10_000,
            digest_interval: Duration::from_secs(5),
        }
    }

    /// openraft's configuration.
    pub(crate) fn raft_config(&self) -> Result<Arc<Config>, StartError> {
        let config = Config {
            cluster_name: "aliasd".to_owned(),
            heartbeat_interval: milliseconds(self.heartbeat_interval),
            election_timeout_min: milliseconds(self.election_timeout_min),
            election_timeout_max: milliseconds(self.election_timeout_max),
            quorum_loss_probe_interval: Some(milliseconds(self.quorum_loss_probe_interval)),
            enable_pre_vote: Some(true),
            // A leader that restarts must be elected again: it no longer knows what was committed.
            enable_leader_restore: Some(false),
            // A follower whose log went backwards has lost acknowledged entries.
            allow_log_reversion: Some(false),
            snapshot_policy: SnapshotPolicy::LogsSinceLast(self.snapshot_entries),
            max_in_snapshot_log_to_keep: self.log_entries_kept,
            replication_lag_threshold: self.snapshot_entries.saturating_add(self.log_entries_kept),
            purge_batch_size: self.purge_batch,
            max_payload_entries: 300,
            install_snapshot_timeout: milliseconds(self.snapshot_timeout),
            backoff: "50ms 100ms ..500ms".to_owned(),
            ..Config::default()
        };
        let config = config.validate().map_err(|error| StartError::Options(error.to_string()))?;
        Ok(Arc::new(config))
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
