//! What a replica is given when it starts.

use std::sync::Arc;
use std::time::Duration;

use aliasd_runtime::SharedRuntime;
use openraft::{Config, SnapshotPolicy};

use crate::error::StartError;
use crate::feed::HistoryLimits;
use crate::join_token::JoinToken;
use crate::links::Links;
use crate::storage::Storage;
use crate::types::NodeId;

/// What the node's configuration decides. There are no defaults here: the configuration has the only ones.
#[derive(Clone, Copy, Debug)]
pub struct RaftSettings {
    /// How often a leader shows that it is there.
    pub heartbeat_interval: Duration,
    /// A follower that has heard nothing for `election_timeout_max` waits a random time between this and
    /// `election_timeout_max` more, and calls an election.
    pub election_timeout_min: Duration,
    /// See `election_timeout_min`.
    pub election_timeout_max: Duration,
    /// Entries between two snapshots.
    pub snapshot_entries: u64,
    /// Entries kept behind a snapshot for members that lag a little.
    pub log_entries_kept: u64,
}

impl RaftSettings {
    /// The longest round trip between two members that these timings are made for: half of a heartbeat's interval, so that
    /// the answer is there before the next heartbeat even where it is a little late.
    pub fn round_trip_max(&self) -> Duration {
        self.heartbeat_interval / 2
    }
}

/// How a replica works, and what it works with.
#[derive(Clone)]
pub struct ReplicaOptions {
    /// The id that this node has among the members.
    pub node: NodeId,
    /// Where log and catalog are.
    pub storage: Storage,
    /// How other members are reached.
    pub links: Arc<dyn Links>,
    /// Tasks, threads, time and dice.
    pub runtime: SharedRuntime,
    /// What the configuration decides.
    pub raft: RaftSettings,
    /// How long opening log and catalog may take.
    pub open_timeout: Duration,
    /// How long a leader without a quorum is silent, and then sends again, in turn. At least twice
    /// `election_timeout_max`.
    pub quorum_loss_probe_interval: Duration,
    /// Entries purged at once, at least.
    pub purge_batch: u64,
    /// How long an append may be unanswered before its stream is closed and opened again.
    pub append_timeout: Duration,
    /// How long a snapshot transfer may make no progress, its installation included.
    pub snapshot_timeout: Duration,
    /// How far a subscriber can go back, after a restart too.
    pub history: HistoryLimits,
    /// How often digests are compared with the other members.
    pub digest_interval: Duration,
    /// How long the leader may take to say what a read must have applied. A leader that hangs is given up sooner: as soon
    /// as another one is known.
    pub read_timeout: Duration,
    /// How often this member finds out how fresh its view is, if no read does.
    pub confirm_interval: Duration,
    /// What lets this node into a cluster, if it belongs to none yet.
    pub join: Option<JoinToken>,
    /// How often a leader looks whether the members are to change.
    pub change_interval: Duration,
    /// How long a learner has to have caught up before it gets its vote.
    pub promote_after: Duration,
}

impl ReplicaOptions {
    /// The options that no configuration names, as they suit a cluster on one site.
    pub fn new(
        node: NodeId,
        storage: Storage,
        links: Arc<dyn Links>,
        runtime: SharedRuntime,
        raft: RaftSettings,
    ) -> Self {
        Self {
            node,
            storage,
            links,
            runtime,
            raft,
            open_timeout: Duration::from_secs(120),
            quorum_loss_probe_interval: raft.election_timeout_max * 2,
            purge_batch: 512,
            append_timeout: Duration::from_secs(2),
            snapshot_timeout: Duration::from_secs(30),
            history: HistoryLimits { entries_max: 10_000, bytes_max: 64 * 1024 * 1024, digests_max: 4096 },
            digest_interval: Duration::from_secs(5),
            read_timeout: Duration::from_secs(2),
            confirm_interval: raft.heartbeat_interval * 5,
            join: None,
            change_interval: Duration::from_millis(250),
            promote_after: Duration::from_secs(5),
        }
    }

    /// openraft's configuration.
    pub(crate) fn raft_config(&self) -> Result<Arc<Config>, StartError> {
        let config = Config {
            cluster_name: "aliasd".to_owned(),
            heartbeat_interval: milliseconds(self.raft.heartbeat_interval),
            election_timeout_min: milliseconds(self.raft.election_timeout_min),
            election_timeout_max: milliseconds(self.raft.election_timeout_max),
            quorum_loss_probe_interval: Some(milliseconds(self.quorum_loss_probe_interval)),
            enable_pre_vote: Some(true),
            // A leader that restarts must be elected again: it no longer knows what was committed.
            enable_leader_restore: Some(false),
            // A follower whose log went backwards has lost acknowledged entries.
            allow_log_reversion: Some(false),
            snapshot_policy: SnapshotPolicy::LogsSinceLast(self.raft.snapshot_entries),
            max_in_snapshot_log_to_keep: self.raft.log_entries_kept,
            replication_lag_threshold: self.raft.snapshot_entries.saturating_add(self.raft.log_entries_kept),
            purge_batch_size: self.purge_batch,
            max_payload_entries: 300,
            install_snapshot_timeout: milliseconds(self.snapshot_timeout),
            backoff: "50ms 100ms ..500ms".to_owned(),
            ..Config::default()
        };
        let config = config.validate().map_err(|error| StartError::Options(error.into()))?;
        Ok(Arc::new(config))
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
