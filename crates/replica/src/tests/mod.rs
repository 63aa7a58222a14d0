//! What the replica promises, on real storage and on storage in memory.

mod changes;
mod cluster;
mod compare;
mod deterministic;
mod distance;
mod fence;
mod foundation;
mod freshness;
mod identity;
pub(super) mod lines;
mod links;
mod members;
mod reach;
mod recovery;
mod rolled_back;
mod snapshot;
mod storage_suite;
mod stored;
mod syncs;
mod transfer;
mod upgrade;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use aliasd_catalog::{
    Bootstrap, ClusterId, Command, CreateMode, Entry, KeyId, OpenCommand, PasswordHash, Policy, Principal, RequestId,
    RoleName, Timestamp, UserName,
};

use aliasd_runtime::{SharedRuntime, TokioRuntime};

use crate::HistoryLimits;
use crate::types::{LeaderId, LogEntry, LogId, Payload, Proposal};

/// The runtime of the test.
pub(super) fn runtime() -> SharedRuntime {
    Arc::new(TokioRuntime::current())
}

/// How much history a machine keeps.
pub(super) const LIMITS: HistoryLimits =
    HistoryLimits { entries_max: 1000, bytes_max: 4 * 1024 * 1024, digests_max: 1000 };

/// The cluster that every test forms.
pub(super) const CLUSTER: ClusterId = ClusterId([7; 16]);

/// The entry that forms a cluster with the administrator `admin`.
pub(super) fn bootstrap() -> Entry {
    let command = Command::Bootstrap(Bootstrap {
        cluster_id: CLUSTER,
        active_key: KeyId([8; 16]),
        policy: Policy::default(),
        admin: UserName::new("admin").unwrap(),
        password: PasswordHash::new("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA"),
    });
    Entry { request: RequestId([0; 16]), actor: Principal::System, issued_at: Timestamp(1), command, origin: None }
}

/// The administrator creates the role `role<number>`; the request id follows from the number.
pub(super) fn create_role(number: u64) -> Entry {
    let mut request = [1; 16];
    request[..8].copy_from_slice(&number.to_be_bytes());
    let name = RoleName::new(&format!("role{number}")).unwrap();
    let command =
        Command::Open(OpenCommand::CreateRole { name, mode: CreateMode::Fail, immutable: false, copy_of: None });
    let actor = Principal::User(UserName::new("admin").unwrap());
    Entry { request: RequestId(request), actor, issued_at: Timestamp(number), command, origin: None }
}

/// Copies a directory, as a process leaves it that is killed: without the lock of a running one.
pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else if entry.file_name() != "LOCK" {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

pub(super) fn log_id(term: u64, index: u64) -> LogId {
    LogId::new(LeaderId { term, node_id: 1 }, index)
}

pub(super) fn log_entry(term: u64, index: u64, entry: Entry) -> LogEntry {
    LogEntry { log_id: log_id(term, index), payload: Payload::Normal(Proposal::new(entry).unwrap()) }
}
